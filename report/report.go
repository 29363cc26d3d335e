package report

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"

	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
	"lostlink/report/review"
)

// Report is what a run has to say, ready to be laid out. Sums of Review and of
// all totals are amounts at stake (gross less what was given back so far);
// those of NotListed and of the tie-out are gross.
type Report struct {
	Options      Options
	Run          Run
	Result       *gap.Result
	MainCurrency string // "" only when nothing was read
	Headline     string
	// Currencies are those on Review: the main one first, then those with more
	// rows.
	Currencies []string
	// Review holds the purchases put before people, in the order of the sheet.
	Review    []Item
	NotListed []Unlisted
	// Causes has all thirteen cases, those with the most at stake in the main
	// currency first.
	Causes   []CauseTotal
	Partners []PartnerTotal
	Weeks    []Week
	// Missing are the sources there are not: those first that would settle near
	// ties over the most money.
	Missing []gap.MissingSource

	gaps    []*gap.Gap // as written to the files; they stand in Result
	names   *names
	earlier map[string]*Earlier // by gap id
}

// Item is one purchase on Review.
type Item struct {
	Gap     *gap.Gap
	AtStake int64 // minor units
	// Commission is what it would likely have earned, in minor units;
	// Estimated is false when no rule fits or no reward is suggested.
	Commission int64
	Estimated  bool
	Cause      string // "C05 Cookie expired"
	Confidence gap.Confidence
	Partner    string // suggested, as people read it; "" if none
	PartnerNo  int    // index in Report.Partners counted from 1
	Why        string
	NextStep   string
	// Earlier is what was decided before this run, nil for nothing. Why begins
	// with it.
	Earlier *Earlier
}

// Earlier is what people decided about a gap before this run.
type Earlier struct {
	GapID   string
	Verdict review.Verdict
	On      table.Date // 0 if unknown
	By      string     // "" if unknown
	Note    string
	// Done tells that what was approved is created, or on its way.
	Done bool
	// Changed says what has changed since, a phrase each: "the amount was EUR
	// 29.00, is EUR 19.00".
	Changed []string
}

// decided tells whether the gap needs nobody any more.
func (e *Earlier) decided() bool {
	return len(e.Changed) == 0 && (e.Verdict == review.Decline || e.Verdict == review.Approve && e.Done)
}

// Days gives the whole days from click to sign-up; ok is false unless both are
// known.
func (it *Item) Days() (days int, ok bool) {
	if it.Gap.ClickedAt == 0 || it.Gap.SignedUpAt == 0 {
		return 0, false
	}
	return int((it.Gap.SignedUpAt - it.Gap.ClickedAt) / table.Day), true
}

// Reason says why purchases without attribution are not on Review.
type Reason string

// The reasons, in the order they are shown.
const (
	Ordinary       Reason = "ordinary purchases: nothing points to a partner"
	ApprovedBefore Reason = "approved before"
	DeclinedBefore Reason = "declined before"
	BelowThreshold Reason = "below the review threshold"
	BeyondLimit    Reason = "beyond the row limit of Review"
)

// Reasons lists the reasons in the order they are shown.
func Reasons() []Reason {
	return []Reason{Ordinary, ApprovedBefore, DeclinedBefore, BelowThreshold, BeyondLimit}
}

// decidedBefore is the reason for an earlier verdict.
func decidedBefore(v review.Verdict) Reason {
	if v == review.Decline {
		return DeclinedBefore
	}
	return ApprovedBefore
}

// Unlisted counts purchases that are not on Review, by reason and case.
type Unlisted struct {
	Reason Reason
	Case   gap.Slug
	Sum    gap.Sum // gross
}

// New orders and adds up a result. The options must have passed
// [Options.Check]. It fails when the tie-out does not tie, or when the gaps
// are not the purchases that the tie-out counts as without attribution (whose
// money is Gap.Amount, gross).
func New(res *gap.Result, run Run, opt Options) (*Report, error) {
	if err := opt.Check(); err != nil {
		return nil, err
	}
	if err := res.TieOut.Check(); err != nil {
		return nil, err
	}
	r := &Report{Options: opt, Run: run, Result: res, gaps: make([]*gap.Gap, len(res.Gaps)), names: newNames(res), earlier: map[string]*Earlier{}}
	for i := range run.Earlier {
		r.earlier[run.Earlier[i].GapID] = &run.Earlier[i]
	}
	for i := range res.Gaps {
		r.gaps[i] = &res.Gaps[i]
	}
	slices.SortFunc(r.gaps, func(a, b *gap.Gap) int {
		return cmp.Or(cmp.Compare(a.PurchasedAt, b.PurchasedAt), cmp.Compare(a.PurchaseID, b.PurchaseID), cmp.Compare(a.GapID, b.GapID))
	})
	if err := r.tie(); err != nil {
		return nil, err
	}
	listed := r.choose()
	r.Review = make([]Item, len(listed))
	for i, c := range listed {
		r.Review[i] = r.item(c.gap)
	}
	r.total()
	r.Headline = r.headline()
	return r, nil
}

