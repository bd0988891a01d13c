package users

import (
	"errors"
	"time"
)

// Token lets a program speak for one identity, through one connector. Its text
// is shown once, when it is made; here is only its digest.
type Token struct {
	// ID is for people and logs, and a part of the text.
	ID   string
	Hash [32]byte
	// Identity is whom it speaks for; its connector is the one that it is good for.
	Identity string
	// Name says what it is for.
	Name string
	// Scope is where it is good, as a Grant's.
	Scope string
	// Expires is when it ends; zero is never. Revoked is when it was taken back.
	Expires, Revoked, Created time.Time
	By                        string
}

// ErrNoToken says that there is no such token.
var ErrNoToken = errors.New("no such token")

// The states of a token that came with an event.
const (
	TokenValid     = "valid"
	TokenExpired   = "expired"
	TokenRevoked   = "revoked"
	TokenMisplaced = "misplaced"
	TokenUnknown   = "unknown"
)

// StateAt is the state for an event of an identity in a chat of a kind.
func (t Token) StateAt(now time.Time, identity, chat, kind string) string {
	switch {
	case !t.Revoked.IsZero():
		return TokenRevoked
	case !t.Expires.IsZero() && !now.Before(t.Expires):
		return TokenExpired
	case t.Identity != identity || !(Grant{Scope: t.Scope}).Holds(now, chat, kind):
		return TokenMisplaced
	}
	return TokenValid
}
