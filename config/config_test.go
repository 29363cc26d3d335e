package config

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"lostlink/ingest"
	"lostlink/ingest/source"
	"lostlink/ingest/table"
	"lostlink/reconcile"
	"lostlink/reconcile/gap"
	"lostlink/report"
	"lostlink/report/bulk"
	"lostlink/report/push"
)

var update = flag.Bool("update", false, "write the .err files anew")

const testdata = "../testdata/config"

// TestExampleIsTheDefault holds in both directions: the example loads to the
// defaults, and every option stands in it at its default value.
func TestExampleIsTheDefault(t *testing.T) {
	got, err := parse("example.yaml", Example(), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Dir = "."
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the example loads to\n%+v\nthe defaults are\n%+v", got, want)
	}
	root, err := tree("example.yaml", Example())
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range leavesOf(fileOf(Default())) {
		if find(root, l.key) == nil {
			t.Errorf("the example does not show the option %s", l.key)
		}
	}
	same, err := Marshal(Default())
	if err != nil {
		t.Fatal(err)
	}
	if string(same) != string(Example()) {
		t.Errorf("the defaults are not written as the example writes them:\n%s", same)
	}
}

// uncommented is the example with its sources taken in.
func uncommented() string {
	var out []string
	for line := range strings.SplitSeq(string(Example()), "\n") {
		if line == "sources: []" {
			line = "sources:"
		} else if strings.HasPrefix(line, "#  ") {
			line = line[1:]
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

// TestExampleSources takes the commented-out sources in: they load, and show
// every format, every table and every setting of a source.
func TestExampleSources(t *testing.T) {
	c, err := parse("example.yaml", []byte(uncommented()), nil)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	var shown input
	for _, s := range fileOf(c).Sources {
		seen[s.Format], seen[s.Table] = true, true
		for f := range reflect.TypeOf(s).NumField() {
			if v := reflect.ValueOf(s).Field(f); !v.IsZero() {
				reflect.ValueOf(&shown).Elem().Field(f).Set(v)
			}
		}
	}
	for _, name := range append(source.Names(), kinds()...) {
		if !seen[name] {
			t.Errorf("the example has no source of %s", name)
		}
	}
	for i, key := range keys(reflect.TypeFor[input]()) {
		if reflect.ValueOf(shown).Field(i).IsZero() {
			t.Errorf("the example shows no source with %s", key)
		}
	}
	if back := roundTrip(t, c); !reflect.DeepEqual(back, c) {
		t.Errorf("written and read back:\n%+v\nwas\n%+v", back, c)
	}
}

// TestFileHasEveryOption keeps the file's keys and the stages' options equal:
// an option that no key reaches could not be set.
func TestFileHasEveryOption(t *testing.T) {
	c := full()
	for _, v := range []reflect.Value{reflect.ValueOf(*c), reflect.ValueOf(c.Ingest), reflect.ValueOf(c.Ingest.Sources[0]), reflect.ValueOf(c.Reconcile), reflect.ValueOf(c.Report), reflect.ValueOf(c.Bulk), reflect.ValueOf(c.Push)} {
		for i := range v.NumField() {
			if v.Field(i).IsZero() {
				name := v.Type().Field(i).Name
				if name != "InstallationKeyFile" && name != "WeightsFile" && name != "Weights" && name != "Table" && name != "Dir" && name != "Exclude" && name != "Watch" && name != "Follow" {
					t.Errorf("the full configuration of this test leaves out %s.%s", v.Type(), name)
				}
			}
		}
	}
	back := roundTrip(t, c)
	if !reflect.DeepEqual(back, c) {
		t.Errorf("written and read back:\n%+v\nwas\n%+v", back, c)
	}
}

func TestRoundTrip(t *testing.T) {
	awkward := full()
	awkward.Report.Programme = "Ätna: \"Partners\" # 1\nsecond line"
	awkward.Ingest.Sources[0].LogFormat = `$remote_addr - $remote_user [$time_local] "$request" "$cookie_vid"`
	awkward.Ingest.Sources[0].Columns = []ingest.ColumnMap{{From: "Custom: {Number}", To: "customer_key"}, {From: "Ünicode, comma", To: "coupon"}}
	awkward.Ingest.Sources[0].Name = "2026-02-01"
	awkward.Data = "~"
	for name, c := range map[string]*Config{"default": Default(), "full": full(), "awkward": awkward} {
		if back := roundTrip(t, c); !reflect.DeepEqual(back, c) {
			t.Errorf("%s: written and read back:\n%+v\nwas\n%+v", name, back, c)
		}
	}
}

// roundTrip writes c and reads it back. Dir, which is not written, is taken
// over.
func roundTrip(t *testing.T, c *Config) *Config {
	t.Helper()
	data, err := Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	back, err := parse("lostlink.yaml", data, nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	back.Dir = c.Dir
	return back
}

// full has every option away from its default.
func full() *Config {
	start, end := table.Date(20485).Start(), table.Date(20725).Start()+8*table.Hour
	return &Config{
		Data: "in", Output: "/srv/out", State: "kept",
		Ingest: ingest.Options{
			RejectLimit: 0.05,
			Links:       ingest.LinkOptions{PartnerParameters: []string{"via"}, ClickParameters: []string{"click", "cid"}},
			Sources: []ingest.Source{
				{Name: "shop", Format: "paypal_activity", Files: []string{"paypal*.csv", "old/**/*.csv"}, Optional: true, Zone: "-08:00",
					Unit: table.Major, Currency: "EUR", DateOrder: "mdy", LogFormat: "combined", Encoding: "windows-1252", SignupEvents: []string{"Joined"},
					Columns: []ingest.ColumnMap{{From: "Custom Number", To: "customer_key"}}},
				{Format: "native", Table: table.Claims, Files: []string{"claims.*"}},
			},
		},
		Reconcile: reconcile.Options{
			PeriodStart: start, PeriodEnd: end, AsOf: end, LagHours: 72, CookieDays: 30, SafariDays: 7,
			LookBackDays: 100, MatchDays: 5, SignupPages: []string{"/join"}, CheckoutPages: []string{"/pay", "/buy"},
			SiteHosts: []string{"www.vendor.example"}, Thresholds: []reconcile.Threshold{{Currency: "JPY", Minor: 500}},
			VisitorPeople: 7, ClickBrowsers: 4, InstallationKey: "0123456789abcdef",
		},
		Report: report.Options{
			Programme: "Example partners", ReviewRowsMax: 500, Thresholds: []report.Threshold{{Currency: "EUR", Minor: 2500}},
			MaskEmail: true, MainCurrency: "EUR", Rates: []report.Rate{{Currency: "JPY", ToMain: "0.0061"}},
			Commission: []report.CommissionRule{{Currency: "JPY", FlatMinor: 500},
				{Group: "gold", Partners: []string{"acme", "globex"}, Payments: report.FirstPayments, Percent: "30"}, {Percent: "12.5"}},
		},
		RequireApprover: true,
		Bulk: bulk.Settings{Platform: "partnerstack", Credit: bulk.CreditTransaction, ClickDays: 30, RowsMax: 500,
			Templates: []bulk.Template{{File: "customers", Path: "templates/customers.csv"}},
			Columns:   []bulk.Column{{File: "customers", From: "email", To: "Email"}, {File: "customers", Value: "EUR", To: "Wallet"}}},
		Push: push.Settings{Address: "https://api.platform.example/v2", ConversionAddress: "https://clicks.platform.example", PublicKey: "pk_made_up",
			SecretKeyFile: "platform.key", TokenFile: "platform.token", SettleSeconds: 5},
		Ledger: Ledger{URL: "postgres://jo@db.vendor.example/lostlink", Programme: "Old name"},
	}
}

func TestGood(t *testing.T) {
	for _, path := range glob(t, "*.good.yaml") {
		c, err := Load(path, nil)
		if err != nil {
			t.Error(err)
			continue
		}
		if back := roundTrip(t, c); !reflect.DeepEqual(back, c) {
			t.Errorf("%s: written and read back:\n%+v\nwas\n%+v", path, back, c)
		}
	}
}

func TestBad(t *testing.T) {
	for _, path := range glob(t, "*.bad.yaml") {
		c, err := Load(path, nil)
		if err == nil {
			t.Errorf("%s: loads: %+v", path, c)
			continue
		}
		got := strings.ReplaceAll(filepath.ToSlash(err.Error()), testdata+"/", "") + "\n"
		golden := strings.TrimSuffix(path, ".bad.yaml") + ".err"
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s says\n%swant\n%s", path, got, want)
		}
	}
	for _, path := range glob(t, "*.err") {
		if _, err := os.Stat(strings.TrimSuffix(path, ".err") + ".bad.yaml"); err != nil {
			t.Errorf("%s has no .bad.yaml", path)
		}
	}
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(testdata, pattern))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no %s in %s: %v", pattern, testdata, err)
	}
	return paths
}

func TestEnvironment(t *testing.T) {
	const text = "lag_hours: 24\nsite_hosts: [a.example, b.example]\nlinks:\n  partner_parameters: [via]\n"
	c, err := parse("lostlink.yaml", []byte(text), []string{
		"HOME=/nowhere", "LOSTLINK_LAG_HOURS=72", "LOSTLINK_PERIOD_START=2026-02-01", "LOSTLINK_SITE_HOSTS=c.example",
		"LOSTLINK_LIMITS_VISITOR_PEOPLE=9", "LOSTLINK_PROGRAMME=0123", "LOSTLINK_NO_SKIP=1",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Dir = "."
	want.Report.Programme = "0123"
	want.Reconcile.LagHours = 72
	want.Reconcile.PeriodStart = table.Date(20485).Start()
	want.Reconcile.SiteHosts = []string{"c.example"}
	want.Reconcile.VisitorPeople = 9
	want.Ingest.Links.PartnerParameters = []string{"via"}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("got\n%+v\nwant\n%+v", c, want)
	}
}

func TestEnvironmentRefused(t *testing.T) {
	for _, tc := range []struct{ set, want string }{
		{"LOSTLINK_LAG_HOUR=72", "LOSTLINK_LAG_HOUR: sets no option; did you mean LOSTLINK_LAG_HOURS?"},
		{"LOSTLINK_SOURCES=x", "LOSTLINK_SOURCES: sets no option; unset it; options with several parts, such as sources, are set in the file"},
		{"LOSTLINK_LAG_HOURS=two", `LOSTLINK_LAG_HOURS: lag_hours: "two" is no whole number; write digits, such as 90`},
		{"LOSTLINK_LAG_HOURS=-1", `LOSTLINK_LAG_HOURS: lag_hours: "-1" is below 0; write a whole number from 0`},
		{"LOSTLINK_INSTALLATION_KEY=short", "LOSTLINK_INSTALLATION_KEY: installation_key: holds fewer than 16 characters; take more, such as the output of: openssl rand -hex 16"},
	} {
		_, err := parse("lostlink.yaml", []byte("lag_hours: 24\n"), []string{tc.set})
		if err == nil || err.Error() != tc.want {
			t.Errorf("%s: got %v, want %s", tc.set, err, tc.want)
		}
	}
}

// TestVariablesAreDistinct guards against two keys that would share a name
// once their dots are underscores.
func TestVariablesAreDistinct(t *testing.T) {
	seen := map[string]string{}
	for _, v := range Variables() {
		if other := seen[v.Name]; other != "" {
			t.Errorf("%s stands for %s and %s", v.Name, other, v.Key)
		}
		seen[v.Name] = v.Key
	}
	if seen["LOSTLINK_PAGES_SIGNUP"] != "pages.signup" {
		t.Errorf("LOSTLINK_PAGES_SIGNUP stands for %q", seen["LOSTLINK_PAGES_SIGNUP"])
	}
}

func TestInstallationKeyFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "lostlink.yaml")
	write := func(name, text string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	write("lostlink.yaml", "installation_key_file: key\n", 0o600)
	refused := func(env, want string) {
		t.Helper()
		var list []string
		if env != "" {
			list = []string{env}
		}
		_, err := Load(path, list)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
	refused("", `installation_key_file: "key" cannot be read`)
	write("key", "made up, 24 letters long\n", 0o644)
	refused("", "is open to every user of the machine; close it: chmod 600")
	write("key", "made up, 24 letters long\n", 0o600)
	c, err := Load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Reconcile.InstallationKey != "made up, 24 letters long" || c.InstallationKeyFile != "key" {
		t.Errorf("key %q from %q", c.Reconcile.InstallationKey, c.InstallationKeyFile)
	}
	data, err := Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), "made up") {
		t.Error("Marshal spills the key of the key file")
	}
	c, err = Load(path, []string{"LOSTLINK_INSTALLATION_KEY=from the environment"})
	if err != nil {
		t.Fatal(err)
	}
	if c.Reconcile.InstallationKey != "from the environment" || c.InstallationKeyFile != "" {
		t.Errorf("the environment does not win: key %q from %q", c.Reconcile.InstallationKey, c.InstallationKeyFile)
	}
	write("key", "short\n", 0o600)
	refused("", `installation_key_file: "key" holds fewer than 16 characters`)
	write("lostlink.yaml", "installation_key: 0123456789abcdef\ninstallation_key_file: key\n", 0o600)
	refused("", "installation_key: is given twice")
}

