//go:build unix

package launch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/parachute-gate/parachute/sessions"
)

// give makes the agents' user the owner of a workspace that root owns, with all
// that is in it that root owns: an agent is never root, and could not enter. Only
// a gate that is root does so. The folder itself comes last, as it tells whether
// it was done.
func give(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if os.Geteuid() != 0 || !rootOwns(info) {
		return nil
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	err = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) || (err == nil && !rootOwns(info)) {
			return nil
		}
		if err == nil {
			err = root.Lchown(name, sessions.AgentID, sessions.AgentID)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	})
	if err == nil {
		err = root.Lchown(".", sessions.AgentID, sessions.AgentID)
	}
	return errors.Join(err, root.Close())
}

func rootOwns(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && stat.Uid == 0
}
