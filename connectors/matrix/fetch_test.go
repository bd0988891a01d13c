package matrix

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"maunium.net/go/mautrix/crypto/attachment"
)

func TestFetch(t *testing.T) {
	s := newStage(t, false, nil)
	alice := s.person("alice")
	plain := []byte("what the file says")
	up, err := alice.Cli.UploadBytes(s.ctx, plain, "text/plain")
	s.ok(err)
	locked := attachment.NewEncryptedFile()
	sealed := append([]byte(nil), plain...)
	locked.EncryptInPlace(sealed)
	upLocked, err := alice.Cli.UploadBytes(s.ctx, sealed, "application/octet-stream")
	s.ok(err)
	forged := *locked
	forged.Hashes.SHA256 = strings.Repeat("A", 43)
	reference := func(r ref) string {
		raw, err := json.Marshal(r)
		s.ok(err)
		return string(raw)
	}
	for name, c := range map[string]struct {
		ref string
		ok  bool
	}{
		"plain":                    {reference(ref{URL: up.ContentURI.String()}), true},
		"encrypted":                {reference(ref{Locked: &lockedFile{*locked, upLocked.ContentURI.String()}}), true},
		"a hash that is not its":   {reference(ref{Locked: &lockedFile{forged, upLocked.ContentURI.String()}}), false},
		"a file that is not there": {reference(ref{URL: "mxc://localhost/none"}), false},
		"another host":             {reference(ref{URL: "http://127.0.0.1:1/x"}), false},
		"a path":                   {reference(ref{URL: "mxc://localhost/../../account/whoami"}), false},
		"a path in the server":     {reference(ref{URL: "mxc://..%2f..%2f/x"}), false},
		"a query":                  {reference(ref{URL: "mxc://localhost/x?y=z"}), false},
		"nothing":                  {"{}", false},
		"no reference":             {"mxc://localhost/x", false},
		"empty":                    {"", false},
	} {
		t.Run(name, func(t *testing.T) {
			body, err := s.connector.Fetch(s.ctx, c.ref)
			if (err == nil) != c.ok {
				t.Fatalf("got %v", err)
			}
			if err != nil {
				return
			}
			got, err := io.ReadAll(body)
			if err != nil || string(got) != string(plain) || body.Close() != nil {
				t.Errorf("got %q and %v", got, err)
			}
		})
	}
}

// TestARedirectIsNotFollowed plays a homeserver that sends the bot, with its
// token, to another host.
func TestARedirectIsNotFollowed(t *testing.T) {
	asked := make(chan string, 10)
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked <- r.Header.Get("Authorization") }))
	defer other.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/whoami") {
			io.WriteString(w, `{"user_id":"@bot:example.org","device_id":"D"}`) //nolint:errcheck // a test's answer
			return
		}
		http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	c := New(Deps{Name: "matrix", User: "@bot:example.org", Homeserver: server.URL, Dir: t.TempDir(), Token: "s3cret"})
	if body, err := c.Fetch(t.Context(), `{"url":"mxc://example.org/x"}`); err == nil {
		t.Errorf("Fetch gave %v", body)
	}
	select {
	case with := <-asked:
		t.Errorf("the other host was asked, with %q", with)
	default:
	}
}
