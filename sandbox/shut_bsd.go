//go:build darwin || freebsd

package sandbox

import "os"

// openShut cannot here.
func openShut(_ string, err error) (*os.File, error) { return nil, err }
