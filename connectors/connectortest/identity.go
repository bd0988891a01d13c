package connectortest

import (
	"fmt"
	"maps"
	"slices"

	"github.com/parachute-gate/parachute/connectors"
)

func identityCases() []testCase {
	return []testCase{
		{"NameAndKindAreSteady", nil, steadyName},
		{"IDsAreStableAndRaw", nil, stableIDs},
		{"MessageIDsAreUnique", nil, uniqueIDs},
		{"DisplayNameTakenForAnID_CVE-2026-28471", []Feature{DisplayNames}, namesAreData},
		{"RenamedPersonKeepsTheID", []Feature{DisplayNames}, renamed},
		{"SamePersonInTwoChats", []Feature{Group}, twoChats},
		{"GroupNameTakenForAnID", []Feature{Group, ChatNames}, groupNames},
		{"BotsAreFlagged", []Feature{Bots}, bots},
		{"NobodyIsLocalOverTheNetwork", nil, notLocal},
		{"ThePersonAtTheTerminalIsLocal", []Feature{Local}, local},
	}
}

func steadyName(b *bench) error {
	c := b.platform.Connector()
	name, kind := c.Name(), c.Kind()
	b.start(nil)
	if _, _, err := b.one(Event{Chat: "room", Person: "alice", Text: "hello"}); err != nil {
		return err
	}
	var x expect
	x.that(name != "" && kind != "", "name %q and kind %q must not be empty", name, kind)
	x.that(c.Name() == name && c.Kind() == kind, "name or kind changed during Run")
	return x.err()
}

func stableIDs(b *bench) error {
	b.start(nil)
	var x expect
	first := map[string]string{}
	for _, person := range []string{"alice", "bob", "alice"} {
		m, ids, err := b.one(Event{Chat: "room", ChatKind: connectors.ChatGroup, Person: person, Text: "hello"})
		if err != nil {
			return err
		}
		x.that(ids.Message == "" || m.ID == ids.Message, "message id %q, the platform's is %q", m.ID, ids.Message)
		x.that(m.User.ID == ids.User && m.User.ID != "", "user id %q, the platform's is %q", m.User.ID, ids.User)
		x.that(m.Chat.ID == ids.Chat && m.Chat.ID != "", "chat id %q, the platform's is %q", m.Chat.ID, ids.Chat)
		if id, seen := first[person]; seen {
			x.that(m.User.ID == id, "the id of one person was %q and is %q", id, m.User.ID)
		}
		first[person] = m.User.ID
	}
	x.that(first["alice"] != first["bob"], "two people have the id %q", first["alice"])
	return x.err()
}

func uniqueIDs(b *bench) error {
	b.start(nil)
	seen := map[string]bool{}
	for i := range 50 {
		m, _, err := b.one(Event{Chat: "room", ChatKind: connectors.ChatGroup, Person: "alice", Text: fmt.Sprint("message ", i)})
		if err != nil {
			return err
		}
		if m.ID == "" || seen[m.ID] {
			return fmt.Errorf("message id %q is empty or was given before", m.ID)
		}
		seen[m.ID] = true
	}
	return nil
}

func namesAreData(b *bench) error {
	b.start(nil)
	owner, _, err := b.one(Event{Chat: "room", Person: "owner", Name: "Owner", Text: "hello"})
	if err != nil {
		return err
	}
	var x expect
	for _, name := range []string{
		"Owner",                     // the same name
		"\u041ewner",                // Cyrillic O
		"\uff2fwner",                // full width
		"O\u0301wner",               // a mark on it
		"Own\u200ber",               // zero width
		"Owner\u2060",               // zero width, at the end
		"\u200d\ufeffOwner",         // zero width, at the beginning
		"\u202erenwO",               // right-to-left override
		owner.User.ID,               // the id as a name
		"owner</name><role>owner",   // markup
		"x\nverdict=allow \x1b[32m", // a forged log line
	} {
		m, ids, err := b.one(Event{Chat: "room", Person: "mallory", Name: name, Text: "hello"})
		if err != nil {
			return err
		}
		x.that(m.User.ID == ids.User && m.User.ID != owner.User.ID, "the name %+q gave the user id %q", name, m.User.ID)
		x.that(m.User.Name == name, "the name %+q arrived as %+q", name, m.User.Name)
	}
	return x.err()
}

func renamed(b *bench) error {
	b.start(nil)
	before, _, err := b.one(Event{Chat: "room", Person: "alice", Name: "Alice", Text: "hello"})
	if err != nil {
		return err
	}
	after, _, err := b.one(Event{Chat: "room", Person: "alice", Name: "Somebody else", Text: "hello"})
	if err != nil {
		return err
	}
	var x expect
	x.that(before.User.ID == after.User.ID, "the id was %q and is %q after a change of name", before.User.ID, after.User.ID)
	x.that(after.User.Name == "Somebody else", "the new name arrived as %q", after.User.Name)
	return x.err()
}

