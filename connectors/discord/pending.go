package discord

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/bwmarrin/discordgo"

	"github.com/parachute-gate/parachute/connectors/driver"
)

const (
	// ackAfter is how long an interaction waits for its answer before it is
	// acknowledged without: Discord waits three seconds
	// (https://docs.discord.com/developers/interactions/receiving-and-responding#responding-to-an-interaction).
	ackAfter = 2 * time.Second
	// tokenTime is how long an interaction's token is valid, less a little, and
	// giveUpAfter when a sign that an answer will come is taken away.
	tokenTime   = 15*time.Minute - 15*time.Second
	giveUpAfter = time.Minute
	// maxPending bounds the interactions that are remembered.
	maxPending = 1000
)

// interactions are those whose tokens are still valid, by their ids. Safe for
// concurrent use.
type interactions struct {
	now func() time.Time

	mu  sync.Mutex
	all map[string]*interaction
	// replies has them by the id of a reply that was begun, and messages by the id
	// of a message that was sent.
	replies, messages map[string]*interaction
}

// state is how far an interaction is.
type state int

const (
	// fresh: nothing was said yet. thinking: Discord shows that an answer will
	// come, which the first Post then is. open: further messages can be posted.
	// dead: its token is of no use.
	fresh state = iota
	thinking
	open
	dead
)

// interaction is a native command or a press of a button that can be answered.
type interaction struct {
	c       *Connector
	ctx     context.Context // bounds nothing: it carries the values of Run's
	id      string
	app     string
	token   string // secret: in no log, error, Message or Ref
	pressed bool
	born    time.Time

	// mu also keeps an acknowledgement and an answer apart.
	mu    sync.Mutex
	state state
	// ack and end are its clocks, set once.
	ack, end *time.Timer
	// keys are what interactions.replies and messages have of it.
	replies, messages []string
}

func newInteractions(now func() time.Time) *interactions {
	return &interactions{
		now: now, all: map[string]*interaction{}, replies: map[string]*interaction{}, messages: map[string]*interaction{},
	}
}

// open begins the clock of an interaction. The same one given again, as a resume
// does, goes on where it was.
func (c *Connector) open(ctx context.Context, w wireInteraction) *interaction {
	s := c.pending
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.all[w.ID]; known != nil {
		return known
	}
	s.tidy()
	i := &interaction{
		c: c, ctx: ctx, id: w.ID, app: w.AppID, token: w.Token, born: s.now(),
		pressed: w.Type == int(discordgo.InteractionMessageComponent),
	}
	i.ack, i.end = time.AfterFunc(ackAfter, i.acknowledge), time.AfterFunc(giveUpAfter, i.giveUp)
	s.all[i.id] = i
	return i
}

// tidy forgets what has expired, and the oldest where there are too many.
func (s *interactions) tidy() {
	var oldest *interaction
	for _, i := range s.all {
		if s.now().Sub(i.born) >= tokenTime {
			s.drop(i)
		} else if oldest == nil || i.born.Before(oldest.born) {
			oldest = i
		}
	}
	if len(s.all) >= maxPending && oldest != nil {
		s.drop(oldest)
	}
}

func (s *interactions) drop(i *interaction) {
	delete(s.all, i.id)
	for _, key := range i.replies {
		delete(s.replies, key)
	}
	for _, key := range i.messages {
		delete(s.messages, key)
	}
	i.ack.Stop()
	i.end.Stop()
}

// of finds the interaction that a post answers: by the message answered, and for
// the further parts of a long answer by the reply that they are of.
func (s *interactions) of(p driver.Post) *interaction {
	s.mu.Lock()
	defer s.mu.Unlock()
	reply, _ := splitKey(p.Key)
	i := s.all[p.ReplyTo]
	if i == nil && p.ReplyTo == "" {
		i = s.replies[reply]
	}
	if i == nil || s.now().Sub(i.born) >= tokenTime {
		return nil
	}
	if s.replies[reply] == nil {
		s.replies[reply] = i
		i.replies = append(i.replies, reply)
	}
	return i
}

// ofMessage finds the interaction that a message was sent by.
func (s *interactions) ofMessage(id string) *interaction {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.messages[id]
	if i == nil || s.now().Sub(i.born) >= tokenTime {
		return nil
	}
	return i
}

// has tells whether an id is that of an interaction, which takes no reaction.
func (s *interactions) has(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all[id] != nil
}

func (s *interactions) sent(i *interaction, message string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all[i.id] == i && message != "" {
		s.messages[message] = i
		i.messages = append(i.messages, message)
	}
}

// splitKey parts a Post's key into its reply's id and the part.
func splitKey(key string) (reply, part string) {
	at := strings.LastIndexByte(key, '/')
	if at < 0 {
		return key, ""
	}
	return key[:at], key[at+1:]
}
