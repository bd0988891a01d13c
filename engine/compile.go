package engine

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/parser"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/util"
)

// unfit are built-ins that OPA does not call nondeterministic, and that decisions
// go without all the same: two that read the clock unseen, and two with which one
// call takes memory or time without bound, and no deadline can stop it.
var unfit = []string{
	ast.OPARuntime.Name,
	"crypto.x509.parse_and_verify_certificates", "crypto.x509.parse_and_verify_certificates_with_options",
	"bits.lsh", "strings.render_template",
}

// capabilities are OPA's own without every built-in that could make two
// decisions on one input differ, reach out of the process or bring it down.
func capabilities() *ast.Capabilities {
	caps := ast.CapabilitiesForThisVersion()
	caps.Builtins = slices.DeleteFunc(caps.Builtins, func(b *ast.Builtin) bool {
		return b.IsNondeterministic() || slices.Contains(unfit, b.Name)
	})
	caps.AllowNet = []string{}
	return caps
}

// parsed is a policy folder after parsing.
type parsed struct {
	modules map[string]*ast.Module
	data    map[string]any
	schemas *ast.SchemaSet
}

// parse reads every file and reports all that is wrong at once.
func parse(f files, caps *ast.Capabilities) (parsed, error) {
	out := parsed{modules: map[string]*ast.Module{}, data: map[string]any{}, schemas: ast.NewSchemaSet()}
	var errs []error
	for _, name := range f.names() {
		content := f.content[name]
		var err error
		switch {
		case strings.HasSuffix(name, ".rego"):
			out.modules[name], err = ast.ParseModuleWithOpts(name, string(content),
				ast.ParserOptions{ProcessAnnotation: true, Capabilities: caps})
		case strings.HasPrefix(name, "schemas/") && strings.HasSuffix(name, ".json"):
			var schema any
			if err = util.Unmarshal(content, &schema); err == nil {
				err = writtenOut(schema)
			}
			if err == nil {
				out.schemas.Put(schemaRef(name), schema)
			}
		case strings.HasPrefix(path.Base(name), "data."):
			err = mergeData(out.data, name, content)
		}
		if err != nil {
			errs = append(errs, inFile(name, err))
		}
	}
	return out, errors.Join(errs...)
}

// inFile puts the file's name before an error that does not tell it.
func inFile(name string, err error) error {
	var list ast.Errors
	if errors.As(err, &list) {
		return placed(list)
	}
	return fmt.Errorf("%s: %w", name, err)
}

// placed writes OPA's errors one a line, each as file:line: message.
func placed(list ast.Errors) error {
	var out []error
	told := map[string]bool{}
	for _, e := range list {
		err := fmt.Errorf("%s: %s", e.Code, e.Message)
		if e.Location != nil {
			err = fmt.Errorf("%s:%d: %w", e.Location.File, e.Location.Row, err)
		}
		// A rule and its twin are wrong in the same way.
		if !told[err.Error()] {
			told[err.Error()] = true
			out = append(out, err)
		}
	}
	return errors.Join(out...)
}

// writtenOut refuses a schema that refers: one that comes back to itself would
// take the stack of the process with it.
func writtenOut(schema any) error {
	switch s := schema.(type) {
	case map[string]any:
		if _, ok := s["$ref"]; ok {
			return errors.New("a schema must be written out: $ref is not taken")
		}
		for _, v := range s {
			if err := writtenOut(v); err != nil {
				return err
			}
		}
	case []any:
		for _, v := range s {
			if err := writtenOut(v); err != nil {
				return err
			}
		}
	}
	return nil
}

// schemaRef is the name that `opa check -s schemas` gives a schema file.
func schemaRef(name string) ast.Ref {
	ref := ast.Ref{ast.SchemaRootDocument}
	parts := strings.Split(strings.TrimSuffix(strings.TrimPrefix(name, "schemas/"), ".json"), "/")
	for _, p := range parts {
		ref = ref.Append(ast.StringTerm(p))
	}
	return ref
}

// mergeData puts a data file at the place that its folder names, as OPA does in
// a bundle. Two files that say different things of one path are an error.
func mergeData(into map[string]any, name string, content []byte) error {
	var doc any
	if err := util.Unmarshal(content, &doc); err != nil {
		return err
	}
	if err := onlyOnce(name, content); err != nil {
		return err
	}
	if doc == nil {
		return nil
	}
	obj, ok := doc.(map[string]any)
	if !ok {
		return errors.New("a data file must hold an object (key: value lines) at its top")
	}
	if dir := path.Dir(name); dir != "." {
		for _, part := range slices.Backward(strings.Split(dir, "/")) {
			obj = map[string]any{part: obj}
		}
	}
	return mergeObject(into, obj, "")
}

// onlyOnce refuses a key that stands twice in one YAML file: OPA would take the
// last one and drop the first with all that is below it.
func onlyOnce(name string, content []byte) error {
	if strings.HasSuffix(name, ".json") {
		return nil
	}
	_, err := parser.ParseBytes(content, 0)
	var fault *yaml.SyntaxError
	if errors.As(err, &fault) && strings.Contains(fault.Message, "already defined") {
		return fmt.Errorf("line %d: %s; put what belongs to it under one key", fault.Token.Position.Line, fault.Message)
	}
	return nil
}

func mergeObject(into, from map[string]any, at string) error {
	for k, v := range from {
		old, there := into[k]
		if !there {
			into[k] = v
			continue
		}
		a, aok := old.(map[string]any)
		b, bok := v.(map[string]any)
		if !aok || !bok {
			return fmt.Errorf("data.%s%s is given twice; keep it in one file", at, k)
		}
		if err := mergeObject(a, b, at+k+"."); err != nil {
			return err
		}
	}
	return nil
}

// compile type-checks the modules against the schemas and the data's paths.
func compile(p parsed, caps *ast.Capabilities) (*ast.Compiler, error) {
	c := ast.NewCompiler().
		WithCapabilities(caps).
		WithSchemas(p.schemas).
		WithUseTypeCheckAnnotations(true).
		WithPathConflictsCheck(func(path []string) (bool, error) { return hasPath(p.data, path), nil })
	c.Compile(p.modules)
	if c.Failed() {
		return nil, placed(c.Errors)
	}
	return c, nil
}

func hasPath(doc any, path []string) bool {
	for _, part := range path {
		obj, ok := doc.(map[string]any)
		if !ok {
			return false
		}
		if doc, ok = obj[part]; !ok {
			return false
		}
	}
	return true
}
