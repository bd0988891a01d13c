package engine

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// probe asks every decision point about plain inputs, so that a policy that
// never ends, fails, or answers with what is no answer is found before it goes
// live and not by the first message.
func (p *Policy) probe(ctx context.Context, fit func(Obligations) error) error {
	for _, in := range probeMessages() {
		ans, err := probeOne(ctx, p, p.limits, in)
		if err != nil {
			return err
		}
		if _, err := readLimits(ans.value); err != nil {
			return &typeFault{Rule{ID: RuleType, Msg: err.Error()}}
		}
		in.Limits = &LimitsInput{Exceeded: []ExceededInput{}}
		if ans, err = probeOne(ctx, p, p.points[PointMessage], in); err != nil {
			return err
		}
		d := p.book.read(PointMessage, ans)
		if err := faultIn(d); err != nil {
			return err
		}
		if fit == nil || d.Verdict != Allow {
			continue
		}
		if err := fit(d.Obligations); err != nil {
			return &typeFault{Rule{ID: RuleType, Msg: err.Error()}}
		}
	}
	config := probeConfig("private")
	user := UserInput{ID: "probe:1", Roles: []string{"member"}}
	ans, err := probeOne(ctx, p, p.points[PointTool], ToolInput{
		Version: InputVersion, Time: 1, Config: config, Connector: ConnectorInput{Name: "probe", Kind: "stdio"},
		Chat: ChatInput{ID: "probe:1", Kind: "dm"}, User: user,
		Session: SessionInput{ID: "probe", User: user.ID, Trust: "sandboxed", Workspace: "personal", Access: "read_write"},
		Tool:    Tool{Name: "notes.read", Kind: "read", Path: "a.md"},
	})
	if err == nil {
		err = faultIn(p.book.read(PointTool, ans))
	}
	if err != nil {
		return err
	}
	_, err = probeOne(ctx, p, p.points[PointStartup], StartupInput{
		Version: InputVersion, Time: 1, Files: []FileInput{},
		Config: StartupConfig{Audience: "private", Trust: "sandboxed", Groups: "mention_only", Agent: config.Agent, Agents: config.Agents,
			Policies: PoliciesInput{Source: "folder"}, Connectors: []ConnectorInput{}, Workspaces: []WorkspaceInput{}},
	})
	return err
}

// faultIn gives the fault of a decision that no policy meant.
func faultIn(d Decision) error {
	for _, r := range d.Rules {
		if r.ID == RuleType {
			return &typeFault{r}
		}
	}
	return nil
}

// typeFault is an answer of the wrong type to a plain input.
type typeFault struct{ rule Rule }

func (f *typeFault) Error() string {
	return fmt.Sprintf("a plain message would be denied by %s: %s", f.rule.ID, f.rule.Msg)
}

func probeConfig(audience string) ConfigInput {
	vault := AgentInput{Name: "vault", Kind: "vault"}
	return ConfigInput{Audience: audience, Trust: "sandboxed", Groups: "mention_only", Agent: vault, Agents: []AgentInput{vault}}
}

// probeMessages are every kind of message to a private bot, and a plain one to
// each other.
func probeMessages() []MessageInput {
	var out []MessageInput
	for _, roles := range [][]string{{}, {"owner"}, {"member"}, {"guest"}, {"blocked"}} {
		for _, chat := range []string{"dm", "group"} {
			for _, kind := range []string{"message", "command", "edit", "callback"} {
				out = append(out, probeMessage("private", chat, kind, roles))
			}
		}
		for _, audience := range []string{"public", "team", "development"} {
			out = append(out, probeMessage(audience, "dm", "message", roles))
		}
	}
	return out
}

func probeMessage(audience, chat, kind string, roles []string) MessageInput {
	in := MessageInput{
		Version: InputVersion, Time: 1,
		Config:    probeConfig(audience),
		Connector: ConnectorInput{Name: "probe", Kind: "stdio"},
		Chat:      ChatInput{ID: "probe:1", Kind: chat},
		Message:   EventInput{ID: "1", Kind: kind, Text: "hello", Bytes: 5, MentionsBot: true},
		User:      UserInput{ID: "probe:1", Name: "Probe", Roles: roles},
	}
	if kind == "command" {
		in.Message.Command = "help"
	}
	return in
}

func probeOne[T any](ctx context.Context, p *Policy, q *query[T], in any) (answer, error) {
	value, err := toValue(in)
	if err != nil {
		return answer{}, err
	}
	var last lastPlace
	ans, err := q.run(ctx, value, p.timeout, rego.EvalQueryTracer(&last))
	if at := last.at.Load(); errors.Is(err, errTimeout) && at != nil {
		return ans, fmt.Errorf("%s:%d: %w (still at %q)", at.File, at.Row, err, firstLine(string(at.Text)))
	}
	return ans, err
}

// lastPlace remembers the last expression that evaluation came to.
type lastPlace struct{ at atomic.Pointer[ast.Location] }

func (l *lastPlace) Enabled() bool { return true }

func (l *lastPlace) Config() topdown.TraceConfig { return topdown.TraceConfig{} }

func (l *lastPlace) TraceEvent(e topdown.Event) {
	if e.Location != nil && e.Location.File != "" {
		l.at.Store(e.Location)
	}
}
