package ingest

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/google/renameio/v2"

	"lostlink/ingest/lake"
)

// Shard names one of several machines that share the reading.
type Shard struct {
	Number int `json:"number"` // from 1
	Count  int `json:"count"`
}

func (s Shard) String() string { return fmt.Sprintf("%d/%d", s.Number, s.Count) }

// ParseShard reads "2/4".
func ParseShard(text string) (Shard, error) {
	number, count, _ := strings.Cut(text, "/")
	var s Shard
	var errs [2]error
	s.Number, errs[0] = strconv.Atoi(number)
	s.Count, errs[1] = strconv.Atoi(count)
	if errors.Join(errs[:]...) != nil || s.Number < 1 || s.Number > s.Count {
		return Shard{}, fmt.Errorf("%q is no shard; give its number and how many there are, such as 2/4, counting from 1", text)
	}
	return s, nil
}

// SharedFile is a file that some source reads.
type SharedFile struct {
	File  string `json:"file"` // as in [Input]
	Bytes int64  `json:"bytes"`
}

// of gives the files that the shard reads, by name. It depends on the list
// alone: the largest first, each goes to the shard that has least, so that all
// have about the same to read.
func (s Shard) of(files []SharedFile) map[string]bool {
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b SharedFile) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.File, b.File))
	})
	load := make([]int64, s.Count)
	mine := map[string]bool{}
	for _, f := range files {
		least := 0
		for i := range load {
			if load[i] < load[least] {
				least = i
			}
		}
		load[least] += f.Bytes
		if least == s.Number-1 {
			mine[f.File] = true
		}
	}
	return mine
}

// Share says what a shard has read. It is written when all of it is in the
// shard's lake, as JSON.
type Share struct {
	Version  int          `json:"version"` // of the format
	Shard    Shard        `json:"shard"`
	Settings string       `json:"settings"` // a hash of all that decides what is made of a file
	Files    []SharedFile `json:"files"`    // of all shards, by name
	Inputs   []ShareInput `json:"inputs"`   // of this one, in the order read
	// From is the folder it was found in.
	From string `json:"-"`
}

// ShareInput is a file as one source has read it.
type ShareInput struct {
	Source string `json:"source"`
	File   string `json:"file"`
	SHA256 string `json:"sha256"`
	// Key is what the lake calls it; "" for the same content as an earlier one.
	Key string `json:"key,omitempty"`
}

// shareVersion is that of the format of [Share].
const shareVersion = 1

// Settings is a hash of what decides what is made of a file.
func (o *Options) Settings() string {
	h := sha256.New()
	write := func(s string) { fmt.Fprintf(h, "%d:%s", len(s), s) }
	write(readVersion)
	write(fmt.Sprintf("%+v", o.Links))
	for i := range o.Sources {
		write(fmt.Sprintf("%+v", o.Sources[i]))
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// LoadShare reads a shard's share of the files into the lake. The result has the
// accounts of these files, and no rows; whether too much was rejected is told by
// those who have all shares.
func LoadShare(ctx context.Context, data string, opt Options, shard Shard, scout Keeper, lk *lake.Lake, mem memory.Allocator) (*Share, *Loaded, error) {
	if err := opt.check(); err != nil {
		return nil, nil, err
	}
	list, err := lk.Suppression(ctx)
	if err != nil {
		return nil, nil, err
	}
	files, err := sharedFiles(data, opt)
	if err != nil {
		return nil, nil, err
	}
	k := &kept{lake: lk, scout: scout, hider: lk.Hider()}
	l := &loader{data: data, opt: opt, mem: mem, kept: k, list: list, sizes: map[int64][]*reading{}, only: shard.of(files), Loaded: &Loaded{}}
	l.sink = l.newSink()
	defer func() { l.sink.Set(nil).Release() }()
	if err := l.through(ctx); err != nil {
		return nil, nil, err
	}
	var limit *LimitError
	if err := l.assemble(); err != nil && !errors.As(err, &limit) {
		return nil, nil, err
	}
	bytes := map[string]int64{}
	for _, f := range files {
		bytes[f.File] = f.Bytes
	}
	keys := map[int32]lake.Key{}
	for _, u := range k.uses {
		keys[u.File] = u.Key
	}
	s := &Share{Version: shareVersion, Shard: shard, Settings: opt.Settings(), Files: files, Inputs: []ShareInput{}}
	read := map[string]bool{}
	for _, r := range l.readings {
		if !l.only[r.in.File] {
			continue // a folder that is closed
		}
		if r.in.Bytes != bytes[r.in.File] {
			return nil, nil, &ChangedError{r.in.File}
		}
		in := ShareInput{Source: r.in.Source, File: r.in.File, SHA256: r.in.SHA256}
		if key, ok := keys[r.file]; ok {
			in.Key = key.String()
		}
		read[r.in.File] = true
		s.Inputs = append(s.Inputs, in)
	}
	for f := range l.only {
		if !read[f] {
			return nil, nil, &ChangedError{f}
		}
	}
	return s, l.Loaded, nil
}

// sharedFiles lists the files of all sources, each once.
func sharedFiles(data string, opt Options) ([]SharedFile, error) {
	sizes := map[string]int64{}
	for _, src := range opt.Sources {
		found, err := expand(data, src.Files, opt.Exclude)
		if err != nil {
			return nil, fmt.Errorf("source %s: %w", src.name(), err)
		}
		for _, f := range found.files {
			st, err := os.Stat(inFolder(data, f))
			if err != nil {
				return nil, fmt.Errorf("source %s: %w", src.name(), err)
			}
			sizes[f] = st.Size()
		}
	}
	files := []SharedFile{}
	for _, f := range slices.Sorted(maps.Keys(sizes)) {
		files = append(files, SharedFile{f, sizes[f]})
	}
	return files, nil
}

// Write puts the share into a file.
func (s *Share) Write(path string) error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return renameio.WriteFile(path, append(text, '\n'), 0o600)
}

// ReadShare reads what Write has written.
func ReadShare(path string) (*Share, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is missing: the shard has not finished, or this is not its folder; run it with \"lostlink run --shard\"", path)
	}
	if err != nil {
		return nil, err
	}
	var s Share
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, fmt.Errorf("%s is not what a shard has written (%w); run the shard again", path, err)
	}
	if s.Version != shareVersion {
		return nil, fmt.Errorf("%s is of version %d, this lostlink knows %d; run the shard again with this one", path, s.Version, shareVersion)
	}
	return &s, nil
}

