package main

import (
	"database/sql"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/parachute-gate/parachute/sessions/programs"
	"github.com/parachute-gate/parachute/storage/sqlite"
)

// TestKillNineWithRunningAgents kills the gate with twenty sessions that have a
// container each, half of them in the middle of an answer, and then the engine
// under the next gate. In the end no container is left over, and each message was
// answered once or has visibly failed.
func TestKillNineWithRunningAgents(t *testing.T) {
	e := theEngine(t)
	if !e.Own() {
		t.Fatal("this test stops the engine: run it as root, with dockerd installed")
	}
	lines, coders := names("lin", 10), names("cod", 10)
	everybody := slices.Concat(lines, coders)
	config, data := agentsConfig{engine: e, people: map[string][]string{"lines": lines, "coder": coders}, warm: 1}.folder(t)
	bin := buildProgram(t, plainProgram)
	k := newTalk(t)

	c := startChild(t, bin, config, k.take)
	k.to(c.stdin)
	each(everybody, func(person string) { k.expect(person, "count", "1") })
	busy, idle := slices.Concat(lines[:5], coders[:5]), slices.Concat(lines[5:], coders[5:])
	var asked []string
	for _, person := range busy {
		asked = append(asked, k.say(person, "slow"))
	}
	begun(t, data, len(busy))
	orphans := hasContainers(t, e, data, func(list []aContainer) bool { return len(list) >= len(everybody) })
	c.kill()
	c.awaitEnd(t)

	// The next one removes them all before it does anything else, and says of each
	// answer that was cut off that nobody knows how far it came.
	c = startChild(t, bin, config, k.take)
	k.to(c.stdin)
	for i, id := range asked {
		if got := k.await(id); !strings.HasSuffix(got.Text, programs.Again) {
			t.Errorf("%s heard %+v", busy[i], got)
		}
	}
	each(busy, func(person string) { k.expect(person, "count", "1") })
	each(idle, func(person string) { k.expect(person, "count", programs.Forgot+"\n\n1") })
	now := hasContainers(t, e, data, func(list []aContainer) bool { return len(list) >= len(everybody) })
	for _, old := range orphans {
		if slices.ContainsFunc(now, func(c aContainer) bool { return c.ID == old.ID }) {
			t.Errorf("left over from the first life: %+v", old)
		}
	}

	// The engine dies under it, and comes again.
	asked = nil
	for _, person := range busy {
		asked = append(asked, k.say(person, "slow"))
	}
	begun(t, data, len(busy))
	if err := e.Kill(); err != nil {
		t.Fatal(err)
	}
	for i, id := range asked {
		if got := k.await(id); got.Text == "" || got.Verdict == "deny" {
			t.Errorf("%s heard %+v", busy[i], got)
		}
	}
	if err := e.Start(); err != nil {
		t.Fatal(err)
	}
	hasContainers(t, e, data, func(list []aContainer) bool {
		return !slices.ContainsFunc(list, func(c aContainer) bool {
			return slices.ContainsFunc(now, func(old aContainer) bool { return c.ID == old.ID })
		})
	})
	until(t, "a gate that says that it is well", func() (bool, string) {
		out, err := exec.Command(bin, "status", "--config", config).CombinedOutput()
		return err == nil, string(out)
	})
	each(everybody, func(person string) { k.expect(person, "count", "1") })
	c.finish(t)
	hasContainers(t, e, data, func(list []aContainer) bool { return len(list) == 0 })

	for id, said := range k.heard {
		if len(said) != 1 {
			t.Errorf("message %q was answered %d times: %+v", id, len(said), said)
		}
	}
	out, err := exec.Command(bin, "audit", "verify", "--config", config).CombinedOutput()
	if err != nil {
		t.Errorf("audit verify: %v: %s", err, out)
	}
	if n := count(t, data, `SELECT count(*) FROM turns WHERE state NOT IN ('sent', 'failed')`); n != 0 {
		t.Errorf("%d turns never ended", n)
	}
	if bad := c.log.lines("panic"); len(bad) > 0 {
		t.Errorf("%q", bad)
	}
}

// begun waits until so many turns were given to a program that is not done.
func begun(t *testing.T, data string, n int) {
	t.Helper()
	until(t, fmt.Sprintf("%d turns that run", n), func() (bool, string) {
		now := count(t, data, `SELECT count(*) FROM turn_changes`)
		return now == n, fmt.Sprint(now)
	})
}

func count(t *testing.T, data, query string) (n int) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(data, sqlite.File)+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
