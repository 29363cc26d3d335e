package main

import (
	"bytes"
	"context"
	"embed"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// peerFiles are the reference job in each peer's own language, and the npm
// packages in fixed versions.
//
//go:embed peers
var peerFiles embed.FS

// job is what a peer is told, as JSON in its first argument.
type job struct {
	Kind           string   `json:"kind"` // of the clicks: parquet, csv, jsonl, accesslog
	Clicks         []string `json:"clicks"`
	Payments       []string `json:"payments"`
	Transactions   []string `json:"transactions"`
	Signups        []string `json:"signups"`
	PaymentColumns []string `json:"paymentColumns"`
	SignupColumns  []string `json:"signupColumns"`
	Threads        int      `json:"threads,omitempty"`
	Late           bool     `json:"late,omitempty"`
	Out            string   `json:"out"`
}

// resultColumns are what each peer writes, as CSV with a header, a row a
// payment without attribution. Times are milliseconds since 1970.
var resultColumns = []string{"purchase_id", "email", "ts", "clicks", "partners", "visitors", "first_at", "last_at",
	"click_id", "partner_key", "link_id", "landing_url", "referrer", "user_agent", "country"}

// peer is one of lostlink's peers.
type peer struct {
	name   string
	script string // of Node; "" for none
	late   bool
	// takes tells which formats it does; nil for all.
	takes func(f *format) bool
}

var peers = []peer{
	{name: "duckdb", script: "duckdb.mjs"},
	{name: "duckdb-late", script: "duckdb.mjs", late: true, takes: func(f *format) bool { return f.kind == "parquet" }},
	{name: "clickhouse", script: "clickhouse.mjs"},
	{name: "sqlite", takes: func(f *format) bool { return f.name == "csv" }},
	{name: "go"},
	// The last, as it takes so much memory that files leave the page cache.
	{name: "polars", script: "polars.mjs", takes: func(f *format) bool { return f.kind != "accesslog" && !packed(f) }},
}

func packed(f *format) bool { return strings.HasSuffix(f.file, ".gz") }

func peerNames() []string {
	var out []string
	for _, p := range peers {
		out = append(out, p.name)
	}
	return out
}

// install puts the peers' scripts and packages into the cache folder and gives
// the folder; the error says why the peers of Node cannot run.
func (s *setup) install(ctx context.Context) (string, error) {
	dir := filepath.Join(s.cache, "peers")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	files, err := peerFiles.ReadDir("peers")
	if err != nil {
		return "", err
	}
	fresh := true
	for _, f := range files {
		text, err := peerFiles.ReadFile("peers/" + f.Name())
		if err != nil {
			return "", err
		}
		path := filepath.Join(dir, f.Name())
		old, _ := os.ReadFile(path)
		if f.Name() == "package.json" {
			fresh = bytes.Equal(old, text)
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return "", err
		}
	}
	if _, err := exec.LookPath("node"); err != nil {
		return "", errors.New("needs Node (Debian: apt install nodejs npm)")
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules", ".package-lock.json")); err == nil && fresh {
		return dir, nil
	}
	cmd := exec.CommandContext(ctx, "npm", "install", "--no-audit", "--no-fund", "--loglevel=error")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm install: %w: %s", err, bytes.TrimSpace(out))
	}
	return dir, nil
}

// contestant gives a peer ready to run; the error says why it cannot.
func (p *peer) contestant(j job, modules string, why error) (*contestant, error) {
	j.Late = p.late
	switch {
	case p.script != "":
		if why != nil {
			return nil, why
		}
		spec, err := json.Marshal(j)
		if err != nil {
			return nil, err
		}
		return &contestant{name: p.name, result: j.Out, command: func(ctx context.Context) *exec.Cmd {
			return exec.CommandContext(ctx, "node", filepath.Join(modules, p.script), string(spec))
		}}, nil
	case p.name == "sqlite":
		if _, err := exec.LookPath("sqlite3"); err != nil {
			return nil, errors.New("needs sqlite3 (Debian: apt install sqlite3)")
		}
		text, err := peerFiles.ReadFile("peers/sqlite.sql")
		if err != nil {
			return nil, err
		}
		sql := strings.NewReplacer("{payments}", j.Payments[0], "{signups}", j.Signups[0], "{clicks}", j.Clicks[0],
			"{transactions}", j.Transactions[0], "{out}", j.Out).Replace(string(text))
		return &contestant{name: p.name, result: j.Out, command: func(ctx context.Context) *exec.Cmd {
			cmd := exec.CommandContext(ctx, "sqlite3", "-bail", ":memory:")
			cmd.Stdin = strings.NewReader(sql)
			return cmd
		}}, nil
	}
	spec, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return &contestant{name: p.name, result: j.Out, command: func(ctx context.Context) *exec.Cmd {
		return exec.CommandContext(ctx, self, childPlain, string(spec))
	}}, nil
}

// header reads the names of a CSV file's columns.
func header(path string) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return csv.NewReader(f).Read()
}

// job gives the reference job over a format's parts. Of a night the payments
// are those of the new day.
func (s *setup) job(parts []part, f *format) (job, error) {
	j := job{Kind: f.kind, Threads: s.threads}
	for i, p := range parts {
		at := func(name string) string { return filepath.Join(p.Dir, name) }
		j.Clicks = append(j.Clicks, at(f.file))
		j.Transactions = append(j.Transactions, at(fileTransactions))
		j.Signups = append(j.Signups, at(fileSignups))
		if i == len(parts)-1 {
			j.Payments = []string{at(filePayments)}
		}
	}
	var err error
	if j.PaymentColumns, err = header(j.Payments[0]); err != nil {
		return j, err
	}
	j.SignupColumns, err = header(j.Signups[0])
	return j, err
}
