// Package matrixhome runs a real Matrix homeserver, Dendrite, on this machine
// alone, and plays the people of its rooms. It is for tests: the connector meets a
// server that nobody here wrote, by way of a proxy that plays faults.
//
// It is no part of any program: Dendrite is built from a module of its own
// (internal/tools/dendrite) into the user's cache folder and run as a process. It
// federates with nobody, and listens on a Unix socket that only its user can
// open.
package matrixhome

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/id"
)

// startTime bounds how long the homeserver may take to answer.
const startTime = 3 * time.Minute

// memory is where a file needs no disk, on Linux: Dendrite waits for the disk at
// each event, some 50 ms, and nothing of it outlives a test.
const memory = "/dev/shm"

// serverName is the homeserver's.
const serverName = "localhost"

// Home is a homeserver that runs. Safe for concurrent use.
type Home struct {
	dir string
	cmd *exec.Cmd
	// life ends the homeserver when it is closed, by Close or because this process
	// ended.
	life io.Closer
	log  *bytes.Buffer
	done chan struct{}
	http *http.Client

	mu     sync.Mutex
	people map[string]*Person
	bots   int
}

// Start builds Dendrite unless it is built, and starts one with empty databases.
// Several may run at once. The caller closes it.
func Start(ctx context.Context) (*Home, error) {
	bin, err := build(ctx)
	if err != nil {
		return nil, fmt.Errorf("build the homeserver: %w", err)
	}
	dir, err := os.MkdirTemp(memory, "dendrite")
	if err != nil {
		dir, err = os.MkdirTemp("", "dendrite")
	}
	if err != nil {
		return nil, fmt.Errorf("start the homeserver: %w", err)
	}
	h := &Home{dir: dir, log: &bytes.Buffer{}, done: make(chan struct{}), people: map[string]*Person{}}
	h.http = &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", filepath.Join(dir, "s"))
		},
		MaxIdleConnsPerHost: 32,
	}}
	if err := h.launch(ctx, bin); err != nil {
		return nil, errors.Join(fmt.Errorf("start the homeserver: %w", err), h.Close())
	}
	return h, nil
}

// keeper runs a program that ends with its standard input, even where a test was
// killed.
const keeper = `exec 3<&0; "$@" </dev/null 3<&- & it=$!; { read x <&3; kill -9 $it; } >/dev/null 2>&1 & wait $it`

// launch writes the configuration and starts the process.
func (h *Home) launch(ctx context.Context, bin string) error {
	//nolint:gosec // its arguments are ours, here and below
	if out, err := exec.CommandContext(ctx, filepath.Join(bin, "generate-keys"), "--private-key", filepath.Join(h.dir, "matrix_key.pem")).CombinedOutput(); err != nil {
		return fmt.Errorf("make its keys: %w: %s", err, out)
	}
	raw, err := exec.CommandContext(ctx, filepath.Join(bin, "generate-config"), "-server", serverName, "-dir", h.dir).Output() //nolint:gosec // as above
	if err != nil {
		return fmt.Errorf("make its configuration: %w", err)
	}
	conf, err := configure(string(raw), h.dir)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(h.dir, "dendrite.yaml"), []byte(conf), 0o600); err != nil {
		return err
	}
	// It outlives ctx, and Close ends it.
	h.cmd = exec.Command("/bin/sh", "-c", keeper, "keeper", filepath.Join(bin, "dendrite"), //nolint:gosec // as above
		"-config", filepath.Join(h.dir, "dendrite.yaml"), "-unix-socket", filepath.Join(h.dir, "s"), "-unix-socket-permission", "700",
		"-really-enable-open-registration")
	h.cmd.Dir = h.dir
	h.cmd.Stdout, h.cmd.Stderr = io.Discard, h.log
	if h.life, err = h.cmd.StdinPipe(); err != nil {
		return err
	}
	if err := h.cmd.Start(); err != nil {
		return err
	}
	go func() {
		h.cmd.Wait() //nolint:errcheck // it is killed in the end
		close(h.done)
	}()
	return h.answers(ctx)
}

// configure turns off what reaches out and what slows down.
func configure(conf, dir string) (string, error) {
	for _, change := range [][2]string{
		{"disable_federation: false", "disable_federation: true"},
		{"  trusted_third_party_id_servers:\n  - matrix.org\n  - vector.im\n", "  trusted_third_party_id_servers: []\n"},
		{"    storage_path: " + dir + "\n    addresses: []\n    topic_prefix: Dendrite\n    js_domain: \"\"\n    in_memory: false",
			"    storage_path: " + dir + "\n    addresses: []\n    topic_prefix: Dendrite\n    js_domain: \"\"\n    in_memory: true"},
		{"registration_disabled: true", "registration_disabled: false"},
		{"guests_disabled: false", "guests_disabled: true"},
		{"  rate_limiting:\n    enabled: true", "  rate_limiting:\n    enabled: false"},
		{"bcrypt_cost: 10", "bcrypt_cost: 4"},
		{"- type: file\n  level: info", "- type: std\n  level: error"},
	} {
		if !strings.Contains(conf, change[0]) {
			return "", fmt.Errorf("its configuration has no %q", change[0])
		}
		conf = strings.Replace(conf, change[0], change[1], 1)
	}
	// The servers that it would ask for others' keys.
	from, to := strings.Index(conf, "  key_perspectives:\n"), strings.Index(conf, "  prefer_direct_fetch:")
	if from < 0 || to < from {
		return "", errors.New("its configuration has no key_perspectives")
	}
	return conf[:from] + "  key_perspectives: []\n" + conf[to:], nil
}

// answers waits until the homeserver answers.
func (h *Home) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://dendrite/_matrix/client/versions", nil)
		if err != nil {
			return err
		}
		if resp, err := h.http.Do(req); err == nil {
			resp.Body.Close() //nolint:errcheck // nothing was asked but whether it is there
			return nil
		}
		select {
		case <-h.done:
			return fmt.Errorf("it ended: %s", h.log.String())
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// died adds to an error what the homeserver said at its end.
func (h *Home) died(err error) error {
	select {
	case <-h.done:
		return fmt.Errorf("%w: the homeserver ended: %s", err, h.log.String())
	default:
		return err
	}
}

// Close ends the homeserver and removes what it stored.
func (h *Home) Close() error {
	if h.cmd != nil && h.cmd.Process != nil {
		if err := h.life.Close(); err != nil {
			return fmt.Errorf("end the homeserver: %w", err)
		}
		<-h.done
	}
	h.http.CloseIdleConnections()
	return os.RemoveAll(h.dir)
}

// client makes a client that is not logged in.
func (h *Home) client() (*mautrix.Client, error) {
	cli, err := mautrix.NewClient("http://dendrite", "", "")
	if err != nil {
		return nil, err
	}
	cli.Client = h.http
	return cli, nil
}

// register makes an account and logs it in.
func (h *Home) register(ctx context.Context, name, password string) (*mautrix.Client, error) {
	cli, err := h.client()
	if err != nil {
		return nil, err
	}
	var made struct {
		User   id.UserID   `json:"user_id"`
		Token  string      `json:"access_token"`
		Device id.DeviceID `json:"device_id"`
	}
	_, err = cli.MakeRequest(ctx, http.MethodPost, cli.BuildClientURL("v3", "register"), map[string]any{
		"username": name, "password": password, "auth": map[string]any{"type": "m.login.dummy"},
	}, &made)
	if err != nil {
		return nil, h.died(fmt.Errorf("register %s: %w", name, err))
	}
	cli.UserID, cli.DeviceID, cli.AccessToken = made.User, made.Device, made.Token
	return cli, nil
}
