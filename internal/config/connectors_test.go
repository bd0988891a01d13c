package config

import (
	"reflect"
	"strings"
	"testing"
)

func TestConnectors(t *testing.T) {
	off := false
	for text, want := range map[string]Connector{
		"{kind: telegram, token_env: T}":                             {Name: "telegram", Kind: "telegram", TokenEnv: "T"},
		"{kind: telegram, name: family, token_file: secrets/family}": {Name: "family", Kind: "telegram", TokenFile: "/etc/p/secrets/family"},
		"{kind: telegram, token_env: T, api_url: 'http://127.0.0.1:8081', webhook: {listen: ':8443', url: 'https://b.example.org/t', secret_file: s}}": {
			Name: "telegram", Kind: "telegram", TokenEnv: "T", APIURL: "http://127.0.0.1:8081",
			Webhook: Webhook{Listen: ":8443", URL: "https://b.example.org/t", SecretFile: "/etc/p/s"},
		},
		"{kind: discord, token_env: D}": {Name: "discord", Kind: "discord", TokenEnv: "D"},
		"{kind: matrix, homeserver: 'https://m.example.org', user: '@bot:example.org', password_env: P, rooms: ['!a:example.org', '#b:example.org'], encryption: false}": {
			Name: "matrix", Kind: "matrix", Homeserver: "https://m.example.org", User: "@bot:example.org", PasswordEnv: "P",
			Rooms: []string{"!a:example.org", "#b:example.org"}, Encryption: &off,
		},
		"{kind: matrix, homeserver: 'http://localhost:8008', user: '@bot:localhost', token_env: P, direct_messages: true}": {
			Name: "matrix", Kind: "matrix", Homeserver: "http://localhost:8008", User: "@bot:localhost", TokenEnv: "P", DirectMessages: true,
		},
	} {
		c, err := Parse("/etc/p/f.yaml", []byte("connectors: ["+text+"]"))
		if err != nil || len(c.Connectors) != 1 || !reflect.DeepEqual(c.Connectors[0], want) {
			t.Errorf("%s is read as %+v, %v", text, c.Connectors, err)
		}
		if c.Connectors[0].Encrypted() != (want.Encryption == nil) {
			t.Errorf("%s: encrypted %v", text, c.Connectors[0].Encrypted())
		}
	}
}

func TestTwoConnectorsOfOneToken(t *testing.T) {
	_, err := Parse("f.yaml", []byte("connectors:\n- {kind: telegram, name: a, token_env: T}\n- {kind: telegram, name: b, token_env: T}\n"))
	if err == nil || !strings.Contains(err.Error(), "f.yaml:3:3: connectors[1]: its token is that of connector a") {
		t.Errorf("%v", err)
	}
}

func TestConnectorFaults(t *testing.T) {
	const matrix = "kind: matrix, homeserver: 'https://m.example.org', user: '@bot:example.org', password_env: P"
	for text, want := range map[string]string{
		"{kind: console, token_env: T}":                                                                           "token_env: does not go with kind: console; valid there: name, kind",
		"{kind: telegram}":                                                                                        "say where the token is: token_env: TELEGRAM_TOKEN, or token_file: ./FILE",
		"{kind: telegram, token_env: T, token_file: f}":                                                           "name token_env or token_file, not both",
		"{kind: telegram, token_env: T, rooms: [a]}":                                                              "rooms: does not go with kind: telegram",
		"{kind: telegram, token_env: '123456:hush'}":                                                              "token_env: this is the name of an environment variable",
		"{kind: telegram, token: '123456:hush'}":                                                                  "unknown key \"connectors[0].token\"",
		"{kind: telegram, token_env: T, api_url: 'http://a.b/'}":                                                  "http sends the secret in the clear",
		"{kind: telegram, token_env: T, api_url: 'a.b'}":                                                          "no address of a server",
		"{kind: telegram, token_env: T, api_url: 'https://u:hush@a.b'}":                                           "an address of a server holds no name, password, query or fragment",
		"{kind: telegram, token_env: T, api_url: 'https://a.b/?token=hush'}":                                      "an address of a server holds no name, password, query or fragment",
		"{kind: telegram, token_env: T, webhook: {listen: ':1', url: 'ftp://localhost/', secret_env: S}}":         "webhook.url: \"ftp://localhost/\" is not where",
		"{kind: matrix, homeserver: 'https://m.example.org', user: '@b:c', token_env: syt_hushhushhushhush_hush}": "token_env: this is the name of an environment variable",
		"{kind: telegram, token_file: '123456789:hushhushhushhushhushhushhushhush_-A'}":                           "token_file: this is the name of a file that holds the secret",
		"{kind: discord, token_env: hushhushhushhushhushhush.hush-A.hushhushhushhushhush}":                        "token_env: this is the name of an environment variable",
		"{kind: telegram, token_env: T, webhook: {url: 'https://a.b/', secret_env: S}}":                           "webhook.listen: \"\" is no address to listen on",
		"{kind: telegram, token_env: T, webhook: {listen: ':1', url: 'http://a.b/', secret_env: S}}":              "webhook.url: \"http://a.b/\" is not where",
		"{kind: telegram, token_env: T, webhook: {listen: ':1', url: 'https://a.b/'}}":                            "say where the secret is: webhook.secret_env",
		"{kind: discord}": "say where the token is: token_env: DISCORD_TOKEN",
		"{kind: matrix, user: '@bot:example.org', password_env: P}":                     "homeserver: name the server",
		"{kind: matrix, homeserver: 'https://m.example.org', password_env: P}":          "user: \"\" is no Matrix id",
		"{kind: matrix, homeserver: 'https://m.example.org', user: bot, token_env: P}":  "user: \"bot\" is no Matrix id",
		"{kind: matrix, homeserver: 'https://m.example.org', user: '@bot:example.org'}": "say where the password is",
		"{" + matrix + ", token_env: T}":                                                "name a token or a password, not both",
		"{" + matrix + ", rooms: [family]}":                                             "rooms[0]: \"family\" is no room",
		"{" + matrix + ", encryption: 1}":                                               "encryption: \"1\" is not valid; valid: true, false",
	} {
		_, err := Parse("f.yaml", []byte("connectors: ["+text+"]"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\n got %v\nwant %s", text, err, want)
		}
		if err != nil && (strings.Contains(err.Error(), "hush") || !strings.HasPrefix(err.Error(), "f.yaml:1:")) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
