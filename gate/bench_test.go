package gate_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/gate/users"
	"github.com/parachute-gate/parachute/storage/sqlite"
)

// The limits are out of the way: what is measured is the way of an admitted
// message from the connector to the disk.
func openBench(b *testing.B) *bench {
	b.Helper()
	g := newBench(b, withData(
		"messages_per_minute: 60", "messages_per_minute: 1000000",
		"messages_per_day: 5000", "messages_per_day: 1000000",
		"messages_per_minute: 300", "messages_per_minute: 1000000",
		"messages_per_minute: 600", "messages_per_minute: 1000000",
	))
	g.person("chat:ana", "owner")
	return g
}

// checkAdmitted makes sure that what was measured is what was meant.
func (b *bench) checkAdmitted() {
	for _, r := range b.records() {
		want(b.tb, r, "allow", "authz.role")
	}
}

func BenchmarkGateWithCommit(b *testing.B) {
	g := openBench(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := g.gate.Handle(b.Context(), source, dm("ana", fmt.Sprint(i), "hello")); err != nil {
			b.Fatal(err)
		}
	}
	g.checkAdmitted()
}

// BenchmarkGateWithCommitParallel has 64 chats at once: their decisions share
// commits.
func BenchmarkGateWithCommitParallel(b *testing.B) {
	g := openBench(b)
	var n atomic.Int64
	b.ReportAllocs()
	b.SetParallelism(32)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		chat := fmt.Sprint("chat-", n.Add(1))
		for pb.Next() {
			m := dm("ana", fmt.Sprint(n.Add(1)), "hello")
			m.Chat = connectors.Chat{ID: chat, Kind: connectors.ChatDM}
			if err := g.gate.Handle(b.Context(), source, m); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.StopTimer()
	g.checkAdmitted()
}

// BenchmarkDecisionAmongPeople decides for ten people, among ten and among many,
// and keeps each decision. Of the ten, four have grants; three speak as their other
// identity, and three show a token.
func BenchmarkDecisionAmongPeople(b *testing.B) {
	for _, n := range []int{10, 1_000_000} {
		b.Run(fmt.Sprint("people=", n), func(b *testing.B) {
			g := openBench(b)
			secret := g.crowd(n)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				who := 1 + i%10*(n/10)
				m := dm(fmt.Sprintf("person-%07d", who), fmt.Sprint(i), "hello")
				switch who % 3 {
				case 0:
					m.User.ID = fmt.Sprintf("other-%07d", who)
				case 2:
					m.Token = strings.Replace(secret, "_ID_", fmt.Sprintf("_%07d_", who), 1)
				}
				if err := g.gate.Handle(b.Context(), source, m); err != nil {
					b.Fatal(err)
				}
			}
			g.checkAdmitted()
		})
	}
}

// crowd makes n people known, ten of them owners. Of each three, one has grants and
// waits for another account to be linked, one has a token, and one a second
// identity; and a stranger waits to be let in. It gives the text of the tokens, with
// ID for a person's number.
func (b *bench) crowd(n int) string {
	b.tb.Helper()
	secret := users.NewSecret("ID")
	_, hash, err := users.SplitSecret(secret)
	if err != nil {
		b.tb.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(b.dir, sqlite.File)+"?_pragma=busy_timeout(60000)&_pragma=cache_size(-1000000)")
	if err != nil {
		b.tb.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	tx, err := db.Begin()
	if err != nil {
		b.tb.Fatal(err)
	}
	now, soon := b.now.UnixNano(), b.now.Add(time.Hour).UnixNano()
	for _, add := range []struct {
		rows string
		args []any
	}{
		{`CREATE TEMP TABLE crowd (n INTEGER PRIMARY KEY, id TEXT)`, nil},
		{`WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ?)
		  INSERT INTO crowd SELECT n, printf('chat:person-%07d', n) FROM c`, []any{n}},
		{`INSERT INTO people (id, name, roles, created, updated)
		  SELECT id, 'Somebody', iif((n - 1) % ? = 0, '["owner"]', '["member"]'), n, n FROM crowd`, []any{n / 10}},
		{`INSERT INTO identities (id, person, created) SELECT id, id, n FROM crowd`, nil},
		{`INSERT INTO identities (id, person, created)
		  SELECT printf('chat:other-%07d', n), id, n FROM crowd WHERE n % 3 = 0`, nil},
		{`INSERT INTO grants (person, role, scope, workspace, expires, given_by, created)
		  SELECT id, 'guest', 'dm', '', ?, 'chat:owner', 0 FROM crowd WHERE n % 3 = 1`, []any{soon}},
		{`INSERT INTO grants (person, role, scope, workspace, expires, given_by, created)
		  SELECT id, 'member', 'group', '', 0, 'chat:owner', 0 FROM crowd WHERE n % 3 = 1`, nil},
		{`INSERT INTO tokens (id, hash, identity, name, scope, expires, revoked, created, given_by)
		  SELECT printf('%07d', n), ?, id, '', '', 0, 0, n, 'chat:owner' FROM crowd WHERE n % 3 = 2`, []any{hash[:]}},
		{`WITH asks (kind) AS (VALUES ('link'), ('join'))
		  INSERT INTO pairings (id, kind, bucket, code, identity, person, connector, chat, user, name, role, other_chat,
		                        state, reminded, shown, created, expires, version)
		  SELECT kind || n, kind, random() & 65535, randomblob(32),
		         iif(kind = 'join', printf('chat:stranger-%07d', n), ''), iif(kind = 'link', id, ''),
		         'chat', 'dm', 'somebody', 'Somebody', 'member', '', 'pending', 0, '[]', ?, ?, 1
		  FROM crowd, asks WHERE n % 3 = 1`, []any{now, soon}},
	} {
		if _, err := tx.Exec(add.rows, add.args...); err != nil {
			b.tb.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		b.tb.Fatal(err)
	}
	if _, err := b.db.Token(b.tb.Context(), strings.Replace(secret, "_ID_", "_0000002_", 1)); err != nil {
		b.tb.Fatal(err)
	}
	return secret
}
