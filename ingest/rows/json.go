package rows

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/valyala/fastjson"
)

// jsonFile reads JSON objects, by lines where each line is whole in itself,
// else as one or several documents; see jsonDocument.
type jsonFile struct {
	found []string // columns
	begun bool     // list is known
	list  string   // where the lines have their items; see jsonLines
	items items
	paths []path
	buf   []byte // values of a row, end to end
	ends  []int
}

// items gives one object after the other with the line where it starts. The
// value is good until the next call.
type items interface {
	next() (*fastjson.Value, int64, error)
}

// columnObjects is how many objects are looked at for their paths.
const columnObjects = 100

func newJSON(text *bufio.Reader, opt Options) (*jsonFile, error) {
	head, err := text.Peek(block)
	if err == nil && bytes.IndexByte(head, '\n') < 0 {
		// One long line: see whether it is an object by itself.
		text = bufio.NewReaderSize(text, opt.MaxLine+1)
		head, err = text.Peek(opt.MaxLine + 1)
	}
	if err != nil && err != io.EOF && len(head) == 0 {
		return nil, err
	}
	whole := err == io.EOF
	j := &jsonFile{}
	// The same reader over a copy of the beginning finds the columns.
	sample := j.open(bufio.NewReader(bytes.NewReader(head)), head, whole, opt)
	seen := map[string]bool{}
	for range columnObjects {
		v, _, err := sample.next()
		if _, isBad := err.(*Bad); isBad {
			continue
		}
		if err != nil {
			break
		}
		leaves(v, "", func(at string, _ *fastjson.Value) {
			if !seen[at] {
				seen[at] = true
				j.found = append(j.found, at)
			}
		})
	}
	if l, ok := sample.(*jsonLines); ok {
		j.begun, j.list = l.begun, l.list
	}
	j.items = j.open(text, head, whole, opt)
	return j, nil
}

func (j *jsonFile) open(text *bufio.Reader, head []byte, whole bool, opt Options) items {
	if byLine(head, whole) {
		return &jsonLines{lines: lines{r: text, max: opt.MaxLine}, want: opt.Items}
	}
	return newJSONDocument(text, opt)
}

// byLine tells lines from documents that run over several. The first line that
// is no whole value decides: either the file is a document, or the line is
// broken, which shows in that JSON cannot go on as the next lines do.
func byLine(head []byte, whole bool) bool {
	rest := bytes.TrimLeft(head, " \t\r\n")
	first, more, ended := bytes.Cut(rest, newline)
	if (ended || whole) && fastjson.ValidateBytes(first) == nil {
		return true
	}
	if bytes.HasPrefix(rest, []byte("[")) {
		return false
	}
	d := json.NewDecoder(bytes.NewReader(rest))
	var err error
	for err == nil {
		_, err = d.Token()
	}
	if _, broken := err.(*json.SyntaxError); !broken {
		return false
	}
	for line := range bytes.SplitSeq(more, newline) {
		if bytes.HasPrefix(line, []byte("{")) && fastjson.ValidateBytes(bytes.TrimSpace(line)) == nil {
			return true
		}
	}
	return false
}

// leaves visits the values below v that hold no other, with their paths.
func leaves(v *fastjson.Value, at string, visit func(at string, v *fastjson.Value)) {
	below := func(key string, v *fastjson.Value) {
		if at != "" {
			key = at + "." + key
		}
		leaves(v, key, visit)
	}
	switch v.Type() {
	case fastjson.TypeObject:
		o := v.GetObject()
		o.Visit(func(key []byte, v *fastjson.Value) { below(string(key), v) })
		if o.Len() > 0 {
			return
		}
	case fastjson.TypeArray:
		a := v.GetArray()
		for i, v := range a {
			below(strconv.Itoa(i), v)
		}
		if len(a) > 0 {
			return
		}
	}
	if at != "" {
		visit(at, v)
	}
}

func (j *jsonFile) columns() []string { return j.found }

func (j *jsonFile) bind(names []string) {
	j.paths = nil
	for _, name := range names {
		j.paths = append(j.paths, path(strings.TrimSpace(name)))
	}
	j.ends = make([]int, len(names))
}

func (j *jsonFile) next(rec *Record) error {
	v, line, err := j.items.next()
	if err != nil {
		return err
	}
	rec.Line = line
	j.buf = j.buf[:0]
	for i, p := range j.paths {
		j.buf = appendValue(j.buf, p.find(v))
		j.ends[i] = len(j.buf)
	}
	all, start := string(j.buf), 0
	for i, end := range j.ends {
		rec.Values[i] = all[start:end]
		start = end
	}
	if rule, _ := unreadable(all); rule == "" {
		return nil
	}
	return checkText(rec, func(i int) string { return string(j.paths[i]) })
}

func (j *jsonFile) close() error { return nil }

