package simulate

import (
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"lostlink/ingest/table"
)

// log writes the clicks and the page requests of one vendor. clicks may be nil.
type log struct {
	m        *maker
	clicks   *sink
	visits   *sink
	clickCSV *csv.Writer
	visitCSV *csv.Writer
	json     *json.Encoder // of page events
	clickOut *json.Encoder
	buf      []byte
}

func (m *maker) newLog(clicks, visits *sink) *log {
	l := &log{m: m, clicks: clicks, visits: visits}
	if clicks != nil {
		if m.opt.Formats.Clicks == NativeJSON {
			l.clickOut = json.NewEncoder(clicks)
			l.clickOut.SetEscapeHTML(false)
		} else {
			l.clickCSV = csv.NewWriter(clicks)
			l.clickCSV.Write([]string{"click_id", "clicked_at", "partner_key", "link_id", "landing_url", "referrer", "visitor_id", "email", "ip", "user_agent", "country"})
		}
	}
	switch m.opt.Formats.Visits {
	case Segment:
		l.json = json.NewEncoder(visits)
		l.json.SetEscapeHTML(false)
	case Native:
		l.visitCSV = csv.NewWriter(visits)
		l.visitCSV.Write([]string{"visited_at", "url", "visitor_id", "referrer", "ip", "user_agent", "http_status", "email"})
	}
	return l
}

func (l *log) flush() error {
	for _, c := range []*csv.Writer{l.clickCSV, l.visitCSV} {
		if c == nil {
			continue
		}
		if c.Flush(); c.Error() != nil {
			return c.Error()
		}
	}
	return nil
}

