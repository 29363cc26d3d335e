package bulk_test

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"lostlink/ingest/table"
	"lostlink/report/bulk"
	"lostlink/report/review"
	"lostlink/testdata/need"
)

var update = flag.Bool("update", false, "write what is expected anew")

// approved reads purchases from the columns a test names.
func approved(t *testing.T, data string) []review.Approved {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(data)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []review.Approved
	for _, row := range rows[1:] {
		a := review.Approved{RunID: "2026-06-30-00000000", ReviewedBy: "Anna", ApprovedBy: "Ben", DecidedAt: when(t, "2026-07-01T09:00:00Z"), Book: "5ba5e0"}
		for i, name := range rows[0] {
			v := row[i]
			if v == "" {
				continue
			}
			switch name {
			case "key":
				a.Key = v
			case "case":
				a.GapID = v
			case "processor":
				a.Processor = v
			case "payment":
				a.PurchaseID = v
			case "purchased":
				a.PurchasedAt = when(t, v)
			case "email":
				a.CustomerEmail = v
			case "name":
				if a.CustomerName = v; strings.HasPrefix(v, `"`) {
					if a.CustomerName, err = strconv.Unquote(v); err != nil {
						t.Fatal(err)
					}
				}
			case "customer":
				a.CustomerID = v
			case "customer_key":
				a.CustomerKey = v
			case "partner":
				a.PartnerKey = v
			case "partner_email":
				a.PartnerEmail = v
			case "amount":
				a.Amount = number(t, v)
			case "currency":
				a.Currency = v
			case "click":
				a.ClickID = v
			case "clicked":
				a.ClickedAt = when(t, v)
			case "reward":
				a.Commission, a.Estimated = number(t, v), true
			case "credited":
				a.Credited = true
			default:
				t.Fatalf("no purchase has a column %s", name)
			}
		}
		if a.Key == "" {
			a.Key = a.Processor + "/" + a.PurchaseID
		}
		out = append(out, a)
	}
	return out
}

func when(t *testing.T, s string) table.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return table.TimeOf(at)
}

