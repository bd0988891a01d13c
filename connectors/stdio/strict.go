package stdio

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// maxKeyShown bounds how much of an unknown key an error repeats, in bytes.
const maxKeyShown = 32

// shape is what a JSON object may hold, as read from a wire struct.
type shape struct {
	fields map[string]field
	names  []string // in the struct's order
	needed []string
}

type field struct {
	kind  reflect.Kind
	needs bool
	items *shape // of an array's objects
}

// eventShape is the shape of a line of In; it is never changed.
var eventShape = shapeOf(reflect.TypeFor[wireMessage]())

func shapeOf(t reflect.Type) *shape {
	s := &shape{fields: make(map[string]field, t.NumField())}
	for i := range t.NumField() {
		f := t.Field(i)
		name := f.Tag.Get("json")
		v := field{kind: f.Type.Kind(), needs: f.Tag.Get("need") == "yes"}
		if v.kind == reflect.Slice {
			v.items = shapeOf(f.Type.Elem())
		}
		if v.needs {
			s.needed = append(s.needed, name)
		}
		s.fields[name] = v
		s.names = append(s.names, name)
	}
	return s
}

// checkObject holds a JSON object against a shape: every key known in exactly
// this spelling, none twice, each value of its field's type, and all needed ones
// there. (encoding/json alone would match keys without regard to case, let the
// last double win and take null for anything.) where prefixes the keys that
// errors name.
func checkObject(object []byte, s *shape, where string) error {
	seen := make(map[string]bool, len(s.fields))
	dec := json.NewDecoder(bytes.NewReader(object))
	if _, err := dec.Token(); err != nil {
		return fmt.Errorf("%sinvalid object", where)
	}
	for dec.More() {
		token, err := dec.Token()
		key, isKey := token.(string)
		var value json.RawMessage
		if err != nil || !isKey || dec.Decode(&value) != nil {
			return fmt.Errorf("%sinvalid object", where)
		}
		f, known := s.fields[key]
		switch {
		case !known:
			return fmt.Errorf("unknown key %s, the valid ones are %s", showKey(where, key), strings.Join(s.names, ", "))
		case seen[key]:
			return fmt.Errorf("key %q stands twice, keep one", where+key)
		}
		seen[key] = true
		if err := checkValue(value, f, where+key); err != nil {
			return err
		}
		if f.needs && string(value) == `""` {
			return fmt.Errorf("%q is empty, give it a value", where+key)
		}
	}
	for _, name := range s.needed {
		if !seen[name] {
			return fmt.Errorf("%q is missing, needed are %s", where+name, strings.Join(s.needed, ", "))
		}
	}
	return nil
}

// checkValue holds one value against its field.
func checkValue(value []byte, f field, key string) error {
	wrong := func(want string) error {
		return fmt.Errorf("%q must be %s, not %s", key, want, typeName(value))
	}
	switch f.kind {
	case reflect.String:
		if value[0] != '"' {
			return wrong("a string")
		}
	case reflect.Bool:
		if value[0] != 't' && value[0] != 'f' {
			return wrong("true or false")
		}
	case reflect.Int64:
		if n, err := strconv.ParseInt(string(value), 10, 64); err != nil || n < 0 {
			return fmt.Errorf("%q must be a whole number of 0 or more, in digits and at most 2^63-1", key)
		}
	case reflect.Slice:
		if value[0] != '[' {
			return wrong("an array")
		}
		var items []json.RawMessage
		if err := json.Unmarshal(value, &items); err != nil {
			return fmt.Errorf("%q is an invalid array", key)
		}
		for i, item := range items {
			place := fmt.Sprintf("%s[%d]", key, i)
			if item[0] != '{' {
				return fmt.Errorf("%q must be an object, not %s", place, typeName(item))
			}
			if err := checkObject(item, f.items, place+"."); err != nil {
				return err
			}
		}
	}
	return nil
}

// typeName names the type of a valid JSON value.
func typeName(value []byte) string {
	switch value[0] {
	case '"':
		return "a string"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	case '[':
		return "an array"
	case '{':
		return "an object"
	}
	return "a number"
}

// showKey quotes a key that somebody else chose: short, and in ASCII, so that it
// can neither fill nor forge what shows it.
func showKey(where, key string) string {
	if len(key) > maxKeyShown {
		key = strings.ToValidUTF8(key[:maxKeyShown], "") + "..."
	}
	return strconv.QuoteToASCII(where + key)
}
