package main

import (
	"context"
	"database/sql"
	"log/slog"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/parachute-gate/parachute/audit"
	"github.com/parachute-gate/parachute/storage/sqlite"
)

// aftermath is what a data folder holds when everything has ended, and what the
// bridge heard.
type aftermath struct {
	t    *testing.T
	data string
	db   *sql.DB
	b    *bridge
	// decisions are those about messages, by the message's id.
	decisions map[string]decided
}

type decided struct {
	id, verdict, rule, turn string
}

// verifyAftermath holds a data folder to the promises: nothing before the
// decision, every outcome on record, nothing lost, nothing twice.
func verifyAftermath(t *testing.T, bin, config, data string, b *bridge) *aftermath {
	t.Helper()
	a := &aftermath{t: t, data: data, b: b, decisions: map[string]decided{}}
	for _, fault := range b.faults {
		t.Error(fault)
	}
	out, err := exec.Command(bin, "audit", "verify", "--config", config).CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "ok: ") {
		t.Errorf("audit verify: %v: %s", err, out)
	}
	kept, err := sqlite.Open(t.Context(), data, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := audit.Verify(t.Context(), kept, audit.Head{}); err != nil {
		t.Errorf("the decision log: %v", err)
	}
	if err := kept.Entries(t.Context(), audit.Filter{Point: "message"}, a.record); err != nil {
		t.Fatal(err)
	}
	if err := kept.Close(); err != nil {
		t.Fatal(err)
	}
	if a.db, err = sql.Open("sqlite", "file:"+filepath.Join(data, sqlite.File)+"?mode=ro"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.db.Close() })
	a.database()
	a.messages()
	a.notices()
	a.limits()
	a.notes()
	return a
}

// record takes one decision about a message: each message has one, and each
// decision a message.
func (a *aftermath) record(e audit.Entry) error {
	r := e.Record
	m, ok := a.b.byID[r.Message]
	switch before, twice := a.decisions[r.Message]; {
	case !ok:
		a.t.Errorf("decision %s is about the message %q, which nobody sent", r.ID, r.Message)
	case twice:
		a.t.Errorf("message %s was decided twice: %s and %s", r.Message, before.id, r.ID)
	case r.User != "chat:"+m.User || r.Chat != "chat:"+m.Chat:
		a.t.Errorf("decision %s about message %s names %s in %s, not %s in %s", r.ID, r.Message, r.User, r.Chat, m.User, m.Chat)
	case r.TextSHA256 != audit.TextDigest(m.Text):
		a.t.Errorf("decision %s about message %s has the digest of another text", r.ID, r.Message)
	}
	a.decisions[r.Message] = decided{id: r.ID, verdict: r.Verdict, rule: r.Rule().ID, turn: r.Turn}
	return nil
}

// database asks SQLite itself, and looks for what hangs in the air.
func (a *aftermath) database() {
	a.t.Helper()
	if got := a.strings(`PRAGMA integrity_check`); !slices.Equal(got, []string{"ok"}) {
		a.t.Errorf("integrity_check: %q", got)
	}
	for what, query := range map[string]string{
		"foreign keys that point nowhere": `SELECT "table" || ' ' || rowid FROM pragma_foreign_key_check`,
		"sessions without the allow decision that opened them": `
			SELECT s.id FROM sessions s LEFT JOIN decisions d ON d.id = s.decision
			WHERE d.verdict IS NOT 'allow' OR d.point IS NOT 'message' OR d.user IS NOT s.user OR d.chat IS NOT s.chat`,
		"turns without the allow decision that owes them": `
			SELECT t.id FROM turns t LEFT JOIN decisions d ON d.id = t.decision
			WHERE d.verdict IS NOT 'allow' OR d.point NOT IN ('message', 'notice') OR d.point IS NULL OR d.message IS NOT t.message`,
		"allow decisions that owe no turn": `
			SELECT d.id FROM decisions d LEFT JOIN turns t ON t.decision = d.id
			WHERE (d.point = 'message' OR d.point = 'notice' AND CAST(d.record AS TEXT) ->> '$.turn' IS NOT NULL) AND d.verdict = 'allow' AND t.id IS NULL`,
		"turns that never ended": `
			SELECT t.id || ' of message ' || t.message || ' is ' || t.state || ', its job ' ||
			       coalesce((SELECT j.state || ' after attempt ' || j.attempt FROM river_job j WHERE j.args LIKE '%' || t.id || '%'), 'gone')
			FROM turns t WHERE t.state NOT IN ('sent', 'failed')`,
		"changes of turns that have ended": `SELECT turn FROM turn_changes`,
		"turns in a session of somebody else": `
			SELECT t.id FROM turns t JOIN sessions s ON s.id = t.session WHERE s.user <> t.connector || ':' || t.user`,
	} {
		if got := a.strings(query); len(got) > 0 {
			a.t.Errorf("%s: %d, the first are %q", what, len(got), got[:min(5, len(got))])
		}
	}
}