// Keys are what the lake calls the inputs.
func (s *Share) Keys() ([]lake.Key, error) {
	var out []lake.Key
	for _, in := range s.Inputs {
		if in.Key == "" {
			continue
		}
		k, err := lake.ParseKey(in.Key)
		if err != nil {
			return nil, fmt.Errorf("shard %s in %s: %s: %w; run the shard again", s.Shard, s.From, in.File, err)
		}
		out = append(out, k)
	}
	return out, nil
}

func (s *Share) name() string { return fmt.Sprintf("shard %s (%s)", s.Shard, s.From) }

// differences is how many files are told in which two lists differ.
const differences = 5

// CheckShares says whether these are all shards of one reading with these
// settings, each once. Every disagreement is in the error.
func CheckShares(shares []*Share, settings string) error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	first := shares[0]
	seen := map[int]*Share{}
	mixed := false
	for _, s := range shares {
		if s.Shard.Count != first.Shard.Count {
			fail("%s is one of %d, but %s one of %d; name the folders of one set of shards", s.name(), s.Shard.Count, first.name(), first.Shard.Count)
			mixed = true
			continue
		}
		if s.Shard.Number < 1 || s.Shard.Number > s.Shard.Count {
			fail("%s: there is no such shard; run it again", s.name())
			continue
		}
		if other := seen[s.Shard.Number]; other != nil {
			fail("%s is there twice, the other time in %s; name each shard's folder once", s.name(), other.From)
			continue
		}
		seen[s.Shard.Number] = s
		if s.Settings != settings {
			fail("%s was read with the settings %s, but those of this configuration (its sources and links) are %s; use the configuration of the shard, or run the shard again with this one", s.name(), s.Settings, settings)
		}
		if s != first {
			errs = append(errs, first.compare(s)...)
		}
	}
	for n := 1; n <= first.Shard.Count; n++ {
		if seen[n] == nil && !mixed {
			fail("shard %s is missing; name its folder too, or run it first", Shard{n, first.Shard.Count})
		}
	}
	return errors.Join(errs...)
}

// compare tells in which files two lists differ.
func (s *Share) compare(o *Share) []error {
	mine, theirs := map[string]int64{}, map[string]int64{}
	all := map[string]bool{}
	for _, of := range []struct {
		from []SharedFile
		to   map[string]int64
	}{{s.Files, mine}, {o.Files, theirs}} {
		for _, f := range of.from {
			of.to[f.File], all[f.File] = f.Bytes, true
		}
	}
	size := func(of map[string]int64, f string) string {
		if n, ok := of[f]; ok {
			return fmt.Sprintf("%d bytes", n)
		}
		return "no such file"
	}
	var errs []error
	n := 0
	for _, f := range slices.Sorted(maps.Keys(all)) {
		a, b := size(mine, f), size(theirs, f)
		if a == b {
			continue
		}
		if n++; n <= differences {
			errs = append(errs, fmt.Errorf("%s: %s found %s, %s %s; let all shards see the same files, and run again those that did not", f, s.name(), a, o.name(), b))
		}
	}
	if n > differences {
		errs = append(errs, fmt.Errorf("%s and %s differ in %d further files", s.name(), o.name(), n-differences))
	}
	return errs
}

// Changed tells in which files a reading differs from what the shards have read.
func Changed(shares []*Share, l *Loaded) []string {
	type place struct{ source, file string }
	now := map[place]string{}
	for i := range l.Inputs {
		in := &l.Inputs[i]
		now[place{in.Source, in.File}] = in.SHA256
	}
	var out []string
	known := map[string]bool{}
	for _, f := range shares[0].Files {
		known[f.File] = true
	}
	for _, s := range shares {
		for _, in := range s.Inputs {
			switch sum, ok := now[place{in.Source, in.File}]; {
			case !ok:
				out = append(out, fmt.Sprintf("%s: is not there any more; %s has read it", in.File, s.name()))
			case sum != in.SHA256:
				out = append(out, fmt.Sprintf("%s: has changed since %s read it, and was read again", in.File, s.name()))
			}
		}
	}
	for i := range l.Inputs {
		if in := &l.Inputs[i]; in.SHA256 != "" && !known[in.File] {
			out = append(out, fmt.Sprintf("%s: was not there for the shards; it was read now", in.File))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
