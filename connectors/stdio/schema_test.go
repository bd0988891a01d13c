package stdio

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"testing"
)

type schemaDef struct {
	Required             []string                  `json:"required"`
	AdditionalProperties *bool                     `json:"additionalProperties"`
	Properties           map[string]schemaProperty `json:"properties"`
	Examples             []json.RawMessage         `json:"examples"`
}

type schemaProperty struct {
	Type        string   `json:"type"`
	Enum        []string `json:"enum"`
	MinLength   int      `json:"minLength"`
	Description string   `json:"description"`
}

func schemaDefs(t *testing.T) map[string]schemaDef {
	t.Helper()
	var s struct {
		Schema string               `json:"$schema"`
		Defs   map[string]schemaDef `json:"$defs"`
	}
	if err := json.Unmarshal([]byte(Schema()), &s); err != nil {
		t.Fatal(err)
	}
	if s.Schema != "https://json-schema.org/draft/2020-12/schema" {
		t.Errorf("the schema is of %q", s.Schema)
	}
	return s.Defs
}

// TestSchemaSaysWhatTheStructsSay holds keys, types and needs of the schema
// against the structs that read and write the lines.
func TestSchemaSaysWhatTheStructsSay(t *testing.T) {
	defs := schemaDefs(t)
	jsonTypes := map[reflect.Kind]string{
		reflect.String: "string", reflect.Bool: "boolean", reflect.Slice: "array",
		reflect.Int: "integer", reflect.Int64: "integer",
	}
	for name, c := range map[string]struct {
		of       reflect.Type
		required []string // nil: those with a need tag
	}{
		"event":      {reflect.TypeFor[wireMessage](), nil},
		"attachment": {reflect.TypeFor[wireAttachment](), nil},
		"reply":      {reflect.TypeFor[wireReply](), []string{"id", "chat", "reply_to", "text", "decision", "verdict"}},
		"error":      {reflect.TypeFor[wireError](), []string{"error", "line"}},
	} {
		def := defs[name]
		if def.AdditionalProperties == nil || *def.AdditionalProperties {
			t.Errorf("%s: further keys are not forbidden", name)
		}
		fields := map[string]bool{}
		required := c.required
		for i := range c.of.NumField() {
			f := c.of.Field(i)
			key := f.Tag.Get("json")
			if at := slices.Index([]byte(key), ','); at >= 0 {
				key = key[:at]
			}
			fields[key] = true
			p, ok := def.Properties[key]
			if !ok {
				t.Errorf("%s: the schema lacks %q", name, key)
				continue
			}
			if want := jsonTypes[f.Type.Kind()]; p.Type != want && (len(p.Enum) == 0 || want != "string") {
				t.Errorf("%s: %q is of type %q, want %q", name, key, p.Type, want)
			}
			if p.Description == "" {
				t.Errorf("%s: %q has no description", name, key)
			}
			if f.Tag.Get("need") == "yes" {
				required = append(required, key)
				if want := jsonTypes[f.Type.Kind()]; want == "string" && p.MinLength != 1 {
					t.Errorf("%s: %q may be empty", name, key)
				}
			}
		}
		for key := range def.Properties {
			if !fields[key] {
				t.Errorf("%s: the schema has %q, the struct does not", name, key)
			}
		}
		if !slices.Equal(slices.Sorted(slices.Values(required)), slices.Sorted(slices.Values(def.Required))) {
			t.Errorf("%s: required are %q, want %q", name, def.Required, required)
		}
	}
}

func TestSchemaValuesAreTheDecoders(t *testing.T) {
	event := schemaDefs(t)["event"]
	for _, key := range []string{"kind", "chat_kind"} {
		for _, value := range append(event.Properties[key].Enum, "else") {
			line, err := json.Marshal(map[string]string{"id": "1", "chat": "c", "user": "u", key: value})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Decode(line); (err == nil) != (value != "else") {
				t.Errorf("%s %q: %v", key, value, err)
			}
		}
	}
}

func TestSchemaExamples(t *testing.T) {
	defs := schemaDefs(t)
	for i, example := range defs["event"].Examples {
		if _, err := Decode(example); err != nil {
			t.Errorf("event %d: %v", i, err)
		}
	}
	for name, value := range map[string]any{"reply": &wireReply{}, "error": &wireError{}} {
		if len(defs[name].Examples) == 0 {
			t.Errorf("%s has no example", name)
		}
		for i, example := range defs[name].Examples {
			if err := json.Unmarshal(example, value); err != nil {
				t.Errorf("%s %d: %v", name, i, err)
			}
			var keys map[string]any
			if err := json.Unmarshal(example, &keys); err != nil {
				t.Errorf("%s %d: %v", name, i, err)
			}
			for key := range maps.Keys(keys) {
				if _, ok := defs[name].Properties[key]; !ok {
					t.Errorf("%s %d: unknown key %q", name, i, key)
				}
			}
			for _, key := range defs[name].Required {
				if _, ok := keys[key]; !ok {
					t.Errorf("%s %d: lacks %q", name, i, key)
				}
			}
		}
	}
}
