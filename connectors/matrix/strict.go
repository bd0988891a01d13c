package matrix

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// maxDepth bounds how deep the parts of an event that are read lie in one another.
const maxDepth = 12

// errNoObject says that a value is no JSON object.
var errNoObject = errors.New("it is no object")

// named tells whether a key is one that something here or in the library reads of
// an event, a content or a decrypted payload.
func named(key string) bool {
	switch key {
	case "sender", "type", "event_id", "state_key", "room_id", "content", "origin_server_ts", "redacts", "unsigned", "prev_content", "replaces_state",
		"prev_sender", "to_user_id", "to_device_id", "msc4354_sticky", "redacted_because",
		"membership", "is_direct", "displayname", "name", "algorithm", "rotation_period_ms", "rotation_period_msgs", "history_visibility",
		"msgtype", "body", "filename", "url", "file", "info", "mimetype", "size", "m.mentions", "user_ids", "m.new_content",
		"m.relates_to", "rel_type", "m.in_reply_to", "key", "is_falling_back",
		"v", "iv", "k", "alg", "ext", "kty", "key_ops", "hashes", "sha256",
		"ciphertext", "session_id", "sender_key", "device_id", "recipient", "recipient_keys", "keys":
		return true
	}
	return false
}

// fold gives the one form of all keys that encoding/json takes for one another: it
// tells no case apart, nor the long s and the Kelvin sign from their letters.
func fold(key string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		if 'A' <= least && least <= 'Z' {
			least += 'a' - 'A'
		}
		return least
	}, key)
}

// object reads the keys of a JSON object exactly, as Matrix tells them apart. It
// fails for a key that stands there twice, and for one that encoding/json would
// take for another that is read; the fields are given all the same.
func object(raw []byte) (fields map[string]json.RawMessage, err error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if first, err := d.Token(); err != nil || first != json.Delim('{') {
		return nil, errNoObject
	}
	fields = map[string]json.RawMessage{}
	for d.More() {
		key, broken := d.Token()
		name, ok := key.(string)
		if broken != nil || !ok {
			return fields, errNoObject
		}
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return fields, errNoObject
		}
		_, twice := fields[name]
		switch meant := fold(name); {
		case twice:
			err = fmt.Errorf("it has the key %.40q twice", name)
		case meant != name && named(meant):
			err = fmt.Errorf("its key %.40q passes for %q", name, meant)
		}
		fields[name] = value
	}
	return fields, err
}

// strict holds that what is read of a JSON object can be read in one way only. What
// lies under keys that nobody reads is not looked at. What is no object passes.
func strict(raw []byte) error { return strictTo(raw, maxDepth) }

func strictTo(raw []byte, depth int) error {
	raw = bytes.TrimLeft(raw, " \t\r\n")
	if len(raw) == 0 || raw[0] != '{' {
		return nil
	}
	if depth == 0 {
		return errors.New("its parts lie too deep in one another")
	}
	fields, err := object(raw)
	if err != nil {
		return err
	}
	for name, value := range fields {
		if named(name) {
			if err := strictTo(value, depth-1); err != nil {
				return err
			}
		}
	}
	return nil
}
