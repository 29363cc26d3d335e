package config

import (
	"fmt"
	"os"
	"path/filepath"

	"lostlink/ingest"
	"lostlink/reconcile"
	"lostlink/report"
	"lostlink/report/bulk"
	"lostlink/report/push"
)

// Config is everything a run is told. The zero value is not useful; start from
// [Default].
type Config struct {
	Ingest    ingest.Options
	Reconcile reconcile.Options
	Report    report.Options
	// Data is the folder that source paths start from, Output where reports
	// go, State where the lake, the catalogue and the ledger are. They are kept
	// as written; see [Config.Path].
	Data, Output, State string
	// InstallationKeyFile is where Reconcile.InstallationKey was read from, ""
	// if it stood in the file or the environment itself.
	InstallationKeyFile string
	// WeightsFile is where Reconcile.Weights was read from, "" for the weights
	// lostlink ships with.
	WeightsFile string
	// RequireApprover refuses a reviewed workbook that does not name two people,
	// one who reviewed and one who approved it.
	RequireApprover bool
	Ledger          Ledger
	// Bulk says what files are made of what was approved. Paths of templates are
	// kept as written; see [Config.Path].
	Bulk bulk.Settings
	// Push says where the platform's API is. It holds no secrets, and the paths
	// of the files that do are kept as written.
	Push push.Settings
	// Dir is the folder of the configuration file, "" if there was none. It is
	// not an option and not written.
	Dir string
}

// Ledger says where it is kept what was reported, decided and created.
type Ledger struct {
	// URL is that of a PostgreSQL database and may hold a password; "" for a
	// file in the state folder. URLFile is where it was read from, "" if it stood
	// in the file or the environment itself.
	URL, URLFile string
	// Programme is what the ledger calls the programme, "" for its name.
	Programme string
}

// Default is the configuration of an empty file.
func Default() *Config {
	return &Config{
		Ingest:    ingest.DefaultOptions(),
		Reconcile: reconcile.DefaultOptions(),
		Report:    report.DefaultOptions(),
		Data:      ".",
		Output:    "out",
		State:     "state",
		Bulk:      bulk.DefaultSettings(),
		Push:      push.DefaultSettings(),
	}
}

// Path gives p as the program finds it: a relative path in a configuration
// starts from the folder the file lies in.
func (c *Config) Path(p string) string {
	if filepath.IsAbs(p) {
		return filepath.Clean(p)
	}
	return filepath.Join(c.Dir, p)
}

// Load reads a configuration file and lays the environment (as of
// [os.Environ]) over it. What is wrong with the contents comes back all at
// once, each as an [*Error], joined in the order of the file.
func Load(path string, env []string) (*Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	return parse(path, data, env)
}
