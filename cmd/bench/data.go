package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"

	"lostlink/ingest/simulate"
	"lostlink/ingest/table"
)

// format is one form the clicks come in. The other records are the same in
// all: payments as Stripe's export, transactions and customers as the partner
// platform's API gives them, sign-ups as lostlink's own table in CSV.
type format struct {
	name string
	kind string // what the programs are told: parquet, csv, jsonl, accesslog
	file string
	make func(s *simulate.Scale, w io.Writer, from, to int) error
}

var formats = []format{
	{"parquet-zstd", "parquet", "clicks-zstd.parquet", parquetClicks(layoutZstd)},
	{"parquet-snappy", "parquet", "clicks-snappy.parquet", parquetClicks(layoutSnappy)},
	{"parquet-pages", "parquet", "clicks-pages.parquet", parquetClicks(layoutPages)},
	{"csv", "csv", "clicks.csv", (*simulate.Scale).WriteClicksCSV},
	{"jsonl", "jsonl", "clicks.jsonl", (*simulate.Scale).WriteClicksJSON},
	{"accesslog", "accesslog", "access.log", (*simulate.Scale).WriteLog},
	{"csv.gz", "csv", "clicks.csv.gz", (*simulate.Scale).WriteClicksCSV},
	{"jsonl.gz", "jsonl", "clicks.jsonl.gz", (*simulate.Scale).WriteClicksJSON},
	{"accesslog.gz", "accesslog", "access.log.gz", (*simulate.Scale).WriteLog},
	{night, "parquet", "clicks-zstd.parquet", parquetClicks(layoutZstd)},
}

// night is one new day on top of 180: lostlink has read the 180 days the night
// before, the peers look at all days again, for the payments of the new day.
const night = "night"

func formatOf(name string) *format {
	for i := range formats {
		if formats[i].name == name {
			return &formats[i]
		}
	}
	return nil
}

func formatNames() []string {
	var out []string
	for _, f := range formats {
		out = append(out, f.name)
	}
	return out
}

// size says which vendor's records are made.
type size struct {
	Seed             uint64
	Clicks, Payments int
}

const (
	periodDays = 270
	nightDays  = 180 // before the new one
)

// made changes whenever the same size gives other bytes than before.
const made = 2

// part is one stretch of the records: all of them, or for a night the days
// before and the new day.
type part struct {
	Dir      string
	Format   string
	Night    bool
	Size     size
	From, To int // days
}

func (p part) days() int {
	if p.Night {
		return nightDays + 1
	}
	return periodDays
}

// scale gives the vendor. A night's has its clicks in the days before.
func (p part) scale() (*simulate.Scale, error) {
	o := simulate.ScaleOptions{Seed: p.Size.Seed, Start: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Days: p.days(), Clicks: p.Size.Clicks, Payments: p.Size.Payments}
	if p.Night {
		o.Clicks = p.Size.Clicks / nightDays * (nightDays + 1)
	}
	return simulate.NewScale(o)
}

// The records beside the clicks.
const (
	filePayments     = "payments.csv"
	fileTransactions = "transactions.jsonl"
	fileCustomers    = "customers.jsonl"
	fileSignups      = "signups.csv"
)

// parts lists the stretches of a format's records.
func (s *setup) parts(f *format, n size) []part {
	dir := filepath.Join(s.cache, "data", fmt.Sprintf("%d-clicks-%d-payments-seed-%d-made-%d", n.Clicks, n.Payments, n.Seed, made))
	if f.name != night {
		return []part{{Dir: dir, Format: f.name, Size: n, To: periodDays}}
	}
	return []part{
		{Dir: filepath.Join(dir, night, "before"), Format: f.name, Night: true, Size: n, To: nightDays},
		{Dir: filepath.Join(dir, night, "day"), Format: f.name, Night: true, Size: n, From: nightDays, To: nightDays + 1},
	}
}

// makeData makes what is not there yet, in a program of its own.
func (s *setup) makeData(ctx context.Context, f *format, n size, out io.Writer) error {
	for _, p := range s.parts(f, n) {
		missing := false
		for _, name := range append([]string{f.file}, smallFiles()...) {
			_, err := os.Stat(filepath.Join(p.Dir, name))
			missing = missing || errors.Is(err, fs.ErrNotExist)
		}
		if !missing {
			continue
		}
		fmt.Fprintf(out, "making %s, days %d to %d\n", f.name, p.From, p.To-1)
		spec, err := json.Marshal(p)
		if err != nil {
			return err
		}
		self, err := os.Executable()
		if err != nil {
			return err
		}
		cmd := exec.CommandContext(ctx, self, childMake, string(spec))
		cmd.Stdout, cmd.Stderr = out, out
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("making %s: %w", f.name, err)
		}
	}
	return nil
}

func smallFiles() []string {
	return []string{filePayments, fileTransactions, fileCustomers, fileSignups}
}

// makeChild makes the files of one part that are not there yet.
func makeChild(spec string) error {
	var p part
	if err := json.Unmarshal([]byte(spec), &p); err != nil {
		return err
	}
	s, err := p.scale()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(p.Dir, 0o700); err != nil {
		return err
	}
	from, to := s.Start()+table.Time(p.From)*table.Day, s.Start()+table.Time(p.To)*table.Day
	f := formatOf(p.Format)
	for _, x := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{filePayments, func(w io.Writer) error { return s.WritePayments(w, from, to) }},
		{fileTransactions, func(w io.Writer) error { return s.WriteTransactions(w, from, to) }},
		{fileCustomers, func(w io.Writer) error { return s.WriteCustomers(w, from, to) }},
		{fileSignups, func(w io.Writer) error { return s.WriteSignups(w, from, to) }},
		{f.file, func(w io.Writer) error {
			n := s.Options().Clicks
			return f.make(s, w, n/p.days()*p.From, (n/p.days()*p.To)+n%p.days()*(p.To/p.days()))
		}},
	} {
		if err := writeOnce(filepath.Join(p.Dir, x.name), x.write); err != nil {
			return err
		}
	}
	return nil
}

// writeOnce writes a file that is not there yet, packed if its name ends in
// .gz, and tells how long it took.
func writeOnce(path string, write func(io.Writer) error) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	began := time.Now()
	f, err := os.OpenFile(path+".part", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	buf := bufio.NewWriterSize(f, 1<<20)
	if strings.HasSuffix(path, ".gz") {
		z := gzip.NewWriter(buf)
		if err := write(z); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
	} else if err := write(buf); err != nil {
		return err
	}
	if err := buf.Flush(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(path+".part", path); err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	fmt.Printf("  %-22s %7.1f MB %6.1f s\n", filepath.Base(path), float64(info.Size())/1e6, time.Since(began).Seconds())
	return nil
}
