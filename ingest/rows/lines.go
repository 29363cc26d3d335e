package rows

import (
	"bufio"
	"errors"
	"io"
	"slices"
	"strings"
)

// Lines gives the text of some lines of a file, counted from 1, unpacked but
// otherwise as they stand. A container without lines (Parquet, XLSX) and lines
// behind the end give none; that is not an error.
func Lines(path string, want []int64) (map[int64]string, error) {
	f, err := openFile(path, Options{}.withDefaults())
	if err != nil {
		return nil, place(path, 0, err)
	}
	defer f.close()
	out := map[int64]string{}
	if f.text == nil || len(want) == 0 {
		return out, nil
	}
	last := slices.Max(want)
	for n := int64(1); n <= last; n++ {
		keep := slices.Contains(want, n)
		var b strings.Builder
		for {
			part, err := f.text.ReadSlice('\n')
			if keep && b.Len() < lineShown {
				b.Write(part)
			}
			if errors.Is(err, io.EOF) {
				if keep && b.Len() > 0 {
					out[n] = strings.TrimRight(b.String(), "\r\n")
				}
				return out, nil
			}
			if err == nil {
				break
			}
			if !errors.Is(err, bufio.ErrBufferFull) {
				return out, err
			}
		}
		if keep {
			out[n] = strings.TrimRight(b.String(), "\r\n")
		}
	}
	return out, nil
}

// lineShown is about how much of a long line is given.
const lineShown = 64 << 10
