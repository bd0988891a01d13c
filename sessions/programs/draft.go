package programs

import (
	"sync"
	"time"
)

// often is the least time between two showings of a draft: a program may write
// thousands of pieces in a second.
const often = 100 * time.Millisecond

// Draft shows an answer while it is made, from a goroutine of its own, which ends
// with Close.
type Draft struct {
	show    func(string)
	text    func() string
	changed chan struct{}
	stop    chan struct{}
	done    sync.WaitGroup
}

// NewDraft begins a Draft. text gives the whole of what is to be shown; both are
// called from one goroutine. show may be nil.
func NewDraft(show func(string), text func() string) *Draft {
	d := &Draft{show: show, text: text, changed: make(chan struct{}, 1), stop: make(chan struct{})}
	if show != nil {
		d.done.Go(d.run)
	}
	return d
}

func (d *Draft) run() {
	pause := time.NewTimer(0)
	defer pause.Stop()
	last := ""
	for {
		select {
		case <-pause.C:
		case <-d.stop:
			return
		}
		select {
		case <-d.changed:
		case <-d.stop:
			return
		}
		if now := d.text(); now != "" && now != last {
			last = now
			d.show(now)
		}
		pause.Reset(often)
	}
}

// Changed says that there is more to show. It never waits.
func (d *Draft) Changed() {
	select {
	case d.changed <- struct{}{}:
	default:
	}
}

// Close ends the showing: after it, show is not called.
func (d *Draft) Close() {
	close(d.stop)
	d.done.Wait()
}

// Silence calls a function when nothing was heard for some time.
type Silence struct {
	after time.Duration
	timer *time.Timer
}

// NewSilence begins to listen; with after 0 it never calls.
func NewSilence(after time.Duration, call func()) *Silence {
	s := &Silence{after: after}
	if after > 0 {
		s.timer = time.AfterFunc(after, call)
	}
	return s
}

// Heard begins the time anew.
func (s *Silence) Heard() {
	if s.timer != nil {
		s.timer.Reset(s.after)
	}
}

// Close ends the listening. A call may be under way.
func (s *Silence) Close() {
	if s.timer != nil {
		s.timer.Stop()
	}
}
