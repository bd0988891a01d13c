package gate

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parachute-gate/parachute/gate/users"
)

// terms are what is to be given to somebody, as the words of a command say it.
type terms struct {
	roles []string
	grant users.Grant
	// bounded tells that a scope, a workspace or a time was named, and everywhere that
	// this was the scope.
	bounded, everywhere bool
	named               string
}

// readTerms reads "member guest in family for 3d dm named Ana Maria". A scope is
// dm, group, everywhere, the id of a chat, or here, which is the chat given.
func readTerms(words []string, now time.Time, here string) (terms, error) {
	var t terms
	for i := 0; i < len(words); i++ {
		word, next := words[i], ""
		if i+1 < len(words) {
			next = words[i+1]
		}
		switch word {
		case "named":
			t.named = clip(strings.Join(words[i+1:], " "), maxName)
			return t, nil
		case "in":
			if err := t.open(next); err != nil {
				return t, err
			}
			i++
		case "for":
			d, err := ReadDuration(next)
			if err != nil {
				return t, err
			}
			t.grant.Expires, t.bounded = now.Add(d), true
			i++
		case "everywhere":
			t.grant.Scope, t.bounded, t.everywhere = users.ScopeAll, true, true
		case users.ScopeDM, users.ScopeGroup:
			t.grant.Scope, t.bounded, t.everywhere = word, true, false
		case "here":
			t.grant.Scope, t.bounded, t.everywhere = here, true, false
		default:
			if err := t.other(word); err != nil {
				return t, err
			}
		}
	}
	return t, t.check()
}

// check tells what is wrong with what is to be given.
func (t terms) check() error {
	for _, g := range t.grants("") {
		if g.Role == users.RoleBlocked {
			return errors.New("blocked is no role to give; use block")
		}
		if err := g.Check(); err != nil {
			return err
		}
	}
	return nil
}

// maxRoles bounds the roles that one command gives.
const maxRoles = 16

// open takes a word for a workspace's name, where it is shaped like one.
func (t *terms) open(word string) error {
	if word == "" {
		return errors.New("in which workspace? Write: in NAME")
	}
	if err := (users.Grant{Role: users.RoleGuest, Workspace: word}).Check(); err != nil {
		return err
	}
	t.grant.Workspace, t.bounded = word, true
	return nil
}

// other takes a word for a chat's id or a role's name, where it is shaped like one:
// no role's name has a colon, and every chat's id has one.
func (t *terms) other(word string) error {
	if strings.Contains(word, ":") {
		if err := users.CheckID(word); err != nil {
			return err
		}
		t.grant.Scope, t.bounded, t.everywhere = word, true, false
		return nil
	}
	if err := (users.Grant{Role: word}).Check(); err != nil && word != users.RoleBlocked {
		return err
	}
	if slices.Contains(t.roles, word) {
		return nil
	}
	if len(t.roles) == maxRoles {
		return fmt.Errorf("those are more than %d roles", maxRoles)
	}
	t.roles = append(t.roles, word)
	return nil
}

// maxGrant bounds how long a grant lasts that ends at all.
const maxGrant = 10 * 365 * 24 * time.Hour

// ReadDuration reads 90m, 12h, 3d or 2w.
func ReadDuration(word string) (time.Duration, error) {
	units := map[string]time.Duration{"m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour}
	if len(word) > 1 {
		unit := units[word[len(word)-1:]]
		n, err := strconv.ParseInt(word[:len(word)-1], 10, 64)
		if err == nil && n > 0 && unit > 0 && n <= math.MaxInt64/int64(unit) && time.Duration(n)*unit <= maxGrant {
			return time.Duration(n) * unit, nil
		}
	}
	return 0, fmt.Errorf("%q is no duration: write 3d, 12h or 30m, at most ten years", word)
}

// grants are the terms as grants of one giver.
func (t terms) grants(by string) []users.Grant {
	var out []users.Grant
	for _, role := range t.roles {
		g := t.grant
		g.Role, g.By = role, by
		out = append(out, g)
	}
	return out
}

// grantInWords tells what a grant gives: "member in direct messages, workspace family,
// until 2 Jan 2006 15:04 UTC".
func grantInWords(g users.Grant) string {
	out := g.Role
	switch g.Scope {
	case users.ScopeAll:
	case users.ScopeDM:
		out += " in direct messages"
	case users.ScopeGroup:
		out += " in groups"
	default:
		out += " in " + shownID(g.Scope)
	}
	if g.Workspace != "" {
		out += ", with workspace " + g.Workspace
	}
	switch {
	case g.Ended:
		out += ", ended " + Moment(g.Expires)
	case !g.Expires.IsZero():
		out += ", until " + Moment(g.Expires)
	}
	return out
}

// Moment is a time as people read it, wherever they are.
func Moment(t time.Time) string { return t.UTC().Format("2 Jan 2006 15:04 MST") }

// RolesInWords are all roles of somebody: "member, editor; guest in groups".
func RolesInWords(p users.Person) string {
	var list []string
	if len(p.Roles) > 0 {
		list = []string{strings.Join(p.Roles, ", ")}
	}
	for _, g := range p.Grants {
		list = append(list, grantInWords(g))
	}
	if len(list) == 0 {
		return "no role"
	}
	return strings.Join(list, "; ")
}

// shownID is an id that is nobody's yet, or a chat's: one that is not plain is
// quoted.
func shownID(id string) string {
	if users.Plain(id) {
		return id
	}
	return strconv.QuoteToASCII(id)
}

// plainOrQuoted is a text among others: one that could be taken for more than it is
// is quoted.
func plainOrQuoted(text string) string {
	if text != "" && users.Plain(text) {
		return text
	}
	return strconv.Quote(text)
}
