package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/rogpeppe/go-internal/testscript"
)

type agentsKey struct{}

// cast is what the agents of a script run in and talk to.
type cast struct {
	engine *testEngine
	model  *model
}

func castOf(ts *testscript.TestScript) *cast { return ts.Value(agentsKey{}).(*cast) }

func engineOf(ts *testscript.TestScript) *testEngine {
	e := castOf(ts).engine
	if e == nil {
		ts.Fatalf("there is no engine: begin with `engine`")
	}
	return e
}

// cmdTell lets a person of the connector stdio write a direct message.
func cmdTell(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, args, 4, "tell NAME PERSON ID TEXT…")
	line, err := json.Marshal(chatLine{ID: args[2], Chat: "dm-" + args[1], ChatKind: "dm", User: args[1], Text: strings.Join(args[3:], " ")})
	ts.Check(err)
	_, err = io.WriteString(liveOf(ts, args[0]).stdin, string(line)+"\n")
	ts.Check(err)
}

const engineUsage = "engine [own|stop|kill|start]"

// cmdEngine gives a script the engine of all tests, or one of its own, which it
// can stop and start.
func cmdEngine(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, args, 0, engineUsage)
	verb := ""
	if len(args) > 0 {
		verb = args[0]
	}
	switch verb {
	case "":
		e, err := theHouse.open()
		ts.Check(err)
		setEngine(ts, e)
	case "own":
		e, err := startTestEngine()
		ts.Check(err)
		ts.Defer(func() { _ = e.Close() })
		if !e.Own() {
			ts.Fatalf("this script stops the engine: run it as root, with dockerd installed")
		}
		setEngine(ts, e)
	case "stop":
		ts.Check(engineOf(ts).Stop())
	case "kill":
		ts.Check(engineOf(ts).Kill())
	case "start":
		ts.Check(engineOf(ts).Start())
	default:
		ts.Fatalf("usage: %s", engineUsage)
	}
}

func setEngine(ts *testscript.TestScript, e *testEngine) {
	castOf(ts).engine = e
	dir, err := actors()
	ts.Check(err)
	ts.Setenv("ENGINE", e.Host)
	ts.Setenv("ACTORS", dir)
}

// cmdContainers waits until the engine has so many containers of the script's
// installation.
func cmdContainers(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, args, 1, "containers N [STATE]")
	want := scriptNumber(ts, args[0])
	eventually(ts, args[0]+" containers", func() (bool, string) {
		list, err := engineOf(ts).containers(ts.MkAbs("data"))
		ts.Check(err)
		if len(args) > 1 {
			list = slices.DeleteFunc(list, func(c aContainer) bool { return c.State != args[1] })
		}
		return len(list) == want, fmt.Sprintf("%+v", list)
	})
}

// cmdBait puts on the host what an agent may not find, and names it in the
// environment: a file, a process with a secret, sockets.
func cmdBait(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, args, 0, "bait")
	token := "token-" + uuid.NewString()
	secret := ts.MkAbs("secret.txt")
	ts.Check(os.WriteFile(secret, []byte(token), 0o644))
	dir, err := actors()
	ts.Check(err)
	process := exec.Command(filepath.Join(dir, "probe"), "idle")
	process.Env = []string{"TOKEN=" + token}
	ts.Check(process.Start())
	ts.Defer(func() { _ = process.Process.Kill(); _ = process.Wait() })
	loopback, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { _ = loopback.Close() })
	abstract, err := net.Listen("unix", "@"+token)
	ts.Check(err)
	ts.Defer(func() { _ = abstract.Close() })
	for name, value := range map[string]string{
		"BAIT_TOKEN": token, "BAIT_SECRET": secret, "BAIT_PID": fmt.Sprint(process.Process.Pid),
		"BAIT_LOOPBACK": loopback.Addr().String(), "BAIT_ENGINE": strings.TrimPrefix(engineOf(ts).Host, "unix://"),
	} {
		ts.Setenv(name, value)
	}
}

// cmdOwned makes a folder that an agent in a sandbox may write.
func cmdOwned(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, args, 1, "owned DIR")
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o700))
	if os.Geteuid() == 0 {
		ts.Check(os.Chown(dir, 1000, 1000))
	}
}

// cmdEscaped holds the probe's report, which is the answer to a message, to what
// an agent is meant to be able to do.
func cmdEscaped(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, args, 3, "escaped FILE ID ATTEMPTS [MEANT…]")
	type attempt struct {
		Name, Detail string
		Could        bool
	}
	var report []attempt
	eventually(ts, "a report", func() (bool, string) {
		all := ""
		for _, l := range scriptLines(ts, args[0]) {
			if l.ReplyTo == args[1] {
				all += l.Text
			}
		}
		return all != "" && json.Unmarshal([]byte(all), &report) == nil, all
	})
	if len(report) < scriptNumber(ts, args[2]) {
		ts.Fatalf("only %d attempts", len(report))
	}
	var wrong []string
	for _, a := range report {
		if a.Could != slices.Contains(args[3:], a.Name) {
			wrong = append(wrong, fmt.Sprintf("%s: could: %v (%s)", a.Name, a.Could, a.Detail))
		}
	}
	if len(wrong) > 0 {
		ts.Fatalf("%d attempts:\n%s", len(report), strings.Join(wrong, "\n"))
	}
}

// cmdModel plays a model in the script.
func cmdModel(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg && args[0] != "asked", args, 2, "model serve SOCKET | says PIECE… | works WORDS | runs COMMAND | asked N REGEXP")
	if args[0] == "serve" {
		socket := ts.MkAbs(args[1])
		m, err := newModel(socket)
		ts.Check(err)
		ts.Defer(m.close)
		castOf(ts).model = m
		return
	}
	m := castOf(ts).model
	if m == nil {
		ts.Fatalf("there is no model: begin with `model serve`")
	}
	switch args[0] {
	case "says":
		m.next(saying(args[1:]...))
	case "works":
		m.next(working(args[1]))
	case "runs":
		m.next(calling(args[1]))
	case "asked":
		wants(ts, false, args, 3, "model asked N REGEXP")
		re, err := regexp.Compile(`(?s)` + args[2])
		ts.Check(err)
		n := scriptNumber(ts, args[1])
		eventually(ts, "request "+args[1]+" of the model", func() (bool, string) {
			all := m.requests()
			return len(all) >= n && re.MatchString(all[n-1]) != neg, strings.Join(all, "\n")
		})
	default:
		ts.Fatalf("unknown: model %s", args[0])
	}
}

// cmdCodex puts a real agent into the engine, as codex:latest.
func cmdCodex(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, args, 0, "codex")
	program, err := codexProgram(testing.Short())
	ts.Check(err)
	ts.Check(codexImage(engineOf(ts), program))
}

// agentCondition tells scripts what there is: codex, the real agent.
func agentCondition(name string) (bool, error) {
	if name != "codex" {
		return false, fmt.Errorf("unknown condition %q", name)
	}
	program, err := codexProgram(testing.Short())
	return program != "", err
}
