package acp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path"
	"sync"
	"time"

	acp "github.com/coder/acp-go-sdk"

	"github.com/parachute-gate/parachute/sandbox"
	"github.com/parachute-gate/parachute/sessions/programs"
)

// peer is an agent's process and the connection to it. It serves one turn at a
// time.
type peer struct {
	process sandbox.Process
	conn    *acp.ClientSideConnection
	session acp.SessionId
	launch  programs.Launch

	mu   sync.Mutex
	turn *turn // nil between turns
	// last is the newest turn, also when it is over.
	last *turn
	// calls are what was said of the tool calls of the turn.
	calls map[acp.ToolCallId]seenCall
	// wrong is why the connection was given up, where it was us.
	wrong error

	ended  chan struct{}
	end    programs.Ending
	once   sync.Once
	closed error
	work   sync.WaitGroup
}

var (
	errEnded     = errors.New("the agent ended in the middle of a turn")
	errUnstopped = errors.New("the agent did not stop")
	errLogin     = errors.New("the agent wants to be logged in")
)

// reportedError is an error that the agent answered with.
type reportedError struct {
	code  int
	words string
	login bool
}

func (e *reportedError) Error() string { return fmt.Sprintf("%d: %s", e.code, e.words) }

// codeLogin is auth_required of the protocol.
const codeLogin = -32000

// start runs an agent and makes a session with it. What is started lives for
// life; the starting ends with ctx.
func (a *Agent) start(ctx, life context.Context, l programs.Launch) (*peer, error) {
	ctx, done := context.WithTimeoutCause(ctx, a.deps.Starting, fmt.Errorf("%w: the agent did not answer in %v", sandbox.ErrSpec, a.deps.Starting))
	defer done()
	life, cancel := context.WithCancelCause(life)
	stop := context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
	process, err := l.Runtime.Start(life, l.ForProtocol().Spec)
	if err != nil {
		stop()
		cancel(nil)
		return nil, err
	}
	p := &peer{process: process, launch: l, ended: make(chan struct{})}
	p.work.Go(func() {
		defer cancel(nil)
		p.end.Exit, p.end.Err = process.Wait(context.WithoutCancel(life))
		close(p.ended)
	})
	f := newFilter(process, p)
	p.conn = acp.NewClientSideConnection(&client{peer: p, log: a.deps.Log}, f, f)
	// It logs whole lines of the agent, and keeps its logger without a lock: so
	// it reads nothing before it has this one.
	p.conn.SetLogger(slog.New(slog.DiscardHandler))
	f.open()
	err = p.handshake(ctx, l, a.deps)
	if !stop() && err == nil {
		err = context.Cause(ctx)
	}
	if err == nil {
		return p, nil
	}
	return nil, p.unstarted(err)
}

// unstarted ends an agent that did not start as it should.
func (p *peer) unstarted(err error) error {
	end := programs.Ending{Err: err}
	if errors.Is(err, errEnded) {
		end.Err = p.ending().Err
	}
	err = errors.Join(err, p.Close())
	end.Exit = p.end.Exit
	failed := programs.NewStartError(err, end, p.launch, p.process.Stderr())
	if errors.Is(err, errLogin) {
		failed.Words = login
	}
	return failed
}

