package matrix

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"github.com/parachute-gate/parachute/connectors/driver"
)

const (
	// eyes is the sign on a message that is being answered.
	eyes = "👀"
	// maxRich is how large a message may be with its formatted text, in bytes of
	// JSON; a larger one goes without. Encrypted it stays below 65,536 bytes.
	maxRich = 45_000
	// shortEdit is how much of an edited text stands where clients that know no
	// edits look.
	shortEdit = 200
)

// errNoKeys refuses to write in the clear what an encrypted room should read.
var errNoKeys = errors.New("the room is encrypted, and encryption is off: set encryption: true")

// errNotAlone refuses to write what one person alone should read where others are.
var errNotAlone = errors.New("the room is no direct message any more, and this is for one person alone")

// writer sends messages. It implements driver.Writer and driver.Signaller.
type writer struct {
	account *account
	rooms   *rooms
	facts   *facts
	signs   *signs
}

// Post sends a message. The transaction's id follows from the Post's key, so that
// the homeserver drops a double (client-server API, "Transaction identifiers").
func (w *writer) Post(ctx context.Context, p driver.Post) (string, error) {
	at := id.RoomID(p.Chat)
	if p.Private {
		if err := w.alone(ctx, at, id.UserID(p.User)); err != nil {
			return "", err
		}
	}
	c := newText(p.Text)
	rel, thread, err := w.relate(ctx, at, p)
	if err != nil {
		return "", err
	}
	if rel != nil {
		c["m.relates_to"] = rel
	}
	sent, err := w.send(ctx, at, event.EventMessage, c, txn("post", p.Key))
	if err != nil {
		return "", err
	}
	w.facts.note(at, sent, fact{sender: w.rooms.self, thread: thread})
	w.rest(ctx, p)
	return string(sent), nil
}

// alone refuses a room that somebody does not share with the bot alone: whoever was
// invited to a direct message since reads all that comes.
func (w *writer) alone(ctx context.Context, at id.RoomID, who id.UserID) error {
	if err := w.rooms.book.open(); err != nil {
		return driver.Permanent(err)
	}
	if err := w.rooms.load(ctx, at); err != nil {
		return err
	}
	if w.rooms.book.direct(at) != who || !w.rooms.pair(at) {
		return driver.Permanent(errNotAlone)
	}
	return nil
}

// Edit replaces a message's text. Each call is a transaction of its own: two
// edits may well have one text.
func (w *writer) Edit(ctx context.Context, old string, p driver.Post) error {
	fresh := newText(p.Text)
	c := map[string]any{
		"msgtype": "m.text", "body": "* " + cut(p.Text, shortEdit), "m.mentions": map[string]any{},
		"m.new_content": fresh,
		"m.relates_to":  map[string]any{"rel_type": event.RelReplace, "event_id": old},
	}
	if _, err := w.send(ctx, id.RoomID(p.Chat), event.EventMessage, c, ""); err != nil {
		return err
	}
	w.rest(ctx, p)
	return nil
}

// relate makes a message a reply, in the thread of what it replies to. The later
// parts of a reply carry no ReplyTo and stay in the thread of the first.
func (w *writer) relate(ctx context.Context, at id.RoomID, p driver.Post) (rel map[string]any, thread id.EventID, err error) {
	reply, _, _ := cutLast(p.Key)
	if p.ReplyTo == "" {
		if thread = w.signs.thread(reply); thread == "" {
			return nil, "", nil
		}
		return map[string]any{"rel_type": event.RelThread, "event_id": thread}, thread, nil
	}
	rel = map[string]any{"m.in_reply_to": map[string]any{"event_id": p.ReplyTo}}
	f, _, err := w.facts.find(ctx, w.account, at, id.EventID(p.ReplyTo))
	if err != nil {
		return nil, "", err
	}
	if f.thread != "" {
		rel["rel_type"], rel["event_id"] = event.RelThread, f.thread
		w.signs.inThread(reply, f.thread)
	}
	return rel, f.thread, nil
}

// send sends one event, encrypted where the room is. An empty txn makes it a
// transaction of its own.
func (w *writer) send(ctx context.Context, at id.RoomID, kind event.Type, c any, txn string) (sent id.EventID, err error) {
	if err := w.rooms.book.open(); err != nil {
		return "", driver.Permanent(err)
	}
	if kind != event.EventReaction {
		if err := w.rooms.load(ctx, at); err != nil {
			return "", err
		}
	}
	err = w.account.call(ctx, "send the message", func(ctx context.Context, s *session) error {
		kind, c := kind, c
		// What a reaction says stands in its relation, in the clear (m.reaction).
		if kind != event.EventReaction && w.rooms.encrypted(at) {
			if s.keys == nil {
				return driver.Permanent(errNoKeys)
			}
			locked, err := s.keys.encrypt(ctx, at, kind, c, w.rooms.present(at))
			if err != nil {
				return err
			}
			kind, c = event.EventEncrypted, locked
		}
		resp, err := s.cli.SendMessageEvent(ctx, at, kind, c, mautrix.ReqSendEvent{TransactionID: txn, DontEncrypt: true})
		if err == nil {
			sent = resp.EventID
		}
		return err
	})
	return sent, err
}

