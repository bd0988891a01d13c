// Package config reads parachute.yaml: what the operator says about audience,
// trust, connectors and places. It tells what is wrong with a file by line, and
// what would be right.
//
// It holds no rule about who may do what (those are policies) and no secret: a
// secret is named by the environment variable or the file that holds it.
package config

import (
	"time"
)

// DefaultFile is the configuration that is read when none is named.
const DefaultFile = "parachute.yaml"

// Config is the whole configuration. Paths are absolute or relative to the
// process's working directory.
type Config struct {
	// File is where it was read from; "" when there is no file.
	File string `yaml:"-"`

	Audience string `yaml:"audience"`
	Trust    string `yaml:"trust"`
	Groups   string `yaml:"groups"`
	Policies string `yaml:"policies"`
	Data     string `yaml:"data"`
	// Agent answers unless the policies choose another: vault, or a name of Agents.
	Agent      string               `yaml:"agent"`
	Agents     map[string]Agent     `yaml:"agents"`
	Sandbox    Sandbox              `yaml:"sandbox"`
	Workspaces map[string]Workspace `yaml:"workspaces"`
	Connectors []Connector          `yaml:"connectors"`
	Decisions  Decisions            `yaml:"decisions"`
	Turns      Turns                `yaml:"turns"`
	Log        Log                  `yaml:"log"`
}

// Workspace places a workspace in a folder of the host.
type Workspace struct {
	Path string `yaml:"path"`
}

// Connector is one connection to a chat platform. Which keys go with which kind
// stands in connectors.go.
type Connector struct {
	// Name prefixes the ids of this connector's people and chats.
	Name string `yaml:"name"`
	Kind string `yaml:"kind"`

	// Token and Password say where a secret is; it is never in this file.
	TokenEnv     string `yaml:"token_env"`
	TokenFile    string `yaml:"token_file"`
	PasswordEnv  string `yaml:"password_env"`
	PasswordFile string `yaml:"password_file"`

	// APIURL is a server to use in the place of the platform's own.
	APIURL  string  `yaml:"api_url"`
	Webhook Webhook `yaml:"webhook"`

	Homeserver string `yaml:"homeserver"`
	User       string `yaml:"user"`
	// Rooms are those that the bot may join, by id or alias.
	Rooms []string `yaml:"rooms"`
	// DirectMessages lets anybody invite the bot to a chat of two.
	DirectMessages bool `yaml:"direct_messages"`
	// Encryption is nil where the file does not say: encrypted.
	Encryption *bool `yaml:"encryption"`
}

// Webhook is an address at which a platform delivers events.
type Webhook struct {
	Listen     string `yaml:"listen"`
	URL        string `yaml:"url"`
	SecretEnv  string `yaml:"secret_env"`
	SecretFile string `yaml:"secret_file"`
}

// Encrypted tells whether a connector uses end-to-end encryption.
func (c Connector) Encrypted() bool { return c.Encryption == nil || *c.Encryption }

// Decisions is how decisions are made and kept.
type Decisions struct {
	// Timeout bounds one decision; a policy that takes longer denies.
	Timeout time.Duration `yaml:"timeout"`
	// StoreText keeps the texts of messages in the decision log.
	StoreText bool `yaml:"store_text"`
}

// Turns is how answers are made.
type Turns struct {
	// Timeout bounds one answer.
	Timeout time.Duration `yaml:"timeout"`
	// DraftAfter is how long an answer may take before it is shown while it is
	// made.
	DraftAfter time.Duration `yaml:"draft_after"`
}

// Log is the process's own log.
type Log struct {
	// Level is debug, info, warn or error.
	Level string `yaml:"level"`
	// File takes the log; "" means standard error, or the data folder's
	// parachute.log while a person sits at the console.
	File string `yaml:"file"`
}

// Default is the configuration of a run without a file.
func Default() Config {
	return Config{
		Audience:   "private",
		Trust:      "sandboxed",
		Groups:     "mention_only",
		Data:       "data",
		Agent:      Vault,
		Sandbox:    Sandbox{Kept: 16, Warm: 1, Running: 16, PerPerson: 3},
		Connectors: []Connector{{Name: "console", Kind: "console"}},
		Decisions:  Decisions{Timeout: 500 * time.Millisecond},
		Turns:      Turns{Timeout: 10 * time.Minute, DraftAfter: 700 * time.Millisecond},
		Log:        Log{Level: "info"},
	}
}

// oldTrust are the spellings of trust that earlier systems used.
var oldTrust = map[string]string{
	"trusted": "direct", "full": "direct", "vault": "direct", "untrusted": "sandboxed",
}
