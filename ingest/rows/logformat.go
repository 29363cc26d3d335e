package rows

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// LogFormat says how the lines of a server log are made up: variables, and the
// text between them by which they are told apart.
type LogFormat struct {
	lead   string // text before the first variable
	fields []logField
}

type logField struct {
	name string // nginx's name for the variable, without "$"
	end  string // text behind it; "" only for the last, which ends with the line
	// fits says whether a value can be this variable's; nil takes all.
	fits func(string) bool
	rule string // what fits wants, in words
}

// namedFormats are the formats that Apache and nginx know by name. "combined"
// serves both servers: nginx writes "-" where Apache has the identity.
var namedFormats = map[string]string{
	"common":         `%h %l %u %t "%r" %>s %b`,
	"combined":       `%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i"`,
	"vhost_combined": `%v:%p %h %l %u %t "%r" %>s %O "%{Referer}i" "%{User-Agent}i"`,
}

// ParseLogFormat reads an nginx log_format or Apache LogFormat string, the
// whole directive as it stands in the server's configuration, or one of the
// names "combined", "common" and "vhost_combined". Apache's directives get
// nginx's names: %h is remote_addr, %{User-Agent}i http_user_agent, %{vid}C
// cookie_vid.
func ParseLogFormat(s string) (*LogFormat, error) {
	text := directive(s)
	if named := namedFormats[text]; named != "" {
		text = named
	}
	parse := nginxFormat
	if !nginxVariable.MatchString(text) {
		parse = apacheFormat
	}
	f := &LogFormat{}
	if err := parse(f, text); err != nil {
		return nil, fmt.Errorf("log format %q: %w", s, err)
	}
	if err := f.check(); err != nil {
		return nil, fmt.Errorf("log format %q: %w", s, err)
	}
	return f, nil
}

// Variables are the names of the variables in order, without "$".
func (f *LogFormat) Variables() []string {
	var out []string
	for _, field := range f.fields {
		out = append(out, field.name)
	}
	return out
}

func (f *LogFormat) check() error {
	if len(f.fields) == 0 {
		return errors.New("holds no variable; give the log_format (nginx) or LogFormat (Apache) string of the server")
	}
	seen := map[string]bool{}
	for i, field := range f.fields {
		if field.end == "" && i+1 < len(f.fields) {
			return fmt.Errorf("nothing stands between %s and %s, so they cannot be told apart; put a blank or a quote between them", field.name, f.fields[i+1].name)
		}
		if field.name != "" && seen[field.name] {
			return fmt.Errorf("%s stands in it twice; remove one", field.name)
		}
		seen[field.name] = true
	}
	return nil
}

func (f *LogFormat) text(s string) {
	if s == "" {
		return
	}
	if n := len(f.fields); n > 0 {
		f.fields[n-1].end += s
	} else {
		f.lead += s
	}
}

func (f *LogFormat) variable(name string) {
	field := logField{name: name}
	switch name {
	case "remote_addr":
		field.fits, field.rule = oneWord, "is no address"
	case "server_name", "host", "remote_logname":
		field.fits, field.rule = oneWord, "is no single word"
	case "status":
		field.fits, field.rule = status, "is no HTTP status"
	case "body_bytes_sent", "bytes_sent":
		field.fits, field.rule = digitsOrDash, "is no number of bytes"
	case "time_local":
		field.fits, field.rule = localTime, "is no time like 02/Jan/2006:15:04:05 -0700"
	}
	f.fields = append(f.fields, field)
}

func oneWord(s string) bool { return s != "" && strings.IndexByte(s, ' ') < 0 }

func status(s string) bool { return len(s) == 3 && digitsOrDash(s) || s == "-" }

