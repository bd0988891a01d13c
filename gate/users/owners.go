package users

import "slices"

// Stays tells whether somebody is owner for ever and everywhere. Who is blocked is
// not.
func (p Person) Stays() bool {
	return !p.Blocked() && slices.Contains(Lasting(ScopeAll, p.Roles, p.Grants), RoleOwner)
}

// Deposes tells whether somebody is owner for ever and everywhere no more, once
// they are as after says.
func Deposes(before, after Person) bool { return before.Stays() && !after.Stays() }
