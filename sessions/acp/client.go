package acp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path"
	"slices"
	"strings"

	acp "github.com/coder/acp-go-sdk"

	"github.com/parachute-gate/parachute/sessions/programs"
	"github.com/parachute-gate/parachute/sessions/vault"
)

// client answers the requests of an agent. Each is of the turn that runs; between
// turns nothing is allowed.
type client struct {
	peer *peer
	log  *slog.Logger
}

var _ acp.Client = (*client)(nil)

// The kinds of tools, as the policies know them, by those of the protocol. What
// is not among them is "other", and so is to think: what an agent asks permission
// for is more than that.
func kindOf(k acp.ToolKind) string {
	switch k {
	case acp.ToolKindRead, acp.ToolKindDelete, acp.ToolKindMove, acp.ToolKindSearch, acp.ToolKindExecute, acp.ToolKindFetch:
		return string(k)
	case acp.ToolKindEdit:
		return "write"
	default:
		return "other"
	}
}

// mostPlaces is how many files one permission may be asked for.
const mostPlaces = 32

// RequestPermission asks the Authorizer about each file that the call is about. An
// allow is for this once; everything else is a no.
func (c *client) RequestPermission(ctx context.Context, r acp.RequestPermissionRequest) (response acp.RequestPermissionResponse, err error) {
	t := c.peer.current(r.SessionId)
	if t == nil || !t.enter() {
		return outcomeCancelled(), nil
	}
	defer t.work.Done()
	defer recovered(&err)
	defer t.heard()
	call := c.peer.called(r.ToolCall)
	calls := permissionCalls(call, r.ToolCall, t.launch.Cwd)
	ctx, done := both(ctx, t.given)
	defer done()
	for _, asked := range calls {
		if err := t.authorize(ctx, asked); err != nil {
			return c.refuse(ctx, t, call, r.Options, err), nil
		}
	}
	if len(call.at) > mostPlaces {
		return c.refuse(ctx, t, call, r.Options, errors.New("too many files at once")), nil
	}
	if ctx.Err() != nil {
		return outcomeCancelled(), nil
	}
	if id, ok := option(r.Options, acp.PermissionOptionKindAllowOnce); ok {
		t.does("· " + call.line())
		return outcome(id), nil
	}
	// To allow always would be to allow what nobody asked for yet.
	return c.refuse(ctx, t, call, r.Options, errors.New("the agent does not ask for this once")), nil
}

// refuse answers no, and notes it. Where no decision was made, the log says why.
func (c *client) refuse(ctx context.Context, t *turn, call seenCall, options []acp.PermissionOption, err error) acp.RequestPermissionResponse {
	if ctx.Err() != nil || errors.Is(err, errAskedTooMuch) {
		return outcomeCancelled()
	}
	var refused *vault.Refused
	words := ""
	if errors.As(err, &refused) {
		words = refused.Reply
	} else {
		c.log.ErrorContext(ctx, "agent refused without a decision", "turn", t.of.ID, "session", t.of.Session.ID, "error", err)
	}
	t.refuses(call.line(), words)
	for _, kind := range []acp.PermissionOptionKind{acp.PermissionOptionKindRejectOnce, acp.PermissionOptionKindRejectAlways} {
		if id, ok := option(options, kind); ok {
			return outcome(id)
		}
	}
	return outcomeCancelled()
}

func option(options []acp.PermissionOption, kind acp.PermissionOptionKind) (acp.PermissionOptionId, bool) {
	i := slices.IndexFunc(options, func(o acp.PermissionOption) bool { return o.Kind == kind && o.OptionId != "" })
	if i < 0 {
		return "", false
	}
	return options[i].OptionId, true
}

func outcome(id acp.PermissionOptionId) acp.RequestPermissionResponse {
	return acp.RequestPermissionResponse{Outcome: acp.RequestPermissionOutcome{
		Selected: &acp.RequestPermissionOutcomeSelected{OptionId: id, Outcome: "selected"},
	}}
}

func outcomeCancelled() acp.RequestPermissionResponse {
	return acp.RequestPermissionResponse{Outcome: acp.RequestPermissionOutcome{
		Cancelled: &acp.RequestPermissionOutcomeCancelled{Outcome: "cancelled"},
	}}
}

