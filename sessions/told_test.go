package sessions

import (
	"context"
	"errors"
	"log/slog"
	"testing"
)

// TestAnAnswerThatWasToldIsNotToldToBeLost: the reply went out, and its end
// could not be kept (a full disk, say). Trying again must not say that it may be
// lost, and must not send it again.
func TestAnAnswerThatWasToldIsNotToldToBeLost(t *testing.T) {
	store := &closeFails{Store: oneTurn{t: &Turn{ID: "t", Connector: "c", Reply: "Done.", State: Ready}}, left: 2}
	var sent []Reply
	r := NewRunner(Deps{
		Store:   store,
		Deliver: func(_ context.Context, reply Reply) error { sent = append(sent, reply); return nil },
	})
	for range 2 {
		if err := r.Work(t.Context(), "t", false); err == nil {
			t.Fatal("a turn whose end is not on disk was ended")
		}
	}
	if err := r.Work(t.Context(), "t", false); err != nil {
		t.Fatal(err)
	}
	if len(sent) != 1 || sent[0].Failed || sent[0].Text != "Done." {
		t.Errorf("sent %+v", sent)
	}
	if got, _ := store.Turn(t.Context(), "t"); got.State != Sent {
		t.Errorf("the turn is %s", got.State)
	}
}

func TestGiveUpFailsATurnThatHasNotBegun(t *testing.T) {
	store := oneTurn{t: &Turn{ID: "t", Connector: "c", Session: &Session{ID: "s", Agent: "none"}, State: Pending}}
	var sent []Reply
	r := NewRunner(Deps{Store: store, Deliver: func(_ context.Context, reply Reply) error { sent = append(sent, reply); return nil }, Log: slog.New(slog.DiscardHandler)})
	if err := r.GiveUp(t.Context(), "t"); err != nil {
		t.Fatal(err)
	}
	if len(sent) != 1 || !sent[0].Failed || store.t.State != Failed {
		t.Errorf("sent %+v, turn %+v", sent, store.t)
	}
}

// oneTurn is a store of one turn.
type oneTurn struct{ t *Turn }

func (o oneTurn) Turn(context.Context, string) (Turn, error) { return *o.t, nil }
func (o oneTurn) OpenTurns(context.Context, string, int64) ([]Turn, error) {
	return []Turn{*o.t}, nil
}

func (o oneTurn) SendTurn(_ context.Context, _ string, _ State, reply string, failed bool) error {
	o.t.State, o.t.Reply, o.t.Failed = Sending, reply, failed
	return nil
}

func (o oneTurn) CloseTurn(_ context.Context, _ string, state State) error {
	o.t.State = state
	return nil
}

// closeFails cannot keep the end of a turn the first times.
type closeFails struct {
	Store
	left int
}

func (c *closeFails) CloseTurn(ctx context.Context, id string, state State) error {
	if c.left--; c.left >= 0 {
		return errors.New("database or disk is full")
	}
	return c.Store.CloseTurn(ctx, id, state)
}

// TestAnAnswerThatNobodyConfirmed: it is not given again, as it could be read
// twice; the person is told instead.
func TestAnAnswerThatNobodyConfirmed(t *testing.T) {
	store := oneTurn{t: &Turn{ID: "t", Connector: "c", Reply: "Done.", State: Ready}}
	var sent []Reply
	r := NewRunner(Deps{
		Store: store, Log: slog.New(slog.DiscardHandler),
		Deliver: func(_ context.Context, reply Reply) error {
			sent = append(sent, reply)
			if len(sent) == 1 {
				return ErrUnconfirmed
			}
			return nil
		},
	})
	if err := r.Work(t.Context(), "t", false); err != nil {
		t.Fatal(err)
	}
	if len(sent) != 2 || sent[1].Text != unheard || !sent[1].Failed || store.t.State != Failed {
		t.Errorf("sent %+v, turn %+v", sent, store.t)
	}
}
