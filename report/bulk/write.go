package bulk

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"lostlink/ingest/table"
	"lostlink/report/review"
)

// Written is what Write made.
type Written struct {
	Plan
	// Dir is where the files are, "" if there was nothing to write.
	Dir   string
	Files []WrittenFile
	// Again tells that the folder was there already, with the same files.
	Again bool
}

// WrittenFile is one file of a batch.
type WrittenFile struct {
	Name   string // "2-transactions.csv"
	SHA256 string
	Bytes  int64
	Kind   Kind // "" for those that are for people
	// Items are what it creates, by [Item.ID], in the order of its rows.
	Items []string
}

// The files of a batch that are not uploaded.
const (
	RefusedFile = "refused.csv"
	CheckFile   = "bulk-check.xlsx"
)

// Differs is a folder of the batch that holds other files than it would now.
// They may have been uploaded, so nothing is written.
type Differs struct{ Dir, File string }

func (d *Differs) Error() string {
	return fmt.Sprintf("%s holds another %s than this batch would have now; if nothing of it was uploaded, move the folder away and run again, else set the options back to what they were", d.Dir, d.File)
}

// Write makes the files of a batch in the new folder dir, mode 0700, the files
// 0600. The folder appears when everything in it is on disk, or not at all. The
// same batch with the same options gives the same bytes; written again, a
// folder that is there stays as it is, and if its files would differ the error
// is a [*Differs].
func Write(dir string, approved []review.Approved, opt Options) (Written, error) {
	opt.API = false
	p, err := NewPlan(approved, opt)
	if err != nil {
		return Written{}, err
	}
	w := Written{Plan: *p}
	if len(p.Items)+len(p.Refused) == 0 {
		return w, nil
	}
	w.Dir = dir
	made, err := p.render()
	if err != nil {
		return Written{}, err
	}
	for _, m := range made {
		w.Files = append(w.Files, m.WrittenFile)
	}
	if w.Again, err = there(dir, made); err != nil || w.Again {
		return w, err
	}
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return Written{}, err
	}
	tmp := filepath.Join(parent, "."+filepath.Base(dir)+".part")
	if err := os.RemoveAll(tmp); err != nil { // left by a run that was killed
		return Written{}, err
	}
	if err := os.Mkdir(tmp, 0o700); err != nil {
		return Written{}, err
	}
	defer os.RemoveAll(tmp)
	for _, m := range made {
		if err := writeFile(filepath.Join(tmp, m.Name), m.data); err != nil {
			return Written{}, err
		}
	}
	if opt.Book != nil {
		if err := opt.Book(filepath.Join(tmp, CheckFile), p.checkOf(made)); err != nil {
			return Written{}, fmt.Errorf("writing %s: %w", CheckFile, err)
		}
	}
	if err := syncDir(tmp); err != nil {
		return Written{}, err
	}
	if err := os.Rename(tmp, dir); err != nil {
		return Written{}, err
	}
	return w, syncDir(parent)
}

// rendered is a file with what is in it.
type rendered struct {
	WrittenFile
	data  []byte
	heads []string
	rows  [][]string
}

func (r *rendered) sum() {
	r.Bytes = int64(len(r.data))
	r.SHA256 = fmt.Sprintf("%x", sha256.Sum256(r.data))
}

// render makes the files of the plan, those that are uploaded first.
func (p *Plan) render() ([]rendered, error) {
	var out []rendered
	for i := range p.Platform.Files {
		f := &p.Platform.Files[i]
		var items []Item
		for _, it := range p.Items {
			if it.Kind == f.Kind {
				items = append(items, it)
			}
		}
		if len(items) == 0 {
			continue
		}
		parts, err := p.parts(f, items)
		if err != nil {
			return nil, err
		}
		for n := range parts {
			parts[n].Name = fileName(f, n, len(parts))
			parts[n].Kind = f.Kind
			parts[n].sum()
		}
		out = append(out, parts...)
	}
	if len(p.Refused) > 0 {
		out = append(out, p.refusedFile())
	}
	return out, nil
}

// steps number the files in the order in which they are uploaded: customers in
// whichever way come before what they bought.
var steps = map[Kind]int{Click: 1, Customer: 1, Transaction: 2, Reward: 3, Sale: 1}

func fileName(f *File, n, of int) string {
	name := fmt.Sprintf("%d-%s", steps[f.Kind], f.Name)
	if of > 1 {
		name += fmt.Sprintf("-%03d", n+1)
	}
	if f.Lines {
		return name + ".jsonl"
	}
	return name + ".csv"
}

