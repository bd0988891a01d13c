package discord

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// Opcodes of the gateway
// (https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway-gateway-opcodes).
const (
	opDispatch       = 0
	opHeartbeat      = 1
	opIdentify       = 2
	opResume         = 6
	opReconnect      = 7
	opInvalidSession = 9
	opHello          = 10
	opHeartbeatACK   = 11
)

const (
	// shakeTime bounds each step until the gateway has said READY or RESUMED, and
	// writeTime one write.
	shakeTime = 20 * time.Second
	writeTime = 10 * time.Second
	// maxFrame bounds a frame, in bytes: a server's channels come in one.
	maxFrame = 32 << 20
	// keepSession is a close code after which a session can be resumed: 1000 and
	// 1001 would end it.
	keepSession = 4900
)

// socket is one connection to the gateway. One goroutine reads; write is safe for
// concurrent use.
type socket struct {
	conn *websocket.Conn
	mu   sync.Mutex // holds writes apart

	// acked says that the last heartbeat was acknowledged, and busy that nobody
	// reads at the moment, because the handlers are behind.
	acked, busy atomic.Bool
	// broken is why the connection was given up from this side.
	broken atomic.Pointer[error]
}

// dial connects. The address comes from Discord, and gets the token: it must be
// one of Discord's, and encrypted, unless another base was configured.
func (a *api) dial(ctx context.Context, address string) (*socket, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("the gateway's address cannot be read")
	}
	if a.override == nil && (u.Scheme != "wss" || u.Hostname() != "discord.gg" && !strings.HasSuffix(u.Hostname(), ".discord.gg")) {
		return nil, errors.New("the gateway's address is not one of Discord's")
	}
	if a.override != nil && a.override.Scheme == "https" && u.Scheme != "wss" {
		return nil, errors.New("the gateway's address is not encrypted")
	}
	u.RawQuery = url.Values{"v": {version}, "encoding": {"json"}}.Encode()
	if u.Path == "" {
		u.Path = "/"
	}
	dialer := websocket.Dialer{Proxy: http.ProxyFromEnvironment, HandshakeTimeout: shakeTime}
	conn, resp, err := dialer.DialContext(ctx, u.String(), nil)
	if resp != nil && resp.Body != nil {
		resp.Body.Close() //nolint:errcheck // the connection has taken what it needs
	}
	switch {
	case errors.Is(err, websocket.ErrBadHandshake) && resp != nil:
		return nil, fmt.Errorf("connect to the gateway: it answered %d", resp.StatusCode)
	case err != nil:
		return nil, fmt.Errorf("connect to the gateway: %w", unaddressed(err))
	}
	conn.SetReadLimit(maxFrame)
	s := &socket{conn: conn}
	s.acked.Store(true)
	return s, nil
}

// read waits for a frame; a zero time waits for ever.
func (s *socket) read(within time.Duration) (frame, error) {
	var end time.Time
	if within > 0 {
		end = time.Now().Add(within)
	}
	if err := s.conn.SetReadDeadline(end); err != nil {
		return frame{}, err
	}
	kind, raw, err := s.conn.ReadMessage()
	if err != nil {
		if why := s.broken.Load(); why != nil {
			return frame{}, *why
		}
		return frame{}, err
	}
	var f frame
	// The cause is not told: it could quote the frame.
	if kind != websocket.TextMessage || json.Unmarshal(raw, &f) != nil {
		return frame{}, errors.New("the gateway sent a frame that is not of its protocol")
	}
	return f, nil
}

func (s *socket) write(op int, data any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.conn.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
		return err
	}
	return s.conn.WriteJSON(map[string]any{"op": op, "d": data})
}

// giveUp ends the connection for a reason that read then tells.
func (s *socket) giveUp(why error) {
	s.broken.CompareAndSwap(nil, &why)
	s.leave(keepSession)
}

// leave says goodbye and hangs up, without waiting for an answer.
func (s *socket) leave(code int) {
	bye := websocket.FormatCloseMessage(code, "")
	s.conn.WriteControl(websocket.CloseMessage, bye, time.Now().Add(time.Second)) //nolint:errcheck // it may be broken
	s.conn.Close()                                                                //nolint:errcheck // it may be broken
}

// beat sends heartbeats until ctx is done, and gives the connection up when one
// was not acknowledged before the next
// (https://docs.discord.com/developers/events/gateway#sending-heartbeats).
func (s *socket) beat(ctx context.Context, interval time.Duration, seq *atomic.Int64) {
	wait := time.Duration(rand.Float64() * float64(interval)) //nolint:gosec // the documentation's jitter, no secret
	for {
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		wait = interval
		if !s.acked.Swap(false) && !s.busy.Load() {
			s.giveUp(errors.New("the gateway did not acknowledge a heartbeat"))
			return
		}
		if err := s.heartbeat(seq); err != nil {
			s.giveUp(fmt.Errorf("send a heartbeat: %w", err))
			return
		}
	}
}

func (s *socket) heartbeat(seq *atomic.Int64) error {
	if n := seq.Load(); n > 0 {
		return s.write(opHeartbeat, n)
	}
	return s.write(opHeartbeat, nil)
}
