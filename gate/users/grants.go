package users

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// The scopes of a Grant, beside the id of one chat.
const (
	ScopeAll   = ""
	ScopeDM    = "dm"
	ScopeGroup = "group"
)

// Grant is a role that somebody has in some places, or for some time.
type Grant struct {
	Role string
	// Scope is where it holds: everywhere (""), in direct messages ("dm"), in groups
	// ("group"), or in the one chat whose id it is.
	Scope string
	// Workspace is one that it opens; "" opens none.
	Workspace string
	// Expires is when it ends; zero is never.
	Expires time.Time
	// By is who gave it: a person's id, or what a program calls itself.
	By string
	// Ended tells that its end was seen to: it is kept to be looked at.
	Ended bool
}

var workspaceName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

// Check tells what is wrong with a grant that is to be kept.
func (g Grant) Check() error {
	switch {
	case !roleName.MatchString(g.Role):
		return fmt.Errorf("role %q must match %s; the default policies know %s", g.Role, roleName, strings.Join(Roles(), ", "))
	case g.Role == RoleBlocked:
		return fmt.Errorf("role %s is no grant: it holds everywhere, for ever", RoleBlocked)
	case g.Scope != ScopeAll && g.Scope != ScopeDM && g.Scope != ScopeGroup && !strings.Contains(g.Scope, ":"):
		return fmt.Errorf("scope %q: write everywhere, %s, %s or a chat's id (connector:id)", g.Scope, ScopeDM, ScopeGroup)
	case g.Workspace != "" && !workspaceName.MatchString(g.Workspace):
		return fmt.Errorf("workspace %q must match %s", g.Workspace, workspaceName)
	}
	return nil
}

// Holds tells whether it holds at a moment in a chat of a kind.
func (g Grant) Holds(now time.Time, chat, kind string) bool {
	if g.Ended || !g.Expires.IsZero() && !now.Before(g.Expires) {
		return false
	}
	switch g.Scope {
	case ScopeAll, kind:
		// A kind that the platform did not say is no scope.
		return g.Scope == ScopeAll || kind == ScopeDM || kind == ScopeGroup
	default:
		return g.Scope == chat
	}
}

// RolesIn adds the roles of the grants that hold to those that hold everywhere,
// without doubles and in order.
func RolesIn(roles []string, grants []Grant, now time.Time, chat, kind string) []string {
	out := slices.Clone(roles)
	for _, g := range grants {
		if g.Holds(now, chat, kind) && !slices.Contains(out, g.Role) {
			out = append(out, g.Role)
		}
	}
	slices.Sort(out[len(roles):])
	return out
}

// Lasting gives the roles that never end of those that hold in a scope; roles are
// those that hold everywhere anyway.
func Lasting(scope string, roles []string, grants []Grant) []string {
	out := slices.Clone(roles)
	for _, g := range grants {
		if g.Scope == scope && g.Expires.IsZero() && !g.Ended && !slices.Contains(out, g.Role) {
			out = append(out, g.Role)
		}
	}
	return out
}
