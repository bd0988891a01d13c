package matrixhome

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// build gives the folder with Dendrite's programs, building them where they are
// not built yet: that takes some minutes, once for each version.
func build(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("find the module: %w", err)
	}
	module := filepath.Join(filepath.Dir(strings.TrimSpace(string(out))), "internal", "tools", "dendrite")
	raw, err := os.ReadFile(filepath.Join(module, "go.mod")) //nolint:gosec // a file of this tree
	if err != nil {
		return "", err
	}
	version := regexp.MustCompile(`(?m)^\s*github\.com/element-hq/dendrite (v\S+)`).FindSubmatch(raw)
	if version == nil {
		return "", errors.New("the module of the tool names no version")
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	parent := filepath.Join(cache, "parachute-dendrite")
	dir := filepath.Join(parent, string(version[1]))
	if _, err := os.Stat(filepath.Join(dir, "dendrite")); err == nil {
		return dir, nil
	}
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return "", err
	}
	fresh, err := os.MkdirTemp(parent, "build")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(fresh) //nolint:errcheck // left over only where the rename failed
	//nolint:gosec // its arguments are ours
	cmd := exec.CommandContext(ctx, "go", "build", "-C", module, "-trimpath", "-o", fresh+string(filepath.Separator), "tool")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0") //nolint:forbidigo // a program that builds needs its caches
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	if err := os.Rename(fresh, dir); err != nil {
		if _, there := os.Stat(filepath.Join(dir, "dendrite")); there == nil {
			return dir, nil // another process was faster
		}
		return "", err
	}
	return dir, nil
}
