package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/parachute-gate/parachute/audit"
)

// logged gives every record of the decision log, as `parachute logs` shows it.
func logged(ts *testscript.TestScript) []audit.Record {
	out, err := scriptCommand(ts, "logs", "--json").Output()
	ts.Check(err)
	var list []audit.Record
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var r audit.Record
		ts.Check(dec.Decode(&r))
		list = append(list, r)
	}
	return list
}

// chatted are the records without those of commands at the terminal, whose words
// no chat reads.
func chatted(ts *testscript.TestScript) []audit.Record {
	return slices.DeleteFunc(logged(ts), func(r audit.Record) bool { return r.Connector == "terminal" })
}

// outcome is a record as scripts name it: verdict and rule, with the rule's
// place where the script gives one.
func outcomeOf(r audit.Record, want string) string {
	out := r.Verdict + " " + r.Rule().ID
	if strings.Contains(want, "@") {
		out += "@" + r.Rule().Place()
	}
	return out
}

func cmdDecided(ts *testscript.TestScript, neg bool, args []string) {
	event := ""
	if len(args) > 1 && args[0] == "-event" {
		event, args = args[1], args[2:]
	}
	wants(ts, neg, args, 3, "decided [-event EVENT] ID VERDICT RULE")
	want := args[1] + " " + args[2]
	var found []audit.Record
	eventually(ts, "a decision on message "+args[0], func() (bool, string) {
		list := logged(ts)
		found = slices.DeleteFunc(slices.Clone(list), func(r audit.Record) bool {
			return r.Point != "message" || r.Message != args[0] || (event != "" && r.Event != event)
		})
		return len(found) > 0, fmt.Sprintf("%d records", len(list))
	})
	if len(found) != 1 {
		ts.Fatalf("message %s was decided %d times", args[0], len(found))
	}
	if got := outcomeOf(found[0], want); got != want {
		ts.Fatalf("message %s: %s, want %s; all rules: %+v", args[0], got, want, found[0].Rules)
	}
}

func cmdTool(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, args, 4, "tool ID TOOL VERDICT RULE")
	want := args[2] + " " + args[3]
	// A turn begins some time after its message was decided.
	eventually(ts, "a tool call "+args[1]+" of message "+args[0]+" with "+want, func() (bool, string) {
		turn := ""
		var got []string
		list := logged(ts)
		for _, r := range list {
			if r.Point == "message" && r.Message == args[0] {
				turn = r.Turn
			}
		}
		for _, r := range list {
			if r.Point == "tool" && r.Turn == turn && turn != "" && r.Event == args[1] {
				got = append(got, outcomeOf(r, want))
			}
		}
		return slices.Contains(got, want), fmt.Sprintf("%q", got)
	})
}

func cmdRecords(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, args, 1, "records N")
	if got, want := len(chatted(ts)), scriptNumber(ts, args[0]); got != want {
		ts.Fatalf("the log holds %d records, want %d", got, want)
	}
}

// cmdSummarise writes "number event user chat verdict rule@file workspace" for
// each message, by number. It also holds the log to what no line of it shows: a
// rule stands where the log says that it does, and a session never served more
// than one person, chat and workspace.
func cmdSummarise(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, args, 1, "summarise POLICIES")
	owners := map[string]string{}
	var list []audit.Record
	for _, r := range chatted(ts) {
		if r.Point != "message" {
			continue
		}
		checkPlace(ts, args[0], r)
		if r.Verdict == "allow" && r.Session != "" && r.Event == "message" {
			owner := r.User + " " + r.Chat + " " + r.Workspace
			if before, ok := owners[r.Session]; ok && before != owner {
				ts.Fatalf("session %s served %s and then %s", r.Session, before, owner)
			}
			owners[r.Session] = owner
		}
		list = append(list, r)
	}
	slices.SortStableFunc(list, func(a, b audit.Record) int { return messageNumber(a) - messageNumber(b) })
	for _, r := range list {
		line := []string{r.Message, r.Event, r.User, r.Chat, r.Verdict, r.Rule().ID + "@" + r.Rule().File}
		if r.Workspace != "" {
			line = append(line, r.Workspace)
		}
		fmt.Fprintln(ts.Stdout(), strings.Join(line, " "))
	}
}

func messageNumber(r audit.Record) int {
	n, err := strconv.Atoi(r.Message)
	if err != nil {
		return 1 << 30
	}
	return n
}

