package gate

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/engine"
	"github.com/parachute-gate/parachute/gate/users"
)

// The kinds of target.
const (
	targetPerson    = "person"
	targetPairing   = "pairing"
	targetSession   = "session"
	targetEverybody = "everybody"
)

// target is what a command is about, as the store knows it when it is decided.
type target struct {
	engine.TargetInput
	// person is the one with ID, who may be unknown: then only the id is set.
	person  users.Person
	pairing *users.Pairing
	session *SessionFacts
	terms   terms
	// after is where a list goes on.
	after string
	// problem is what is wrong with the words; the command then changes nothing.
	problem string
}

// codeCommands are the commands whose first word is a code.
var codeCommands = map[string]bool{"pair": true, "approve": true, "deny": true}

// hideCode takes the code out of a command, so that neither policies nor records
// nor logs ever have it.
func hideCode(m *connectors.Message) (code string) {
	// Whoever mistypes such a command, or mends it, gives a code all the same. A
	// workspace can have a name like one.
	first, _, _ := strings.Cut(strings.ToLower(strings.TrimLeft(m.Text, " /!")), " ")
	if !codeCommands[first] && (m.Command == "" || m.Command == "workspace") {
		return ""
	}
	m.Text, m.Args = withoutCodes(m.Text), slices.Clone(m.Args)
	if codeCommands[m.Command] && len(m.Args) > 0 {
		code, m.Args[0] = m.Args[0], hidden
	}
	for i, word := range m.Args {
		m.Args[i] = withoutCodes(word)
	}
	if code != "" {
		m.Text = "/" + m.Command + " " + strings.Join(m.Args, " ")
	}
	return code
}

// hidden stands in the place of a code.
const hidden = "CODE"

var codeLike = regexp.MustCompile(`(?i)[2-9B-DF-HJ-NP-TV-XZ]{4}-[2-9B-DF-HJ-NP-TV-XZ]{4}`)

// withoutCodes replaces what is written as a code is shown. Words that are part
// of something longer stay.
func withoutCodes(text string) string {
	if !strings.Contains(text, "-") {
		return text
	}
	codes := map[string]bool{}
	for word := range strings.FieldsSeq(text) {
		if isCode(word) {
			codes[word] = true
		}
	}
	if len(codes) == 0 {
		return text
	}
	return codeLike.ReplaceAllStringFunc(text, func(code string) string {
		if codes[code] {
			return hidden
		}
		return code
	})
}

func isCode(word string) bool { return len(word) == len("XXXX-XXXX") && codeLike.MatchString(word) }

// target reads what a command is about; nil for everything else.
func (g *Gate) target(ctx context.Context, ev event, now time.Time) (*target, error) {
	t, words := &target{}, ev.msg.Args
	var err error
	switch ev.msg.Command {
	case "pair":
		if len(words) == 0 {
			return nil, nil
		}
		err = t.readPairing(ctx, g.Store, ev, now)
	case "approve", "deny":
		if len(words) == 0 {
			t.Kind, t.problem = targetPairing, "say which code"
			break
		}
		if err = t.readPairing(ctx, g.Store, ev, now); err == nil && t.pairing != nil {
			err = t.readPerson(ctx, g.Store, t.pairing.Identity)
		}
		if ev.msg.Command == "approve" && len(words) > 0 {
			t.offer(words[1:], now, ev)
		}
	case "block", "unblock", "remove", "share", "unshare":
		err = g.readUser(ctx, t, ev, words)
	case "role", "add":
		if err = g.readUser(ctx, t, ev, words); err == nil && len(words) > 0 {
			t.offer(words[1:], now, ev)
			if len(t.terms.roles) == 0 && t.problem == "" {
				t.problem = "say which role"
			}
		}
	case "users":
		err = g.readList(ctx, t, ev, words)
	case "limits":
		if len(words) == 0 {
			return nil, nil
		}
		err = g.readUser(ctx, t, ev, words)
	case "sessions":
		if len(words) == 0 || words[0] != "all" {
			return nil, nil
		}
		t.Kind = targetEverybody
	case "stop":
		if len(words) == 0 {
			return nil, nil
		}
		err = t.readSession(ctx, g.Store, words[0], ev.place.User)
	case "join":
		err = t.found(g.Store.Offered(ctx, ev.place))
	default:
		return nil, nil
	}
	if t.Roles == nil {
		t.Roles = []string{}
	}
	return t, err
}

