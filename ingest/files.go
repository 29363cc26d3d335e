package ingest

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/bmatcuk/doublestar/v4"
)

// expansion is what the paths and patterns of a source come to.
type expansion struct {
	files   []string // relative to the data folder where the pattern is, with slashes; sorted, each file once
	missing []string // patterns that match no file
	own     []string // those of them that match files, but only excluded ones
	closed  []closed
}

// closed is a place that the system does not let anybody look into, so that
// what a pattern would have matched there is not known.
type closed struct {
	path string // as files are named
	err  error
}

// expand turns paths and globs into files. What [Options.Exclude] names is left
// out, by whatever link it is found.
func expand(data string, patterns, exclude []string) (expansion, error) {
	var x expansion
	root := realPath(data)
	var excluded []string
	for _, e := range exclude {
		// One that holds the data folder would leave nothing to read.
		if e = realPath(e); !within(e, root) {
			excluded = append(excluded, e)
		}
	}
	var names []string
	for _, p := range patterns {
		found, shut, err := match(data, p)
		if err != nil {
			return x, fmt.Errorf("%q is not a path or pattern: %w", p, err)
		}
		all := len(found)
		isExcluded := func(f string) bool {
			real := realPath(inFolder(data, f))
			return slices.ContainsFunc(excluded, func(e string) bool { return within(e, real) })
		}
		found = slices.DeleteFunc(found, isExcluded)
		for _, c := range shut {
			if !isExcluded(c.path) && !slices.ContainsFunc(x.closed, func(o closed) bool { return o.path == c.path }) {
				x.closed = append(x.closed, c)
			}
		}
		if len(found) == 0 {
			x.missing = append(x.missing, p)
			if all > 0 {
				x.own = append(x.own, p)
			}
		}
		names = append(names, found...)
	}
	slices.Sort(names)
	byPath := map[string]string{}
	for _, f := range names {
		// Of several names the file's own wins over links to it.
		real := realPath(inFolder(data, f))
		if byPath[real] == "" || inFolder(root, f) == real {
			byPath[real] = f
		}
	}
	x.files = slices.Sorted(maps.Values(byPath))
	slices.SortFunc(x.closed, func(a, b closed) int { return strings.Compare(a.path, b.path) })
	return x, nil
}

// match gives the files that one path or pattern names.
func match(data, pattern string) ([]string, []closed, error) {
	// A path that exists is meant as it stands, even with glob characters.
	if info, err := os.Stat(inFolder(data, pattern)); err == nil && !info.IsDir() {
		return []string{filepath.ToSlash(filepath.Clean(pattern))}, nil, nil
	}
	base, rest := doublestar.SplitPattern(path.Clean(filepath.ToSlash(pattern)))
	t := &tree{FS: os.DirFS(inFolder(data, base)), root: inFolder(data, base)}
	found, err := doublestar.Glob(t, rest, doublestar.WithFilesOnly())
	for i := range found {
		found[i] = path.Join(base, found[i])
	}
	for i := range t.closed {
		t.closed[i].path = path.Join(base, t.closed[i].path)
	}
	return found, t.closed, err
}

// tree is a folder without the links that lead back to where they are found:
// a pattern with ** would follow them for ever. It notes what it cannot look
// into, which a pattern passes by in silence.
type tree struct {
	fs.FS
	root   string
	closed []closed
}

func (t *tree) note(name string, err error) {
	if err == nil || errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return // nothing is there to match
	}
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err // the path is told beside it
	}
	t.closed = append(t.closed, closed{name, err})
}

func (t *tree) Stat(name string) (fs.FileInfo, error) {
	info, err := fs.Stat(t.FS, name)
	t.note(name, err)
	return info, err
}

func (t *tree) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(t.FS, name)
	t.note(name, err)
	dir := filepath.Join(t.root, name)
	// Behind a link, plain folders may lead back too.
	linked := realPath(dir) != filepath.Join(realPath(t.root), name)
	var above []string // the folders on the way here, as they really are
	return slices.DeleteFunc(entries, func(e fs.DirEntry) bool {
		if e.Type()&fs.ModeSymlink == 0 && !(linked && e.IsDir()) {
			return false
		}
		if above == nil {
			above = []string{realPath(t.root)}
			for at := name; at != "."; at = path.Dir(at) {
				above = append(above, realPath(filepath.Join(t.root, at)))
			}
		}
		return slices.Contains(above, realPath(filepath.Join(dir, e.Name())))
	}), err
}

// inFolder gives the path of a file that is named relative to a folder, or
// absolutely.
func inFolder(dir, name string) string {
	name = filepath.FromSlash(name)
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(dir, name)
}

// realPath is the absolute path without links; what cannot be resolved stays
// as it is.
func realPath(p string) string {
	if abs, err := filepath.Abs(p); err == nil {
		p = abs
	}
	if real, err := filepath.EvalSymlinks(p); err == nil {
		p = real
	}
	return p
}

// within tells whether a path is a folder or lies below it.
func within(dir, p string) bool {
	rel, err := filepath.Rel(dir, p)
	return err == nil && filepath.IsLocal(rel)
}
