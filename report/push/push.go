package push

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/cenkalti/backoff/v5"

	"lostlink/report/bulk"
)

// Options are all that a push is told beside its items.
type Options struct {
	Settings    Settings
	Credentials Credentials
	// Batch is when the items were planned: nothing of ours is older.
	Batch time.Time
	// Began is when the push began, and Now tells the time.
	Began time.Time
	Now   func() time.Time
	// Timeout bounds one request, Wait is the first pause before another try,
	// and Patience how long is tried.
	Timeout, Wait, Patience time.Duration
	// Progress is told how many items are done; it may be nil.
	Progress func(done, of int)
}

// Waits of a push that a person watches or a timer starts.
const (
	TimeoutDefault  = 30 * time.Second
	WaitDefault     = time.Second
	PatienceDefault = 5 * time.Minute
)

// State is how far an item has come.
type State string

// Began: its request may have left. Made: the platform has it. Refused: the
// platform would not have it, or it must not be made.
const (
	Began   State = "began"
	Made    State = "made"
	Refused State = "refused"
)

// Outcome is what is known of an item.
type Outcome struct {
	State State
	At    time.Time
	Key   string // the platform's
	// There tells that it was there before this push asked for it.
	There bool
	// Note is why it was refused, or a remark.
	Note string
}

// Journal remembers outcomes, so that a push that ended at any point can go on.
// An outcome is kept when Note returns.
type Journal interface {
	// Outcomes gives what is known, by the IDs of items.
	Outcomes(ctx context.Context) (map[string]Outcome, error)
	// Note keeps an outcome of an item; [Began] comes before the request leaves.
	Note(ctx context.Context, it bulk.Item, o Outcome) error
}

// Result is what a push did.
type Result struct {
	Outcomes map[string]Outcome // of all its items that have one
	Open     []bulk.Item        // not done: the push was stopped
}

// Count tells how many items are in a state.
func (r *Result) Count(s State) int {
	n := 0
	for _, o := range r.Outcomes {
		if o.State == s {
			n++
		}
	}
	return n
}

// Run sends the items of a plan in their order, those not done yet. An error
// is a [*StopError], the journal's or the context's; the result tells how far
// it came.
func Run(ctx context.Context, items []bulk.Item, j Journal, o Options) (Result, error) {
	if !o.Credentials.SecretKey.Known() || o.Credentials.PublicKey == "" {
		return Result{Open: items}, ErrNoKey
	}
	r := &run{platform: &platform{client: newClient(o), taken: map[string]string{}}, journal: j}
	known, err := j.Outcomes(ctx)
	if err != nil {
		return Result{Open: items}, err
	}
	r.Outcomes = map[string]Outcome{}
	for _, it := range items {
		if k, ok := known[it.ID]; ok {
			r.Outcomes[it.ID] = k
			r.take(&it, k)
		}
	}
	for i := range items {
		if err = ctx.Err(); err == nil {
			err = r.one(ctx, &items[i])
		}
		if err != nil {
			for _, it := range items {
				if s := r.Outcomes[it.ID].State; s != Made && s != Refused {
					r.Open = append(r.Open, it)
				}
			}
			return r.Result, err
		}
		if o.Progress != nil {
			o.Progress(i+1, len(items))
		}
	}
	return r.Result, nil
}

type run struct {
	*platform
	Result
	journal Journal
}

// note keeps an outcome here and in the journal.
func (r *run) note(ctx context.Context, it *bulk.Item, o Outcome) error {
	o.At = r.Now()
	// An answer that came is kept even when the push is being ended.
	if err := r.journal.Note(context.WithoutCancel(ctx), *it, o); err != nil {
		return fmt.Errorf("keeping what became of %s: %w", it.ID, err)
	}
	r.Outcomes[it.ID] = o
	r.take(it, o)
	return nil
}

// take keeps a transaction that the platform made for one purchase from being
// taken for that of another.
func (r *run) take(it *bulk.Item, o Outcome) {
	if it.Kind == bulk.Transaction && o.State == Made {
		r.taken[o.Key] = it.ID
	}
}

