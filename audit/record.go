// Package audit is the decision log: what a record of a decision holds, the hash
// chain that ties each record to the one before, and how a chain is verified.
//
// It stores nothing itself and decides nothing. It never holds a secret, and a
// message's text only where the operator asked for it.
package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Record is one decision, as it is kept.
type Record struct {
	// ID is a UUIDv7 (RFC 9562): ids sort by time.
	ID string `json:"id"`
	// Time is when it was decided, in UTC.
	Time  time.Time `json:"time"`
	Point string    `json:"point"`

	Connector string `json:"connector,omitempty"`
	Chat      string `json:"chat,omitempty"`
	ChatKind  string `json:"chat_kind,omitempty"`
	User      string `json:"user,omitempty"`
	// Identity is the one that spoke, where a person goes by another.
	Identity string `json:"identity,omitempty"`
	Message  string `json:"message,omitempty"`
	Event    string `json:"event,omitempty"`
	// TextSHA256 is the digest of the text in hex; Text is nil unless the
	// operator keeps texts.
	TextSHA256 string  `json:"text_sha256,omitempty"`
	Text       *string `json:"text,omitempty"`
	// Input is the input's facts as JSON, without the text.
	Input json.RawMessage `json:"input,omitempty"`

	Verdict   string `json:"verdict"`
	Trust     string `json:"trust,omitempty"`
	Workspace string `json:"workspace,omitempty"`
	Access    string `json:"access,omitempty"`
	// Session and Turn are what the decision was made in, or led to.
	Session string `json:"session,omitempty"`
	Turn    string `json:"turn,omitempty"`
	// Rules fired, the deciding ones first.
	Rules    []Rule `json:"rules"`
	Revision string `json:"revision"`
	// Duration is how long the policies took, in nanoseconds.
	Duration time.Duration `json:"duration_ns"`
	// Changes are what it changed about people, one by one.
	Changes []string `json:"changes,omitempty"`
	// Usage is what a program used that ended; nil for everything else.
	Usage *Usage `json:"usage,omitempty"`

	// Prev is the hash of the record before; the first has GenesisHash.
	Prev string `json:"prev"`
}

// Ended is the verdict of a record that decides nothing: it tells that a program
// of a session ended.
const Ended = "ended"

// Usage is what a program used with all that it started; a number that is not
// known is 0.
type Usage struct {
	CPUSeconds      float64 `json:"cpu_seconds"`
	PeakMemoryBytes int64   `json:"peak_memory_bytes"`
	// Ran is how long it ran, in nanoseconds.
	Ran time.Duration `json:"ran_ns"`
	// How tells how it ended: "exit 0", "out of memory", "silent for too long".
	How string `json:"how,omitempty"`
}

// Rule is a rule that fired.
type Rule struct {
	ID   string `json:"id"`
	Kind string `json:"kind"`
	Msg  string `json:"msg,omitempty"`
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
}

// GenesisHash is what the first record follows.
const GenesisHash = "0000000000000000000000000000000000000000000000000000000000000000"

// Sealed is a record as it is stored: the bytes that were hashed, and the hash.
type Sealed struct {
	Seq  int64
	JSON []byte
	Hash string
	// Columns are what a store keeps beside the bytes, to find records by; nil
	// where it keeps none.
	Columns *Columns
}

// Columns are copies of parts of a record. A log is whole only if they say what
// the record says.
type Columns struct {
	ID, Point, Connector, Chat, User, Message, Verdict, Rule, Session string
	// At is the record's time in nanoseconds since the Unix epoch.
	At int64
}

// Columns gives the copies that belong to r.
func (r Record) Columns() Columns {
	return Columns{
		ID: r.ID, Point: r.Point, Connector: r.Connector, Chat: r.Chat, User: r.User, Message: r.Message,
		Verdict: r.Verdict, Rule: r.Rule().ID, Session: r.Session, At: r.Time.UnixNano(),
	}
}

// NewID gives a fresh record id.
func NewID() (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("make decision id: %w", err)
	}
	return id.String(), nil
}

// TextDigest is the digest that stands for a text in a record.
func TextDigest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// Seal makes r follow the record with the hash prev, at place seq (from 1).
func (r Record) Seal(seq int64, prev string) (Sealed, error) {
	r.Prev = prev
	data, err := json.Marshal(r)
	if err != nil {
		return Sealed{}, fmt.Errorf("encode record %s: %w", r.ID, err)
	}
	return Sealed{Seq: seq, JSON: data, Hash: hash(seq, data)}, nil
}

// hash covers the place as well, so that a record cannot be given another one.
func hash(seq int64, data []byte) string {
	h := sha256.New()
	fmt.Fprintf(h, "%d:%d:", seq, len(data))
	h.Write(data)
	return hex.EncodeToString(h.Sum(nil))
}
