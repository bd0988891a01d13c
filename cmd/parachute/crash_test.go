package main

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// raceEvery is how many lives there are to one with the race detector, so that
// the whole takes about a minute.
const raceEvery = 10

// window is how many messages the bridge lets wait for their answers.
const window = 24

// TestKillNine kills the program again and again, at random moments of its start
// and of its work, and gives the next one on the same data folder what no answer
// was heard of. In the end nothing may be lost and nothing done twice.
//
// PARACHUTE_TEST_SEED repeats the dice of a run that failed.
func TestKillNine(t *testing.T) {
	kills := 50
	if testing.Short() {
		kills = 10
	}
	seed := testSeed(t)
	plain, raced := buildProgram(t, plainProgram), buildProgram(t, racedProgram)
	// `go test -artifacts` keeps what a run that failed has left.
	data := filepath.Join(t.ArtifactDir(), "data")
	config := crashFolder(t, data)
	k := &killer{
		random:  rand.New(rand.NewPCG(seed, 1)),
		b:       newBridge(t),
		load:    &chatLoad{random: rand.New(rand.NewPCG(seed, 2))},
		startup: time.Second,
	}
	for n := range kills {
		bin := plain
		if n%raceEvery == 1 {
			bin = raced
		}
		k.run(t, startChild(t, bin, config, k.b.take), n)
	}

	c := startChild(t, plain, config, k.b.take)
	if err := k.b.send(c, k.b.which(unsettled)...); err != nil {
		t.Fatalf("%v; the process's log:\n%s", err, c.log.tail())
	}
	k.b.awaitAnswers(c)
	c.finish(t)
	verifyAftermath(t, plain, config, data, k.b)
	lines, _ := k.b.heard()
	failed := k.b.which(func(m *sentMessage) bool { return len(m.answers) > 0 && m.answers[0].Verdict == "failed" })
	t.Logf("%d kills, %d messages, %d lines, %d visibly failed", kills, len(k.b.sent), lines, len(failed))
}

func testSeed(t *testing.T) uint64 {
	t.Helper()
	seed := rand.Uint64()
	if text := os.Getenv("PARACHUTE_TEST_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("PARACHUTE_TEST_SEED=%d", seed)
	return seed
}

// killer runs the program under load and ends it by kill -9.
type killer struct {
	random *rand.Rand
	b      *bridge
	load   *chatLoad
	// startup is how long the last start took until its first line.
	startup time.Duration
}

// run is one life of the program.
func (k *killer) run(t *testing.T, c *child, n int) {
	t.Helper()
	var feeding sync.WaitGroup
	feeding.Go(func() { k.feed(c) })
	began := time.Now()
	heard, _ := k.b.heard()
	if n%5 == 0 { // while it starts
		time.Sleep(k.upTo(k.startup))
	} else { // while it works: how far it is does not hang on how fast the machine is
		more := k.random.IntN(40)
		k.awaitLines(c, heard+1)
		k.startup = time.Since(began)
		k.awaitLines(c, heard+1+more)
		time.Sleep(k.upTo(20 * time.Millisecond))
	}
	if !c.running() {
		t.Fatalf("the process ended by itself: %v; its log:\n%s", c.err, c.log.tail())
	}
	c.kill()
	c.awaitEnd(t)
	feeding.Wait()
	for _, line := range c.log.lines("level=ERROR") {
		// A turn under which several lives ended is failed visibly.
		if !strings.Contains(line, "turn given up") {
			t.Errorf("life %d logged an error: %s", n, line)
		}
	}
}

func (k *killer) awaitLines(c *child, n int) {
	k.b.await(c, "lines", func() bool { now, _ := k.b.heard(); return now >= n })
}

func (k *killer) upTo(d time.Duration) time.Duration {
	return time.Duration(k.random.Int64N(int64(d) + 1))
}

// feed sends again what nothing was heard of, then new messages, until the
// process is gone.
func (k *killer) feed(c *child) {
	if k.b.send(c, k.b.which(unsettled)...) != nil {
		return
	}
	for c.running() {
		_, news := k.b.heard()
		if len(k.b.which(owed)) >= window {
			select {
			case <-news:
			case <-c.done:
			}
			continue
		}
		if k.b.send(c, k.load.next()) != nil {
			return
		}
	}
}
