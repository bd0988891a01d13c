package acp

import (
	"context"
	"errors"
	"path"
	"regexp"
	"strconv"
	"strings"

	acp "github.com/coder/acp-go-sdk"

	"github.com/parachute-gate/parachute/sandbox"
	"github.com/parachute-gate/parachute/sessions/programs"
	"github.com/parachute-gate/parachute/sessions/vault"
)

const (
	// mostOutput is how much of a terminal's output is kept, unless the agent wants
	// less.
	mostOutput = 1 << 20
	// mostCommand bounds a command with its environment. Linux takes no single
	// argument above 128 KiB (execve(2)).
	mostCommand = 256 << 10
	// mostCommandTitle is how many characters of a command line a decision is about;
	// one that is longer ends in "…" there.
	mostCommandTitle = 1000
)

// CreateTerminal runs a command in the agent's own sandbox, if the Authorizer
// allows it. See https://agentclientprotocol.com/protocol/terminals.
func (c *client) CreateTerminal(ctx context.Context, r acp.CreateTerminalRequest) (response acp.CreateTerminalResponse, err error) {
	err = c.serve(ctx, r.SessionId, func(ctx context.Context, t *turn) error {
		id, err := c.create(ctx, t, r)
		response.TerminalId = id
		return err
	})
	return response, err
}

func (c *client) create(ctx context.Context, t *turn, r acp.CreateTerminalRequest) (string, error) {
	l := t.launch
	line := commandLine(r, l.Spec.Env)
	what := seenCall{kind: acp.ToolKindExecute, title: line}.line()
	call := vault.Call{Tool: "acp.terminal", Kind: "execute", Title: clip(line, mostCommandTitle)}
	here := true
	if r.Cwd != nil && *r.Cwd != "" && path.Clean(*r.Cwd) != path.Clean(l.Cwd) {
		call.Path, here = named(*r.Cwd, l.Cwd), false
	}
	if t.of.Session.Access != string(vault.ReadWrite) && !l.Spec.Workspace.ReadOnly {
		// This stands even where a policy, or who made the Launch, would be wrong.
		t.refuses(what, "")
		return "", refused(codeRefused, "the workspace is read-only")
	}
	if t.terminals.spent() {
		return "", refused(codeRefused, "%v", t.tooMuch())
	}
	if err := c.decide(ctx, t, what, call); err != nil {
		return "", err
	}
	if !here {
		return "", refused(codeRefused, "the working directory is the workspace %s, and no other", l.Cwd)
	}
	most, err := outputLimit(r.OutputByteLimit)
	if err != nil {
		return "", err
	}
	// The agent's own environment, which may hold secrets, is not passed on.
	s := l.Spec
	s.Turn, s.Command = t.of.ID, append([]string{r.Command}, r.Args...)
	s.Limits.OutputBytes = terminalBytes
	if s.Env, err = environment(r); err != nil {
		return "", err
	}
	t.does("· " + what)
	id, err := t.terminals.start(ctx, s, most)
	if errors.Is(err, errAskedTooMuch) {
		// Others began meanwhile.
		return "", refused(codeRefused, "%v", t.tooMuch())
	}
	return id, c.untold(ctx, t, err)
}

// untold is the error of a start as the agent may read it.
func (c *client) untold(ctx context.Context, t *turn, err error) error {
	var answer *acp.RequestError
	switch {
	case err == nil, errors.As(err, &answer):
		return err
	case ctx.Err() != nil:
		return refused(codeRefused, "the turn is over")
	}
	c.log.WarnContext(ctx, "terminal not started", "turn", t.of.ID, "session", t.of.Session.ID, "error", err)
	if errors.Is(err, sandbox.ErrQuota) {
		return refused(codeInternal, "the workspace is full")
	}
	return refused(codeInternal, "the command could not be started")
}

func outputLimit(wanted *int) (int, error) {
	switch {
	case wanted == nil:
		return mostOutput, nil
	case *wanted < 0:
		return 0, refused(codeRefused, "an output limit below 0")
	default:
		return min(*wanted, mostOutput), nil
	}
}

// environment is what the request names, and holds the whole command to its
// bounds.
func environment(r acp.CreateTerminalRequest) (map[string]string, error) {
	size := len(r.Command)
	for _, arg := range r.Args {
		size += len(arg) + 1
	}
	env := map[string]string{}
	for _, v := range r.Env {
		size += len(v.Name) + len(v.Value) + 2
		if err := sandbox.CheckEnv(v.Name, v.Value); err != nil {
			return nil, refused(codeRefused, "%v", err)
		}
		env[v.Name] = v.Value
	}
	if size > mostCommand {
		return nil, refused(codeRefused, "the command is longer than %d bytes", mostCommand)
	}
	if strings.ContainsRune(r.Command+strings.Join(r.Args, ""), 0) {
		return nil, refused(codeRefused, "a NUL in the command")
	}
	return env, nil
}

// commandLine is a command on one line, in which each word can be told from the
// next: what is not plain is quoted, as in Go. The variables that it names go
// before it without their values, which may be secrets: a rule about a command
// must see that a PATH may make another one of it. So are the values of the
// agent's own environment taken out.
func commandLine(r acp.CreateTerminalRequest, env map[string]string) string {
	plain := regexp.MustCompile(`^[A-Za-z0-9_@%+:,./-][A-Za-z0-9_@%+=:,./-]*$`)
	word := func(s string) string {
		if plain.MatchString(s) {
			return s
		}
		return strconv.Quote(s)
	}
	var words []string
	for _, v := range r.Env {
		words = append(words, word(v.Name)+"=…")
	}
	for _, w := range append([]string{r.Command}, r.Args...) {
		words = append(words, word(programs.Redact(w, env)))
	}
	return strings.Join(words, " ")
}

func clip(s string, most int) string {
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}