// tie makes sure that every purchase without attribution is a gap record.
func (r *Report) tie() error {
	check := gap.TieOut{}
	if s := r.Result.TieOut.Placed[gap.Unattributed]; s != nil {
		check.Read = *s
	}
	for i := range r.gaps {
		check.Place(gap.Unattributed, r.gaps[i].Currency, r.gaps[i].Amount)
	}
	if err := check.Check(); err != nil {
		return fmt.Errorf("gap records against purchases without attribution: %w", err)
	}
	return nil
}

// candidate is a gap on its way to Review with what its place depends on.
type candidate struct {
	gap   *gap.Gap
	worth *big.Int // nil: no rate
}

// choose puts the gaps with a partner signal in order, cuts what is below the
// thresholds or beyond the limit, and counts all that is left out.
func (r *Report) choose() []candidate {
	thresholds := map[string]int64{}
	for _, t := range r.Options.Thresholds {
		thresholds[t.Currency] = t.Minor
	}
	left := map[Reason]map[gap.Slug]*gap.Sum{}
	leave := func(why Reason, g *gap.Gap) {
		if left[why] == nil {
			left[why] = map[gap.Slug]*gap.Sum{}
		}
		if left[why][g.Case] == nil {
			left[why][g.Case] = &gap.Sum{}
		}
		left[why][g.Case].Add(g.Currency, g.Amount)
	}
	var listed []candidate
	rows := map[string]int{}
	for i := range r.gaps {
		g := r.gaps[i]
		earlier := r.earlier[g.GapID]
		switch {
		case earlier != nil && earlier.decided():
			leave(decidedBefore(earlier.Verdict), g)
		case earlier != nil && len(earlier.Changed) > 0:
			listed = append(listed, candidate{gap: g})
			rows[g.Currency]++
		case !g.HasPartnerSignal():
			leave(Ordinary, g)
		case AtStake(g) < thresholds[g.Currency]:
			leave(BelowThreshold, g)
		default:
			listed = append(listed, candidate{gap: g})
			rows[g.Currency]++
		}
	}
	r.MainCurrency = r.mainCurrency(rows)
	w := newWorth(r.MainCurrency, r.Options.Rates)
	for i := range listed {
		listed[i].worth = w.of(AtStake(listed[i].gap), listed[i].gap.Currency)
	}
	slices.SortFunc(listed, byStake)
	if over := min(len(listed), r.Options.ReviewRowsMax); over < len(listed) {
		for _, c := range listed[over:] {
			leave(BeyondLimit, c.gap)
		}
		listed = listed[:over]
	}
	for _, why := range Reasons() {
		for _, c := range gap.Cases() {
			if s := left[why][c.Slug]; s != nil {
				r.NotListed = append(r.NotListed, Unlisted{why, c.Slug, *s})
			}
		}
	}
	return listed
}

// byStake orders rows for review: those that may carry a reward first, then
// the largest amount at the given rates, then what has no rate by currency and
// amount.
func byStake(a, b candidate) int {
	none := func(c candidate) int {
		if c.gap.Suggest == gap.None {
			return 1
		}
		return 0
	}
	unrated := func(c candidate) int {
		if c.worth == nil {
			return 1
		}
		return 0
	}
	if c := cmp.Or(cmp.Compare(none(a), none(b)), cmp.Compare(unrated(a), unrated(b))); c != 0 {
		return c
	}
	if a.worth != nil {
		if c := b.worth.Cmp(a.worth); c != 0 {
			return c
		}
	}
	return cmp.Or(cmp.Compare(a.gap.Currency, b.gap.Currency), cmp.Compare(AtStake(b.gap), AtStake(a.gap)),
		cmp.Compare(a.gap.GapID, b.gap.GapID))
}

// mainCurrency is the configured one, else the most frequent on Review, else
// the first that was read.
func (r *Report) mainCurrency(rows map[string]int) string {
	if r.Options.MainCurrency != "" {
		return r.Options.MainCurrency
	}
	best := ""
	for _, c := range r.Result.TieOut.Currencies() {
		if best == "" || rows[c] > rows[best] {
			best = c
		}
	}
	return best
}

// AtStake is what is left of a purchase, in minor units.
func AtStake(g *gap.Gap) int64 { return g.Amount - g.Refunded }
