//go:build !linux && !darwin

package vault

import (
	"errors"
	"os"
)

func renameNew(*os.File, string, *os.File, string) error {
	return errors.New("moving notes needs Linux or macOS, which rename without replacing")
}