// path is a dotted path. Where an object's key holds a dot itself, the path
// does too; the shorter key is tried first.
type path string

func (p path) find(v *fastjson.Value) *fastjson.Value {
	if v.Type() == fastjson.TypeArray {
		index, rest, nested := strings.Cut(string(p), ".")
		i, err := strconv.Atoi(index)
		a := v.GetArray()
		if err != nil || i < 0 || i >= len(a) {
			return nil
		}
		if !nested {
			return a[i]
		}
		return path(rest).find(a[i])
	}
	o := v.GetObject()
	if o == nil {
		return nil
	}
	for i := range len(p) {
		if p[i] != '.' {
			continue
		}
		if child := o.Get(string(p[:i])); child != nil {
			if found := p[i+1:].find(child); found != nil {
				return found
			}
		}
	}
	return o.Get(string(p))
}

// appendValue writes a value as text: strings as they are, numbers as they are
// written, null as nothing, objects and lists as JSON.
func appendValue(b []byte, v *fastjson.Value) []byte {
	if v == nil {
		return b
	}
	switch v.Type() {
	case fastjson.TypeNull:
		return b
	case fastjson.TypeString:
		return append(b, v.GetStringBytes()...)
	}
	return v.MarshalTo(b)
}

// jsonLines reads an object, an array or a list response a line.
type jsonLines struct {
	lines  lines
	want   string // Options.Items
	list   string // path of the list in each line's object, "" for none
	begun  bool
	parser fastjson.Parser
	queue  []*fastjson.Value // items of the current line
	odd    text              // see onto
}

func (j *jsonLines) next() (*fastjson.Value, int64, error) {
	for {
		if len(j.queue) > 0 {
			v := j.queue[0]
			j.queue = j.queue[1:]
			if v.Type() != fastjson.TypeObject {
				return nil, 0, notObject(j.lines.n)
			}
			return v, j.lines.n, nil
		}
		line, ended, err := j.lines.next()
		if err != nil {
			return nil, 0, err
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		v, err := j.parser.ParseBytes(line)
		if bytes.IndexByte(line, 0) >= 0 {
			fault := nul(j.lines.n, "", "")
			if err == nil {
				leaves(v, "", func(at string, v *fastjson.Value) {
					if s := v.GetStringBytes(); bytes.IndexByte(s, 0) >= 0 {
						fault = nul(j.lines.n, at, string(s))
					}
				})
			}
			return nil, 0, fault
		}
		if err != nil {
			if !ended {
				return nil, 0, cutOff(j.lines.n)
			}
			return nil, 0, notJSON(j.lines.n, line)
		}
		if !j.begun {
			j.begun, j.list = true, listPath(v, j.want)
		}
		if v.Type() == fastjson.TypeArray {
			j.queue = v.GetArray()
			continue
		}
		list, err := listIn(v, j.list, j.lines.n)
		if err != nil {
			return nil, 0, err
		}
		if list == nil {
			return v, j.lines.n, nil
		}
		j.queue = list.GetArray()
	}
}

// listPaths are where list responses keep their items.
var listPaths = []string{"data.items", "data", "items", "results"}

// listPath finds the list in an object, "" if the object is a row itself: an
// order has items too, but also an id of its own.
func listPath(v *fastjson.Value, want string) string {
	if want != "" || v.Type() != fastjson.TypeObject || v.Exists("id") || v.Exists("key") {
		return want
	}
	for _, p := range listPaths {
		list := path(p).find(v)
		if list == nil || list.Type() != fastjson.TypeArray {
			continue
		}
		if a := list.GetArray(); len(a) == 0 || a[0].Type() == fastjson.TypeObject {
			return p
		}
	}
	return ""
}

// listIn gives the list of an object that has one by its path, nil if it is a
// row itself.
func listIn(v *fastjson.Value, at string, line int64) (*fastjson.Value, error) {
	if v.Type() != fastjson.TypeObject {
		return nil, notObject(line)
	}
	if at == "" {
		return nil, nil
	}
	list := path(at).find(v)
	if list == nil || list.Type() != fastjson.TypeArray {
		return nil, badValue(line, at, start(appendValue(nil, list)), "is not a list, as it is before", "take the line out, or give one object a line")
	}
	return list, nil
}

func notObject(line int64) *Bad {
	return bad(line, "is JSON but no object", `give each row as an object, {"name": value, …}`)
}

// notJSON says where a line stops being JSON. The parser's own words would
// quote the line, and whoever is in it.
func notJSON(line int64, text []byte) *Bad {
	rule := fmt.Sprintf("is JSON nested deeper than %d levels", fastjson.MaxDepth)
	var any json.RawMessage
	if err, ok := json.Unmarshal(text, &any).(*json.SyntaxError); ok {
		rule = fmt.Sprintf("is not JSON from byte %d on", err.Offset)
	}
	return bad(line, rule, "export it again; each line must be one object")
}
