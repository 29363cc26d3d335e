package gap

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Verdict is the outcome for one journey.
type Verdict struct {
	Case        Slug
	Probability float64
	Ranking     map[Slug]float64 // every slug, rounded to 4 decimals, summing to about 1
	RunnerUp    Slug
	PartnerKey  string
	Click       *Click // the click that should have been credited, nil if none
	Candidates  []Candidate
	Suggest     Suggestion
	Reason      string
	Findings    []Finding // strongest first
	WouldDecide []string
}

// Judge weighs all findings of all cases over a journey with the weights
// lostlink ships with.
func Judge(j *Journey) Verdict { return JudgeWith(j, &DefaultWeights) }

// JudgeWith is [Judge] with other weights; [Weights] says how they add up to a
// ranking.
func JudgeWith(j *Journey, w *Weights) Verdict {
	var v Verdict
	// The causes of a click among themselves, then their kind against the others.
	var score [len(cases)]float64
	for i, c := range cases {
		score[i] = w.Base[c.Slug]
	}
	seen := Observe(j)
	for i := range seen {
		if s := seen[i].Case; s != AnyClick {
			score[place(s)] += w.Of(seen[i].Key)
		}
	}
	byClick := math.Inf(-1)
	likeliest := Slug("")
	for i, c := range cases {
		if c.ByClick && (likeliest == "" || score[i] > byClick) {
			byClick, likeliest = score[i], c.Slug
		}
	}
	ties := w.Click
	for i := range seen {
		f := Finding{Name: seen[i].Name, Case: seen[i].Case, What: seen[i].What, Weight: w.Of(seen[i].Key), Rows: seen[i].Rows}
		if f.Case == AnyClick {
			ties += f.Weight
			f.Case = likeliest
		}
		v.Findings = append(v.Findings, f)
	}
	causes := 0.0
	for i, c := range cases {
		if c.ByClick {
			causes += math.Exp(score[i] - byClick)
		}
	}
	for i, c := range cases {
		if c.ByClick {
			score[i] += ties - byClick - math.Log(causes)
		}
	}
	top := slices.Max(score[:])
	sum := 0.0
	for i := range score {
		score[i] = math.Exp(score[i] - top)
		sum += score[i]
	}
	v.Ranking = make(map[Slug]float64, len(cases))
	order := make([]int, len(cases))
	for i, c := range cases {
		score[i] /= sum
		order[i] = i
		v.Ranking[c.Slug] = round(score[i])
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(score[b], score[a]) })
	v.Case, v.RunnerUp = cases[order[0]].Slug, cases[order[1]].Slug
	v.Probability = round(score[order[0]])
	v.keepTelling()
	v.who(j)
	v.propose(j)
	v.whatWouldDecide(j)
	return v
}

// round keeps four decimals: more would promise what no evidence gives.
func round(p float64) float64 { return math.Round(p*1e4) / 1e4 }

// keepTelling drops the findings of cases that are out of the question and
// orders the rest: those of the verdict first, then by strength.
func (v *Verdict) keepTelling() {
	v.Findings = slices.DeleteFunc(v.Findings, func(f Finding) bool { return v.Ranking[f.Case] < 0.005 && f.Case != v.Case })
	slices.SortStableFunc(v.Findings, func(a, b Finding) int {
		mine := func(f Finding) int {
			if f.Case == v.Case {
				return 0
			}
			return 1
		}
		return cmp.Or(cmp.Compare(mine(a), mine(b)), cmp.Compare(math.Abs(b.Weight), math.Abs(a.Weight)), cmp.Compare(a.Case, b.Case), cmp.Compare(a.Name, b.Name))
	})
}

// who finds the partner the verdict points at, and the others in question.
func (v *Verdict) who(j *Journey) {
	last := j.Last()
	switch v.Case {
	case NoPartnerSignal:
	case PaymentNotTied:
		v.PartnerKey = j.Credited.PartnerKey
		v.Click = last
	case ManualURL:
		v.PartnerKey = j.hinted()
	default:
		if last != nil {
			v.PartnerKey, v.Click = last.PartnerKey, last
		}
	}
	seen := map[string]bool{}
	for i := len(j.Clicks) - 1; i >= 0; i-- {
		c := &j.Clicks[i]
		if !seen[c.PartnerKey] {
			seen[c.PartnerKey] = true
			v.Candidates = append(v.Candidates, CandidateOf(c))
		}
	}
	for _, list := range [][]Hint{j.Vanity, j.PartnerPages, j.Named, j.Coupons, j.Claims} {
		for i := len(list) - 1; i >= 0; i-- {
			if h := list[i]; !seen[h.PartnerKey] {
				seen[h.PartnerKey] = true
				v.Candidates = append(v.Candidates, Candidate{PartnerKey: h.PartnerKey, Tie: h.What})
			}
		}
	}
}

// CandidateOf puts a click into the list of those in question.
func CandidateOf(c *Click) Candidate {
	return Candidate{PartnerKey: c.PartnerKey, ClickedAt: c.At, Clicked: c.At.String(), Tie: c.Tie.String(), Sure: c.Tie.Sure(), Others: c.Others}
}

