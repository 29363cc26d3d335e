package table

import (
	"regexp"
	"strings"
)

var emailLike = regexp.MustCompile(`[^\s"'<>,;:=?&/]+(?:@|%40)[^\s"'<>,;:=?&/]+`)

// Mask hides the local part of every e-mail address in s but its first letter:
// "jo.doe@example.com" becomes "j…@example.com".
func Mask(s string) string {
	if !strings.Contains(s, "@") && !strings.Contains(s, "%40") {
		return s
	}
	return emailLike.ReplaceAllStringFunc(s, func(m string) string {
		local, domain, sep := m, "", "@"
		if i := strings.LastIndex(m, "@"); i >= 0 {
			local, domain = m[:i], m[i+1:]
		} else if i := strings.LastIndex(m, "%40"); i >= 0 {
			local, domain, sep = m[:i], m[i+3:], "%40"
		}
		first := ""
		for _, r := range local {
			first = string(r)
			break
		}
		return first + "…" + sep + domain
	})
}