// handshake follows https://agentclientprotocol.com/protocol/initialization and
// …/session-setup.
func (p *peer) handshake(ctx context.Context, l programs.Launch, d Deps) error {
	hello, err := call(ctx, p, func(ctx context.Context) (acp.InitializeResponse, error) {
		return p.conn.Initialize(ctx, acp.InitializeRequest{
			ProtocolVersion: acp.ProtocolVersionNumber,
			ClientInfo:      &acp.Implementation{Name: "parachute", Version: d.Version},
			ClientCapabilities: acp.ClientCapabilities{
				Fs:       acp.FileSystemCapabilities{ReadTextFile: true, WriteTextFile: !l.Spec.Workspace.ReadOnly},
				Terminal: true,
			},
		})
	})
	if err != nil {
		return fmt.Errorf("initialize: %w", err)
	}
	if hello.ProtocolVersion != acp.ProtocolVersionNumber {
		return fmt.Errorf("%w: %d", errProtocol, hello.ProtocolVersion)
	}
	if d.Login != "" {
		if _, err := call(ctx, p, func(ctx context.Context) (acp.AuthenticateResponse, error) {
			return p.conn.Authenticate(ctx, acp.AuthenticateRequest{MethodId: d.Login})
		}); err != nil {
			return fmt.Errorf("%w by %q, of %s: %w", errLogin, d.Login, methods(hello), err)
		}
	}
	session, err := call(ctx, p, func(ctx context.Context) (acp.NewSessionResponse, error) {
		return p.conn.NewSession(ctx, acp.NewSessionRequest{Cwd: l.Cwd, McpServers: []acp.McpServer{}})
	})
	if errors.Is(err, errLogin) {
		return fmt.Errorf("make session: it offers the methods %s: %w", methods(hello), err)
	}
	if err != nil {
		return fmt.Errorf("make session: %w", err)
	}
	if session.SessionId == "" {
		return fmt.Errorf("make session: %w: it has no id", errProtocol)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.session = session.SessionId
	return nil
}

// methods names those by which an agent can be logged in.
func methods(hello acp.InitializeResponse) string {
	var ids []string
	for _, m := range hello.AuthMethods {
		switch {
		case m.Agent != nil:
			ids = append(ids, m.Agent.Id)
		case m.EnvVar != nil:
			ids = append(ids, m.EnvVar.Id)
		case m.Terminal != nil:
			ids = append(ids, m.Terminal.Id)
		}
	}
	return programs.Line(fmt.Sprintf("%q", ids), 500)
}

// call makes one request. Where ctx ends first the agent is closed: it may not
// even read what is written to it.
func call[T any](ctx context.Context, p *peer, request func(context.Context) (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	results := make(chan result, 1)
	go func() {
		value, err := request(context.WithoutCancel(ctx))
		results <- result{value, err}
	}()
	select {
	case r := <-results:
		return r.value, p.reason(r.err)
	case <-ctx.Done():
		closed := p.Close()
		r := <-results
		return r.value, errors.Join(context.Cause(ctx), closed)
	}
}

// reason sorts the errors of the connection: what the agent answered from that
// there is none any more.
func (p *peer) reason(err error) error {
	if err == nil {
		return nil
	}
	select {
	case <-p.conn.Done():
		return errEnded
	default:
	}
	var failed *acp.RequestError
	if !errors.As(err, &failed) {
		return errEnded
	}
	words := failed.Message
	if failed.Data != nil {
		if data, err := json.Marshal(failed.Data); err == nil {
			words += " " + string(data)
		}
	}
	r := &reportedError{code: failed.Code, words: programs.Line(programs.Redact(words, p.launch.Spec.Env), 1000), login: failed.Code == codeLogin}
	if r.login {
		return fmt.Errorf("%w: %w", errLogin, r)
	}
	return r
}

// Ended implements programs.Kept.
func (p *peer) Ended() <-chan struct{} { return p.ended }

// Pause implements programs.Kept.
func (p *peer) Pause(ctx context.Context) error { return p.process.Pause(ctx) }

// Unpause implements programs.Kept.
func (p *peer) Unpause(ctx context.Context) error { return p.process.Unpause(ctx) }

// Ending implements programs.Kept.
func (p *peer) Ending() programs.Ending {
	<-p.ended
	return p.end
}

// Close implements programs.Kept.
func (p *peer) Close() error {
	p.once.Do(func() {
		p.mu.Lock()
		t := p.turn
		p.mu.Unlock()
		if t != nil {
			// Its commands begin to end beside the agent.
			t.giveUp()
		}
		p.closed = p.process.Close()
		p.work.Wait()
		<-p.conn.Done()
		p.mu.Lock()
		t = p.last
		p.mu.Unlock()
		if t != nil {
			// Those of a turn that is just over may still be ending.
			t.terminals.close(t.given)
		}
	})
	return p.closed
}

// exiting is how long an agent that closed its output has to end by itself.
const exiting = 2 * time.Second

// ending is how an agent ended whose connection is gone.
func (p *peer) ending() programs.Ending {
	p.mu.Lock()
	wrong := p.wrong
	p.mu.Unlock()
	timer := time.NewTimer(exiting)
	defer timer.Stop()
	if wrong == nil {
		select {
		case <-p.ended:
			if p.end.Err == nil && p.end.Exit.Code == 0 {
				return programs.Ending{Exit: p.end.Exit, Err: errEnded}
			}
			return p.end
		case <-timer.C:
			wrong = errEnded
		}
	}
	_ = p.Close() // whose process it is closes it again, and tells
	return programs.Ending{Exit: p.end.Exit, Err: wrong}
}

// giveUp notes why nothing more is read from the agent.
func (p *peer) giveUp(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.wrong == nil {
		p.wrong = err
	}
}

// answered is how an agent ended a turn.
type answered struct{ err error }

// prompt gives the agent a turn, and waits for its end.
func (p *peer) prompt(ctx context.Context, t *turn, files []programs.File, show func(string), stopping time.Duration) error {
	p.process.Renew()
	draft := programs.NewDraft(show, t.draft)
	silent := make(chan struct{}, 1)
	silence := programs.NewSilence(t.launch.Times.Silent, func() {
		select {
		case silent <- struct{}{}:
		default:
		}
	})
	t.heard = func() { silence.Heard(); draft.Changed() }
	p.mu.Lock()
	p.turn, p.last = t, t
	p.calls = map[acp.ToolCallId]seenCall{}
	p.mu.Unlock()

	results := make(chan answered, 1)
	go func() {
		r, err := p.conn.Prompt(context.WithoutCancel(ctx), acp.PromptRequest{SessionId: p.session, Prompt: blocks(t.of.Text, p.launch.Cwd, files)})
		t.stopped(r.StopReason)
		results <- answered{p.reason(err)}
	}()
	err := p.await(ctx, t, results, silent, silence, stopping)
	silence.Close()
	p.mu.Lock()
	p.turn = nil
	p.mu.Unlock()
	// What the agent asked for in this turn is decided, or given up, before its end.
	t.close()
	draft.Close()
	return err
}

// await waits for the end of a turn, or makes it.
func (p *peer) await(ctx context.Context, t *turn, results <-chan answered, silent <-chan struct{}, silence *programs.Silence, stopping time.Duration) error {
	for {
		select {
		case r := <-results:
			if r.err == nil {
				return t.flooded()
			}
			return r.err
		case <-ctx.Done():
			return p.cancel(ctx, t, context.Cause(ctx), results, stopping)
		case <-silent:
			// Nobody hears what a command writes to stderr: it is looked at here.
			if t.terminals.spoke() {
				silence.Heard()
				continue
			}
			return p.cancel(ctx, t, programs.ErrSilent, results, stopping)
		case <-t.much:
			return p.cancel(ctx, t, errAskedTooMuch, results, stopping)
		case <-t.full:
			return p.cancel(ctx, t, programs.ErrTooLong, results, stopping)
		}
	}
}

// cancel stops a turn, as https://agentclientprotocol.com/protocol/prompt-turn#cancellation
// has it. An agent that does not end it in time is killed, so that no answer to
// it comes in a later turn.
func (p *peer) cancel(ctx context.Context, t *turn, cause error, results <-chan answered, stopping time.Duration) error {
	t.giveUp()
	told := make(chan struct{})
	go func() {
		defer close(told)
		_ = p.conn.Cancel(context.WithoutCancel(ctx), acp.CancelNotification{SessionId: p.session}) // the results tell
	}()
	timer := time.NewTimer(stopping)
	defer timer.Stop()
	// It must take the notification and end the turn: both need its help.
	for told != nil || results != nil {
		select {
		case <-told:
			told = nil
		case <-results:
			results = nil
		case <-timer.C:
			cause = errors.Join(cause, errUnstopped, p.Close())
		}
	}
	return cause
}

// blocks are the message and links to what came with it.
func blocks(text, cwd string, files []programs.File) []acp.ContentBlock {
	out := []acp.ContentBlock{acp.TextBlock(text)}
	for _, f := range files {
		link := acp.ResourceLinkBlock(f.Name, (&url.URL{Scheme: "file", Path: path.Join(cwd, f.Path)}).String())
		if f.Type != "" {
			link.ResourceLink.MimeType = acp.Ptr(f.Type)
		}
		link.ResourceLink.Size = acp.Ptr(int(f.Bytes))
		out = append(out, link)
	}
	return out
}
