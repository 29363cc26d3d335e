package simulate

import (
	"strconv"
	"strings"
)

// The files of the truth. Only tests and measurements may read them.
const (
	FileTruth     = "simulated-truth.csv"
	FileIncidents = "simulated-incidents.csv"
	FileClaims    = "simulated-claims.csv"
)

func (m *maker) truthFiles() []file {
	truth := writeCSV([]string{"purchase_id", "eligible", "attributed", "kind", "partner", "cases", "contested", "involved", "signal"}, func(add func(...string)) {
		for _, t := range m.truth {
			eligible, cases := "0", make([]string, len(t.Cases))
			if t.Eligible {
				eligible = "1"
			}
			for i, c := range t.Cases {
				cases[i] = strconv.Itoa(int(c))
			}
			add(t.PurchaseID, eligible, t.Attributed, t.Kind, t.Partner, strings.Join(cases, " "), strings.Join(t.Contested, " "), strings.Join(t.Involved, " "), t.Signal)
		}
	})
	incidents := writeCSV([]string{"page", "cause", "browsers", "start", "end", "purchases_lost"}, func(add func(...string)) {
		for _, i := range m.incidents {
			add(i.Page, i.Cause.String(), i.Family, i.Start.String(), i.End.String(), strconv.Itoa(i.Lost))
		}
	})
	claims := writeCSV([]string{"claim_id", "answer", "purchase_id"}, func(add func(...string)) {
		for _, c := range m.claims {
			add(c.ID, c.Answer, c.PurchaseID)
		}
	})
	return []file{{FileTruth, nil, truth}, {FileIncidents, nil, incidents}, {FileClaims, nil, claims}}
}
