package report

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/google/renameio/v2"

	"lostlink/ingest/email"
	"lostlink/ingest/lake"
	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
)

// Person is somebody to be forgotten, with what the runs in the output folder
// have of them.
type Person struct {
	GapIDs []string // of the person's purchases, sorted
	Emails []string // the person's addresses as the records have them, sorted

	out          string
	exact, loose string          // keys of the address; loose "" if variants are others
	said         *regexp.Regexp  // the address in a text
	ids          map[string]bool // the customer's ids and keys
	emails, gaps map[string]bool
}

// Forgotten says what Forget did.
type Forgotten struct {
	Runs int // folders of runs that were changed
	Rows int // records in them: gaps, contested purchases and claims
	// Workbooks and Others are further files that name the person: books of
	// these runs, reviewed ones, files for the platform, and copies of any of
	// them. They are left as they are.
	Workbooks, Others []string
}

// forgotten stands where a text had the person's address.
const forgotten = "erased"

// FindPerson looks for a person in the runs of the output folder. With variants,
// other spellings that mail systems treat as the same mailbox are meant too.
func FindPerson(out, address string, variants bool) (*Person, error) {
	p := &Person{out: out, exact: email.Exact(address), ids: map[string]bool{}, emails: map[string]bool{}, gaps: map[string]bool{}}
	if p.exact == "" {
		return nil, fmt.Errorf("%q is no e-mail address", table.Mask(address))
	}
	if variants {
		p.loose = email.Loose(address)
	}
	p.saidAs(p.exact, strings.TrimSpace(address))
	if err := p.eachRun(func(dir string) error {
		_, err := p.run(dir, false)
		return err
	}); err != nil {
		return nil, err
	}
	p.GapIDs, p.Emails = slices.Sorted(maps.Keys(p.gaps)), slices.Sorted(maps.Keys(p.emails))
	p.saidAs(append([]string{p.exact, strings.TrimSpace(address)}, p.Emails...)...)
	return p, nil
}

// saidAs sets how texts write the address. What stands before and behind is
// looked at, since one address can be part of another.
func (p *Person) saidAs(spellings ...string) {
	for i, s := range spellings {
		spellings[i] = regexp.QuoteMeta(s)
	}
	p.said = regexp.MustCompile(`(?i)(^|[^\pL\pN._%+'-])(?:` + strings.Join(spellings, "|") + `)($|[^\pL\pN.-]|\.$|\.[^\pL\pN])`)
}

// scrub takes the address out of a text.
func (p *Person) scrub(text []byte) []byte {
	for range 2 { // two beside each other share what is between them
		text = p.said.ReplaceAll(text, []byte("${1}"+forgotten+"${2}"))
	}
	return text
}

// Forget takes the person out of the records of all runs: who it was, and what
// is told of clicks and visits. Purchase, amount, verdict and the partners
// suggested stay, so that the figures tie and what was decided can be followed.
// Interrupted, it is to be called again.
func (p *Person) Forget() (*Forgotten, error) {
	f := &Forgotten{}
	if err := p.eachRun(func(dir string) error {
		rows, err := p.run(dir, true)
		if rows > 0 {
			f.Runs++
			f.Rows += rows
		}
		return err
	}); err != nil {
		return nil, err
	}
	err := filepath.WalkDir(p.out, func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		named, err := p.namedIn(path)
		switch {
		case err != nil:
			return fmt.Errorf("%s: %w", path, err)
		case named && strings.EqualFold(filepath.Ext(path), ".xlsx"):
			f.Workbooks = append(f.Workbooks, path)
		case named:
			f.Others = append(f.Others, path)
		}
		return nil
	})
	return f, err
}

// eachRun calls fn with the folder of every run.
func (p *Person) eachRun(fn func(dir string) error) error {
	entries, err := os.ReadDir(p.out)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		dir := filepath.Join(p.out, e.Name())
		if _, err := os.Lstat(filepath.Join(dir, runJSON)); !e.IsDir() || err != nil {
			continue // "latest" is a link to one of the others
		}
		if err := fn(dir); err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
	}
	return nil
}

func (p *Person) has(address string) bool {
	if address == "" {
		return false
	}
	if email.Exact(address) == p.exact || p.loose != "" && email.Loose(address) == p.loose {
		p.emails[address] = true
		return true
	}
	return false
}

