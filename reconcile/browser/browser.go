// Package browser sorts user-agent strings into the few classes a verdict
// needs: which browser, which system, phone or desktop, WebKit or not, robot or
// not. Versions are left out on purpose: browsers freeze or forge them.
package browser

import "strings"

// Browser is the class of a user agent. The zero value is an unknown one.
type Browser struct {
	Family string // Chrome, Safari, Firefox, Edge, Opera, Samsung Internet, Internet Explorer, an in-app view, ""
	System string // iPhone, iPad, Android, Windows, Mac, Linux, ChromeOS, ""
	Mobile bool
	// WebKit browsers (Safari, and every browser on iPhone and iPad) cap the
	// life of cookies and block third-party ones.
	WebKit bool
	Robot  bool
}

// Known tells whether anything was recognised.
func (b Browser) Known() bool { return b.Family != "" || b.System != "" }

// String names the class for people: "Safari on iPhone".
func (b Browser) String() string {
	switch {
	case b.Robot:
		return "robot"
	case b.Family != "" && b.System != "":
		return b.Family + " on " + b.System
	}
	return b.Family + b.System
}

// robots are words that only programs put into a user agent, the address of
// their owner among them. They are matched without regard to case.
var robots = []string{
	"http://", "https://",
	"bot/", "bot;", "bot ", "bot)", "-bot", "+bot", "robot", "crawl", "spider", "slurp", "curl/", "wget/", "python", "java/", "okhttp",
	"go-http-client", "facebookexternalhit", "facebookcatalog", "headless", "phantomjs", "lighthouse", "pingdom", "uptime",
	"monitor", "preview", "scan", "fetch", "feed", "archive", "httpclient", "libwww", "axios", "node-fetch", "embedly", "whatsapp/", "telegrambot",
	"discordbot", "mediapartners-google", "adsbot", "google-inspectiontool", "apis-google", "validator", "checker", "scrap", "postman",
}

// families are looked for in order: most browsers also name those they descend
// from, so the particular ones come first.
var families = []struct{ token, family string }{
	{"FBAN/", "Facebook app"}, {"FBAV/", "Facebook app"}, {"Instagram", "Instagram app"}, {"LinkedInApp", "LinkedIn app"},
	{"musical_ly", "TikTok app"}, {"BytedanceWebview", "TikTok app"}, {"GSA/", "Google app"},
	{"EdgiOS", "Edge"}, {"EdgA/", "Edge"}, {"Edg/", "Edge"}, {"Edge/", "Edge"},
	{"OPR/", "Opera"}, {"OPiOS", "Opera"}, {"OPT/", "Opera"}, {"Opera", "Opera"},
	{"SamsungBrowser", "Samsung Internet"}, {"Vivaldi", "Vivaldi"}, {"YaBrowser", "Yandex"}, {"UCBrowser", "UC Browser"}, {"DuckDuckGo", "DuckDuckGo"},
	{"FxiOS", "Firefox"}, {"Focus/", "Firefox"}, {"Firefox", "Firefox"},
	{"CriOS", "Chrome"}, {"Chromium", "Chrome"}, {"Chrome", "Chrome"},
	{"Trident", "Internet Explorer"}, {"MSIE", "Internet Explorer"},
	{"Safari", "Safari"}, {"AppleWebKit", "In-app view"},
}

var systems = []struct{ token, system string }{
	{"iPhone", "iPhone"}, {"iPod", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"CrOS", "ChromeOS"},
	{"Windows", "Windows"}, {"Macintosh", "Mac"}, {"Mac OS X", "Mac"}, {"X11", "Linux"}, {"Linux", "Linux"},
}

// Of classifies a user agent. "" gives the zero Browser.
func Of(ua string) Browser {
	var b Browser
	if ua == "" {
		return b
	}
	lower := strings.ReplaceAll(strings.ToLower(ua), "cubot", "") // a make of phones
	for _, w := range robots {
		if strings.Contains(lower, w) {
			b.Robot = true
			break
		}
	}
	if strings.HasSuffix(lower, "bot") {
		b.Robot = true
	}
	for _, f := range families {
		if strings.Contains(ua, f.token) {
			b.Family = f.family
			break
		}
	}
	for _, s := range systems {
		if strings.Contains(ua, s.token) {
			b.System = s.system
			break
		}
	}
	b.Mobile = b.System == "iPhone" || b.System == "iPad" || b.System == "Android"
	b.WebKit = b.System == "iPhone" || b.System == "iPad" || b.Family == "Safari"
	return b
}

// Cache classifies each distinct user agent once. The zero value is ready.
type Cache struct{ seen map[string]Browser }

// Of is [Of] with memory.
func (c *Cache) Of(ua string) Browser {
	b, ok := c.seen[ua]
	if !ok {
		if c.seen == nil {
			c.seen = map[string]Browser{}
		}
		b = Of(ua)
		c.seen[strings.Clone(ua)] = b
	}
	return b
}
