// Package host runs agents as processes of this machine, for trust: direct. It is
// no sandbox: what the account can read, write and reach, the agent can. It keeps
// the environment clean, bounds open files and output, and ends what it started.
//
// It must be chosen; nothing falls back to it. It reads no environment of its own
// and passes none on.
package host

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"github.com/parachute-gate/parachute/sandbox"
)

// The variables by which a process is found again. A process can hide from them
// by clearing its environment; one of direct trust is not kept from that.
const (
	markData    = "PARACHUTE_DATA"
	markSession = "PARACHUTE_SESSION"
	markTurn    = "PARACHUTE_TURN"
	markProcess = "PARACHUTE_PROCESS"
)

// path is where programs are looked for, unless the Spec names a PATH.
const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// shell sets the bounds and becomes the command, so that no moment lies between
// the start and the bounds, as with a prlimit from outside. Which words it runs
// is fixed: the command comes as its arguments, which no shell reads again. A
// bound that cannot be set ends it before the command. The size of a file, 0 for
// any, is
// counted in 512 bytes (POSIX, ulimit); where a shell counts in KiB a file may be
// twice as big, and the quota's watch stands.
const (
	shell  = "/bin/sh"
	script = `ulimit -c 0 && ulimit -n "$1" && { [ "$2" = 0 ] || ulimit -f "$2"; } || exit 126; shift 2; exec "$@"`
)

// Deps is what a Runtime is made of.
type Deps struct {
	// Data tells this installation's processes from another's: any text that stays.
	Data string
	// Secret are paths that no workspace may be or hold.
	Secret []string
	Log    *slog.Logger
}

// Runtime starts processes. Its methods may be called beside one another.
type Runtime struct {
	deps Deps
	data string
}

var _ sandbox.Runtime = (*Runtime)(nil)

// New makes a Runtime.
func New(d Deps) (*Runtime, error) {
	if d.Data == "" {
		return nil, errors.New("host: no name of the installation: its processes could not be told from another's")
	}
	sum := sha256.Sum256([]byte(d.Data))
	return &Runtime{deps: d, data: hex.EncodeToString(sum[:8])}, nil
}

// Name is "host".
func (*Runtime) Name() string { return "host" }

// Ready tells whether processes can be started as promised on this system.
func (r *Runtime) Ready(context.Context) error {
	if err := supported(); err != nil {
		return fmt.Errorf("host: %w: %w", sandbox.ErrUnavailable, err)
	}
	if _, err := os.Stat(shell); err != nil {
		return fmt.Errorf("host: %w: %w", sandbox.ErrUnavailable, err)
	}
	return nil
}

// Start runs a process of its own group in the workspace. Memory, CPU, processes
// and network are not bounded.
func (r *Runtime) Start(ctx context.Context, s sandbox.Spec) (sandbox.Process, error) {
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("host: %w", err)
	}
	switch {
	case len(s.Mounts) > 0:
		return nil, fmt.Errorf("host: %w: a process of the host is given no mounts", sandbox.ErrSpec)
	case s.User != "" || s.Runtime != "" || s.Image != "":
		return nil, fmt.Errorf("host: %w: user, runtime and image are a container's", sandbox.ErrSpec)
	}
	if err := r.Ready(ctx); err != nil {
		return nil, err
	}
	source, err := sandbox.OpenSource(s.Workspace.Source, r.deps.Secret)
	if err != nil {
		return nil, fmt.Errorf("host: %w", err)
	}
	if err := context.Cause(ctx); err != nil {
		return nil, fmt.Errorf("host: start: %w", err)
	}
	id := uuid.NewString()
	r.deps.Log.WarnContext(ctx, "process started on the host, without a sandbox", "session", s.Session, "program", s.Command[0])
	q, err := sandbox.OpenQuota(ctx, source, s.Limits.WorkspaceBytes)
	if err != nil {
		return nil, fmt.Errorf("host: %w", err)
	}
	p, err := begin(ctx, r, id, s, q)
	if err != nil {
		return nil, errors.Join(err, q.Close())
	}
	if err := source.Same(); err != nil {
		return nil, errors.Join(fmt.Errorf("host: %w", err), p.Close())
	}
	return p, nil
}

// command is what is run: the shell that becomes it.
func command(s sandbox.Spec) []string {
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	return slices.Concat([]string{shell, "-c", script, "sandbox", number(s.Limits.NoFile), number(s.Limits.WorkspaceBytes / 512)}, s.Command)
}

// envOf is the whole environment: the marks, what was named, and a PATH and a
// HOME where they were not.
func (r *Runtime) envOf(s sandbox.Spec, id string) []string {
	env := []string{markData + "=" + r.data, markSession + "=" + s.Session, markTurn + "=" + s.Turn, markProcess + "=" + id + " " + s.Name}
	if _, named := s.Env["PATH"]; !named {
		env = append(env, "PATH="+path)
	}
	if _, named := s.Env["HOME"]; !named {
		env = append(env, "HOME="+s.Workspace.Source)
	}
	for name, value := range s.Env {
		env = append(env, name+"="+value)
	}
	slices.Sort(env)
	return env
}

// Facts tells what is held here, and what is not.
func (r *Runtime) Facts(ctx context.Context) []sandbox.Finding {
	err := r.Ready(ctx)
	about := runtime.GOOS + ": the agent can do what this account can; a clean environment, open files and output are bounded"
	if err != nil {
		about = err.Error()
	}
	return []sandbox.Finding{
		{OK: err == nil, About: "host", Detail: about},
		// What a process of the host is: nothing to be mended.
		{OK: true, About: "limits", Detail: "memory, processes, CPU time, network, and files outside of the workspace are not bounded on the host"},
		{OK: true, About: "disk", Detail: "the workspace by the policy's vault.quota_mib, by looking five times a second"},
		{OK: true, About: "after a crash", Detail: afterCrash},
		{OK: os.Geteuid() != 0, About: "account", Detail: "uid " + strconv.Itoa(os.Geteuid()) + "; an agent on the host should not run as root"},
	}
}
