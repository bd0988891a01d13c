// Package telegramfake is Telegram's Bot API on loopback, for tests: a bot's
// server that can be given messages, asked what the bot sent, and made to fail.
//
// It is strict: it refuses what the real server refuses, and beyond that every
// parameter that it does not know. It is laxer in one thing, a webhook's address
// may be plain HTTP. It never reaches out of the machine, and is not for use
// outside of tests.
//
// What it does follows https://core.telegram.org/bots/api; each file names the
// section.
package telegramfake

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/parachute-gate/parachute/connectors/connectortest"
)

// Username is the bot's.
const Username = "parachute_test_bot"

// Server is one bot's Telegram. It implements connectortest.Server. Safe for
// concurrent use.
type Server struct {
	http  *httptest.Server
	token string
	me    user

	mu sync.Mutex
	// changed is closed and made anew whenever something happens that a long poll
	// or the webhook waits for.
	changed chan struct{}
	closed  bool
	// revoked says that the token is not valid any more.
	revoked bool
	privacy bool
	// unformatted refuses every format.
	unformatted bool

	queue  []*update
	last   *update
	nextID int64
	// poll ends the long poll that waits when another comes.
	poll    chan struct{}
	webhook webhook
	// posting counts the updates that are on their way to the webhook.
	posting int
	workers sync.WaitGroup

	chats     map[int64]*place
	sent      []*message
	signs     []connectortest.Sign
	files     map[string]file
	contents  map[string][]byte
	presses   map[string]bool
	commands  []Command
	calls     []Call
	faults    []*fault
	moved     map[int64]int64
	blocked   map[int64]string
	nextPress int64
}

// Call is one request that was taken.
type Call struct {
	Method string
	Params map[string]string
}

// Command is one entry of the bot's menu.
type Command struct {
	Command     string `json:"command"`
	Description string `json:"description"`
}

// New starts a server for the bot whose token this is, "42:secret" say. The
// bot's id is the number before the colon.
func New(token string) *Server {
	number, _, _ := strings.Cut(token, ":")
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		id = 42
	}
	s := &Server{
		token:    token,
		me:       user{ID: id, IsBot: true, FirstName: "Parachute", Username: Username},
		changed:  make(chan struct{}),
		privacy:  true,
		nextID:   1000,
		chats:    map[int64]*place{},
		files:    map[string]file{},
		contents: map[string][]byte{},
		presses:  map[string]bool{},
		moved:    map[int64]int64{},
		blocked:  map[int64]string{},
	}
	s.http = httptest.NewServer(http.HandlerFunc(s.serve))
	s.workers.Go(s.deliver)
	return s
}

// URL is the base URL, for api_url.
func (s *Server) URL() string { return s.http.URL }

// BotName is the bot's name in a command ("/help@name").
func (s *Server) BotName() string { return Username }

// Close ends the server and all that waits on it.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	s.wake()
	s.mu.Unlock()
	s.http.CloseClientConnections()
	s.http.Close()
	s.workers.Wait()
	return nil
}

// Signs are the reactions and typing signs so far.
func (s *Server) Signs() []connectortest.Sign {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]connectortest.Sign(nil), s.signs...)
}

// Commands is the bot's menu.
func (s *Server) Commands() []Command {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Command(nil), s.commands...)
}

// Calls are the requests of one method so far, those that faults ate among them.
func (s *Server) Calls(method string) []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []Call
	for _, c := range s.calls {
		if c.Method == method {
			found = append(found, c)
		}
	}
	return found
}

// wake tells all that wait to look again. s.mu is held.
func (s *Server) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

func now() int64 { return time.Now().Unix() }

// fail is a refusal, as the section "Making requests" has it.
type fail struct {
	code        int
	description string
	retryAfter  int
	migrate     int64
}

func bad(format string, args ...any) *fail {
	return &fail{code: http.StatusBadRequest, description: "Bad Request: " + fmt.Sprintf(format, args...)}
}