func digitsOrDash(s string) bool {
	if s == "-" {
		return true
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// localTime looks at the separators only; the source reads the time.
func localTime(s string) bool {
	return len(s) == 26 && s[2] == '/' && s[6] == '/' && s[11] == ':' && s[14] == ':' && s[17] == ':' && s[20] == ' '
}

var (
	nginxDirective  = regexp.MustCompile(`(?s)^log_format\s+\S+\s+(?:escape=(\w+)\s+)?(.*?)\s*;?$`)
	apacheDirective = regexp.MustCompile(`(?s)^(?:LogFormat|CustomLog\s+\S+)\s+"(.*)"(?:\s+\S+)?$`)
	quoteJoint      = regexp.MustCompile(`'\s+'`)
	nginxVariable   = regexp.MustCompile(`\$(?:\{(\w+)\}|(\w+))`)
)

// directive takes the format out of the server's directive, if it is one.
func directive(s string) string {
	s = strings.TrimSpace(s)
	if m := nginxDirective.FindStringSubmatch(s); m != nil {
		s = m[2]
	} else if m := apacheDirective.FindStringSubmatch(s); m != nil {
		s = m[1]
	}
	if len(s) > 1 && s[0] == '\'' && s[len(s)-1] == '\'' {
		s = quoteJoint.ReplaceAllString(s[1:len(s)-1], "")
	}
	// Apache's configuration, and YAML now and then, write quotes as \".
	return strings.ReplaceAll(s, `\"`, `"`)
}

func nginxFormat(f *LogFormat, s string) error {
	if strings.HasPrefix(s, "{") {
		return errors.New("makes JSON lines; leave the log format out, they are read as JSON")
	}
	// The request line's address in three variables is the one in one.
	s = strings.ReplaceAll(s, "$uri$is_args$args", "$request_uri")
	at := 0
	for _, m := range nginxVariable.FindAllStringSubmatchIndex(s, -1) {
		f.text(s[at:m[0]])
		if at = m[1]; m[2] >= 0 {
			f.variable(s[m[2]:m[3]])
		} else {
			f.variable(s[m[4]:m[5]])
		}
	}
	f.text(s[at:])
	return nil
}

// apacheNames are nginx's names for Apache's directives (mod_log_config). Those
// nginx has no name for are named after what they mean.
var apacheNames = map[byte]string{
	'a': "remote_addr", 'h': "remote_addr", 'A': "server_addr", 'l': "remote_logname", 'u': "remote_user",
	'r': "request", 's': "status", 'b': "body_bytes_sent", 'B': "body_bytes_sent", 'O': "bytes_sent",
	'I': "request_length", 'S': "bytes_transferred", 'D': "request_time_us", 'T': "request_time",
	'v': "server_name", 'V': "host", 'p': "server_port", 'm': "request_method", 'U': "uri", 'q': "args",
	'H': "server_protocol", 'f': "request_filename", 'k': "connection_requests", 'P': "pid",
	'X': "connection_status", 'R': "handler", 'L': "request_id",
}

var (
	apacheDirectives = regexp.MustCompile(`%(?:%|[!<>\d,]*(?:\{([^}]*)\})?(\^?[a-zA-Z]{1}))`)
	notWord          = regexp.MustCompile(`\W`)
)

func apacheFormat(f *LogFormat, s string) error {
	s = strings.ReplaceAll(s, "%U%q", "%{}U")
	at := 0
	for _, m := range apacheDirectives.FindAllStringSubmatchIndex(s, -1) {
		between := s[at:m[0]]
		if strings.Contains(between, "%") {
			return fmt.Errorf("%q is no Apache directive", between)
		}
		f.text(between)
		at = m[1]
		if s[m[0]:m[1]] == "%%" {
			f.text("%")
			continue
		}
		letter, argument := s[m[4]:m[5]], ""
		if m[2] >= 0 {
			argument = s[m[2]:m[3]]
		}
		if letter == "t" && argument == "" {
			f.text("[")
			f.variable("time_local")
			f.text("]")
			continue
		}
		name, err := apacheName(letter, argument, m[2] >= 0)
		if err != nil {
			return fmt.Errorf("%q: %w", s[m[0]:m[1]], err)
		}
		f.variable(name)
	}
	if strings.Contains(s[at:], "%") {
		return fmt.Errorf("%q is no Apache directive", s[at:])
	}
	f.text(s[at:])
	return nil
}

func apacheName(letter, argument string, hasArgument bool) (string, error) {
	header := strings.ToLower(notWord.ReplaceAllString(argument, "_"))
	switch letter {
	case "i":
		return "http_" + header, nil
	case "o":
		return "sent_http_" + header, nil
	case "C":
		return "cookie_" + argument, nil
	case "e":
		return "env_" + argument, nil
	case "n":
		return "note_" + argument, nil
	case "U":
		if hasArgument { // %U%q, see apacheFormat
			return "request_uri", nil
		}
	case "t":
		switch argument {
		case "%Y-%m-%dT%H:%M:%S%z":
			return "time_iso8601", nil
		case "sec":
			return "msec", nil
		case "%d/%b/%Y:%H:%M:%S %z":
			return "time_local", nil
		}
		return "", errors.New("this time format is not known; use %t")
	case "a":
		if argument != "" {
			return "realip_remote_addr", nil
		}
	}
	if len(letter) == 1 && apacheNames[letter[0]] != "" {
		return apacheNames[letter[0]], nil
	}
	return "", errors.New("is no Apache directive known here")
}

// misfit is where a line does not fit.
type misfit struct {
	field   int    // index of the variable; len(fields) if the line goes on behind the last
	found   string // what stands there
	endless bool   // the text behind the variable does not follow
}

// split cuts a line into the values of the variables; nil if it fits.
func (f *LogFormat) split(line string, values []string) *misfit {
	if !strings.HasPrefix(line, f.lead) {
		return &misfit{found: line}
	}
	rest := line[len(f.lead):]
	for i := range f.fields {
		field := &f.fields[i]
		value, after := rest, ""
		if field.end != "" {
			n := indexEnd(rest, field.end)
			if n < 0 {
				return &misfit{field: i, found: rest, endless: true}
			}
			value, after = rest[:n], rest[n+len(field.end):]
		}
		if field.fits != nil && !field.fits(value) {
			return &misfit{field: i, found: value}
		}
		values[i] = value
		rest = after
	}
	if rest != "" {
		return &misfit{field: len(f.fields), found: rest}
	}
	return nil
}

// fits says whether a line is made up this way.
func (f *LogFormat) fits(line string) bool {
	return f.split(line, make([]string, len(f.fields))) == nil
}

// indexEnd finds the text behind a value. A quote that the server wrote as \"
// does not end one.
func indexEnd(s, end string) int {
	quote := end[0] == '"'
	for at := 0; ; {
		n := strings.IndexByte(s[at:], end[0])
		if n < 0 {
			return -1
		}
		n += at
		if len(end) > 1 && !strings.HasPrefix(s[n+1:], end[1:]) {
			at = n + 1
			continue
		}
		if !quote {
			return n
		}
		slashes := 0
		for slashes < n && s[n-1-slashes] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return n
		}
		at = n + 1
	}
}