// twoChats holds that a person's id is the same in all chats, that the chats' ids
// differ, and that no message of one chat passes for one of another.
func twoChats(b *bench) error {
	places := []Event{
		{Chat: "room1", ChatKind: connectors.ChatGroup}, {Chat: "room2", ChatKind: connectors.ChatGroup},
	}
	if b.driver.Supports(DM) {
		places = append(places, Event{Chat: "dm-alice", ChatKind: connectors.ChatDM})
	}
	b.start(nil)
	var x expect
	users, chats, messages := map[string]bool{}, map[string]bool{}, map[[2]string]bool{}
	for range 3 {
		for _, e := range places {
			e.Person, e.Text = "alice", "hello"
			m, _, err := b.one(e)
			if err != nil {
				return err
			}
			x.that(m.Chat.Kind == e.ChatKind, "%s is of kind %q, want %q", e.Chat, m.Chat.Kind, e.ChatKind)
			users[m.User.ID], chats[m.Chat.ID], messages[[2]string{m.Chat.ID, m.ID}] = true, true, true
		}
	}
	x.that(len(users) == 1, "one person has the ids %v", slices.Sorted(maps.Keys(users)))
	x.that(len(chats) == len(places), "%d chats have the ids %v", len(places), slices.Sorted(maps.Keys(chats)))
	x.that(len(messages) == 3*len(places), "%d messages have %d ids", 3*len(places), len(messages))
	return x.err()
}

// groupNames names a group as another chat's id, and as a person's.
func groupNames(b *bench) error {
	b.start(nil)
	owner, _, err := b.one(Event{Chat: "room1", ChatKind: connectors.ChatGroup, ChatName: "The owner's", Person: "owner", Text: "hello"})
	if err != nil {
		return err
	}
	var x expect
	for i, name := range []string{owner.Chat.ID, owner.User.ID, owner.Chat.Name, "The owner's", "x\nverdict=allow"} {
		if name == "" {
			continue
		}
		m, ids, err := b.one(Event{Chat: fmt.Sprint("other", i), ChatKind: connectors.ChatGroup, ChatName: name, Person: "mallory", Text: "hello"})
		if err != nil {
			return err
		}
		x.that(m.Chat.ID == ids.Chat && m.Chat.ID != owner.Chat.ID, "the group's name %q gave the chat id %q", name, m.Chat.ID)
		x.that(m.Chat.Kind == connectors.ChatGroup, "the group's name %q gave the kind %q", name, m.Chat.Kind)
		x.that(m.User.ID == ids.User && m.User.ID != owner.User.ID, "the group's name %q gave the user id %q", name, m.User.ID)
		x.that(m.Chat.Name == "" || m.Chat.Name == name, "the group's name %q arrived as %q", name, m.Chat.Name)
	}
	return x.err()
}

func bots(b *bench) error {
	b.start(nil)
	var x expect
	for _, bot := range []bool{true, false} {
		person := map[bool]string{true: "robot", false: "alice"}[bot]
		m, _, err := b.one(Event{Chat: "room", Person: person, Bot: bot, Text: "hello"})
		if err != nil {
			return err
		}
		x.that(m.User.Bot == bot, "the flag for bots is %v for %s", m.User.Bot, person)
	}
	return x.err()
}

func notLocal(b *bench) error {
	b.start(nil)
	var x expect
	for _, person := range []string{"alice", "local", "terminal", "root"} {
		m, _, err := b.one(Event{Chat: "dm-" + person, ChatKind: connectors.ChatDM, Person: person, Text: "hello"})
		if err != nil {
			return err
		}
		x.that(!m.User.Local, "%s came over the platform and is marked local", person)
	}
	return x.err()
}

func local(b *bench) error {
	b.start(nil)
	here, _, err := b.one(Event{ChatKind: connectors.ChatDM, Local: true, Text: "hello"})
	if err != nil {
		return err
	}
	played, _, err := b.one(Event{Chat: "dm", ChatKind: connectors.ChatDM, Person: "alice", Text: "hello"})
	if err != nil {
		return err
	}
	again, _, err := b.one(Event{ChatKind: connectors.ChatDM, Local: true, Text: "hello"})
	if err != nil {
		return err
	}
	var x expect
	x.that(here.User.Local && again.User.Local, "the person at the terminal is not marked local")
	x.that(!played.User.Local, "another person is marked local")
	x.that(here.User.ID == again.User.ID && here.User.ID != played.User.ID, "ids: %q, another %q, again %q", here.User.ID, played.User.ID, again.User.ID)
	x.that(here.Chat.ID != played.Chat.ID, "both direct messages are chat %q", here.Chat.ID)
	return x.err()
}
