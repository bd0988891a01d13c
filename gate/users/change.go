package users

// Change is what one decision changes about people: all of it, or nothing. Each
// part that is set is made so, in the order of the fields.
type Change struct {
	// Add are new people; Update are people as they are to be, each as it was read:
	// whoever changed meanwhile (Updated is another) makes the whole fail with
	// ErrChanged, as does one that is there already, or not any more.
	Add, Update []Person
	Remove      []Person
	// FirstOwner makes it fail with ErrChanged where there is an owner.
	FirstOwner bool
	// Link makes identities those of people who are there, and Unlink strangers'.
	Link   []Identity
	Unlink []string
	// Pairings are kept as they are to be: new ones have Version 0, and others the one
	// that they were read with, or ErrChanged.
	Pairings []Pairing
	// Forget are identities whose denied or waiting requests are forgotten.
	Forget []string
	Tokens []Token
	// Revoke are ids of tokens.
	Revoke []string
	// Share opens sessions to people, and Unshare closes them again.
	Share, Unshare []Share
	// Expire ends the grants of a person that have ended before a moment.
	Expire []Person
	// Cut are the ids of people whose sessions end with all that runs in them; what
	// waits there is answered with CutReply.
	Cut      []string
	CutReply string
}

// Identity is one id of a person.
type Identity struct{ ID, Person string }

// Share opens a session to somebody who is not its owner.
type Share struct{ Session, Person string }