// The address of a ledger may hold a password: it is read from a file that
// others cannot read, and shown in no message.
func TestLedgerURL(t *testing.T) {
	dir := t.TempDir()
	path, secret := filepath.Join(dir, "lostlink.yaml"), filepath.Join(dir, "ledger")
	for name, text := range map[string]string{path: "ledger: {url_file: ledger}\n", secret: "postgres://jo:tops3cret@db.vendor.example/lostlink\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := Load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := (Ledger{URL: "postgres://jo:tops3cret@db.vendor.example/lostlink", URLFile: "ledger"}); c.Ledger != want {
		t.Errorf("%+v, want %+v", c.Ledger, want)
	}
	figures, err := Figures(c)
	if err != nil {
		t.Fatal(err)
	}
	text, err := Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	if all := fmt.Sprint(figures) + string(text); strings.Contains(all, "tops3cret") {
		t.Error("the password is shown")
	}
	for _, tc := range []struct{ url, want string }{
		{"mysql://jo:tops3cret@db", "LOSTLINK_LEDGER_URL: ledger.url: does not begin with postgres://; write postgres://user:password@host/database"},
		{"postgres://jo:tops3cret@db:x/y", "LOSTLINK_LEDGER_URL: ledger.url: is no address of a PostgreSQL database; write postgres://user:password@host/database"},
	} {
		if _, err := Load(path, []string{"LOSTLINK_LEDGER_URL=" + tc.url}); err == nil || err.Error() != tc.want {
			t.Errorf("%v, want %s", err, tc.want)
		}
	}
	if err := os.Chmod(secret, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path, nil); err == nil || !strings.Contains(err.Error(), `ledger.url_file: "ledger" is open to every user of the machine`) {
		t.Errorf("an open file: %v", err)
	}
}

