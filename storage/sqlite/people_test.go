package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/parachute-gate/parachute/gate"
	"github.com/parachute-gate/parachute/gate/users"
)

// TestFactsScanNothing: a decision takes as long among a million people as among
// ten.
func TestFactsScanNothing(t *testing.T) {
	db := openDir(t, newDir(t))
	place := gate.Place{Connector: "chat", Chat: "chat:room", User: "chat:ann"}
	for name, c := range map[string]struct {
		query string
		args  []any
	}{
		"facts":   {factsQuery, factsArgs(place, "key")},
		"owners":  {`SELECT EXISTS (` + ownersOf + `)`, []any{1}},
		"lasting": {`SELECT EXISTS (` + lastingOwners + `)`, nil},
		"person":  {selectPerson + `WHERE p.id = coalesce((SELECT person FROM identities WHERE id = ?1), ?1)`, []any{"chat:ann"}},
		"people":  {selectPerson + `WHERE p.id > ? ORDER BY p.id LIMIT ?`, []any{"", 10}},
		"by code": {`SELECT ` + pairingColumns + ` FROM pairings q WHERE q.bucket = ?`, []any{7}},
	} {
		t.Run(name, func(t *testing.T) {
			steps := 0
			if err := db.each(t.Context(), `EXPLAIN QUERY PLAN `+c.query, c.args, func(rows *sql.Rows) error {
				var id, parent, unused int
				var detail string
				err := rows.Scan(&id, &parent, &unused, &detail)
				steps++
				if strings.HasPrefix(detail, "SEARCH o USING INDEX sessions_open (connector=? AND chat=?)") {
					t.Errorf("%s: everybody's session in the chat", detail)
				}
				// A subquery is scanned for the few rows that it has; the index of owners has
				// owners alone.
				what, scan := strings.CutPrefix(detail, "SCAN ")
				if scan && what != "who" && what != "g" && what != "o" && what != "CONSTANT ROW" && !strings.Contains(what, "people_owners") {
					t.Errorf("%s", detail)
				}
				return err
			}); err != nil || steps == 0 {
				t.Fatalf("%d steps, %v", steps, err)
			}
		})
	}
}

