package reconcile_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"lostlink/ingest/simulate"
	"lostlink/reconcile/gap"
)

// claiming draws a small vendor whose partners claim a lot.
func claiming(seed uint64) simulate.Options {
	opt := small(seed)
	opt.Customers = 220
	opt.Sources.Claims = true
	t := &opt.Traps
	t.ClaimLost, t.ClaimTyped, t.ClaimFalse, t.ClaimCredited, t.ClaimNobody = 0.5, 0.5, 0.1, 0.12, 8
	return opt
}

// Every claim is answered once, in order, and an answer says what its kind
// promises.
func TestEveryClaimIsAnswered(t *testing.T) {
	n := 0
	for seed := range uint64(6) {
		v := makeVendor(t, claiming(300+seed))
		res := run(t, v.set, v.opt)
		claims := v.set.Claims.Rows()
		n += len(claims)
		if len(res.Answers) != len(claims) {
			t.Errorf("seed %d: %d claims, %d answers", seed, len(claims), len(res.Answers))
		}
		gaps := map[string]*gap.Gap{}
		for i := range res.Gaps {
			gaps[res.Gaps[i].GapID] = &res.Gaps[i]
		}
		rows := map[gap.Row]bool{}
		for i, a := range res.Answers {
			if rows[a.Row] {
				t.Errorf("seed %d: the claim of %v is answered twice", seed, a.Row)
			}
			rows[a.Row] = true
			if i > 0 && (a.ClaimedAt < res.Answers[i-1].ClaimedAt || a.ClaimedAt == res.Answers[i-1].ClaimedAt && a.ClaimID < res.Answers[i-1].ClaimID) {
				t.Errorf("seed %d: %s is out of order", seed, a.ClaimID)
			}
			if !slices.Contains(gap.AnswerKinds(), a.Answer) || a.What == "" || len(a.Rows) == 0 {
				t.Errorf("seed %d: %s is answered %q, %q, with %d rows", seed, a.ClaimID, a.Answer, a.What, len(a.Rows))
			}
			for _, id := range a.GapIDs {
				if g := gaps[id]; g == nil || !g.HasPartnerSignal() || !slices.Contains(a.PurchaseIDs, g.PurchaseID) {
					t.Errorf("seed %d: %s points at %s, which is not in review or not of its purchases", seed, a.ClaimID, id)
				}
			}
			found := a.Fits == 1 && a.FoundBy != ""
			bought := len(a.PurchaseIDs) > 0
			switch a.Answer {
			case gap.AnswerGap:
				found = found && bought && len(a.GapIDs) == len(a.PurchaseIDs)
			case gap.AnswerContested, gap.AnswerCreditedToAnother:
				found = found && bought && a.Credited != "" && a.Credited != a.PartnerKey
			case gap.AnswerCredited:
				found = found && bought && a.CreditedAt != 0
			case gap.AnswerNoPartnerSignal, gap.AnswerExcluded:
				found = found && bought
			case gap.AnswerNoPurchase:
				found = found && !bought
			default:
				found = !found && !bought && a.FoundBy == "" && len(a.Questions) > 0
			}
			if !found {
				t.Errorf("seed %d: %+v does not hold what its kind promises", seed, a)
			}
		}
	}
	if n < 150 {
		t.Errorf("%d claims only", n)
	}
}

// tally counts answers by what is true. A gap that rests on the claim alone is
// counted apart: whether such a claim is true, no record knows.
type tally map[string]map[string]int

const claimOnly = "gap by the claim alone"

func (c tally) add(t *testing.T, v *vendor, res *gap.Result) (right, known int) {
	answers, gaps, truths := map[string]gap.Answer{}, map[string]*gap.Gap{}, map[string]simulate.Truth{}
	for _, a := range res.Answers {
		answers[a.ClaimID] = a
	}
	for i := range res.Gaps {
		gaps[res.Gaps[i].GapID] = &res.Gaps[i]
	}
	for _, x := range v.Truth {
		truths[x.PurchaseID] = x
	}
	for _, x := range v.Claims {
		a, truth := answers[x.ID], truths[x.PurchaseID]
		says := string(a.Answer)
		if a.Answer == gap.AnswerGap && gaps[a.GapIDs[0]].ClaimOnly() {
			says = claimOnly
		}
		is := x.Answer
		var fit []string
		switch x.Answer {
		case simulate.AnswerCredited:
			fit = []string{string(gap.AnswerCredited)}
			if truth.Attributed != x.Partner {
				is, fit = "credited to another", []string{string(gap.AnswerCreditedToAnother), string(gap.AnswerContested)}
			}
		case simulate.AnswerContested:
			// Whether the other click can be seen depends on the records.
			fit = []string{string(gap.AnswerContested), string(gap.AnswerCreditedToAnother)}
		case simulate.AnswerExcluded:
			fit = []string{string(gap.AnswerExcluded)}
		case simulate.AnswerNobody:
			fit = []string{string(gap.AnswerNoSuchCustomer), string(gap.AnswerAmbiguous)}
		case simulate.AnswerNoSignal:
			fit = []string{string(gap.AnswerNoPartnerSignal), claimOnly}
		case simulate.AnswerGap:
			fit = []string{string(gap.AnswerGap), claimOnly}
			switch truth.Signal {
			case "claim", "none", "coupon", "address":
				is = "gap, hardly to be seen"
				fit = append(fit, string(gap.AnswerNoPartnerSignal))
			}
		}
		if c[is] == nil {
			c[is] = map[string]int{}
		}
		c[is][says]++
		known++
		if slices.Contains(fit, says) {
			right++
		} else {
			t.Logf("%s of %s is %s (%s), answered %s: %s", x.ID, x.Partner, x.Answer, truth.Signal, says, a.What)
		}
	}
	return right, known
}

func (c tally) String() string {
	var b strings.Builder
	for _, is := range slices.Sorted(maps.Keys(c)) {
		fmt.Fprintf(&b, "%s\n", is)
		for _, says := range slices.Sorted(maps.Keys(c[is])) {
			fmt.Fprintf(&b, "%6d  %s\n", c[is][says], says)
		}
	}
	return b.String()
}

// TestAnswersAreTrue measures the answers against what is true.
func TestAnswersAreTrue(t *testing.T) {
	all := tally{}
	right, known := 0, 0
	for seed := range uint64(8) {
		v := makeVendor(t, claiming(400+seed))
		r, n := all.add(t, v, run(t, v.set, v.opt))
		right, known = right+r, known+n
	}
	t.Logf("%d of %d\n%s", right, known, all)
	if known < 250 || right*100 < known*97 {
		t.Errorf("%d of %d answers are right, want 97 of 100", right, known)
	}
}
