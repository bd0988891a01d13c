//go:build linux

package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/gate"
)

// TestFullDisk takes the room for the data folder away while the program works:
// a decision that cannot be kept admits nothing. With room again it goes on by
// itself, and nothing is lost.
func TestFullDisk(t *testing.T) {
	seed := testSeed(t)
	played := 0
	for _, way := range []struct {
		name  string
		disk  func(*testing.T) (crashDisk, error)
		build func() (string, error)
	}{
		{"no room on the disk", smallDisk, plainProgram},
		{"no room in the quota", cappedDisk, racedProgram},
	} {
		t.Run(way.name, func(t *testing.T) {
			disk, err := way.disk(t)
			if err != nil {
				t.Logf("not possible here: %v", err)
				return
			}
			played++
			playFullDisk(t, buildProgram(t, way.build), disk, seed)
		})
	}
	if played == 0 {
		t.Fatal("a full disk could not be played in any way: run this as root, or where prlimit(2) and RLIMIT_FSIZE are allowed")
	}
}

func playFullDisk(t *testing.T, bin string, disk crashDisk, seed uint64) {
	t.Helper()
	config := crashFolder(t, disk.dir)
	b := newBridge(t)
	load := &chatLoad{random: rand.New(rand.NewPCG(seed, 3))}
	c := startChild(t, bin, config, b.take)
	p := &fullDisk{t: t, b: b, c: c, load: load}

	p.work(100)
	p.burst()
	if err := disk.fill(c); err != nil {
		t.Fatal(err)
	}
	p.awaitRefusals()
	full := time.Now()
	held := p.whileFull(holdFull())
	freed := time.Now()
	if err := disk.free(c); err != nil {
		t.Fatal(err)
	}
	// What was admitted is answered without anybody asking again.
	b.awaitAnswers(c)
	p.redeliver()
	p.work(20)
	b.awaitAnswers(c)
	c.finish(t)

	a := verifyAftermath(t, bin, config, disk.dir, b)
	late := a.strings(`SELECT message FROM decisions WHERE at > ? AND at < ? AND point = 'message'`, full.UnixNano(), freed.UnixNano())
	for _, m := range held {
		if slices.Contains(late, m.ID) {
			t.Errorf("message %s was refused because its decision could not be kept, and a decision of that time is kept", m.ID)
		}
	}
	p.told(held)
	p.saidOnce()
}

// holdFull is how long the disk stays full: longer than any part of the program
// tries in vain before it leaves off.
func holdFull() time.Duration {
	if testing.Short() {
		return 2 * time.Second
	}
	return 10 * time.Second
}

// fullDisk is a run of the program whose disk gets full.
type fullDisk struct {
	t    *testing.T
	b    *bridge
	c    *child
	load *chatLoad
}

func (p *fullDisk) send(messages ...*sentMessage) {
	p.t.Helper()
	if err := p.b.send(p.c, messages...); err != nil {
		p.t.Fatalf("%v; the process's log:\n%s", err, p.c.log.tail())
	}
}

// work sends n messages and leaves answers owed.
func (p *fullDisk) work(n int) {
	p.t.Helper()
	for range n {
		p.send(p.load.next())
		p.b.await(p.c, "room in the window", func() bool { return len(p.b.which(owed)) < window })
	}
}

// burst sends messages that are all being answered when the disk gets full, each
// in a chat where nothing comes after it.
func (p *fullDisk) burst() {
	p.t.Helper()
	for n := range window {
		m := p.load.next()
		m.User, m.Chat, m.ChatKind, m.Text = "ana", fmt.Sprintf("side-%d", n), "dm", addPrefix+m.token
		m.allowed = true
		p.send(m)
	}
	p.b.await(p.c, "the first of a burst to be answered", func() bool { return len(p.b.which(owed)) < window })
}

