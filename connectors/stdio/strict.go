package stdio

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// maxKeyShown bounds how much of an unknown key an error repeats, in bytes.
const maxKeyShown = 32

// checkObject holds a JSON object against the fields of struct t: every key
// known in exactly this spelling, none twice, each value of its field's type,
// and all needed ones there. (encoding/json alone would match keys without
// regard to case, let the last double win and take null for anything.) where
// prefixes the keys that errors name.
func checkObject(object []byte, t reflect.Type, where string) error {
	fields := make(map[string]reflect.StructField, t.NumField())
	var names, needed []string
	for i := range t.NumField() {
		f := t.Field(i)
		name := f.Tag.Get("json")
		fields[name] = f
		names = append(names, name)
		if f.Tag.Get("need") == "yes" {
			needed = append(needed, name)
		}
	}
	seen := make(map[string]bool, len(fields))
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
		f, known := fields[key]
		switch {
		case !known:
			return fmt.Errorf("unknown key %s, the valid ones are %s", showKey(where, key), strings.Join(names, ", "))
		case seen[key]:
			return fmt.Errorf("key %q stands twice, keep one", where+key)
		}
		seen[key] = true
		if err := checkValue(value, f.Type, where+key); err != nil {
			return err
		}
		if string(value) == `""` && slices.Contains(needed, key) {
			return fmt.Errorf("%q is empty, give it a value", where+key)
		}
	}
	for _, name := range needed {
		if !seen[name] {
			return fmt.Errorf("%q is missing, needed are %s", where+name, strings.Join(needed, ", "))
		}
	}
	return nil
}

// checkValue holds one value against a Go type of the wire structs.
func checkValue(value []byte, t reflect.Type, key string) error {
	got := typeName(value)
	wrong := func(want string) error {
		return fmt.Errorf("%q must be %s, not %s", key, want, got)
	}
	switch t.Kind() {
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
			if err := checkObject(item, t.Elem(), place+"."); err != nil {
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
