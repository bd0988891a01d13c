//go:build !unix

package launch

// give does nothing where files have no owner by number.
func give(string) error { return nil }
