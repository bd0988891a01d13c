package matrix

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"
)

// behind puts a proxy between the bot and its homeserver, as many are run. before
// gives true for a request that it has answered itself.
func (s *stage) behind(before func(w http.ResponseWriter, r *http.Request) bool) {
	s.t.Helper()
	target, err := url.Parse(s.URL())
	s.ok(err)
	onward := &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target) },
		FlushInterval: -1,
		ErrorHandler:  func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !before(w, r) {
			onward.ServeHTTP(w, r)
		}
	}))
	s.t.Cleanup(front.Close)
	s.again(func(d *Deps) { d.Homeserver = front.URL })
}

// TestAReplyToWhatIsNoEventHoldsUpNothing plays ids that are none, and one whose
// look-up the homeserver never answers well.
func TestAReplyToWhatIsNoEventHoldsUpNothing(t *testing.T) {
	s := newStage(t, false, nil)
	var asked, failed atomic.Int32
	s.behind(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "/event/") {
			return false
		}
		asked.Add(1)
		switch {
		case strings.Contains(r.RequestURI, "broken"):
			failed.Add(1)
			w.WriteHeader(http.StatusBadGateway)
		case strings.Contains(r.RequestURI, "long"):
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(http.StatusRequestURITooLong)
			io.WriteString(w, "<html>414</html>") //nolint:errcheck // a test's answer
		default:
			return false
		}
		return true
	})
	alice, mallory := s.person("alice"), s.person("mallory")
	room := s.room(alice, mautrix.ReqCreateRoom{Preset: "public_chat"}, false)
	s.ok(mallory.Join(s.ctx, room, ""))
	s.again(func(d *Deps) { d.Rooms = []string{string(room)} })
	s.run()
	s.ok(s.Present(s.ctx, alice, room))
	reply := func(to string) {
		t.Helper()
		_, err := mallory.Send(s.ctx, room, event.EventMessage, map[string]any{
			"msgtype": "m.text", "body": "hello", "m.relates_to": map[string]any{"m.in_reply_to": map[string]any{"event_id": to}},
		})
		s.ok(err)
		if m := s.want("hello"); m.ReplyToBot || m.ReplyTo != to {
			t.Errorf("a reply to %.40q came as %+v", to, m)
		}
	}
	for _, none := range []string{"..", "../../..", "a/b", "%2e%2e", "?", "#", "\n", "$a\nb", "$" + strings.Repeat("x", 255), strings.Repeat("/", 20_000)} {
		reply(none)
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("%d ids that are none were looked up", n)
	}
	for _, unknown := range []string{"$unknown", "$../../..", "$long", "$broken"} {
		reply(unknown)
	}
	if n := failed.Load(); n != lookUps {
		t.Errorf("an event was looked up %d times, want %d", n, lookUps)
	}
	_, err := mallory.Send(s.ctx, room, event.EventMessage, map[string]any{
		"msgtype": "m.text", "body": "* x", "m.new_content": map[string]any{"msgtype": "m.text", "body": "x"},
		"m.relates_to": map[string]any{"rel_type": "m.replace", "event_id": "$broken"},
	})
	s.ok(err)
	last := s.say(alice, room, "last", false)
	s.want("last")
	s.until("the place in the events did not move", func() bool {
		_, at := s.connector.rooms.book.since()
		return at[room] == last
	})
	if n := s.connector.untaken.count(); n != 0 {
		t.Errorf("%d events are not taken", n)
	}
}

func TestBatchesBehindOneThatIsHeldAreBounded(t *testing.T) {
	d := disk{t.TempDir()}
	l := &line{book: newBook(d), log: slog.New(slog.DiscardHandler)}
	if err := l.book.open(); err != nil {
		t.Fatal(err)
	}
	held := l.add("s0", nil, 1)
	var late []*batch
	for n := 1; n <= 5*maxBatches; n++ {
		b := l.add(fmt.Sprint("s", n), map[id.RoomID]id.EventID{"!r:x": id.EventID(fmt.Sprint("$", n))}, 1)
		if n%2 == 0 {
			l.done(b)
		} else {
			late = append(late, b)
		}
	}
	if n := len(l.batches); n > maxBatches {
		t.Errorf("%d batches are kept", n)
	}
	for _, b := range late[1:] {
		l.done(b)
	}
	l.done(held)
	if at, _ := l.book.since(); at != "s0" {
		t.Errorf("the place is %q, before which one is not handled", at)
	}
	l.done(late[0])
	if at, last := l.book.since(); at != fmt.Sprint("s", 5*maxBatches) || last["!r:x"] != id.EventID(fmt.Sprint("$", 5*maxBatches)) || len(l.batches) != 0 {
		t.Errorf("the place is %q and %v, with %d batches", at, last, len(l.batches))
	}
}

