package main

import (
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/parachute-gate/parachute/audit"
	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/connectortest"
	"github.com/parachute-gate/parachute/gate/users"
)

// cmdLearn puts what the bot told somebody into a variable: the first group of the
// newest of its messages that match.
func cmdLearn(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, args, 3, "learn NAME PLATFORM REGEXP")
	re, err := regexp.Compile(`(?s)` + args[2])
	ts.Check(err)
	var found []string
	eventually(ts, args[2]+" from the bot on "+args[1], func() (bool, string) {
		all := ""
		for _, s := range platformOf(ts, args[1]).Sent() {
			all += "\n- " + s.Text
			if m := re.FindStringSubmatch(s.Text); len(m) == 2 {
				found = m
			}
		}
		return found != nil, all
	})
	ts.Setenv(args[0], found[1])
}

// cmdAge moves what waits or holds for some time so far into the past as if that
// time had gone by.
func cmdAge(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, args, 2, "age pairings|grants DURATION")
	d, err := time.ParseDuration(args[1])
	ts.Check(err)
	db, err := sql.Open("sqlite", "file:"+ts.MkAbs("data/parachute.db")+"?_pragma=busy_timeout(60000)&_txlock=immediate")
	ts.Check(err)
	defer func() { _ = db.Close() }()
	change, ok := map[string]string{
		"pairings": `UPDATE pairings SET created = created - ?1, expires = expires - ?1`,
		"grants":   `UPDATE grants SET created = created - ?1, expires = expires - ?1 WHERE expires > 0 AND ended = 0`,
	}[args[0]]
	if !ok {
		ts.Fatalf("unknown: age %s", args[0])
	}
	done, err := db.Exec(change, int64(d))
	ts.Check(err)
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		ts.Fatalf("there are no %s: %v", args[0], err)
	}
}

// cmdCrowd lets N strangers say the same: each once the one before has their code,
// or all at once.
func cmdCrowd(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, args, 3, "crowd [-rush] PLATFORM N TEXT")
	rush := args[0] == "-rush"
	if rush {
		args = args[1:]
	}
	for i := range scriptNumber(ts, args[1]) {
		person := fmt.Sprint("crowd", i)
		says(ts, args[0], person, strings.Join(args[2:], " "))
		id := ts.Getenv(person)
		if rush {
			continue
		}
		eventually(ts, "an answer to "+person, func() (bool, string) {
			sent := platformOf(ts, args[0]).Sent()
			return slices.ContainsFunc(sent, func(s connectortest.Sent) bool {
				return strings.Contains(s.Text, "Your code is") && strings.Contains(s.Text, ":"+id)
			}), fmt.Sprint(len(sent), " messages")
		})
	}
}

// cmdGuess lets a person guess codes.
func cmdGuess(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, args, 3, "guess PLATFORM PERSON N")
	for range scriptNumber(ts, args[2]) {
		says(ts, args[0], args[1], "/pair "+users.NewCode())
	}
}

func says(ts *testscript.TestScript, platform, person, text string) {
	ids, err := platformOf(ts, platform).Inject(connectortest.Event{
		Kind: connectors.EventMessage, Person: person, ChatKind: connectors.ChatDM, Chat: "dm-" + person, Text: text,
	})
	ts.Check(err)
	ts.Setenv(person, ids.User)
}

// cmdTally holds how often events of somebody (or of everybody: -) were decided so.
func cmdTally(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, args, 4, "tally N USER VERDICT RULE")
	want := scriptNumber(ts, args[0])
	count := func() (n int, other string) {
		rules := map[string]int{}
		for _, r := range logged(ts) {
			if args[1] != "-" && r.User != args[1] {
				continue
			}
			rules[r.Point+" "+r.Verdict+" "+r.Rule().ID]++
			if r.Verdict == args[2] && r.Rule().ID == args[3] {
				n++
			}
		}
		return n, fmt.Sprint(rules)
	}
	eventually(ts, strings.Join(args, " "), func() (bool, string) {
		n, other := count()
		return n >= want, other
	})
	if n, other := count(); n != want {
		ts.Fatalf("%s %s of %s: %d times, not %d; of all: %s", args[2], args[3], args[1], n, want, other)
	}
}

// cmdCutAfter waits until what ran for a person has ended, and holds that this was
// no later than a time after the newest record of what ended it.
func cmdCutAfter(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, args, 3, "cutafter USER MESSAGE|RULE|CONNECTOR DURATION")
	most, err := time.ParseDuration(args[2])
	ts.Check(err)
	var cause, end *audit.Record
	eventually(ts, "the end of what ran for "+args[0], func() (bool, string) {
		cause, end = nil, nil
		for _, r := range logged(ts) {
			switch {
			case slices.Contains([]string{r.Message, r.Connector, r.Rule().ID}, args[1]):
				cause = &r
			case cause != nil && r.Point == "session" && r.Verdict == audit.Ended && r.User == args[0]:
				end = &r
			}
		}
		return end != nil, fmt.Sprintf("%+v", cause)
	})
	took := end.Time.Sub(cause.Time)
	ts.Logf("it ended %s later", took)
	if took > most {
		ts.Fatalf("what ran for %s ended %s after %s", args[0], took, args[1])
	}
}
