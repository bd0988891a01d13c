// Package discordfake is a Discord server on loopback for tests: its requests,
// its gateway, its interactions, and its faults by script. What it does is cited
// from the platform's documentation where it does it; below,
// D is https://docs.discord.com/developers.
//
// It is strict: it refuses what Discord would refuse. It is lenient in one thing:
// what is played before the first session was ever begun is kept for that
// session, so that a test need not wait for the bot to come up. It never reaches
// the network, and it is no part of the program.
package discordfake

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"time"

	"github.com/parachute-gate/parachute/connectors/connectortest"
)

const (
	// heartbeat is the interval that the gateway asks for. Discord's own is 41.25 s;
	// a test that plays a dead connection waits for two of this.
	heartbeat = time.Second
	// keptMessages bounds a channel's history, and keptFrames what a resume can
	// give.
	keptMessages = 300
	keptFrames   = 4000
)

// Flags of the application, to be given to Grant
// (D/resources/application#application-object-application-flags).
const (
	// MessageContent lets the bot ask for the text of all messages.
	MessageContent = 1 << 19
)

// Server is the fake. Safe for concurrent use.
type Server struct {
	token string
	http  *httptest.Server

	mu      sync.Mutex
	revoked bool
	closed  bool
	lastID  uint64
	bot     user
	app     string
	guild   string
	flags   int64
	rights  int64
	// starts counts the sessions that may still be begun today.
	starts   int
	people   map[string]user
	byLabel  map[string]*channel
	channels map[string]*channel
	order    []*channel
	sessions map[string]*session
	held     []event
	begun    bool
	last     event
	sent     []*message
	signs    []connectortest.Sign
	commands []any
	presses  map[string]*interaction
	files    map[string][]byte
	faults   []connectortest.Fault
	requests []string
	// stop ends what a stall holds.
	stop chan struct{}
}

// New starts a server whose bot has this token.
func New(token string) *Server {
	s := &Server{
		token: token, flags: MessageContent, rights: 274877975616, starts: 1000,
		people: map[string]user{}, byLabel: map[string]*channel{}, channels: map[string]*channel{},
		sessions: map[string]*session{}, presses: map[string]*interaction{}, files: map[string][]byte{},
		stop: make(chan struct{}),
	}
	s.bot = user{ID: s.id(), Username: "parachute", Bot: true}
	s.app, s.guild = s.id(), s.id()
	s.http = httptest.NewServer(s.routes())
	return s
}

// URL is the base, for the key api_url.
func (s *Server) URL() string { return s.http.URL }

// Close ends all connections.
func (s *Server) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	close(s.stop)
	for _, session := range s.sessions {
		session.detach()
	}
	s.mu.Unlock()
	s.http.CloseClientConnections()
	s.http.Close()
	return nil
}

// BotID is the bot's user id.
func (s *Server) BotID() string { return s.bot.ID }

// Grant sets the application's flags and the bot's permissions in its server.
func (s *Server) Grant(flags, permissions int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flags, s.rights = flags, permissions
}

// Starts sets how many sessions may still be begun today.
func (s *Server) Starts(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.starts = n
}

// Commands are the commands that the bot registered, as JSON values.
func (s *Server) Commands() []any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]any(nil), s.commands...)
}

// Requests are all requests so far, as "METHOD path" without the tokens of
// interactions, and the gateway's IDENTIFY and RESUME.
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.requests...)
}

// id makes a snowflake (D/reference#snowflakes). s.mu is held, or s is new.
func (s *Server) id() string {
	s.lastID = max(s.lastID+1, uint64(time.Now().UnixMilli()-1420070400000)<<22) //nolint:gosec // it is after 2015
	return strconv.FormatUint(s.lastID, 10)
}

// problem is an error answer (D/reference#error-messages).
type problem struct {
	status, code int
	text         string
}

func (p *problem) Error() string { return fmt.Sprintf("%d: %s", p.code, p.text) }

func refuse(status, code int, text string) *problem { return &problem{status, code, text} }

// hangUp closes a request's connection without an answer.
func hangUp(w http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		if tcp, ok := conn.(*net.TCPConn); ok {
			tcp.SetLinger(0) //nolint:errcheck // it is closed in any case
		}
		conn.Close() //nolint:errcheck // that is all there is to do
	}
}
