package discordfake

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/connectortest"
)

// TestRefuses holds that the fake refuses what Discord refuses.
func TestRefuses(t *testing.T) {
	s := New("token")
	defer s.Close() //nolint:errcheck // the test is over
	ids, err := s.Inject(connectortest.Event{Chat: "room", ChatKind: connectors.ChatGroup, Person: "ana", Text: "hello"})
	if err != nil {
		t.Fatal(err)
	}
	messages := "channels/" + ids.Chat + "/messages"
	const no = `"allowed_mentions":{"parse":[]}`
	text := func(more string) string { return `{"content":"hi",` + no + more + `}` }
	for name, c := range map[string]struct {
		method, path, body string
		change             func(*http.Request)
		want               int
	}{
		"a good message":       {"POST", messages, text(""), nil, 200},
		"no token":             {"POST", messages, text(""), func(r *http.Request) { r.Header.Del("Authorization") }, 401},
		"token without Bot":    {"POST", messages, text(""), func(r *http.Request) { r.Header.Set("Authorization", "token") }, 401},
		"no user agent":        {"POST", messages, text(""), func(r *http.Request) { r.Header.Set("User-Agent", "curl") }, 403},
		"another content type": {"POST", messages, text(""), func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, 415},
		"too long":             {"POST", messages, `{"content":"` + strings.Repeat("é", 2001) + `",` + no + `}`, nil, 400},
		"as long as may be":    {"POST", messages, `{"content":"` + strings.Repeat("é", 2000) + `",` + no + `}`, nil, 200},
		"empty":                {"POST", messages, `{"content":" \n",` + no + `}`, nil, 400},
		"mentions":             {"POST", messages, `{"content":"hi"}`, nil, 400},
		"an unknown field":     {"POST", messages, text(`,"nonsense":1`), nil, 400},
		"two values":           {"POST", messages, text("") + text(""), nil, 400},
		"a long nonce":         {"POST", messages, text(`,"nonce":"` + strings.Repeat("n", 26) + `"`), nil, 400},
		"an unknown reference": {"POST", messages, text(`,"message_reference":{"message_id":"5"}`), nil, 400},
		"a reference let go":   {"POST", messages, text(`,"message_reference":{"message_id":"5","fail_if_not_exists":false}`), nil, 200},
		"no id as reference":   {"POST", messages, text(`,"message_reference":{"message_id":"x","fail_if_not_exists":false}`), nil, 400},
		"doubled buttons": {"POST", messages, text(`,"components":[{"type":1,"components":[` +
			`{"type":2,"style":2,"label":"a","custom_id":"x"},{"type":2,"style":2,"label":"b","custom_id":"x"}]}]`), nil, 400},
		"an unknown channel":     {"GET", "channels/5", "", nil, 404},
		"an unknown message":     {"GET", messages + "/5", "", nil, 404},
		"a limit of none":        {"GET", messages, "", nil, 400},
		"somebody else's edit":   {"PATCH", messages + "/" + ids.Message, text(""), nil, 403},
		"an unknown interaction": {"POST", "interactions/1/tok/callback", `{"type":6}`, nil, 404},
		"another version":        {"GET", "../v6/users/@me", "", nil, 404},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := http.NewRequest(c.method, s.URL()+"/api/v10/"+c.path, strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", "Bot token")
			r.Header.Set("User-Agent", "DiscordBot (test, 1)")
			r.Header.Set("Content-Type", "application/json")
			if c.change != nil {
				c.change(r)
			}
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close() //nolint:errcheck // the status is all
			if resp.StatusCode != c.want {
				t.Errorf("answered %d, want %d", resp.StatusCode, c.want)
			}
		})
	}
}

// TestGatewayRefuses holds the close codes of a session that begins wrongly.
func TestGatewayRefuses(t *testing.T) {
	identify := func(token string, intents int) map[string]any {
		return map[string]any{"op": 2, "d": map[string]any{"token": token, "intents": intents, "properties": map[string]string{"os": "x"}}}
	}
	for name, c := range map[string]struct {
		send any
		want int
	}{
		"wrong token":      {identify("other", 1), 4004},
		"unknown intent":   {identify("token", 1<<30), 4013},
		"not granted":      {identify("token", intentMessageContent), 4014},
		"no intents":       {map[string]any{"op": 2, "d": map[string]any{"token": "token"}}, 4002},
		"before a session": {map[string]any{"op": 3, "d": map[string]any{}}, 4003},
		"resume, token":    {map[string]any{"op": 6, "d": map[string]any{"token": "x", "session_id": "y", "seq": 1}}, 4004},
	} {
		t.Run(name, func(t *testing.T) {
			s := New("token")
			defer s.Close() //nolint:errcheck // the test is over
			s.Grant(0, 0)
			conn, resp, err := websocket.DefaultDialer.Dial(s.socketURL()+"?v=10&encoding=json", nil)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close() //nolint:errcheck // the connection is all
			defer conn.Close()      //nolint:errcheck // the test is over
			var hello frame
			if err := conn.ReadJSON(&hello); err != nil || hello.Op != 10 {
				t.Fatalf("it began with %+v, %v", hello, err)
			}
			if err := conn.WriteJSON(c.send); err != nil {
				t.Fatal(err)
			}
			if _, _, err := conn.ReadMessage(); !websocket.IsCloseError(err, c.want) {
				t.Errorf("got %v, want %d", err, c.want)
			}
		})
	}
}

// TestTextIsWithheld holds what a bot without the intent sees.
func TestTextIsWithheld(t *testing.T) {
	s := New("token")
	defer s.Close() //nolint:errcheck // the test is over
	for name, c := range map[string]struct {
		intents int
		change  func(*message)
		want    string
	}{
		"the intent":     {intentMessageContent, func(*message) {}, "hello"},
		"no intent":      {0, func(*message) {}, ""},
		"direct message": {0, func(m *message) { m.GuildID = "" }, "hello"},
		"mentioned":      {0, func(m *message) { m.Mentions = []user{s.bot} }, "hello"},
		"its own":        {0, func(m *message) { m.Author = s.bot }, "hello"},
	} {
		t.Run(name, func(t *testing.T) {
			m := &message{Content: "hello", GuildID: "1", Author: user{ID: "2"}}
			c.change(m)
			raw, err := json.Marshal(s.seen(m, c.intents))
			if err != nil {
				t.Fatal(err)
			}
			var got struct{ Content string }
			if err := json.Unmarshal(raw, &got); err != nil || got.Content != c.want {
				t.Errorf("got %q, %v", got.Content, err)
			}
		})
	}
}
