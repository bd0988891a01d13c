package stdio

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/parachute-gate/parachute/connectors"
)

// jsonSpace is JSON's white space (RFC 8259, section 2).
const jsonSpace = " \t\r\n"

// Decode reads one event, one JSON object, as the connector takes it from a
// line. Its errors say what is wrong and how to mend it; they name keys and
// positions and never hold a value.
func Decode(raw []byte) (connectors.Message, error) {
	object, err := checkText(raw)
	if err != nil {
		return connectors.Message{}, err
	}
	if err := checkObject(object, eventShape, ""); err != nil {
		return connectors.Message{}, err
	}
	var w wireMessage
	if err := json.Unmarshal(object, &w); err != nil {
		// checkObject leaves nothing to find; the cause is not told because it
		// could hold a value.
		return connectors.Message{}, errors.New("the object does not fit the schema, see the connector's schema.json")
	}
	switch connectors.ChatKind(w.ChatKind) {
	case connectors.ChatUnknown, connectors.ChatDM, connectors.ChatGroup, connectors.ChatChannel:
	default:
		return connectors.Message{}, errors.New(`"chat_kind" has an unknown value, the valid ones are "dm", "group" and "channel"; leave it out where the kind is not known`)
	}
	return w.message()
}

// checkText gives the line's one JSON value, in well-formed Unicode.
func checkText(raw []byte) ([]byte, error) {
	if bytes.HasPrefix(raw, []byte("\xef\xbb\xbf")) {
		return nil, errors.New("the line starts with a byte order mark, write UTF-8 without one")
	}
	if at := invalidUTF8(raw); at >= 0 {
		return nil, fmt.Errorf("invalid UTF-8 at byte %d, write the line in UTF-8", at+1)
	}
	var value json.RawMessage
	dec := json.NewDecoder(bytes.NewReader(raw))
	if err := dec.Decode(&value); err != nil {
		var syntax *json.SyntaxError
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return nil, errors.New("the JSON ends too early, write one whole object a line")
		case errors.As(err, &syntax):
			return nil, fmt.Errorf("invalid JSON at byte %d, write one object a line", syntax.Offset)
		}
		return nil, errors.New("invalid JSON, write one object a line")
	}
	end := dec.InputOffset()
	if len(bytes.Trim(raw[end:], jsonSpace)) > 0 {
		return nil, fmt.Errorf("there is more after the JSON value that ends at byte %d, write one object a line", end)
	}
	if value[0] != '{' {
		return nil, fmt.Errorf("the line is %s, write one object a line", typeName(value))
	}
	if at := loneSurrogate(raw); at >= 0 {
		return nil, fmt.Errorf(`half a surrogate pair at byte %d, write both halves (\uD83D\uDE00) or the character itself`, at+1)
	}
	return value, nil
}

// invalidUTF8 gives the index of the first byte that is none, or -1.
func invalidUTF8(raw []byte) int {
	if utf8.Valid(raw) {
		return -1
	}
	for at := 0; at < len(raw); {
		r, size := utf8.DecodeRune(raw[at:])
		if r == utf8.RuneError && size == 1 {
			return at
		}
		at += size
	}
	return -1
}

// loneSurrogate gives the index of the first escape in valid JSON that is half
// a surrogate pair, or -1. The standard decoder turns each into U+FFFD, so that
// two different ids would become one.
func loneSurrogate(raw []byte) int {
	for at := 0; at < len(raw); at++ {
		if raw[at] != '\\' {
			continue
		}
		unit, ok := escapedUnit(raw[at:])
		switch {
		case !ok:
			at++
		case unit < 0xD800 || unit > 0xDFFF:
			at += 5
		default:
			low, ok := escapedUnit(raw[at+6:])
			if unit > 0xDBFF || !ok || low < 0xDC00 || low > 0xDFFF {
				return at
			}
			at += 11
		}
	}
	return -1
}

// escapedUnit reads a \uXXXX escape at the start of raw.
func escapedUnit(raw []byte) (uint64, bool) {
	if len(raw) < 6 || raw[0] != '\\' || raw[1] != 'u' {
		return 0, false
	}
	unit, err := strconv.ParseUint(string(raw[2:6]), 16, 16)
	return unit, err == nil
}
