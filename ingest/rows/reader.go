package rows

import "errors"

// Options says how a file is read. The zero value finds out from the content.
type Options struct {
	// Container is how the rows are packed; "" is found from the content.
	Container Container
	// LogFormat is an nginx log_format or Apache LogFormat string, or one of
	// "combined", "common" and "vhost_combined"; setting it makes the container
	// AccessLog. "" is NCSA combined.
	LogFormat string
	// Items is the dotted path of the list in a JSON document ("data.items");
	// "" is found.
	Items string
	// Encoding is "" (UTF-8, or UTF-16 with a byte order mark) or "windows-1252".
	Encoding string
	// MaxLine is the longest line or JSON object taken, in bytes; 0 is 4 MiB.
	MaxLine int
	// MaxRatio is how many bytes one compressed byte may become; 0 is 200.
	MaxRatio int
	// MaxBytes is the largest size of a decompressed file; 0 is 64 GiB.
	MaxBytes int64
}

// Reader reads one file.
type Reader struct{}

var errTodo = errors.New("not written yet")

// Open opens a file.
func Open(path string, opt Options) (*Reader, error) { return nil, errTodo }

// Container says how the file's rows are packed.
func (r *Reader) Container() Container { return "" }

// Columns are the names found.
func (r *Reader) Columns() []string { return nil }

// Bind says which columns are wanted, in order, before the first Next.
func (r *Reader) Bind(names []string) {}

// Next gives the next row, a *Bad, or io.EOF.
func (r *Reader) Next() (*Record, error) { return nil, errTodo }

// SHA256 is the hash of the raw bytes of the file, complete after io.EOF.
func (r *Reader) SHA256() string { return "" }

// Lines counts the rows met so far, good or bad.
func (r *Reader) Lines() int64 { return 0 }

// Close closes the file.
func (r *Reader) Close() error { return nil }

// Hash reads a file and gives its SHA-256 in hex and its size in bytes.
func Hash(path string) (sha string, size int64, err error) { return "", 0, errTodo }
