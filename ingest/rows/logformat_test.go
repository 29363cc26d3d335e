package rows

import (
	"slices"
	"strings"
	"testing"
)

func TestParseLogFormat(t *testing.T) {
	const combined = "remote_addr remote_logname remote_user time_local request status body_bytes_sent http_referer http_user_agent"
	for _, tc := range []struct{ in, want string }{
		{"combined", combined},
		{"common", "remote_addr remote_logname remote_user time_local request status body_bytes_sent"},
		{"vhost_combined", "server_name server_port remote_addr remote_logname remote_user time_local request status bytes_sent http_referer http_user_agent"},
		{`%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" "%{vid}C"`, combined + " cookie_vid"},
		{`LogFormat "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\"" combined`, combined},
		{`CustomLog logs/access.log "%a %400,501{X-Forwarded-For}i %!200U%% %{c}a"`, "remote_addr http_x_forwarded_for uri realip_remote_addr"},
		{`"%m %U%q %H"`, "request_method request_uri server_protocol"},
		{`%{%Y-%m-%dT%H:%M:%S%z}t %{sec}t`, "time_iso8601 msec"},
		{`$remote_addr - ${remote_user} [$time_local]`, "remote_addr remote_user time_local"},
		{`$request_method $uri$is_args$args`, "request_method request_uri"},
		{"log_format  main escape=default\n  '$remote_addr - $remote_user '\n  '\"$request\"';", "remote_addr remote_user request"},
	} {
		f, err := ParseLogFormat(tc.in)
		if err != nil {
			t.Error(err)
			continue
		}
		if got := strings.Join(f.Variables(), " "); got != tc.want {
			t.Errorf("%s has %s, want %s", tc.in, got, tc.want)
		}
	}
}

func TestParseLogFormatRefused(t *testing.T) {
	for in, want := range map[string]string{
		"":                       "holds no variable",
		"cobmined":               "holds no variable",
		"$remote_addr$request":   "nothing stands between remote_addr and request",
		"%h%l":                   "nothing stands between remote_addr and remote_logname",
		"$status $status":        "status stands in it twice",
		`{"ip":"$remote_addr"}`:  "leave the log format out",
		"%h %y":                  `"%y": is no Apache directive known here`,
		"%h %":                   `" %" is no Apache directive`,
		"%{%H:%M}t":              "use %t",
		"%h %5 %u":               `is no Apache directive`,
		"log_format json '{$a}'": "leave the log format out",
	} {
		if _, err := ParseLogFormat(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", in, err, want)
		}
	}
}

func TestUnescape(t *testing.T) {
	for in, want := range map[string]string{
		"-": "", "": "", "--": "--", `\x2D`: "-", `a\x22b`: `a"b`, `\xd0\xBF`: "п", `\"\\\n\t\r\b\v`: "\"\\\n\t\r\b\v",
		`\\x41`: `\x41`, `\x4`: `\x4`, `\xzz`: `\xzz`, `\`: `\`, `\q`: `\q`, `\xff`: "\uFFFD", `\x00`: "\uFFFD", "\xff": "\uFFFD", "%2B+": "%2B+",
	} {
		if got := unescape(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

func TestRequestParts(t *testing.T) {
	for in, want := range map[string][]string{
		"GET / HTTP/1.1":                    {"GET", "/", "HTTP/1.1"},
		"GET /a b HTTP/1.0":                 {"GET", "/a b", "HTTP/1.0"},
		"CONNECT shop.example:443 HTTP/1.1": {"CONNECT", "shop.example:443", "HTTP/1.1"},
		"GET /":                             {"GET", "/", ""},
		"GET  HTTP/1.1":                     {"GET", "", "HTTP/1.1"},
		"GET":                               {"", "", ""},
		"":                                  {"", "", ""},
		"\x16\x03 x HTTP/1.1":               {"", "", ""},
		" / HTTP/1.1":                       {"", "", ""},
	} {
		if got := []string{method.of(in), address.of(in), protocol.of(in)}; !slices.Equal(got, want) {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}
