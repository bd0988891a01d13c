package sandboxtest

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
)

// BuildProbe builds the probe, statically, into a folder.
func BuildProbe(ctx context.Context, dir string) (string, error) {
	path := filepath.Join(dir, "probe")
	//nolint:gosec // our own package
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", path, "github.com/parachute-gate/parachute/sandbox/sandboxtest/probe")
	cmd.Env = append(cmd.Environ(), "CGO_ENABLED=0", "GOOS="+runtime.GOOS, "GOARCH="+runtime.GOARCH)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build probe: %w: %s", err, out)
	}
	return path, nil
}