// parts writes the rows of one file, into as many as the platform's limits ask
// for.
func (p *Plan) parts(f *File, items []Item) ([]rendered, error) {
	var heads []string
	var values func(it *Item) []string
	var line func(row []string) ([]byte, error)
	if f.Lines {
		heads = p.Platform.sends[f.Kind]
		values = func(it *Item) []string { return valuesOf(it, heads) }
	} else {
		i := slices.IndexFunc(p.layouts, func(l layout) bool { return l.file == f })
		l := &p.layouts[i]
		heads, values, line = l.heads(), l.values, l.line
	}
	rowsMax := f.RowsMax
	if m := p.options.RowsMax; m > 0 && (rowsMax == 0 || m < rowsMax) {
		rowsMax = m
	}
	var out []rendered
	for i := range items {
		it := &items[i]
		row := values(it)
		var data []byte
		var err error
		if f.Lines {
			data, err = json.Marshal(ConversionOf(it))
			data = append(data, '\n')
		} else {
			data, err = line(row)
		}
		if err != nil {
			return nil, err
		}
		last := len(out) - 1
		if last < 0 || rowsMax > 0 && len(out[last].rows) >= rowsMax || f.BytesMax > 0 && len(out[last].data)+len(data) > f.BytesMax {
			out = append(out, rendered{heads: heads})
			if last++; line != nil {
				if out[last].data, err = line(heads); err != nil {
					return nil, err
				}
			}
		}
		out[last].data = append(out[last].data, data...)
		out[last].rows = append(out[last].rows, row)
		out[last].Items = append(out[last].Items, it.ID)
	}
	return out, nil
}

func valuesOf(it *Item, fields []string) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = it.Value(f)
	}
	return out
}

func (l *layout) heads() []string {
	var out []string
	for _, c := range l.columns {
		out = append(out, c.head)
	}
	return out
}

func (l *layout) values(it *Item) []string {
	out := make([]string, len(l.columns))
	for i, c := range l.columns {
		if out[i] = c.value; c.from != "" {
			out[i] = it.Value(c.from)
		}
	}
	return out
}

// line writes one row as the template has its lines.
func (l *layout) line(row []string) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Comma, w.UseCRLF = l.comma, l.crlf
	if err := w.Write(row); err != nil {
		return nil, err
	}
	w.Flush()
	return b.Bytes(), w.Error()
}

// Conversion hands in a click for a customer: the body of a request to
// PartnerStack's POST /conversion/xid (its page conversion-api).
type Conversion struct {
	XID         string `json:"xid"`
	CustomerKey string `json:"customer_key"`
	Email       string `json:"email,omitempty"`
	Name        string `json:"name,omitempty"`
	ProviderKey string `json:"provider_key,omitempty"`
}

// ConversionOf makes the body of an item of kind [Click].
func ConversionOf(it *Item) Conversion {
	return Conversion{XID: it.Purchase.ClickID, CustomerKey: it.CustomerKey, Email: it.Purchase.CustomerEmail,
		Name: it.Purchase.CustomerName, ProviderKey: providerKey(it)}
}

// there tells whether the folder holds the files already. What is for people
// does not count: its wording may change with the program.
func there(dir string, made []rendered) (bool, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	want := map[string][]byte{}
	for _, m := range made {
		if m.Kind != "" {
			want[m.Name] = m.data
		}
	}
	for _, e := range entries {
		if e.Name() == RefusedFile || e.Name() == CheckFile {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return false, err
		}
		if w, ok := want[e.Name()]; !ok || !bytes.Equal(w, data) {
			return false, &Differs{dir, e.Name()}
		}
		delete(want, e.Name())
	}
	for _, m := range made {
		if want[m.Name] != nil {
			return false, &Differs{dir, m.Name}
		}
	}
	return true, nil
}

// writeFile makes a new file of mode 0600 that is on disk when it returns.
func writeFile(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err = f.Write(data); err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// refusedHeads are the columns of refused.csv.
var refusedHeads = []string{"Case", "Payment", "Purchased", "Customer e-mail", "Partner", "Amount", "Currency", "File", "Column", "Value", "What is wrong", "What to do"}

func (p *Plan) refusedFile() rendered {
	r := rendered{WrittenFile: WrittenFile{Name: RefusedFile}, heads: refusedHeads}
	for _, x := range p.Refused {
		a := &x.Purchase
		r.rows = append(r.rows, []string{a.GapID, a.PurchaseID, at(a.PurchasedAt, isoDay), a.CustomerEmail, a.PartnerKey,
			table.FormatAmount(a.Amount, a.Currency), a.Currency, x.File, x.Column, x.Value, x.Rule, x.Remedy})
	}
	r.data = forPeople(append([][]string{refusedHeads}, r.rows...))
	r.sum()
	return r
}

// forPeople writes CSV that a person may open in a spreadsheet: everything in
// quotes, with a mark for UTF-8, and an apostrophe before what would be taken
// for a formula.
func forPeople(rows [][]string) []byte {
	var b bytes.Buffer
	b.WriteString("\ufeff")
	for _, row := range rows {
		for i, v := range row {
			if i > 0 {
				b.WriteByte(',')
			}
			if first := strings.TrimLeft(v, " "); first != "" && strings.ContainsRune("=+-@\t\r\n\x00", rune(first[0])) {
				v = "'" + v
			}
			b.WriteString(`"` + strings.ReplaceAll(v, `"`, `""`) + `"`)
		}
		b.WriteString("\r\n")
	}
	return b.Bytes()
}