func TestPath(t *testing.T) {
	c := &Config{Dir: filepath.Join("a", "b")}
	for p, want := range map[string]string{"out": "a/b/out", ".": "a/b", "../x": "a/x", "/srv/out": "/srv/out"} {
		if got := filepath.ToSlash(c.Path(p)); got != want {
			t.Errorf("Path(%q) = %q, want %q", p, got, want)
		}
	}
}

func TestNearest(t *testing.T) {
	names := []string{"check", "run", "explain", "demo", "version"}
	for word, want := range map[string]string{"chekc": "check", "rnu": "run", "explian": "explain", "versoin": "version", "frobnicate": "", "x": ""} {
		if got := Nearest(word, names); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(string(Example()))
	f.Add(uncommented())
	paths, _ := filepath.Glob(filepath.Join(testdata, "*.yaml"))
	for _, p := range paths {
		data, err := os.ReadFile(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "installation_key_file") {
			t.Skip() // would look at files
		}
		c, err := parse("lostlink.yaml", []byte(text), nil)
		if err != nil {
			return
		}
		c.Dir = ""
		if back := roundTrip(t, c); !reflect.DeepEqual(back, c) {
			t.Errorf("written and read back:\n%+v\nwas\n%+v", back, c)
		}
	})
}

// TestWorlds keeps the configurations of the simulated vendors loadable and
// holds what is told of them.
func TestWorlds(t *testing.T) {
	for world, safari := range map[string]int{"alder": 0, "birch": 0, "cedar": 7} {
		c, err := Load(filepath.Join("..", "testdata", "worlds", world+".yaml"), nil)
		if err != nil {
			t.Error(err)
			continue
		}
		r := c.Reconcile
		if r.PeriodStart.String() != "2026-02-01T00:00:00Z" || r.PeriodEnd.String() != "2026-09-29T00:00:00Z" || r.AsOf != r.PeriodEnd || r.CookieDays != 90 || r.SafariDays != safari {
			t.Errorf("%s: %+v", world, r)
		}
		for _, s := range c.Ingest.Sources {
			if strings.Contains(s.LogFormat, "\n") || strings.Contains(s.LogFormat, "  ") {
				t.Errorf("%s: %s: log format %q is not one line", world, s.Name, s.LogFormat)
			}
		}
	}
}

