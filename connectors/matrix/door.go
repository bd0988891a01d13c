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
	// maxKnocks bounds the invites that wait.
	maxKnocks = 256
)

// door says which rooms the bot may be in, answers invites, and leaves rooms it
// should not be in. Safe for concurrent use.
type door struct {
	deps    Deps
	account *account
	log     *slog.Logger

	mu       sync.Mutex
	listed   map[id.RoomID]bool
	resolved time.Time
	waiting  map[id.RoomID]bool
}

func newDoor(d Deps, a *account, log *slog.Logger) *door {
	return &door{deps: d, account: a, log: log, waiting: map[id.RoomID]bool{}}
}

// allowed tells whether a room is listed: by exactly its id, or by an alias that
// leads to it now.
func (d *door) allowed(ctx context.Context, at id.RoomID) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if slices.Contains(d.deps.Rooms, string(at)) {
		return true, nil
	}
	if age := d.deps.Now().Sub(d.resolved); d.listed != nil && (age < noAliasTime || age < aliasTime && d.listed[at]) {
		return d.listed[at], nil
	}
	listed := map[id.RoomID]bool{}
	for _, alias := range d.deps.Rooms {
		if !strings.HasPrefix(alias, "#") {
			continue
		}
		to, err := d.resolve(ctx, alias)
		if err != nil {
			return false, err
		}
		listed[to] = true
	}
	delete(listed, "")
	d.listed, d.resolved = listed, d.deps.Now()
	return listed[at], nil
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

// forgetAliases makes the next question resolve them anew.
func (d *door) forgetAliases() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.listed = nil
}

// sweep leaves the rooms the bot is in and should not be. direct tells of direct
// messages.
func (d *door) sweep(ctx context.Context, direct func(id.RoomID) bool) error {
	d.forgetAliases()
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
	for _, at := range joined {
		if err := d.keepOut(ctx, at, direct(at)); err != nil {
			return err
		}
	}
	return nil
}

// keepOut leaves a room that is not allowed.
func (d *door) keepOut(ctx context.Context, at id.RoomID, direct bool) error {
	stay, err := d.may(ctx, at, direct)
	if err != nil || stay {
		return err
	}
	d.log.WarnContext(ctx, "leaving a room that is not listed", "room", at)
	return d.leave(ctx, at)
}

// may tells whether the bot may be in a room.
func (d *door) may(ctx context.Context, at id.RoomID, direct bool) (bool, error) {
	if direct && d.deps.DirectMessages {
		return true, nil
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
}

func readInvite(at id.RoomID, self id.UserID, state []*event.Event) invite {
	in := invite{room: at}
	for _, e := range state {
		switch {
		case e.StateKey == nil:
		case e.Type.Type == event.StateMember.Type && *e.StateKey == string(self):
			c := content[memberContent](e)
			if c.Membership == event.MembershipInvite {
				in.by, in.dm = e.Sender, c.Direct
			}
		case e.Type.Type == event.StateCreate.Type:
			in.space = createsSpace(e)
		}
	}
	return in
}

// knock answers an invite beside the caller: a join can take long, and whoever
// invites must not hold up everybody else. An invite that comes again while it is
// being answered, as some servers send it, is answered once. begin runs what it is
// given beside the caller; direct notes a direct message before it is joined.
func (d *door) knock(ctx context.Context, in invite, begin func(func()), direct func()) {
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
		err := driver.Retry(ctx, true, func(ctx context.Context) error { return d.answer(ctx, in, direct) })
		if err != nil && ctx.Err() == nil {
			d.log.WarnContext(ctx, "invite not answered", "room", in.room, "by", in.by, "error", err)
		}
	})
}

func (d *door) answer(ctx context.Context, in invite, direct func()) error {
	dm := in.dm && validUser(in.by)
	d.forgetAliases() // to refuse is for good, and the alias may be of just now
	may, err := d.may(ctx, in.room, dm)
	if err != nil {
		return err
	}
	if !may || in.space {
		d.log.InfoContext(ctx, "invite refused", "room", in.room, "by", in.by, "space", in.space)
		return d.leave(ctx, in.room)
	}
	if dm && d.deps.DirectMessages {
		direct()
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
