package source

import (
	"path"
	"strconv"
	"strings"
	"time"

	"lostlink/ingest/rows"
	"lostlink/ingest/table"
)

var _ = register(&Source{
	Name:  "access_log",
	Title: "web server access log",
	Where: `The access log of nginx or Apache (or a CDN that writes the same form), rotated and compressed files included; give log_format as the server's configuration has it unless it is plain "combined".`,
	Example: Example{
		In:  `203.0.113.7 - - [01/Feb/2026:09:30:00 +0000] "GET /pricing?ps_xid=8o9xPIlex0Ow4j&ps_partner_key=YWNtZQ HTTP/1.1" 200 1024 "https://blog.example/" "Mozilla/5.0 …"`,
		Out: `a visit of /pricing?… at 09:30:00 UTC, and, as its query names a partner, a click for partner acme with click id 8o9xPIlex0Ow4j`,
	},
	Containers: []rows.Container{rows.AccessLog, rows.JSON},
	Tables:     []table.Kind{table.Visits, table.Clicks},
	Zone:       "UTC",
	Uses: []Use{
		{To: "visited_at", From: []string{"time_local", "time_iso8601", "msec"}},
		{To: "url"},
		{To: "request_uri", From: []string{"request_uri"}},
		{To: "request_method", From: []string{"request_method"}},
		{To: "request", From: []string{"request"}},
		{To: "host", From: []string{"host", "http_host", "server_name"}},
		{To: "scheme", From: []string{"scheme", "http_x_forwarded_proto"}},
		{To: "http_status", From: []string{"status"}},
		{To: "referrer", From: []string{"http_referer"}},
		{To: "user_agent", From: []string{"http_user_agent"}},
		{To: "ip", From: []string{"http_x_forwarded_for", "http_cf_connecting_ip", "remote_addr"}},
		{To: "partner_cookie", From: []string{"cookie_ps_partner_key", "cookie_growSumoPartnerKey"}},
		{To: "click_cookie", From: []string{"cookie_ps_xid", "cookie_gsxid"}},
		// The vendor's own: which cookie or field names the visitor is mapped in
		// the configuration.
		{To: "visitor_id"}, {To: "email"}, {To: "country"},
	},
	// A log line is recognised by its shape; these are for logs written as JSON.
	Signatures: [][]string{
		{"time_local|time_iso8601|msec", "request|request_uri", "remote_addr|http_x_forwarded_for", "status"},
	},
	begin: beginAccessLog,
})

// The reasons for which requests are passed over.
const (
	logNoRequest = "no request"
	logMethod    = "method other than GET"
	logAsset     = "file of a page (image, script, style, …), not a page"
)

// assetExtensions are what pages load and robots ask for.
var assetExtensions = map[string]bool{}

func init() {
	for _, e := range strings.Fields(`.css .js .mjs .map .json .xml .txt .png .jpg .jpeg .gif .svg .webp .avif .ico .bmp
		.woff .woff2 .ttf .otf .eot .mp4 .webm .mp3 .ogg .wav .pdf .zip .gz .wasm .webmanifest .rss .atom`) {
		assetExtensions[e] = true
	}
}

func beginAccessLog(f *file) error {
	for _, must := range []Use{
		{To: "visited_at", From: []string{"time_local", "time_iso8601"}},
		{To: "request_uri", From: []string{"request", "request_uri"}},
	} {
		if len(f.froms[must.To]) == 0 && !(must.To == "request_uri" && len(f.froms["request"])+len(f.froms["url"]) > 0) {
			return f.lacks(must)
		}
	}
	var (
		when, status         = f.field("visited_at"), f.field("http_status")
		fullURL, uri         = f.field("url"), f.field("request_uri")
		method, request      = f.field("request_method"), f.field("request")
		host, scheme         = f.field("host"), f.field("scheme")
		referrer, agent, ip  = f.field("referrer"), f.field("user_agent"), f.field("ip")
		partnerCookie        = f.field("partner_cookie")
		clickCookie          = f.field("click_cookie")
		visitor, email, land = f.field("visitor_id"), f.field("email"), f.field("country")
		cookiesLogged        = table.Unknown
	)
	if f.container == rows.AccessLog && (partnerCookie.present() || clickCookie.present()) {
		cookiesLogged = table.Yes
	}
	f.sink.Visits() // a log without a page is still one
	// page gives what was asked for, or why the line is passed over.
	page := func(values []string) (target, skipped string) {
		verb, target := method.id(values), uri.id(values)
		if target == "" {
			verb, target = requestLine(request.id(values))
		}
		if mapped := fullURL.id(values); mapped != "" {
			target = mapped
		}
		switch {
		case target == "":
			return "", logNoRequest
		case verb != "" && verb != "GET":
			return "", logMethod
		case asset(target):
			return "", logAsset
		}
		return target, ""
	}
	f.m.row = func(pos table.Pos, values []string) (string, error) {
		target, skipped := page(values)
		if skipped != "" {
			return skipped, nil
		}
		at, err := f.logTime(when.id(values))
		if err != nil {
			return "", in(when.name, when.of(values), err)
		}
		v := table.Visit{
			Pos: pos, VisitedAt: at, URL: absolute(readable(target), host.id(values), scheme.id(values)), VisitorID: cookieValue(visitor.id(values)),
			Referrer: readable(referrer.id(values)), IP: ip.address(values), UserAgent: readable(agent.id(values)), Email: readable(email.id(values)),
			PartnerCookie: cookieValue(partnerCookie.id(values)), ClickCookie: cookieValue(clickCookie.id(values)), CookiesLogged: cookiesLogged,
		}
		if s := status.id(values); s != "" {
			if v.HTTPStatus, err = strconv.ParseInt(s, 10, 64); err != nil || v.HTTPStatus < 100 || v.HTTPStatus > 999 {
				return "", &table.Fault{Column: status.name, Value: s, Rule: "is not an HTTP status", Remedy: "check the source's log_format against the server's configuration"}
			}
		}
		return "", f.putVisit(&v, readable(land.id(values)))
	}
	f.m.glimpse = func(values []string, g *table.Glance) (Sight, string) {
		target, skipped := page(values)
		if skipped != "" {
			return Passed, skipped
		}
		s := when.id(values)
		at, ok := commonLogTime(s)
		if !ok {
			at, ok = rfc3339(s)
		}
		from, sure := f.glimpseIP(ip, values)
		person := known(visitor.id(values))
		code := status.id(values)
		if !ok || !sure || strings.IndexByte(person, '%') >= 0 || code != "" && (len(code) != 3 || code[0] == '0' || !digitsOnly(code)) {
			return Unsure, ""
		}
		*g = table.Glance{At: at, VisitorID: person, Email: email.id(values), IP: from, URL: f.glimpseURL(target, host.id(values), scheme.id(values)),
			Referrer: referrer.id(values), CookiesLogged: cookiesLogged == table.Yes}
		return f.glimpseVisit(g)
	}
	return nil
}