func (l *log) day(day table.Date, requests []request) error {
	m := l.m
	var garbage *rand.Rand
	if m.opt.Formats.Visits == AccessLog {
		garbage = newRand(m.opt.Seed, streamGarbage, uint64(day))
	}
	broken := 0
	if garbage != nil && !m.missing[day] {
		broken = count(garbage, m.opt.Sources.BrokenPerDay)
	}
	for i, r := range requests {
		ip, agent := r.p.address(r.e.net, r.e.at), m.agent(r.p, r.e.b, r.e.at)
		if l.clicks != nil && r.e.landing() && !r.e.frozen {
			if err := l.click(r, ip, agent); err != nil {
				return err
			}
		}
		if m.missing[day] {
			continue
		}
		if err := l.visit(r, ip, agent); err != nil {
			return err
		}
		if broken > 0 && garbage.IntN(len(requests)-i) < broken {
			broken--
			l.buf = m.garbageLine(garbage, l.buf[:0], r.e.at)
			if _, err := l.visits.Write(l.buf); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *log) click(r request, ip, agent string) error {
	m, e := l.m, r.e
	pt := &m.site.partners[e.partner]
	var visitor, email string
	if e.clickVisitor {
		visitor = e.given
	}
	if e.mailed {
		email = r.p.email
	}
	at, landing := (e.at - table.Second).String(), m.site.host+e.path
	if l.clickCSV != nil {
		return l.clickCSV.Write([]string{e.click, at, pt.key, pt.links[e.link].id, landing, e.referrer, visitor, email, ip, agent, r.p.country.code})
	}
	return l.clickOut.Encode(struct {
		ClickID   string `json:"click_id"`
		ClickedAt string `json:"clicked_at"`
		Partner   string `json:"partner_key"`
		Link      string `json:"link_id"`
		Landing   string `json:"landing_url"`
		Referrer  string `json:"referrer"`
		Visitor   any    `json:"visitor_id"`
		Email     any    `json:"email"`
		IP        string `json:"ip"`
		Agent     string `json:"user_agent"`
		Country   string `json:"country"`
	}{e.click, at, pt.key, pt.links[e.link].id, landing, e.referrer, orNull(visitor), orNull(email), ip, agent, r.p.country.code})
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func (l *log) visit(r request, ip, agent string) error {
	m, e := l.m, r.e
	l.buf = m.appendTarget(l.buf[:0], e)
	switch m.opt.Formats.Visits {
	case Segment:
		page := map[string]any{"url": m.site.host + string(l.buf), "path": e.path, "referrer": e.referrer}
		context := map[string]any{"ip": ip, "userAgent": agent, "page": page}
		if e.loggedIn {
			context["traits"] = map[string]any{"email": r.p.email}
		}
		return l.json.Encode(struct {
			Type      string         `json:"type"`
			MessageID string         `json:"messageId"`
			Timestamp string         `json:"timestamp"`
			Anonymous any            `json:"anonymousId"`
			Context   map[string]any `json:"context"`
		}{"page", "m-" + strconv.FormatUint(mix(r.p.id^uint64(e.at)), 36), e.at.Std().Format("2006-01-02T15:04:05.000Z"), orNull(e.visitor), context})
	case Native:
		email := ""
		if e.loggedIn {
			email = r.p.email
		}
		return l.visitCSV.Write([]string{e.at.String(), m.site.host + string(l.buf), e.visitor, e.referrer, ip, agent, "200", email})
	}
	target := string(l.buf)
	b := append(l.buf[:0], ip...)
	b = append(b, " - - ["...)
	b = e.at.Std().AppendFormat(b, "02/Jan/2006:15:04:05 -0700")
	b = append(b, `] "GET `...)
	b = append(b, target...)
	b = append(b, ` HTTP/1.1" 200 `...)
	b = strconv.AppendUint(b, 900+mix(r.p.id^uint64(e.at))%88000, 10)
	b = appendQuoted(b, e.referrer)
	b = appendQuoted(b, agent)
	if m.opt.Sources.Cookies != "" {
		b = appendQuoted(b, e.visitor)
	}
	if m.opt.Sources.Cookies == "partner" {
		partner := ""
		if e.cookie >= 0 {
			partner = m.site.partners[e.cookie].key
		}
		b = appendQuoted(b, partner)
		b = appendQuoted(b, e.cookieClick)
	}
	l.buf = append(b, '\n')
	_, err := l.visits.Write(l.buf)
	return err
}

func appendQuoted(b []byte, s string) []byte {
	if s == "" {
		s = "-"
	}
	b = append(b, ` "`...)
	b = append(b, s...)
	return append(b, '"')
}

// appendTarget writes path and query as requested. The partner's parameters
// come in both generations of names, in any order, sometimes with the link's
// domain; older links have the older names only.
func (m *maker) appendTarget(b []byte, e *event) []byte {
	b = append(b, e.path...)
	var params []string
	if e.query != "" {
		params = append(params, e.query)
	}
	if e.landing() && !e.stripped {
		key := base64.RawStdEncoding.EncodeToString([]byte(m.site.partners[e.partner].key))
		h := uint64(0)
		for i := range len(e.click) {
			h = mix(h ^ uint64(e.click[i]))
		}
		if h%32 == 0 {
			key = base64.StdEncoding.EncodeToString([]byte(m.site.partners[e.partner].key))
			key = strings.ReplaceAll(key, "=", "%3D")
		}
		own := []string{"gspk=" + key, "gsxid=" + e.click}
		if len(e.click) > 12 {
			own = append(own, "ps_partner_key="+key, "ps_xid="+e.click)
		}
		for i := len(own) - 1; i > 0; i-- {
			h = mix(h)
			j := h % uint64(i+1)
			own[i], own[j] = own[j], own[i]
		}
		if mix(h)%2 == 0 {
			own = append([]string{"pscd=" + m.opt.Site.LinkHost}, own...)
		}
		params = append(own, params...)
	}
	for i, p := range params {
		if i == 0 {
			b = append(b, '?')
		} else {
			b = append(b, '&')
		}
		b = append(b, p...)
	}
	return b
}

// garbageLine is what a log holds besides requests: handshakes sent to the
// wrong port, probes, cut and empty lines.
func (m *maker) garbageLine(rng *rand.Rand, b []byte, at table.Time) []byte {
	b = fmt.Appendf(b, "45.%d.%d.7 - - [%s] ", between(rng, 1, 254), between(rng, 1, 254), at.Std().Format("02/Jan/2006:15:04:05 -0700"))
	fields := 2 + map[string]int{"": 0, "visitor": 1, "partner": 3}[m.opt.Sources.Cookies]
	switch rng.IntN(8) {
	case 0:
		return append(b, `"GET /pri`+"\n"...)
	case 1:
		return append(b[:0], '\n')
	case 2, 3, 4:
		b = append(b, `"GET /a\x22b HTTP/1.1" 404 153`...)
	default:
		b = append(b, `"\x16\x03\x01\x02" 400 157`...)
	}
	for range fields {
		b = append(b, ` "-"`...)
	}
	return append(b, '\n')
}

func (m *maker) accessLogSource(name string) *Source {
	s := &Source{Name: "access log", Format: "access_log", Files: []string{name},
		LogFormat: `$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"`}
	switch m.opt.Sources.Cookies {
	case "partner":
		s.LogFormat += ` "$cookie_vid" "$cookie_growSumoPartnerKey" "$cookie_ps_xid"`
		s.Columns = []ColumnMap{{From: "cookie_vid", To: "visitor_id"}, {From: "cookie_growSumoPartnerKey", To: "partner_cookie"}, {From: "cookie_ps_xid", To: "click_cookie"}}
	case "visitor":
		s.LogFormat += ` "$cookie_vid"`
		s.Columns = []ColumnMap{{From: "cookie_vid", To: "visitor_id"}}
	}
	return s
}
