package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Source is a folder of the host that was looked at, to be given to a process.
type Source struct {
	// Path is absolute and has no symbolic link in it.
	Path string
	// UID and GID own it; -1 where the system has no such numbers.
	UID, GID int
	info     os.FileInfo
}

// systemTrees are never shared, nor anything in them.
var systemTrees = []string{"/proc", "/sys", "/dev", "/run", "/var/run", "/boot", "/etc", "/var/lib/docker", "/var/lib/containerd"}

// OpenSource looks at a folder. It refuses one that is reached through a
// symbolic link (who may write beside it would choose what is shared), that is
// of the system, or that is or holds one of the secret paths: an engine's socket,
// the data folder. The error wraps ErrSpec.
func OpenSource(path string, secret []string) (Source, error) {
	refuse := func(why string) (Source, error) { return Source{}, fmt.Errorf("%w: share %q: %s", ErrSpec, path, why) }
	if !filepath.IsAbs(path) || filepath.Clean(path) != path {
		return refuse("not an absolute path in its shortest form")
	}
	s := Source{Path: path, UID: -1, GID: -1}
	var err error
	if s.info, err = lookAt(path); err != nil {
		return refuse(err.Error())
	}
	for _, tree := range systemTrees {
		if within(path, tree) || within(tree, path) {
			return refuse("it is or holds " + tree + ", which is the system's")
		}
	}
	for _, hidden := range secret {
		if hidden == "" {
			continue
		}
		names := []string{filepath.Clean(hidden)}
		if r, err := filepath.EvalSymlinks(hidden); err == nil {
			names = append(names, r)
		}
		if slices.ContainsFunc(names, func(n string) bool { return within(n, path) }) {
			return refuse("it is or holds " + hidden + ", which no agent may reach")
		}
	}
	s.UID, s.GID = ownerOf(s.info)
	return s, nil
}

// Same tells whether the path still leads to the folder that was looked at.
func (s Source) Same() error {
	now, err := lookAt(s.Path)
	if err == nil && !os.SameFile(now, s.info) {
		err = fmt.Errorf("it was replaced while the process was started")
	}
	if err != nil {
		return fmt.Errorf("%w: share %q: %w", ErrSpec, s.Path, err)
	}
	return nil
}

// Shut tells whether a user of the host, who is not root, can surely not enter
// the folder. Where its group has any right, an access list may give it to others
// too, and it is not sure.
func (s Source) Shut(uid, gid int) bool {
	mode := s.info.Mode().Perm()
	switch {
	case s.UID < 0:
		return false
	case uid == s.UID:
		return mode&0o100 == 0
	case gid == s.GID && mode&0o010 != 0:
		return false
	default:
		return mode&0o071 == 0
	}
}

// lookAt describes a folder whose path has no symbolic link in it.
func lookAt(path string) (os.FileInfo, error) {
	resolved, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, fmt.Errorf("resolve: %w", err)
	}
	if resolved != path {
		return nil, fmt.Errorf("it is reached through a symbolic link; write where it is: %s", resolved)
	}
	info, err := os.Lstat(path)
	if err != nil {
		return nil, fmt.Errorf("look: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("not a folder")
	}
	return info, nil
}

// within tells whether a path is a folder or in it.
func within(path, folder string) bool {
	if folder == string(filepath.Separator) {
		return true
	}
	return path == folder || strings.HasPrefix(path, folder+string(filepath.Separator))
}
