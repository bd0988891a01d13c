package users

// Change is what one decision changes about people: all of it, or nothing. People
// and their identities come first, the sessions that end last.
type Change struct {
	// Add are new people; Update are people as they are to be, each as it was read:
	// whoever changed meanwhile (Updated is another) makes the whole fail with
	// ErrChanged, as does one that is there already, or not any more.
	Add, Update []Person
	Remove      []Person
	// FirstOwner makes it fail with ErrChanged where somebody was owner for ever and
	// everywhere before it, and KeepOwner where nobody is after it.
	FirstOwner, KeepOwner bool
	// Link makes identities those of people who are there, and Unlink strangers'.
	Link   []Identity
	Unlink []string
	// Pairings are kept as they are to be: new ones have Version 0, and others the one
	// that they were read with, or ErrChanged.
	Pairings []Pairing
	// Forget are identities whose denied or waiting requests are forgotten; those of
	// Withdraw wait no more, and a denial stays one.
	Forget, Withdraw []string
	Tokens           []Token
	// Revoke are tokens of an identity, by both ids.
	Revoke []Token
	// Share offers sessions to people, Join takes the newest such offer up, and Unshare
	// takes back what was offered or taken up: what such a person said there and still
	// waits, or is being answered, is answered with UnshareReply.
	Share, Join, Unshare []Share
	UnshareReply         string
	// Expire ends the grants of a person that have ended before a moment.
	Expire []Person
	// Cut are the ids of people whose sessions end with all that runs in them; what
	// waits there is answered with CutReply. A link that they asked for is void.
	Cut      []string
	CutReply string
}

// Identity is one id of a person.
type Identity struct{ ID, Person string }

// Share lets somebody into a session who is not its owner. Guest is the id as the
// owner wrote it, which Share and Unshare want; Person is the person's whose it is,
// which Join and Unshare want.
type Share struct{ Session, Guest, Person string }
