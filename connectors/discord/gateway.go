package discord

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/bwmarrin/discordgo"
	"github.com/gorilla/websocket"

	"github.com/parachute-gate/parachute/connectors/driver"
)

// connect opens the gateway once, resumes the session if there is one, and gives
// out events until the connection breaks.
func (r *run) connect(ctx context.Context, up func()) error {
	err := r.converse(ctx, up)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func (r *run) converse(ctx context.Context, up func()) error {
	address, err := r.address(ctx)
	if err != nil {
		return err
	}
	s, err := r.c.api.dial(ctx, address)
	if err != nil {
		// The address may be what is wrong: the next try asks for one.
		r.session.url = ""
		return err
	}
	defer s.leave(keepSession)
	// A Run that ends closes with 1000: the bot is shown as offline at once.
	defer context.AfterFunc(ctx, func() { s.leave(websocket.CloseNormalClosure) })()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err = r.shake(ctx, s); err == nil {
		err = r.listen(ctx, s, up)
	}
	end := r.c.api.closed(err)
	if end.fresh {
		r.session = session{}
		r.seq.Store(0)
	}
	return end.err
}

// session is what a resume needs.
type session struct {
	id, url string
}

// address is where to connect: where the session was, or where Discord says.
func (r *run) address(ctx context.Context) (string, error) {
	if r.session.id != "" && r.session.url != "" {
		return r.session.url, nil
	}
	var said struct {
		URL   string `json:"url"`
		Limit *struct {
			Remaining  int   `json:"remaining"`
			ResetAfter int64 `json:"reset_after"`
		} `json:"session_start_limit"`
	}
	if err := r.c.api.call(ctx, "GET", "gateway/bot", nil, &said); err != nil {
		return "", err
	}
	// Whoever starts too many sessions a day has the token taken away
	// (https://docs.discord.com/developers/events/gateway#session-start-limit-object).
	if l := said.Limit; l != nil && l.Remaining <= 0 && l.ResetAfter > 0 && r.session.id == "" {
		return "", &driver.Throttled{
			After: time.Duration(l.ResetAfter) * time.Millisecond,
			Err:   errors.New("the bot started too many gateway sessions today"),
		}
	}
	return said.URL, nil
}

// shake answers the gateway's HELLO with who we are, and begins to send
// heartbeats.
func (r *run) shake(ctx context.Context, s *socket) error {
	f, err := s.read(shakeTime)
	if err != nil {
		return err
	}
	var hello struct {
		Interval int64 `json:"heartbeat_interval"`
	}
	if f.Op != opHello || json.Unmarshal(f.Data, &hello) != nil || hello.Interval <= 0 {
		return &ended{err: errors.New("the gateway did not begin with HELLO")}
	}
	go s.beat(ctx, time.Duration(hello.Interval)*time.Millisecond, &r.seq)
	if r.session.id != "" {
		err = s.write(opResume, map[string]any{"token": r.c.deps.Token, "session_id": r.session.id, "seq": r.seq.Load()})
	} else {
		err = s.write(opIdentify, map[string]any{
			"token":      r.c.deps.Token,
			"intents":    r.c.intents(),
			"properties": map[string]string{"os": runtime.GOOS, "browser": "parachute", "device": "parachute"},
		})
	}
	if err != nil {
		return fmt.Errorf("begin a session: %w", err)
	}
	return nil
}

// intents are the events that are asked for
// (https://docs.discord.com/developers/events/gateway#list-of-intents).
func (c *Connector) intents() discordgo.Intent {
	all := discordgo.IntentGuilds | discordgo.IntentGuildMessages | discordgo.IntentGuildMessageReactions |
		discordgo.IntentDirectMessages | discordgo.IntentDirectMessageReactions
	if c.deps.AllMessages {
		all |= discordgo.IntentMessageContent
	}
	return all
}

// listen reads frames until the connection breaks.
func (r *run) listen(ctx context.Context, s *socket, up func()) error {
	within := shakeTime
	for {
		f, err := s.read(within)
		if err != nil {
			return err
		}
		switch f.Op {
		case opDispatch:
			// Heartbeats tell a dead connection from here on.
			within = 0
			s.busy.Store(true)
			err = r.dispatch(ctx, f, up)
			s.busy.Store(false)
			s.acked.Store(true)
			if err != nil {
				return &ended{err: err}
			}
			if f.Seq != nil {
				r.seq.Store(*f.Seq)
			}
		case opHeartbeat:
			if err := s.heartbeat(&r.seq); err != nil {
				return fmt.Errorf("send a heartbeat: %w", err)
			}
		case opHeartbeatACK:
			s.acked.Store(true)
		case opReconnect:
			return &ended{err: errors.New("the gateway asked to connect again")}
		case opInvalidSession:
			var resumable bool
			fresh := json.Unmarshal(f.Data, &resumable) != nil || !resumable
			return &ended{err: errors.New("the gateway does not know the session"), fresh: fresh}
		default:
			// Further opcodes are not for bots, or new.
		}
	}
}
