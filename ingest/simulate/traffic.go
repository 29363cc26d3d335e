package simulate

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"sort"

	"lostlink/ingest/table"
)

// request is one row of the page log, or of the click log, or of both.
type request struct {
	at table.Time
	p  *person
	e  *event
}

var botAgents = []string{
	"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
	"Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
	"Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
	"facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
	"Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
	"curl/8.7.1",
}

var botCountry = country{code: "US", octets: []byte{66}}

// eachDay hands out all requests of the period day by day, each day's in order
// of time: those of the customers, and those of people who never sign up, who
// are drawn here and forgotten again.
func (m *maker) eachDay(do func(day table.Date, requests []request) error) error {
	var known []request
	for _, p := range m.people {
		for i := range p.events {
			e := &p.events[i]
			if e.kind != eventClear && e.at >= m.start && e.at < m.end {
				known = append(known, request{e.at, p, e})
			}
		}
	}
	byTime := func(r []request) {
		slices.SortStableFunc(r, func(a, b request) int { return cmp.Compare(a.at, b.at) })
	}
	byTime(known)
	var today []request
	for day := m.start.Date(); day.Start() < m.end; day++ {
		n := sort.Search(len(known), func(i int) bool { return known[i].at >= (day + 1).Start() })
		today = append(today[:0], known[:n]...)
		known = known[n:]
		today = m.passersBy(today, day)
		byTime(today)
		if err := do(day, today); err != nil {
			return err
		}
	}
	return nil
}

// passersBy adds a day's traffic of people who never sign up, and of bots.
func (m *maker) passersBy(today []request, day table.Date) []request {
	rng := newRand(m.opt.Seed, streamTraffic, uint64(day))
	t := &m.opt.Traffic
	add := func(mean float64, bot bool, act func(rng *rand.Rand, p *person, at table.Time)) {
		for range count(rng, mean) {
			p := m.newPerson(rng, 0)
			p.mailed = false
			if bot {
				p.country, p.office = &botCountry, -1
				p.browsers = []browser{{family: "bot", format: pick(rng, botAgents), bot: true, blocked: true}}
			}
			act(rng, p, day.Start()+table.Time(rng.Int64N(24*3600))*table.Second)
			if !bot {
				m.replay(p, allCauses, true)
			}
			for i := range p.events {
				e := &p.events[i]
				if bot {
					e.cookie = -1
				}
				if e.at < (day + 1).Start() {
					e.clickVisitor = e.landing() && e.given != "" && chance(rng, m.opt.Sources.ClickVisitor)
					today = append(today, request{e.at, p, e})
				}
			}
		}
	}
	add(t.Visitors, false, func(rng *rand.Rand, p *person, at table.Time) {
		referrer, query := organicSource(rng)
		m.session(rng, p, 0, at, pick(rng, []string{"/", "/", "/pricing", "/features"}), referrer, query)
	})
	add(t.Clickers, false, func(rng *rand.Rand, p *person, at table.Time) {
		m.visitBy(rng, p, 0, at, choose(rng, m.partnerWeights...))
	})
	add(t.Pasted, false, func(rng *rand.Rand, p *person, at table.Time) {
		m.visitBy(rng, p, 0, at, 0)
		m.paste(rng, p, &p.events[0])
	})
	for _, f := range m.site.frozen {
		if f.day == day {
			add(1, false, func(rng *rand.Rand, p *person, at table.Time) {
				p.events = []event{{at: at, path: f.page, partner: f.partner, click: f.click}}
			})
		}
	}
	add(t.Bots, true, func(rng *rand.Rand, p *person, at table.Time) {
		m.visitBy(rng, p, 0, at, rng.IntN(len(m.site.partners)))
		p.events = p.events[:1]
		p.events[0].referrer = ""
	})
	add(t.Crawlers, true, func(rng *rand.Rand, p *person, at table.Time) {
		m.session(rng, p, 0, at, pick(rng, m.site.pages).path, "", "")
	})
	return today
}
