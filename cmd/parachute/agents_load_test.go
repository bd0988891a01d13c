package main

import (
	"fmt"
	"runtime/debug"
	"slices"
	"testing"
)

// TestTwoHundredSessions opens and closes sessions through the gate, each with a
// container of its own, and holds the process to what it had before: memory,
// goroutines, open files, containers.
func TestTwoHundredSessions(t *testing.T) {
	rounds := 25
	if raceDetector() || testing.Short() {
		// The detector makes each message several times slower.
		rounds = 6
	}
	e := theEngine(t)
	lines, coders := names("lin", 4), names("cod", 4)
	everybody := slices.Concat(lines, coders)
	i := startInner(t, agentsConfig{engine: e, people: map[string][]string{"lines": lines, "coder": coders}})
	session := func(person string) {
		i.expect(person, "count", "1")
		i.expect(person, "/new", "")
	}
	gone := func() {
		hasContainers(t, e, i.data, func(list []aContainer) bool { return len(list) == 0 })
	}
	// What is made once, by the first, is no growth.
	each(everybody, session)
	gone()
	before := held(t)
	each(everybody, func(person string) {
		for range rounds {
			session(person)
		}
	})
	gone()
	const (
		// The queue's upkeep begins some seconds after it, and the engine's client keeps
		// connections ready. It is far below one for each session.
		slack = 16
		// What a test remembers itself: the answers.
		megabytes = 8 << 20
	)
	var after holdings
	until(t, "what it had before", func() (bool, string) {
		after = held(t)
		return after.goroutines <= before.goroutines+slack && after.files <= before.files+slack && after.heap <= before.heap+megabytes,
			fmt.Sprintf("before %+v, now %+v", before, after)
	})
	t.Logf("%d sessions: before %+v, after %+v", rounds*len(everybody), before, after)
	i.close()
}

// raceDetector tells whether the test was built with it.
func raceDetector() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.ContainsFunc(info.Settings, func(s debug.BuildSetting) bool { return s.Key == "-race" && s.Value == "true" })
}