// checkPlace finds the rule in the policies: its head stands on the line that
// the record names, and its label in the annotation above.
func checkPlace(ts *testscript.TestScript, dir string, r audit.Record) {
	rule := r.Rule()
	lines := strings.Split(ts.ReadFile(filepath.Join(dir, rule.File)), "\n")
	if rule.Line < 1 || rule.Line > len(lines) {
		ts.Fatalf("message %s: %s is not in the file", r.Message, rule.Place())
	}
	if head := lines[rule.Line-1]; !regexp.MustCompile(`^` + r.Verdict + `\b`).MatchString(head) {
		ts.Fatalf("message %s: %s is no %s rule: %s", r.Message, rule.Place(), r.Verdict, head)
	}
	for i := rule.Line - 2; i >= 0 && strings.HasPrefix(lines[i], "#"); i-- {
		if strings.Contains(lines[i], "labels: {id: "+rule.ID+"}") {
			return
		}
	}
	ts.Fatalf("message %s: no label %s above %s", r.Message, rule.ID, rule.Place())
}

// scriptLine is what the stdio connector writes.
type scriptLine struct {
	ID       string `json:"id"`
	Chat     string `json:"chat"`
	ReplyTo  string `json:"reply_to"`
	Text     string `json:"text"`
	Decision string `json:"decision"`
	Verdict  string `json:"verdict"`
	Error    string `json:"error"`
	Line     int    `json:"line"`
}

func scriptLines(ts *testscript.TestScript, file string) []scriptLine {
	var out []scriptLine
	for s := range strings.Lines(ts.ReadFile(file)) {
		var l scriptLine
		if err := json.Unmarshal([]byte(s), &l); err != nil {
			ts.Fatalf("%s holds a line that is no JSON: %q: %v", file, s, err)
		}
		out = append(out, l)
	}
	return out
}

// cmdAnswered holds what was said to what was decided: each admitted message has
// exactly one answer, each denial at most one, a person hears the same words of a
// rule once a minute, and no line is without its decision. It writes the first denial that
// each person was told by each rule, by message number.
func cmdAnswered(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, args, 1, "answered FILE")
	told, words := map[string]int{}, map[string]string{}
	for _, l := range scriptLines(ts, args[0]) {
		told[l.Decision]++
		words[l.Decision] = l.Text
	}
	spoken, known := map[string]time.Time{}, map[string]bool{}
	decisions := map[string]audit.Record{}
	var first []audit.Record
	for _, r := range chatted(ts) {
		decisions[r.ID] = r
		switch n := told[r.ID]; {
		case n > 1 || (n == 0 && r.Point == "message" && r.Verdict == "allow"):
			ts.Fatalf("message %s (%s) was answered %d times", r.Message, r.Verdict, n)
		case n == 1 && r.Verdict == "deny":
			who := r.User + " " + r.Rule().ID
			if before, again := spoken[who+" "+words[r.ID]]; again && r.Time.Sub(before) < 55*time.Second {
				ts.Fatalf("message %s: %s was told of %s twice within a minute", r.Message, r.User, r.Rule().ID)
			}
			if spoken[who+" "+words[r.ID]] = r.Time; !known[who] {
				known[who], first = true, append(first, r)
			}
		}
	}
	for _, l := range scriptLines(ts, args[0]) {
		r, ok := decisions[l.Decision]
		// What `/new`, `/workspace` and `/stop` end before it is answered says so.
		stopped := r.Verdict == "allow" && l.Verdict == "failed" && l.Text == "Stopped."
		if !ok || (r.Verdict != l.Verdict && !stopped) || r.Message != l.ReplyTo || r.Chat != r.Connector+":"+l.Chat || l.Text == "" {
			ts.Fatalf("line %+v does not fit decision %+v", l, r)
		}
	}
	slices.SortFunc(first, func(a, b audit.Record) int { return messageNumber(a) - messageNumber(b) })
	for _, r := range first {
		fmt.Fprintf(ts.Stdout(), "%s %s %s\n", r.Message, r.User, r.Rule().ID)
	}
}

func cmdReply(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: [!] reply FILE ID REGEXP")
	}
	re, err := regexp.Compile(args[2])
	ts.Check(err)
	texts := func() (matching, all []string) {
		if _, err := os.Stat(ts.MkAbs(args[0])); err != nil && args[0] != "stdout" {
			return nil, nil
		}
		for _, l := range scriptLines(ts, args[0]) {
			if l.ReplyTo == args[1] {
				all = append(all, l.Text)
				if re.MatchString(l.Text) {
					matching = append(matching, l.Text)
				}
			}
		}
		return matching, all
	}
	if neg {
		if matching, _ := texts(); len(matching) > 0 {
			ts.Fatalf("message %s was answered %q", args[1], matching)
		}
		return
	}
	eventually(ts, fmt.Sprintf("an answer to %s that matches %s", args[1], args[2]), func() (bool, string) {
		matching, all := texts()
		return len(matching) == 1, fmt.Sprintf("%q", all)
	})
}
