package limits

import (
	"fmt"
)

// maxIDLen is far above the ids of the platforms (Matrix, the longest, allows
// 255 bytes); it keeps a key from being used as a store of data.
const maxIDLen = 512

// Subject is whom an event is counted for: ids with their connector's prefix
// ("telegram:123456"), so that the same number on two platforms is two people.
type Subject struct {
	User      string
	Chat      string
	Connector string
}

// rank orders kinds of key from narrow to shared. Keys are locked in this
// order: whoever waits for a shared key waits with nothing wider in hand, so a
// user who floods queues on that user's own key and stands at most once in the
// queue for the keys of all.
type rank uint8

const (
	rankUser rank = iota
	rankChat
	rankConnector
	rankAll
	rankNone
)

func rankOf(per string) rank {
	switch per {
	case PerUser:
		return rankUser
	case PerChat:
		return rankChat
	case PerConnector:
		return rankConnector
	case PerAll:
		return rankAll
	}
	return rankNone
}

// id gives the subject's id that the limit counts by. An absent id is an error:
// it would put all nameless subjects on one counter, or on none.
func (s Subject) id(l Limit) (string, error) {
	var id string
	switch rankOf(l.Per) {
	case rankUser:
		id = s.User
	case rankChat:
		id = s.Chat
	case rankConnector:
		id = s.Connector
	default:
		return "", nil
	}
	if id == "" {
		return "", fmt.Errorf("limit %q counts per %s, but the event has no %s id: give the subject one", l.Name, l.Per, l.Per)
	}
	if len(id) > maxIDLen {
		return "", fmt.Errorf("limit %q: the %s id has %d bytes: at most %d are allowed", l.Name, l.Per, len(id), maxIDLen)
	}
	return id, nil
}

// appendKey appends the counter's key, per|id|name. Of the id's bytes, those
// that are not printable ASCII, the separator and the percent sign are written
// as %XX. Neither per nor name can hold a separator, so different counters have
// different keys whatever an id contains, and every key is plain ASCII text
// that any database takes.
func appendKey(dst []byte, per, id, name string) []byte {
	const hex = "0123456789ABCDEF"
	dst = append(dst, per...)
	dst = append(dst, '|')
	for i := 0; i < len(id); i++ {
		c := id[i]
		if c <= ' ' || c >= 0x7f || c == '|' || c == '%' {
			dst = append(dst, '%', hex[c>>4], hex[c&15])
			continue
		}
		dst = append(dst, c)
	}
	dst = append(dst, '|')
	return append(dst, name...)
}
