package telegram

import (
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/connectortest"
)

// stalledPresses never answers what stops a button's spinner.
type stalledPresses struct{ http.RoundTripper }

func (s stalledPresses) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, "/answerCallbackQuery") {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	return s.RoundTripper.RoundTrip(r)
}

// TestPressesOfAStrangerFillNothing: pressing needs no right, and each press is
// answered to Telegram.
func TestPressesOfAStrangerFillNothing(t *testing.T) {
	k := newKit(t, nil)
	k.c.api.client.Transport = stalledPresses{k.c.api.client.Transport}
	k.run(nil)
	k.inject(connectortest.Event{Chat: "room", Person: "ana", Text: "hello"})
	k.taken(1)
	before := runtime.NumGoroutine()
	const presses = 500
	for i := range presses {
		k.inject(connectortest.Event{Chat: "room", Person: "mallory", Kind: connectors.EventCallback, About: "1", Text: "x" + strconv.Itoa(i)})
	}
	k.taken(presses)
	// Each answer on its way has a goroutine, and two of its connection.
	if now := runtime.NumGoroutine(); now > before+4*maxSpinners {
		t.Errorf("%d goroutines, %d before", now, before)
	}
}
