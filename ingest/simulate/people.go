package simulate

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"lostlink/ingest/table"
)

// person is somebody with browsers and addresses: a customer, or a passer-by.
type person struct {
	id       uint64 // seeds the addresses
	kind     string // referred, typed or organic
	country  *country
	first    string
	last     string
	email    string
	payEmail string
	key      string // the vendor's customer key, "" for passers-by
	browsers []browser
	office   int64 // -1: none
	homeDays float64
	events   []event // in time order

	partner  int // who sent them, -1 none
	by       int // of a typed customer: index into Causes.TypedBy
	coupon   string
	leaked   bool
	mailed   bool // clicks carry the e-mail
	existing bool // signed up before the period
	self     bool // a partner with their own link
	null     bool // the sign-up says "null" for a visitor id
	fixed    bool // added to the platform by hand
	fixedAt  table.Time
	updates  float64

	signup   int // index of the sign-up event, -1 none
	outcome  outcome
	cases    []Cause
	notTied  bool
	payments []*payment
	consents []consent
}

func (p *person) name() string { return p.first + " " + p.last }

// consent is an answer to the cookie banner.
type consent struct {
	at      table.Time
	b       int
	net     network
	denied  bool
	visitor string // "" after a refusal
}

// country carries the share of customers, the first octets its (made-up)
// addresses use, its currency and whether the cookie banner is taken seriously.
type country struct {
	code, currency string
	weight         float64
	eu             bool
	octets         []byte
}

var countries = []country{
	{"US", "USD", 30, false, []byte{73, 98, 174}}, {"CA", "CAD", 7, false, []byte{99, 142}}, {"GB", "GBP", 10, true, []byte{81, 86, 90}},
	{"DE", "EUR", 11, true, []byte{78, 84, 91}}, {"FR", "EUR", 7, true, []byte{82, 90, 176}}, {"NL", "EUR", 4, true, []byte{77, 145}},
	{"ES", "EUR", 4, true, []byte{79, 88}}, {"IT", "EUR", 4, true, []byte{79, 93}}, {"PL", "PLN", 4, true, []byte{83, 89}},
	{"SE", "SEK", 4, true, []byte{81, 90}}, {"AU", "AUD", 5, false, []byte{101, 110}}, {"BR", "BRL", 4, false, []byte{177, 189}},
	{"IN", "INR", 4, false, []byte{103, 117}}, {"JP", "JPY", 4, false, []byte{126, 133}},
}

var (
	firstNames = []string{"Aiko", "Bo", "Cleo", "Dario", "Elif", "Finn", "Gita", "Hugo", "Ines", "Jonas", "Kaya", "Lena", "Milo", "Nora",
		"Omar", "Petra", "Quinn", "Rosa", "Sven", "Tara", "Uma", "Vik", "Wanda", "Xenia", "Yara", "Zoë", "José", "Łucja", "Søren", "Åsa",
		"Đorđe", "Çağla", "Renée", "Юлия", "さくら", "Mateusz", "Ngọc", "Íris"}
	lastNames = []string{"Abel", "Brandt", "Costa", "Dubois", "Eriksen", "Fischer", "Garcia", "Huang", "Ivanov", "Jansen", "Kowalski",
		"Lopez", "Müller", "Nguyễn", "Okafor", "Patel", "Quist", "Rossi", "Sato", "Tanaka", "Ueda", "Vogel", "Weber", "Xu", "Young",
		"Zhang", "D'Souza", "O'Neil", "van den Berg", "Håkansson", "Ştefan", "Орлова", "Ødegård", "Peña"}
	mailHosts = []string{"gmail.com", "gmail.com", "gmail.com", "outlook.com", "yahoo.com", "proton.me", "icloud.com"}
)

// ascii writes a name the way people spell it in an address.
func ascii(s string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(s) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		default:
			b.WriteString(spelling[r])
		}
	}
	return b.String()
}

