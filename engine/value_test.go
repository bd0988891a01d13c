package engine

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"pgregory.net/rapid"
)

// TestInputIsItsJSON: what the policies see is what a record of the decision
// holds, whatever the facts are.
func TestInputIsItsJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for _, in := range []any{
			rapid.Make[MessageInput]().Draw(t, "message"),
			rapid.Make[ToolInput]().Draw(t, "tool"),
			rapid.Make[StartupInput]().Draw(t, "startup"),
		} {
			data, err := json.Marshal(withoutNil(in))
			if err != nil {
				t.Fatal(err)
			}
			want, err := ast.ValueFromReader(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			got, err := toValue(in)
			if err != nil {
				t.Fatal(err)
			}
			if got.Compare(want) != 0 {
				t.Fatalf("got  %v\nwant %v", got, want)
			}
		}
	})
}

// withoutNil makes nil slices empty: encoding/json writes null for them, and the
// gate never gives any.
func withoutNil(in any) any {
	v := reflect.New(reflect.TypeOf(in)).Elem()
	v.Set(reflect.ValueOf(in))
	fill(v)
	return v.Interface()
}

func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			fill(v.Elem())
		}
	case reflect.Slice:
		if v.IsNil() {
			v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		}
	}
}
