package discordfake

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"time"

	"github.com/parachute-gate/parachute/connectors/connectortest"
)

// connecting is where the rest of a fault on "receive" is played: on the
// connections to the gateway that follow.
const connecting = "connecting"

// Fault plays a fault. Discord has no events that it throttles or loses after it
// gave them.
func (s *Server) Fault(f connectortest.Fault) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.Times = max(f.Times, 1)
	switch {
	case f.Kind == connectortest.Revoke:
		s.revoked = true
		s.tell(closing(4004))
		return true
	case f.On == "send":
		s.faults = append(s.faults, f)
		return true
	case f.On != "receive":
		return false
	}
	connected := len(s.lines()) > 0
	later := connectortest.Fault{Kind: f.Kind, On: connecting, Times: f.Times, For: f.For}
	switch f.Kind {
	case connectortest.Drop, connectortest.ServerError:
		for _, l := range s.lines() {
			if f.Kind == connectortest.Drop {
				l.cut()
			} else {
				l.send(closing(4000))
			}
		}
		if connected && f.Kind == connectortest.Drop {
			later.Times--
		}
	case connectortest.Garbage:
		s.tell(raw("<html>this is no frame"))
		if connected {
			later.Times--
		}
	case connectortest.Stall:
		for _, l := range s.lines() {
			l.mu.Lock()
			l.mute = time.Now().Add(f.For)
			l.mu.Unlock()
		}
		if connected {
			later.Times = 0
		}
	default:
		return false
	}
	if later.Times > 0 {
		s.faults = append(s.faults, later)
	}
	return true
}

// lines are the connections that have a session. s.mu is held.
func (s *Server) lines() []*line {
	var all []*line
	for _, session := range s.sessions {
		if session.line != nil {
			all = append(all, session.line)
		}
	}
	return all
}

func (s *Server) tell(v any) {
	for _, l := range s.lines() {
		l.send(v)
	}
}

// Disconnect closes the gateway's connections with a code.
func (s *Server) Disconnect(code int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tell(closing(code))
}

// AskToReconnect sends RECONNECT (D/events/gateway#reconnect-event).
func (s *Server) AskToReconnect() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tell(map[string]any{"op": 7, "d": nil})
}

// Frame sends a text as a frame, of whatever protocol.
func (s *Server) Frame(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tell(raw(text))
}

// Forget ends all sessions, as Discord does some minutes after a connection broke,
// and breaks the connections: a resume gets INVALID_SESSION.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, session := range s.sessions {
		session.detach()
		delete(s.sessions, id)
	}
}

// take gives the next fault of a kind of call.
func (s *Server) take(on string) (connectortest.Fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := slices.IndexFunc(s.faults, func(f connectortest.Fault) bool { return f.On == on })
	if at < 0 {
		return connectortest.Fault{}, false
	}
	f := s.faults[at]
	if s.faults[at].Times--; s.faults[at].Times <= 0 {
		s.faults = slices.Delete(s.faults, at, at+1)
	}
	return f, true
}

// faulty plays the faults of one kind of call before, or in the place of, a
// handler.
func (s *Server) faulty(on string, h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		f, ok := s.take(on)
		if !ok {
			h(w, r)
			return
		}
		switch f.Kind {
		case connectortest.ServerError:
			http.Error(w, "upstream connect error", http.StatusServiceUnavailable)
		case connectortest.Throttle:
			// D/topics/rate-limits#exceeding-a-rate-limit.
			w.Header().Set("Retry-After", "1")
			w.Header().Set("X-RateLimit-Scope", "user")
			answer(w, http.StatusTooManyRequests, map[string]any{
				"message": "You are being rate limited.", "retry_after": f.For.Seconds(), "global": false,
			})
		case connectortest.Lost:
			h(httptest.NewRecorder(), r)
			hangUp(w)
		case connectortest.Garbage:
			w.Header().Set("Content-Type", "text/html")
			w.Write([]byte("<html>nothing to see here")) //nolint:errcheck // whoever asked is told or gone
		case connectortest.Stall:
			timer := time.NewTimer(f.For)
			defer timer.Stop()
			select {
			case <-timer.C:
			case <-s.stop:
			case <-r.Context().Done():
			}
			hangUp(w)
		default:
			hangUp(w)
		}
	}
}
