package telegramfake

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/connectortest"
)

const token = "42:secret"

func start(t *testing.T) *Server {
	t.Helper()
	s := New(token)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

type answered struct {
	OK          bool            `json:"ok"`
	Code        int             `json:"error_code"`
	Description string          `json:"description"`
	Result      json.RawMessage `json:"result"`
	Parameters  struct {
		RetryAfter int   `json:"retry_after"`
		Migrate    int64 `json:"migrate_to_chat_id"`
	} `json:"parameters"`
}

// call makes one request; pairs are names and values.
func call(ctx context.Context, t *testing.T, s *Server, method string, pairs ...string) answered {
	t.Helper()
	form := url.Values{}
	for pair := range slices.Chunk(pairs, 2) {
		form.Add(pair[0], pair[1])
	}
	return post2(ctx, t, s.URL()+"/bot"+token+"/"+method, "application/x-www-form-urlencoded", form.Encode())
}

func post2(ctx context.Context, t *testing.T, address, kind, body string) (a answered) {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", kind)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return answered{Description: err.Error()}
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &a); err != nil {
		return answered{Code: resp.StatusCode, Description: string(raw)}
	}
	if a.Code != 0 && a.Code != resp.StatusCode {
		t.Errorf("status %d with the code %d", resp.StatusCode, a.Code)
	}
	return a
}

