package rows

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/valyala/fastjson"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"lostlink/ingest/table"
)

// openText finds the container of a text file and its reader.
func openText(f *file, opt Options) (Container, body, error) {
	text, err := decoded(f.text, opt.Encoding)
	if err != nil {
		return "", nil, err
	}
	head, err := text.Peek(block)
	if err != nil && err != io.EOF && len(head) == 0 {
		return "", nil, err
	}
	switch rest := bytes.TrimSpace(head); {
	case len(rest) == 0 && err == io.EOF && opt.Container == AccessLog:
		// A server without visitors writes an empty log.
	case len(rest) == 0 && err == io.EOF:
		return "", nil, broken(nil, "is empty", "export it again, or take it out of the sources")
	case bytes.HasPrefix(rest, []byte("<")):
		return "", nil, broken(nil, "is a web page or XML", "export the data as CSV, JSON lines or Parquet")
	}
	if bytes.Count(head, []byte{0}) > len(head)/4 {
		return "", nil, broken(nil, "is not text", "if it is UTF-16, save it with a byte order mark, better as UTF-8")
	}
	c := opt.Container
	if c == "" {
		c = detect(head)
	}
	var b body
	switch c {
	case CSV:
		b, err = newCSV(text, head, opt)
	case JSON:
		b, err = newJSON(text, opt)
	case AccessLog:
		b, err = newAccessLog(text, head, opt)
	default:
		err = fmt.Errorf("no container is called %q", c)
	}
	return c, b, err
}

// decoded gives the text as UTF-8 without a byte order mark.
func decoded(r *bufio.Reader, name string) (*bufio.Reader, error) {
	var enc encoding.Encoding
	head, err := r.Peek(3)
	switch {
	case err != nil && err != io.EOF && len(head) == 0:
		return nil, err
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		_, err := r.Discard(3)
		return r, err
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		enc = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case name == "":
		return r, nil
	default:
		if enc, err = htmlindex.Get(name); err != nil {
			return nil, fmt.Errorf("encoding %q: %w", name, err)
		}
	}
	return bufio.NewReaderSize(transform.NewReader(r, enc.NewDecoder()), block), nil
}

// detectLines is how many lines are looked at: the first may be broken.
const detectLines = 20

// detect tells JSON, log lines and CSV apart. A cell of CSV may hold lines of
// JSON, so behind the first line most must be JSON to count.
func detect(head []byte) Container {
	objects, others := 0, 0
	for line := range bytes.SplitSeq(head, newline) {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if objects+others == 0 && (line[0] == '{' || line[0] == '[') {
			return JSON
		}
		if looksLikeLog(string(line)) {
			return AccessLog
		}
		if line[0] == '{' && fastjson.ValidateBytes(line) == nil {
			objects++
		} else {
			others++
		}
		if objects+others == detectLines {
			break
		}
	}
	if objects > others {
		return JSON
	}
	return CSV
}

// lines splits text at line feeds. A carriage return before one belongs to the
// line's end.
type lines struct {
	r    *bufio.Reader
	max  int
	n    int64  // number of the line given last, from 1
	long []byte // a line longer than r's buffer
}

// next gives the next line, which is overwritten by the call after it, and
// whether a line feed ended it. A line longer than max is read to its end and
// given as a *Bad; an error of the file may follow a part of a line, which is
// lost with the rest.
func (l *lines) next() (line []byte, ended bool, err error) {
	line, err = l.r.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		l.long = l.long[:0]
		over, first := false, bytes.Clone(line[:min(len(line), startRead)])
		for err == bufio.ErrBufferFull {
			if over = over || len(l.long)+len(line) > l.max; !over {
				l.long = append(l.long, line...)
			}
			line, err = l.r.ReadSlice('\n')
		}
		if err != nil && err != io.EOF {
			return nil, false, err
		}
		if over || len(l.long)+len(line) > l.max {
			l.n++
			l.long = nil
			return nil, false, tooLong(l.n, l.max, first)
		}
		l.long = append(l.long, line...)
		line = l.long
	}
	if err == io.EOF && len(line) == 0 {
		return nil, false, io.EOF
	}
	if err != nil && err != io.EOF {
		return nil, false, err
	}
	l.n++
	if len(line) > l.max {
		return nil, false, tooLong(l.n, l.max, line)
	}
	if ended = err == nil; ended {
		line = line[:len(line)-1]
	}
	return bytes.TrimSuffix(line, []byte("\r")), ended, nil
}

func tooLong(line int64, limit int, text []byte) *Bad {
	return badValue(line, "", start(text), fmt.Sprintf("is longer than %d bytes", limit), "look for a quote or bracket that is never closed; if the row is sound, leave its longest values out of the export")
}

// startShown is how many characters of a long text are shown, startRead how
// many bytes are looked at for them: an address is masked before it is cut.
const (
	startShown = 40
	startRead  = 400
)

// start is the beginning of a text, to recognise it by.
func start(text []byte) string {
	r := []rune(table.Mask(shown(string(text[:min(len(text), startRead)]))))
	return string(r[:min(len(r), startShown)])
}

// shown is a value as text, with U+FFFD for what is none.
func shown(s string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", "\uFFFD"), "\uFFFD")
}

// nul is the fault of a row with a NUL byte, in the column and value where it
// stands, "" where that cannot be told.
func nul(line int64, column, value string) *Bad {
	rule, remedy := unreadable("\x00")
	return badValue(line, column, shown(value), rule, remedy)
}

// cutOff is the fault of a last line that neither fits nor ends.
func cutOff(line int64) *Bad {
	return bad(line, "is cut off before its end", "the file was copied while it was written, or only in part; copy it again")
}