// called is a tool call with what was said of it before.
func (p *peer) called(u acp.ToolCallUpdate) seenCall {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.calls[u.ToolCallId]
	if u.Kind != nil {
		c.is(*u.Kind, c)
	}
	if u.Title != nil {
		c.title = *u.Title
	}
	at := places(u.Locations)
	for _, content := range u.Content {
		if content.Diff != nil {
			at = append(at, content.Diff.Path)
		}
	}
	if len(at) > 0 {
		c.at = nil
		for _, place := range at {
			if !slices.Contains(c.at, place) && len(c.at) <= mostPlaces {
				c.at = append(c.at, place)
			}
		}
	}
	return c
}

// permissionCalls are what the Authorizer is asked about a permission: each of
// its files, and one call where it names none. Where the call was said to be of
// several kinds, it is asked about as each: an agent that announced to run
// something gets no permission for it by calling it a read.
func permissionCalls(c seenCall, u acp.ToolCallUpdate, cwd string) (out []vault.Call) {
	kinds := c.kinds
	if len(kinds) == 0 {
		kinds = []string{kindOf(c.kind)}
	}
	bytes := map[string]int{}
	for _, content := range u.Content {
		if content.Diff != nil {
			bytes[content.Diff.Path] += len(content.Diff.NewText)
		}
	}
	for _, kind := range kinds {
		base := vault.Call{Tool: "acp." + kind, Kind: kind, Title: programs.Line(c.title, mostTitle)}
		switch {
		case len(c.at) == 0:
			out = append(out, base)
			continue
		case kind == "move" && len(c.at) == 2:
			base.Path, base.To = named(c.at[0], cwd), named(c.at[1], cwd)
			out = append(out, base)
			continue
		}
		for _, at := range c.at {
			one := base
			one.Path, one.Bytes = named(at, cwd), bytes[at]
			out = append(out, one)
		}
	}
	return out
}

// named is a path as a decision is made about it: relative to the workspace
// where it lies there, as it was given where not.
func named(name, cwd string) string {
	if path.Clean(name) == path.Clean(cwd) {
		return "."
	}
	if rel, ok := within(name, cwd); ok {
		return rel
	}
	return name
}

// within gives the path below the workspace that an agent names.
func within(name, cwd string) (string, bool) {
	if !path.IsAbs(name) {
		name = path.Join(cwd, name)
	}
	rel, ok := strings.CutPrefix(path.Clean(name), strings.TrimSuffix(path.Clean(cwd), "/")+"/")
	return rel, ok && rel != ""
}

// current is the turn that runs, for the peer's own session. What an agent that is
// gone asked for is of no turn: nobody would wait for what is begun for it.
func (p *peer) current(session acp.SessionId) *turn {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.ended:
		return nil
	default:
	}
	if session != p.session {
		return nil
	}
	return p.turn
}

// serve does what an agent asked for within the turn that runs; between turns
// nothing is done. The context ends with the turn too.
func (c *client) serve(ctx context.Context, session acp.SessionId, do func(ctx context.Context, t *turn) error) (err error) {
	t := c.peer.current(session)
	if t == nil || !t.enter() {
		return acp.NewInvalidRequest(map[string]any{"error": "no turn runs"})
	}
	defer t.work.Done()
	defer recovered(&err)
	defer t.heard()
	ctx, done := both(ctx, t.given)
	defer done()
	return do(ctx, t)
}

// decide asks the Authorizer about what an agent wants; its error is for the
// agent. what tells the person.
func (c *client) decide(ctx context.Context, t *turn, what string, call vault.Call) error {
	err := t.authorize(ctx, call)
	var no *vault.Refused
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errAskedTooMuch):
		// It is told of once, by the turn's end.
		return refused(codeRefused, "%v", err)
	case errors.As(err, &no):
		t.refuses(what, no.Reply)
		return refused(codeRefused, "not allowed: %s", no.Reply)
	case ctx.Err() == nil:
		c.log.ErrorContext(ctx, "agent refused without a decision", "turn", t.of.ID, "session", t.of.Session.ID, "error", err)
	}
	return refused(codeRefused, "not allowed: no decision was made")
}

// both ends with either.
func both(a, b context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(a)
	stop := context.AfterFunc(b, cancel)
	return ctx, func() { stop(); cancel() }
}

// recovered makes a fault in a request an error: the library has no such net.
func recovered(err *error) {
	if fault := recover(); fault != nil {
		*err = fmt.Errorf("fault: %v", fault)
	}
}

// SessionUpdate takes an update that was sent as a request.
func (c *client) SessionUpdate(_ context.Context, n acp.SessionNotification) error {
	c.peer.update(n)
	return nil
}
