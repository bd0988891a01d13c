package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func text(s string) *string { return &s }

func TestAgents(t *testing.T) {
	for words, want := range map[string]Agent{
		"{kind: acp, command: [codex-acp]}": {Kind: "acp", Command: []string{"codex-acp"}},
		"{kind: acp, command: [gemini, --experimental-acp], image: 'example.org/a/b:1@x', keep: false}": {
			Kind: "acp", Command: []string{"gemini", "--experimental-acp"}, Image: "example.org/a/b:1@x",
		},
		"{kind: command, command: ['/opt/my programs/x', -n, 5, true, '', '{message}'], keep: true}": {
			Kind: "command", Command: []string{"/opt/my programs/x", "-n", "5", "true", "", "{message}"}, Keep: true,
		},
		"{kind: command, command: [x], env: {A: {env: B}, c_1: {file: secrets/c}, _D: {file: /d}, E: {value: ''}, F: {value: C.UTF-8}, N: {value: 1.25}, B: {value: true}}}": {
			Kind: "command", Command: []string{"x"}, Env: map[string]Variable{
				"A": {Env: "B"}, "c_1": {File: "/etc/p/secrets/c"}, "_D": {File: "/d"}, "E": {Value: text("")}, "F": {Value: text("C.UTF-8")},
				"N": {Value: text("1.25")}, "B": {Value: text("true")},
			},
		},
		// What is no secret may stand here, whatever its variable is called.
		"{kind: acp, command: [x], env: {API_KEY: {value: dummy}, MAX_TOKENS: {value: '400000'}, KEY_FILE: {value: /run/secrets/key}, TOKEN: {value: /run/token}, KEY: {value: 1234567}}}": {
			Kind: "acp", Command: []string{"x"}, Env: map[string]Variable{
				"API_KEY": {Value: text("dummy")}, "MAX_TOKENS": {Value: text("400000")}, "KEY_FILE": {Value: text("/run/secrets/key")}, "TOKEN": {Value: text("/run/token")}, "KEY": {Value: text("1234567")},
			},
		},
	} {
		c, err := Parse("/etc/p/f.yaml", []byte("agent: my-coder_2\nagents: {my-coder_2: "+words+"}"))
		if err != nil || !reflect.DeepEqual(c.Agents, map[string]Agent{"my-coder_2": want}) {
			t.Errorf("%s is read as %+v, %v", words, c.Agents, err)
		}
		if c.Agent != "my-coder_2" || c.AgentKind(c.Agent) != want.Kind {
			t.Errorf("%s: agent %q of kind %q", words, c.Agent, c.AgentKind(c.Agent))
		}
	}
}

func TestAgentNames(t *testing.T) {
	c, err := Parse("f.yaml", []byte("agents:\n  zoe: {kind: acp, command: [z]}\n  ask: {kind: command, command: [a]}\n"))
	if err != nil || !slices.Equal(c.AgentNames(), []string{"ask", "vault", "zoe"}) {
		t.Errorf("%v, %v", c.AgentNames(), err)
	}
	if Default().AgentKind("vault") != "vault" || Default().AgentKind("zoe") != "" || !slices.Equal(Default().AgentNames(), []string{"vault"}) {
		t.Error("the built-in agent is another")
	}
	// What a caller makes without Parse cannot take the built-in one's place either.
	c.Agents["vault"] = Agent{Kind: "acp"}
	if c.AgentKind("vault") != "vault" {
		t.Error("vault was redefined")
	}
}