func inject(t *testing.T, s *Server, e connectortest.Event) connectortest.IDs {
	t.Helper()
	ids, err := s.Inject(e)
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func hello(t *testing.T, s *Server) connectortest.IDs {
	t.Helper()
	return inject(t, s, connectortest.Event{Chat: "room", ChatKind: connectors.ChatGroup, Person: "ana", Text: "hello"})
}

func TestRefusesWhatTheRealServerRefuses(t *testing.T) {
	s := start(t)
	ids := hello(t, s)
	chat := []string{"chat_id", ids.Chat}
	for _, c := range []struct {
		method string
		params []string
		words  string
	}{
		{"sendMessage", append(chat, "text", ""), "text is empty"},
		{"sendMessage", append(chat, "text", " \n"), "text is empty"},
		{"sendMessage", append(chat, "text", strings.Repeat("a", 4097)), "too long"},
		{"sendMessage", append(chat, "text", strings.Repeat("😀", 2049)), "too long"},
		{"sendMessage", append(chat, "text", "a.", "parse_mode", "MarkdownV2"), "'.' is reserved"},
		{"sendMessage", append(chat, "text", "*a", "parse_mode", "MarkdownV2"), "can't parse entities"},
		{"sendMessage", append(chat, "text", "`a", "parse_mode", "MarkdownV2"), "can't parse entities"},
		{"sendMessage", append(chat, "text", "```a", "parse_mode", "MarkdownV2"), "can't parse entities"},
		{"sendMessage", append(chat, "text", "a", "parse_mode", "HTML"), "parse_mode"},
		{"sendMessage", append(chat, "text", "a", "colour", "red"), "no parameter"},
		{"sendMessage", append(chat, "text", "a", "text", "b"), "given twice"},
		{"sendMessage", append(chat, "text", "a", "reply_parameters", `{"message_id":99}`), "to be replied not found"},
		{"sendMessage", append(chat, "text", "a", "reply_parameters", `{"id":99}`), "can't parse reply_parameters"},
		{"sendMessage", append(chat, "text", "a", "message_thread_id", "9"), "thread not found"},
		{"sendMessage", append(chat, "text", "a", "reply_markup", `{"inline_keyboard":[[{"text":"x","callback_data":""}]]}`), "BUTTON_DATA_INVALID"},
		{"sendMessage", []string{"chat_id", "@room", "text", "a"}, "chat not found"},
		{"sendMessage", []string{"chat_id", "-7", "text", "a"}, "chat not found"},
		{"editMessageText", append(chat, "message_id", "1", "text", "a"), "can't be edited"},
		{"editMessageText", append(chat, "message_id", "99", "text", "a"), "to edit not found"},
		{"setMessageReaction", append(chat, "message_id", "1", "reaction", `[{"type":"emoji","emoji":"x"}]`), "REACTION_INVALID"},
		{"setMessageReaction", append(chat, "message_id", "9", "reaction", `[]`), "to react not found"},
		{"sendChatAction", append(chat, "action", "dancing"), "wrong parameter action"},
		{"answerCallbackQuery", []string{"callback_query_id", "1"}, "query is too old"},
		{"setMyCommands", []string{"commands", `[{"command":"Help","description":"x"}]`}, "BOT_COMMAND_INVALID"},
		{"setMyCommands", []string{"commands", `[{"command":"help","description":""}]`}, "DESCRIPTION_INVALID"},
		{"getFile", []string{"file_id", "x"}, "invalid file_id"},
		{"setWebhook", []string{"url", "ftp://x"}, "bad webhook"},
		{"setWebhook", []string{"url", "https://x", "secret_token", "a b"}, "unallowed characters"},
		{"getUpdates", []string{"limit", "101"}, "limit"},
		{"getUpdates", []string{"allowed_updates", "message"}, "can't parse allowed_updates"},
	} {
		if a := call(t.Context(), t, s, c.method, c.params...); a.OK || a.Code != 400 || !strings.Contains(a.Description, c.words) {
			t.Errorf("%s %q gave %+v, want %q", c.method, c.params, a, c.words)
		}
	}
	if len(s.Sent()) != 0 {
		t.Errorf("sent %+v", s.Sent())
	}
}

func TestTokensAndPaths(t *testing.T) {
	s := start(t)
	const form = "application/x-www-form-urlencoded"
	for _, c := range []struct {
		path, kind string
		code       int
	}{
		{"/bot" + token + "/getMe", form, 0},
		{"/bot42:other/getMe", form, 401},
		{"/botnone/getMe", form, 404},
		{"/bot" + token + "/getThem", form, 404},
		{"/bot" + token, form, 404},
		{"/bot" + token + "/getMe", "text/plain", 400},
		{"/file/bot42:other/x", form, 401},
		{"/file/bot" + token + "/x", form, 404},
	} {
		if a := post2(t.Context(), t, s.URL()+c.path, c.kind, ""); a.Code != c.code || a.OK != (c.code == 0) {
			t.Errorf("%s gave %+v", c.path, a)
		}
	}
}

func ids(t *testing.T, a answered) (all []int64) {
	t.Helper()
	var list []struct {
		ID int64 `json:"update_id"`
	}
	if err := json.Unmarshal(a.Result, &list); err != nil {
		t.Fatalf("%v in %+v", err, a)
	}
	for _, u := range list {
		all = append(all, u.ID)
	}
	return all
}

func TestOffsetConfirms(t *testing.T) {
	s := start(t)
	for range 3 {
		hello(t, s)
	}
	want := []int64{1001, 1002, 1003}
	for range 2 {
		if got := ids(t, call(t.Context(), t, s, "getUpdates")); !slices.Equal(got, want) {
			t.Errorf("got %v", got)
		}
	}
	if s.Refused() != 1 {
		t.Errorf("%d refused, want the first", s.Refused())
	}
	if got := ids(t, call(t.Context(), t, s, "getUpdates", "offset", "1003", "limit", "1")); !slices.Equal(got, want[2:]) {
		t.Errorf("got %v", got)
	}
	if got := ids(t, call(t.Context(), t, s, "getUpdates", "offset", "1004", "timeout", "0")); len(got) != 0 || s.Refused() != 0 || s.Waiting() != 0 {
		t.Errorf("got %v, %d refused, %d wait", got, s.Refused(), s.Waiting())
	}
	if err := s.Redeliver(); err != nil {
		t.Fatal(err)
	}
	if got := ids(t, call(t.Context(), t, s, "getUpdates", "offset", "1004")); !slices.Equal(got, want[2:]) {
		t.Errorf("got %v again", got)
	}
}

func TestLongPollWaitsAndConflicts(t *testing.T) {
	s := start(t)
	answers := make(chan answered, 2)
	ask := func() { answers <- call(t.Context(), t, s, "getUpdates", "timeout", "50") }
	waits := func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.poll != nil
	}
	go ask()
	for !waits() {
		time.Sleep(time.Millisecond)
	}
	go ask()
	if a := <-answers; a.Code != 409 || !strings.Contains(a.Description, "terminated by other getUpdates") {
		t.Errorf("the first one got %+v", a)
	}
	hello(t, s)
	if got := ids(t, <-answers); len(got) != 1 {
		t.Errorf("the second one got %v", got)
	}
	if a := call(t.Context(), t, s, "setWebhook", "url", "https://127.0.0.1:1/x"); !a.OK {
		t.Errorf("setWebhook: %+v", a)
	}
	if a := call(t.Context(), t, s, "getUpdates"); a.Code != 409 || !strings.Contains(a.Description, "webhook is active") {
		t.Errorf("beside a webhook: %+v", a)
	}
}

