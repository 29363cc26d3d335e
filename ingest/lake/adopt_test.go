package lake

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// shardWith makes two lakes of one key: an empty one, and one with what
// crashes end in.
func shardWith(t *testing.T) (into, shard *Lake, keys []Key) {
	t.Helper()
	ctx := context.Background()
	dir := t.TempDir()
	shard = open(t, filepath.Join(dir, "shard"))
	for _, c := range atLast {
		if err := c.write(ctx, shard, "f", day0); err != nil {
			t.Fatal(err)
		}
		keys = append(keys, c.key())
	}
	into, err := Open(ctx, filepath.Join(dir, "lake"), Options{KeyFile: KeyPath(shard.dir)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { into.Close() })
	return into, shard, keys
}

func TestAdopt(t *testing.T) {
	ctx := context.Background()
	into, shard, keys := shardWith(t)
	if _, err := shard.Compact(ctx, true); err != nil {
		t.Fatal(err)
	}
	adopts := func(keys []Key, want Adopted) {
		t.Helper()
		done, err := into.Adopt(ctx, shard, keys, day0)
		if err != nil {
			t.Fatal(err)
		}
		if done.Taken != want.Taken || done.Known != want.Known || done.Left != want.Left || len(done.Erased) != 0 {
			t.Errorf("adopted %+v, want %+v", done, want)
		}
	}
	// Of a part that several are in, one.
	adopts(keys[:1], Adopted{Taken: 1})
	if err := errors.Join(sound(ctx, into), holdsAll(ctx, into, atLast[:1])); err != nil {
		t.Error(err)
	}
	// The others cannot be had any more out of a file that is here already, until
	// it is written anew.
	adopts(keys, Adopted{Known: 1, Left: 2})
	if _, err := into.Compact(ctx, true); err != nil {
		t.Fatal(err)
	}
	adopts(keys, Adopted{Known: 1, Taken: 2})
	adopts(keys, Adopted{Known: 3})
	if err := errors.Join(sound(ctx, into), holdsAll(ctx, into, atLast), sound(ctx, shard), holdsAll(ctx, shard, atLast)); err != nil {
		t.Error(err)
	}
	if left, err := into.orphans(ctx); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if _, err := into.Adopt(ctx, shard, []Key{KeyOf("nobody's")}, day0); err == nil || !strings.Contains(err.Error(), "does not have input") {
		t.Errorf("an input that is not there: %v", err)
	}
	if _, err := open(t, filepath.Join(t.TempDir(), "other")).Adopt(ctx, shard, keys, day0); err == nil {
		t.Error("a lake of another key was adopted from")
	}
}

// A file that is not what was written is not taken, nor anything with it.
func TestAdoptDamaged(t *testing.T) {
	ctx := context.Background()
	for name, damage := range map[string]func(path string, b []byte) error{
		"another byte": func(path string, b []byte) error { b[len(b)/2] ^= 1; return os.WriteFile(path, b, 0o600) },
		"cut off":      func(path string, b []byte) error { return os.WriteFile(path, b[:len(b)-1], 0o600) },
		"gone":         func(path string, _ []byte) error { return os.Remove(path) },
	} {
		t.Run(name, func(t *testing.T) {
			into, shard, keys := shardWith(t)
			files, err := shard.files(ctx, "")
			if err != nil {
				t.Fatal(err)
			}
			path := shard.path(files[len(files)-1].name)
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := damage(path, b); err != nil {
				t.Fatal(err)
			}
			_, err = into.Adopt(ctx, shard, keys, day0)
			var d *DamagedError
			if !errors.As(err, &d) || d.File != path || len(d.Inputs) != 1 {
				t.Fatalf("a damaged file: %v", err)
			}
			s, err := into.Status(ctx)
			if err != nil || s.Inputs != 0 || s.Orphans != 0 {
				t.Errorf("%+v, %v", s, err)
			}
		})
	}
}

// The lists of both lakes hold in the one, for what is taken over and for what
// was there.
func TestAdoptErased(t *testing.T) {
	ctx := context.Background()
	for _, where := range []string{"here", "there"} {
		t.Run(where, func(t *testing.T) {
			into, shard, _ := shardWith(t)
			mine, theirs := KeyOf("mine"), KeyOf("theirs")
			adaAndOthers().write(t, into, mine, "mine")
			adaAndOthers().write(t, shard, theirs, "theirs")
			quiet := atLast[0].key()
			list := map[string]*Lake{"here": into, "there": shard}[where]
			erased := map[string]Key{"here": theirs, "there": mine}[where]
			if _, err := list.Erase(ctx, "ada@mail.example", false, day0); err != nil {
				t.Fatal(err)
			}
			keys := []Key{quiet}
			if where == "here" {
				keys = append(keys, theirs)
			}
			done, err := into.Adopt(ctx, shard, keys, day0.Add(time.Hour))
			if err != nil {
				t.Fatal(err)
			}
			if done.Taken != 1 || len(done.Erased) != 1 || done.Erased[0] != erased {
				t.Errorf("adopted %+v", done)
			}
			for _, k := range []Key{mine, theirs} {
				if in, err := into.Input(ctx, k); err != nil || in != nil {
					t.Errorf("an input with rows of an erased person is live: %v, %v", in, err)
				}
			}
			if err := holdsAll(ctx, into, atLast[:1]); err != nil {
				t.Error(err)
			}
			s, err := into.Suppression(ctx)
			if err != nil || !s.Screen().Address("ada@mail.example") {
				t.Errorf("the list does not name the person: %v", err)
			}
		})
	}
}
