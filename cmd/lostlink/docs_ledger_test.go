package main

import (
	"testing"

	"lostlink/report/ledger"
)

// TestDocLedger holds docs/ledger.md to the tables and groups of the ledger.
func TestDocLedger(t *testing.T) {
	d := page(t, "docs/ledger.md")
	for name, columns := range map[string][]string{
		"run": tableText([]ledger.Run{})[0], "gap": tableText([]ledger.Gap{})[0], "book": tableText([]ledger.Book{})[0],
		"decision": tableText([]ledger.Decision{})[0], "revision": tableText([]ledger.Revision{})[0], "batch": tableText([]ledger.Batch{})[0],
		"file": tableText([]ledger.File{})[0], "item": tableText([]ledger.Item{})[0], "creation": tableText([]ledger.Creation{})[0],
		"suppressed": tableText([]ledger.Suppressed{})[0],
	} {
		d.lists(t, name, columns)
	}
	var groups []string
	for _, g := range ledger.Groups() {
		groups = append(groups, string(g))
		if groupWords[g] == "" {
			t.Errorf("status has no words for %s", g)
		}
	}
	d.lists(t, "How far a purchase has come", groups)
}
