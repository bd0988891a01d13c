package matrix

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"github.com/parachute-gate/parachute/connectors/driver"
)

const (
	// aliasTime is how long an alias is taken for leading where it did, and
	// noAliasTime how long a room is taken for having none: one that invites may
	// have been given its alias just now.
	aliasTime   = time.Minute
	noAliasTime = 5 * time.Second
	// resolveTime bounds the look-up of one alias, aliasesBeside how many are looked
	// up at once.
	resolveTime   = 10 * time.Second
	aliasesBeside = 4
	// maxKnocks bounds the invites that wait.
	maxKnocks = 256
)

// door says which rooms the bot may be in, answers invites, and leaves rooms it
// should not be in. Safe for concurrent use.
type door struct {
	deps    Deps
	account *account
	log     *slog.Logger

	mu      sync.Mutex
	waiting map[id.RoomID]bool
	// every is the least time between the beginnings of two look-ups of aliases.
	every time.Duration
	// list is where the aliases led when they were last looked up, and asking is
	// being looked up now; both may be nil.
	list, asking *listing
}

// listing is what one look-up of all aliases gave.
type listing struct {
	began time.Time
	done  chan struct{} // closed when the rest is there
	rooms map[id.RoomID]bool
	// err is of those that could not be looked up; void says that who looked them up
	// gave up.
	err  error
	void bool
}

func newDoor(d Deps, a *account, log *slog.Logger) *door {
	return &door{deps: d, account: a, log: log, waiting: map[id.RoomID]bool{}, every: noAliasTime}
}

// allowed tells whether a room is listed: by exactly its id, or by an alias that
// leads to it now.
func (d *door) allowed(ctx context.Context, at id.RoomID) (bool, error) {
	return d.allowedSince(ctx, at, time.Now().Add(-noAliasTime))
}

// allowedSince is allowed, and what it refuses was looked up after a time.
func (d *door) allowedSince(ctx context.Context, at id.RoomID, since time.Time) (bool, error) {
	byID, aliases := d.configured(at)
	if byID || len(aliases) == 0 {
		return byID, nil
	}
	for {
		d.mu.Lock()
		last, asking := d.list, d.asking
		var wait time.Duration
		if last != nil {
			if last.rooms[at] && time.Since(last.began) < aliasTime {
				d.mu.Unlock()
				return true, nil
			}
			if !last.began.Before(since) && (last.rooms[at] || last.err == nil || time.Since(last.began) < d.every) {
				d.mu.Unlock()
				return last.rooms[at], last.errFor(at)
			}
			wait = d.every - time.Since(last.began)
		}
		mine := asking == nil && wait <= 0
		if mine {
			asking = &listing{began: time.Now(), done: make(chan struct{})}
			d.asking = asking
		}
		d.mu.Unlock()
		if mine {
			d.lookUp(ctx, asking, aliases)
			return asking.rooms[at], asking.errFor(at)
		}
		if err := pauseFor(ctx, asking, wait); err != nil {
			return false, err
		}
		if asking != nil && !asking.void && !asking.began.Before(since) {
			return asking.rooms[at], asking.errFor(at)
		}
	}
}

// errFor is the error of a look-up that did not find a room.
func (l *listing) errFor(at id.RoomID) error {
	if l.rooms[at] {
		return nil
	}
	return l.err
}

