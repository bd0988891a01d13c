package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// keysOfKind are the kinds of connector, and the keys beside name and kind that
// each has.
var keysOfKind = map[string][]string{
	"console":  {},
	"stdio":    {},
	"telegram": {"token_env", "token_file", "api_url", "webhook"},
	"discord":  {"token_env", "token_file", "api_url"},
	"matrix": {
		"homeserver", "user", "token_env", "token_file", "password_env", "password_file",
		"rooms", "direct_messages", "encryption",
	},
}

// commandLine names the source of commands given on the command line: nobody may
// come in under its name.
const commandLine = "terminal"

// kinds in the order in which they are told.
var kinds = []string{"console", "stdio", "telegram", "discord", "matrix"}

// Kinds are the kinds of connector.
func Kinds() []string { return slices.Clone(kinds) }

var (
	connectorName = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}$`)
	variableName  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	matrixUser    = regexp.MustCompile(`^@[^:\s]+:[^\s]+$`)
	matrixRoom    = regexp.MustCompile(`^[!#][^\s]+$`)
)

func (f *faults) connectors(c Config) {
	if len(c.Connectors) == 0 {
		f.add(f.find("$.connectors"), "connectors: the list is empty; `- kind: console` is the simplest")
	}
	seen, tokens, terminals := map[string]bool{}, map[string]string{}, 0
	for i, conn := range c.Connectors {
		at := place{f: f, path: fmt.Sprintf("$.connectors[%d]", i), key: fmt.Sprintf("connectors[%d]", i)}
		if conn.Kind == "" {
			at.add("", "kind is missing; valid: %s", strings.Join(kinds, ", "))
			continue
		}
		f.choice(at.path+".kind", at.key+".kind", conn.Kind, kinds)
		switch {
		case !connectorName.MatchString(conn.Name):
			at.add("name", "%q must match %s: it prefixes ids", conn.Name, connectorName)
		case conn.Name == commandLine:
			at.add("name", "%q is the name of this computer's own command line; take another", conn.Name)
		case seen[conn.Name]:
			f.add(f.find(at.path), "%s.name: %q is taken by another connector; give each its own", at.key, conn.Name)
		}
		seen[conn.Name] = true
		if conn.Kind == "console" || conn.Kind == "stdio" {
			if terminals++; terminals == 2 {
				at.add("", "only one connector can have standard input; keep one of console and stdio")
			}
		}
		if keys, ok := keysOfKind[conn.Kind]; ok {
			at.connector(conn, keys)
		}
		if token := conn.TokenEnv + conn.TokenFile; token != "" {
			if other, taken := tokens[token]; taken {
				at.add("", "its token is that of connector %s; a bot is one connector, or both would throw each other out", other)
			}
			tokens[token] = conn.Name
		}
	}
}

// place is one connector of the file.
type place struct {
	f         *faults
	path, key string
}

// add tells a fault of a key, or of the whole connector where key is "".
func (p place) add(key, format string, args ...any) {
	path, name := p.path, p.key
	if key != "" {
		path, name = path+"."+key, name+"."+key
	}
	tok := p.f.find(path)
	if tok == nil {
		tok = p.f.find(p.path)
	}
	p.f.add(tok, "%s: %s", name, fmt.Sprintf(format, args...))
}

// connector checks the keys of one kind. No value of a key that may hold a
// secret by mistake is shown.
func (p place) connector(c Connector, keys []string) {
	v := reflect.ValueOf(c)
	for i := range v.NumField() {
		tag := v.Type().Field(i).Tag.Get("yaml")
		if tag != "name" && tag != "kind" && !v.Field(i).IsZero() && !slices.Contains(keys, tag) {
			p.add(tag, "does not go with kind: %s; valid there: %s", c.Kind, strings.Join(append([]string{"name", "kind"}, keys...), ", "))
		}
	}
	switch c.Kind {
	case "telegram":
		p.secret("token", c.TokenEnv, c.TokenFile, "TELEGRAM_TOKEN")
		p.address("api_url", c.APIURL)
		if c.Webhook != (Webhook{}) {
			p.webhook(c.Webhook)
		}
	case "discord":
		p.secret("token", c.TokenEnv, c.TokenFile, "DISCORD_TOKEN")
		p.address("api_url", c.APIURL)
	case "matrix":
		p.matrix(c)
	}
}

