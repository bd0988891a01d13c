package matrix

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"maunium.net/go/mautrix/id"

	"github.com/parachute-gate/parachute/connectors"
)

// Check asks the homeserver whose account this is, and compares the rooms the bot
// is in with those it may be in. At its first use it logs in, as Run would.
func (c *Connector) Check(ctx context.Context) []connectors.Finding {
	var all []connectors.Finding
	add := func(ok bool, about, detail string) {
		all = append(all, connectors.Finding{OK: ok, About: about, Detail: c.account.hush.text(detail)})
	}
	var who string
	var joined []id.RoomID
	err := c.account.short(ctx, "ask the homeserver who this is", func(ctx context.Context, s *session) error {
		resp, err := s.cli.Whoami(ctx)
		if err != nil {
			return err
		}
		who = fmt.Sprintf("%s, device %s", resp.UserID, resp.DeviceID)
		in, err := s.cli.JoinedRooms(ctx)
		if err == nil {
			joined = in.JoinedRooms
		}
		if s.keys != nil {
			who += ", fingerprint " + s.keys.fingerprint()
		}
		return err
	})
	if err != nil {
		add(false, "account", err.Error())
		return all
	}
	add(true, "account", who)
	if c.deps.Encrypted {
		add(true, "encryption", "on; the device's keys are in "+c.deps.Dir)
	} else {
		add(true, "encryption", "off: encrypted rooms are not read")
	}
	for _, f := range c.checkRooms(ctx, joined) {
		add(f.OK, f.About, f.Detail)
	}
	return all
}

func (c *Connector) checkRooms(ctx context.Context, joined []id.RoomID) []connectors.Finding {
	if len(c.deps.Rooms) == 0 && !c.deps.DirectMessages {
		return []connectors.Finding{{About: "rooms", Detail: "none is allowed: list rooms, or set direct_messages: true"}}
	}
	var missing []string
	for _, name := range c.deps.Rooms {
		at := id.RoomID(name)
		if strings.HasPrefix(name, "#") {
			var err error
			if at, err = c.door.resolve(ctx, name); err != nil {
				return []connectors.Finding{{About: "rooms", Detail: err.Error()}}
			}
		}
		if !slices.Contains(joined, at) {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return []connectors.Finding{{About: "rooms", Detail: "not in " + strings.Join(missing, ", ") + ": invite the bot there"}}
	}
	return []connectors.Finding{{OK: true, About: "rooms", Detail: fmt.Sprintf("in all %d that are listed, in %d together", len(c.deps.Rooms), len(joined))}}
}