// TestWeights: the file lies beside the configuration, and a run's figures name
// it by its content.
func TestWeights(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	w := gap.DefaultWeights
	w.Click = -7
	text, err := w.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "own.json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "lostlink.yaml")
	c, err := parse(path, []byte("weights: own.json\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Reconcile.Weights == nil || c.Reconcile.Weights.Click != -7 || c.WeightsFile != "own.json" {
		t.Errorf("weights of %q: %+v", c.WeightsFile, c.Reconcile.Weights)
	}
	if back := roundTrip(t, c); !reflect.DeepEqual(back, c) {
		t.Errorf("written and read back:\n%+v\nwas\n%+v", back, c)
	}
	figure := func(c *Config) string {
		figures, err := Figures(c)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range figures {
			if f.Key == "weights" {
				return f.Value
			}
		}
		return ""
	}
	if got := figure(c); !strings.HasPrefix(got, "own.json (sha256 ") {
		t.Errorf("the figure of own weights is %q", got)
	}
	if got := figure(Default()); got != "shipped" {
		t.Errorf("the figure of the shipped weights is %q", got)
	}
	if err := os.WriteFile(filepath.Join(dir, "own.json"), []byte(strings.Replace(string(text), `"no_click"`, `"no_clicks"`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = parse(path, []byte("cookie_days: 90\nweights: own.json\n"), nil)
	if err == nil || !strings.Contains(err.Error(), `lostlink.yaml:2: weights: "own.json" holds no weights of this version: ties has "no_clicks"`) {
		t.Errorf("weights of another version: %v", err)
	}
}