// glimpseURL is absolute for text, without making a string.
func (f *file) glimpseURL(target, host, scheme string) string {
	if host == "" || host == "_" || !strings.HasPrefix(target, "/") {
		return target
	}
	if scheme == "" {
		scheme = "https"
	}
	b := append(f.scratch.url[:0], scheme...)
	b = append(append(b, "://"...), host...)
	f.scratch.url = append(b, target...)
	return viewOf(f.scratch.url)
}

// putVisit adds a visit and, when its address names a partner, the click that
// led to it.
func (f *file) putVisit(v *table.Visit, country string) error {
	if err := put(f, table.Visits, f.sink.Visits(), v.VisitedAt, v); err != nil {
		return err
	}
	ref, ok := partnerOf(v.URL, f.PartnerParameters, f.ClickParameters)
	if !ok {
		return nil
	}
	f.noteRef(ref)
	// Every text in it is part of the visit or made readable, so this cannot
	// fail where the visit did not.
	return put(f, table.Clicks, f.sink.Clicks(), v.VisitedAt, &table.Click{
		Pos: v.Pos, ClickedAt: v.VisitedAt, PartnerKey: ref.partner, ClickID: ref.click, LandingURL: v.URL, Referrer: v.Referrer,
		VisitorID: v.VisitorID, Email: v.Email, IP: v.IP, UserAgent: v.UserAgent, Country: country,
	})
}

// requestLine takes "GET /path HTTP/1.1" apart. Browsers encode spaces, but
// some clients do not: what lies between the method and the protocol is the
// target.
func requestLine(s string) (verb, target string) {
	verb, rest, ok := strings.Cut(s, " ")
	if !ok {
		return "", ""
	}
	if i := strings.LastIndex(rest, " HTTP/"); i >= 0 {
		rest = rest[:i]
	}
	if !strings.HasPrefix(rest, "/") && !strings.Contains(rest, "://") {
		return verb, ""
	}
	return verb, rest
}

func asset(target string) bool {
	p, _, _ := strings.Cut(target, "?")
	p = p[strings.LastIndexByte(p, '/')+1:]
	return assetExtensions[strings.ToLower(path.Ext(p))]
}

// absolute completes the path of a request with the host, where one is logged.
func absolute(target, host, scheme string) string {
	if host == "" || host == "_" || !strings.HasPrefix(target, "/") {
		return target
	}
	if scheme == "" {
		scheme = "https"
	}
	return scheme + "://" + readable(host) + target
}

// logTime reads the three ways in which servers write time.
func (f *file) logTime(s string) (table.Time, error) {
	if t, ok := commonLogTime(s); ok {
		return t, nil
	}
	if t, err := time.Parse("02/Jan/2006:15:04:05 -0700", s); err == nil {
		return plausible(s, t)
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return plausible(s, t)
	}
	if secs, frac, _ := strings.Cut(s, "."); len(secs) >= 9 && len(frac) <= 9 { // msec: seconds with decimals
		n, err1 := strconv.ParseInt(secs, 10, 64)
		nanos, err2 := strconv.ParseInt((frac + "000000000")[:9], 10, 64)
		if err1 == nil && err2 == nil {
			return plausible(s, time.Unix(n, nanos))
		}
	}
	t, err := local(f.zone, s, "02/Jan/2006:15:04:05", "2006-01-02 15:04:05")
	if err != nil {
		return 0, &table.Fault{Value: s, Rule: "is not a time as servers log it", Remedy: "check the source's log_format against the server's configuration"}
	}
	return t, nil
}

// address is the client's: the first column that holds a public one, else any.
func (c field) address(values []string) string {
	var all []string
	for _, i := range c.at {
		if s := known(values[i]); s != "" {
			all = append(all, s)
		}
	}
	return publicIP(strings.Join(all, ","))
}
