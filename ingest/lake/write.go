package lake

import (
	"bufio"
	"iter"
	"os"
	"slices"

	"github.com/parquet-go/parquet-go"
)

// rowGroupRows is how many rows a row group holds: small enough to build in
// memory, large enough that a reader seeks seldom.
const rowGroupRows = 128 << 10

// WriteFile writes rows, in the order given, as one Parquet file, compressed
// with zstd. T is a struct with parquet tags. The same rows give the same
// bytes whatever build of the program writes them. The file must not exist
// yet; its mode is 0600 and it is on disk when WriteFile returns.
func WriteFile[T any](path string, rows []T) error { return WriteSeq(path, slices.Values(rows)) }

// batchRows is how many rows are handed to the Parquet library at a time.
const batchRows = 1024

// WriteSeq does as [WriteFile] and holds a few rows at a time only.
func WriteSeq[T any](path string, rows iter.Seq[T]) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	buf := bufio.NewWriterSize(f, 1<<16)
	w := parquet.NewGenericWriter[T](buf,
		parquet.Compression(&parquet.Zstd),
		parquet.MaxRowsPerRowGroup(rowGroupRows),
		// The default names the build, which would change the bytes.
		parquet.CreatedBy("lostlink", "1", ""),
	)
	batch := make([]T, 0, batchRows)
	flush := func() error {
		_, err := w.Write(batch)
		batch = batch[:0]
		return err
	}
	for row := range rows {
		if batch = append(batch, row); len(batch) == batchRows {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	if err := buf.Flush(); err != nil {
		return err
	}
	return f.Sync()
}