// strings gives the first column of a query's rows.
func (a *aftermath) strings(query string, args ...any) []string {
	a.t.Helper()
	rows, err := a.db.QueryContext(context.WithoutCancel(a.t.Context()), query, args...)
	if err != nil {
		a.t.Fatalf("%s: %v", query, err)
	}
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			a.t.Fatal(err)
		}
		out = append(out, s)
	}
	if err := rows.Err(); err != nil {
		a.t.Fatalf("%s: %v", query, err)
	}
	return out
}

// messages compares what was decided with what the bridge heard.
func (a *aftermath) messages() {
	a.t.Helper()
	for _, m := range a.b.sent {
		d, ok := a.decisions[m.ID]
		if !ok {
			a.t.Errorf("message %s of %s in %s has no decision", m.ID, m.User, m.Chat)
			continue
		}
		if want := map[bool]string{true: "allow", false: "deny"}[m.allowed]; d.verdict != want {
			a.t.Errorf("message %s of %s in %s (%q): %s by %s, want %s", m.ID, m.User, m.Chat, m.Text, d.verdict, d.rule, want)
		}
		heard := map[string]int{}
		for _, line := range m.answers {
			heard[line.Verdict]++
			if line.Decision != d.id {
				a.t.Errorf("message %s was decided by %s, and a line about it names %q", m.ID, d.id, line.Decision)
			}
		}
		switch {
		case d.verdict == "allow" && heard["allow"]+heard["failed"] == 0:
			a.t.Errorf("message %s was admitted and never answered", m.ID)
		case heard["allow"] > 1:
			a.t.Errorf("message %s was answered %d times", m.ID, heard["allow"])
		case d.verdict == "deny" && heard["allow"]+heard["failed"] > 0:
			a.t.Errorf("message %s was denied and answered: %+v", m.ID, m.answers)
		}
	}
}

// notices compares what the bridge was told unasked with what was to be told:
// each notice once, in the chat that its record names.
func (a *aftermath) notices() {
	a.t.Helper()
	told := map[string]bool{}
	for _, line := range a.b.notices {
		if told[line.Decision] {
			a.t.Errorf("the notice %s was told twice", line.Decision)
		}
		told[line.Decision] = true
		if got := a.strings(`SELECT chat FROM decisions WHERE id = ? AND point = 'notice'`, line.Decision); !slices.Equal(got, []string{"chat:" + line.Chat}) {
			a.t.Errorf("a line in %s is no notice that was to be told there, but in %q: %+v", line.Chat, got, line)
		}
	}
}

// limits holds the counters to what was admitted: on each counter that has a
// message in its scope, each admitted message counts once, and nothing else does.
// Which counters there are the policies say.
func (a *aftermath) limits() {
	a.t.Helper()
	counters := map[string]map[string]int{}
	for _, row := range a.strings(`SELECT key || ' ' || decision FROM limit_events`) {
		key, decision, _ := strings.Cut(row, " ")
		if counters[key] == nil {
			counters[key] = map[string]int{}
		}
		counters[key][decision]++
	}
	scopes := map[string]map[string]bool{}
	for _, m := range a.b.sent {
		d := a.decisions[m.ID]
		if d.verdict != "allow" {
			continue
		}
		in := []string{"user|chat:" + m.User, "connector|chat", "all|"}
		if m.ChatKind == "group" {
			in = append(in, "chat|chat:"+m.Chat)
		}
		if strings.HasPrefix(m.Text, "/stop") {
			// Stopping counts by itself.
			in = []string{"user|chat:" + m.User + "|stop"}
		}
		for _, scope := range in {
			if scopes[scope] == nil {
				scopes[scope] = map[string]bool{}
			}
			scopes[scope][d.id] = true
		}
	}
	covered := map[string]bool{}
	for key, counted := range counters {
		end := strings.LastIndexByte(key, '|')
		scope := key[:end]
		if strings.HasPrefix(key[end:], "|stop_") {
			scope += "|stop"
		}
		covered[scope] = true
		for decision, n := range counted {
			if n != 1 || !scopes[scope][decision] {
				a.t.Errorf("decision %s counts %d times on %s; admitted there: %t", decision, n, key, scopes[scope][decision])
			}
		}
		for decision := range scopes[scope] {
			if counted[decision] == 0 {
				a.t.Errorf("decision %s admitted a message and does not count on %s", decision, key)
			}
		}
	}
	for scope := range scopes {
		if !covered[scope] {
			a.t.Errorf("nothing is counted for %s", scope)
		}
	}
}
