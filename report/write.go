package report

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/google/renameio/v2"
)

// Book writes the review workbook of a report to a new file; package workbook
// gives one.
type Book func(path string, r *Report) error

// Written says where a run's files are.
type Written struct {
	Dir      string // <output>/<run id>
	Workbook string
	// Earlier is where a folder of the same run id with other content was
	// moved, since people may have decided in its workbook; "" if none.
	Earlier string
}

// latest is the link to the newest run's folder.
const latest = "latest"

var runID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// Write puts all files of the run into <out>/<run id>, mode 0700 and 0600, and
// points <out>/latest to it. The folder appears when everything in it is on
// disk, or not at all. The caller holds the lock that keeps other runs away
// from out.
func (r *Report) Write(out string, book Book) (Written, error) {
	if !runID.MatchString(r.Run.ID) || r.Run.ID == latest {
		return Written{}, fmt.Errorf("run id %q: write up to 64 letters, digits, dots, dashes and underscores", r.Run.ID)
	}
	if err := os.MkdirAll(out, 0o700); err != nil {
		return Written{}, err
	}
	w := Written{Dir: filepath.Join(out, r.Run.ID)}
	w.Workbook = filepath.Join(w.Dir, r.WorkbookName())
	tmp := filepath.Join(out, "."+r.Run.ID+".part")
	if err := os.RemoveAll(tmp); err != nil { // left by a run that was killed
		return Written{}, err
	}
	if err := os.Mkdir(tmp, 0o700); err != nil {
		return Written{}, err
	}
	defer os.RemoveAll(tmp)
	if err := r.writeContent(tmp, book); err != nil {
		return Written{}, err
	}
	if err := r.writeRun(tmp); err != nil {
		return Written{}, err
	}
	if err := syncDir(tmp); err != nil {
		return Written{}, err
	}
	var err error
	if w.Earlier, err = place(tmp, w.Dir); err != nil {
		return Written{}, err
	}
	if err := renameio.Symlink(r.Run.ID, filepath.Join(out, latest)); err != nil {
		return Written{}, err
	}
	return w, syncDir(out)
}

// writeContent puts the workbook and the files beside it into dir. They are
// written side by side, since none needs another.
func (r *Report) writeContent(dir string, book Book) error {
	var wg sync.WaitGroup
	var ofBook, ofParquet error
	wg.Go(func() {
		if err := book(filepath.Join(dir, r.WorkbookName()), r); err != nil {
			ofBook = fmt.Errorf("writing the workbook: %w", err)
		}
	})
	wg.Go(func() { ofParquet = r.writeGapsParquet(filepath.Join(dir, gapsParquet)) })
	ofLines := r.writeLines(dir)
	wg.Wait()
	return cmp.Or(ofBook, ofLines, ofParquet)
}

// place renames tmp to dir. A folder that is there already stays when it holds
// the same bytes, and is moved aside when it does not.
func place(tmp, dir string) (earlier string, err error) {
	same, err := sameFiles(tmp, dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", os.Rename(tmp, dir)
	case err != nil:
		return "", err
	case same:
		return "", nil
	}
	for n := 1; ; n++ {
		earlier = fmt.Sprintf("%s.earlier-%d", dir, n)
		if _, err := os.Lstat(earlier); errors.Is(err, fs.ErrNotExist) {
			break
		} else if err != nil {
			return "", err
		}
	}
	if err := os.Rename(dir, earlier); err != nil {
		return "", err
	}
	return earlier, os.Rename(tmp, dir)
}

// sameFiles tells whether two folders hold the same files with the same bytes.
func sameFiles(a, b string) (bool, error) {
	as, err := os.ReadDir(a)
	if err != nil {
		return false, err
	}
	bs, err := os.ReadDir(b)
	if err != nil || len(as) != len(bs) {
		return false, err
	}
	for i, e := range as {
		if bs[i].Name() != e.Name() || !bs[i].Type().IsRegular() {
			return false, nil
		}
		x, err := os.ReadFile(filepath.Join(a, e.Name()))
		if err != nil {
			return false, err
		}
		y, err := os.ReadFile(filepath.Join(b, e.Name()))
		if err != nil || !bytes.Equal(x, y) {
			return false, err
		}
	}
	return true, nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// WorkbookName is lostlink-review_<programme>_<last day>_<run>.xlsx.
func (r *Report) WorkbookName() string {
	return fmt.Sprintf("lostlink-review_%s_%s_%s.xlsx", fileWord(r.Options.Programme), r.LastDay(), r.Run.ID)
}

// FirstDay is the first day judged, "" where the result does not say.
func (r *Report) FirstDay() string { return r.Result.PeriodStart.Date().String() }

// LastDay is the last day judged; where the result does not say, the last day
// that was known.
func (r *Report) LastDay() string {
	end := r.Result.PeriodEnd
	if end == 0 {
		end = r.Result.AsOf
	}
	if end == 0 {
		return ""
	}
	return (end - 1).Date().String()
}

// fileWord keeps letters and digits of ASCII and makes one dash of the rest.
func fileWord(s string) string {
	words := strings.FieldsFunc(strings.ToLower(s), func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < '0' || c > '9')
	})
	w := strings.Join(words, "-")
	if len(w) > 40 {
		w = strings.TrimRight(w[:40], "-")
	}
	if w == "" {
		return "programme"
	}
	return w
}
