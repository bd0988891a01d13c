package users

import (
	"slices"
	"time"
)

// Owns tells whether somebody is an owner at a moment, wherever that holds, and
// whether they stay it: for ever and everywhere. Who is blocked is neither.
func (p Person) Owns(now time.Time) (owns, stays bool) {
	if slices.Contains(p.Roles, RoleBlocked) {
		return false, false
	}
	stays = slices.Contains(Lasting(ScopeAll, p.Roles, p.Grants), RoleOwner)
	return stays || slices.ContainsFunc(p.Grants, func(g Grant) bool {
		return g.Role == RoleOwner && !g.Ended && (g.Expires.IsZero() || now.Before(g.Expires))
	}), stays
}

// Deposes tells whether an owner is one no more, or not for ever and everywhere,
// once a person is as another says.
func Deposes(before, after Person, now time.Time) bool {
	owned, stayed := before.Owns(now)
	owns, stays := after.Owns(now)
	return owned && !owns || stayed && !stays
}
