package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strings"
	"testing"
)

// maxLines is the longest that a source may be.
const maxLines = 700

func checkLines(all []text) (problems []string) {
	for _, f := range all {
		switch path.Ext(f.path) {
		case ".go", ".rego", ".sql", ".sh", ".yaml", ".yml":
			if n := strings.Count(f.body, "\n"); n > maxLines {
				problems = append(problems, fmt.Sprintf("%s: %d lines, more than %d: one topic a file", f.path, n, maxLines))
			}
		}
	}
	return problems
}

// checkComments wants a package comment, in one place.
func checkComments(all []pkg) (problems []string) {
	for _, p := range all {
		var comments []string
		code := false
		begin := "Package " + p.name + " "
		if p.name == "main" {
			begin = "Command " + path.Base(p.folder) + " "
		}
		for _, f := range p.files {
			code = code || !f.test
			if f.syntax.Doc == nil || f.test {
				continue
			}
			comments = append(comments, f.path)
			if !strings.HasPrefix(f.syntax.Doc.Text(), begin) {
				problems = append(problems, fmt.Sprintf("%s: the package comment begins with %q", f.path, begin))
			}
		}
		if code && len(comments) != 1 {
			problems = append(problems, fmt.Sprintf("%s: %d package comments, not one: what it is for and what it never does %v", p.folder, len(comments), comments))
		}
	}
	return problems
}

// checkState refuses what runs before main, and what a package keeps for itself.
func checkState(all []pkg) (problems []string) {
	for _, p := range all {
		for _, f := range p.files {
			for _, decl := range f.syntax.Decls {
				switch d := decl.(type) {
				case *ast.FuncDecl:
					if d.Recv == nil && d.Name.Name == "init" {
						problems = append(problems, f.at(d.Pos())+": func init: a constructor says when")
					}
				case *ast.GenDecl:
					if d.Tok == token.VAR && !f.test {
						problems = append(problems, checkVars(f, d)...)
					}
				}
			}
		}
	}
	return problems
}

// checkVars lets pass what is a constant in spirit: a value at its declaration,
// of a type that is not made to change, or what the compiler embeds.
func checkVars(f *file, d *ast.GenDecl) (problems []string) {
	for _, spec := range d.Specs {
		v, ok := spec.(*ast.ValueSpec)
		if !ok {
			continue
		}
		embedded := slices.ContainsFunc([]*ast.CommentGroup{d.Doc, v.Doc}, func(c *ast.CommentGroup) bool {
			return c != nil && slices.ContainsFunc(c.List, func(l *ast.Comment) bool { return strings.HasPrefix(l.Text, "//go:embed ") })
		})
		if !embedded && len(v.Values) == 0 {
			problems = append(problems, f.at(v.Pos())+": a package variable without a value is state: keep it in a struct")
		}
		for _, e := range append([]ast.Expr{v.Type}, v.Values...) {
			if changes(e) {
				problems = append(problems, f.at(v.Pos())+": a package variable that is made to change is state: keep it in a struct")
			}
		}
	}
	return problems
}

// changes tells whether an expression, outside of functions, names a type that
// is made to change.
func changes(e ast.Expr) (found bool) {
	if e == nil {
		return false
	}
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ChanType:
			found = true
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && (x.Name == "atomic" || x.Name == "sync" && !strings.HasPrefix(n.Sel.Name, "Once")) {
				found = true
			}
		}
		return true
	})
	return found
}

// checkSkips refuses tests that do not run. A property that passes over one draw
// (rapid's Skip) has run.
func checkSkips(all []pkg) (problems []string) {
	for _, p := range all {
		for _, f := range p.files {
			var within []ast.Node // the nodes around the one looked at
			ast.Inspect(f.syntax, func(n ast.Node) bool {
				if n == nil {
					within = within[:len(within)-1]
					return true
				}
				if sel, ok := n.(*ast.SelectorExpr); ok && slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, sel.Sel.Name) {
					if x, ok := sel.X.(*ast.Ident); ok && packageOfParam(within, x.Name) == "testing" {
						problems = append(problems, f.at(n.Pos())+": a test that is skipped proves nothing: name what is missing and fail")
					}
				}
				within = append(within, n)
				return true
			})
		}
	}
	return problems
}