func number(t *testing.T, s string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// story is one archive of testdata/bulk: approved.csv, made.csv with what was
// made before, settings.json and the platform's templates, and what comes of them below out/ or as error.
type story struct {
	name, path string
	archive    *txtar.Archive
	approved   []review.Approved
	options    bulk.Options
}

const at = "2026-07-02T12:00:00Z"

func stories(t *testing.T) []*story {
	t.Helper()
	root := filepath.Join(need.Root(t), "testdata", "bulk")
	paths, err := filepath.Glob(filepath.Join(root, "*", "*.txtar"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	var out []*story
	for _, path := range paths {
		s := &story{name: strings.TrimPrefix(path, root+"/"), path: path}
		if s.archive, err = txtar.ParseFile(path); err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		var made []review.Approved
		for _, f := range s.archive.Files {
			switch {
			case f.Name == "approved.csv":
				s.approved = approved(t, string(f.Data))
			case f.Name == "made.csv":
				made = approved(t, string(f.Data))
			case f.Name == "settings.json":
				s.options = bulk.Options{Settings: bulk.DefaultSettings(), Programme: "Example partners", Batch: "b-1", At: when(t, at)}
				s.options.Platform = filepath.Base(filepath.Dir(path))
				if err := json.Unmarshal(f.Data, &s.options); err != nil {
					t.Fatalf("%s: %v", s.name, err)
				}
			case !golden(f.Name):
				// Templates come with the line ends of Windows where the name says so.
				data := string(f.Data)
				if strings.Contains(f.Name, "crlf") {
					data = "\ufeff" + strings.ReplaceAll(data, "\n", "\r\n")
				}
				if err := os.WriteFile(filepath.Join(dir, f.Name), []byte(data), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
		s.options.Made = made
		for i := range s.options.Templates {
			s.options.Templates[i].Path = filepath.Join(dir, s.options.Templates[i].Path)
		}
		out = append(out, s)
	}
	return out
}

func golden(name string) bool { return name == "error" || strings.HasPrefix(name, "out/") }

// TestStories runs testdata/bulk/<platform>/*.txtar. In what is expected, "^M"
// stands for a carriage return and "<BOM>" for the mark of UTF-8.
func TestStories(t *testing.T) {
	for _, s := range stories(t) {
		t.Run(s.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "batch")
			got := map[string]string{}
			w, err := bulk.Write(dir, s.approved, s.options)
			if err != nil {
				text := err.Error()
				for _, tpl := range s.options.Templates {
					text = strings.ReplaceAll(text, filepath.Dir(tpl.Path)+"/", "")
				}
				got["error"] = text + "\n"
			}
			for _, f := range w.Files {
				data, err := os.ReadFile(filepath.Join(dir, f.Name))
				if err != nil {
					t.Fatal(err)
				}
				got["out/"+f.Name] = strings.NewReplacer("\r", "^M", "\ufeff", "<BOM>").Replace(string(data))
			}
			for _, n := range w.Notes {
				got["out/notes"] += n + "\n"
			}
			if *update {
				s.archive.Files = slices.DeleteFunc(s.archive.Files, func(f txtar.File) bool { return golden(f.Name) })
				for _, name := range sorted(got) {
					s.archive.Files = append(s.archive.Files, txtar.File{Name: name, Data: []byte(got[name])})
				}
				if err := os.WriteFile(s.path, txtar.Format(s.archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want := map[string]string{}
			for _, f := range s.archive.Files {
				if golden(f.Name) {
					want[f.Name] = string(f.Data)
				}
			}
			if !reflect.DeepEqual(got, want) {
				for _, name := range sorted(got, want) {
					if got[name] != want[name] {
						t.Errorf("%s is\n%s\nwant\n%s", name, got[name], want[name])
					}
				}
			}
			if err == nil {
				law(t, s, w)
				same(t, s, dir)
			}
		})
	}
}

// law holds for every batch: each purchase is made once or refused once, and
// never paid in two ways.
func law(t *testing.T, s *story, w bulk.Written) {
	t.Helper()
	paid, refused := map[string]int{}, map[string]int{}
	ids := map[string]bool{}
	for _, it := range w.Items {
		if ids[it.ID] {
			t.Errorf("the item %s is there twice", it.ID)
		}
		ids[it.ID] = true
		switch it.Kind {
		case bulk.Transaction, bulk.Reward, bulk.Sale:
			paid[it.Key]++
		}
	}
	for _, r := range w.Refused {
		refused[r.Purchase.Key]++
	}
	times := map[string]int{}
	for _, a := range s.approved {
		times[a.Key]++
	}
	for key, n := range times {
		if n == 1 && paid[key]+refused[key] != 1 || n > 1 && (paid[key] != 0 || refused[key] != n) {
			t.Errorf("%s is paid %d and refused %d times", key, paid[key], refused[key])
		}
	}
	for _, it := range w.Items {
		if it.Needs != "" && !ids[it.Needs] {
			t.Errorf("%s needs %s, which is not made", it.ID, it.Needs)
		}
	}
	rows := map[string]bool{}
	for _, f := range w.Files {
		for _, id := range f.Items {
			if rows[id] {
				t.Errorf("%s stands in two rows", id)
			}
			rows[id] = true
		}
	}
	if len(rows) != len(ids) {
		t.Errorf("%d items stand in %d rows", len(ids), len(rows))
	}
}

// same writes a batch again: over itself, in another order of purchases, and
// after a program that was killed.
func same(t *testing.T, s *story, dir string) {
	t.Helper()
	if again, err := bulk.Write(dir, s.approved, s.options); err != nil || !again.Again && again.Dir != "" {
		t.Errorf("written again: %+v, %v", again, err)
	}
	turned := slices.Clone(s.approved)
	slices.Reverse(turned)
	other := filepath.Join(t.TempDir(), "batch")
	if err := os.MkdirAll(filepath.Join(filepath.Dir(other), ".batch.part", "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	w, err := bulk.Write(other, turned, s.options)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range w.Files {
		a, errA := os.ReadFile(filepath.Join(dir, f.Name))
		b, errB := os.ReadFile(filepath.Join(other, f.Name))
		if err := errors.Join(errA, errB); err != nil {
			t.Fatal(err)
		}
		if string(a) != string(b) {
			t.Errorf("%s depends on the order of the purchases:\n%s\n%s", f.Name, a, b)
		}
		info, err := os.Stat(filepath.Join(dir, f.Name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", f.Name, info.Mode(), err)
		}
	}
}

func sorted(maps ...map[string]string) []string {
	var out []string
	for _, m := range maps {
		for k := range m {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// TestPlatformsHaveStories names the half that is missing.
func TestPlatformsHaveStories(t *testing.T) {
	told := map[string]bool{}
	for _, s := range stories(t) {
		told[filepath.Dir(s.name)] = true
	}
	for _, name := range bulk.Names() {
		if !told[name] {
			t.Errorf("testdata/bulk has no story for %s", name)
		}
		delete(told, name)
	}
	for name := range told {
		t.Errorf("testdata/bulk/%s is about no platform", name)
	}
}

// TestWrittenTwice changes an option after a batch was written.
func TestWrittenTwice(t *testing.T) {
	a := approved(t, "case,processor,payment,purchased,email,partner,amount,currency\nLL-1,stripe,ch_1,2026-06-01T00:00:00Z,lena@example.com,acme,4900,EUR\n")
	opt := bulk.Options{Settings: bulk.DefaultSettings(), At: when(t, at)}
	opt.Platform = "generic"
	opt.Columns = []bulk.Column{{File: "purchases", From: "case", To: "Case"}, {File: "purchases", From: "partner_key", To: "Partner"}, {File: "purchases", From: "amount", To: "Amount"}}
	dir := filepath.Join(t.TempDir(), "b")
	if _, err := bulk.Write(dir, a, opt); err != nil {
		t.Fatal(err)
	}
	opt.Columns[2].To = "Sum"
	_, err := bulk.Write(dir, a, opt)
	var differs *bulk.Differs
	if !errors.As(err, &differs) || differs.File != "1-purchases.csv" {
		t.Errorf("got %v, want what differs", err)
	}
	// More purchases than before is another batch as well.
	if _, err := bulk.Write(dir, nil, opt); err != nil {
		t.Errorf("nothing to write: %v", err)
	}
	entries, err := os.ReadDir(filepath.Dir(dir))
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v %v", entries, err)
	}
}

// TestBookFails leaves nothing of a batch whose check cannot be written.
func TestBookFails(t *testing.T) {
	a := approved(t, "case,processor,payment,purchased,email,partner,amount,currency\nLL-1,stripe,ch_1,2026-06-01T00:00:00Z,lena@example.com,acme,4900,EUR\n")
	opt := bulk.Options{Settings: bulk.DefaultSettings(), At: when(t, at), Book: func(string, review.Check) error { return errors.New("disk full") }}
	opt.Platform = "generic"
	opt.Columns = []bulk.Column{{File: "purchases", From: "case", To: "Case"}, {File: "purchases", From: "partner_key", To: "Partner"}, {File: "purchases", From: "amount", To: "Amount"}}
	dir := t.TempDir()
	_, err := bulk.Write(filepath.Join(dir, "b"), a, opt)
	if err == nil || !strings.Contains(err.Error(), "disk full") {
		t.Errorf("got %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("left behind: %v %v", entries, err)
	}
}
