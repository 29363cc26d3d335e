package push

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"

	"lostlink/ingest/table"
)

// client sends single requests. It follows no redirects: a moved API is looked
// at by a person before money goes there.
type client struct {
	Options
	http *http.Client
}

func newClient(o Options) *client {
	return &client{o, &http.Client{
		Timeout:       o.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// answer is what a server said.
type answer struct {
	status int
	wait   time.Duration // asked for by Retry-After
	asked  bool          // whether it asked
	body   []byte
}

// answerMost is more than a page of 250 items holds.
const answerMost = 32 << 20

// StopError ends a push: nothing that follows would fare better. Again tells
// that it is likely to pass by itself.
type StopError struct {
	Again bool
	Err   error
}

func (s *StopError) Error() string { return s.Err.Error() }
func (s *StopError) Unwrap() error { return s.Err }

// do sends one request. sent tells whether the server may have acted on it:
// false when no connection was made.
func (c *client) do(ctx context.Context, method, address string, body any, token bool) (a answer, sent bool, err error) {
	var payload io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return a, false, err
		}
		payload = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, address, payload)
	if err != nil {
		return a, false, err
	}
	req.Header.Set("User-Agent", "lostlink")
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
		req.GetBody = nil // so that the transport never repeats it by itself
	}
	if token {
		req.Header.Set("Authorization", "Bearer "+c.Credentials.Token.text)
	} else {
		req.SetBasicAuth(c.Credentials.PublicKey, c.Credentials.SecretKey.text)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		var op *net.OpError
		dialed := !(errors.As(err, &op) && op.Op == "dial")
		return a, dialed, c.clean(err)
	}
	defer resp.Body.Close()
	a.status = resp.StatusCode
	a.wait, a.asked = retryAfter(resp.Header.Get("Retry-After"), c.Now())
	a.body, err = io.ReadAll(io.LimitReader(resp.Body, answerMost+1))
	if err == nil && len(a.body) > answerMost {
		err = fmt.Errorf("an answer of more than %d MB", answerMost>>20)
	}
	return a, true, c.clean(err)
}

// clean keeps secrets and addresses of people out of an error.
func (c *client) clean(err error) error {
	if err == nil {
		return nil
	}
	var u *url.Error
	if errors.As(err, &u) {
		err = fmt.Errorf("%s %s: %w", u.Op, hostOf(u.URL), u.Err)
	}
	return err
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "the platform"
	}
	return u.Host + u.Path
}

// retryAfter reads the header, in seconds or as a date. A server that asks for
// hours is asked again by a later run.
func retryAfter(v string, now time.Time) (time.Duration, bool) {
	if n, err := strconv.Atoi(strings.TrimSpace(v)); err == nil && n >= 0 {
		return time.Duration(min(n, 1<<20)) * time.Second, true
	}
	if t, err := http.ParseTime(v); err == nil {
		return max(0, t.Sub(now)), true
	}
	return 0, false
}

// said gives the server's own words, masked and short.
func (c *client) said(a answer) string {
	var m struct {
		Message any `json:"message"`
	}
	text := ""
	if json.Unmarshal(a.body, &m) == nil && m.Message != nil {
		text = fmt.Sprint(m.Message)
	}
	text = c.Credentials.Token.hide(c.Credentials.SecretKey.hide(table.Mask(strings.Join(strings.Fields(text), " "))))
	if r := []rune(text); len(r) > 200 {
		text = string(r[:200]) + "…"
	}
	if text == "" {
		text = http.StatusText(a.status)
	}
	return fmt.Sprintf("%d %s", a.status, text)
}

// denied is the answer to a wrong key.
func (c *client) denied(a answer) error {
	return &StopError{Err: fmt.Errorf("the platform refuses the key (%s); check push.public_key, the secret key and the token, and what they may do", c.said(a))}
}

// get asks for something and keeps asking while the platform is busy or away.
func (c *client) get(ctx context.Context, address string) (answer, error) {
	return backoff.Retry(ctx, func() (answer, error) {
		a, _, err := c.do(ctx, http.MethodGet, address, nil, false)
		switch {
		case ctx.Err() != nil:
			return a, backoff.Permanent(context.Cause(ctx))
		case err != nil:
			return a, c.later(err)
		case a.status == http.StatusOK:
			return a, nil
		case a.status == http.StatusUnauthorized || a.status == http.StatusForbidden:
			return a, backoff.Permanent(c.denied(a))
		case a.status == http.StatusTooManyRequests || a.status >= 500:
			return a, c.busy(a)
		}
		return a, backoff.Permanent(&StopError{Err: fmt.Errorf("looking at %s: the platform answers %s", hostOf(address), c.said(a))})
	}, c.retries()...)
}

// later and busy are errors that are worth another try, and say so if none
// helps.
func (c *client) later(err error) error {
	return &StopError{Again: true, Err: fmt.Errorf("the platform cannot be reached: %w", err)}
}

func (c *client) busy(a answer) error {
	if a.asked {
		return &StopError{Again: true, Err: fmt.Errorf("the platform is busy: %s (%w)", c.said(a), &backoff.RetryAfterError{Duration: a.wait})}
	}
	return &StopError{Again: true, Err: fmt.Errorf("the platform is busy: %s", c.said(a))}
}

// retries are waits that double, within the patience of a push.
func (c *client) retries() []backoff.RetryOption {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.MaxInterval = c.Wait, 60*c.Wait
	b.Reset()
	return []backoff.RetryOption{backoff.WithBackOff(b), backoff.WithMaxElapsedTime(c.Patience)}
}

// list goes through all pages of a list. each gets the items one by one.
func (c *client) list(ctx context.Context, path string, query url.Values, each func(json.RawMessage) error) error {
	const most = 250 // of a page
	query.Set("limit", strconv.Itoa(most))
	seen := map[string]bool{}
	for {
		a, err := c.get(ctx, c.Settings.Address+path+"?"+query.Encode())
		if err != nil {
			return err
		}
		var page struct {
			Data *struct {
				Items   []json.RawMessage `json:"items"`
				HasMore bool              `json:"has_more"`
			} `json:"data"`
		}
		if err := json.Unmarshal(a.body, &page); err != nil || page.Data == nil {
			return &StopError{Err: fmt.Errorf("%s does not answer with a list; check push.address", path)}
		}
		last := ""
		for _, raw := range page.Data.Items {
			var key struct {
				Key string `json:"key"`
			}
			if err := json.Unmarshal(raw, &key); err != nil {
				return &StopError{Err: fmt.Errorf("%s lists something without a key", path)}
			}
			if err := each(raw); err != nil {
				return err
			}
			last = key.Key
		}
		if !page.Data.HasMore {
			return nil
		}
		// A list that does not move on would be read for ever, and one that was
		// not read to its end may hide an item.
		if last == "" || seen[last] {
			return &StopError{Err: fmt.Errorf("%s has more pages, but does not say where they begin", path)}
		}
		seen[last] = true
		query.Set("starting_after", last)
	}
}
