package matrixhome

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"github.com/parachute-gate/parachute/connectors/connectortest"
)

// written is what the bot wrote, as the homeserver took it.
type written struct {
	id      id.EventID
	room    id.RoomID
	kind    string
	content json.RawMessage
}

// proxy stands between one bot and the homeserver. It notes what the bot writes,
// and plays faults. Safe for concurrent use.
type proxy struct {
	http *http.Client

	mu      sync.Mutex
	faults  []connectortest.Fault
	revoked bool
	// expired are tokens that are no longer valid; all are tokens seen.
	expired map[string]bool
	tokens  map[string]bool
	wrote   []written
	seen    map[id.EventID]bool
	signs   []connectortest.Sign
	marks   map[id.EventID]connectortest.Sign
	logins  []string
	// last is the last answer with a person's message in it.
	last   []byte
	replay bool
	wake   chan struct{}
	closed bool
	// edit changes an answer to a request for events, where a test wants the
	// homeserver to lie.
	edit func(map[string]any)
}

func newProxy(c *http.Client) *proxy {
	return &proxy{
		http: c, expired: map[string]bool{}, tokens: map[string]bool{}, seen: map[id.EventID]bool{},
		marks: map[id.EventID]connectortest.Sign{}, wake: make(chan struct{}),
	}
}

// class tells what a request is to a Fault's On.
func class(r *http.Request) string {
	switch {
	case r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/sync"):
		return "receive"
	case r.Method == http.MethodPut && (strings.Contains(r.URL.Path, "/send/m.room.message/") || strings.Contains(r.URL.Path, "/send/m.room.encrypted/")):
		return "send"
	}
	return ""
}

// ServeHTTP plays the fault that is due, or passes the request on.
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if p.refused(w, r) {
		return
	}
	f, faulty := p.due(class(r))
	if faulty && f.Kind != connectortest.Lost {
		p.play(w, r, f)
		return
	}
	a := p.pass(r, body)
	if a.status == 0 || faulty {
		panic(http.ErrAbortHandler)
	}
	if class(r) == "receive" {
		a.body = p.received(a.body)
	}
	for k, v := range a.header {
		if k != "Content-Length" {
			w.Header()[k] = v
		}
	}
	w.WriteHeader(a.status)
	w.Write(a.body) //nolint:errcheck // the connector may be gone
}

// refused answers a request whose token is not valid.
func (p *proxy) refused(w http.ResponseWriter, r *http.Request) bool {
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	p.mu.Lock()
	login := strings.HasSuffix(r.URL.Path, "/login")
	bad := p.revoked || p.expired[token]
	if token != "" {
		p.tokens[token] = true
	}
	p.mu.Unlock()
	switch {
	case bad && login:
		reply(w, http.StatusForbidden, `{"errcode":"M_FORBIDDEN","error":"Invalid username or password"}`)
	case bad:
		reply(w, http.StatusUnauthorized, `{"errcode":"M_UNKNOWN_TOKEN","error":"Unknown token `+token+`"}`)
	}
	return bad
}

func reply(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	io.WriteString(w, body) //nolint:errcheck,gosec // the connector may be gone; it is no browser
}

// due takes the next fault for a class of requests.
func (p *proxy) due(class string) (connectortest.Fault, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, f := range p.faults {
		if f.On != class || class == "" {
			continue
		}
		if p.faults[i].Times--; p.faults[i].Times <= 0 {
			p.faults = append(p.faults[:i:i], p.faults[i+1:]...)
		}
		return f, true
	}
	return connectortest.Fault{}, false
}

func (p *proxy) play(w http.ResponseWriter, r *http.Request, f connectortest.Fault) {
	switch f.Kind {
	case connectortest.ServerError:
		w.WriteHeader(http.StatusBadGateway)
		io.WriteString(w, "<html>502 Bad Gateway</html>") //nolint:errcheck // as above
	case connectortest.Throttle:
		raw, err := json.Marshal(map[string]any{"errcode": "M_LIMIT_EXCEEDED", "error": "Too many requests", "retry_after_ms": f.For.Milliseconds()})
		if err != nil {
			panic(err)
		}
		reply(w, http.StatusTooManyRequests, string(raw))
	case connectortest.Garbage:
		reply(w, http.StatusOK, `{"next_batch": 7, "rooms": [<html>`)
	case connectortest.Stall:
		select {
		case <-r.Context().Done():
		case <-time.After(f.For):
		}
		panic(http.ErrAbortHandler)
	default: // Drop
		if f.On == connectortest.OnReceive {
			// A connection that is dropped before its first byte is asked again by
			// Go's own client, and no connector sees it.
			w.WriteHeader(http.StatusOK)
			http.NewResponseController(w).Flush() //nolint:errcheck // the connector may be gone
		}
		panic(http.ErrAbortHandler)
	}
}

// answered is what the homeserver answered. Status 0 says that it did not.
type answered struct {
	status int
	header http.Header
	body   []byte
}

