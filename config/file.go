package config

import (
	"lostlink/ingest"
	"lostlink/ingest/table"
	"lostlink/reconcile"
	"lostlink/report"
	"lostlink/report/bulk"
)

// file is the configuration as it is written: the keys and their types. Times
// are text here. A key's name is its tag; the reader, the environment and the
// writer all go by it.
type file struct {
	Programme           string      `mapstructure:"programme"`
	Data                string      `mapstructure:"data"`
	Output              string      `mapstructure:"output"`
	State               string      `mapstructure:"state"`
	Period              period      `mapstructure:"period"`
	AsOf                string      `mapstructure:"as_of"`
	LagHours            int         `mapstructure:"lag_hours"`
	CookieDays          int         `mapstructure:"cookie_days"`
	SafariDays          int         `mapstructure:"safari_days"`
	LookBackDays        int         `mapstructure:"look_back_days"`
	MatchDays           int         `mapstructure:"match_days"`
	Pages               pages       `mapstructure:"pages"`
	SiteHosts           []string    `mapstructure:"site_hosts"`
	Thresholds          []threshold `mapstructure:"thresholds"`
	Limits              limits      `mapstructure:"limits"`
	InstallationKey     string      `mapstructure:"installation_key"`
	InstallationKeyFile string      `mapstructure:"installation_key_file"`
	RejectLimit         float64     `mapstructure:"reject_limit"`
	Weights             string      `mapstructure:"weights"`
	Links               links       `mapstructure:"links"`
	Report              reporting   `mapstructure:"report"`
	Review              reviewing   `mapstructure:"review"`
	Ledger              ledgerPlace `mapstructure:"ledger"`
	Bulk                bulking     `mapstructure:"bulk"`
	Push                pushing     `mapstructure:"push"`
	Sources             []input     `mapstructure:"sources"`
}

type period struct {
	Start string `mapstructure:"start"`
	End   string `mapstructure:"end"`
}

type pages struct {
	Signup   []string `mapstructure:"signup"`
	Checkout []string `mapstructure:"checkout"`
}

type threshold struct {
	Currency string `mapstructure:"currency"`
	Minor    int64  `mapstructure:"minor"`
}

type limits struct {
	VisitorPeople int `mapstructure:"visitor_people"`
	ClickBrowsers int `mapstructure:"click_browsers"`
}

type links struct {
	PartnerParameters []string `mapstructure:"partner_parameters"`
	ClickParameters   []string `mapstructure:"click_parameters"`
}

type reporting struct {
	ReviewRowsMax int          `mapstructure:"review_rows_max"`
	Thresholds    []threshold  `mapstructure:"thresholds"`
	MaskEmail     bool         `mapstructure:"mask_email"`
	MainCurrency  string       `mapstructure:"main_currency"`
	Rates         []rate       `mapstructure:"rates"`
	Commission    []commission `mapstructure:"commission"`
}

type reviewing struct {
	RequireApprover bool `mapstructure:"require_approver"`
}

type ledgerPlace struct {
	URL       string `mapstructure:"url"`
	URLFile   string `mapstructure:"url_file"`
	Programme string `mapstructure:"programme"`
}

type bulking struct {
	Platform  string       `mapstructure:"platform"`
	Credit    string       `mapstructure:"credit"`
	ClickDays int          `mapstructure:"click_days"`
	RowsMax   int          `mapstructure:"rows_max"`
	Templates []template   `mapstructure:"templates"`
	Columns   []bulkColumn `mapstructure:"columns"`
}

type pushing struct {
	Address           string `mapstructure:"address"`
	ConversionAddress string `mapstructure:"conversion_address"`
	PublicKey         string `mapstructure:"public_key"`
	SecretKeyFile     string `mapstructure:"secret_key_file"`
	TokenFile         string `mapstructure:"token_file"`
	SettleSeconds     int    `mapstructure:"settle_seconds"`
}

type template struct {
	File string `mapstructure:"file"`
	Path string `mapstructure:"path"`
}

