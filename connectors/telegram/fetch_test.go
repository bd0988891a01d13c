package telegram

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/connectortest"
	"github.com/parachute-gate/parachute/connectors/driver"
)

// attached plays a message with a file and gives its reference.
func attached(k *kit, a connectors.Attachment) string {
	k.Helper()
	k.run(nil)
	k.inject(connectortest.Event{Chat: "room", Person: "ana", Text: "look", Attachments: []connectors.Attachment{a}})
	m := k.taken(1)[0]
	if len(m.Attachments) != 1 || m.Text != "look" {
		k.Fatalf("got %+v", m)
	}
	return m.Attachments[0].Ref
}

func TestFetch(t *testing.T) {
	k := newKit(t, nil)
	ref := attached(k, connectors.Attachment{Name: "plan.pdf", Type: "application/pdf", Bytes: 9})
	if len(k.fake.Calls("getFile")) != 0 {
		t.Error("a file was asked for before anybody fetched it")
	}
	k.fake.Content("plan.pdf", []byte("%PDF-1.7\n"))
	body, err := k.c.Fetch(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = body.Close() }()
	if got, err := io.ReadAll(body); err != nil || string(got) != "%PDF-1.7\n" {
		t.Errorf("got %q, %v", got, err)
	}
}

// A reference, or a server that lies, must not make the bot ask other hosts, nor
// carry its token there.
func TestFetchStaysOnItsHost(t *testing.T) {
	var asked atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer elsewhere.Close()
	host := strings.TrimPrefix(elsewhere.URL, "http://")
	for name, c := range map[string]struct{ ref, path, words string }{
		"an address for a reference": {elsewhere.URL, "", "none of Telegram's"},
		"nothing for a reference":    {"", "", "none of Telegram's"},
		"more parameters":            {"x&file_id=y", "", "none of Telegram's"},
		"a file that is not there":   {"unknown", "", "invalid file_id"},
		"a path that is an address":  {"", elsewhere.URL + "/x", "not below its files"},
		"a path of another host":     {"", "//" + host + "/x", "not below its files"},
		"a path that climbs":         {"", "documents/../../../getMe", "not below its files"},
		"an absolute path":           {"", "/etc/passwd", "not below its files"},
		"a path with a backslash":    {"", `..\x`, "not below its files"},
		"no path":                    {"", "", ""},
		"a redirect to another host": {"", "redirect/" + host + "/x", "status 302"},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKit(t, nil)
			ref := c.ref
			if c.path != "" {
				ref = attached(k, connectors.Attachment{Name: "x", Type: "text/plain", Bytes: 1})
				k.fake.MoveFile("x", c.path)
			}
			_, err := k.c.Fetch(t.Context(), ref)
			if !driver.IsPermanent(err) || !strings.Contains(err.Error(), c.words) {
				t.Errorf("got %v", err)
			}
			noSecret(t, k, err)
		})
	}
	if asked.Load() != 0 {
		t.Errorf("the other host was asked %d times", asked.Load())
	}
}

// What means something in an address is part of a name here.
func TestFetchOfOddNames(t *testing.T) {
	for _, path := range []string{"x?y", "%2e%2e/%2e%2e/getMe", "documents/é #1.txt", "a:b@c"} {
		k := newKit(t, nil)
		ref := attached(k, connectors.Attachment{Name: "x", Type: "text/plain", Bytes: 1})
		k.fake.MoveFile("x", path)
		body, err := k.c.Fetch(t.Context(), ref)
		if err != nil {
			t.Errorf("%q: %v", path, err)
			continue
		}
		if got, err := io.ReadAll(body); err != nil || string(got) != "content of x" || body.Close() != nil {
			t.Errorf("%q gave %q, %v", path, got, err)
		}
	}
}

func TestFetchOfWhatIsTooLarge(t *testing.T) {
	k := newKit(t, nil)
	ref := attached(k, connectors.Attachment{Name: "film.mkv", Type: "video/x-matroska", Bytes: 21 << 20})
	if _, err := k.c.Fetch(t.Context(), ref); !driver.IsPermanent(err) || !strings.Contains(err.Error(), "too big") {
		t.Errorf("got %v", err)
	}
}
