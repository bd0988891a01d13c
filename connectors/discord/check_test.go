package discord

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bwmarrin/discordgo"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/connectortest"
	"github.com/parachute-gate/parachute/connectors/connectortest/discordfake"
	"github.com/parachute-gate/parachute/connectors/driver"
)

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		all   bool
		spoil func(*platform)
		want  string // a part of the finding that is not OK; empty: all are
	}{
		"all is well":         {false, func(*platform) {}, ""},
		"all messages":        {true, func(*platform) {}, ""},
		"no content intent":   {true, func(p *platform) { p.Grant(0, Permissions()) }, "Message Content Intent"},
		"a missing right":     {false, func(p *platform) { p.Grant(0, Permissions()&^discordgo.PermissionAddReactions) }, "Add Reactions"},
		"far too many rights": {false, func(p *platform) { p.Grant(0, discordgo.PermissionAdministrator|Permissions()) }, "Administrator"},
		"a wrong token":       {false, func(p *platform) { p.Fault(connectortest.Fault{Kind: connectortest.Revoke}) }, "DISCORD_TOKEN"},
		"offline":             {false, func(p *platform) { p.Close() }, "ask Discord"}, //nolint:errcheck // it is closed again
	} {
		t.Run(name, func(t *testing.T) {
			p := testPlatform(t, c.all)
			c.spoil(p)
			bad := ""
			for _, f := range p.connector.Check(t.Context()) {
				if f.About == "" || f.Detail == "" || strings.Contains(f.Detail, testToken) {
					t.Errorf("finding %+v", f)
				}
				if !f.OK {
					bad += f.Detail
				}
			}
			if (bad == "") != (c.want == "") || !strings.Contains(bad, c.want) {
				t.Errorf("not OK is %q, want %q", bad, c.want)
			}
		})
	}
}

func TestPermissionsAreTheInvitations(t *testing.T) {
	if Permissions() != 274877975616 {
		t.Errorf("they are %d: change the page of the documentation too", Permissions())
	}
}

func TestFetch(t *testing.T) {
	p := testPlatform(t, true)
	g := p.start(t, nil)
	e := group("room", "look")
	e.Attachments = []connectors.Attachment{{Name: "plan.pdf", Type: "application/pdf", Bytes: 3}}
	must(t)(p.Inject(e))
	m := g.next()
	body, err := p.connector.Fetch(t.Context(), m.Attachments[0].Ref)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close() //nolint:errcheck // it was read
	if content, err := io.ReadAll(body); err != nil || string(content) != "content of plan.pdf" {
		t.Errorf("got %q, %v", content, err)
	}
	ref := m.Attachments[0].Ref
	if _, err := p.connector.Fetch(t.Context(), strings.Split(ref, "?")[0]); !driver.IsPermanent(err) || strings.Contains(err.Error(), "attachments") {
		t.Errorf("an address that has expired gave %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.connector.Fetch(ctx, ref); err == nil {
		t.Error("it was fetched after its time")
	}
}

// TestFetchOfAnotherHost holds that nobody makes the bot ask another host.
func TestFetchOfAnotherHost(t *testing.T) {
	p := testPlatform(t, true)
	for _, ref := range []string{
		"", "http://169.254.169.254/attachments/a", "https://cdn.discordapp.com.evil.example/attachments/a",
		"https://evil.example/attachments/a", "https://cdn.discordapp.com@evil.example/attachments/a", "http://cdn.discordapp.com/attachments/a",
		"https://cdn.discordapp.com:444/attachments/a", "file:///attachments/a", "https://cdn.discordapp.com/avatars/a",
		"https://cdn.discordapp.com/attachments/../avatars/a", p.URL() + "/api/v10/users/@me", p.URL() + "/attachments/../api/v10/users/@me",
		"//cdn.discordapp.com/attachments/a", "https:cdn.discordapp.com/attachments/a", "\x00",
	} {
		if _, err := p.connector.Fetch(t.Context(), ref); !driver.IsPermanent(err) {
			t.Errorf("%q gave %v", ref, err)
		}
		if got := p.connector.files.ref(ref); got != "" {
			t.Errorf("%q gave the ref %q", ref, got)
		}
	}
	for _, ref := range []string{"https://cdn.discordapp.com/attachments/1/2/a.png?ex=1", "https://media.discordapp.net/ephemeral-attachments/1/2/a.png"} {
		if got := p.connector.files.ref(ref); got != ref {
			t.Errorf("%q gave the ref %q", ref, got)
		}
	}
}

func TestFetchIsNotRedirectedElsewhere(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { t.Error("the other host was asked") }))
	defer other.Close()
	first := httptest.NewServer(http.RedirectHandler(other.URL+"/attachments/x", http.StatusFound))
	defer first.Close()
	c := New(Deps{Name: "dc", Token: "t", API: first.URL, Dir: t.TempDir(), Log: testPlatform(t, true).connector.deps.Log, Now: time.Now})
	if _, err := c.Fetch(t.Context(), first.URL+"/attachments/x"); err == nil {
		t.Error("it followed")
	}
}

// TestGatewayOfAnotherHost holds that the token is given to Discord alone.
func TestGatewayOfAnotherHost(t *testing.T) {
	c := New(Deps{Name: "dc", Token: "t", Dir: t.TempDir(), Log: testPlatform(t, true).connector.deps.Log, Now: time.Now})
	for _, address := range []string{"ws://gateway.discord.gg", "wss://discord.gg.evil.example", "wss://evildiscord.gg", "wss://127.0.0.1", ":", "wss://gateway.discord.gg@127.0.0.1/"} {
		if _, err := c.api.dial(t.Context(), address); err == nil || !strings.Contains(err.Error(), "address") {
			t.Errorf("%q gave %v", address, err)
		}
	}
}

func TestRoutes(t *testing.T) {
	for path, want := range map[string]string{
		"channels/1/messages":                    "POST channels/1/messages",
		"channels/1/messages/22":                 "POST channels/1/messages/id",
		"channels/1/messages/22/reactions/x/@me": "POST channels/1/messages/id/reactions",
		"channels/2/typing":                      "POST channels/2/typing",
		"webhooks/1/tok/messages/5":              "POST webhooks/1/tok/messages/id",
	} {
		if got := routeOf("POST", "/api/v"+version+"/"+path); got != want {
			t.Errorf("%s gave %q, want %q", path, got, want)
		}
	}
}

// TestUsedUpLimitIsWaitedFor holds that what Discord says of the limits is obeyed
// before it refuses.
func TestUsedUpLimitIsWaitedFor(t *testing.T) {
	l := newLimits()
	l.note("a", http.Header{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset-After": {"0.05"}})
	if err := l.wait(t.Context(), "b"); err != nil || l.left("b") > 0 {
		t.Error("another route waits")
	}
	if l.left("a") == 0 {
		t.Error("the route is free")
	}
	if err := l.wait(t.Context(), "a"); err != nil || l.left("a") > 0 {
		t.Errorf("it did not wait: %v", err)
	}
	l.failed("a", &apiError{status: 429, after: time.Hour, global: true})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := l.wait(ctx, "b"); err == nil {
		t.Error("a global limit is not obeyed")
	}
	for i := range 3 * maxRoutes {
		l.hold(fmt.Sprint(i), 0)
	}
	if len(l.until) > maxRoutes+1 {
		t.Errorf("%d routes are remembered", len(l.until))
	}
}

var _ connectortest.Server = (*discordfake.Server)(nil)
