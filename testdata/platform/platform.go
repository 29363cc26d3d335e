// Package platform is a partner platform for tests: a server in the test's own
// process that behaves as PartnerStack documents its API v2, and worse where
// nothing is documented. It has Basic authentication and a token for clicks,
// pages of at most 250, filters by time, scheduled rewards that the plain list
// leaves out, and no idempotency: what is sent twice is there twice, unless it
// is a customer.
package platform

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The keys that open it.
const (
	PublicKey = "pk_test_0123456789"
	SecretKey = "sk_test_made_up_and_never_shown"
	Token     = "tok_test_made_up_and_never_shown"
)

// Object is a customer, transaction or reward as the API gives it.
type Object map[string]any

// Text gives a value that is text, "" for none.
func (o Object) Text(name string) string {
	s, _ := o[name].(string)
	return s
}

// Trouble is what happens to one request.
type Trouble struct {
	// Status is answered instead of doing anything; RetryAfter goes with it.
	Status     int
	RetryAfter string
	Body       string
	// Lost ends the connection without an answer, before anything is done or,
	// with After, when all is done. After with a Status answers that, with
	// neither it answers half of what it should.
	Lost, After bool
}

// Server is the platform. Its fields may be changed between requests.
type Server struct {
	*httptest.Server
	// Trouble is asked before each request, numbered from 1; nil means none.
	Trouble func(n int, r *http.Request) Trouble
	// Lag is how long something new stays out of the lists.
	Lag time.Duration
	// Partners are the keys of those there are; Clicks the ids of clicks with
	// their partners.
	Partners []string
	Clicks   map[string]string
	// NoKeys leaves the keys out of the answers to what is created.
	NoKeys bool
	// OwnTime lists transactions under the time they were made, and not under
	// the created_at they were sent with.
	OwnTime bool
	// Blind lists nothing of what was created through it.
	Blind bool
	// Page is the most items of a page; 250 if 0.
	Page int

	mu       sync.Mutex
	requests int
	log      []string
	made     map[string][]Object // by list: "customers"
	since    map[string]time.Time
}

// New starts a platform with the partners acme and blog.
func New() *Server {
	s := &Server{Partners: []string{"acme", "blog"}, Clicks: map[string]string{}, made: map[string][]Object{}, since: map[string]time.Time{}}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	return s
}

// Add puts something there, as if it had been there all along.
func (s *Server) Add(list string, o Object) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made[list] = append(s.made[list], o)
}

// All gives what there is of a list: customers, transactions or rewards.
func (s *Server) All(list string) []Object {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.made[list])
}

// Log gives the requests so far: "POST /customers".
func (s *Server) Log() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.log)
}

// Clear forgets everything but the settings.
func (s *Server) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests, s.log, s.made, s.since = 0, nil, map[string][]Object{}, map[string]time.Time{}
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests++
	n := s.requests
	s.log = append(s.log, r.Method+" "+r.URL.Path)
	trouble := s.Trouble
	s.mu.Unlock()
	var t Trouble
	if trouble != nil {
		t = trouble(n, r)
	}
	if !t.After {
		switch {
		case t.Lost:
			panic(http.ErrAbortHandler)
		case t.Status != 0:
			say(w, t.Status, t.RetryAfter, t.Body)
			return
		}
	}
	rec := httptest.NewRecorder()
	s.answer(rec, r)
	body := rec.Body.Bytes()
	if t.After {
		switch {
		case t.Lost:
			panic(http.ErrAbortHandler)
		case t.Status != 0:
			say(w, t.Status, t.RetryAfter, t.Body)
			return
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		body = body[:len(body)/2]
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(rec.Code)
	_, _ = w.Write(body) // a client that went away is part of the tests
}

func say(w http.ResponseWriter, status int, retryAfter, message string) {
	if retryAfter != "" {
		w.Header().Set("Retry-After", retryAfter)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"message": message, "status": status})
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/conversion/xid" {
		if r.Header.Get("Authorization") != "Bearer "+Token {
			say(w, http.StatusUnauthorized, "", "bad token")
			return
		}
		s.convert(w, r)
		return
	}
	if user, pass, _ := r.BasicAuth(); user != PublicKey || pass != SecretKey {
		say(w, http.StatusUnauthorized, "", "Unauthorized")
		return
	}
	list := strings.TrimPrefix(r.URL.Path, "/")
	switch {
	case list != "customers" && list != "transactions" && list != "rewards":
		say(w, http.StatusNotFound, "", "no such resource")
	case r.Method == http.MethodGet:
		s.list(w, r, list)
	case r.Method == http.MethodPost:
		s.create(w, r, list)
	default:
		say(w, http.StatusMethodNotAllowed, "", "Method not allowed")
	}
}