// customer tells whether a record is of the person, by address or by the ids of
// a record with that address.
func (p *Person) customer(address string, ids ...string) bool {
	if p.has(address) {
		for _, id := range ids {
			if id != "" {
				p.ids[id] = true
			}
		}
		return true
	}
	return address == "" && slices.ContainsFunc(ids, func(id string) bool { return p.ids[id] })
}

func (p *Person) forgetGap(g *gap.Gap) bool {
	if !p.customer(g.Email, g.CustomerID, g.CustomerKey) {
		return false
	}
	p.gaps[g.GapID] = true
	was := g.Email + g.Name + g.CustomerID + g.CustomerKey + g.ClickID + g.ClickBrowser + g.SignupBrowser + g.LandingPage
	g.Email, g.Name, g.CustomerID, g.CustomerKey, g.ClickID, g.ClickBrowser, g.SignupBrowser, g.LandingPage = "", "", "", "", "", "", "", ""
	timeline := len(g.Timeline)
	g.Timeline = []gap.Event{}
	return was != "" || timeline > 0
}

func (p *Person) forgetContested(c *gap.Contested) bool {
	if !p.customer(c.Email) {
		return false
	}
	c.Email, c.Timeline = "", []gap.Event{}
	for i := range c.Clicks {
		c.Clicks[i].Browser, c.Clicks[i].Page = "", ""
	}
	return true
}

func (p *Person) forgetAnswer(a *gap.Answer) bool {
	if !p.customer(a.CustomerEmail) && !slices.ContainsFunc(a.GapIDs, func(id string) bool { return p.gaps[id] }) {
		return false
	}
	was := a.CustomerName + a.CustomerEmail + a.Note
	a.CustomerName, a.CustomerEmail, a.Note = "", "", ""
	return was != ""
}

func (p *Person) forgetRow(r *gapRow) bool {
	g := gap.Gap{GapID: r.GapID, Email: r.Email, Name: r.Name, CustomerID: r.CustomerID, CustomerKey: r.CustomerKey, ClickID: r.ClickID,
		ClickBrowser: r.ClickBrowser, SignupBrowser: r.SignupBrowser, LandingPage: r.LandingPage}
	if !p.forgetGap(&g) {
		return false
	}
	r.Email, r.Name, r.CustomerID, r.CustomerKey, r.ClickID = "", "", "", "", ""
	r.ClickBrowser, r.SignupBrowser, r.LandingPage = "", "", ""
	return true
}

// run finds the person in the files of one run, takes them out if it is to write,
// and says of how many records. run.json, which knows the hashes of the others,
// is changed first: if it is interrupted behind that, the records still have the
// person, and the next time the same files are made again.
func (p *Person) run(dir string, write bool) (rows int, err error) {
	type changed struct{ name, temp string }
	var files []changed
	defer func() {
		for _, c := range files {
			os.Remove(c.temp)
		}
	}()
	for _, c := range []struct {
		name   string
		forget func(in, out string) (int, error)
	}{
		// The gaps first: they tell the customer's ids.
		{gapsJSONL, func(in, out string) (int, error) { return forgetLines(p, in, out, p.forgetGap) }},
		{contestedJSONL, func(in, out string) (int, error) { return forgetLines(p, in, out, p.forgetContested) }},
		{claimsJSONL, func(in, out string) (int, error) { return forgetLines(p, in, out, p.forgetAnswer) }},
		{gapsParquet, func(in, out string) (int, error) { return 0, p.forgetParquet(in, out) }},
	} {
		in, out := filepath.Join(dir, c.name), filepath.Join(dir, ".erasing-"+c.name)
		if err := os.Remove(out); err != nil && !errors.Is(err, fs.ErrNotExist) { // left by one that was interrupted
			return 0, err
		}
		n, err := c.forget(in, out)
		if errors.Is(err, fs.ErrNotExist) { // a run of another version
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("%s: %w", c.name, err)
		}
		rows += n
		if _, err := os.Stat(out); err == nil {
			files = append(files, changed{c.name, out})
		}
	}
	if len(files) == 0 || !write {
		return rows, nil
	}
	hashes := map[string]fileRecord{}
	for _, c := range files {
		f, err := describe(dir, filepath.Base(c.temp))
		if err != nil {
			return 0, err
		}
		f.Name = c.name
		hashes[c.name] = f
	}
	if err := rehash(filepath.Join(dir, runJSON), hashes); err != nil {
		return 0, fmt.Errorf("%s: %w", runJSON, err)
	}
	for _, c := range slices.Backward(files) { // the gaps last: they lead to the rest
		if err := os.Rename(c.temp, filepath.Join(dir, c.name)); err != nil {
			return 0, err
		}
	}
	return rows, syncDir(dir)
}

