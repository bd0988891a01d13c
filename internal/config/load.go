package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// What a configuration may be at most, in bytes and levels, and how many faults
// of it are told.
const (
	maxFile   = 1 << 20
	maxDepth  = 32
	maxFaults = 20
)

// Load reads the configuration. With file "" it reads DefaultFile where that
// exists, and else gives Default. The error names every fault it finds, each
// with its line.
func Load(file string) (Config, error) {
	c := Default()
	named := file != ""
	if !named {
		file = DefaultFile
	}
	data, err := read(file)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !named:
		return c, nil
	case errors.Is(err, fs.ErrNotExist):
		return c, fmt.Errorf("%s: no such file; `parachute init` writes one", file)
	case err != nil:
		return c, fmt.Errorf("read configuration: %w", err)
	case len(data) > maxFile:
		return c, fmt.Errorf("%s: more than %d KiB; this is no configuration", file, maxFile>>10)
	}
	return Parse(file, data)
}

// read reads a file no further than to see that it is too long.
func read(file string) (data []byte, err error) {
	f, err := os.Open(file) //nolint:gosec // the path is the operator's own
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return io.ReadAll(io.LimitReader(f, maxFile+1))
}

// Parse reads a configuration from data; file is for messages and for the
// folder that relative paths start from.
func Parse(file string, data []byte) (Config, error) {
	c := Default()
	c.File = file
	f := faults{file: file}
	if err := f.decode(data, &c, "configuration"); err != nil {
		return c, err
	}
	if len(f.errs) == 0 {
		c.normalise()
		f.values(c)
	}
	if err := f.all(); err != nil {
		return c, err
	}
	c.resolve(filepath.Dir(file))
	return c, nil
}

// decode reads the one document of a file into v. Keys that v does not have are
// faults; what cannot be read at all is the error.
func (f *faults) decode(data []byte, v any, what string) error {
	tokens := lexer.Tokenize(strings.TrimPrefix(string(data), "\ufeff"))
	if tok := tooDeep(tokens); tok != nil {
		f.add(tok, "more than %d levels; this is no %s", maxDepth, what)
		return errors.Join(f.errs...)
	}
	doc, err := parser.Parse(tokens, 0)
	if err != nil {
		return at(f.file, err)
	}
	if len(doc.Docs) > 1 {
		return fmt.Errorf("%s: more than one document; a %s is one", f.file, what)
	}
	f.doc = doc
	if len(doc.Docs) == 0 || doc.Docs[0].Body == nil {
		return nil
	}
	f.unknownKeys(doc.Docs[0].Body, reflect.TypeOf(v).Elem())
	if len(f.errs) > 0 {
		return nil
	}
	if err := yaml.NodeToValue(doc.Docs[0].Body, v); err != nil {
		return at(f.file, err)
	}
	return nil
}

// all are the faults as one error, nil where there is none.
func (f *faults) all() error {
	if len(f.errs) > maxFaults {
		f.errs = append(f.errs[:maxFaults], fmt.Errorf("%s: there are more faults; mend these first", f.file))
	}
	return errors.Join(f.errs...)
}

// normalise reads old spellings.
func (c *Config) normalise() {
	c.Audience, c.Groups = strings.ToLower(c.Audience), strings.ToLower(c.Groups)
	c.Trust = strings.ToLower(c.Trust)
	if now, ok := oldTrust[c.Trust]; ok {
		c.Trust = now
	}
	for i := range c.Connectors {
		if c.Connectors[i].Name == "" {
			c.Connectors[i].Name = c.Connectors[i].Kind
		}
	}
}

// resolve makes relative paths start at the configuration's folder.
func (c *Config) resolve(dir string) {
	for _, p := range []*string{&c.Policies, &c.Data, &c.Log.File} {
		*p = join(dir, *p)
	}
	for i := range c.Connectors {
		conn := &c.Connectors[i]
		for _, p := range []*string{&conn.TokenFile, &conn.PasswordFile, &conn.Webhook.SecretFile} {
			*p = join(dir, *p)
		}
	}
	for _, a := range c.Agents {
		for name, v := range a.Env {
			v.File = join(dir, v.File)
			a.Env[name] = v
		}
	}
	for name, w := range c.Workspaces {
		c.Workspaces[name] = Workspace{Path: join(dir, w.Path)}
	}
}

func join(dir, path string) string {
	if rest, ok := strings.CutPrefix(path, "~"); ok && (rest == "" || rest[0] == '/') {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, rest)
		}
	}
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// tooDeep gives the place where a document nests deeper than any configuration
// does, which the parser would take very long to find out.
func tooDeep(tokens token.Tokens) *token.Token {
	flow, line, entries := 0, 0, 0
	for _, tok := range tokens {
		switch tok.Type {
		case token.SequenceStartType, token.MappingStartType:
			flow++
		case token.SequenceEndType, token.MappingEndType:
			flow--
		case token.SequenceEntryType, token.MappingKeyType:
			if tok.Position.Line != line {
				line, entries = tok.Position.Line, 0
			}
			entries++
		}
		if flow > maxDepth || entries > maxDepth {
			return tok
		}
	}
	return nil
}

// at writes a parser's error as file:line:column: message.
func at(file string, err error) error {
	var e yaml.Error
	if errors.As(err, &e) && e.GetToken() != nil && e.GetToken().Position != nil {
		p := e.GetToken().Position
		return fmt.Errorf("%s:%d:%d: %s", file, p.Line, p.Column, e.GetMessage())
	}
	return fmt.Errorf("%s: %w", file, err)
}

// faults gathers what is wrong.
type faults struct {
	file string
	doc  *ast.File
	errs []error
}

func (f *faults) add(tok *token.Token, format string, args ...any) {
	if len(f.errs) > maxFaults {
		return
	}
	where := f.file
	if tok != nil && tok.Position != nil {
		where = fmt.Sprintf("%s:%d:%d", f.file, tok.Position.Line, tok.Position.Column)
	}
	f.errs = append(f.errs, fmt.Errorf("%s: %s", where, fmt.Sprintf(format, args...)))
}

// find gives the token at a path of the document, nil where it has none.
func (f *faults) find(path string) *token.Token {
	if len(f.errs) > maxFaults {
		return nil
	}
	p, err := yaml.PathString(path)
	if err != nil {
		return nil
	}
	node, err := p.FilterFile(f.doc)
	if err != nil || node == nil {
		return nil
	}
	return node.GetToken()
}