var spelling = map[rune]string{'ë': "e", 'é': "e", 'ł': "l", 'ø': "o", 'å': "a", 'đ': "d", 'ç': "c", 'ğ': "g", 'í': "i", 'ü': "u", 'ễ': "e",
	'ş': "s", 'ñ': "n", 'ọ': "o", 'ю': "yu", 'л': "l", 'и': "i", 'я': "ya", 'о': "o", 'р': "r", 'в': "v", 'а': "a", 'さ': "sa", 'く': "ku", 'ら': "ra"}

func (m *maker) newPerson(rng *rand.Rand, number int) *person {
	p := &person{id: rng.Uint64(), office: -1, partner: -1, signup: -1, kind: "organic", updates: m.opt.People.UpdateDays}
	weights := make([]float64, len(countries))
	for i := range countries {
		weights[i] = countries[i].weight
	}
	p.country = &countries[choose(rng, weights...)]
	p.homeDays = m.opt.People.HomeDays.draw(rng)
	p.first, p.last = pick(rng, firstNames), pick(rng, lastNames)
	local := ascii(p.first) + "." + ascii(p.last)
	if chance(rng, m.opt.People.CompanyEmails) {
		p.email = fmt.Sprintf("%s@%s-%d.example", local, ascii(p.last), number)
	} else {
		p.email = fmt.Sprintf("%s%d%c@%s", local, number, 'a'+rune(rng.IntN(26)), pick(rng, mailHosts))
	}
	p.payEmail = p.email
	if chance(rng, m.opt.Traps.Offices) {
		p.office = int64(rng.IntN(1 + int(float64(m.opt.Customers)*m.opt.Traps.Offices)/m.opt.Traps.OfficeSize))
		// People of one office live in one country: its address says so.
		p.country = &countries[mix(uint64(p.office))%uint64(len(countries))]
	}
	for range 1 + choose(rng, 0.25, 0.5, 0.25) {
		p.browsers = append(p.browsers, m.newBrowser(rng, p))
	}
	return p
}

// otherEmail gives the address a person pays with.
func (m *maker) otherEmail(rng *rand.Rand, p *person, number int) string {
	local, host, _ := strings.Cut(p.email, "@")
	switch choose(rng, 1-m.opt.People.SecondEmail-m.opt.People.AliasEmail-m.opt.People.UpperEmail,
		m.opt.People.SecondEmail, m.opt.People.AliasEmail, m.opt.People.UpperEmail) {
	case 1:
		if rng.IntN(2) == 0 {
			return fmt.Sprintf("accounts@%s%d.example", ascii(p.last), number)
		}
		return fmt.Sprintf("%s%d@%s", ascii(p.last), 10+rng.IntN(90)+100*number, pick(rng, mailHosts))
	case 2:
		if host == "gmail.com" && rng.IntN(2) == 0 {
			return strings.ReplaceAll(local, ".", "") + "@" + host
		}
		return local + "+" + pick(rng, []string{"billing", "shop", "saas"}) + "@" + host
	case 3:
		return strings.ToUpper(p.email)
	}
	return p.email
}

// browser is one browser on one device.
type browser struct {
	family  string // "chrome", "safari", "firefox"; Edge and Samsung Internet are chrome
	format  string // of the user agent; %d is the major version
	version int
	phase   float64 // days until the first update
	mobile  bool
	blocked bool
	banner  bool // answers the cookie banner even though blocked
	bot     bool // format is the whole user agent
}

// inApp tells Safari's engine under another name.
func (b *browser) inApp() bool {
	return b.family == "safari" && !strings.Contains(b.format, "Version/")
}

const webkit = "AppleWebKit/605.1.15 (KHTML, like Gecko)"

