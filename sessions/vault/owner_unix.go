//go:build unix

package vault

import (
	"fmt"
	"os"
	"syscall"
)

// own gives what was just made to the owner of the folder that it is in, where
// this process is root: the people's programs, which are not, work there too.
func own(dir *os.Root, name string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := dir.Stat(".")
	if err != nil {
		return fmt.Errorf("look at folder: %w", err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || stat.Uid == 0 {
		return nil
	}
	return dir.Lchown(name, int(stat.Uid), int(stat.Gid))
}