// forgetLines writes a file of JSON lines anew, if anything in it changes. Lines
// without the person stay as they are, byte for byte.
func forgetLines[T any](p *Person, in, out string, forget func(*T) bool) (rows int, err error) {
	data, err := os.ReadFile(in)
	if err != nil {
		return 0, err
	}
	lines := bytes.SplitAfter(data, []byte("\n"))
	// Twice: a record that is known by the customer's id alone may come before
	// the one that has it together with the address.
	for range 2 {
		for i, line := range lines {
			if len(line) == 0 {
				continue
			}
			var record T
			if err := json.Unmarshal(line, &record); err != nil {
				return 0, fmt.Errorf("line %d: %w", i+1, err)
			}
			anew := line
			if forget(&record) {
				var buf bytes.Buffer
				if err := encoder(&buf).Encode(record); err != nil {
					return 0, err
				}
				anew = buf.Bytes()
			}
			anew = p.scrub(anew)
			if !bytes.Equal(anew, line) {
				lines[i] = anew
				rows++
			}
		}
	}
	if rows == 0 {
		return 0, nil
	}
	return rows, writeFile(out, func(w io.Writer) error {
		_, err := w.Write(bytes.Join(lines, nil))
		return err
	})
}

func (p *Person) forgetParquet(in, out string) error {
	rows, err := lake.ReadFile[gapRow](in)
	if err != nil {
		return err
	}
	changed := false
	for i := range rows {
		r := &rows[i]
		changed = p.forgetRow(r) || changed
		for _, text := range []*string{&r.Candidates, &r.Findings, &r.Reason, &r.WouldDecide} {
			if anew := string(p.scrub([]byte(*text))); anew != *text {
				*text, changed = anew, true
			}
		}
	}
	if !changed {
		return nil
	}
	return lake.WriteFile(out, rows)
}

// rehash puts new hashes into run.json and leaves the rest of it as it is.
func rehash(path string, anew map[string]fileRecord) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var was struct {
		Files []fileRecord `json:"files"`
	}
	if err := json.Unmarshal(data, &was); err != nil {
		return err
	}
	for _, f := range was.Files {
		n, ok := anew[f.Name]
		if !ok || n == f {
			continue
		}
		// As writeRun writes it.
		entry := regexp.MustCompile(`(\{\s*"name": ` + regexp.QuoteMeta(fmt.Sprintf("%q", f.Name)) + `,\s*"bytes": )\d+(,\s*"sha256": ")[0-9a-f]*(")`)
		if !entry.Match(data) {
			return fmt.Errorf("has no entry for %s that can be changed", f.Name)
		}
		data = entry.ReplaceAll(data, fmt.Appendf(nil, "${1}%d${2}%s${3}", n.Bytes, n.SHA256))
	}
	return renameio.WriteFile(path, data, 0o600)
}

// namedIn tells whether a file that people read or send on names the person. A
// book's texts are looked through as they lie in it.
func (p *Person) namedIn(path string) (bool, error) {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".xlsx":
		z, err := zip.OpenReader(path)
		if errors.Is(err, zip.ErrFormat) {
			return false, nil // no book
		}
		if err != nil {
			return false, err
		}
		defer z.Close()
		for _, entry := range z.File {
			r, err := entry.Open()
			if err != nil {
				return false, err
			}
			named := p.said.MatchReader(bufio.NewReader(r))
			if err := r.Close(); err != nil || named {
				return named, err
			}
		}
	case ".csv", ".json", ".jsonl", ".txt", ".md", ".tsv", ".html":
		f, err := os.Open(path)
		if err != nil {
			return false, err
		}
		defer f.Close()
		return p.said.MatchReader(bufio.NewReader(f)), nil
	}
	return false, nil
}
