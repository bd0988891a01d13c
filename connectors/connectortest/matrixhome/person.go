package matrixhome

import (
	"context"
	"fmt"
	"sync"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"
)

// Person is somebody with an account and one device. Safe for concurrent use.
type Person struct {
	ID  id.UserID
	Cli *mautrix.Client

	mu    sync.Mutex
	keys  *keys
	since string
	rooms map[id.RoomID]string // those joined, and the display name there
}

// Person gives the account of a name, the same at every call. Its keys are made
// where the build can encrypt.
func (h *Home) Person(ctx context.Context, name string) (*Person, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if p := h.people[name]; p != nil {
		return p, nil
	}
	cli, err := h.register(ctx, name, "person-"+name)
	if err != nil {
		return nil, err
	}
	p, err := newPerson(ctx, cli)
	if err != nil {
		return nil, err
	}
	h.people[name] = p
	return p, nil
}

func newPerson(ctx context.Context, cli *mautrix.Client) (*Person, error) {
	p := &Person{ID: cli.UserID, Cli: cli, rooms: map[id.RoomID]string{}}
	var err error
	p.keys, err = newKeys(ctx, cli)
	return p, err
}

// Join joins a room, and takes a display name there: empty keeps what was.
func (p *Person) Join(ctx context.Context, room id.RoomID, name string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	old, in := p.rooms[room]
	if !in {
		if _, err := p.Cli.JoinRoomByID(ctx, room); err != nil {
			return fmt.Errorf("%s joins: %w", p.ID, err)
		}
		p.rooms[room] = ""
	}
	if name == "" || name == old {
		return nil
	}
	_, err := p.Cli.SendStateEvent(ctx, room, event.StateMember, string(p.ID), map[string]any{"membership": "join", "displayname": name})
	if err != nil {
		return fmt.Errorf("%s takes a name: %w", p.ID, err)
	}
	p.rooms[room] = name
	return nil
}

// Leave leaves a room.
func (p *Person) Leave(ctx context.Context, room id.RoomID) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.rooms, room)
	_, err := p.Cli.LeaveRoom(ctx, room)
	return err
}

// Create makes a room with an alias of its own, where alias is not empty.
func (p *Person) Create(ctx context.Context, req *mautrix.ReqCreateRoom, encrypted bool) (id.RoomID, error) {
	if encrypted {
		key := ""
		req.InitialState = append(req.InitialState, &event.Event{
			Type: event.StateEncryption, StateKey: &key,
			Content: event.Content{Parsed: &event.EncryptionEventContent{Algorithm: id.AlgorithmMegolmV1}},
		})
	}
	made, err := p.Cli.CreateRoom(ctx, req)
	if err != nil {
		return "", fmt.Errorf("%s makes a room: %w", p.ID, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rooms[made.RoomID] = ""
	return made.RoomID, nil
}

// Send sends an event as it is.
func (p *Person) Send(ctx context.Context, room id.RoomID, kind event.Type, content any) (id.EventID, error) {
	sent, err := p.Cli.SendMessageEvent(ctx, room, kind, content, mautrix.ReqSendEvent{DontEncrypt: true})
	if err != nil {
		return "", fmt.Errorf("%s sends: %w", p.ID, err)
	}
	return sent.EventID, nil
}

// SendLocked sends an event encrypted for who is in the room.
func (p *Person) SendLocked(ctx context.Context, room id.RoomID, kind event.Type, content any) (id.EventID, error) {
	locked, err := p.Lock(ctx, room, kind, content)
	if err != nil {
		return "", err
	}
	return p.Send(ctx, room, event.EventEncrypted, locked)
}

// Lock encrypts an event for who is in the room. Who came in since the person's key
// was made cannot read it: see Renew.
func (p *Person) Lock(ctx context.Context, room id.RoomID, kind event.Type, content any) (any, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.keys.lock(ctx, room, kind, content, func() (users []id.UserID, err error) {
		if err := p.sync(ctx, 0); err != nil {
			return nil, err
		}
		in, err := p.Cli.Members(ctx, room)
		if err != nil {
			return nil, fmt.Errorf("%s asks who is there: %w", p.ID, err)
		}
		for _, e := range in.Chunk {
			if m := e.Content.AsMember().Membership; m == event.MembershipJoin || m == event.MembershipInvite {
				users = append(users, id.UserID(e.GetStateKey()))
			}
		}
		return users, nil
	})
}

// sync takes what came for the person's device; p.mu is held.
func (p *Person) sync(ctx context.Context, wait time.Duration) error {
	if p.keys == nil {
		return nil
	}
	resp, err := p.Cli.FullSyncRequest(ctx, mautrix.ReqSync{
		Timeout: int(wait.Milliseconds()), Since: p.since,
		FilterID: `{"presence":{"not_types":["*"]},"account_data":{"not_types":["*"]},"room":{"timeline":{"limit":1},"state":{"not_types":["*"]},"ephemeral":{"not_types":["*"]}}}`,
	})
	if err != nil {
		return fmt.Errorf("%s asks for events: %w", p.ID, err)
	}
	p.keys.sync(ctx, resp)
	p.since = resp.NextBatch
	return nil
}

// Read decrypts an event's content, waiting for its key until ctx is done.
func (p *Person) Read(ctx context.Context, e *event.Event) (*event.Event, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for wait := time.Duration(0); ; wait = time.Second {
		plain, missing, err := p.keys.unlock(ctx, e)
		if err == nil || !missing {
			return plain, err
		}
		if err := p.sync(ctx, wait); err != nil {
			return nil, err
		}
	}
}
