package browser

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"lostlink/testdata/need"
)

func TestOf(t *testing.T) {
	const (
		windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
		iphone  = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
		android = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
		mac     = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
	)
	for _, tc := range []struct {
		ua   string
		want Browser
		word string
	}{
		{"", Browser{}, ""},
		{"-", Browser{}, ""},
		{"something new", Browser{}, ""},
		{windows + "Chrome/138.0.0.0 Safari/537.36", Browser{Family: "Chrome", System: "Windows"}, "Chrome on Windows"},
		{windows + "Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0", Browser{Family: "Edge", System: "Windows"}, "Edge on Windows"},
		{windows + "Chrome/138.0.0.0 Safari/537.36 OPR/120.0.0.0", Browser{Family: "Opera", System: "Windows"}, "Opera on Windows"},
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:141.0) Gecko/20100101 Firefox/141.0", Browser{Family: "Firefox", System: "Windows"}, "Firefox on Windows"},
		{"Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko", Browser{Family: "Internet Explorer", System: "Windows"}, "Internet Explorer on Windows"},
		{mac + "Version/18.5 Safari/605.1.15", Browser{Family: "Safari", System: "Mac", WebKit: true}, "Safari on Mac"},
		{strings.Replace(mac, "605.1.15", "537.36", 1) + "Chrome/138.0.0.0 Safari/537.36", Browser{Family: "Chrome", System: "Mac"}, "Chrome on Mac"},
		{iphone + "Version/18.5 Mobile/15E148 Safari/604.1", Browser{Family: "Safari", System: "iPhone", Mobile: true, WebKit: true}, "Safari on iPhone"},
		// Every browser on iOS is WebKit underneath.
		{iphone + "CriOS/138.0.7204.156 Mobile/15E148 Safari/604.1", Browser{Family: "Chrome", System: "iPhone", Mobile: true, WebKit: true}, "Chrome on iPhone"},
		{iphone + "FxiOS/141.0 Mobile/15E148 Safari/605.1.15", Browser{Family: "Firefox", System: "iPhone", Mobile: true, WebKit: true}, "Firefox on iPhone"},
		{iphone + "EdgiOS/138.0 Version/18.0 Mobile/15E148 Safari/604.1", Browser{Family: "Edge", System: "iPhone", Mobile: true, WebKit: true}, "Edge on iPhone"},
		{iphone + "Mobile/15E148 Instagram 390.0.0", Browser{Family: "Instagram app", System: "iPhone", Mobile: true, WebKit: true}, "Instagram app on iPhone"},
		{iphone + "Mobile/15E148", Browser{Family: "In-app view", System: "iPhone", Mobile: true, WebKit: true}, "In-app view on iPhone"},
		{strings.Replace(iphone, "iPhone; CPU iPhone OS", "iPad; CPU OS", 1) + "Version/18.5 Mobile/15E148 Safari/604.1", Browser{Family: "Safari", System: "iPad", Mobile: true, WebKit: true}, "Safari on iPad"},
		{android + "Chrome/138.0.0.0 Mobile Safari/537.36", Browser{Family: "Chrome", System: "Android", Mobile: true}, "Chrome on Android"},
		{android + "SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36", Browser{Family: "Samsung Internet", System: "Android", Mobile: true}, "Samsung Internet on Android"},
		{"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36", Browser{Family: "Chrome", System: "ChromeOS"}, "Chrome on ChromeOS"},
		{"Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0", Browser{Family: "Firefox", System: "Linux"}, "Firefox on Linux"},
		// A phone that is called like a robot.
		{"Mozilla/5.0 (Linux; Android 13; CUBOT P80 Build/TP1A) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Mobile Safari/537.36", Browser{Family: "Chrome", System: "Android", Mobile: true}, "Chrome on Android"},
		{"curl/8.7.1", Browser{Robot: true}, "robot"},
		{"Mozilla/5.0 (compatible; Examplebot/2.1; +http://crawler.example/about)", Browser{Robot: true}, "robot"},
		{"Mozilla/5.0 (compatible; Example/2.1; +https://checks.example)", Browser{Robot: true}, "robot"},
		{android + "Chrome/138.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", Browser{Family: "Chrome", System: "Android", Mobile: true, Robot: true}, "robot"},
		{"python-requests/2.32", Browser{Robot: true}, "robot"},
		{"ExampleBot", Browser{Robot: true}, "robot"},
	} {
		got := Of(tc.ua)
		if got != tc.want || got.String() != tc.word {
			t.Errorf("%q: %+v %q, want %+v %q", tc.ua, got, got, tc.want, tc.word)
		}
		if known := tc.want.Family != "" || tc.want.System != ""; got.Known() != known {
			t.Errorf("%q: known is %v", tc.ua, got.Known())
		}
	}
}