func (p place) matrix(c Connector) {
	if c.Homeserver == "" {
		p.add("homeserver", "name the server of the bot's account, such as https://matrix.example.org")
	}
	p.address("homeserver", c.Homeserver)
	if !matrixUser.MatchString(c.User) {
		p.add("user", "%q is no Matrix id; write the bot's own, such as \"@bot:example.org\"", c.User)
	}
	if c.TokenEnv != "" || c.TokenFile != "" {
		p.secret("token", c.TokenEnv, c.TokenFile, "MATRIX_TOKEN")
		if c.PasswordEnv != "" || c.PasswordFile != "" {
			p.add("", "name a token or a password, not both")
		}
	} else {
		p.secret("password", c.PasswordEnv, c.PasswordFile, "MATRIX_PASSWORD")
	}
	for i, room := range c.Rooms {
		if !matrixRoom.MatchString(room) {
			p.add(fmt.Sprintf("rooms[%d]", i), "%q is no room; write its id (\"!abc:example.org\") or alias (\"#family:example.org\")", room)
		}
	}
}

func (p place) webhook(w Webhook) {
	if _, _, err := net.SplitHostPort(w.Listen); err != nil {
		p.add("webhook.listen", "%q is no address to listen on; write one such as 127.0.0.1:8443", w.Listen)
	}
	if u, err := url.Parse(w.URL); err != nil || u.Scheme != "https" && (u.Scheme != "http" || !loopback(u)) || u.Host == "" || u.User != nil {
		p.add("webhook.url", "%q is not where the platform can reach this; write an address such as https://bot.example.org/telegram", w.URL)
	}
	p.secret("webhook.secret", w.SecretEnv, w.SecretFile, "TELEGRAM_WEBHOOK_SECRET")
}

// secret checks that exactly one place of a secret is named.
func (p place) secret(key, env, file, example string) {
	switch {
	case env == "" && file == "":
		p.add("", "say where the %s is: %s_env: %s, or %s_file: ./FILE", strings.TrimPrefix(key, "webhook."), key, example, key)
	case env != "" && file != "":
		p.add(key+"_file", "name %s_env or %s_file, not both", key, key)
	case env != "" && (!variableName.MatchString(env) || looksSecret(env)):
		p.add(key+"_env", "this is the name of an environment variable, such as %s, never the secret itself", example)
	case looksSecret(filepath.Base(file)):
		p.add(key+"_file", "this is the name of a file that holds the secret, never the secret itself")
	}
}

// secretForms are what tokens look like: Telegram's, Matrix', Discord's, those of
// models' and of code hosts'.
var secretForms = regexp.MustCompile(`^[0-9]+:[A-Za-z0-9_-]{30,}$|^(syt|mat|syl)_[A-Za-z0-9_-]{10,}$|^[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{20,}$` +
	`|^sk-[A-Za-z0-9_-]{16,}$|^AIza[A-Za-z0-9_-]{30,}$|^(gh[a-z]|github_pat|glpat)[_-][A-Za-z0-9_-]{16,}$`)

// looksSecret tells whether somebody put a secret where its place belongs.
func looksSecret(word string) bool { return secretForms.MatchString(word) }

// address checks the URL of a server. A secret must not cross a network in the
// clear.
func (p place) address(key, value string) {
	if value == "" {
		return
	}
	u, err := url.Parse(value)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		p.add(key, "this is no address of a server; write one such as https://chat.example.org")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		p.add(key, "an address of a server holds no name, password, query or fragment")
	case u.Scheme == "http" && !loopback(u):
		p.add(key, "http sends the secret in the clear; use https (http is for this computer alone)")
	}
}

func loopback(u *url.URL) bool {
	if u.Hostname() == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(u.Hostname())
	return err == nil && addr.IsLoopback()
}