// packageOfParam is the package of the type of the nearest parameter of a name.
func packageOfParam(within []ast.Node, name string) string {
	for _, n := range slices.Backward(within) {
		var params *ast.FieldList
		switch n := n.(type) {
		case *ast.FuncDecl:
			params = n.Type.Params
		case *ast.FuncLit:
			params = n.Type.Params
		default:
			continue
		}
		for _, p := range params.List {
			if !slices.ContainsFunc(p.Names, func(i *ast.Ident) bool { return i.Name == name }) {
				continue
			}
			t := p.Type
			if star, ok := t.(*ast.StarExpr); ok {
				t = star.X
			}
			if sel, ok := t.(*ast.SelectorExpr); ok {
				if x, ok := sel.X.(*ast.Ident); ok {
					return x.Name
				}
			}
			return ""
		}
	}
	return ""
}

func TestNoSourceIsTooLong(t *testing.T)       { report(t, checkLines(texts(t))) }
func TestEveryPackageHasAComment(t *testing.T) { report(t, checkComments(packages(t))) }
func TestNoPackageKeepsState(t *testing.T)     { report(t, checkState(packages(t))) }
func TestNoTestIsSkipped(t *testing.T)         { report(t, checkSkips(packages(t))) }

func TestSourcesThatAreTooLong(t *testing.T) {
	tests := map[string]struct {
		path     string
		lines    int
		problems int
	}{
		"the longest":        {"a/b.go", maxLines, 0},
		"one more":           {"a/b.go", maxLines + 1, 1},
		"a policy":           {"policies/a.rego", maxLines + 1, 1},
		"sums are no source": {"go.sum", maxLines + 1, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := checkLines([]text{{tt.path, strings.Repeat("\n", tt.lines)}})
			if len(got) != tt.problems {
				t.Errorf("got %q, want %d problems", got, tt.problems)
			}
		})
	}
}

func TestCodeThatIsRefused(t *testing.T) {
	tests := map[string]struct {
		name, src string
		check     func([]pkg) []string
		problems  int
	}{
		"a comment":                {"a.go", "// Package a is.\npackage a", checkComments, 0},
		"no comment":               {"a.go", "package a", checkComments, 1},
		"a comment apart":          {"a.go", "// Package a is.\n\npackage a", checkComments, 1},
		"a comment of another":     {"a.go", "// Package b is.\npackage a", checkComments, 1},
		"a command":                {"a.go", "// Command x is.\npackage main", checkComments, 0},
		"tests alone":              {"a_test.go", "package a", checkComments, 0},
		"init":                     {"a.go", "package a\nfunc init() {}", checkState, 1},
		"init in a test":           {"a_test.go", "package a\nfunc init() {}", checkState, 1},
		"a method of that name":    {"a.go", "package a\ntype T int\nfunc (T) init() {}", checkState, 0},
		"a table":                  {"a.go", "package a\nvar x = map[string]int{\"a\": 1}", checkState, 0},
		"an error":                 {"a.go", "package a\nimport \"errors\"\nvar ErrX = errors.New(\"x\")", checkState, 0},
		"an empty variable":        {"a.go", "package a\nvar cache map[string]int", checkState, 1},
		"an embedded file":         {"a.go", "package a\nimport _ \"embed\"\n//go:embed x\nvar x []byte", checkState, 0},
		"embedded, in a group":     {"a.go", "package a\nimport _ \"embed\"\nvar (\n//go:embed x\nx []byte\n)", checkState, 0},
		"a lock":                   {"a.go", "package a\nimport \"sync\"\nvar mu = sync.Mutex{}", checkState, 1},
		"an empty lock":            {"a.go", "package a\nimport \"sync\"\nvar mu sync.Mutex", checkState, 2},
		"a counter":                {"a.go", "package a\nimport \"sync/atomic\"\nvar n = new(atomic.Int64)", checkState, 1},
		"a channel":                {"a.go", "package a\nvar c = make(chan int)", checkState, 1},
		"worked out once":          {"a.go", "package a\nimport \"sync\"\nvar f = sync.OnceValue(func() int { return 1 })", checkState, 0},
		"a lock within a function": {"a.go", "package a\nimport \"sync\"\nfunc f() { var mu sync.Mutex; mu.Lock() }", checkState, 0},
		"a skip":                   {"a_test.go", "package a\nfunc f(t *testing.T) { t.Skip() }", checkSkips, 1},
		"a skip within":            {"a_test.go", "package a\nfunc f(tb testing.TB) { func() { tb.Skipf(\"\") }() }", checkSkips, 1},
		"a draw that is passed":    {"a_test.go", "package a\nfunc f(t *testing.T) { check(t, func(t *rapid.T) { t.Skip() }) }", checkSkips, 0},
		"a skip of something else": {"a_test.go", "package a\nfunc f(t *testing.T, s T) { s.Skip() }", checkSkips, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := tt.check(one(t, "x", tt.name, tt.src)); len(got) != tt.problems {
				t.Errorf("got %q, want %d problems", got, tt.problems)
			}
		})
	}
}
