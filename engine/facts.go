package engine

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/dependencies"
)

// maxKey keeps facts that a stranger can make long out of a cache, in bytes.
const maxKey = 4096

// facts are the parts of an input that a query reads: for each, the way there
// through the fields of the input's type.
type facts [][]int

// factsOf finds the parts of an input of type t that a query reads. It reports
// false for a query that reads all of it, or what is different each time: the
// time, a message's id or its text.
func factsOf(compiler *ast.Compiler, text string, t reflect.Type) (facts, bool, error) {
	body, err := ast.ParseBody(text)
	if err != nil {
		return nil, false, fmt.Errorf("parse %s: %w", text, err)
	}
	refs, err := dependencies.Base(compiler, body)
	if err != nil {
		return nil, false, fmt.Errorf("find what %s reads: %w", text, err)
	}
	var out facts
	for _, ref := range refs {
		if !ref.HasPrefix(ast.InputRootRef) {
			continue
		}
		switch ref.String() {
		case "input", "input.time", "input.message", "input.message.id", "input.message.text":
			return nil, false, nil
		}
		if way, ok := wayTo(t, ref[1:]); ok {
			out = append(out, way)
		}
	}
	return out, true, nil
}

// wayTo follows a path through the fields of t. It ends early at a list, which
// is then a fact as a whole. A path that the type does not have is no fact: the
// input never holds it.
func wayTo(t reflect.Type, path ast.Ref) ([]int, bool) {
	var way []int
	for _, term := range path {
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct {
			return way, true
		}
		name, ok := term.Value.(ast.String)
		if !ok {
			return way, true
		}
		i, ok := fieldNamed(t, string(name))
		if !ok {
			return nil, false
		}
		way, t = append(way, i), t.Field(i).Type
	}
	return way, true
}

func fieldNamed(t reflect.Type, name string) (int, bool) {
	for i := range t.NumField() {
		if tag, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); tag == name {
			return i, true
		}
	}
	return 0, false
}

// of writes the facts of an input. What is written tells where each part ends,
// so that no two sets of facts are written alike.
func (f facts) of(in any) string {
	root := reflect.ValueOf(in)
	out := make([]byte, 0, 256)
	for _, way := range f {
		v, ok := root, true
		for _, i := range way {
			if v.Kind() == reflect.Pointer {
				if v.IsNil() {
					ok = false
					break
				}
				v = v.Elem()
			}
			v = v.Field(i)
		}
		if !ok {
			out = append(out, '-')
			continue
		}
		out = appendFact(out, v)
	}
	return string(out)
}

func appendFact(out []byte, v reflect.Value) []byte {
	switch v.Kind() {
	case reflect.String:
		s := v.String()
		out = strconv.AppendInt(out, int64(len(s)), 10)
		return append(append(out, ':'), s...)
	case reflect.Bool:
		return strconv.AppendBool(out, v.Bool())
	case reflect.Int, reflect.Int64:
		return append(strconv.AppendInt(out, v.Int(), 10), ';')
	case reflect.Pointer:
		if v.IsNil() {
			return append(out, '-')
		}
		return appendFact(append(out, '+'), v.Elem())
	case reflect.Slice:
		out = append(strconv.AppendInt(append(out, '['), int64(v.Len()), 10), ']')
		for i := range v.Len() {
			out = appendFact(out, v.Index(i))
		}
		return out
	case reflect.Struct:
		for i := range v.NumField() {
			out = appendFact(out, v.Field(i))
		}
		return out
	case reflect.Map:
		out = append(strconv.AppendInt(append(out, '{'), int64(v.Len()), 10), '}')
		for _, key := range sortedKeys(v) {
			out = appendFact(appendFact(out, key), v.MapIndex(key))
		}
		return out
	default:
		// toValue refuses such an input before it is decided.
		return out
	}
}