func (s *Server) list(w http.ResponseWriter, r *http.Request, list string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := r.URL.Query()
	limit, err := strconv.Atoi(q.Get("limit"))
	if q.Get("limit") == "" {
		limit, err = 10, nil
	}
	if err != nil || limit < 1 || limit > 250 {
		say(w, http.StatusBadRequest, "", "limit must be 1 to 250")
		return
	}
	if s.Page > 0 {
		limit = min(limit, s.Page)
	}
	bound := func(name string, no int64) int64 {
		if v, err := strconv.ParseInt(q.Get(name), 10, 64); err == nil {
			return v
		}
		return no
	}
	least, most := bound("min_created", 0), bound("max_created", 1<<62)
	var fit []Object
	for _, o := range s.made[list] {
		at := number(o["created_at"])
		scheduled := o.Text("reward_status") == "scheduled"
		if at < least || at > most || list == "rewards" && scheduled != (q.Get("status") == "scheduled") {
			continue
		}
		if since, ok := s.since[o.Text("key")]; ok && (s.Blind || time.Since(since) < s.Lag) {
			continue
		}
		fit = append(fit, o)
	}
	if after := q.Get("starting_after"); after != "" {
		i := slices.IndexFunc(fit, func(o Object) bool { return o.Text("key") == after })
		if i < 0 {
			say(w, http.StatusBadRequest, "", "starting_after is not in the list")
			return
		}
		fit = fit[i+1:]
	}
	page := fit[:min(limit, len(fit))]
	_ = json.NewEncoder(w).Encode(map[string]any{"status": 200, "message": "ok",
		"data": map[string]any{"items": append([]Object{}, page...), "has_more": len(page) < len(fit)}})
}

func number(v any) int64 {
	switch n := v.(type) {
	case float64:
		return int64(n)
	case int64:
		return n
	case int:
		return int64(n)
	}
	return 0
}

func (s *Server) create(w http.ResponseWriter, r *http.Request, list string) {
	var in Object
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		say(w, http.StatusBadRequest, "", "no JSON")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	bad := func(format string, args ...any) { say(w, http.StatusBadRequest, "", fmt.Sprintf(format, args...)) }
	switch list {
	case "customers":
		switch {
		case len(in.Text("email")) < 4 || in.Text("customer_key") == "":
			bad("email and customer_key are required")
		case !slices.Contains(s.Partners, in.Text("partner_key")):
			bad("partner %s does not exist", in.Text("partner_key"))
		case len(in.Text("name")) > 100:
			bad("name is too long")
		case s.customer(in.Text("customer_key"), in.Text("email")) != nil:
			say(w, http.StatusConflict, "", "customer "+in.Text("email")+" exists")
		default:
			s.made[list] = append(s.made[list], s.keep(w, "cust", in))
		}
	case "transactions":
		refs := 0
		for _, ref := range []string{"customer_key", "customer_external_key", "customer_email"} {
			if in.Text(ref) != "" {
				refs++
			}
		}
		amount, whole := in["amount"].(float64)
		c := s.customer(in.Text("customer_external_key"), in.Text("customer_email"))
		key := in.Text("key")
		switch {
		case refs != 1:
			bad("exactly one of customer_key, customer_external_key, customer_email")
		case c == nil:
			say(w, http.StatusNotFound, "", "no such customer")
		case !whole || amount != float64(int64(amount)) || amount > 50_000_000_000 || amount < -50_000_000_000:
			bad("amount must be an integer")
		case len(in.Text("currency")) != 3 || len(key) < 4 || len(key) > 255:
			bad("currency and key")
		default:
			in["customer"] = Object{"key": c["key"], "email": c["email"], "external_key": c["customer_key"]}
			in["archived"] = false
			s.made[list] = append(s.made[list], s.keep(w, "", in))
		}
	case "rewards":
		target, _ := in["target"].(map[string]any)
		amount, _ := in["amount"].(float64)
		i := slices.IndexFunc(s.made["customers"], func(o Object) bool { return o.Text("key") == target["key"] })
		switch {
		case target["type"] != "customer" || i < 0:
			say(w, http.StatusNotFound, "", "no such target")
		case amount <= 0:
			bad("amount must be above zero")
		default:
			// Every second one waits, and is not in the plain list.
			in["reward_status"] = []string{"scheduled", "pending"}[len(s.made[list])%2]
			in["partner_key"] = s.made["customers"][i].Text("partner_key")
			s.made[list] = append(s.made[list], s.keep(w, "rwd", in))
		}
	}
}

// keep completes an object and answers with it.
func (s *Server) keep(w http.ResponseWriter, prefix string, o Object) Object {
	if prefix != "" {
		o["key"] = fmt.Sprintf("%s_%d", prefix, s.requests)
	}
	if number(o["created_at"]) == 0 || s.OwnTime {
		o["created_at"] = time.Now().UnixMilli()
	}
	s.since[o.Text("key")] = time.Now()
	data := Object{"key": o["key"]}
	if s.NoKeys {
		data = Object{}
	}
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(map[string]any{"status": 201, "message": "created", "data": data})
	return o
}

func (s *Server) customer(key, email string) Object {
	for _, c := range s.made["customers"] {
		if key != "" && c.Text("customer_key") == key || email != "" && strings.EqualFold(c.Text("email"), email) {
			return c
		}
	}
	return nil
}

// convert makes a customer of a click. A click id is taken again and again.
func (s *Server) convert(w http.ResponseWriter, r *http.Request) {
	var in Object
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.Text("xid") == "" || in.Text("customer_key") == "" {
		say(w, http.StatusBadRequest, "", "xid and customer_key are required")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	partner, ok := s.Clicks[in.Text("xid")]
	switch {
	case !ok:
		say(w, http.StatusNotFound, "", "xid is not known")
	case s.customer(in.Text("customer_key"), in.Text("email")) != nil:
		say(w, http.StatusConflict, "", "customer_key is not unique")
	default:
		in["partner_key"] = partner
		c := s.keep(w, "cust", in)
		c["source_type"] = "link"
		s.made["customers"] = append(s.made["customers"], c)
	}
}