// offer reads what is to be given. What was understood is what the policies see,
// also where something else was not.
func (t *target) offer(words []string, now time.Time, ev event) {
	var err error
	t.terms, err = readTerms(words, now, ev.place.Chat)
	if ev.msg.Command == "approve" {
		if len(t.terms.roles) == 0 && t.pairing != nil {
			t.terms.roles = []string{t.pairing.Role}
		}
		// Who is let in by a direct message is let into direct messages.
		if !t.terms.everywhere && t.terms.grant.Scope == users.ScopeAll {
			t.terms.grant.Scope = users.ScopeDM
		}
		t.terms.bounded = true
		if err == nil {
			err = t.terms.check() // nobody wrote the role of a request
		}
	}
	if err != nil {
		t.problem = err.Error()
	}
	t.Grants, t.Scope, t.Workspace = t.terms.roles, t.terms.grant.Scope, t.terms.grant.Workspace
	if e := t.terms.grant.Expires; !e.IsZero() {
		left := int64(e.Sub(now) / time.Second)
		t.GrantSeconds = &left
	}
}

func (t *target) readPairing(ctx context.Context, store Store, ev event, now time.Time) error {
	t.Kind, t.Pairing = targetPairing, &engine.PairingInput{State: "unknown"}
	code, ok := users.CleanCode(ev.code)
	if !ok {
		return nil
	}
	p, err := store.PairingByCode(ctx, code)
	if errors.Is(err, users.ErrNoPairing) {
		return nil
	}
	if err != nil {
		return err
	}
	t.pairing = &p
	*t.Pairing = engine.PairingInput{
		Kind: p.Kind, State: p.StateAt(now), Connector: p.Connector, Own: p.Person == ev.place.User || p.Identity == ev.identity,
	}
	return nil
}

// atConsole is why somebody is not changed from a chat.
const atConsole = "whoever sits at this bot's own console is changed at its terminal alone"

func (g *Gate) readUser(ctx context.Context, t *target, ev event, words []string) error {
	t.Kind = targetPerson
	if len(words) == 0 {
		t.problem = "say whom, by the id that /users shows"
		return nil
	}
	if err := users.CheckID(words[0]); err != nil {
		t.problem = err.Error()
		return nil
	}
	// Whoever sits at the computer is nobody's to change from a chat.
	if connector, _ := splitID(words[0]); g.Config.Kinds[connector] == "console" && ev.from.Kind != Terminal {
		t.problem = atConsole
		return nil
	}
	return t.readPerson(ctx, g.Store, words[0])
}

func (t *target) readPerson(ctx context.Context, store Store, id string) error {
	p, err := store.Person(ctx, id)
	if errors.Is(err, users.ErrUnknown) {
		t.ID, t.person = id, users.Person{ID: id}
		return nil
	}
	if err != nil {
		return err
	}
	t.ID, t.Known, t.person = p.ID, true, p
	t.Roles = append([]string{}, p.Roles...)
	for _, g := range p.Grants {
		if !g.Ended && !slices.Contains(t.Roles, g.Role) {
			t.Roles = append(t.Roles, g.Role)
		}
	}
	return nil
}

// readList reads "users", "users ID" and "users after ID".
func (g *Gate) readList(ctx context.Context, t *target, ev event, words []string) error {
	switch {
	case len(words) == 1 && words[0] != "after":
		return g.readUser(ctx, t, ev, words)
	case len(words) >= 2 && words[0] == "after":
		t.after = words[1]
	}
	t.Kind = targetEverybody
	return nil
}

func (t *target) readSession(ctx context.Context, store Store, id, asker string) error {
	// What is one's own goes first: whether somebody else's begins so is not told.
	s, err := store.FindSession(ctx, asker, clip(id, maxWorkspace))
	if errors.Is(err, ErrNoSession) {
		s, err = store.FindSession(ctx, "", clip(id, maxWorkspace))
	}
	return t.found(s, err)
}

// found takes the session that was looked for, if there is one.
func (t *target) found(s SessionFacts, err error) error {
	t.Kind = targetSession
	if errors.Is(err, ErrNoSession) {
		return nil
	}
	if err == nil {
		t.session, t.ID, t.Known = &s, s.User, true
	}
	return err
}

// known leaves of what a denied command names the roles, workspaces and chats that
// the policies have. All else is words.
func known(in *engine.MessageInput, p *engine.Policy) {
	if in.Message.Command == "workspace" && in.Workspace != nil && !slices.Contains(p.Workspaces(), in.Workspace.Requested) {
		in.Workspace = nil
	}
	if in.Message.Target == nil {
		return
	}
	t := *in.Message.Target
	t.Grants = slices.DeleteFunc(slices.Clone(t.Grants), func(role string) bool { return !slices.Contains(p.Roles(), role) })
	if !slices.Contains(p.Workspaces(), t.Workspace) {
		t.Workspace = ""
	}
	if !slices.Contains([]string{users.ScopeDM, users.ScopeGroup, in.Chat.ID}, t.Scope) && !slices.Contains(p.Chats(), t.Scope) {
		t.Scope = ""
	}
	in.Message.Target = &t
}

// input is what the policies see.
func (t *target) input() *engine.TargetInput {
	if t == nil {
		return nil
	}
	in := t.TargetInput
	in.ID, in.Workspace = clip(in.ID, maxShown), clip(in.Workspace, maxWorkspace)
	return &in
}
