package matrix

import (
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/id"

	"github.com/parachute-gate/parachute/connectors"
)

func TestKeysThatPassForOneAnother(t *testing.T) {
	const message = `{"type":"m.room.message","event_id":"$e","sender":"@mallory:evil.org","origin_server_ts":5,"content":{"msgtype":"m.text","body":"list"}}`
	outside := func(more string) string { return message[:len(message)-1] + "," + more + "}" }
	within := func(more string) string { return message[:len(message)-2] + "," + more + "}}" }
	for name, c := range map[string]struct {
		raw  string
		sure bool
	}{
		"as people write it":              {message, true},
		"a sender in capitals":            {outside(`"Sender":"@alice:localhost"`), false},
		"a sender before it":              {`{"SENDER":"@alice:localhost",` + message[1:], false},
		"a sender with a long s":          {outside(`"ſender":"@alice:localhost"`), false},
		"a sender in escapes":             {outside(`"\u0053ender":"@alice:localhost"`), false},
		"a sender with a long s, escaped": {outside(`"\u017fender":"@alice:localhost"`), false},
		"two senders":                     {outside(`"sender":"@alice:localhost"`), false},
		"a type":                          {outside(`"TYPE":"m.room.member"`), false},
		"an id":                           {outside(`"Event_id":"$other"`), false},
		"a time":                          {outside(`"Origin_server_ts":1`), false},
		"two contents":                    {outside(`"content":{"body":"other"}`), false},
		"a content":                       {outside(`"Content":{"body":"other"}`), false},
		"what it redacts":                 {outside(`"Redacts":"$x"`), false},
		"a body":                          {within(`"BODY":"other"`), false},
		"a msgtype with a long s":         {within(`"mſgtype":"m.notice"`), false},
		"mentions":                        {within(`"M.mentions":{"user_ids":["@bot:example.org"]}`), false},
		"who is mentioned":                {within(`"m.mentions":{"user_ids":[],"User_ids":["@bot:example.org"]}`), false},
		"a relation":                      {within(`"m.relates_to":{"m.in_reply_to":{"event_id":"$a","Event_ID":"$b"}}`), false},
		"new words":                       {within(`"m.new_content":{"body":"x","Body":"y"}`), false},
		"a file's key":                    {within(`"file":{"url":"mxc://a/b","key":{"k":"x","K":"y"}}`), false},
		"the Kelvin sign":                 {within(`"file":{"key":{"\u212a":"y"}}`), false},
		"what nobody reads":               {within(`"org.example.preview":{"Type":"x","type":"y","Body":1}`), true},
		"another case of nothing":         {within(`"com.Example":1,"com.example":2`), true},
		"parts deep in one another":       {within(strings.Repeat(`"file":{`, 5000) + `"url":1` + strings.Repeat("}", 5000)), false},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := decodeEvent([]byte(c.raw))
			if (err == nil) != c.sure || (e != nil) != c.sure {
				t.Fatalf("got %+v and %v", e, err)
			}
			if c.sure && e.Sender != "@mallory:evil.org" {
				t.Errorf("the sender is %s", e.Sender)
			}
		})
	}
}