// No fault of an agent shows a value: each could be a secret.
func TestAgentFaults(t *testing.T) {
	const x = "kind: command, command: [x]"
	for words, want := range map[string]string{
		"{command: [x]}":                                                 "agents.a: kind is missing; valid: acp, command",
		"{kind: vault, command: [x]}":                                    `agents.a.kind: "vault" is not valid; valid: acp, command`,
		"{kind: comand, command: [x]}":                                   `agents.a.kind: "comand" is not valid; valid: acp, command; did you mean "command"?`,
		"{kind: acp}":                                                    "agents.a.command: name the program and its arguments, such as command: [codex-acp]",
		"{kind: acp, command: []}":                                       "agents.a.command: name the program",
		"{kind: acp, command: ['']}":                                     "agents.a.command: name the program",
		"{kind: acp, command: [~]}":                                      "agents.a.command: name the program",
		"{kind: acp, command: codex-acp}":                                "agents.a.command: write a list",
		"{kind: acp, command: [goose acp]}":                              "agents.a.command[0]: the program and each of its arguments are entries of their own",
		"{kind: acp, command: [x, --version, 1.0]}":                      "agents.a.command[2]: write it in quotes",
		"{" + x + ", env: {UMASK: {value: 022}}}":                        "agents.a.env.UMASK.value: write it in quotes",
		"{" + x + ", env: {A: {value: 0x10}}}":                           "write it in quotes",
		"{" + x + ", env: {A: {value: TRUE}}}":                           "write it in quotes",
		"{" + x + ", env: {A: {value: .inf}}}":                           "write it in quotes",
		"{kind: acp, command: [[x]]}":                                    "agents.a.command[0]: write one value, not a list",
		"{kind: acp, command: [x, --key=sk-hushhushhushhushhush]}":       "agents.a.command[1]: everybody on this computer can read a command line",
		"{kind: acp, command: [x, ghp_hushhushhushhushhushhush]}":        "agents.a.command[1]: everybody on this computer can read a command line",
		"{kind: acp, command: [x], keep: true}":                          "agents.a.keep: an agent of kind acp is always kept",
		"{kind: acp, command: [x], imgae: y}":                            `unknown key "agents.a.imgae"; valid: kind, command, image, env, login, keep; did you mean "image"?`,
		"{" + x + ", image: 'a b'}":                                      `agents.a.image: "a b" is no image's name`,
		"{" + x + ", image: '-v/:/host'}":                                "is no image's name",
		"{" + x + ", keep: 'true'}":                                      `agents.a.keep: "true" is not valid; valid: true, false`,
		"{" + x + ", env: [A=hush]}":                                     "agents.a.env: write keys and values below it, not a list",
		"{" + x + ", env: {A-B: {env: C}}}":                              `agents.a.env: the name "A-B" must match`,
		"{" + x + ", env: {1A: {env: C}}}":                               `agents.a.env: the name "1A" must match`,
		"{" + x + ", env: {'': {env: C}}}":                               `agents.a.env: the name "" must match`,
		"{" + x + ", env: {A: hush}}":                                    "agents.a.env.A: write {env: NAME}, {file: ./FILE} or {value: TEXT}",
		"{" + x + ", env: {A: [hush]}}":                                  "agents.a.env.A: write {env: NAME}",
		"{" + x + ", env: {A: }}":                                        "agents.a.env.A: say where its value comes from",
		"{" + x + ", env: {A: {}}}":                                      "agents.a.env.A: say where its value comes from",
		"{" + x + ", env: {A: {value: ~}}}":                              "agents.a.env.A: say where its value comes from",
		"{" + x + ", env: {A: {vaule: hush}}}":                           `unknown key "agents.a.env.A.vaule"; valid: env, file, value; did you mean "value"?`,
		"{" + x + ", env: {A: {env: B, value: hush}}}":                   "agents.a.env.A: name one of env, file and value, not several",
		"{" + x + ", env: {A: {file: b, value: ''}}}":                    "agents.a.env.A: name one of env, file and value, not several",
		"{" + x + ", env: {A: {env: 'hush hush'}}}":                      "agents.a.env.A.env: this is the name of a variable of Parachute's own environment, such as A",
		"{" + x + ", env: {A: {env: $HUSH}}}":                            "agents.a.env.A.env: this is the name of a variable",
		"{" + x + ", env: {A: {env: ghp_hushhushhushhushhush}}}":         "agents.a.env.A.env: this is the name of a variable",
		"{" + x + ", env: {A: {file: sk-hushhushhushhushhush}}}":         "agents.a.env.A.file: this is the name of a file",
		"{" + x + ", env: {OPENAI_API_KEY: {value: sk-hush}}}":           "agents.a.env.OPENAI_API_KEY.value: this looks like a secret",
		"{" + x + ", env: {github_token_2: {value: hushhush}}}":          "value: this looks like a secret",
		"{" + x + ", env: {DB_PASSWORD: {value: 'hush hush'}}}":          "put it in a file or the environment",
		"{" + x + ", env: {CLIENT_SECRET: {value: hushes}}}":             "value: this looks like a secret",
		"{" + x + ", env: {HARMLESS: {value: sk-hushhushhushhushhush}}}": "value: this looks like a secret",
		"{" + x + `, env: {A: {value: "hush\0"}}}`:                       "agents.a.env.A.value: a value has no NUL",
		"{" + x + ", env: {A: {value: [hush]}}}":                         "agents.a.env.A.value: write one value, not a list",
	} {
		_, err := Parse("f.yaml", []byte("agents: {a: "+words+"}"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\n got %v\nwant %s", words, err, want)
		}
		if err != nil && (strings.Contains(err.Error(), "hush") || !strings.HasPrefix(err.Error(), "f.yaml:1:")) {
			t.Errorf("%s: %v", words, err)
		}
	}
}

func TestAgentNameFaults(t *testing.T) {
	for name, want := range map[string]string{
		"vault": "agents: vault is the agent that is built in; choose another name",
		"Coder": `agents: the name "Coder" must match`, "../x": `agents: the name "../x" must match`, "-a": "must match", "a b": "must match", "''": "must match",
		strings.Repeat("a", 64): "must match",
	} {
		_, err := Parse("f.yaml", []byte(fmt.Sprintf("agents:\n  %s: {kind: acp, command: [x]}\n", name)))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "f.yaml:2:") && !strings.HasPrefix(err.Error(), "f.yaml:1:") {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := Parse("f.yaml", []byte("agent: codr\nagents: {coder: {kind: acp, command: [x]}}"))
	if err == nil || !strings.Contains(err.Error(), `f.yaml:1:8: agent: "codr" is not valid; valid: coder, vault; did you mean "coder"?`) {
		t.Error(err)
	}
}

func TestSandbox(t *testing.T) {
	for words, want := range map[string]Sandbox{
		"{}":        {Kept: 16, Warm: 1, Running: 16, PerPerson: 3},
		"{kept: 4}": {Kept: 4, Warm: 1, Running: 16, PerPerson: 3},
		"{docker: 'unix:///run/user/1000/docker.sock', runtime: runsc, kept: 1, warm: 0}": {Docker: "unix:///run/user/1000/docker.sock", Runtime: "runsc", Kept: 1, Running: 16, PerPerson: 3},
		"{docker: 'tcp://[::1]:2375', kept: 1000, warm: 100}":                             {Docker: "tcp://[::1]:2375", Kept: 1000, Warm: 100, Running: 16, PerPerson: 3},
	} {
		c, err := Parse("f.yaml", []byte("sandbox: "+words))
		if err != nil || c.Sandbox != want {
			t.Errorf("%s is read as %+v, %v", words, c.Sandbox, err)
		}
	}
	for words, want := range map[string]string{
		"{docker: /var/run/docker.sock}":       "sandbox.docker: this is not where an engine listens; write unix:///var/run/docker.sock",
		"{docker: 'unix://docker.sock'}":       "sandbox.docker: this is not where",
		"{docker: 'tcp://localhost'}":          "sandbox.docker: this is not where",
		"{docker: 'tcp://:2375'}":              "sandbox.docker: this is not where",
		"{docker: 'tcp://u:hush@localhost:1'}": "sandbox.docker: this is not where",
		"{docker: 'https://localhost:2376'}":   "sandbox.docker: this is not where",
		"{docker: 'ssh://hush@host'}":          "sandbox.docker: this is not where",
		"{runtime: 'a b'}":                     `sandbox.runtime: "a b" is no runtime's name`,
		"{runtime: ../runc}":                   "is no runtime's name",
		"{kept: 0}":                            "sandbox.kept: 0 is not valid; valid: 1 to 1000",
		"{kept: 1001}":                         "sandbox.kept: 1001 is not valid",
		"{warm: -1}":                           "sandbox.warm: -1 is not valid; valid: 0 to 100",
		"{warm: 101}":                          "sandbox.warm: 101 is not valid",
		"{kept: many}":                         `sandbox.kept: "many" is not valid; write a whole number`,
		"{kept: 1.5}":                          `sandbox.kept: "1.5" is not valid; write a whole number`,
		"{kept: 4k}":                           "sandbox.kept",
		"{kept: 99999999999999999999}":         "sandbox.kept",
		"{keep: 1}":                            `unknown key "sandbox.keep"; valid: docker, runtime, kept, warm, running, per_person`,
		"none":                                 "sandbox: write keys and values below it",
	} {
		_, err := Parse("f.yaml", []byte("sandbox: "+words))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hush") || !strings.HasPrefix(err.Error(), "f.yaml:1:") {
			t.Errorf("%s:\n got %v\nwant %s", words, err, want)
		}
	}
}
