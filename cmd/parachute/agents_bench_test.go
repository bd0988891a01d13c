package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// BenchmarkFirstByte is how long it takes from a person's message until the first
// byte of the agent, through the whole gate: cold (a container is made), warm (a
// spare is taken) and kept (the session's own, in its second turn). Beside it
// stands what `docker run --rm` needs for the first byte of the same image, in
// the same run; of-run is the ratio.
func BenchmarkFirstByte(b *testing.B) {
	e := theEngine(b)
	run := 0.0
	ratio := func(b *testing.B, took time.Duration) {
		b.Helper()
		each := float64(took.Nanoseconds()) / float64(b.N)
		if run > 0 {
			b.ReportMetric(each/run, "of-run")
		}
		b.ReportMetric(each/1e6, "ms/byte")
	}
	b.Run("docker run", func(b *testing.B) {
		var took time.Duration
		for b.Loop() {
			took += runOnce(b, e)
		}
		run = float64(took.Nanoseconds()) / float64(b.N)
		ratio(b, took)
	})
	for _, agent := range []string{"lines", "coder"} {
		people := agentsConfig{engine: e, people: map[string][]string{agent: {"ana"}}}
		b.Run(agent+"/cold", func(b *testing.B) {
			i := startInner(b, people)
			defer i.close()
			var took time.Duration
			for b.Loop() {
				b.StopTimer()
				i.ask("ana", "/new")
				hasContainers(b, e, i.data, func(list []aContainer) bool { return len(list) == 0 })
				b.StartTimer()
				took += i.firstByte("ana", "echo hi")
			}
			ratio(b, took)
		})
		b.Run(agent+"/warm", func(b *testing.B) {
			spare := people
			spare.warm = 1
			i := startInner(b, spare)
			defer i.close()
			i.expect("ana", "echo hi", "hi")
			used := ""
			var took time.Duration
			for b.Loop() {
				b.StopTimer()
				i.ask("ana", "/new")
				list := hasContainers(b, e, i.data, func(list []aContainer) bool {
					return len(list) == 1 && list[0].ID != used && list[0].Labels["parachute.session"] == "spare" && list[0].State != "created"
				})
				used = list[0].ID
				// It has begun; how far it is nobody outside can tell.
				time.Sleep(200 * time.Millisecond)
				b.StartTimer()
				took += i.firstByte("ana", "echo hi")
			}
			ratio(b, took)
		})
		b.Run(agent+"/kept", func(b *testing.B) {
			i := startInner(b, people)
			defer i.close()
			i.expect("ana", "echo hi", "hi")
			var took time.Duration
			for b.Loop() {
				took += i.firstByte("ana", "echo hi")
			}
			ratio(b, took)
		})
	}
}

// runOnce is `docker run --rm -i` of the program, until its first byte, by the
// command where there is one, else by the calls that it makes.
func runOnce(b *testing.B, e *testEngine) time.Duration {
	b.Helper()
	docker, err := exec.LookPath("docker")
	if err != nil {
		took, err := e.runOnce()
		if err != nil {
			b.Fatal(err)
		}
		return took
	}
	began := time.Now()
	cmd := exec.Command(docker, "-H", e.Host, "run", "--rm", "-i", "--network", "none", actorsImage, "/bin/program")
	cmd.Stdin = strings.NewReader("echo hi")
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	_, err = io.ReadFull(out, make([]byte, 1))
	took := time.Since(began)
	if err := errors.Join(err, cmd.Wait()); err != nil {
		b.Fatal(err)
	}
	return took
}

func (e *testEngine) runOnce() (took time.Duration, err error) {
	began := time.Now()
	told, err := e.call("POST", "/containers/create", nil, strings.NewReader(fmt.Sprintf(
		`{"Image":%q,"Cmd":["/bin/program"],"AttachStdout":true,"AttachStdin":true,"OpenStdin":true,"StdinOnce":true,"HostConfig":{"NetworkMode":"none"}}`, actorsImage)))
	if err != nil {
		return 0, err
	}
	_, id, _ := strings.Cut(string(told), `"Id":"`)
	id, _, _ = strings.Cut(id, `"`)
	defer func() {
		_, rerr := e.call("DELETE", "/containers/"+id, url.Values{"force": {"1"}}, nil)
		err = errors.Join(err, rerr)
	}()
	conn, err := (&net.Dialer{}).DialContext(context.Background(), "unix", strings.TrimPrefix(e.Host, "unix://"))
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close() }()
	_, err = fmt.Fprintf(conn, "POST /containers/%s/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: engine\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n", id)
	if err != nil {
		return 0, err
	}
	in := bufio.NewReader(conn)
	for line := " "; strings.TrimSpace(line) != ""; {
		if line, err = in.ReadString('\n'); err != nil {
			return 0, err
		}
	}
	if _, err := e.call("POST", "/containers/"+id+"/start", nil, nil); err != nil {
		return 0, err
	}
	if _, err := io.WriteString(conn, "echo hi"); err != nil {
		return 0, err
	}
	if err := conn.(*net.UnixConn).CloseWrite(); err != nil {
		return 0, err
	}
	_, err = in.ReadByte()
	took = time.Since(began)
	_, werr := e.call("POST", "/containers/"+id+"/wait", nil, nil)
	return took, errors.Join(err, werr)
}
