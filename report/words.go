package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"lostlink/reconcile/gap"
	"lostlink/report/review"
)

// names puts partner keys into words.
type names struct {
	display map[string]string
}

func newNames(res *gap.Result) *names {
	keys := map[string]bool{}
	for k := range res.PartnerNames {
		keys[k] = true
	}
	for i := range res.Gaps {
		keys[res.Gaps[i].PartnerKey] = true
		for _, c := range res.Gaps[i].Candidates {
			keys[c.PartnerKey] = true
		}
	}
	for i := range res.Answers {
		keys[res.Answers[i].PartnerKey], keys[res.Answers[i].Credited] = true, true
	}
	for i := range res.Contested {
		c := &res.Contested[i]
		keys[c.Credited], keys[c.LastClick] = true, true
		for _, o := range c.Others {
			keys[o.PartnerKey] = true
		}
	}
	delete(keys, "")
	bearers := map[string]int{}
	for k := range keys {
		bearers[strings.ToLower(cmp.Or(strings.TrimSpace(res.PartnerNames[k]), k))]++
	}
	n := &names{display: map[string]string{}}
	for k := range keys {
		name := cmp.Or(strings.TrimSpace(res.PartnerNames[k]), k)
		if bearers[strings.ToLower(name)] > 1 {
			name = fmt.Sprintf("%s (%s)", name, k)
		}
		n.display[k] = name
	}
	return n
}

func (n *names) of(key string) string { return n.display[key] }

// PartnerChoice is one partner that a row can be credited to.
type PartnerChoice struct {
	Name string `json:"name"` // as people read it; unique
	Key  string `json:"partner_key"`
	// Email is the partner's address, "" if unknown.
	Email string `json:"email,omitempty"`
}

// PartnerChoices lists every partner known to the run, by name. Names are
// unique: partners of one name carry their key in it.
func (r *Report) PartnerChoices() []PartnerChoice {
	var out []PartnerChoice
	for k, name := range r.names.display {
		out = append(out, PartnerChoice{Name: name, Key: k, Email: strings.TrimSpace(r.Result.PartnerEmails[k])})
	}
	slices.SortFunc(out, func(a, b PartnerChoice) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.Key, b.Key))
	})
	return out
}

// PartnerName gives the partner as people read it, the key itself where the
// run knows no name, "" for no partner.
func (r *Report) PartnerName(key string) string { return cmp.Or(r.names.of(key), key) }

func causeText(c gap.Case) string { return c.Code + " " + c.Title }

// CauseText is a case as people read it: "C05 Cookie expired".
func CauseText(s gap.Slug) string { return causeText(gap.CaseOf(s)) }

func (r *Report) item(g *gap.Gap) Item {
	it := Item{
		Gap:        g,
		AtStake:    AtStake(g),
		Cause:      CauseText(g.Case),
		Confidence: gap.ConfidenceOf(g.Probability),
		Partner:    r.PartnerName(g.PartnerKey),
		Why:        r.why(g),
		NextStep:   nextStep(g),
		Earlier:    r.earlier[g.GapID],
	}
	if it.Earlier != nil {
		it.Why = strings.TrimSpace(it.Earlier.words() + " " + it.Why)
	}
	if g.Suggest != gap.None {
		it.Commission, it.Estimated = r.Options.Estimate(it.AtStake, g.Currency, g.PartnerKey, g.First)
	}
	return it
}

// words puts an earlier decision into a sentence or two.
func (e *Earlier) words() string {
	text := "Earlier: " + strings.ToLower(VerdictText(e.Verdict))
	if len(e.Changed) > 0 {
		text = "Revised: decided before (" + strings.ToLower(VerdictText(e.Verdict))
	}
	if e.On != 0 {
		text += " on " + e.On.String()
	}
	if e.By != "" {
		text += " by " + e.By
	}
	if len(e.Changed) > 0 {
		text += "); since then " + list(e.Changed)
	}
	if e.Note != "" {
		text += fmt.Sprintf(": “%s”", strings.Join(strings.Fields(e.Note), " "))
	}
	return text + "."
}

// VerdictText is a verdict as people read it: "Ask partner".
func VerdictText(v review.Verdict) string {
	switch v {
	case review.Approve:
		return "Approve"
	case review.Decline:
		return "Decline"
	case review.Ask:
		return "Ask partner"
	case review.Later:
		return "Later"
	}
	return string(v)
}

