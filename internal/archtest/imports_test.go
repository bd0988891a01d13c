package archtest

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"
)

// match tells whether a folder is meant by one of the patterns.
func match(patterns []string, folder string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		return p == anywhere || p == folder || strings.HasSuffix(p, "/*") && path.Dir(folder) == path.Dir(p)
	})
}

// rowOf is the folder's line in the table: its own, or else its parent's line
// for children.
func rowOf(rows []row, folder string) (row, bool) {
	for _, wanted := range []string{folder, path.Dir(folder) + "/*"} {
		if i := slices.IndexFunc(rows, func(r row) bool { return r.folder == wanted }); i >= 0 {
			return rows[i], true
		}
	}
	return row{}, false
}

// checkImports holds the module's own imports against the table.
func checkImports(rows []row, all []pkg) (problems []string) {
	for _, p := range all {
		from, ok := rowOf(rows, p.folder)
		if !ok {
			problems = append(problems, fmt.Sprintf("%s: no row in the table: say there what it is for and what it may import", p.folder))
			continue
		}
		for _, f := range p.files {
			for _, imported := range f.imports {
				folder, ours := strings.CutPrefix(imported, module+"/")
				if ours && !mayImport(rows, from, p.folder, folder, f.test) {
					problems = append(problems, fmt.Sprintf("%s: %s may not import %s (%s)", f.path, p.folder, folder, from.meaning))
				}
			}
		}
	}
	return problems
}

func mayImport(rows []row, from row, importer, imported string, test bool) bool {
	if test && (imported == importer || match(from.tests, imported)) {
		return true
	}
	if slices.Contains(from.imports, everything) {
		to, ok := rowOf(rows, imported)
		return ok && (!to.kit || from.kit)
	}
	return match(from.imports, imported)
}

// checkOwners holds the imports of libraries against their owners.
func checkOwners(rows []row, list []owner, all []pkg) (problems []string) {
	for _, p := range all {
		from, _ := rowOf(rows, p.folder)
		for _, f := range p.files {
			for _, imported := range f.imports {
				if imported == module || strings.HasPrefix(imported, module+"/") {
					continue
				}
				o, owned := ownerOf(list, imported)
				allowed := match(o.folders, p.folder) || o.tests && (f.test || from.kit)
				first, _, _ := strings.Cut(imported, "/")
				switch library := strings.Contains(first, "."); {
				case !owned && library:
					problems = append(problems, fmt.Sprintf("%s: %s has no owner in the table: say there which folder may import it", f.path, imported))
				case owned && !allowed:
					problems = append(problems, fmt.Sprintf("%s: %s may not import %s (%s)", f.path, p.folder, imported, o.why))
				}
			}
		}
	}
	return problems
}

func ownerOf(list []owner, imported string) (best owner, ok bool) {
	for _, o := range list {
		if (imported == o.path || strings.HasPrefix(imported, o.path+"/")) && len(o.path) > len(best.path) {
			best, ok = o, true
		}
	}
	return best, ok
}

func TestImportsFollowTheTable(t *testing.T) {
	report(t, checkImports(table, packages(t)))
}

func TestOneSDKOneFolder(t *testing.T) {
	report(t, checkOwners(table, owners, packages(t)))
}

// `go list` passes over a folder whose files are all behind a build tag.
func TestEveryFolderOfCodeIsListed(t *testing.T) {
	var listed, found []string
	for _, p := range packages(t) {
		listed = append(listed, p.folder)
	}
	all := texts(t)
	nested := func(folder string) bool { // in a module of its own
		return slices.ContainsFunc(all, func(f text) bool {
			return path.Base(f.path) == "go.mod" && f.path != "go.mod" && strings.HasPrefix(folder+"/", path.Dir(f.path)+"/")
		})
	}
	for _, f := range all {
		folder := path.Dir(f.path)
		if path.Ext(f.path) == ".go" && !strings.Contains("/"+folder+"/", "/testdata/") && !nested(folder) && !slices.Contains(found, folder) {
			found = append(found, folder)
		}
	}
	slices.Sort(listed)
	slices.Sort(found)
	if !slices.Equal(listed, found) {
		t.Errorf("go list finds %v\nthe tree holds %v", listed, found)
	}
}

