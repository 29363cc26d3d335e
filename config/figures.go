package config

import (
	"slices"
	"strings"

	"lostlink/report"
)

// unfigured are the keys that say where things lie or who may see them, and
// move no figure. Sources are listed with their files instead.
var unfigured = []string{"data", "output", "state", "installation_key", "installation_key_file", "sources"}

// Figures lists every configured value that moves a figure, in the order of the
// example and written as in the file.
func Figures(c *Config) ([]report.KeyValue, error) {
	var out []report.KeyValue
	for _, l := range leavesOf(fileOf(c)) {
		if slices.Contains(unfigured, l.key) {
			continue
		}
		text, err := value(l.value, 0)
		if err != nil {
			return nil, err
		}
		out = append(out, report.KeyValue{Key: l.key, Value: strings.TrimSpace(text)})
	}
	return out, nil
}