// TestAGroupThatSaysItIsADirectMessage plays a room of three that is in no list, and
// one that becomes one.
func TestAGroupThatSaysItIsADirectMessage(t *testing.T) {
	s := newStage(t, false, func(d *Deps, p *platform) {
		_, listed := mine(p, "onlythis")
		d.Rooms, d.DirectMessages = []string{listed}, true
	})
	s.run()
	alice, mallory := s.person("alice"), s.person("mallory")
	room, err := mallory.Create(s.ctx, &mautrix.ReqCreateRoom{Preset: "public_chat"}, false)
	s.ok(err)
	s.ok(alice.Join(s.ctx, room, ""))
	gone := func() bool { return s.membership(alice, room) == event.MembershipLeave }
	_, err = mallory.Cli.SendStateEvent(s.ctx, room, event.StateMember, s.User(), map[string]any{"membership": "invite", "is_direct": true})
	s.ok(err)
	s.until("the bot stays in a group that is not listed", gone)

	room = s.room(mallory, mautrix.ReqCreateRoom{IsDirect: true}, false)
	s.ok(s.Present(s.ctx, mallory, room))
	s.say(mallory, room, "between us", false)
	s.want("between us")
	_, err = mallory.Cli.InviteUser(s.ctx, room, &mautrix.ReqInviteUser{UserID: alice.ID})
	s.ok(err)
	s.ok(alice.Join(s.ctx, room, ""))
	s.until("the bot stays in a direct message that became a group", gone)

	room = s.room(mallory, mautrix.ReqCreateRoom{IsDirect: true}, false)
	s.ok(s.Present(s.ctx, mallory, room))
	s.halt()
	_, err = mallory.Cli.InviteUser(s.ctx, room, &mautrix.ReqInviteUser{UserID: alice.ID})
	s.ok(err)
	s.ok(alice.Join(s.ctx, room, ""))
	s.say(mallory, room, "in a group that nobody listed", false)
	s.again(nil)
	s.run()
	s.until("the bot stays in a group after a restart", gone)
	s.halt()
	select {
	case m := <-s.got:
		t.Errorf("got %+v", m)
	default:
	}
}

// TestAStrangerInvitesTheBotToManyDirectMessages holds that one person, and all
// together, fill only so much of the bot.
func TestAStrangerInvitesTheBotToManyDirectMessages(t *testing.T) {
	s := newStage(t, false, func(d *Deps, _ *platform) { d.DirectMessages = true })
	s.run()
	alice, mallory := s.person("alice"), s.person("mallory")
	var rooms []id.RoomID
	for range maxDirectEach {
		rooms = append(rooms, s.room(mallory, mautrix.ReqCreateRoom{IsDirect: true}, false))
	}
	for _, room := range rooms {
		s.ok(s.Present(s.ctx, mallory, room))
	}
	more := s.room(mallory, mautrix.ReqCreateRoom{IsDirect: true}, false)
	s.until("one more was joined", func() bool { return s.membership(mallory, more) == event.MembershipLeave })
	s.logged("level=WARN", "too many direct messages", string(more))
	hers := s.room(alice, mautrix.ReqCreateRoom{IsDirect: true}, false)
	s.ok(s.Present(s.ctx, alice, hers))
	s.ok(mallory.Leave(s.ctx, rooms[0])) // alone in it, the bot goes as well
	s.until("the bot stays where nobody is", func() bool { return s.connector.rooms.book.direct(rooms[0]) == "" })
	again := s.room(mallory, mautrix.ReqCreateRoom{IsDirect: true}, false)
	s.ok(s.Present(s.ctx, mallory, again))

	b := newBook(disk{t.TempDir()})
	for n := range maxDirect {
		if !b.invited(id.RoomID(fmt.Sprint("!", n)), id.UserID(fmt.Sprint("@", n, ":x"))) {
			t.Fatalf("number %d was refused", n)
		}
	}
	if b.invited("!more", "@more:x") || !b.invited("!0", "@0:x") || len(b.directs()) != maxDirect {
		t.Errorf("there are %d", len(b.directs()))
	}
	b.uninvited("!0")
	if !b.invited("!more", "@more:x") {
		t.Error("none is taken where one went")
	}
}

