package telegram

import (
	"slices"
	"strings"
	"testing"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/connectortest"
)

func TestCheck(t *testing.T) {
	hook := webhooked(t)
	for name, c := range map[string]struct {
		change func(d *Deps)
		set    func(k *kit)
		want   []string // "ok ABOUT: words" or "no ABOUT: words"
	}{
		"as it should be": {nil, func(*kit) {}, []string{"ok token: @parachute_test_bot, id 4242", "ok groups: privacy mode is on", "ok updates: by long polling, 0 wait"}},
		"no privacy":      {nil, func(k *kit) { k.fake.Privacy(false) }, []string{"ok token: valid", "ok groups: privacy mode is off", "ok updates: by long polling"}},
		"revoked": {nil, func(k *kit) { k.fake.Fault(connectortest.Fault{Kind: connectortest.Revoke}) },
			[]string{"no token: the token from the file token.txt is not valid"}},
		"offline": {func(d *Deps) { d.API = "http://127.0.0.1:1" }, func(*kit) {}, []string{"no reaching Telegram: may this machine reach 127.0.0.1?"}},
		"a webhook of somebody": {nil, func(k *kit) { setHook(k, "https://old.example.org/x") },
			[]string{"ok token: valid", "ok groups: privacy", "ok updates: the webhook at old.example.org"}},
		"a webhook that is not set": {hook, func(*kit) {}, []string{"ok token: valid", "ok groups: privacy", "ok webhook: not set yet"}},
		"a webhook elsewhere": {hook, func(k *kit) { setHook(k, "https://old.example.org/x") },
			[]string{"ok token: valid", "ok groups: privacy", "ok webhook: to another address, at old.example.org"}},
		"a webhook that nobody hears": {hook, func(k *kit) {
			setHook(k, k.c.deps.Webhook.URL)
			k.inject(connectortest.Event{Chat: "room", Person: "ana", Text: "hello"})
			k.until(func() bool { return k.fake.Refused() == 1 })
		}, []string{"ok token: valid", "ok groups: privacy", "no webhook: 1 updates wait"}},
		"a webhook that is wrong": {func(d *Deps) { d.Webhook = &Webhook{} }, func(*kit) {},
			[]string{"ok token: valid", "ok groups: privacy", "no webhook: no https address"}},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKit(t, c.change)
			c.set(k)
			before := len(k.fake.Calls("setWebhook"))
			got := k.c.Check(t.Context())
			if !slices.EqualFunc(got, c.want, matches) {
				t.Errorf("found %+v, want %q", got, c.want)
			}
			if len(k.fake.Calls("setWebhook")) != before || len(k.fake.Calls("deleteWebhook"))+len(k.fake.Calls("setMyCommands")) != 0 {
				t.Error("the check changed something")
			}
			noSecret(t, k, nil)
		})
	}
}

func matches(f connectors.Finding, want string) bool {
	state := map[bool]string{true: "ok ", false: "no "}[f.OK]
	about, words, _ := strings.Cut(want, ": ")
	return state+f.About == about && strings.Contains(f.Detail, words)
}

func setHook(k *kit, address string) {
	k.Helper()
	if err := k.c.api.call(k.Context(), "setWebhook", tgbotapi.Params{"url": address}, nil); err != nil {
		k.Fatal(err)
	}
}
