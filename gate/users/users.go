// Package users holds the people that the gate knows: their platform ids and
// their roles. It grants nothing by itself: what a role may do is the policies'
// answer.
package users

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The roles that the default policies name. A policy may name any other.
const (
	RoleOwner   = "owner"
	RoleAdmin   = "admin"
	RoleMember  = "member"
	RoleGuest   = "guest"
	RoleBlocked = "blocked"
)

// Person is somebody the gate knows.
type Person struct {
	// ID is that of the first identity, and stays: the connector's name, a colon, and
	// the platform's stable id.
	ID string
	// Identities are the ids by which the person comes in, in order; ID is one of
	// them.
	Identities []string
	// Name is for people to read; it is never identity.
	Name string
	// Roles hold everywhere and for ever, Grants in some places or for some time.
	Roles  []string
	Grants []Grant
	// Attributes are texts for policies, by name.
	Attributes map[string]string
	Created    time.Time
	Updated    time.Time
}

// Errors of what keeps people.
var (
	ErrUnknown = errors.New("no such person")
	ErrExists  = errors.New("is known already")
	// ErrFirst says that an identity cannot be taken away by whose id a person goes:
	// somebody else could come in by it, as that person.
	ErrFirst = errors.New("is the identity by which the person is known")
	// ErrChanged says that what is to be changed is not as it was read any more.
	ErrChanged = errors.New("changed meanwhile")
	// ErrNoPairing says that there is no such request.
	ErrNoPairing = errors.New("no such request")
)

var roleName = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}$`)

// CheckID tells what is wrong with an identity that is to be kept.
func CheckID(identity string) error {
	connector, id, ok := strings.Cut(identity, ":")
	if !ok || connector == "" || id == "" {
		return fmt.Errorf("id %q: write connector:id, as the log shows it (telegram:123456)", identity)
	}
	if len(identity) > 512 || !Plain(identity) {
		return fmt.Errorf("id %q: at most 512 bytes of UTF-8, without spaces, control and invisible characters", identity)
	}
	if connector == commandLine {
		return fmt.Errorf("id %q: whoever sits at this computer's own terminal is not kept, and not blocked", identity)
	}
	return nil
}

// commandLine is the source of commands given on the command line.
const commandLine = "terminal"

// blankBraille is the one sign that is printed and shows nothing.
const blankBraille = '\u2800'

// Plain tells whether an id is text that nobody can take for something else:
// what has spaces, line ends or invisible characters forges the words around it.
func Plain(id string) bool {
	return utf8.ValidString(id) && !strings.ContainsFunc(id, func(r rune) bool {
		return unicode.IsControl(r) || unicode.IsSpace(r) || r == blankBraille ||
			unicode.In(r, unicode.Cf, unicode.Zs, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
	})
}

// Blocked tells whether somebody is blocked, whatever else they have.
func (p Person) Blocked() bool { return slices.Contains(p.Roles, RoleBlocked) }

// Roles are the roles of the default policies.
func Roles() []string {
	return []string{RoleOwner, RoleAdmin, RoleMember, RoleGuest, RoleBlocked}
}

// Block gives the roles that a blocked person has: the old ones are kept, to be had
// again.
func Block(roles []string) []string {
	if slices.Contains(roles, RoleBlocked) {
		return roles
	}
	return append(slices.Clone(roles), RoleBlocked)
}