func TestWebhookIsPostedInOrderWithItsSecret(t *testing.T) {
	s := start(t)
	got := make(chan string, 10)
	fails := 1
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Header.Get("X-Telegram-Bot-Api-Secret-Token") != "abc" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("header %v", r.Header)
		}
		if fails--; fails >= 0 {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		for _, text := range []string{"one", "two"} {
			if bytes.Contains(body, []byte(text)) {
				got <- text
			}
		}
	}))
	defer hook.Close()
	for _, text := range []string{"one", "two"} {
		inject(t, s, connectortest.Event{Chat: "room", ChatKind: connectors.ChatGroup, Person: "ana", Text: text})
	}
	if a := call(t.Context(), t, s, "setWebhook", "url", hook.URL, "secret_token", "abc"); !a.OK {
		t.Fatalf("setWebhook: %+v", a)
	}
	if first, second := <-got, <-got; first != "one" || second != "two" {
		t.Errorf("got %q, %q", first, second)
	}
	if a := call(t.Context(), t, s, "getWebhookInfo"); !strings.Contains(string(a.Result), "500 Internal") {
		t.Errorf("info %s", a.Result)
	}
}

func TestFaults(t *testing.T) {
	for kind, want := range map[connectortest.FaultKind]struct {
		code int
		sent int
	}{
		connectortest.ServerError: {502, 0}, connectortest.Throttle: {429, 0}, connectortest.Drop: {0, 0}, connectortest.Lost: {0, 1},
		connectortest.Garbage: {200, 0}, connectortest.Stall: {0, 1}, connectortest.Revoke: {401, 0},
	} {
		t.Run(string(kind), func(t *testing.T) {
			s := start(t)
			where := hello(t, s)
			if !s.Fault(connectortest.Fault{Kind: kind, On: connectortest.OnSend, For: 1500 * time.Microsecond}) {
				t.Fatal("it cannot be played")
			}
			a := call(t.Context(), t, s, "sendMessage", "chat_id", where.Chat, "text", "x")
			if a.OK != (kind == connectortest.Stall) || a.Code != want.code || len(s.Sent()) != want.sent {
				t.Errorf("answered %+v, sent %v", a, s.Sent())
			}
			if kind == connectortest.Throttle && a.Parameters.RetryAfter != 1 {
				t.Errorf("retry after %d", a.Parameters.RetryAfter)
			}
			if a := call(t.Context(), t, s, "sendMessage", "chat_id", where.Chat, "text", "y"); a.OK != (kind != connectortest.Revoke) {
				t.Errorf("the next call got %+v", a)
			}
		})
	}
}

func TestPlacesHaveThePlatformsIDs(t *testing.T) {
	s := start(t)
	for _, c := range []struct {
		event connectortest.Event
		chat  string
		user  string
	}{
		{connectortest.Event{Chat: "x", ChatKind: connectors.ChatDM, Person: "7", Text: "a"}, "7", "7"},
		{connectortest.Event{Chat: "5", ChatKind: connectors.ChatGroup, Person: "7", Text: "a"}, "-1000000000005", "7"},
		{connectortest.Event{Chat: "6", ChatKind: connectors.ChatChannel, Person: "7", Text: "a"}, "-1000000000006", "-1000000000006"},
		{connectortest.Event{Chat: "5#9", ChatKind: connectors.ChatGroup, Person: "7", Text: "a"}, "-1000000000005", "7"},
	} {
		if got := inject(t, s, c.event); got.Chat != c.chat || got.User != c.user {
			t.Errorf("%+v gave %+v", c.event, got)
		}
	}
	for _, e := range []connectortest.Event{{Local: true}, {Kind: connectors.EventDelete}, {Kind: connectors.EventEdit, About: "x"}} {
		if _, err := s.Inject(e); err == nil {
			t.Errorf("%+v was played", e)
		}
	}
}
