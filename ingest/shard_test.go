package ingest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Every file is of one shard, whatever order the list has, and no shard has more
// than its part and the largest file.
func TestShardOf(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var files []SharedFile
		var all, largest int64
		for i, n := range rapid.SliceOfN(rapid.Int64Range(0, 1000), 0, 30).Draw(t, "sizes") {
			files = append(files, SharedFile{fmt.Sprint("f", i), n})
			all += n
			largest = max(largest, n)
		}
		count := rapid.IntRange(1, 12).Draw(t, "count")
		other := rapid.Permutation(files).Draw(t, "order")
		owners := map[string]int{}
		for i := 1; i <= count; i++ {
			mine := Shard{i, count}.of(files)
			again := Shard{i, count}.of(other)
			var sum int64
			for _, f := range files {
				if mine[f.File] != again[f.File] {
					t.Fatalf("shard %d of %d has %s in one order of the list only", i, count, f.File)
				}
				if mine[f.File] {
					owners[f.File]++
					sum += f.Bytes
				}
			}
			if sum > all/int64(count)+largest {
				t.Fatalf("shard %d of %d has %d of %d bytes; the largest file has %d", i, count, sum, all, largest)
			}
		}
		for _, f := range files {
			if owners[f.File] != 1 {
				t.Fatalf("%s is of %d shards", f.File, owners[f.File])
			}
		}
	})
}

func TestParseShard(t *testing.T) {
	for text, want := range map[string]Shard{"1/1": {1, 1}, "2/4": {2, 4}, "4/4": {4, 4}} {
		if got, err := ParseShard(text); got != want || err != nil || got.String() != text {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "2", "0/2", "3/2", "-1/2", "1/0", "a/b", "1/2/3", "/2", "1/", " 1/2"} {
		if got, err := ParseShard(text); err == nil {
			t.Errorf("%q is taken for %v", text, got)
		}
	}
}

func TestCheckShares(t *testing.T) {
	share := func(number, count int, edit ...func(*Share)) *Share {
		s := &Share{Version: shareVersion, Shard: Shard{number, count}, Settings: "s", Files: []SharedFile{{"a", 1}, {"b", 2}}, From: fmt.Sprint("dir", number)}
		for _, e := range edit {
			e(s)
		}
		return s
	}
	many := func(s *Share) {
		s.Files = nil
		for i := range 8 {
			s.Files = append(s.Files, SharedFile{fmt.Sprint("x", i), 1})
		}
	}
	for _, tc := range []struct {
		name   string
		shares []*Share
		want   []string // each in a line of its own; none: it is whole
	}{
		{"whole", []*Share{share(2, 2), share(1, 2)}, nil},
		{"one", []*Share{share(1, 1)}, nil},
		{"missing", []*Share{share(1, 3), share(3, 3)}, []string{"shard 2/3 is missing; "}},
		{"twice", []*Share{share(1, 2), share(1, 2)}, []string{"shard 1/2 (dir1) is there twice, the other time in dir1; ", "shard 2/2 is missing; "}},
		{"mixed", []*Share{share(1, 2), share(2, 3)}, []string{"shard 2/3 (dir2) is one of 3, but shard 1/2 (dir1) one of 2; "}},
		{"no such number", []*Share{share(1, 1), share(0, 1)}, []string{"shard 0/1 (dir0): there is no such shard; "}},
		{"settings", []*Share{share(1, 2), share(2, 2, func(s *Share) { s.Settings = "t" })}, []string{"shard 2/2 (dir2) was read with the settings t, but those of this configuration (its sources and links) are s; "}},
		{"size", []*Share{share(1, 2), share(2, 2, func(s *Share) { s.Files[1].Bytes = 3 })}, []string{"b: shard 1/2 (dir1) found 2 bytes, shard 2/2 (dir2) 3 bytes; "}},
		{"more", []*Share{share(1, 2), share(2, 2, func(s *Share) { s.Files = s.Files[:1] })}, []string{"b: shard 1/2 (dir1) found 2 bytes, shard 2/2 (dir2) no such file; "}},
		{"many", []*Share{share(1, 2), share(2, 2, many)}, []string{"a: ", "b: ", "x0: ", "x1: ", "x2: ", "shard 1/2 (dir1) and shard 2/2 (dir2) differ in 5 further files"}},
	} {
		var got []string
		if err := CheckShares(tc.shares, "s"); err != nil {
			got = strings.Split(err.Error(), "\n")
		}
		if !slices.EqualFunc(got, tc.want, strings.HasPrefix) {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}