// TestInvitesWhileAnAliasIsSlowHoldUpNobody plays an alias whose server does not
// answer, and a stranger who makes the bot look it up.
func TestInvitesWhileAnAliasIsSlowHoldUpNobody(t *testing.T) {
	s := newStage(t, false, nil)
	release, begun := make(chan struct{}), make(chan struct{})
	var asked atomic.Int32
	begin := sync.OnceFunc(func() { close(begun) })
	open := sync.OnceFunc(func() { close(release) })
	s.behind(func(_ http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.Path, "/directory/room/") {
			asked.Add(1)
			begin()
			select {
			case <-release:
			case <-r.Context().Done():
			}
		}
		return false
	})
	t.Cleanup(open)
	alice, mallory := s.person("alice"), s.person("mallory")
	hers := s.room(alice, mautrix.ReqCreateRoom{}, false)
	s.again(func(d *Deps) { d.Rooms = []string{string(hers), "#slow:localhost"} })
	s.connector.door.every = noAliasTime
	s.run()
	s.ok(s.Present(s.ctx, alice, hers))
	var rooms []id.RoomID
	for range 8 {
		rooms = append(rooms, s.room(mallory, mautrix.ReqCreateRoom{}, false))
	}
	select {
	case <-begun:
	case <-s.ctx.Done():
		t.Fatal("no alias was looked up")
	}
	for range 3 {
		s.say(alice, hers, "meanwhile", false)
		s.want("meanwhile")
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("%d look-ups at once", n)
	}
	open()
	for _, room := range rooms {
		s.until("an invite was not answered", func() bool { return s.membership(mallory, room) == event.MembershipLeave })
	}
	if n := asked.Load(); n > 3 {
		t.Errorf("8 invites made %d look-ups", n)
	}
}

// grower gives more bytes than anybody said.
type grower struct{ read int64 }

func (g *grower) Read(p []byte) (int, error) {
	if g.read > 2*maxLocked {
		return 0, io.EOF
	}
	g.read += int64(len(p))
	return len(p), nil
}

func TestAnEncryptedFileIsLargerThanItIsSaidToBe(t *testing.T) {
	for said, most := range map[int64]int64{1000: 1000, 0: maxUnsized, 1 << 40: maxLocked} {
		g := &grower{}
		if _, err := unlock(io.NopCloser(g), lockedFile{}, said); err == nil || !strings.Contains(err.Error(), "larger than") {
			t.Errorf("%d bytes: %v", said, err)
		}
		if g.read != most+1 {
			t.Errorf("of %d bytes %d were read", said, g.read)
		}
	}
	m, err := translate(t, text(`{"msgtype":"m.file","body":"x","file":{"url":"mxc://a/b","v":"v2"},"info":{"size":1234}}`))
	if err != nil || len(m.Attachments) != 1 || !strings.Contains(m.Attachments[0].Ref, `"size":1234`) {
		t.Errorf("got %+v and %v", m, err)
	}
}

func TestOneCrowdsOutNobody(t *testing.T) {
	c := newCrowd(1, 3)
	for _, step := range []struct {
		who id.UserID
		ok  bool
	}{{"@mallory:x", true}, {"@mallory:x", false}, {"@alice:x", true}, {"@bob:x", true}, {"@carol:x", false}} {
		if got := c.enter(step.who); got != step.ok {
			t.Errorf("%s enters: %v", step.who, got)
		}
	}
	c.leave("@mallory:x")
	if !c.enter("@carol:x") || len(c.by) != 3 {
		t.Errorf("there are %v", c.by)
	}
}
