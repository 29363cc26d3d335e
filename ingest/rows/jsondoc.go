package rows

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/valyala/fastjson"
)

// jsonDocument reads JSON values that run over lines: an array, a list response
// or plain objects one after another. Only one item is held at a time, however
// long the list is.
type jsonDocument struct {
	text   *replay
	max    int
	want   string // Options.Items
	dec    *json.Decoder
	start  int64 // offset at which dec started
	inList bool
	depth  int // brackets open around the list
	raw    json.RawMessage
	parser fastjson.Parser
}

func newJSONDocument(text *bufio.Reader, opt Options) *jsonDocument {
	return &jsonDocument{text: newReplay(text, opt.MaxLine), max: opt.MaxLine, want: opt.Items}
}

func (j *jsonDocument) next() (*fastjson.Value, int64, error) {
	for {
		if j.inList {
			if j.dec.More() {
				return j.item()
			}
			if err := j.leaveList(); err != nil {
				return nil, 0, err
			}
			continue
		}
		first, err := j.text.skipSpace()
		if err != nil {
			return nil, 0, err
		}
		if first == '[' {
			j.restart()
			if _, err := j.dec.Token(); err != nil {
				return nil, 0, j.broken(err)
			}
			j.inList, j.depth = true, 1
			continue
		}
		v, line, err := j.object()
		if v != nil || err != nil {
			return v, line, err
		}
	}
}

// object reads a top-level value that is no array. If it is a list response it
// gives nil and stands in the list.
func (j *jsonDocument) object() (*fastjson.Value, int64, error) {
	j.restart()
	line, paths := j.text.line, listPaths
	if j.want != "" {
		paths = []string{j.want}
	}
	whole := j.dec.Decode(&j.raw)
	if whole == nil {
		v, err := j.parser.ParseBytes(j.raw)
		if err != nil {
			j.text.forget(j.offset())
			return nil, 0, notJSON(line, j.raw)
		}
		at := listPath(v, j.want)
		if list, err := listIn(v, at, line); err != nil {
			j.text.forget(j.offset())
			return nil, 0, err
		} else if list == nil {
			j.text.forget(j.offset())
			return v, line, nil
		}
		paths = []string{at}
	}
	// Where the object is too long or breaks off, its list can be read as far
	// as it goes.
	j.restart()
	found, err := j.enterList(paths)
	switch {
	case found:
		return nil, 0, nil
	case err != nil:
		return nil, 0, j.broken(err)
	case whole != nil && whole != errTooLong:
		return nil, 0, j.broken(whole)
	}
	return nil, 0, broken(nil, fmt.Sprintf("is one object of more than %d bytes with no list at %s", j.max, strings.Join(paths, ", ")), "give one object a line, or one list")
}

// enterList walks into the first array that stands at one of the paths.
func (j *jsonDocument) enterList(paths []string) (bool, error) {
	if _, err := j.dec.Token(); err != nil {
		return false, err
	}
	at := []string{""} // path of each open object, with a dot behind it
	for len(at) > 0 {
		j.text.forget(j.offset())
		token, err := j.dec.Token()
		if err != nil {
			return false, err
		}
		key, isKey := token.(string)
		if !isKey { // the object's end
			at = at[:len(at)-1]
			continue
		}
		here := at[len(at)-1] + key
		if j.want == "" && (here == "id" || here == "key") { // a row; see listPath
			return false, nil
		}
		within := func(p string) bool { return strings.HasPrefix(p, here+".") }
		if !slices.Contains(paths, here) && !slices.ContainsFunc(paths, within) {
			if err := j.skipValue(); err != nil {
				return false, err
			}
			continue
		}
		switch token, err = j.dec.Token(); {
		case err != nil:
			return false, err
		case token == json.Delim('[') && slices.Contains(paths, here):
			j.inList, j.depth = true, len(at)+1
			return true, nil
		case token == json.Delim('{'):
			at = append(at, here+".")
		case token == json.Delim('['):
			if err := j.closeBrackets(1); err != nil {
				return false, err
			}
		}
	}
	return false, nil
}

// skipValue reads over the value of a key.
func (j *jsonDocument) skipValue() error {
	token, err := j.dec.Token()
	if err == nil && (token == json.Delim('{') || token == json.Delim('[')) {
		return j.closeBrackets(1)
	}
	return err
}

// closeBrackets reads on until n open brackets are closed.
func (j *jsonDocument) closeBrackets(n int) error {
	for n > 0 {
		token, err := j.dec.Token()
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			n++
		case json.Delim('}'), json.Delim(']'):
			n--
		}
		j.text.forget(j.offset())
	}
	return nil
}

// leaveList reads to the end of the document around the list.
func (j *jsonDocument) leaveList() error {
	j.inList = false
	if err := j.closeBrackets(j.depth); err != nil {
		return j.broken(err)
	}
	return nil
}

func (j *jsonDocument) item() (*fastjson.Value, int64, error) {
	j.text.forget(j.offset())
	if err := j.dec.Decode(&j.raw); err != nil {
		return nil, 0, j.broken(err)
	}
	line := j.text.lineAt(j.offset() - int64(len(j.raw)))
	v, err := j.parser.ParseBytes(j.raw)
	switch {
	case len(j.raw) > j.max:
		return nil, 0, tooLong(line, j.max, j.raw)
	case err != nil:
		return nil, 0, notJSON(line, j.raw)
	case v.Type() != fastjson.TypeObject:
		return nil, 0, notObject(line)
	}
	return v, line, nil
}

func (j *jsonDocument) restart() {
	j.text.rewind()
	j.start = j.text.mark
	j.dec = json.NewDecoder(j.text)
}

// offset is how far dec has come.
func (j *jsonDocument) offset() int64 { return j.start + j.dec.InputOffset() }

// broken: a document cannot be read on behind a fault, unlike lines.
func (j *jsonDocument) broken(err error) error {
	var b, below *Broken
	var syntax *json.SyntaxError
	line := j.text.line
	switch {
	case errors.As(err, &below):
		return below
	case errors.As(err, &syntax):
		b = broken(nil, "is not JSON", "make the export again")
		// Its offset counts from where the decoder started; enough of the text
		// is kept unless the fault is in what was passed long ago.
		if at := j.start + syntax.Offset; at >= j.text.mark && at <= j.text.mark+int64(len(j.text.kept)) {
			line = j.text.lineAt(at)
		}
	case err == io.EOF, errors.Is(err, io.ErrUnexpectedEOF):
		b = broken(io.ErrUnexpectedEOF, "ends inside a JSON value", "copy the file again")
	case err == errTooLong:
		b = broken(nil, fmt.Sprintf("holds a JSON value of more than %d bytes", j.max), "look for a quote or bracket that is never closed; if the value is sound, give one object a line or leave its longest values out of the export")
		b.Fault.Value = start(bytes.TrimLeft(j.text.kept, " \t\r\n,"))
	default:
		return err
	}
	b.Line = line
	return b
}
