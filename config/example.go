package config

import (
	_ "embed"
	"fmt"
	"strings"

	"lostlink/ingest/source"
	"lostlink/ingest/table"
)

//go:embed example.yaml
var example string

// Example is a commented configuration with every option at its default, and a
// commented-out source of each kind that is known.
func Example() []byte {
	var b strings.Builder
	b.WriteString(example)
	for _, s := range source.All() {
		if s.Refused != "" {
			continue
		}
		fmt.Fprintf(&b, "#  # %s\n", strings.Join(wrap(s.Title+". "+s.Where, 74), "\n#  # "))
		if s.Name != source.Native {
			fmt.Fprintf(&b, "#  - {format: %s, files: [\"%s*\"]}\n", s.Name, s.Name)
			continue
		}
		for _, k := range table.Kinds() {
			fmt.Fprintf(&b, "#  - {format: %s, table: %s, files: [\"%s.*\"]}\n", s.Name, k, k)
		}
	}
	return []byte(b.String())
}

// wrap breaks a text at spaces into lines of at most width bytes, where words
// allow it.
func wrap(text string, width int) []string {
	var out []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > width {
			out, line = append(out, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(out, line)
}
