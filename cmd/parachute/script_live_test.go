package main

import (
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// live is a `parachute start` that runs beside the script.
type live struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	ended chan error
}

type liveKey struct{}

func lives(ts *testscript.TestScript) map[string]*live {
	return ts.Value(liveKey{}).(map[string]*live)
}

func liveOf(ts *testscript.TestScript, name string) *live {
	l := lives(ts)[name]
	if l == nil {
		ts.Fatalf("nothing is served as %q", name)
	}
	return l
}

// scriptCommand is a command in the script's folder and environment.
func scriptCommand(ts *testscript.TestScript, args ...string) *exec.Cmd {
	c := exec.Command("parachute", args...)
	c.Dir = ts.MkAbs(".")
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "GORACE", "GOCOVERDIR", "CHAT_TOKEN", "CHAT_PASSWORD"} {
		if v := ts.Getenv(name); v != "" {
			c.Env = append(c.Env, name+"="+v)
		}
	}
	return c
}

func cmdServe(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, args, 1, "serve NAME ARG…")
	name := args[0]
	c := scriptCommand(ts, append([]string{"start"}, args[1:]...)...)
	outFile, logFile := ts.MkAbs(name+".out"), ts.MkAbs(name+".err")
	out, err := os.OpenFile(outFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	ts.Check(err)
	defer func() { _ = out.Close() }()
	log, err := os.OpenFile(logFile, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	ts.Check(err)
	defer func() { _ = log.Close() }()
	c.Stdout, c.Stderr = out, log
	stdin, err := c.StdinPipe()
	ts.Check(err)
	ts.Check(c.Start())
	l := &live{cmd: c, stdin: stdin, ended: make(chan error, 1)}
	go func() { l.ended <- c.Wait() }()
	lives(ts)[name] = l
	ts.Defer(func() {
		_ = c.Process.Kill()
		ts.Logf("[%s.err]\n%s", name, readIfThere(logFile))
	})
	eventually(ts, name+" to start", func() (bool, string) {
		select {
		case err := <-l.ended:
			ts.Fatalf("%s ended at once: %v\n%s", name, err, readIfThere(logFile))
		default:
		}
		text := readIfThere(logFile)
		return strings.Contains(text, "msg=started"), text
	})
}

func readIfThere(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(data)
}

func cmdFeed(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, args, 2, "feed NAME LINE…")
	for _, line := range args[1:] {
		_, err := io.WriteString(liveOf(ts, args[0]).stdin, line+"\n")
		ts.Check(err)
	}
}

func cmdFinish(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, args, 1, "finish NAME [CODE]")
	ts.Check(liveOf(ts, args[0]).stdin.Close())
	endLive(ts, args)
}

func cmdTerminate(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, args, 1, "terminate NAME [CODE]")
	ts.Check(liveOf(ts, args[0]).cmd.Process.Signal(syscall.SIGTERM))
	endLive(ts, args)
}

// endLive waits for a process and holds it to its exit code.
func endLive(ts *testscript.TestScript, args []string) {
	want := 0
	if len(args) > 1 {
		want = scriptNumber(ts, args[1])
	}
	got := exitCodeOf(ts, <-liveOf(ts, args[0]).ended)
	delete(lives(ts), args[0])
	if got != want {
		ts.Fatalf("%s: exit code %d, want %d", args[0], got, want)
	}
}

func cmdAwait(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, args, 2, "await FILE REGEXP")
	re, err := regexp.Compile(`(?m)` + args[1])
	ts.Check(err)
	eventually(ts, args[1]+" in "+args[0], func() (bool, string) {
		text := readIfThere(ts.MkAbs(args[0]))
		return re.MatchString(text), text
	})
}

func cmdAwaitStatus(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, args, 2, "awaitstatus CODE REGEXP")
	re, err := regexp.Compile(args[1])
	ts.Check(err)
	want := scriptNumber(ts, args[0])
	eventually(ts, "the status "+args[1], func() (bool, string) {
		out, err := scriptCommand(ts, "status", "--json").Output()
		return exitCodeOf(ts, err) == want && re.Match(out), string(out)
	})
}

func cmdCapture(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, args, 3, "capture NAME REGEXP FILE")
	re, err := regexp.Compile(`(?m)` + args[1])
	ts.Check(err)
	text := ts.ReadFile(args[2])
	found := re.FindAllStringSubmatch(text, -1)
	if len(found) != 1 || len(found[0]) != 2 {
		ts.Fatalf("%s matches %d times, not once with one group, in:\n%s", args[1], len(found), text)
	}
	ts.Setenv(args[0], found[0][1])
}
