package main

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/parachute-gate/parachute/sandbox/sandboxtest"
	"github.com/parachute-gate/parachute/storage/sqlite"
)

// actorsImage holds the programs that play agents.
const actorsImage = "actors:latest"

// theHouse is shared by all tests of the process: an engine is started when the
// first one asks for it.
var theHouse house

type house struct {
	once   sync.Once
	engine *testEngine
	err    error
}

// open gives the engine of all tests.
func (h *house) open() (*testEngine, error) {
	h.once.Do(func() { h.engine, h.err = startTestEngine() })
	return h.engine, h.err
}

func (h *house) close() error {
	h.once.Do(func() { h.err = errors.New("over") })
	if h.engine == nil {
		return nil
	}
	return h.engine.Close()
}

// housed lets the tests run, and ends what they share.
type housed struct{ *testing.M }

// Run implements testscript.TestingM.
func (m housed) Run() int {
	code := m.M.Run()
	if err := theHouse.close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	return code
}

// theEngine is the engine of all tests, for one that is no script.
func theEngine(t testing.TB) *testEngine {
	t.Helper()
	e, err := theHouse.open()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// actors builds the programs that play agents, statically, and gives their
// folder: probe, program, agent and bridge.
var actors = sync.OnceValues(func() (string, error) {
	dir, err := buildFolder()
	if err != nil {
		return "", err
	}
	dir = filepath.Join(dir, "actors")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	const module = "github.com/parachute-gate/parachute/"
	cmd := exec.Command("go", "build", "-trimpath", "-o", dir+string(filepath.Separator),
		module+"sandbox/sandboxtest/probe", module+"sandbox/sandboxtest/bridge", module+"sessions/command/testdata/program", module+"sessions/acp/testdata/agent")
	cmd.Env = append(cmd.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the actors: %w\n%s", err, out)
	}
	return dir, nil
})

// testEngine is an engine with the actors' image, asked without any of the code
// that is tested.
type testEngine struct {
	*sandboxtest.EngineServer
	client *http.Client
}

func startTestEngine() (*testEngine, error) {
	dir, err := actors()
	if err != nil {
		return nil, err
	}
	server, err := sandboxtest.StartEngine()
	if err != nil {
		return nil, err
	}
	socket := strings.TrimPrefix(server.Host, "unix://")
	e := &testEngine{EngineServer: server, client: &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		},
	}}}
	// The probe looks for itself as /parachute, as it stands in the image that is
	// made of our own program.
	image := map[string]string{
		"parachute": filepath.Join(dir, "probe"), "bin/program": filepath.Join(dir, "program"),
		"bin/agent": filepath.Join(dir, "agent"), "bin/bridge": filepath.Join(dir, "bridge"),
	}
	if err := e.addImage(actorsImage, image); err != nil {
		return nil, errors.Join(err, server.Close())
	}
	return e, nil
}

// Close ends the engine.
func (e *testEngine) Close() error {
	e.client.CloseIdleConnections()
	return e.EngineServer.Close()
}

// call asks the engine, and gives its answer.
func (e *testEngine) call(method, path string, query url.Values, body io.Reader) ([]byte, error) {
	request, err := http.NewRequestWithContext(context.Background(), method, "http://engine"+path+"?"+query.Encode(), body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := e.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	data, err := io.ReadAll(answer.Body)
	if err = errors.Join(err, answer.Body.Close()); err == nil && answer.StatusCode >= http.StatusBadRequest {
		err = fmt.Errorf("%s: %s", answer.Status, data)
	}
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	return data, nil
}

// addImage makes an image of programs of the host, by their paths in it.
func (e *testEngine) addImage(name string, files map[string]string) error {
	read, write := io.Pipe()
	go func() { write.CloseWithError(writeImage(write, files)) }()
	repo, tag, _ := strings.Cut(name, ":")
	told, err := e.call(http.MethodPost, "/images/create", url.Values{"fromSrc": {"-"}, "repo": {repo}, "tag": {tag}}, read)
	_ = read.Close()
	// The engine has said that all is well before it begins.
	if err == nil && bytes.Contains(told, []byte(`"error"`)) {
		err = fmt.Errorf("%s", told)
	}
	if err != nil {
		return fmt.Errorf("make image %s: %w", name, err)
	}
	return nil
}

// writeImage writes a root file system: the folders that a container needs, and
// the files, links followed.
func writeImage(w io.Writer, files map[string]string) error {
	t := tar.NewWriter(w)
	dirs := []string{"dev", "etc", "mnt", "proc", "sys", "tmp", "workspace"}
	for name := range files {
		for dir := filepath.Dir(name); dir != "."; dir = filepath.Dir(dir) {
			dirs = append(dirs, dir)
		}
	}
	slices.Sort(dirs)
	for _, dir := range slices.Compact(dirs) {
		mode := int64(0o755)
		if dir == "tmp" {
			mode = 0o1777
		}
		if err := t.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: mode}); err != nil {
			return err
		}
	}
	for name, from := range files {
		if err := addFile(t, name, from); err != nil {
			return err
		}
	}
	return t.Close()
}

func addFile(t *tar.Writer, name, from string) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := t.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o755, Size: info.Size()}); err != nil {
		return err
	}
	_, err = io.Copy(t, f)
	return err
}

// aContainer is one that the engine has.
type aContainer struct {
	ID, State string
	Labels    map[string]string
}

// containers are those of the installation with that data folder.
func (e *testEngine) containers(data string) ([]aContainer, error) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(data, sqlite.File)+"?mode=ro")
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close() }()
	var name string
	if err := db.QueryRowContext(context.Background(), `SELECT id FROM installation`).Scan(&name); err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(name))
	filter, err := json.Marshal(map[string][]string{"label": {"parachute.data=" + hex.EncodeToString(sum[:8])}})
	if err != nil {
		return nil, err
	}
	told, err := e.call(http.MethodGet, "/containers/json", url.Values{"all": {"1"}, "filters": {string(filter)}}, nil)
	if err != nil {
		return nil, err
	}
	var list []aContainer
	return list, json.Unmarshal(told, &list)
}