// Working sets the sign on a message, or takes it away. A sign that the homeserver
// did not confirm is asked for once more by its transaction, which gives its id:
// it may stand.
func (w *writer) Working(ctx context.Context, chat, message string, on bool) error {
	at := id.RoomID(chat)
	k := factKey{at, id.EventID(message)}
	if on {
		w.signs.set(k, sign{txn: txn("sign", rand.Text())})
		err := w.sign(ctx, k)
		if driver.IsPermanent(err) {
			w.signs.drop(k)
		}
		return err
	}
	s, ok := w.signs.get(k)
	if !ok {
		return nil
	}
	if s.event == "" {
		if err := w.sign(ctx, k); err != nil {
			return err
		}
		s, _ = w.signs.get(k)
	}
	err := w.account.call(ctx, "take the sign away", func(ctx context.Context, c *session) error {
		_, err := c.cli.RedactEvent(ctx, at, s.event, mautrix.ReqRedact{TxnID: s.txn + "-off"})
		return err
	})
	if err == nil {
		w.signs.drop(k)
	}
	return err
}

// sign sets the sign of a message in its transaction.
func (w *writer) sign(ctx context.Context, k factKey) error {
	s, ok := w.signs.get(k)
	if !ok {
		return nil
	}
	sent, err := w.send(ctx, k.room, event.EventReaction, map[string]any{
		"m.relates_to": map[string]any{"rel_type": event.RelAnnotation, "event_id": k.event, "key": eyes},
	}, s.txn)
	if err == nil {
		w.signs.set(k, sign{txn: s.txn, event: sent})
	}
	return err
}

// Typing shows the typing sign.
func (w *writer) Typing(ctx context.Context, chat string) error {
	w.signs.typing(chat, true)
	return w.showTyping(ctx, chat, true)
}

func (w *writer) showTyping(ctx context.Context, chat string, on bool) error {
	return w.account.call(ctx, "show the typing sign", func(ctx context.Context, s *session) error {
		_, err := s.cli.UserTyping(ctx, id.RoomID(chat), on, typingTime)
		return err
	})
}

// rest takes the typing sign away when a message is whole. It stands until its
// time is over otherwise, and harms nothing.
func (w *writer) rest(ctx context.Context, p driver.Post) {
	if p.Draft || !w.signs.typing(p.Chat, false) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if err := w.showTyping(ctx, p.Chat, false); err != nil {
		w.account.log.DebugContext(ctx, "typing sign not taken away", "error", err)
	}
}

// newText is a message's content. It mentions nobody, whatever the text says:
// an agent's words must ping no room.
func newText(text string) map[string]any {
	c := map[string]any{"msgtype": "m.text", "body": text, "m.mentions": map[string]any{}}
	if rich, ok := richText(text); ok {
		c["format"], c["formatted_body"] = event.FormatHTML, rich
		if raw, err := json.Marshal(c); err != nil || len(raw) > maxRich {
			delete(c, "format")
			delete(c, "formatted_body")
		}
	}
	return c
}

// txn makes a transaction's id that is the same for the same words.
func txn(words ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(words, "\x00")))
	return "parachute-" + base64.RawURLEncoding.EncodeToString(sum[:18])
}

func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}

// cutLast splits "reply/3".
func cutLast(key string) (reply, n string, ok bool) {
	i := strings.LastIndexByte(key, '/')
	if i < 0 {
		return key, "", false
	}
	return key[:i], key[i+1:], true
}

// sign is one that was set, or may have been: then it has no event yet.
type sign struct {
	txn   string
	event id.EventID
}

// signs remembers what must be taken away again, and the threads of replies that
// are on their way. Safe for concurrent use.
type signs struct {
	mu      sync.Mutex
	eyes    map[factKey]sign
	types   map[string]bool
	threads map[string]id.EventID
	replies []string // the keys of threads, oldest first
}

func newSigns() *signs {
	return &signs{eyes: map[factKey]sign{}, types: map[string]bool{}, threads: map[string]id.EventID{}}
}

func (s *signs) set(k factKey, set sign) {
	const most = 1024 // what could not be taken away is forgotten in the end
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.eyes) >= most {
		clear(s.eyes)
	}
	s.eyes[k] = set
}

func (s *signs) get(k factKey) (sign, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.eyes[k]
	return found, ok
}

func (s *signs) drop(k factKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.eyes, k)
}

// typing notes that the sign is shown or not, and tells whether it was.
func (s *signs) typing(chat string, on bool) (was bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	was = s.types[chat]
	if on {
		s.types[chat] = true
	} else {
		delete(s.types, chat)
	}
	return was
}

func (s *signs) inThread(reply string, thread id.EventID) {
	const most = 256
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.threads[reply]; !ok {
		s.replies = append(s.replies, reply)
	}
	s.threads[reply] = thread
	if len(s.replies) > most {
		delete(s.threads, s.replies[0])
		s.replies = s.replies[1:]
	}
}

func (s *signs) thread(reply string) id.EventID {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.threads[reply]
}
