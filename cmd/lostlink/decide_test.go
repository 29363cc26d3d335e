package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/xuri/excelize/v2"
)

// decide fills in a copy of a workbook; BOOK may be a pattern of one file.
func decide(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg || len(args) < 2, "decide BOOK COPY [WORD...]")
	found, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(found) != 1 {
		ts.Fatalf("%s fits %d files", args[0], len(found))
	}
	ts.Check(decided(found[0], ts.MkAbs(args[1]), args[2:]...))
}

// decided fills in a copy of a workbook. A word is "reviewed=NAME" or
// "approved=NAME" on Summary, "remove=PAYMENT", which deletes a row and comes
// last, or a payment's id and the four inputs of its row: "p-1:Approve:Partner:12.5:Comment", of which later
// ones may be left out. An amount in quotes is text.
func decided(book, copy string, words ...string) error {
	f, err := excelize.OpenFile(book)
	if err != nil {
		return err
	}
	defer f.Close()
	rows, err := f.GetRows("Review")
	if err != nil {
		return err
	}
	head := slices.IndexFunc(rows, func(r []string) bool { return slices.Contains(r, "Decision") })
	if head < 0 {
		return fmt.Errorf("%s has no header on Review", book)
	}
	column := func(name string) int { return slices.Index(rows[head], name) }
	for _, word := range words {
		key, value, ok := strings.Cut(word, "=")
		if strings.Contains(key, ":") { // of a comment
			value, ok = "", false
		}
		if ok && key != "remove" {
			if err := entered(f, key, value); err != nil {
				return err
			}
			continue
		}
		parts := strings.SplitN(or(value, word), ":", 5)
		row := slices.IndexFunc(rows, func(r []string) bool {
			return len(r) > column("Payment ID") && r[column("Payment ID")] == parts[0]
		})
		if row < 0 {
			return fmt.Errorf("%s has no payment %s on Review", book, parts[0])
		}
		if ok {
			if err := f.RemoveRow("Review", row+1); err != nil {
				return err
			}
			continue
		}
		for i, name := range []string{"Decision", "Partner to credit", "Amount to credit", "Comment"} {
			if i+1 >= len(parts) || parts[i+1] == "" {
				continue
			}
			cell, err := excelize.CoordinatesToCellName(column(name)+1, row+1)
			if err != nil {
				return err
			}
			if err := f.SetCellValue("Review", cell, typed(parts[i+1])); err != nil {
				return err
			}
		}
	}
	return f.SaveAs(copy)
}

// entered writes the name of a reviewer beside its label.
func entered(f *excelize.File, key, value string) error {
	label := map[string]string{"reviewed": "Reviewed by", "approved": "Approved by"}[key]
	found, err := f.SearchSheet("Summary", label)
	if err != nil || len(found) != 1 {
		return fmt.Errorf("%q stands %d times on Summary (%v)", label, len(found), err)
	}
	col, row, err := excelize.CellNameToCoordinates(found[0])
	if err != nil {
		return err
	}
	cell, err := excelize.CoordinatesToCellName(col+1, row)
	if err != nil {
		return err
	}
	return f.SetCellValue("Summary", cell, value)
}

// typed gives what a program would take a typed text for.
func typed(s string) any {
	if unquoted, ok := strings.CutPrefix(s, `"`); ok {
		return strings.TrimSuffix(unquoted, `"`)
	}
	if n, err := strconv.ParseFloat(s, 64); err == nil {
		return n
	}
	return s
}