// pauseFor waits until a look-up is done, or where there is none for a time.
func pauseFor(ctx context.Context, asking *listing, wait time.Duration) error {
	var done <-chan struct{}
	var over <-chan time.Time
	if asking != nil {
		done = asking.done
	} else {
		over = time.After(wait)
	}
	select {
	case <-done:
	case <-over:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// configured tells whether a room is listed by its id, and gives the aliases that
// are.
func (d *door) configured(at id.RoomID) (byID bool, aliases []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, name := range d.deps.Rooms {
		if name == string(at) {
			return true, nil
		}
		if strings.HasPrefix(name, "#") {
			aliases = append(aliases, name)
		}
	}
	return false, aliases
}

// lookUp looks the aliases up, some beside one another: one whose server is slow
// does not add to another's time. Nothing is locked meanwhile.
func (d *door) lookUp(ctx context.Context, l *listing, aliases []string) {
	l.rooms = map[id.RoomID]bool{}
	var mu sync.Mutex
	var all sync.WaitGroup
	free := make(chan struct{}, aliasesBeside)
	for _, alias := range aliases {
		free <- struct{}{}
		all.Go(func() {
			defer func() { <-free }()
			ctx, cancel := context.WithTimeout(ctx, resolveTime)
			defer cancel()
			to, err := d.resolve(ctx, alias)
			mu.Lock()
			defer mu.Unlock()
			l.err = errors.Join(l.err, err)
			if to != "" {
				l.rooms[to] = true
			}
		})
	}
	all.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asking = nil
	if l.void = ctx.Err() != nil; !l.void {
		d.list = l
	}
	close(l.done)
}

// resolve gives the room that an alias leads to, empty for none.
func (d *door) resolve(ctx context.Context, alias string) (to id.RoomID, err error) {
	err = d.account.short(ctx, "look up the alias "+alias, func(ctx context.Context, s *session) error {
		resp, err := s.cli.ResolveAlias(ctx, id.RoomAlias(alias))
		if err == nil {
			to = resp.RoomID
		}
		return err
	})
	var h mautrix.HTTPError
	if errors.As(err, &h) && h.Response != nil && (h.IsStatus(http.StatusNotFound) || h.IsStatus(http.StatusBadRequest)) {
		d.log.WarnContext(ctx, "an alias leads to no room", "alias", alias)
		return "", nil
	}
	return to, err
}

// sweep leaves the rooms the bot is in and should not be, and forgets direct
// messages that it is not in.
func (d *door) sweep(ctx context.Context, known *rooms) error {
	direct := known.book.directs()
	d.mu.Lock()
	direct = slices.DeleteFunc(direct, func(at id.RoomID) bool { return d.waiting[at] })
	d.mu.Unlock()
	var joined []id.RoomID
	err := d.account.short(ctx, "list the joined rooms", func(ctx context.Context, s *session) error {
		resp, err := s.cli.JoinedRooms(ctx)
		if err == nil {
			joined = resp.JoinedRooms
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, at := range direct {
		if !slices.Contains(joined, at) {
			known.book.uninvited(at)
		}
	}
	for _, at := range joined {
		err := d.keepOut(ctx, at, known)
		if ctx.Err() != nil {
			return err
		}
		if err != nil {
			// One room must not hold up all others: it is asked again when it has an event.
			d.log.WarnContext(ctx, "not known whether the bot may be in a room", "room", at, "error", err)
		}
	}
	return nil
}

// keepOut leaves a room that is not allowed.
func (d *door) keepOut(ctx context.Context, at id.RoomID, known *rooms) error {
	stay, err := d.may(ctx, at, known)
	if err != nil || stay {
		return err
	}
	d.log.WarnContext(ctx, "leaving a room that is not listed", "room", at)
	return d.leave(ctx, at)
}

// may tells whether the bot may be in a room that it has joined: one that is listed,
// or a direct message as long as it is one.
func (d *door) may(ctx context.Context, at id.RoomID, known *rooms) (bool, error) {
	if d.deps.DirectMessages && known.book.direct(at) != "" {
		if err := known.load(ctx, at); err != nil && !refused(err) {
			return false, err
		}
		if known.pair(at) {
			return true, nil
		}
	}
	return d.allowed(ctx, at)
}

func (d *door) leave(ctx context.Context, at id.RoomID) error {
	err := d.account.short(ctx, "leave the room", func(ctx context.Context, s *session) error {
		_, err := s.cli.LeaveRoom(ctx, at)
		return err
	})
	if driver.IsPermanent(err) { // it is not in it, or no longer
		d.log.WarnContext(ctx, "room not left", "room", at, "error", err)
		return nil
	}
	return err
}

// invite is what an invite says of a room.
type invite struct {
	room  id.RoomID
	by    id.UserID
	dm    bool
	space bool
	came  time.Time
}

func readInvite(at id.RoomID, self id.UserID, state []*event.Event) invite {
	in := invite{room: at, came: time.Now()}
	readable := true
	for _, e := range state {
		switch {
		case e.StateKey == nil:
		case e.Type.Type == event.StateMember.Type && *e.StateKey == string(self):
			if raw := e.Content.VeryRaw; membership(raw) == event.MembershipInvite {
				in.by, in.dm = e.Sender, field[bool](raw, "is_direct")
			}
		case e.Type.Type == event.StateCreate.Type:
			in.space = createsSpace(e)
		case e.Type.Type == unreadable:
			readable = false
		}
	}
	in.dm = in.dm && readable
	return in
}

// knock answers an invite beside the caller: a join can take long, and whoever
// invites must not hold up everybody else. An invite that comes again while it is
// being answered, as some servers send it, is answered once. begin runs what it is
// given beside the caller; a direct message is noted before it is joined.
func (d *door) knock(ctx context.Context, in invite, begin func(func()), noted *book) {
	d.mu.Lock()
	busy := d.waiting[in.room] || len(d.waiting) >= maxKnocks
	if !busy {
		d.waiting[in.room] = true
	}
	d.mu.Unlock()
	if busy {
		return
	}
	begin(func() {
		defer func() {
			d.mu.Lock()
			defer d.mu.Unlock()
			delete(d.waiting, in.room)
		}()
		err := driver.Retry(ctx, true, func(ctx context.Context) error { return d.answer(ctx, in, noted) })
		if err != nil && ctx.Err() == nil {
			noted.uninvited(in.room)
			d.log.WarnContext(ctx, "invite not answered", "room", in.room, "by", in.by, "error", err)
		}
	})
}

func (d *door) answer(ctx context.Context, in invite, noted *book) error {
	dm := in.dm && !in.space && validUser(in.by) && d.deps.DirectMessages
	if dm && !noted.invited(in.room, in.by) {
		d.log.WarnContext(ctx, "the bot is in too many direct messages to take one more", "room", in.room, "by", in.by,
			"most", maxDirect, "most_of_one_inviter", maxDirectEach)
		dm = false
	}
	may, err := dm, error(nil)
	if !dm && !in.space {
		// To refuse is for good, and the alias may be of just now.
		may, err = d.allowedSince(ctx, in.room, in.came)
	}
	if err != nil {
		return err
	}
	if !may {
		d.log.InfoContext(ctx, "invite refused", "room", in.room, "by", in.by, "space", in.space)
		return d.leave(ctx, in.room)
	}
	err = d.account.short(ctx, "join the room", func(ctx context.Context, s *session) error {
		_, err := s.cli.JoinRoomByID(ctx, in.room)
		return err
	})
	if err != nil {
		return err
	}
	d.log.InfoContext(ctx, "joined", "room", in.room, "by", in.by, "direct_message", dm)
	return nil
}
