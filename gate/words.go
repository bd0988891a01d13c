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
	// bounded tells that a scope, a workspace or a time was named.
	bounded bool
	named   string
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
			if next == "" {
				return t, errors.New("in which workspace? Write: in NAME")
			}
			t.grant.Workspace, t.bounded = next, true
			i++
		case "for":
			d, err := ReadDuration(next)
			if err != nil {
				return t, err
			}
			t.grant.Expires, t.bounded = now.Add(d), true
			i++
		case "everywhere":
			t.grant.Scope, t.bounded = users.ScopeAll, true
		case users.ScopeDM, users.ScopeGroup:
			t.grant.Scope, t.bounded = word, true
		case "here":
			t.grant.Scope, t.bounded = here, true
		default:
			if strings.Contains(word, ":") {
				// No role's name has a colon, and every chat's id has one.
				t.grant.Scope, t.bounded = word, true
				continue
			}
			if !slices.Contains(t.roles, word) {
				t.roles = append(t.roles, word)
			}
		}
	}
	for _, role := range t.roles {
		t.grant.Role = role
		if role == users.RoleBlocked {
			return t, errors.New("blocked is no role to give; use block")
		}
		if err := t.grant.Check(); err != nil {
			return t, err
		}
	}
	return t, nil
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
	return 0, fmt.Errorf("for how long? %q is none; write 90m, 12h, 3d or 2w, at most ten years", word)
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
// until 2 Jan 15:04".
func grantInWords(g users.Grant) string {
	out := g.Role
	switch g.Scope {
	case users.ScopeAll:
	case users.ScopeDM:
		out += " in direct messages"
	case users.ScopeGroup:
		out += " in groups"
	default:
		out += " in " + g.Scope
	}
	if g.Workspace != "" {
		out += ", with workspace " + g.Workspace
	}
	switch {
	case g.Ended:
		out += ", ended " + moment(g.Expires)
	case !g.Expires.IsZero():
		out += ", until " + moment(g.Expires)
	}
	return out
}

func moment(t time.Time) string { return t.UTC().Format("2 Jan 2006 15:04 MST") }

// rolesInWords are all roles of somebody.
func rolesInWords(p users.Person) string {
	list := slices.Clone(p.Roles)
	for _, g := range p.Grants {
		list = append(list, grantInWords(g))
	}
	if len(list) == 0 {
		return "no role"
	}
	return strings.Join(list, "; ")
}