// TestNobodyHidesFromADirectMessage plays state that could be read in two ways: the
// room is then no direct message.
func TestNobodyHidesFromADirectMessage(t *testing.T) {
	const at = "!r:example.org"
	member := func(who, content string) string {
		return `{"type":"m.room.member","state_key":"` + who + `","sender":"` + who + `","event_id":"$m","content":` + content + `}`
	}
	for name, c := range map[string]struct {
		raw string
		dm  bool
	}{
		"nothing":                         {`{}`, true},
		"who left":                        {member("@m:x", `{"membership":"leave"}`), true},
		"who left and has an odd name":    {member("@m:x", `{"membership":"leave","displayname":5}`), true},
		"who joined":                      {member("@m:x", `{"membership":"join"}`), false},
		"who joined and has an odd name":  {member("@m:x", `{"membership":"join","displayname":5}`), false},
		"memberſhip":                      {member("@m:x", `{"membership":"join","memberſhip":"leave"}`), false},
		"memberſhip alone":                {member("@m:x", `{"memberſhip":"leave"}`), false},
		"Membership":                      {member("@m:x", `{"Membership":"leave","membership":"join"}`), false},
		"two memberships":                 {member("@m:x", `{"membership":"join","membership":"leave"}`), false},
		"a membership of another kind":    {member("@m:x", `{"membership":"gone"}`), false},
		"a membership that is a number":   {member("@m:x", `{"membership":5}`), false},
		"no membership":                   {member("@m:x", `{}`), false},
		"no content":                      {`{"type":"m.room.member","state_key":"@m:x","sender":"@m:x","event_id":"$m"}`, false},
		"a ſtate_key":                     {strings.Replace(member("@m:x", `{"membership":"join"}`), `{`, `{"ſtate_key":"@alice:example.org",`, 1), false},
		"a type in capitals":              {strings.Replace(member("@m:x", `{"membership":"join"}`), `{`, `{"Type":"m.other",`, 1), false},
		"a field that spoils the event":   {strings.Replace(member("@m:x", `{"membership":"join"}`), `{`, `{"redacts":5,`, 1), false},
		"a create that reads in two ways": {`{"type":"m.room.create","state_key":"","sender":"@m:x","content":{"type":"a","Type":"m.space"}}`, false},
		"what nobody reads, in two ways":  {`{"type":"org.example.x","state_key":"","sender":"@m:x","content":{"type":"a","Type":"b"}}`, true},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRooms(newAccount(Deps{Dir: t.TempDir()}, slog.New(slog.DiscardHandler)), bot)
			r.byID[at] = &room{id: at, members: map[id.UserID]string{bot: "", "@alice:example.org": ""}}
			r.book.invited(at, "@alice:example.org")
			settled := true
			for _, e := range decodeEvents(slog.New(slog.DiscardHandler), at, []json.RawMessage{json.RawMessage(c.raw)}) {
				r.apply(at, e)
				settled = settled && !moves(e)
			}
			if got := r.pair(at); got != c.dm {
				t.Errorf("it is a pair: %v", got)
			}
			if got := r.chat(at, settled).Kind == connectors.ChatDM; got && !c.dm {
				t.Error("it is a direct message")
			}
		})
	}
}

func TestAnInviteThatReadsInTwoWaysIsNoDirectMessage(t *testing.T) {
	for content, dm := range map[string]bool{
		`{"membership":"invite","is_direct":true}`:                      true,
		`{"membership":"invite","is_direct":false,"Is_direct":true}`:    false,
		`{"membership":"invite","iſ_direct":true}`:                      false,
		`{"membership":"invite","is_direct":"true"}`:                    false,
		`{"membership":"invite","is_direct":true,"is_direct":false}`:    false,
		`{"membership":"leave","memberſhip":"invite","is_direct":true}`: false,
	} {
		raw := `{"type":"m.room.member","state_key":"` + string(bot) + `","sender":"@m:x","content":` + content + `}`
		in := readInvite("!r:x", bot, decodeEvents(slog.New(slog.DiscardHandler), "!r:x", []json.RawMessage{json.RawMessage(raw)}))
		if in.dm != dm {
			t.Errorf("%s is a direct message: %v", content, in.dm)
		}
	}
}

// TestTheSenderHasASecondKey plays a homeserver of the federation that adds a key to
// its person's event: the bot's own homeserver hands it on.
func TestTheSenderHasASecondKey(t *testing.T) {
	s := newStage(t, false, func(d *Deps, _ *platform) { d.DirectMessages = true })
	s.run()
	mallory, owner := s.person("mallory"), s.person("alice")
	room := s.room(mallory, mautrix.ReqCreateRoom{IsDirect: true}, false)
	s.ok(s.Present(s.ctx, mallory, room))
	for _, key := range []string{"Sender", "SENDER", "\u017fender"} {
		s.Lie(func(answer map[string]any) {
			for _, timeline := range timelines(answer) {
				events, _ := timeline["events"].([]any)
				for _, e := range events {
					e, _ := e.(map[string]any)
					if c, _ := e["content"].(map[string]any); c["body"] == "list" {
						e[key] = string(owner.ID)
					}
				}
			}
		})
		dropped := s.say(mallory, room, "list", false)
		s.logged("level=WARN", "event dropped", string(dropped), "passes for")
		s.say(mallory, room, "last", false)
		if m := s.want("last"); m.User.ID != string(mallory.ID) {
			t.Errorf("mallory's words came as of %s", m.User.ID)
		}
	}
}

func TestTimeIsNoLaterThanTheArrival(t *testing.T) {
	came := time.UnixMilli(1800000000000)
	for ts, want := range map[string]time.Time{
		`"origin_server_ts":1700000000123`: time.UnixMilli(1700000000123), `"origin_server_ts":0`: came, `"origin_server_ts":-5`: came,
		`"origin_server_ts":1800000000001`: came, `"origin_server_ts":9007199254740991`: came, `"age":1`: came,
	} {
		m, err := translate(t, strings.Replace(text(`{"msgtype":"m.text","body":"x"}`), `"origin_server_ts":1700000000123`, ts, 1))
		if err != nil || !m.Time.Equal(want) {
			t.Errorf("%s gave %v and %v", ts, m.Time, err)
		}
	}
}
