package programs

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"
)

// Kept is a process that serves the turns of one session, one after another.
type Kept interface {
	// Ended is closed when it serves no more, and at the latest by Close.
	Ended() <-chan struct{}
	// Pause freezes it between two turns, and Unpause lets it go on.
	Pause(ctx context.Context) error
	Unpause(ctx context.Context) error
	// Close ends it; it may be called again, and beside everything else.
	Close() error
	// Ending is how it ended. It is asked after Close.
	Ending() Ending
}

// Why a process was ended that did not end by itself.
var (
	// ErrClosed: the Pool was closed, or the session ended.
	ErrClosed = errors.New("programs: closed")
	// ErrIdle: nothing was asked of it for too long.
	ErrIdle = errors.New("programs: idle for too long")
	// ErrReplaced: it is not as its session needs it now, or could not be paused.
	ErrReplaced = errors.New("programs: replaced by another")
	// ErrRoom: another session needed its place.
	ErrRoom = errors.New("programs: no room for it")
)

// DefaultPauseAfter is the idleness after which a process gets no CPU.
const DefaultPauseAfter = 5 * time.Second

// PoolDeps are what a Pool is made of.
type PoolDeps[K Kept] struct {
	// Start starts a process, which lives for life; the starting ends with ctx. Where
	// a process had begun its error is a StartError.
	Start func(ctx, life context.Context, l Launch) (K, error)
	// Most is how many processes there are at a time, at least 1.
	Most int
	// Spares is how many of them may be warm: started for a session to come.
	Spares int
	// PauseAfter is the idleness after which a process is paused: 0 is
	// DefaultPauseAfter, and less is never.
	PauseAfter time.Duration
	// Ended may be nil. It is called once for each process that ended, after it was
	// removed, with no lock held; Close waits for it.
	Ended func(ctx context.Context, e Ended)
	Log   *slog.Logger
}

// Pool keeps processes by session. When there are as many as there may be, a
// spare is closed, or the one that was idle for longest; while all work, who
// comes waits. Its methods may be called beside one another.
type Pool[K Kept] struct {
	deps   PoolDeps[K]
	life   context.Context
	cancel context.CancelFunc
	// warming has a token while a spare is started: one at a time.
	warming chan struct{}

	mu     sync.Mutex
	places map[string]*place[K]
	// spares are in the order of their age. One that starts is busy.
	spares []*place[K]
	served served
	// freed is closed, and made anew, when a place may be free.
	freed  chan struct{}
	closed bool
	work   sync.WaitGroup
}

// NewPool makes a Pool; Close it.
func NewPool[K Kept](d PoolDeps[K]) *Pool[K] {
	life, cancel := context.WithCancel(context.Background()) //nolint:gosec // Close calls it
	d.Most = max(d.Most, 1)
	if d.PauseAfter == 0 {
		d.PauseAfter = DefaultPauseAfter
	}
	return &Pool[K]{
		deps: d, life: life, cancel: cancel, warming: make(chan struct{}, 1),
		places: map[string]*place[K]{}, served: served{}, freed: make(chan struct{}),
	}
}

// Sessions are those that have a process now, in order.
func (p *Pool[K]) Sessions() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Sorted(maps.Keys(p.places))
}

// Len is how many processes there are, spares too.
func (p *Pool[K]) Len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.places) + len(p.spares)
}

// Close ends all processes, and waits for that.
func (p *Pool[K]) Close() {
	p.mu.Lock()
	p.closed = true
	p.free()
	var all []*place[K]
	for _, at := range slices.AppendSeq(slices.Clone(p.spares), maps.Values(p.places)) {
		at.doom(ErrClosed)
		if at.made {
			all = append(all, at)
		}
		if !at.busy {
			p.drop(at, ErrClosed)
		}
	}
	p.mu.Unlock()
	// Before their life ends: to be killed twice at once is to lose what was used.
	var shut sync.WaitGroup
	for _, at := range all {
		shut.Go(func() { p.shut(at) })
	}
	shut.Wait()
	p.cancel()
	p.work.Wait()
}
