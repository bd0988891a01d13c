package users

import "time"

// The kinds of Pairing.
const (
	// PairJoin: a stranger asks to be let in, and an owner says yes or no.
	PairJoin = "join"
	// PairLink: a person wants another identity to be theirs. The code is given from
	// that identity, and confirmed by the person.
	PairLink = "link"
	// PairClaim: whoever has the code that the terminal showed becomes the first owner.
	PairClaim = "claim"
)

// The states of a Pairing. One that is pending or entered ends by itself at
// Expires.
const (
	PairPending = "pending"
	// PairEntered is a link whose code was given from the other identity.
	PairEntered = "entered"
	PairUsed    = "used"
	PairDenied  = "denied"
	PairExpired = "expired"
)

// Pairing is a request that waits for somebody's yes. Its code is known to its
// requester alone: here is only what came of hashing it.
type Pairing struct {
	ID   string
	Kind string
	// Code is the digest of the code; see HashCode.
	Code [32]byte
	// Identity is who asks to be let in, or which identity is to be linked ("" until
	// the code was entered). Person is the one whom a link is for.
	Identity string
	Person   string
	// Connector, Chat and User are where it was asked, with the platform's own ids;
	// Name is what the platform calls the one who asks.
	Connector, Chat, User, Name string
	// Role is the one that the policies say a join is for, and OtherChat the direct
	// chat in which the code of a link was entered.
	Role, OtherChat string
	State           string
	// Reminded tells that the requester heard once more that it waits.
	Reminded bool
	// Shown are the people who were shown what it asks together with its code: nobody
	// else approves it unseen.
	Shown   []string
	Created time.Time
	Expires time.Time
	// Version changes with every change.
	Version int64
}

// StateAt is the state at a moment: what waited too long is expired.
func (p Pairing) StateAt(now time.Time) string {
	if (p.State == PairPending || p.State == PairEntered) && !now.Before(p.Expires) {
		return PairExpired
	}
	return p.State
}

// Waits tells whether it can still be answered.
func (p Pairing) Waits(now time.Time) bool {
	s := p.StateAt(now)
	return s == PairPending || s == PairEntered
}
