package telegramfake

import (
	"net/http"
	"time"

	"github.com/parachute-gate/parachute/connectors/connectortest"
)

const (
	lost    = connectortest.Lost
	send    = connectortest.OnSend
	receive = connectortest.OnReceive
)

type fault struct {
	kind connectortest.FaultKind
	on   string
	left int
	wait time.Duration
}

// Fault plays a fault on the next calls. What waits in a long poll meets a fault
// of receiving at once. On a webhook there is none to receive: Telegram is the
// one who calls.
func (s *Server) Fault(f connectortest.Fault) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.wake()
	if f.Kind == connectortest.Revoke {
		s.revoked = true
		return true
	}
	if f.On != send && (f.On != receive || s.webhook.url != "") {
		return false
	}
	s.faults = append(s.faults, &fault{kind: f.Kind, on: f.On, left: max(f.Times, 1), wait: f.For})
	return true
}

// faultFor takes the next fault that a method is to meet.
func (s *Server) faultFor(method string) *fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch method {
	case "sendMessage", "editMessageText":
		return s.take(send)
	case "getUpdates":
		return s.take(receive)
	}
	return nil
}

// take needs s.mu.
func (s *Server) take(on string) *fault {
	for i, f := range s.faults {
		if f.on != on {
			continue
		}
		if f.left--; f.left == 0 {
			s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
		}
		return f
	}
	return nil
}

// pending tells whether a fault waits for the next call. s.mu is held.
func (s *Server) pending(on string) bool {
	for _, f := range s.faults {
		if f.on == on {
			return true
		}
	}
	return false
}

// before plays what comes before the method acts, and tells whether that was all.
func (s *Server) before(w http.ResponseWriter, r *http.Request, f *fault) bool {
	switch f.kind {
	case connectortest.ServerError:
		// What stands before the real server answers without JSON.
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusBadGateway)
		_, _ = w.Write([]byte("<html><h1>502 Bad Gateway</h1></html>"))
	case connectortest.Throttle:
		seconds := max(int((f.wait+time.Second-1)/time.Second), 1)
		refuse(w, &fail{code: http.StatusTooManyRequests, description: "Too Many Requests: retry later", retryAfter: seconds})
	case connectortest.Drop:
		cut(w)
	case connectortest.Garbage:
		_, _ = w.Write([]byte("\x00\xff{]<garbage>"))
	case connectortest.Stall:
		timer := time.NewTimer(f.wait)
		defer timer.Stop()
		select {
		case <-timer.C:
			return false
		case <-r.Context().Done():
			return true
		}
	default:
		return false
	}
	return true
}