// pass sends a request on. The homeserver is let finish whatever the connector
// does: one that is hung up on while it writes to SQLite may leave its database
// within a transaction.
func (p *proxy) pass(r *http.Request, body []byte) answered {
	done := make(chan answered, 1)
	go func() { done <- p.ask(r, body) }()
	if class(r) != "receive" {
		select {
		case a := <-done:
			return a
		case <-r.Context().Done():
			return answered{}
		}
	}
	for {
		p.mu.Lock()
		again, wake, last := p.replay, p.wake, p.last
		p.replay = false
		p.mu.Unlock()
		if again {
			return answered{http.StatusOK, http.Header{"Content-Type": {"application/json"}}, replayed(last, r.URL.Query().Get("since"))}
		}
		select {
		case a := <-done:
			return a
		case <-r.Context().Done():
			return answered{}
		case <-wake:
		}
		if p.hungUp() {
			return answered{}
		}
	}
}

// hungUp tells whether the way to the homeserver was closed.
func (p *proxy) hungUp() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closed
}

// ask makes a request of the homeserver.
func (p *proxy) ask(r *http.Request, body []byte) answered {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), time.Minute)
	defer cancel()
	u := url.URL{Scheme: "http", Host: "dendrite", Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}
	req, err := http.NewRequestWithContext(ctx, r.Method, u.String(), bytes.NewReader(body))
	if err != nil {
		return answered{}
	}
	for _, k := range []string{"Authorization", "Content-Type", "Accept"} {
		if v := r.Header.Get(k); v != "" {
			req.Header.Set(k, v)
		}
	}
	resp, err := p.http.Do(req) //nolint:gosec // it goes to the homeserver's socket, whatever it says
	if err != nil {
		return answered{}
	}
	defer resp.Body.Close() //nolint:errcheck // it was read
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return answered{}
	}
	if resp.StatusCode == http.StatusOK {
		p.note(r, body, answer)
	}
	return answered{resp.StatusCode, resp.Header, answer}
}

// note notes what the homeserver has taken from the bot.
func (p *proxy) note(r *http.Request, body, answer []byte) {
	parts := strings.Split(strings.TrimPrefix(r.URL.EscapedPath(), "/_matrix/client/v3/"), "/")
	for i := range parts {
		if s, err := url.PathUnescape(parts[i]); err == nil {
			parts[i] = s
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case len(parts) == 1 && parts[0] == "login" && r.Method == http.MethodPost:
		p.logins = append(p.logins, string(body))
	case len(parts) < 4 || parts[0] != "rooms" || r.Method != http.MethodPut:
	case parts[2] == "typing":
		on := bytes.Contains(body, []byte(`"typing":true`))
		p.signs = append(p.signs, connectortest.Sign{Chat: parts[1], Name: "typing", On: on})
	case parts[2] == "send" || parts[2] == "redact":
		var took struct {
			ID id.EventID `json:"event_id"`
		}
		if json.Unmarshal(answer, &took) != nil || p.seen[took.ID] {
			return
		}
		p.seen[took.ID] = true
		p.mark(parts, took.ID, body)
	}
}

// mark notes an event of the bot; p.mu is held.
func (p *proxy) mark(parts []string, took id.EventID, body []byte) {
	if parts[2] == "redact" {
		if s, ok := p.marks[id.EventID(parts[3])]; ok {
			s.On = false
			p.signs = append(p.signs, s)
		}
		return
	}
	if parts[3] != event.EventReaction.Type {
		p.wrote = append(p.wrote, written{id: took, room: id.RoomID(parts[1]), kind: parts[3], content: body})
		return
	}
	var c struct {
		Relates struct {
			Event string `json:"event_id"`
			Key   string `json:"key"`
		} `json:"m.relates_to"`
	}
	if json.Unmarshal(body, &c) == nil {
		s := connectortest.Sign{Chat: parts[1], Message: c.Relates.Event, Name: c.Relates.Key, On: true}
		p.marks[took] = s
		p.signs = append(p.signs, s)
	}
}

// received keeps an answer with somebody's message, and lets a test change it.
func (p *proxy) received(answer []byte) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.edit != nil {
		var all map[string]any
		if json.Unmarshal(answer, &all) == nil {
			p.edit(all)
			if changed, err := json.Marshal(all); err == nil {
				answer = changed
			}
		}
	}
	if bytes.Contains(answer, []byte(`"m.room.message"`)) || bytes.Contains(answer, []byte(`"m.room.encrypted"`)) {
		p.last = answer
	}
	return answer
}

// replayed is an answer once more, as if nothing had happened since.
func replayed(last []byte, since string) []byte {
	var all map[string]any
	if json.Unmarshal(last, &all) != nil {
		return last
	}
	all["next_batch"] = since
	delete(all, "to_device")
	raw, err := json.Marshal(all)
	if err != nil {
		return last
	}
	return raw
}

// close lets no request wait any longer.
func (p *proxy) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	close(p.wake)
	p.wake = make(chan struct{})
}

// again makes the next answer be the last one with a message.
func (p *proxy) again() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.replay = true
	close(p.wake)
	p.wake = make(chan struct{})
}