// hinted gives the partner the hints point at, the strongest kind first.
func (j *Journey) hinted() string {
	for _, list := range [][]Hint{j.Vanity, j.PartnerPages, j.Named, j.Coupons, fitting(j.Claims, true), j.Claims} {
		if len(list) > 0 {
			return list[len(list)-1].PartnerKey
		}
	}
	return ""
}

// propose says what to do, and in one sentence why.
func (v *Verdict) propose(j *Journey) {
	v.Reason = v.because()
	last := j.Last()
	switch {
	case v.Case == NoPartnerSignal:
		v.Suggest = None
		if len(j.After) > 0 && len(j.Clicks) == 0 {
			v.Reason = "No reward: the customer signed up or bought before they first followed a partner's link."
		} else if j.leaked() {
			v.Reason = "No reward: the coupon is used by many who have no other tie to its partner."
		} else if len(j.Claims) > 0 {
			v.Reason = "No reward: nothing in the records supports the partner's claim."
		}
	case v.PartnerKey != "" && j.OwnPartner == v.PartnerKey:
		v.Suggest, v.Reason = None, "No reward: the customer is the partner, by e-mail address or domain."
	case v.Case == CookieExpired:
		v.Suggest = Ask
	case last != nil && last.Reused && v.Click == last:
		v.Suggest = Ask
		v.Reason += " The click id was issued to somebody else: a pasted address was followed."
	case v.Case == ManualURL || v.deserved() < 0.6 || last != nil && !last.Tie.Sure() && v.Case != PaymentNotTied:
		v.Suggest = Ask
	default:
		v.Suggest = Reward
	}
	if j.leaked() && v.Case == ManualURL && len(j.Vanity)+len(j.PartnerPages)+len(j.Named)+len(fitting(j.Claims, true)) == 0 {
		v.Suggest, v.Reason = None, "No reward: the coupon is used by many who have no other tie to its partner."
	}
	if last != nil && last.Tie == TieAddress && len(j.Claims) == 0 && v.Click == last {
		v.Suggest, v.Reason = None, "No reward on an address alone: "+v.because()
	}
}

// deserved is the probability that a partner is owed whatever the cause: which
// of two causes lost the link moves no reward.
func (v *Verdict) deserved() float64 {
	p := v.Ranking[PaymentNotTied]
	for _, c := range cases {
		if c.ByClick && c.Slug != CookieExpired {
			p += v.Ranking[c.Slug]
		}
	}
	return p
}

// because puts the strongest finding of the case into a sentence, and behind it
// how the click is tied to the customer.
func (v *Verdict) because() string {
	var own, tie string
	for _, f := range v.Findings {
		if f.Case != v.Case || f.Weight <= 0 {
			continue
		}
		if strings.HasPrefix(f.Name, "click_by_") {
			tie = f.What
		} else if own == "" {
			own = f.What
		}
	}
	switch {
	case own != "" && tie != "":
		return Sentence(own + "; " + tie)
	case own+tie != "":
		return Sentence(own + tie)
	}
	return Sentence(v.Findings[0].What)
}

// Sentence gives a capital and a full stop.
func Sentence(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	// growsumo.data keeps its small letter.
	if !strings.HasPrefix(s, "growsumo") {
		s = string(unicode.ToUpper(r)) + s[n:]
	}
	return strings.TrimSuffix(s, ".") + "."
}

// whatWouldDecide names the sources that would settle a near tie.
func (v *Verdict) whatWouldDecide(j *Journey) {
	add := func(s string) {
		if !slices.Contains(v.WouldDecide, s) {
			v.WouldDecide = append(v.WouldDecide, s)
		}
	}
	// Without checks the faults of the site look alike however sure one of them
	// seems.
	if siteFault(v.Case) && !j.Landing.Checked && !j.SignupPage.Checked {
		add(DecidedByPageChecks)
		if !j.Has.Cookies {
			add(DecidedByCookies)
		}
	}
	if v.Ranking[v.RunnerUp] < v.Probability/2 {
		return
	}
	pair := map[Slug]bool{v.Case: true, v.RunnerUp: true}
	has := func(ss ...Slug) bool {
		n := 0
		for _, s := range ss {
			if pair[s] {
				n++
			}
		}
		return n >= 2 || n == 1 && len(ss) == 1
	}
	if has(SnippetBroken, DataOverwritten, PublicKeyMissing, SafariNoSnippet) && !(j.Landing.Checked && j.SignupPage.Checked) {
		add(DecidedByPageChecks)
		if !j.Has.Cookies {
			add(DecidedByCookies)
		}
	}
	if !j.Has.Signups && v.Case != NoPartnerSignal {
		add(DecidedBySignups)
	}
	if has(CookiesBlocked) && !j.Has.Consents {
		add(DecidedByConsents)
	}
	if has(CookiesCleared, DeviceSwitch, CookiesBlocked) && !j.Has.VisitorIDs {
		add(DecidedByVisitorIDs)
	}
	if has(NoPartnerSignal) {
		add(DecidedByQuestions)
	}
	if j.Has.LogHole {
		add(DecidedByLogDays)
	}
	// Where every source is there, only people know more.
	if len(v.WouldDecide) == 0 {
		add(DecidedByQuestions)
	}
}

// siteFault tells whether a case is a fault of the site that only a look at the
// page, or the cookies in the log, tells from the other such faults.
func siteFault(s Slug) bool {
	return s == SnippetBroken || s == DataOverwritten || s == PublicKeyMissing
}
