package config

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"lostlink/report"
)

// unfigured are the keys that say where things lie or who may see them, and
// move no figure. Sources are listed with their files instead.
var unfigured = []string{"data", "output", "state", "installation_key", "installation_key_file", "sources",
	"review.require_approver", "ledger.url", "ledger.url_file", "ledger.programme",
	"bulk.platform", "bulk.credit", "bulk.click_days", "bulk.rows_max", "bulk.templates", "bulk.columns",
	"push.address", "push.conversion_address", "push.public_key", "push.secret_key_file", "push.token_file", "push.settle_seconds"}

// Figures lists every configured value that moves a figure, in the order of the
// example and written as in the file.
func Figures(c *Config) ([]report.KeyValue, error) {
	var out []report.KeyValue
	for _, l := range leavesOf(fileOf(c)) {
		if slices.Contains(unfigured, l.key) {
			continue
		}
		text, err := value(l.value, 0)
		if l.key == "weights" {
			text, err = weightsName(c)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, report.KeyValue{Key: l.key, Value: strings.TrimSpace(text)})
	}
	return out, nil
}

// weightsName tells weights apart by what is in them, not by the file's name.
func weightsName(c *Config) (string, error) {
	w := c.Reconcile.Weights
	if w == nil {
		return "shipped", nil
	}
	text, err := w.Marshal()
	return fmt.Sprintf("%s (sha256 %.6x)", c.WeightsFile, sha256.Sum256(text)), err
}
