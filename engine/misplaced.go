package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// answerNames are the rules of a decision point that the engine reads.
var answerNames = []string{"allow", "deny", "warn", "ask", "limits", "trust", "workspace", "vault", "sandbox", "agent", "pair"}

// verdictNames are those of them that decide.
var verdictNames = answerNames[:4]

// misplaced refuses rules that look as if they decided and would not: a `deny`
// that nobody asks for passes in silence, which is the worst a rule can do.
func misplaced(m *ast.Module) error {
	pkg := parts(m.Package.Path)
	for _, rule := range m.Rules {
		head := parts(rule.Head.Ref().GroundPrefix())
		if len(head) == 0 {
			head = []string{string(rule.Head.Name)}
		}
		full := slices.Concat(pkg, head)
		// full is data, parachute, <point>, <name>, …
		if len(full) < 4 || full[1] != "parachute" {
			continue
		}
		point, known := pointNamed(full[2])
		written := len(pkg) == 3 && len(rule.Head.Ref()) == 1
		name := full[len(full)-1]
		switch {
		case known && slices.Contains(answerNames, full[3]) && !written:
			return fmt.Errorf("%s: %s would not count: write it in a file with `package parachute.%s`, as `%s contains …` or `%s if …`",
				place(rule), strings.Join(full[1:], "."), point, full[3], full[3])
		case len(pkg) > 2 && (!known || !written) && slices.Contains(verdictNames, name) && len(rule.Head.Args) == 0:
			return fmt.Errorf("%s: %s is no decision point, so this %s would not count; there are parachute.message, parachute.tool and parachute.startup",
				place(rule), strings.Join(pkg[1:], "."), name)
		case known && full[3] == "ask" && point != PointTool:
			return fmt.Errorf("%s: ask is for parachute.tool alone: nobody is asked about a %s", place(rule), point)
		}
	}
	return nil
}

// parts gives a reference's parts up to the first that is no name.
func parts(ref ast.Ref) []string {
	var out []string
	for _, t := range ref {
		switch v := t.Value.(type) {
		case ast.Var:
			out = append(out, string(v))
		case ast.String:
			out = append(out, string(v))
		default:
			return out
		}
	}
	return out
}

func pointNamed(name string) (Point, bool) {
	switch p := Point(name); p {
	case PointMessage, PointTool, PointStartup:
		return p, true
	default:
		return "", false
	}
}
