package main

import (
	"bufio"
	"cmp"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// checkSpec names the results that must agree.
type checkSpec struct {
	Encoded bool // partner keys are as they stand in addresses
	Results []checkResult
}

type checkResult struct {
	Name, Path string
	Whole      bool // lostlink's output folder
}

// answer is what was found for one payment.
type answer struct {
	rest    string // of a peer: all columns
	clicks  int
	lastAt  int64 // milliseconds
	partner string
	clipped bool // lostlink's timeline may not hold all clicks
}

// checkChild compares the results. Peers must agree in every column. lostlink
// must name the same payments, and for each the same number of clicks and the
// same last one, by the ties the reference job knows.
func checkChild(spec string, out io.Writer) error {
	var c checkSpec
	if err := json.Unmarshal([]byte(spec), &c); err != nil {
		return err
	}
	var first map[string]answer
	var firstName string
	for _, r := range c.Results {
		read := readPeer
		if r.Whole {
			read = readGaps
		}
		found, err := read(r.Path, c.Encoded)
		if err != nil {
			return fmt.Errorf("%s: %w", r.Name, err)
		}
		if first == nil {
			first, firstName = found, r.Name
			clicked, clicks := 0, 0
			for _, a := range found {
				if a.clicks > 0 {
					clicked++
				}
				clicks += a.clicks
			}
			fmt.Fprintf(out, "%d payments without attribution, %d of them after a click; %d clicks\n", len(found), clicked, clicks)
			if clicked == 0 {
				return fmt.Errorf("%s: no payment has a click: there is nothing to compare", r.Name)
			}
			continue
		}
		if err := same(firstName, r.Name, first, found); err != nil {
			return err
		}
	}
	return nil
}

func same(an, bn string, a, b map[string]answer) error {
	var wrong []string
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	for id, x := range a {
		y, ok := b[id]
		switch {
		case !ok:
			say("%s: found by %s and not by %s", id, an, bn)
		case x.rest != "" && y.rest != "":
			if x.rest != y.rest {
				say("%s: %s has %s, %s has %s", id, an, x.rest, bn, y.rest)
			}
		case x.lastAt != y.lastAt || x.partner != y.partner || x.clicks != y.clicks && !x.clipped && !y.clipped:
			say("%s: %s has %d clicks, the last at %d of %s; %s has %d, the last at %d of %s", id, an, x.clicks, x.lastAt, x.partner, bn, y.clicks, y.lastAt, y.partner)
		}
	}
	for id := range b {
		if _, ok := a[id]; !ok {
			say("%s: found by %s and not by %s", id, bn, an)
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	slices.Sort(wrong)
	return fmt.Errorf("%s and %s differ for %d of %d payments, such as\n\t%s", an, bn, len(wrong), len(a), strings.Join(wrong[:min(5, len(wrong))], "\n\t"))
}

// readPeer reads a peer's result.
func readPeer(path string, encoded bool) (map[string]answer, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := csv.NewReader(bufio.NewReaderSize(f, 1<<16))
	head, err := r.Read()
	if err != nil {
		return nil, err
	}
	if !slices.Equal(head, resultColumns) {
		return nil, fmt.Errorf("has the columns %v", head)
	}
	at := func(name string) int { return slices.Index(resultColumns, name) }
	id, clicks, lastAt, partner := at("purchase_id"), at("clicks"), at("last_at"), at("partner_key")
	found := map[string]answer{}
	for {
		row, err := r.Read()
		if err == io.EOF {
			return found, nil
		}
		if err != nil {
			return nil, err
		}
		var a answer
		if a.clicks, err = strconv.Atoi(row[clicks]); err != nil {
			return nil, err
		}
		if a.clicks > 0 {
			if a.lastAt, err = strconv.ParseInt(row[lastAt], 10, 64); err != nil {
				return nil, err
			}
			if a.partner = row[partner]; encoded {
				key, err := base64.RawStdEncoding.DecodeString(a.partner)
				if err != nil {
					return nil, err
				}
				a.partner = string(key)
			}
		} else {
			row[at("first_at")], row[lastAt] = "", "" // some write 0
		}
		a.rest = strings.Join(row, " | ")
		if _, twice := found[row[id]]; twice {
			return nil, fmt.Errorf("names %s twice", row[id])
		}
		found[row[id]] = a
	}
}

// sureTies are the ties of a click that the reference job knows, as lostlink
// words them. It also lists clicks from the same address, which it weighs and
// the reference job does not see.
var sureTies = []string{"tied by visitor id", "tied by e-mail", "tied by click id"}

// timelineSteps is how many steps lostlink shows of a journey at most.
const timelineSteps = 40

// readGaps reads lostlink's gaps.
func readGaps(dir string, _ bool) (map[string]answer, error) {
	f, err := os.Open(filepath.Join(dir, "latest", "gaps.jsonl"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	s.Buffer(make([]byte, 1<<20), 64<<20)
	found := map[string]answer{}
	for s.Scan() {
		var g struct {
			ID       string `json:"purchase_id"`
			Timeline []struct {
				At   time.Time `json:"at"`
				Kind string    `json:"kind"`
				Who  string    `json:"who"`
				Note string    `json:"note"`
			} `json:"timeline"`
		}
		if err := json.Unmarshal(s.Bytes(), &g); err != nil {
			return nil, err
		}
		a := answer{clipped: len(g.Timeline) >= timelineSteps}
		for _, e := range g.Timeline {
			tie, _, _ := strings.Cut(e.Note, ";")
			if e.Kind == "Click" && slices.Contains(sureTies, tie) {
				a.clicks++
				a.lastAt, a.partner = cmp.Or(e.At.UnixMilli(), a.lastAt), e.Who
			}
		}
		if _, twice := found[g.ID]; twice {
			return nil, fmt.Errorf("names %s twice", g.ID)
		}
		found[g.ID] = a
	}
	return found, s.Err()
}
