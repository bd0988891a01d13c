package engine

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// toValue gives an input as OPA's own terms, by its json tags, without the
// round trip through text that rego.EvalInput makes. The two are held equal by
// a test.
func toValue(v any) (ast.Value, error) {
	t, err := toTerm(reflect.ValueOf(v))
	if err != nil {
		return nil, err
	}
	return t.Value, nil
}

func toTerm(v reflect.Value) (*ast.Term, error) {
	switch v.Kind() {
	case reflect.String:
		return ast.StringTerm(v.String()), nil
	case reflect.Bool:
		return ast.BooleanTerm(v.Bool()), nil
	case reflect.Int, reflect.Int64:
		return ast.NewTerm(ast.Number(fmt.Sprint(v.Int()))), nil
	case reflect.Pointer:
		return toTerm(v.Elem())
	case reflect.Slice:
		terms := make([]*ast.Term, v.Len())
		for i := range terms {
			t, err := toTerm(v.Index(i))
			if err != nil {
				return nil, err
			}
			terms[i] = t
		}
		return ast.ArrayTerm(terms...), nil
	case reflect.Struct:
		return toObject(v)
	case reflect.Map:
		items := make([][2]*ast.Term, 0, v.Len())
		for _, key := range sortedKeys(v) {
			items = append(items, ast.Item(ast.StringTerm(key.String()), ast.StringTerm(v.MapIndex(key).String())))
		}
		return ast.ObjectTerm(items...), nil
	default:
		return nil, fmt.Errorf("convert input: no term for a %s", v.Kind())
	}
}

func toObject(v reflect.Value) (*ast.Term, error) {
	t := v.Type()
	items := make([][2]*ast.Term, 0, t.NumField())
	for i := range t.NumField() {
		name, opts, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		f := v.Field(i)
		if opts == "omitempty" && isEmpty(f) {
			continue
		}
		term, err := toTerm(f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		items = append(items, ast.Item(ast.InternedTerm(name), term))
	}
	return ast.ObjectTerm(items...), nil
}

// isEmpty is encoding/json's omitempty: unlike IsZero, a slice with no elements
// is empty though it is not nil.
func isEmpty(v reflect.Value) bool {
	if v.Kind() == reflect.Slice || v.Kind() == reflect.Map {
		return v.Len() == 0
	}
	return v.IsZero()
}

// sortedKeys are those of a map of texts by texts, the one kind of map that an
// input has.
func sortedKeys(v reflect.Value) []reflect.Value {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	return keys
}
