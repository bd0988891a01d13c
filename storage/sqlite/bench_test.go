package sqlite

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/gate"
)

// crowd fills a database with n people, five of whom are owners.
func crowd(b *testing.B, n int) *DB {
	b.Helper()
	db := openDir(b, newDir(b))
	for _, statement := range []string{
		`WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ?1)
		 INSERT INTO people (id, name, roles, created, updated)
		 SELECT printf('chat:%08d', n), 'Somebody', CASE WHEN n <= 5 THEN '["owner"]' ELSE '["member"]' END, n, n FROM c`,
		`INSERT INTO identities (id, person, created) SELECT id, id, created FROM people WHERE ?1`,
		`INSERT INTO grants (person, role, scope, workspace, expires, given_by, created)
		 SELECT id, 'family', 'dm', 'family', 0, 'chat:owner', 0 FROM people WHERE ?1 AND created % 10 = 0`,
	} {
		if _, err := db.write.ExecContext(b.Context(), statement, n); err != nil {
			b.Fatal(err)
		}
	}
	return db
}

// BenchmarkFacts shows what one decision reads of a crowd, and what an owner asks.
func BenchmarkFacts(b *testing.B) {
	for _, n := range []int{10, 1_000_000} {
		db := crowd(b, n)
		id := func(i int) string { return fmt.Sprintf("chat:%08d", i*7919%n+1) }
		for _, c := range []struct {
			name string
			do   func(ctx context.Context, i int) error
		}{
			{"facts", func(ctx context.Context, i int) error {
				f, err := db.Facts(ctx, gate.Place{Connector: "chat", Chat: "chat:room", User: id(i)}, "key")
				if err == nil && len(f.Roles) == 0 {
					err = fmt.Errorf("%s has no role", id(i))
				}
				return err
			}},
			{"facts of a stranger", func(ctx context.Context, _ int) error {
				_, err := db.Facts(ctx, gate.Place{Connector: "chat", Chat: "chat:room", User: "chat:nobody"}, "key")
				return err
			}},
			{"owners", func(ctx context.Context, _ int) error {
				_, err := db.Owners(ctx, time.Now(), 20)
				return err
			}},
			{"page of 20", func(ctx context.Context, i int) error {
				_, err := db.People(ctx, id(i), 20)
				return err
			}},
		} {
			b.Run(fmt.Sprintf("%s/people=%d", c.name, n), func(b *testing.B) {
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					if err := c.do(b.Context(), i); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
