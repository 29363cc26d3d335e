package source

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"lostlink/ingest/rows"
	"lostlink/ingest/table"
)

var _ = register(&Source{
	Name:  "segment",
	Title: "Segment or RudderStack events",
	Where: `The event archive that Segment or RudderStack writes to a bucket (JSON lines, gzip), RudderStack's flattened lake files, or the pages and identifies tables of either's warehouse.`,
	Example: Example{
		In:  `{"type":"page","timestamp":"2026-02-01T09:30:00.000Z","anonymousId":"a-1","context":{"ip":"203.0.113.7","userAgent":"Mozilla/5.0 …","page":{"url":"https://www.vendor.example/?gspk=YWNtZQ&gsxid=8o9xPIlex0Ow4j"}}}`,
		Out: `a visit by visitor a-1 at 09:30:00 UTC and a click for partner acme; identify calls and sign-up events with an e-mail address become sign-ups`,
	},
	Containers: []rows.Container{rows.JSON, rows.CSV, rows.Parquet},
	Tables:     []table.Kind{table.Visits, table.Clicks, table.Signups},
	Zone:       "UTC",
	Uses: []Use{
		{To: "type", From: []string{"type", "event_type"}},
		{To: "event", From: []string{"event", "event_text", "event_name"}},
		// The corrected time comes first; the times of receipt are later than the
		// act, but better than none.
		{To: "visited_at", From: []string{"timestamp", "_timestamp", "originalTimestamp", "original_timestamp", "sentAt", "sent_at", "receivedAt", "received_at"}},
		{To: "url", From: []string{"context.page.url", "properties.url", "context_page_url", "url", "page_url"}},
		{To: "referrer", From: []string{"context.page.referrer", "properties.referrer", "context_page_referrer", "referrer"}},
		{To: "visitor_id", From: []string{"anonymousId", "anonymous_id", "rudderId", "rudder_id"}},
		{To: "customer_key", From: []string{"userId", "user_id"}},
		{To: "email", From: []string{"traits.email", "context.traits.email", "properties.email", "context_traits_email", "traits_email", "properties_email", "email"}},
		{To: "name", From: []string{"traits.name", "context.traits.name", "properties.name", "context_traits_name", "traits_name"}},
		{To: "ip", From: []string{"context.ip", "request_ip", "context_ip", "context_request_ip"}},
		{To: "user_agent", From: []string{"context.userAgent", "context_user_agent"}},
		{To: "country"}, {To: "click_id"},
	},
	Signatures: [][]string{
		{"type", "anonymousId|userId|messageId", "timestamp|originalTimestamp|receivedAt|sentAt"},
		{"type", "anonymousId|userId|messageId", "timestamp|originalTimestamp|receivedAt|sentAt", "context.ip|context.userAgent|context.page.url|properties.url|traits.email"},
		{"anonymous_id", "received_at|timestamp|_timestamp", "context_user_agent|context_ip|context_page_url|context_library_name"},
		{"anonymous_id", "received_at|timestamp|_timestamp", "context_page_url|url", "context_user_agent|context_ip"},
	},
	begin: beginSegment,
})

// DefaultSignupEvents are the tracked events taken for a sign-up when the
// configuration names none.
var DefaultSignupEvents = []string{"Signed Up", "Account Created", "Sign Up"}

// The reasons for which events are passed over.
const (
	segmentOther   = "event that is no page, identify or track call"
	segmentEvent   = "tracked event that is no sign-up"
	segmentNoEmail = "identify or sign-up without an e-mail address"
	segmentNoURL   = "page call without an address"
)