// why gives the reason and what a decision should know besides: a near tie,
// what would settle it, other partners.
func (r *Report) why(g *gap.Gap) string {
	parts := []string{g.Reason}
	if g.NearTie() {
		parts = append(parts, fmt.Sprintf("Nearly as likely: %s.", CauseText(g.RunnerUp)))
		if len(g.WouldDecide) > 0 {
			parts = append(parts, fmt.Sprintf("Would decide: %s.", list(g.WouldDecide)))
		}
	}
	var others []string
	for _, c := range g.Candidates {
		if name := r.PartnerName(c.PartnerKey); c.PartnerKey != g.PartnerKey && !slices.Contains(others, name) {
			others = append(others, name)
		}
	}
	if others != nil {
		parts = append(parts, fmt.Sprintf("Also clicked: %s.", list(others)))
	}
	return strings.TrimSpace(strings.Join(parts, " "))
}

func nextStep(g *gap.Gap) string {
	first := ""
	if steps := gap.CaseOf(g.Case).Steps; len(steps) > 0 {
		first = steps[0]
	}
	switch g.Suggest {
	case gap.Reward:
		return first
	case gap.Ask:
		if strings.Contains(first, "three questions") {
			return first
		}
		return "Ask the partner the three questions first (see About). " + first
	}
	return "No reward is suggested: decline, unless you know more."
}

// list joins words: "a", "a and b", "a, b and c".
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// headlineMoney is how many currencies the headline names; one more is named
// rather than counted.
const headlineMoney = 3

// headline answers in two or three sentences how much is at stake and why.
func (r *Report) headline() string {
	decided, cut := r.NotShown()
	if len(r.Review) == 0 {
		if decided+cut == 0 {
			return "No purchase without credit points to a partner."
		}
		return "Nothing is left to decide." + notShown(decided, cut, "purchase", "purchases")
	}
	sums := gap.Sum{}
	suggested := map[gap.Suggestion]int{}
	for i := range r.Review {
		sums.Add(r.Review[i].Gap.Currency, r.Review[i].AtStake)
		suggested[r.Review[i].Gap.Suggest]++
	}
	var money []string
	for i, c := range r.Currencies {
		if rest := len(r.Currencies) - i; i == headlineMoney && rest > 1 {
			money = append(money, fmt.Sprintf("%d further currencies", rest))
			break
		}
		money = append(money, Money(sums.Minor[c], c))
	}
	n := len(r.Review)
	text := fmt.Sprintf("%s but no partner credit: %s.", count(n, "purchase shows a partner signal", "purchases show a partner signal"), list(money))
	text += fmt.Sprintf(" Suggested: %s, %s, %s.", count(suggested[gap.Reward], "reward", "rewards"),
		count(suggested[gap.Ask], "question to the partner", "questions to partners"), count(suggested[gap.None], "without reward", "without reward"))
	if main := sums.Minor[r.MainCurrency]; main > 0 {
		a, b := r.Causes[0], r.Causes[1]
		of := func(c CauseTotal) int64 { return c.AtStake.Minor[r.MainCurrency] }
		if of(b) == 0 {
			text += fmt.Sprintf(" The %s amount has one cause: %s.", r.MainCurrency, a.Case.Title)
		} else {
			share := float64(of(a)+of(b)) / float64(main)
			text += fmt.Sprintf(" %.0f %% of the %s amount has two causes: %s; %s.", 100*share, r.MainCurrency, a.Case.Title, b.Case.Title)
		}
	}
	return text + notShown(decided, cut, "further one", "further ones")
}

// NotShown counts the purchases with a sign of a partner that are not on
// Review: those decided before, and those below the threshold or beyond the
// row limit.
func (r *Report) NotShown() (decided, cut int) {
	for _, u := range r.NotListed {
		switch u.Reason {
		case BelowThreshold, BeyondLimit:
			cut += u.Sum.Count
		case ApprovedBefore, DeclinedBefore:
			decided += u.Sum.Count
		}
	}
	return decided, cut
}

// notShown says what NotShown counted, in sentences to append.
func notShown(decided, cut int, one, many string) string {
	text := ""
	if decided > 0 {
		text += fmt.Sprintf(" %s decided before.", count(decided, one+" was", many+" were"))
	}
	if cut > 0 {
		text += fmt.Sprintf(" %s not listed (see Tie-out).", count(cut, "further purchase is", "further purchases are"))
	}
	return text
}

func count(n int, one, many string) string {
	word := many
	if n == 1 {
		word = one
	}
	return fmt.Sprintf("%s %s", thousands(fmt.Sprint(n)), word)
}
