package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"

	"lostlink/testdata/platform"
)

// partnerPlatform is the script command "platform":
//
//	platform start                     start one; $PLATFORM is its address
//	platform customer KEY MAIL PARTNER it has this customer
//	platform has LIST N                it has so many customers, transactions or rewards
//	platform export LIST FILE          write the list as the API gives it, one object a line
//	platform asked N                   it was sent so many things to create
//	platform trouble METHOD STATUS N   the next N requests of the method are answered so: below 500 instead of what they ask for, else after it; 0 drops the answer
func partnerPlatform(ts *testscript.TestScript, neg bool, args []string) {
	const usage = "platform start | customer KEY MAIL PARTNER | has LIST N | export LIST FILE | asked N | trouble METHOD STATUS N"
	wants(ts, neg || len(args) == 0, usage)
	if args[0] == "start" {
		s := platform.New()
		s.Partners = append(s.Partners, "harbor", "maple")
		ts.Defer(s.Close)
		ts.Setenv("PLATFORM", s.URL)
		ts.Setenv("PLATFORM_KEY", platform.SecretKey)
		ts.Setenv("PLATFORM_TOKEN", platform.Token)
		ts.Setenv("PLATFORM_PUBLIC", platform.PublicKey)
		platforms.Store(s.URL, s)
		return
	}
	started, ok := platforms.Load(ts.Getenv("PLATFORM"))
	if !ok {
		ts.Fatalf("no platform was started")
	}
	s := started.(*platform.Server)
	number := func(i int) int {
		wants(ts, len(args) != i+1, usage)
		n, err := strconv.Atoi(args[i])
		ts.Check(err)
		return n
	}
	switch args[0] {
	case "customer":
		wants(ts, len(args) != 4, usage)
		s.Add("customers", platform.Object{"key": "cust_" + args[1], "customer_key": args[1], "email": args[2], "partner_key": args[3], "created_at": 1_772_442_621_000})
	case "has":
		if want, got := number(2), s.All(args[1]); len(got) != want {
			ts.Fatalf("the platform has %d %s, want %d: %v", len(got), args[1], want, got)
		}
	case "export":
		wants(ts, len(args) != 3, usage)
		var lines bytes.Buffer
		for _, o := range s.All(args[1]) {
			ts.Check(json.NewEncoder(&lines).Encode(o))
		}
		ts.Check(os.WriteFile(ts.MkAbs(args[2]), lines.Bytes(), 0o600))
	case "asked":
		got := 0
		for _, l := range s.Log() {
			if strings.HasPrefix(l, http.MethodPost) {
				got++
			}
		}
		if want := number(1); got != want {
			ts.Fatalf("the platform was asked %d times, want %d: %v", got, want, s.Log())
		}
	case "trouble":
		left, method := number(3), args[1]
		status, err := strconv.Atoi(args[2])
		ts.Check(err)
		s.Trouble = func(_ int, r *http.Request) platform.Trouble {
			if r.Method != method || left == 0 {
				return platform.Trouble{}
			}
			left--
			if status >= 400 && status < 500 {
				return platform.Trouble{Status: status, RetryAfter: "3600"}
			}
			return platform.Trouble{Status: status, Lost: status == 0, After: true}
		}
	default:
		wants(ts, true, usage)
	}
}

// platforms are those that scripts have started, by address. Scripts run side
// by side.
var platforms sync.Map
