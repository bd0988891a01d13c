package matrix

import (
	"encoding/json"

	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"
)

// memberContent is what counts of an m.room.member.
type memberContent struct {
	Membership event.Membership `json:"membership"`
	Name       string           `json:"displayname"`
	Direct     bool             `json:"is_direct"`
}

// decodeEvents passes over what is no event: one that cannot be read must not
// hide the others.
func decodeEvents(raw []json.RawMessage) []*event.Event {
	all := make([]*event.Event, 0, len(raw))
	for _, r := range raw {
		e := &event.Event{}
		if json.Unmarshal(r, e) == nil && e.Type.Type != "" {
			all = append(all, e)
		}
	}
	return all
}

// content reads an event's content; what does not fit stays zero.
func content[T any](e *event.Event) (c T) {
	if json.Unmarshal(e.Content.VeryRaw, &c) != nil {
		var zero T
		return zero
	}
	return c
}

// apply takes a state event. It reports whether it changed who is in the room.
func (r *room) apply(e *event.Event) (members bool) {
	if e.StateKey == nil {
		return false
	}
	if e.Type.Type == event.StateMember.Type {
		return r.member(id.UserID(*e.StateKey), content[memberContent](e))
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

// member takes a membership. Whoever is invited can read as well.
func (r *room) member(who id.UserID, c memberContent) (changed bool) {
	_, was := r.members[who]
	switch c.Membership {
	case event.MembershipJoin, event.MembershipInvite:
		r.members[who] = c.Name
		return !was
	default:
		delete(r.members, who)
		return was
	}
}

// createsSpace tells whether an m.room.create is a space's.
func createsSpace(e *event.Event) bool {
	return content[struct {
		Type event.RoomType `json:"type"`
	}](e).Type == event.RoomTypeSpace
}
