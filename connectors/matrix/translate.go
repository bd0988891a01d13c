package matrix

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"github.com/parachute-gate/parachute/connectors"
)

// passedOver says why an event is none for the gate. It is no failure.
type passedOver string

func (p passedOver) Error() string { return string(p) }

// translator makes messages of events. Its find looks up another event of the
// same room.
type translator struct {
	self id.UserID
	// came is when the event came in.
	came time.Time
	find func(ctx context.Context, ev id.EventID) (fact, bool, error)
}

// message translates an event that is in the clear. It gives passedOver for what
// is no event of the gate, and find's error for what must be tried again. chat
// and name are what is known of the room and of the sender in it.
func (t translator) message(ctx context.Context, e *event.Event, chat connectors.Chat, name string) (connectors.Message, error) {
	m := connectors.Message{
		ID:   string(e.ID),
		Chat: chat,
		User: connectors.User{ID: string(e.Sender), Name: name},
	}
	// The sender's homeserver says when it was written: no later than it came.
	if m.Time = time.UnixMilli(e.Timestamp); e.Timestamp <= 0 || m.Time.After(t.came) {
		m.Time = t.came
	}
	switch {
	case e.StateKey != nil:
		return m, passedOver("it is a state event")
	case !validUser(e.Sender) || e.ID == "":
		return m, passedOver("its ids are none")
	case e.Sender == t.self:
		return m, passedOver("it is the bot's own")
	}
	switch e.Type.Type {
	case event.EventMessage.Type:
		return t.words(ctx, e, m)
	case event.EventReaction.Type:
		return t.reaction(ctx, e, m)
	case event.EventRedaction.Type:
		return redaction(e, m)
	}
	return m, passedOver("it is of another type")
}

func (t translator) words(ctx context.Context, e *event.Event, m connectors.Message) (connectors.Message, error) {
	c := content[message](e)
	if c.Relates.Type == event.RelReplace {
		return t.edit(ctx, c, m)
	}
	m.Kind = connectors.EventMessage
	if err := t.say(&m, c.words, c.Relates.ReplyTo.Event != ""); err != nil {
		return m, err
	}
	if err := t.reply(ctx, &m, c.Relates.replyTo()); err != nil {
		return m, err
	}
	if name, args, ok := connectors.ParseCommand(m.Text); ok {
		m.Kind, m.Command, m.Args = connectors.EventCommand, name, args
	}
	return m, nil
}

// edit takes new words for an old message, from who wrote that one and nobody
// else (spec, "Validity of replacement events").
func (t translator) edit(ctx context.Context, c message, m connectors.Message) (connectors.Message, error) {
	if c.New == nil || c.Relates.Event == "" {
		return m, passedOver("it is an edit without new words")
	}
	old, known, err := t.find(ctx, c.Relates.Event)
	if err != nil {
		return m, err
	}
	if !known || string(old.sender) != m.User.ID {
		return m, passedOver("it edits what its sender did not write")
	}
	m.Kind, m.Revision, m.ID = connectors.EventEdit, m.ID, string(c.Relates.Event)
	if err := t.say(&m, *c.New, true); err != nil {
		return m, err
	}
	m.MentionsBot = m.MentionsBot || c.Mentions.of(t.self)
	return m, nil
}

// say takes text, mention and attachments. Only the body is read: what is in
// formatted_body is for eyes.
func (t translator) say(m *connectors.Message, w words, quotes bool) error {
	if w.Body == nil {
		return passedOver("it has no body")
	}
	m.Text = *w.Body
	if quotes {
		m.Text = withoutFallback(m.Text)
	}
	m.MentionsBot = w.Mentions.of(t.self)
	switch w.Type {
	case event.MsgText, event.MsgEmote:
	case event.MsgNotice:
		// By convention bots speak in notices, and do not answer to them.
		m.User.Bot = true
	case event.MsgImage, event.MsgFile, event.MsgAudio, event.MsgVideo:
		m.Attachments = []connectors.Attachment{attached(w)}
		if w.File == "" || w.File == *w.Body {
			m.Text = "" // the body is then the file's name
		}
	default:
		return passedOver("it is a message of another type")
	}
	return nil
}

// attached describes a file. Its content is fetched by its Ref alone.
func attached(w words) connectors.Attachment {
	a := connectors.Attachment{Name: orElse(w.File, *w.Body), Type: w.Info.Type}
	if w.Info.Size > 0 && w.Info.Size < 1<<53 {
		a.Bytes = int64(w.Info.Size)
	}
	r := ref{URL: w.URL, Locked: w.Locked}
	if w.URL == "" && w.Locked == nil {
		return a
	}
	if w.Locked != nil {
		r.Size = a.Bytes
	}
	if raw, err := json.Marshal(r); err == nil {
		a.Ref = string(raw)
	}
	return a
}

func (t translator) reaction(ctx context.Context, e *event.Event, m connectors.Message) (connectors.Message, error) {
	rel := content[relating](e).Relates
	if rel.Type != event.RelAnnotation || rel.Event == "" || rel.Key == "" {
		return m, passedOver("it is a reaction to nothing")
	}
	m.Kind, m.Text = connectors.EventReaction, rel.Key
	return m, t.reply(ctx, &m, rel.Event)
}

// reply notes which message is meant, and whether the bot wrote it.
func (t translator) reply(ctx context.Context, m *connectors.Message, to id.EventID) error {
	if to == "" {
		return nil
	}
	m.ReplyTo = string(to)
	old, known, err := t.find(ctx, to)
	if err != nil {
		return err
	}
	m.ReplyToBot = known && old.sender == t.self
	return nil
}

// redaction reads which event was taken away; the field moved into the content
// with version 11 of rooms.
func redaction(e *event.Event, m connectors.Message) (connectors.Message, error) {
	gone := content[struct {
		Redacts id.EventID `json:"redacts"`
	}](e).Redacts
	if gone == "" {
		gone = e.Redacts
	}
	if gone == "" {
		return m, passedOver("it redacts nothing")
	}
	m.Kind, m.Revision, m.ID = connectors.EventDelete, m.ID, string(gone)
	return m, nil
}

// whyNot gives why an event was passed over, and false for other errors.
func whyNot(err error) (string, bool) {
	var p passedOver
	ok := errors.As(err, &p)
	return string(p), ok
}
