package discord

import (
	"errors"
	"fmt"

	"github.com/gorilla/websocket"

	"github.com/parachute-gate/parachute/connectors/driver"
)

// closing is what a close code means.
type closing struct {
	why string
	// final means that connecting again is of no use, fresh that the session cannot
	// be resumed.
	final, fresh bool
}

// closings is the documentation's table
// (https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes).
// It says nothing of 4006, which older versions of the gateway had. A session is
// over after 1000 and 1001
// (https://docs.discord.com/developers/events/gateway#initiating-a-disconnect).
func closings(code int) closing {
	switch code {
	case websocket.CloseNormalClosure, websocket.CloseGoingAway:
		return closing{why: "the gateway ended the session", fresh: true}
	case 4000:
		return closing{why: "the gateway had an error of its own"}
	case 4001, 4002:
		return closing{why: "the gateway did not understand what it was sent"}
	case 4003, 4005:
		return closing{why: "the gateway lost track of the session", fresh: true}
	case 4004:
		return closing{final: true}
	case 4007:
		return closing{why: "the gateway could not resume at this event", fresh: true}
	case 4008:
		return closing{why: "the gateway was sent too much"}
	case 4009:
		return closing{why: "the session timed out", fresh: true}
	case 4010, 4011:
		return closing{why: "the bot is in so many servers that Discord asks for shards, which this connector has not", final: true}
	case 4012:
		return closing{why: "Discord does not offer version " + version + " of the gateway any more, update Parachute", final: true}
	case 4013:
		return closing{why: "the gateway does not know the intents, update Parachute", final: true}
	case 4014:
		return closing{why: "the bot may not read all messages: turn on the Message Content Intent " +
			"(developer portal, Bot, Privileged Gateway Intents), or serve only messages that address the bot", final: true}
	default:
		return closing{why: "the gateway closed the connection"}
	}
}

// ended is the end of a connection. A fresh session follows where it cannot be
// resumed.
type ended struct {
	err   error
	fresh bool
}

func (e *ended) Error() string { return e.err.Error() }

// closed makes an end of what ended the reading of a connection.
func (a *api) closed(err error) *ended {
	var known *ended
	if errors.As(err, &known) {
		return known
	}
	var code *websocket.CloseError
	if !errors.As(err, &code) {
		return &ended{err: fmt.Errorf("read from the gateway: %w", err)}
	}
	// The text is the server's: it is not needed, and not shown.
	c := closings(code.Code)
	err = fmt.Errorf("%s (close code %d)", c.why, code.Code)
	switch {
	case code.Code == 4004:
		return &ended{a.refused(fmt.Errorf("close code %d", code.Code)), true}
	case c.final:
		return &ended{driver.Permanent(err), true}
	}
	return &ended{err, c.fresh}
}
