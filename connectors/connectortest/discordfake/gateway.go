package discordfake

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// frame is a gateway payload (D/events/gateway-events#payload-structure).
type frame struct {
	Op   int             `json:"op"`
	Data json.RawMessage `json:"d"`
	Seq  int64           `json:"s,omitempty"`
	Type string          `json:"t,omitempty"`
}

// session is what a resume finds again.
type session struct {
	id      string
	intents int
	seq     int64
	kept    []frame
	line    *line
}

func (s *session) detach() {
	if s.line != nil {
		s.line.cut()
		s.line = nil
	}
}

// line is one connection. Frames wait in it without a bound, so that the server
// never waits for a reader.
type line struct {
	conn *websocket.Conn

	mu    sync.Mutex
	queue []any
	more  chan struct{}
	over  chan struct{}
	once  sync.Once
	// mute is until when nothing is said.
	mute time.Time
}

func (l *line) send(v any) {
	l.mu.Lock()
	l.queue = append(l.queue, v)
	l.mu.Unlock()
	select {
	case l.more <- struct{}{}:
	default:
	}
}

// cut ends the connection without a word.
func (l *line) cut() {
	l.once.Do(func() {
		close(l.over)
		l.conn.UnderlyingConn().Close() //nolint:errcheck // it is over in any case
	})
}

// closing is a close frame in the queue; raw one that is not of the protocol.
type (
	closing int
	raw     string
)

func (l *line) write() {
	for {
		select {
		case <-l.over:
			return
		case <-l.more:
		}
		l.mu.Lock()
		queue, mute := l.queue, time.Until(l.mute)
		l.queue = nil
		l.mu.Unlock()
		if mute > 0 {
			select {
			case <-l.over:
				return
			case <-time.After(mute):
			}
		}
		for _, v := range queue {
			var err error
			switch v := v.(type) {
			case closing:
				err = l.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(int(v), "as the test says"), time.Now().Add(time.Second))
				l.cut()
			case raw:
				err = l.conn.WriteMessage(websocket.TextMessage, []byte(v))
			default:
				err = l.conn.WriteJSON(v)
			}
			if err != nil {
				l.cut()
				return
			}
		}
	}
}

// gateway is the websocket's end (D/events/gateway#connections).
func (s *Server) gateway(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("v") != "10" || r.URL.Query().Get("encoding") != "json" {
		http.Error(w, "the version or the encoding is not offered", http.StatusBadRequest)
		return
	}
	conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	l := &line{conn: conn, more: make(chan struct{}, 1), over: make(chan struct{})}
	defer l.cut()
	go l.write()
	l.send(map[string]any{"op": 10, "d": map[string]any{"heartbeat_interval": heartbeat.Milliseconds()}})
	var mine *session
	for {
		_, data, err := conn.ReadMessage()
		if err != nil {
			s.left(mine, l, err)
			return
		}
		var f frame
		if json.Unmarshal(data, &f) != nil {
			l.send(closing(4002))
			continue
		}
		switch {
		case f.Op == 1:
			l.send(map[string]any{"op": 11})
		case f.Op == 2 && mine == nil:
			mine = s.identify(l, f.Data)
		case f.Op == 6 && mine == nil:
			mine = s.resume(l, f.Data)
		case f.Op == 2 || f.Op == 6:
			l.send(closing(4005))
		case mine == nil:
			l.send(closing(4003))
		default:
			l.send(closing(4001))
		}
	}
}

// left keeps a session for a resume, unless it was closed with 1000 or 1001
// (D/events/gateway#initiating-a-disconnect).
func (s *Server) left(mine *session, l *line, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if mine == nil {
		return
	}
	if mine.line == l {
		mine.line = nil
	}
	if websocket.IsCloseError(err, websocket.CloseNormalClosure, websocket.CloseGoingAway) {
		delete(s.sessions, mine.id)
	}
}

// identify begins a session (D/events/gateway-events#identify).
func (s *Server) identify(l *line, data json.RawMessage) *session {
	var d struct {
		Token      string `json:"token"`
		Intents    *int   `json:"intents"`
		Properties *struct {
			OS, Browser, Device string
		} `json:"properties"`
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, "IDENTIFY")
	switch {
	case json.Unmarshal(data, &d) != nil || d.Intents == nil || d.Properties == nil || d.Properties.OS == "":
		l.send(closing(4002))
		return nil
	case d.Token != s.token || s.revoked:
		l.send(closing(4004))
		return nil
	case *d.Intents&^intentsKnown != 0:
		l.send(closing(4013))
		return nil
	case *d.Intents&intentsPrivileged != 0 && s.flags&(1<<18|1<<19) == 0:
		l.send(closing(4014))
		return nil
	}
	s.starts--
	mine := &session{id: "session-" + s.id(), intents: *d.Intents, line: l}
	s.sessions[mine.id] = mine
	ready := map[string]any{
		"v": 10, "user": s.bot, "session_id": mine.id, "resume_gateway_url": s.socketURL(),
		"guilds": []any{map[string]any{"id": s.guild, "unavailable": true}}, "application": map[string]any{"id": s.app, "flags": s.flags},
	}
	s.give(mine, event{"READY", ready, 0})
	channels := []*channel{}
	for _, c := range s.order {
		if c.GuildID != "" {
			channels = append(channels, c)
		}
	}
	s.give(mine, event{"GUILD_CREATE", map[string]any{"id": s.guild, "name": "server", "channels": channels, "threads": []any{}}, intentGuilds})
	held := s.held
	s.held, s.begun = nil, true
	for _, ev := range held {
		s.dispatch(ev)
	}
	return mine
}

// resume gives a session what it missed (D/events/gateway#resuming).
func (s *Server) resume(l *line, data json.RawMessage) *session {
	var d struct {
		Token   string `json:"token"`
		Session string `json:"session_id"`
		Seq     int64  `json:"seq"`
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, "RESUME")
	if json.Unmarshal(data, &d) != nil {
		l.send(closing(4002))
		return nil
	}
	if d.Token != s.token || s.revoked {
		l.send(closing(4004))
		return nil
	}
	mine := s.sessions[d.Session]
	switch {
	case mine == nil || len(mine.kept) > 0 && mine.kept[0].Seq > d.Seq+1:
		l.send(map[string]any{"op": 9, "d": false})
		return nil
	case d.Seq > mine.seq:
		l.send(closing(4007))
		return nil
	}
	mine.detach()
	mine.line = l
	for _, f := range mine.kept {
		if f.Seq > d.Seq {
			l.send(f)
		}
	}
	s.give(mine, event{"RESUMED", map[string]any{}, 0})
	return mine
}

// dispatch gives an event to all sessions. s.mu is held.
func (s *Server) dispatch(ev event) {
	for _, mine := range s.sessions {
		if mine.intents&ev.intent != 0 || ev.intent == 0 {
			s.give(mine, ev)
		}
	}
}

func (s *Server) give(mine *session, ev event) {
	data := ev.data
	if m, ok := data.(*message); ok {
		data = s.seen(m, mine.intents)
	}
	encoded, err := json.Marshal(data)
	if err != nil {
		panic(fmt.Sprintf("an object that cannot be encoded: %v", err))
	}
	mine.seq++
	f := frame{Op: 0, Data: encoded, Seq: mine.seq, Type: ev.name}
	if mine.kept = append(mine.kept, f); len(mine.kept) > 2*keptFrames {
		mine.kept = append([]frame(nil), mine.kept[keptFrames:]...)
	}
	if mine.line != nil {
		mine.line.send(f)
	}
}
