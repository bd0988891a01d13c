package main

import (
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/audit"
	"github.com/parachute-gate/parachute/gate"
	"github.com/parachute-gate/parachute/gate/users"
	"github.com/parachute-gate/parachute/policies"
	"github.com/parachute-gate/parachute/storage/sqlite"
)

// What the load writes into notes.
const (
	addPrefix   = "add to log: "
	addedReply  = "Added to log."
	writePrefix = "write page"
)

// chatLoad makes messages: several people in several chats, who write notes, add
// to them, list, read and search them, and send commands; some of them may not.
type chatLoad struct {
	random *rand.Rand
	made   int
}

// crashPeople are who is known, with the role that they have. Besides them zoe
// speaks, whom nobody knows.
func crashPeople() map[string]string {
	return map[string]string{"ana": "owner", "ben": "member", "cem": "member", "dia": "guest", "eve": "blocked"}
}

// next makes a message.
func (l *chatLoad) next() *sentMessage {
	l.made++
	m := &sentMessage{token: fmt.Sprintf("tok%06dend", l.made)}
	m.ID = fmt.Sprintf("m%06d", l.made)
	switch n := l.random.IntN(100); {
	case n < 45:
		m.Text = addPrefix + m.token
	case n < 60:
		m.Text = fmt.Sprintf("%s%d: %s", writePrefix, l.random.IntN(4), m.token)
	case n < 80:
		m.Text = l.oneOf("list", "read log", "search tok0000", "read page1", "hello")
	default:
		m.Text = l.oneOf("/help", "/whoami", "/status", "/new", "/stop", "/workspace shared", "/workspace personal")
	}
	m.User = l.oneOf("ana", "ana", "ben", "ben", "cem", "dia", "eve", "zoe")
	m.Chat, m.ChatKind = "dm-"+m.User, "dm"
	if l.random.IntN(3) == 0 {
		m.Chat, m.ChatKind = l.oneOf("team", "club"), "group"
		m.MentionsBot = l.random.IntN(8) > 0
	}
	m.allowed = mayTalk(m.chatLine)
	return m
}

func (l *chatLoad) oneOf(words ...string) string { return words[l.random.IntN(len(words))] }

// mayTalk is what the default policies say of the people of the load: blocked
// people and strangers get nothing, guests talk in direct messages only, and in
// a group the bot must be addressed, as a command does.
func mayTalk(m chatLine) bool {
	switch {
	case m.User == "eve", m.User == "zoe":
		return false
	case m.ChatKind == "dm":
		return true
	}
	return m.User != "dia" && (m.MentionsBot || strings.HasPrefix(m.Text, "/"))
}

var anyQuota = regexp.MustCompile(`(messages_per_(minute|hour|day)): \d+`)

// crashFolder makes the configuration for a load: the default policies without
// their tests (each start would run them), with limits that nobody reaches and a
// workspace that people share; data is where the data folder is.
func crashFolder(t *testing.T, data string) (config string) {
	t.Helper()
	dir := t.TempDir()
	copyPolicies(t, filepath.Join(dir, "policies"))
	file := filepath.Join(dir, "policies", "data.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const personal = "workspaces:\n  personal:\n"
	changed := anyQuota.ReplaceAllString(string(text), "$1: 1000000")
	changed = strings.Replace(changed, personal, "workspaces:\n  shared:\n    read_write:\n      roles: [anyone]\n  personal:\n", 1)
	if !strings.Contains(changed, "shared:") {
		t.Fatalf("data.yaml holds no %q any more", personal)
	}
	putFile(t, file, changed)
	config = filepath.Join(dir, "parachute.yaml")
	putFile(t, config, fmt.Sprintf("policies: ./policies\ndata: %q\nconnectors: [{kind: stdio, name: chat}]\ndecisions: {timeout: 10s}\n", data))
	db, err := sqlite.Open(t.Context(), data, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for id, role := range crashPeople() {
		know(t, db, "chat:"+id, role)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return config
}

// know makes somebody known before the bot runs.
func know(t testing.TB, db *sqlite.DB, id, role string) {
	t.Helper()
	record, err := audit.NewID()
	if err == nil {
		err = db.Commit(t.Context(), gate.Commit{
			Record: audit.Record{ID: record, Time: time.Now(), Point: "notice", Event: "seeded", Verdict: "allow"},
			Change: &users.Change{Add: []users.Person{{ID: id, Roles: []string{role}}}},
		})
	}
	if err != nil {
		t.Fatal(err)
	}
}

func copyPolicies(t testing.TB, to string) {
	t.Helper()
	err := fs.WalkDir(policies.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(name, "_test.rego") {
			return err
		}
		data, err := fs.ReadFile(policies.FS, name)
		if err != nil {
			return err
		}
		putFile(t, filepath.Join(to, name), string(data))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func putFile(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