// awaitRefusals sends messages until ten in a row are refused: until the room
// that the program had set aside is used up.
func (p *fullDisk) awaitRefusals() {
	p.t.Helper()
	for row, over := 0, time.Now().Add(crashPatience); row < 10; {
		if time.Now().After(over) {
			p.t.Fatalf("the disk is full, and messages are not refused; the process's log:\n%s", p.c.log.tail())
		}
		m := p.load.next()
		p.send(m)
		if row++; !p.refusedSoon(m) {
			row = 0
		}
	}
}

// refusedSoon tells whether a message is refused; that it is not, nobody says.
func (p *fullDisk) refusedSoon(m *sentMessage) bool {
	for range 100 {
		_, news := p.b.heard()
		if p.refused(m) {
			return true
		}
		select {
		case <-news:
		case <-time.After(20 * time.Millisecond):
		case <-p.c.done:
			p.t.Fatalf("the process ended (%v) on a full disk; its log:\n%s", p.c.err, p.c.log.tail())
		}
	}
	return false
}

func (p *fullDisk) refused(m *sentMessage) bool {
	p.b.mu.Lock()
	defer p.b.mu.Unlock()
	return m.refused
}

// whileFull sends messages for a while, and gives those that were refused. One
// that was not has a decision that is kept: SQLite writes its log from the start
// again when no reader needs it, and then there is room in it for a few.
func (p *fullDisk) whileFull(d time.Duration) []*sentMessage {
	p.t.Helper()
	var held []*sentMessage
	kept := 0
	for over := time.Now().Add(d); time.Now().Before(over); time.Sleep(50 * time.Millisecond) {
		m := p.load.next()
		p.send(m)
		p.b.await(p.c, fmt.Sprintf("the refusal of message %s", m.ID), func() bool { return p.refused(m) || p.kept(m) })
		if p.refused(m) {
			held = append(held, m)
		} else {
			kept++
		}
	}
	if len(held) <= kept {
		p.t.Errorf("%d messages were refused and %d were not: the disk was not full", len(held), kept)
	}
	return held
}

// kept tells whether the log names a decision about a message. One that could not
// be kept has no id there, and every id begins with 0 (RFC 9562, version 7).
func (p *fullDisk) kept(m *sentMessage) bool {
	return len(p.c.log.lines("msg=decision", "message="+m.ID+" decision=0")) > 0
}

// redeliver sends again what was refused, as the line about it says, until it is
// taken.
func (p *fullDisk) redeliver() {
	p.t.Helper()
	for over := time.Now().Add(crashPatience); ; {
		again := p.b.which(func(m *sentMessage) bool { return m.refused })
		if len(again) == 0 {
			p.b.awaitAnswers(p.c)
			if len(p.b.which(func(m *sentMessage) bool { return m.refused })) == 0 {
				return
			}
			continue
		}
		if time.Now().After(over) {
			p.t.Fatalf("there is room again, and %d messages are still refused; the process's log:\n%s", len(again), p.c.log.tail())
		}
		p.send(again...)
		time.Sleep(50 * time.Millisecond)
	}
}

// told holds each message that came while the disk was full to a denial that
// names its rule, in the log and in the chat.
func (p *fullDisk) told(held []*sentMessage) {
	p.t.Helper()
	for _, m := range held {
		if n := len(p.c.log.lines("level=ERROR msg=decision", "verdict=deny", "rule="+gate.RuleUnwritable, "message="+m.ID+" ")); n == 0 {
			p.t.Errorf("message %s was refused, and no line of the log denies it by %s", m.ID, gate.RuleUnwritable)
		}
	}
	if len(p.b.which(func(m *sentMessage) bool { return m.sorry > 0 })) == 0 {
		p.t.Error("nobody was told that the bot cannot answer")
	}
}

// saidOnce: no crash came between, so whether an answer went out is known.
func (p *fullDisk) saidOnce() {
	p.t.Helper()
	for _, m := range p.b.sent {
		var said []string
		for _, line := range m.answers {
			if line.Verdict != "deny" {
				said = append(said, line.Verdict+": "+line.Text)
			}
		}
		if len(said) > 1 {
			p.t.Errorf("message %s was answered %d times:\n  %s", m.ID, len(said), strings.Join(said, "\n  "))
		}
	}
}
