package sessions

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// PersonalWorkspace is the workspace of which each person has one of their own.
const PersonalWorkspace = "personal"

// AgentID is the user and the group that own a workspace where the gate is root:
// no agent in a sandbox is.
const AgentID = 1000

// Workspaces finds the folder of a workspace. A name becomes a folder only here,
// and only after it was held to a pattern that cannot leave the root.
type Workspaces struct {
	// Root holds the workspaces that have no place of their own.
	Root string
	// Places are the folders that the configuration gives to names.
	Places map[string]string
}

var workspaceName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

// Dir gives the folder of a session's workspace, and makes it where it is
// Parachute's own. A place that the configuration names must exist.
func (w Workspaces) Dir(s Session) (string, error) {
	if !workspaceName.MatchString(s.Workspace) {
		return "", fmt.Errorf("workspace %q: a name matches %s", s.Workspace, workspaceName)
	}
	if dir, ok := w.Places[s.Workspace]; ok {
		if _, err := os.Stat(dir); err != nil {
			return "", fmt.Errorf("open workspace %s: %w", s.Workspace, err)
		}
		return dir, nil
	}
	dir := filepath.Join(w.Root, s.Workspace)
	if s.Workspace == PersonalWorkspace {
		if s.User == "" {
			return "", errors.New("open workspace personal: nobody's")
		}
		dir = filepath.Join(dir, personalName(s.User))
	}
	if err := makeOwn(dir); err != nil {
		return "", fmt.Errorf("make workspace %s: %w", s.Workspace, err)
	}
	return dir, nil
}

// personalName is a folder name for a person's id: readable, and by the digest
// never the same for two people.
func personalName(user string) string {
	readable := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		default:
			return '_'
		}
	}, user)
	sum := sha256.Sum256([]byte(user))
	return readable[:min(40, len(readable))] + "-" + hex.EncodeToString(sum[:8])
}

// makeOwn makes a workspace's folder. Where the gate is root it belongs to the
// agents' user.
func makeOwn(dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return err
	}
	err := os.Mkdir(dir, 0o700)
	switch {
	case errors.Is(err, fs.ErrExist):
		info, err := os.Stat(dir)
		if err == nil && !info.IsDir() {
			err = fmt.Errorf("%s is no folder", dir)
		}
		return err
	case err != nil:
		return err
	case os.Geteuid() == 0:
		return os.Lchown(dir, AgentID, AgentID)
	default:
		return nil
	}
}