func TestCache(t *testing.T) {
	var c Cache
	for range 2 {
		for _, ua := range []string{"", "curl/8.7.1", "Mozilla/5.0 (X11; Linux) Firefox/141.0"} {
			if c.Of(ua) != Of(ua) {
				t.Errorf("%q: %+v from the cache, %+v without", ua, c.Of(ua), Of(ua))
			}
		}
	}
}

// The share of known robots that are recognised: 84 in a hundred when this was
// written, and no library is linked for the rest.
func TestKnownRobots(t *testing.T) {
	data, err := os.ReadFile(need.Shared(t, "samples/clicks/ua_tests/crawler-user-agents.json"))
	if err != nil {
		t.Fatal(err)
	}
	var robots []struct{ Instances []string }
	if err := json.Unmarshal(data, &robots); err != nil {
		t.Fatal(err)
	}
	n, seen := 0, 0
	for _, r := range robots {
		for _, ua := range r.Instances {
			n++
			if Of(ua).Robot {
				seen++
			}
		}
	}
	t.Logf("%d of %d robots recognised", seen, n)
	if n < 2000 || seen*100 < n*80 {
		t.Errorf("%d of %d robots recognised, want 80 %%", seen, n)
	}
}

// people's browsers, as the samples name them.
var people = map[string]bool{
	"Chrome": true, "Chrome Mobile": true, "Chrome Mobile iOS": true, "Chrome Mobile WebView": true, "Chromium": true, "Firefox": true,
	"Firefox Mobile": true, "Firefox iOS": true, "Firefox Focus": true, "Safari": true, "Mobile Safari": true, "Mobile Safari UI/WKWebView": true,
	"Edge": true, "Edge Mobile": true, "Opera": true, "Opera Mobile": true, "Opera Mini": true, "Opera Tablet": true, "IE": true, "IE Mobile": true,
	"Samsung Internet": true, "UC Browser": true, "Android": true, "Vivaldi": true, "Yandex Browser": true, "DuckDuckGo Mobile": true, "Facebook": true,
	"Instagram": true, "Brave": true, "QQ Browser": true, "QQ Browser Mobile": true, "MIUI Browser": true, "Amazon Silk": true, "LinkedIn": true,
	"TikTok": true, "Snapchat": true, "Google": true, "Coc Coc": true,
}

// A person taken for a robot loses a candidate click: one in a hundred at most.
func TestPeopleAreNoRobots(t *testing.T) {
	n, robots := 0, 0
	for _, name := range []string{"test_ua.yaml", "firefox_user_agent_strings.yaml"} {
		data, err := os.ReadFile(need.Shared(t, "samples/clicks/ua_tests/"+name))
		if err != nil {
			t.Fatal(err)
		}
		ua := ""
		for line := range strings.Lines(string(data)) {
			line = strings.TrimPrefix(strings.TrimSpace(line), "- ")
			if v, ok := strings.CutPrefix(line, "user_agent_string:"); ok {
				ua = strings.Trim(strings.TrimSpace(v), `'"`)
			}
			v, ok := strings.CutPrefix(line, "family:")
			if !ok || !people[strings.Trim(strings.TrimSpace(v), `'"`)] {
				continue
			}
			n++
			if Of(ua).Robot {
				robots++
				t.Logf("taken for a robot: %s", ua)
			}
		}
	}
	if n < 300 || robots*100 > n {
		t.Errorf("%d of %d browsers taken for robots, want 1 %% at most", robots, n)
	}
}