type bulkColumn struct {
	File  string `mapstructure:"file"`
	From  string `mapstructure:"from"`
	Value string `mapstructure:"value"`
	To    string `mapstructure:"to"`
}

type rate struct {
	Currency string `mapstructure:"currency"`
	ToMain   string `mapstructure:"to_main"`
}

type commission struct {
	Currency  string `mapstructure:"currency"`
	Percent   string `mapstructure:"percent"`
	FlatMinor int64  `mapstructure:"flat_minor"`

	Group    string          `mapstructure:"group"`
	Partners []string        `mapstructure:"partners"`
	Payments report.Payments `mapstructure:"payments"`
}

type input struct {
	Name      string   `mapstructure:"name"`
	Format    string   `mapstructure:"format"`
	Table     string   `mapstructure:"table"`
	Files     []string `mapstructure:"files"`
	Optional  bool     `mapstructure:"optional"`
	Zone      string   `mapstructure:"zone"`
	Unit      string   `mapstructure:"unit"`
	Currency  string   `mapstructure:"currency"`
	DateOrder string   `mapstructure:"date_order"`
	LogFormat string   `mapstructure:"log_format"`
	Encoding  string   `mapstructure:"encoding"`
	Events    []string `mapstructure:"signup_events"`
	Columns   []column `mapstructure:"columns"`
}

type column struct {
	From string `mapstructure:"from"`
	To   string `mapstructure:"to"`
}

// fileOf writes the options down. A key that was read from a file of its own
// is not spilled into this one.
func fileOf(c *Config) *file {
	r := &c.Reconcile
	f := &file{
		Programme:           c.Report.Programme,
		Data:                c.Data,
		Output:              c.Output,
		State:               c.State,
		Period:              period{written(r.PeriodStart), written(r.PeriodEnd)},
		AsOf:                written(r.AsOf),
		LagHours:            r.LagHours,
		CookieDays:          r.CookieDays,
		SafariDays:          r.SafariDays,
		LookBackDays:        r.LookBackDays,
		MatchDays:           r.MatchDays,
		Pages:               pages{r.SignupPages, r.CheckoutPages},
		SiteHosts:           r.SiteHosts,
		Limits:              limits{r.VisitorPeople, r.ClickBrowsers},
		InstallationKeyFile: c.InstallationKeyFile,
		RejectLimit:         c.Ingest.RejectLimit,
		Weights:             c.WeightsFile,
		Links:               links(c.Ingest.Links),
		Report: reporting{
			ReviewRowsMax: c.Report.ReviewRowsMax,
			Thresholds:    convert(c.Report.Thresholds, func(t report.Threshold) threshold { return threshold(t) }),
			MaskEmail:     c.Report.MaskEmail,
			MainCurrency:  c.Report.MainCurrency,
			Rates:         convert(c.Report.Rates, func(r report.Rate) rate { return rate(r) }),
			Commission:    convert(c.Report.Commission, func(r report.CommissionRule) commission { return commission(r) }),
		},
		Review: reviewing{c.RequireApprover},
		Ledger: ledgerPlace{URLFile: c.Ledger.URLFile, Programme: c.Ledger.Programme},
		Bulk: bulking{c.Bulk.Platform, string(c.Bulk.Credit), c.Bulk.ClickDays, c.Bulk.RowsMax,
			convert(c.Bulk.Templates, func(t bulk.Template) template { return template(t) }),
			convert(c.Bulk.Columns, func(b bulk.Column) bulkColumn { return bulkColumn(b) })},
		Push:       pushing(c.Push),
		Thresholds: convert(r.Thresholds, func(t reconcile.Threshold) threshold { return threshold(t) }),
		Sources: convert(c.Ingest.Sources, func(s ingest.Source) input {
			return input{s.Name, s.Format, string(s.Table), s.Files, s.Optional, s.Zone, string(s.Unit), s.Currency,
				s.DateOrder, s.LogFormat, s.Encoding, s.SignupEvents, convert(s.Columns, func(m ingest.ColumnMap) column { return column(m) })}
		}),
	}
	if f.InstallationKeyFile == "" {
		f.InstallationKey = r.InstallationKey
	}
	if f.Ledger.URLFile == "" {
		f.Ledger.URL = c.Ledger.URL
	}
	return f
}

