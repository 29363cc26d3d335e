package ingest

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/bmatcuk/doublestar/v4"
)

// expansion is what the paths and patterns of a source come to.
type expansion struct {
	files   []string // relative to the data folder where the pattern is, with slashes; sorted, each file once
	missing []string // patterns that match no file
	own     []string // those of them that match files, but only excluded ones
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
		found, err := match(data, p)
		if err != nil {
			return x, fmt.Errorf("%q is not a path or pattern: %w", p, err)
		}
		all := len(found)
		found = slices.DeleteFunc(found, func(f string) bool {
			real := realPath(inFolder(data, f))
			return slices.ContainsFunc(excluded, func(e string) bool { return within(e, real) })
		})
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
	return x, nil
}

// match gives the files that one path or pattern names.
func match(data, pattern string) ([]string, error) {
	// A path that exists is meant as it stands, even with glob characters.
	if info, err := os.Stat(inFolder(data, pattern)); err == nil && !info.IsDir() {
		return []string{filepath.ToSlash(filepath.Clean(pattern))}, nil
	}
	base, rest := doublestar.SplitPattern(path.Clean(filepath.ToSlash(pattern)))
	found, err := doublestar.Glob(tree{os.DirFS(inFolder(data, base)), inFolder(data, base)}, rest, doublestar.WithFilesOnly())
	for i := range found {
		found[i] = path.Join(base, found[i])
	}
	return found, err
}

// tree is a folder without the links that lead back to where they are found:
// a pattern with ** would follow them for ever.
type tree struct {
	fs.FS
	root string
}

func (t tree) Stat(name string) (fs.FileInfo, error) { return fs.Stat(t.FS, name) }

func (t tree) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(t.FS, name)
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
