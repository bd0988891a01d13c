package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// root is the module's folder, from here.
const root = "../.."

// A pkg is a package as it stands in the tree: the files of every platform and
// every build tag, since a rule holds on each.
type pkg struct {
	folder string
	name   string
	files  []*file
}

type file struct {
	path    string // below the root
	test    bool
	imports []string
	syntax  *ast.File
	set     *token.FileSet
}

func (f *file) at(p token.Pos) string {
	return fmt.Sprintf("%s:%d", f.path, f.set.Position(p).Line)
}

// packages reads what `go list` finds.
func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e",
		"-json=Dir,Name,GoFiles,CgoFiles,IgnoredGoFiles,TestGoFiles,XTestGoFiles", "./...")
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	top, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	if top, err = filepath.EvalSymlinks(top); err != nil {
		t.Fatal(err)
	}
	var all []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var l struct {
			Dir, Name                                                    string
			GoFiles, CgoFiles, IgnoredGoFiles, TestGoFiles, XTestGoFiles []string
		}
		if err := dec.Decode(&l); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		dir, err := filepath.EvalSymlinks(l.Dir)
		if err != nil {
			t.Fatal(err)
		}
		folder, err := filepath.Rel(top, dir)
		if err != nil {
			t.Fatal(err)
		}
		p := pkg{folder: filepath.ToSlash(folder), name: l.Name}
		for _, name := range slices.Concat(l.GoFiles, l.CgoFiles, l.IgnoredGoFiles, l.TestGoFiles, l.XTestGoFiles) {
			src, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			f, err := parse(path.Join(p.folder, name), src)
			if err != nil {
				t.Fatal(err)
			}
			p.files = append(p.files, f)
		}
		all = append(all, p)
	}
	if len(all) == 0 {
		t.Fatal("go list finds no package")
	}
	return all
}

func parse(name string, src any) (*file, error) {
	f := &file{path: name, test: strings.HasSuffix(name, "_test.go"), set: token.NewFileSet()}
	var err error
	if f.syntax, err = parser.ParseFile(f.set, name, src, parser.ParseComments); err != nil {
		return nil, fmt.Errorf("parse: %w", err)
	}
	for _, spec := range f.syntax.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, fmt.Errorf("parse %s: %w", name, err)
		}
		f.imports = append(f.imports, p)
	}
	return f, nil
}

// A text is a file of the tree that people write.
type text struct {
	path string
	body string
}

// texts reads every text below the root, but what is built, stored or kept by an
// editor there.
func texts(t *testing.T) []text {
	t.Helper()
	var all []text
	skip := []string{".git", ".idea", ".vscode", "bin", "data"}
	err := fs.WalkDir(os.DirFS(root), ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains(skip, p):
			return fs.SkipDir
		case !d.Type().IsRegular():
			return nil
		}
		body, err := os.ReadFile(filepath.Join(root, p))
		if err == nil && !bytes.ContainsRune(body, 0) {
			all = append(all, text{p, string(body)})
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// report fails the test with each problem.
func report(t *testing.T, problems []string) {
	t.Helper()
	for _, p := range problems {
		t.Error(p)
	}
}