// one is a package of one file.
func one(t *testing.T, folder, name, src string) []pkg {
	t.Helper()
	f, err := parse(path.Join(folder, name), src)
	if err != nil {
		t.Fatal(err)
	}
	return []pkg{{folder: folder, name: f.syntax.Name.Name, files: []*file{f}}}
}

func TestImportsThatAreRefused(t *testing.T) {
	const ours = module + "/"
	tests := map[string]struct {
		folder, name, imports string
		refused               string // a part of the problem; "" when it is allowed
	}{
		"gate imports engine":              {"gate", "a.go", ours + "engine", ""},
		"gate imports its child":           {"gate", "a.go", ours + "gate/users", ""},
		"engine imports policies":          {"engine", "a.go", ours + "policies", "engine may not import policies"},
		"engine's test imports policies":   {"engine", "a_test.go", ours + "policies", ""},
		"a test imports itself":            {"engine", "a_test.go", ours + "engine", ""},
		"child imports gate":               {"gate/users", "a.go", ours + "gate", "gate/users may not import gate"},
		"connector imports the contract":   {"connectors/telegram", "a.go", ours + "connectors", ""},
		"connector imports a connector":    {"connectors/telegram", "a.go", ours + "connectors/stdio", "may not import"},
		"connector imports the suite":      {"connectors/telegram", "a.go", ours + "connectors/connectortest", "may not import"},
		"connector imports gate":           {"connectors/telegram", "a.go", ours + "gate", "may not import"},
		"cmd imports storage":              {"cmd/parachute", "a.go", ours + "storage/sqlite", ""},
		"cmd imports a kit":                {"cmd/parachute", "a.go", ours + "storage/storagetest", "may not import"},
		"cmd imports what nobody planned":  {"cmd/parachute", "a.go", ours + "surprise", "may not import"},
		"a kit imports another kit":        {"internal/testkit", "a.go", ours + "connectors/connectortest", ""},
		"a folder that nobody planned":     {"surprise", "a.go", "fmt", "surprise: no row"},
		"a child that nobody planned":      {"gate/surprise", "a.go", "fmt", "gate/surprise: no row"},
		"a grandchild is not a child":      {"connectors/telegram/fake", "a.go", "fmt", "no row"},
		"engine imports OPA":               {"engine", "a.go", "github.com/open-policy-agent/opa/v1/rego", ""},
		"gate imports OPA":                 {"gate", "a.go", "github.com/open-policy-agent/opa/v1/rego", "only the engine knows OPA"},
		"a test of gate imports OPA":       {"gate", "a_test.go", "github.com/open-policy-agent/opa/v1/rego", "only the engine knows OPA"},
		"storage imports SQL":              {"storage/sqlite", "a.go", "database/sql", ""},
		"sessions imports SQL":             {"sessions", "a.go", "database/sql", "only storage knows SQL"},
		"a driver of SQL":                  {"storage/sqlite", "a.go", "database/sql/driver", ""},
		"a library without an owner":       {"gate", "a.go", "example.com/sdk", "no owner"},
		"a name that begins as an owner's": {"engine", "a.go", "github.com/open-policy-agent/opal", "no owner"},
		"a library for tests, in a test":   {"gate", "a_test.go", "pgregory.net/rapid", ""},
		"a library for tests, in a kit":    {"connectors/connectortest", "a.go", "pgregory.net/rapid", ""},
		"a library for tests, in code":     {"gate", "a.go", "pgregory.net/rapid", "for tests"},
		"a logger of the process":          {"gate", "a.go", "log", "log/slog"},
		"a logger that is given":           {"gate", "a.go", "log/slog", ""},
		"a free part of the library":       {"gate", "a.go", "strings", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			all := one(t, tt.folder, tt.name, fmt.Sprintf("package a\nimport %q\n", tt.imports))
			got := strings.Join(append(checkImports(table, all), checkOwners(table, owners, all)...), "\n")
			if tt.refused == "" && got != "" || !strings.Contains(got, tt.refused) {
				t.Errorf("got %q, want %q", got, tt.refused)
			}
		})
	}
}