// TestPeopleOfTheMigrationBefore: who was known stays known, with the same roles,
// by the same id.
func TestPeopleOfTheMigrationBefore(t *testing.T) {
	dir := t.TempDir()
	raw, err := sql.Open("sqlite", dsn(filepath.Join(dir, File), "_txlock=immediate"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, raw, files)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	if _, err := raw.ExecContext(t.Context(), `
		INSERT INTO people (id, name, roles, created, updated) VALUES
		  ('chat:ann', 'Ann', '["owner","member"]', 1, 2), ('chat:bob', '', '["blocked"]', 3, 4)`); err != nil {
		t.Fatal(err)
	}
	var name string
	if err := raw.QueryRowContext(t.Context(), `SELECT id FROM installation`).Scan(&name); err != nil {
		t.Fatal(err)
	}
	if err := raw.Close(); err != nil {
		t.Fatal(err)
	}
	db := openDir(t, dir)
	if got, err := db.Installation(t.Context()); err != nil || got != name {
		t.Errorf("the installation's name is %q, %v; want %q", got, err, name)
	}
	if len(db.key) != 32 || bytes.Equal(db.key, make([]byte, 32)) {
		t.Errorf("a key of %d bytes", len(db.key))
	}
	for id, roles := range map[string][]string{"chat:ann": {"owner", "member"}, "chat:bob": {"blocked"}} {
		f, err := db.Facts(t.Context(), gate.Place{Connector: "chat", Chat: "chat:room", User: id}, "")
		if err != nil || f.Person != id || !slices.Equal(f.Roles, roles) || !slices.Equal(f.Identities, []string{id}) {
			t.Errorf("%s: %+v, %v", id, f, err)
		}
	}
	list, err := db.Owners(t.Context(), time.Now(), 10)
	if err != nil || len(list) != 1 || list[0].ID != "chat:ann" || list[0].Updated.UnixNano() != 2 {
		t.Errorf("owners %+v, %v", list, err)
	}
	ann := list[0]
	ann.Roles = []string{"guest"}
	c := commitOf("ann")
	c.Change = &users.Change{Update: []users.Person{ann}}
	if err := db.Commit(t.Context(), c); err != nil {
		t.Errorf("change of a person who was there: %v", err)
	}
}

// TestMigrationsGoBack: what the newest made, it takes away again.
func TestMigrationsGoBack(t *testing.T) {
	db := openDir(t, newDir(t))
	want := schema(t, db)
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db.write, files)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.DownTo(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	if _, err := provider.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := schema(t, db); got != want {
		t.Errorf("tables\n%s\nwant\n%s", got, want)
	}
}

// TestKeysDiffer: the digest of a code tells nothing about another installation's.
func TestKeysDiffer(t *testing.T) {
	one, two := openDir(t, t.TempDir()), openDir(t, t.TempDir())
	if one.HashCode("2222-2222") == two.HashCode("2222-2222") {
		t.Error("two installations have one key")
	}
}

// TestSameBucket: codes whose digests begin alike are told apart.
func TestSameBucket(t *testing.T) {
	db := openDir(t, newDir(t))
	code := users.NewCode()
	hash := db.HashCode(code)
	near := hash
	near[31] ^= 1
	for i, h := range [][32]byte{near, hash, near} {
		c := commitOf("ann")
		c.Change = &users.Change{Pairings: []users.Pairing{{
			ID: fmt.Sprint(i), Kind: users.PairLink, Code: h, State: users.PairPending, Created: time.Unix(int64(i), 0),
		}}}
		if err := db.Commit(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	if p, err := db.PairingByCode(t.Context(), code); err != nil || p.ID != "1" {
		t.Errorf("%+v, %v", p, err)
	}
}

// TestNoticesAreWorked: they are delivered as every other answer is.
func TestNoticesAreWorked(t *testing.T) {
	db := openDir(t, newDir(t))
	worked := make(chan string, 3)
	stop := run(t, db, func(_ context.Context, turn string, _ bool) error {
		worked <- turn
		return nil
	})
	defer stop()
	c, want := commitOf("ann"), []string{}
	c.Turn = nil
	for _, user := range []string{"bob", "cat"} {
		n := commitOf(user)
		c.Notices = append(c.Notices, gate.Notice{Record: n.Record, Turn: *n.Turn})
		want = append(want, n.Turn.ID)
	}
	if err := db.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	got := []string{<-worked, <-worked}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("worked %v, want %v", got, want)
	}
}

// TestNoSecretIsKept: neither a code nor a token is in the file.
func TestNoSecretIsKept(t *testing.T) {
	dir := newDir(t)
	db := openDir(t, dir)
	code, text := users.NewCode(), users.NewSecret("one")
	_, hash, err := users.SplitSecret(text)
	if err != nil {
		t.Fatal(err)
	}
	c := commitOf("ann")
	c.Change = &users.Change{
		Add:      []users.Person{{ID: "chat:ann", Roles: []string{"owner"}}},
		Pairings: []users.Pairing{{ID: "q", Kind: users.PairClaim, Code: db.HashCode(code), State: users.PairPending}},
		Tokens:   []users.Token{{ID: "one", Identity: "chat:ann", Hash: hash}},
	}
	if err := db.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []string{text + "x", strings.ToUpper(text)} {
		if _, err := db.Token(t.Context(), wrong); !errors.Is(err, users.ErrNoToken) || strings.Contains(err.Error(), wrong[20:]) {
			t.Errorf("%v", err)
		}
	}
	if _, err := db.PairingByCode(t.Context(), "WRONG-CODE"); err == nil || strings.Contains(err.Error(), "WRONG") {
		t.Errorf("%v", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, File))
	if err != nil || !bytes.Contains(data, hash[:]) {
		t.Fatalf("what was kept is elsewhere: %v", err)
	}
	for _, secret := range []string{code, strings.ReplaceAll(code, "-", ""), text[strings.LastIndex(text, "_")+1:]} {
		if bytes.Contains(data, []byte(secret)) {
			t.Error("a secret is in the file")
		}
	}
}
