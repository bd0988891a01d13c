package config

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Vault is the name and the kind of the agent that is built in.
const Vault = "vault"

// Agent is a program that answers. The map's key is its name.
type Agent struct {
	// Kind is acp or command.
	Kind string `yaml:"kind"`
	// Command is the program and its arguments; no shell reads it.
	Command []string `yaml:"command"`
	// Image is what a sandboxed one runs in; "" means the policies' or the built-in one.
	Image string `yaml:"image"`
	// Env is the whole environment that it is given.
	Env map[string]Variable `yaml:"env"`
	// Login is the method by which an agent of kind acp logs itself in; "" asks for
	// none.
	Login string `yaml:"login"`
	// Keep lets one process of kind command serve a session, a line of JSON a turn.
	Keep bool `yaml:"keep"`
}

// Variable says where the value of an environment variable comes from: exactly
// one of the three is set.
type Variable struct {
	Env  string `yaml:"env"`
	File string `yaml:"file"`
	// Value is nil where the file has none: an empty one is a value too.
	Value *string `yaml:"value"`
}

// Sandbox is the engine that sandboxed agents run in, and what is kept of them.
type Sandbox struct {
	// Docker is where the engine listens, unix:///path or tcp://host:port; "" means
	// its usual place.
	Docker string `yaml:"docker"`
	// Runtime is an OCI runtime that the engine knows; "" means its own.
	Runtime string `yaml:"runtime"`
	// Kept is the most processes that an agent keeps between turns, and Warm the
	// most that it keeps ready for the next session.
	Kept int `yaml:"kept"`
	Warm int `yaml:"warm"`
	// Running is how many programs work on answers at a time, and PerPerson how many
	// of them one person's may be. Who comes beside them waits.
	Running   int `yaml:"running"`
	PerPerson int `yaml:"per_person"`
}

// AgentNames are the agents that can answer, the built-in one among them, sorted.
func (c Config) AgentNames() []string {
	return slices.Sorted(maps.Keys(withVault(c.Agents)))
}

// AgentKind is vault, acp or command; "" for a name that is no agent's.
func (c Config) AgentKind(name string) string { return withVault(c.Agents)[name].Kind }

// withVault lets nothing stand in the place of the built-in agent.
func withVault(agents map[string]Agent) map[string]Agent {
	out := map[string]Agent{}
	maps.Copy(out, agents)
	out[Vault] = Agent{Kind: Vault}
	return out
}

var (
	agentKinds  = []string{"acp", "command"}
	agentName   = workspaceName
	imageName   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.:/@-]{0,254}$`)
	loginName   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$`)
	runtimeName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$`)
)

func (f *faults) agents(c Config) {
	names := c.AgentNames()
	f.choice("$.agent", "agent", c.Agent, names)
	for _, name := range slices.Sorted(maps.Keys(c.Agents)) {
		switch {
		case name == Vault:
			f.add(f.find("$.agents.vault"), "agents: vault is the agent that is built in; choose another name")
		case !agentName.MatchString(name):
			f.add(f.find("$.agents"), "agents: the name %q must match %s", name, agentName)
		default:
			place{f: f, path: "$.agents." + name, key: "agents." + name}.agent(c.Agents[name])
		}
	}
}

func (p place) agent(a Agent) {
	if a.Kind == "" {
		p.add("", "kind is missing; valid: %s", strings.Join(agentKinds, ", "))
	} else {
		p.f.choice(p.path+".kind", p.key+".kind", a.Kind, agentKinds)
	}
	p.command(a.Command)
	if a.Image != "" && !imageName.MatchString(a.Image) {
		p.add("image", "%q is no image's name; write one that `docker images` shows, such as coder:latest", a.Image)
	}
	if a.Keep && a.Kind == "acp" {
		p.add("keep", "an agent of kind acp is always kept; keep is for kind: command")
	}
	if a.Login != "" && (a.Kind != "acp" || !loginName.MatchString(a.Login)) {
		p.add("login", "the name of a method by which an agent of kind acp logs in, such as codex-api-key; the log names those that it offers")
	}
	for _, name := range slices.Sorted(maps.Keys(a.Env)) {
		if !variableName.MatchString(name) {
			p.add("env", "the name %q must match %s", name, variableName)
			continue
		}
		p.variable("env."+name, name, a.Env[name])
	}
}

func (p place) command(command []string) {
	switch {
	case len(command) == 0 || command[0] == "":
		p.add("command", "name the program and its arguments, such as command: [codex-acp]")
		return
	case strings.ContainsAny(command[0], " \t\n") && !strings.Contains(command[0], "/"):
		p.add("command[0]", "the program and each of its arguments are entries of their own, such as command: [goose, acp]; no shell reads them")
	}
	for i, arg := range command {
		_, value, _ := strings.Cut(arg, "=")
		if looksSecret(arg) || looksSecret(value) {
			p.add(fmt.Sprintf("command[%d]", i), "everybody on this computer can read a command line; put the secret into a file or the environment, and name it under env")
		}
	}
}

// variable checks where one variable comes from. No value is shown.
func (p place) variable(key, name string, v Variable) {
	sources := 0
	for _, set := range []bool{v.Env != "", v.File != "", v.Value != nil} {
		if set {
			sources++
		}
	}
	switch {
	case sources == 0:
		p.add(key, "say where its value comes from: {env: NAME}, {file: ./FILE} or {value: TEXT}")
	case sources > 1:
		p.add(key, "name one of env, file and value, not several")
	case v.Env != "" && (!variableName.MatchString(v.Env) || looksSecret(v.Env)):
		p.add(key+".env", "this is the name of a variable of Parachute's own environment, such as %s, never the value itself", name)
	case v.File != "" && looksSecret(filepath.Base(v.File)):
		p.add(key+".file", "this is the name of a file that holds the value, never the value itself")
	case v.Value != nil && strings.ContainsRune(*v.Value, 0):
		p.add(key+".value", "a value has no NUL")
	case v.Value != nil && (looksSecret(*v.Value) || secretName.MatchString(strings.ToUpper(name)) && mayBeSecret(*v.Value)):
		p.add(key+".value", "this looks like a secret, which is never in this file: put it in a file or the environment, and write {file: ./FILE} or {env: NAME}")
	}
}

// secretName is what variables that hold secrets are called. What ends otherwise,
// MAX_TOKENS or KEY_FILE say, holds something else.
var secretName = regexp.MustCompile(`(KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?)(_|[0-9])*$`)

// mayBeSecret leaves out what nobody has for one: "dummy", a number, a path.
func mayBeSecret(value string) bool {
	_, err := strconv.ParseFloat(value, 64)
	return len(value) >= 6 && err != nil && !strings.HasPrefix(value, "/") && !strings.HasPrefix(value, "./") && !strings.HasPrefix(value, "~/")
}
