package matrix

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"
)

// unreadable is the type that stands for a state event which could be read in two
// ways, or in none: what it changed is not known, and no room with it is a direct
// message.
const unreadable = "unreadable"

// decodeEvents passes over what is no event: one that cannot be read must not
// hide the others. An event that could be read in two ways is not taken.
func decodeEvents(log *slog.Logger, at id.RoomID, raw []json.RawMessage) []*event.Event {
	all := make([]*event.Event, 0, len(raw))
	for _, r := range raw {
		e, err := decodeEvent(r)
		if err != nil {
			log.Warn("event dropped", "room", at, "why", err, "event", eventID(r))
		}
		if e != nil {
			all = append(all, e)
		}
	}
	return all
}

// eventID is what an event that is dropped is named by in the log.
func eventID(raw json.RawMessage) string {
	fields, _ := object(raw)
	return fmt.Sprintf("%.260s", fields["event_id"])
}

// decodeEvent gives nil for an event that is not taken, and an error that says why
// something was left out of an event or instead of it.
func decodeEvent(raw json.RawMessage) (*event.Event, error) {
	top, err := object(raw)
	e := &event.Event{}
	if err == nil {
		if err = json.Unmarshal(raw, e); err == nil && e.Type.Type == "" {
			err = errors.New("it has no type")
		}
	}
	if err != nil {
		for key := range top {
			if fold(key) == "state_key" {
				return unreadableState(), err
			}
		}
		return nil, err
	}
	if e.Unsigned.PrevContent != nil && (strict(top["unsigned"]) != nil || strict(top["prev_content"]) != nil) {
		e.Unsigned.PrevContent = &event.Content{VeryRaw: []byte("{}")}
	}
	err = strict(top["content"])
	switch {
	case err == nil:
		return e, nil
	case e.StateKey == nil:
		return nil, err
	}
	switch e.Type.Type {
	case event.StateMember.Type, event.StateEncryption.Type:
		// Who it is about and that the room is encrypted stands outside of it.
		e.Content = event.Content{VeryRaw: []byte("{}")}
		return e, err
	case event.StateCreate.Type, event.StateHistoryVisibility.Type:
		return unreadableState(), err
	}
	return nil, err
}

func unreadableState() *event.Event {
	return &event.Event{Type: event.Type{Type: unreadable, Class: event.StateEventType}, StateKey: new(string)}
}

// lastOf gives the id of the last event that has one.
func lastOf(all []*event.Event, other id.EventID) id.EventID {
	for _, e := range slices.Backward(all) {
		if e.ID != "" {
			return e.ID
		}
	}
	return other
}

// content reads an event's content; what does not fit, or could be read in two
// ways, stays zero.
func content[T any](e *event.Event) (c T) {
	if strict(e.Content.VeryRaw) != nil || json.Unmarshal(e.Content.VeryRaw, &c) != nil {
		var zero T
		return zero
	}
	return c
}

// membership is what an m.room.member's content says. It is empty where that
// cannot be read, or is nothing that is known.
func membership(raw []byte) event.Membership {
	if strict(raw) != nil {
		return ""
	}
	switch m := event.Membership(field[string](raw, "membership")); m {
	case event.MembershipJoin, event.MembershipInvite, event.MembershipLeave, event.MembershipBan, event.MembershipKnock:
		return m
	}
	return ""
}

// inside tells whether who has a membership can read: only who surely cannot is
// outside.
func inside(m event.Membership) bool {
	return m != event.MembershipLeave && m != event.MembershipBan && m != event.MembershipKnock
}

// field reads one field of an object, exactly; what does not fit is zero.
func field[T any](raw []byte, name string) (value T) {
	fields, err := object(raw)
	if err != nil || json.Unmarshal(fields[name], &value) != nil {
		var zero T
		return zero
	}
	return value
}

// apply takes a state event. It reports whether it changed who is in the room.
func (r *room) apply(e *event.Event) (members bool) {
	if e.StateKey == nil {
		return false
	}
	switch e.Type.Type {
	case unreadable:
		r.closed = true
		return true
	case event.StateMember.Type:
		raw := e.Content.VeryRaw
		return r.member(id.UserID(*e.StateKey), membership(raw), field[string](raw, "displayname"))
	}
	if *e.StateKey != "" {
		return false
	}
	switch e.Type.Type {
	case event.StateRoomName.Type:
		r.name = content[struct {
			Name string `json:"name"`
		}](e).Name
	case event.StateCreate.Type:
		r.space = createsSpace(e)
	case event.StateEncryption.Type:
		c := content[event.EncryptionEventContent](e)
		r.encryption = &c
	case event.StateHistoryVisibility.Type:
		c := content[event.HistoryVisibilityEventContent](e)
		r.visibility = &c
	}
	return false
}

// member takes a membership. Whoever is invited can read as well, and so may
// somebody whose membership cannot be read.
func (r *room) member(who id.UserID, m event.Membership, name string) (changed bool) {
	_, was := r.members[who]
	if !inside(m) {
		delete(r.members, who)
		return was
	}
	r.members[who] = name
	return !was
}

// createsSpace tells whether an m.room.create is a space's.
func createsSpace(e *event.Event) bool {
	return content[struct {
		Type event.RoomType `json:"type"`
	}](e).Type == event.RoomTypeSpace
}