func beginSegment(f *file) error {
	var (
		kind, event, when      = f.field("type"), f.field("event"), f.field("visited_at")
		address, referrer      = f.field("url"), f.field("referrer")
		visitor, customer      = f.field("visitor_id"), f.field("customer_key")
		email, name, agent, ip = f.field("email"), f.field("name"), f.field("user_agent"), f.field("ip")
		country, clickID       = f.field("country"), f.field("click_id")
		events                 = f.SignupEvents
	)
	if len(events) == 0 {
		events = DefaultSignupEvents
	}
	signup := map[string]bool{}
	for _, e := range events {
		signup[eventName(e)] = true
	}
	// A warehouse table holds one kind of call and does not say which.
	whole := "page"
	if f.container != rows.JSON && !slices.ContainsFunc(f.columns, func(c string) bool { return strings.EqualFold(c, "url") || strings.EqualFold(c, "context_page_url") }) {
		whole = "identify"
	}
	// Tables are asked for with their first row: an archive of page calls alone
	// says nothing about sign-ups, nor one of identify calls about visits.
	f.m.row = func(pos table.Pos, values []string) (string, error) {
		typ := strings.ToLower(kind.id(values))
		if typ == "" {
			typ = whole
		}
		mail := email.id(values)
		switch typ {
		case "page":
			if address.id(values) == "" {
				return segmentNoURL, nil
			}
		case "identify":
			if mail == "" {
				return segmentNoEmail, nil
			}
		case "track":
			if !signup[eventName(event.of(values))] {
				return segmentEvent, nil
			}
			if mail == "" {
				return segmentNoEmail, nil
			}
		default:
			return segmentOther, nil
		}
		at, err := f.eventTime(when.id(values))
		if err != nil {
			return "", in(when.name, when.of(values), err)
		}
		if typ == "page" {
			return "", f.putVisit(&table.Visit{
				Pos: pos, VisitedAt: at, URL: address.id(values), VisitorID: visitor.id(values), Referrer: referrer.id(values),
				IP: ip.address(values), UserAgent: agent.id(values), Email: mail,
			}, country.id(values))
		}
		s := table.Signup{
			Pos: pos, SignedUpAt: at, Email: mail, CustomerKey: customer.id(values), Name: name.of(values), VisitorID: visitor.id(values),
			ClickID: clickID.id(values), IP: ip.address(values), UserAgent: agent.id(values),
		}
		if s.ClickID == "" {
			ref, _ := partnerOf(address.id(values), f.PartnerParameters, f.ClickParameters)
			s.ClickID = ref.click
		}
		return "", put(f, table.Signups, f.sink.Signups(), at, &s)
	}
	// Names of events repeat; whether one is a sign-up is found once for each.
	asked := map[string]bool{}
	isSignup := func(name string) bool {
		is, ok := asked[name]
		if !ok {
			is = signup[eventName(name)]
			if len(asked) < segmentNames {
				asked[strings.Clone(name)] = is
			}
		}
		return is
	}
	f.m.glimpse = func(values []string, g *table.Glance) (Sight, string) {
		typ := kind.id(values)
		if typ == "" {
			typ = whole
		}
		switch strings.ToLower(typ) {
		case "page":
			if address.id(values) == "" {
				return Passed, segmentNoURL
			}
		case "identify":
			if email.id(values) == "" {
				return Passed, segmentNoEmail
			}
			return Unsure, ""
		case "track":
			if !isSignup(event.of(values)) {
				return Passed, segmentEvent
			}
			if email.id(values) == "" {
				return Passed, segmentNoEmail
			}
			return Unsure, ""
		default:
			return Passed, segmentOther
		}
		s := when.id(values)
		at, ok := rfc3339(s)
		if !ok && f.zone.loc == time.UTC {
			s = strings.TrimSuffix(s, " UTC")
			if at, ok = plainTime(s, ' '); !ok {
				at, ok = plainTime(s, 'T')
			}
		}
		from, sure := f.glimpseIP(ip, values)
		if !ok || !sure {
			return Unsure, ""
		}
		*g = table.Glance{At: at, VisitorID: visitor.id(values), Email: email.id(values), IP: from, URL: address.id(values), Referrer: referrer.id(values)}
		return f.glimpseVisit(g)
	}
	return nil
}

// segmentNames bounds the names of events that are remembered.
const segmentNames = 1000

// eventName makes "Signed Up", "signed_up" and "signed-up" one.
func eventName(s string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("_", " ", "-", " ").Replace(strings.ToLower(s))), " ")
}

// eventTime reads ISO 8601, what warehouses print of a timestamp, and the
// microseconds of the flattened shape.
func (f *file) eventTime(s string) (table.Time, error) {
	if t, ok := rfc3339(s); ok {
		return t, nil
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && len(s) == 16 {
		return plausible(s, time.UnixMicro(n))
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return plausible(s, t)
	}
	return local(f.zone, strings.TrimSuffix(s, " UTC"), "2006-01-02 15:04:05", "2006-01-02T15:04:05")
}
