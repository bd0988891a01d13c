package main

import (
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"time"
)

// terminal asks for what the steps say, one after another, and says each answer
// on a line of its own, unless "hush" goes before. A "~" in a word stands for a
// space. Steps are:
//
//	create [session=S] [cwd=DIR] [limit=N] [env=NAME=VALUE] COMMAND ARG…
//	output N, wait N, kill N, release N: of the Nth terminal that was made
//	await N TEXT: until its output has that
//	stay: until the file "go" is in the working directory; not told
//	hang: until the turn is cancelled
//	leave: ends the agent
func (a *agent) terminal(text string, cancel chan struct{}) {
	for step := range strings.SplitSeq(text, " ; ") {
		words := strings.Fields(step)
		for i := range words {
			words[i] = strings.ReplaceAll(words[i], "~", " ")
		}
		hush := words[0] == "hush"
		if hush {
			words = words[1:]
		}
		var answer string
		switch words[0] {
		case "create":
			answer = a.create(words[1:])
		case "output", "kill", "release":
			answer = a.ask("terminal/"+words[0], a.params(words[1]))
		case "wait":
			answer = a.ask("terminal/wait_for_exit", a.params(words[1]))
		case "await":
			for !strings.Contains(answer, words[2]) {
				time.Sleep(5 * time.Millisecond)
				answer = a.ask("terminal/output", a.params(words[1]))
			}
		case "stay":
			for _, err := os.Stat("go"); err != nil; _, err = os.Stat("go") {
				time.Sleep(5 * time.Millisecond)
			}
			continue
		case "hang":
			<-cancel
			continue
		case "leave":
			os.Exit(0)
		}
		if !hush {
			a.say(answer + "\n")
		}
	}
}

func (a *agent) params(which string) map[string]any {
	id := which
	if n, err := strconv.Atoi(which); err == nil && n <= len(a.terminals) {
		id = a.terminals[n-1]
	}
	return map[string]any{"sessionId": "s1", "terminalId": id}
}

func (a *agent) create(words []string) string {
	p := map[string]any{"sessionId": "s1"}
	var env []any
	for {
		name, value, _ := strings.Cut(words[0], "=")
		switch name {
		case "session":
			p["sessionId"] = value
		case "cwd":
			p["cwd"] = value
		case "limit":
			p["outputByteLimit"], _ = strconv.Atoi(value)
		case "env":
			name, value, _ = strings.Cut(value, "=")
			env = append(env, map[string]any{"name": name, "value": value})
		default:
			p["command"], p["args"], p["env"] = words[0], words[1:], env
			answer := a.ask("terminal/create", p)
			var made struct{ TerminalId string }
			if json.Unmarshal([]byte(answer), &made) == nil && made.TerminalId != "" {
				a.terminals = append(a.terminals, made.TerminalId)
				answer = "made"
			}
			return answer
		}
		words = words[1:]
	}
}
