package engine

import (
	"fmt"
	"time"
)

// Point is a decision point: the last part of its package, parachute.<point>.
type Point string

// The decision points.
const (
	PointMessage Point = "message"
	PointTool    Point = "tool"
	PointStartup Point = "startup"
)

// Verdict is the outcome of a decision.
type Verdict string

// The verdicts. Ask is given by PointTool alone: a human must approve.
const (
	Allow Verdict = "allow"
	Deny  Verdict = "deny"
	Ask   Verdict = "ask"
)

// Kind tells what a rule that fired contributes.
type Kind string

// The kinds of rule that a decision names.
const (
	KindAllow Kind = "allow"
	KindDeny  Kind = "deny"
	KindWarn  Kind = "warn"
	KindAsk   Kind = "ask"
)

// Trust is where an agent runs.
type Trust string

// The kinds of trust.
const (
	Sandboxed Trust = "sandboxed"
	Direct    Trust = "direct"
)

// Rule ids that no policy defines: the engine gives them when policies alone do
// not make an outcome.
const (
	RuleDefault   = "default"
	RuleError     = "engine.error"
	RuleTimeout   = "engine.timeout"
	RuleType      = "engine.type"
	RuleUndefined = "engine.undefined"
)

// Rule is a rule that fired.
type Rule struct {
	// ID is the rule's label `id`, or its place where it has none.
	ID   string `json:"id"`
	Kind Kind   `json:"kind"`
	// Msg is for the log, Reply for the chat; an empty Reply is silence.
	Msg   string `json:"msg,omitempty"`
	Reply string `json:"reply,omitempty"`
	// File is relative to the policies' root; it is empty for the engine's own.
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
}

// Place is "file:line", or "" for the engine's own rules.
func (r Rule) Place() string {
	if r.File == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d", r.File, r.Line)
}

// Limit is one counter that the policies ask for. Window is a duration as the
// policy wrote it ("1m", "1d").
type Limit struct {
	Name   string `json:"name"`
	Per    string `json:"per"`
	Max    int    `json:"max"`
	Window string `json:"window"`
}

// Obligations are what a session must be made with.
type Obligations struct {
	Trust     Trust  `json:"trust,omitempty"`
	Workspace string `json:"workspace,omitempty"`
	// Access is "read_write" or "read_only".
	Access string `json:"access,omitempty"`
	// Agent is the one that the policies chose; "" leaves it to the configuration.
	Agent string `json:"agent,omitempty"`
	// QuotaMiB is how big the workspace may get; 0 says nothing about it.
	QuotaMiB int64 `json:"quota_mib,omitempty"`
	// Mounts are names of more workspaces that programs may read, in order.
	Mounts []string `json:"mounts,omitempty"`
	// Sandbox is the policy's own object, for the sandbox to read.
	Sandbox map[string]any `json:"sandbox,omitempty"`
}

// Pair is a way in that a stranger may ask for.
type Pair struct {
	// Role is what they get when somebody says yes and names no other.
	Role string `json:"role"`
}

// Decision is the outcome for one input. It is a value: safe to copy and keep.
type Decision struct {
	Point   Point
	Verdict Verdict
	// Rules fired, the deciding ones first, then by place. Never empty for a
	// denial.
	Rules       []Rule
	Obligations Obligations
	Revision    string
	Duration    time.Duration
	// Pair is set with a denial where the policies want the sender to be able to ask
	// for a way in; nil where not.
	Pair *Pair
	// Cached tells that the same facts were decided before by this revision.
	Cached bool
}

// Rule is the rule that the outcome is named after.
func (d Decision) Rule() Rule {
	if len(d.Rules) == 0 {
		return Rule{ID: RuleDefault}
	}
	return d.Rules[0]
}

// Reply is what the chat is told of a denial: the words of the first deciding
// rule that has any.
func (d Decision) Reply() string {
	for _, r := range d.Rules {
		if r.Reply != "" && (r.Kind == KindDeny || r.Kind == KindAsk) {
			return r.Reply
		}
	}
	return ""
}

// Warnings are the warn rules that fired.
func (d Decision) Warnings() []Rule {
	var out []Rule
	for _, r := range d.Rules {
		if r.Kind == KindWarn {
			out = append(out, r)
		}
	}
	return out
}
