// Bench measures lostlink against other ways of doing its work.
//
//	go run ./cmd/bench [flags]
//
// It makes a vendor's records of a given size with the project's simulator,
// then runs lostlink and its peers in turns, some rounds, each as a program of
// its own, and prints what each took: wall time, processor time (user and
// system), the most memory it had, and how many times as long as lostlink. All
// must have found the same.
//
// lostlink does its whole job, from the files to gaps.parquet and the workbook.
// The peers do the reference job, which is less: load payments and the partner
// platform's transactions; find the payments without a transaction of the same
// e-mail within 30 days; gather the browsers of the people behind them, from
// sign-ups and from clicks that carry their e-mail; and give for each payment
// the number of clicks, partners and browsers in the 180 days before it, the
// first and the last instant, and the last click. Each does it in the best form
// known for it:
//
//	duckdb      SQL over the files (npm @duckdb/node-api)
//	duckdb-late the same, tuned: of the click's columns those that counting
//	            needs first, the rest for the last clicks alone (Parquet)
//	clickhouse  SQL over the files, in the process (npm chdb)
//	polars      lazy frames, streaming (npm nodejs-polars)
//	sqlite      imported into memory, with indexes (Debian's sqlite3; CSV)
//	go          a plain Go program: encoding/csv and encoding/json, maps
//
// The npm packages are installed, in fixed versions, into the cache folder. A
// peer that cannot run here is left out with a sentence.
//
// Data, packages and the results stay in the cache folder. Nothing is written
// to the source tree but the file named with -o.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// The program starts itself anew for what would otherwise leave its mark on
// the memory of the programs measured: on Linux a child's peak begins with
// that of its parent.
const (
	childMake  = "make"
	childCheck = "check"
	childPlain = "go"
)

func run(ctx context.Context, args []string, out, errs io.Writer) int {
	var err error
	switch {
	case len(args) == 2 && args[0] == childMake:
		err = makeChild(args[1])
	case len(args) == 2 && args[0] == childCheck:
		err = checkChild(args[1], out)
	case len(args) == 2 && args[0] == childPlain:
		err = plainChild(args[1])
	default:
		err = bench(ctx, args, out, errs)
	}
	switch {
	case err == nil:
		return 0
	case errors.Is(err, flag.ErrHelp):
		return 2
	}
	fmt.Fprintln(errs, "bench:", err)
	return 1
}

// setup is what one call is asked to do.
type setup struct {
	cache    string
	size     size
	formats  []string
	peers    []string
	rounds   int
	lostlink string // the program
	args     []string
	markdown string
	makeOnly bool
	growth   []int
	small    bool
	threads  int

	published strings.Builder // so far, for the file markdown
}

func bench(ctx context.Context, args []string, out, errs io.Writer) error {
	s, err := parse(args, errs)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.cache, 0o700); err != nil {
		return err
	}
	return s.run(ctx, out)
}

func parse(args []string, errs io.Writer) (*setup, error) {
	s := &setup{}
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	fs.SetOutput(errs)
	cache, _ := os.UserCacheDir()
	fs.StringVar(&s.cache, "cache", filepath.Join(cache, "lostlink-bench"), "folder for data, packages and results")
	clicks := fs.Float64("clicks", 1e6, "number of clicks, such as 10e6")
	payments := fs.Float64("payments", 5e5, "number of payments; at most half as many as clicks")
	fs.Uint64Var(&s.size.Seed, "seed", 1, "another seed gives another vendor of the same size")
	formats := fs.String("formats", "parquet-zstd,parquet-snappy,csv,jsonl,accesslog", "formats of the clicks: these, parquet-pages, csv.gz, jsonl.gz, accesslog.gz, and night; or all")
	peers := fs.String("peers", "duckdb,duckdb-late,clickhouse,polars,sqlite,go", "what to compare with; empty for lostlink alone")
	fs.IntVar(&s.rounds, "rounds", 5, "runs of each, in turns")
	fs.StringVar(&s.lostlink, "lostlink", "", "the program to measure; empty: built from this tree; none: the peers alone")
	extra := fs.String("args", "--no-lake", "further words for \"lostlink run\"; those it does not know are left out")
	fs.StringVar(&s.markdown, "o", "", "file to write the tables to, in Markdown, as well")
	fs.BoolVar(&s.makeOnly, "make", false, "make the data and stop")
	growth := fs.Bool("growth", false, "measure lostlink on 1, 10 and 50 million clicks instead")
	fs.BoolVar(&s.small, "small", false, "measure the demo and a workbook of 50,000 rows instead")
	sizes := fs.String("sizes", "1e6,10e6,50e6", "the numbers of clicks of -growth")
	fs.IntVar(&s.threads, "threads", 0, "threads of each program; 0: all processors")
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	if fs.NArg() > 0 {
		return nil, fmt.Errorf("%q: unknown word; see -h", fs.Arg(0))
	}
	if *clicks < 1000 || s.rounds < 1 {
		return nil, errors.New("at least 1000 clicks and one round")
	}
	s.size.Clicks, s.size.Payments = int(*clicks), int(min(*payments, *clicks/2))
	s.peers, s.args = words(*peers), strings.Fields(*extra)
	if s.formats = words(*formats); *formats == "all" {
		s.formats = formatNames()
	}
	if *growth {
		for _, w := range words(*sizes) {
			var n float64
			if _, err := fmt.Sscan(w, &n); err != nil || n < 1000 {
				return nil, fmt.Errorf("-sizes %q: write numbers of clicks such as 10e6", w)
			}
			s.growth = append(s.growth, int(n))
		}
	}
	for _, f := range s.formats {
		if formatOf(f) == nil {
			return nil, fmt.Errorf("-formats %q: take some of %s", f, strings.Join(formatNames(), ", "))
		}
	}
	for _, p := range s.peers {
		if !slices.Contains(peerNames(), p) {
			return nil, fmt.Errorf("-peers %q: take some of %s", p, strings.Join(peerNames(), ", "))
		}
	}
	return s, nil
}

func words(s string) []string {
	return slices.DeleteFunc(strings.Split(s, ","), func(w string) bool { return w == "" })
}