// convert applies one to each of a list; no list stays none.
func convert[A, B any](list []A, one func(A) B) []B {
	var out []B
	for _, v := range list {
		out = append(out, one(v))
	}
	return out
}

// written gives a time as short as it can be read back: the day alone for a
// midnight.
func written(t table.Time) string {
	if t != 0 && t == t.Date().Start() {
		return t.Date().String()
	}
	return t.String()
}

// config turns a file into options, checking each value; k knows the places.
func (f *file) config(k *checker) *Config {
	c := &Config{
		Data:   k.folder("data", f.Data),
		Output: k.folder("output", f.Output),
		State:  k.folder("state", f.State),
		Ingest: ingest.Options{
			RejectLimit: k.share("reject_limit", f.RejectLimit),
			Links: ingest.LinkOptions{
				PartnerParameters: k.words("links.partner_parameters", f.Links.PartnerParameters),
				ClickParameters:   k.words("links.click_parameters", f.Links.ClickParameters),
			},
		},
		Reconcile: reconcile.Options{
			PeriodStart:   k.time("period.start", f.Period.Start),
			PeriodEnd:     k.time("period.end", f.Period.End),
			AsOf:          k.time("as_of", f.AsOf),
			LagHours:      k.atLeast("lag_hours", f.LagHours, 0),
			CookieDays:    k.atLeast("cookie_days", f.CookieDays, 1),
			SafariDays:    k.atLeast("safari_days", f.SafariDays, 0),
			LookBackDays:  k.atLeast("look_back_days", f.LookBackDays, 1),
			MatchDays:     k.atLeast("match_days", f.MatchDays, 0),
			SignupPages:   k.paths("pages.signup", f.Pages.Signup),
			CheckoutPages: k.paths("pages.checkout", f.Pages.Checkout),
			SiteHosts:     k.hosts("site_hosts", f.SiteHosts),
			VisitorPeople: k.atLeast("limits.visitor_people", f.Limits.VisitorPeople, 1),
			ClickBrowsers: k.atLeast("limits.click_browsers", f.Limits.ClickBrowsers, 1),
			Thresholds: convert(k.thresholds("thresholds", f.Thresholds),
				func(t threshold) reconcile.Threshold { return reconcile.Threshold(t) }),
		},
		Report:          k.report("report", f.Report),
		RequireApprover: f.Review.RequireApprover,
		Bulk:            k.bulk("bulk", f.Bulk),
		Push:            k.push("push", f.Push),
	}
	c.Report.Programme = f.Programme
	c.Ingest.Sources = k.sources("sources", f.Sources)
	r := &c.Reconcile
	if r.PeriodStart != 0 && r.PeriodEnd != 0 && r.PeriodEnd <= r.PeriodStart {
		k.fault("period.end", f.Period.End, "is not after period.start", "the period runs from start to just before end; put end later")
	}
	if r.AsOf != 0 && r.PeriodStart != 0 && r.AsOf <= r.PeriodStart {
		k.fault("as_of", f.AsOf, "is not after period.start", "give the end of the last day the exports cover, or leave as_of empty")
	}
	if r.SafariDays > r.CookieDays {
		k.faultAt(k.written("safari_days", "cookie_days"), "safari_days", text(f.SafariDays), "is longer than cookie_days", "give the shorter life Safari allows, or 0 for none")
	}
	if r.LookBackDays < r.CookieDays {
		k.faultAt(k.written("look_back_days", "cookie_days"), "look_back_days", text(f.LookBackDays), "is shorter than cookie_days", "write at least as many days as the cookie lives")
	}
	return c
}