var agents = []struct {
	family, format string
	lo, hi         int
	mobile         bool
	weight         float64
}{
	{"chrome", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%d.0.0.0 Safari/537.36", 134, 142, false, 30},
	{"chrome", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%d.0.0.0 Safari/537.36", 134, 142, false, 14},
	{"chrome", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%[1]d.0.0.0 Safari/537.36 Edg/%[1]d.0.0.0", 134, 142, false, 10},
	{"safari", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) " + webkit + " Version/18.%d Safari/605.1.15", 1, 6, false, 18},
	{"firefox", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:%[1]d.0) Gecko/20100101 Firefox/%[1]d.0", 136, 144, false, 6},
	{"firefox", "Mozilla/5.0 (X11; Linux x86_64; rv:%[1]d.0) Gecko/20100101 Firefox/%[1]d.0", 136, 144, false, 3},
	{"safari", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_%[1]d like Mac OS X) " + webkit + " Version/18.%[1]d Mobile/15E148 Safari/604.1", 1, 6, true, 38},
	{"safari", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) " + webkit + " Mobile/15E148 Instagram %d.0.0.28.85 (iPhone14,5; iOS 18_5; en_US; en; scale=3.00; 1170x2532; 700000000)", 378, 384, true, 4},
	{"safari", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) " + webkit + " CriOS/%d.0.7204.119 Mobile/15E148 Safari/604.1", 136, 142, true, 6},
	{"chrome", "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%d.0.0.0 Mobile Safari/537.36", 134, 142, true, 36},
	{"chrome", "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/%d.0 Chrome/130.0.0.0 Mobile Safari/537.36", 25, 28, true, 8},
}

func (m *maker) newBrowser(rng *rand.Rand, p *person) browser {
	mobile := chance(rng, m.opt.People.MobileShare)
	weights := make([]float64, len(agents))
	for i, a := range agents {
		if a.mobile == mobile {
			weights[i] = a.weight
		}
	}
	a := agents[choose(rng, weights...)]
	b := browser{family: a.family, format: a.format, version: between(rng, a.lo, a.hi), mobile: mobile, phase: rng.Float64() * 60}
	rate := m.opt.Causes.CookiesBlocked / 2
	if p.country.eu {
		rate = m.opt.Causes.CookiesBlocked * 2
	}
	b.blocked = chance(rng, rate)
	b.banner = !chance(rng, m.opt.Causes.BlockerOfBlocked)
	return b
}

// agent is the user agent the browser sends at a time.
func (m *maker) agent(p *person, b int, at table.Time) string {
	br := &p.browsers[b]
	if br.bot {
		return br.format
	}
	version := br.version
	if p.updates > 0 {
		if d := days(at-m.start) - br.phase; d > 0 {
			version += int(d / p.updates)
		}
	}
	key := agentKey{br.format, version}
	s, ok := m.agents[key]
	if !ok {
		s = fmt.Sprintf(br.format, version)
		m.agents[key] = s
	}
	return s
}

type agentKey struct {
	format  string
	version int
}

func days(t table.Time) float64 { return float64(t) / float64(table.Day) }

// network is where a browser is used.
type network int

const (
	home network = iota
	mobile
	office
)

// address is the person's address in a network at a time: a home address
// lasts for some weeks, a mobile one for a day, an office one for good.
func (p *person) address(n network, at table.Time) string {
	var h uint64
	switch {
	case n == office && p.office >= 0:
		h = mix(uint64(p.office) ^ 0x0ff1ce)
	case n == mobile:
		h = mix(p.id ^ mix(uint64(at.Date())))
	default:
		phase := float64(p.id%1000) / 1000
		h = mix(p.id + uint64(int64(days(at)/p.homeDays+phase)))
	}
	octets := p.country.octets
	var b [15]byte
	s := strconv.AppendUint(b[:0], uint64(octets[h%uint64(len(octets))]), 10)
	for _, shift := range []uint{16, 24, 32} {
		s = append(s, '.')
		s = strconv.AppendUint(s, 1+(h>>shift)%254, 10)
	}
	return string(s)
}

// network draws where a browser is used this time.
func (p *person) network(rng *rand.Rand, b int) network {
	switch {
	case p.browsers[b].mobile && chance(rng, 0.4):
		return mobile
	case !p.browsers[b].mobile && p.office >= 0 && chance(rng, 0.6):
		return office
	}
	return home
}