// one brings one item to its end.
func (r *run) one(ctx context.Context, it *bulk.Item) error {
	was := r.Outcomes[it.ID]
	if was.State == Made || was.State == Refused {
		return nil
	}
	if it.Needs != "" {
		if need := r.Outcomes[it.Needs]; need.State != Made {
			return r.note(ctx, it, Outcome{State: Refused, Note: "its customer could not be created: " + need.Note})
		}
	}
	for tries := 1; ; tries++ {
		found, err := r.settled(ctx, it, was)
		if err != nil {
			return err
		}
		if found != nil && found.refuse != "" {
			return r.note(ctx, it, Outcome{State: Refused, Note: found.refuse})
		}
		if found != nil {
			return r.note(ctx, it, Outcome{State: Made, Key: found.key, There: was.State != Began, Note: found.note})
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if tries > triesMax {
			return &StopError{Again: true, Err: fmt.Errorf("the platform does not answer whether it made %s, and does not show it", it.ID)}
		}
		if err := r.note(ctx, it, Outcome{State: Began}); err != nil {
			return err
		}
		was = r.Outcomes[it.ID]
		done, err := r.send(ctx, it, it)
		if done || err != nil {
			return err
		}
	}
}

// triesMax is how often an item is sent that the platform takes without an
// answer and does not have when asked.
const triesMax = 3

// settled looks for an item. One that may be on its way is looked for until
// the platform would show it.
func (r *run) settled(ctx context.Context, it *bulk.Item, was Outcome) (*there, error) {
	end := was.At.Add(time.Duration(r.Settings.SettleSeconds) * time.Second)
	pause := r.Wait
	for {
		found, err := r.look(ctx, it)
		if found != nil || err != nil || was.State != Began || !r.Now().Before(end) {
			return found, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(min(pause, end.Sub(r.Now())+time.Millisecond)):
		}
		pause = min(2*pause, 10*r.Wait)
	}
}

// send creates an item, in the form that as has. done tells that its outcome is
// noted; else the answer was lost, and the platform must be asked.
func (r *run) send(ctx context.Context, it, as *bulk.Item) (done bool, err error) {
	req := r.request(as)
	a, err := backoff.Retry(ctx, func() (answer, error) {
		// Once a request has left, its answer is waited for, whoever ends the push.
		a, sent, err := r.do(context.WithoutCancel(ctx), http.MethodPost, req.address, req.body, req.token)
		switch {
		case err != nil && !sent:
			return a, r.later(err)
		case err != nil:
			return a, backoff.Permanent(errLost)
		case a.status == http.StatusTooManyRequests, a.status == http.StatusServiceUnavailable && a.asked:
			return a, r.busy(a) // turned away at the door
		case a.status >= 500:
			return a, backoff.Permanent(errLost)
		}
		return a, nil
	}, r.retries()...)
	switch {
	case errors.Is(err, errLost):
		return false, nil
	case err != nil:
		return false, err
	case created(a):
		o := Outcome{State: Made, Key: keyOf(a)}
		switch as.Kind {
		case bulk.Click:
			// What the answer names is the click's and not the customer's.
			o.Key = ""
		case bulk.Customer:
			r.made(it, o.Key)
			fallthrough
		default:
			if o.Key == "" {
				return false, nil // made, it seems: the look tells its key
			}
		}
		return true, r.note(ctx, it, o)
	case a.status == http.StatusUnauthorized || a.status == http.StatusForbidden:
		return false, r.denied(a)
	case a.status < 400:
		return false, &StopError{Err: fmt.Errorf("the platform's API has moved (%s); check push.address and push.conversion_address", r.said(a))}
	case a.status == http.StatusConflict:
		// The platform has it, or something in its place.
		found, err := r.look(ctx, it)
		if err != nil {
			return false, err
		}
		if found != nil && found.refuse == "" {
			return true, r.note(ctx, it, Outcome{State: Made, Key: found.key, There: true, Note: found.note})
		}
	case as.Kind == bulk.Click:
		// How old a click may be is not documented; the customer can be made
		// without it.
		plain := *it
		plain.Kind = bulk.Customer
		return r.send(ctx, it, &plain)
	}
	return true, r.note(ctx, it, Outcome{State: Refused, Note: "the platform answers " + r.said(a)})
}

var errLost = errors.New("the answer was lost")

// made lets what follows find a customer without another look.
func (r *run) made(it *bulk.Item, key string) {
	if key != "" {
		r.customers.byKey[it.CustomerKey] = &customer{Key: key, CustomerKey: it.CustomerKey, Email: it.Purchase.CustomerEmail,
			PartnerKey: it.Purchase.PartnerKey, ProviderKey: it.Value("provider_key")}
	}
}
