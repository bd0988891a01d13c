package archtest

const module = "github.com/parachute-gate/parachute"

// A row is a package of the module and what of the module it may import.
//
// Folders are paths below the root. A last element * stands for each direct
// child; a folder with a row of its own goes by that one.
type row struct {
	folder  string
	meaning string
	imports []string
	// tests is what its tests may import beside imports and itself.
	tests []string
	// kit marks what only tests may import.
	kit bool
}

// everything is each package of the module but the kits.
const everything = "everything"

// table is the design's: a line that is not needed by any code yet keeps the
// place of what is planned.
var table = []row{
	{folder: "cmd/parachute", meaning: "the command line; the only place that builds concrete types",
		imports: []string{everything}, tests: []string{"connectors/connectortest", "connectors/connectortest/*", "sandbox/sandboxtest", "internal/testkit"}},

	{folder: "policies", meaning: "the default policies, a valid OPA bundle root, embedded"},
	{folder: "engine", meaning: "load, compile, test, reload, decide, explain, replay: input in, decision out",
		tests: []string{"policies", "internal/testkit"}},

	{folder: "gate", meaning: "receive, identify, count, decide, record, act",
		imports: []string{"connectors", "engine", "audit", "gate/*"},
		tests:   []string{"policies", "sessions", "storage/sqlite", "internal/testkit"}},
	{folder: "gate/users", meaning: "people, their roles, pairing", tests: []string{"internal/testkit"}},
	{folder: "gate/limits", meaning: "exact sliding windows", tests: []string{"internal/testkit"}},

	{folder: "connectors", meaning: "the contract between a chat platform and the gate",
		tests: []string{"connectors/connectortest"}},
	{folder: "connectors/*", meaning: "one chat platform each: translates, never decides",
		imports: []string{"connectors", "connectors/driver"}, tests: []string{"connectors/connectortest", "connectors/connectortest/*", "internal/testkit"}},
	{folder: "connectors/driver", meaning: "what drivers share: sending, splitting, drafts, reconnecting",
		imports: []string{"connectors"}, tests: []string{"connectors/connectortest"}},
	{folder: "connectors/connectortest", meaning: "the suite that every connector passes", kit: true,
		imports: []string{"connectors"}, tests: []string{"connectors/driver"}},
	{folder: "connectors/connectortest/*", meaning: "a platform's server each, played or real", kit: true,
		imports: []string{"connectors", "connectors/connectortest"}},

	{folder: "sessions", meaning: "sessions and turns",
		imports: []string{"sandbox", "sessions/*"}, tests: []string{"internal/testkit"}},
	{folder: "sessions/*", meaning: "the agents, and the tools that they are given",
		imports: []string{"sandbox", "sessions", "sessions/*"}, tests: []string{"sessions/agenttest", "sandbox/sandboxtest", "sandbox/sandboxtest/*", "internal/testkit"}},
	{folder: "sessions/agenttest", meaning: "the suite that every agent passes", kit: true,
		imports: []string{"sandbox", "sandbox/host", "sessions", "sessions/*"}},

	{folder: "sandbox", meaning: "the contract of what runs an agent"},
	{folder: "sandbox/*", meaning: "one runtime each",
		imports: []string{"sandbox"}, tests: []string{"sandbox/sandboxtest", "internal/testkit"}},
	{folder: "sandbox/sandboxtest", meaning: "the suite that every runtime passes", kit: true,
		imports: []string{"sandbox", "sandbox/sandboxtest/tricks"}},
	{folder: "sandbox/sandboxtest/tricks", meaning: "what the suite lets a process do", kit: true},
	{folder: "sandbox/sandboxtest/bridge", meaning: "the program that lets an agent without a network reach its model", kit: true},
	{folder: "sandbox/sandboxtest/probe", meaning: "the program that tries to leave a sandbox", kit: true,
		imports: []string{"sandbox/sandboxtest/tricks"}},

	{folder: "audit", meaning: "the decision record, its hash chain, verify, query", tests: []string{"internal/testkit"}},

	{folder: "storage/*", meaning: "one database each, behind the stores that others declare",
		imports: []string{"gate", "gate/users", "gate/limits", "sessions", "audit"},
		tests:   []string{"storage/storagetest", "internal/testkit"}},
	{folder: "storage/storagetest", meaning: "the suite that every database passes", kit: true,
		imports: []string{"gate", "gate/users", "gate/limits", "sessions", "audit"}},

	{folder: "docs/guides/examples/maildrop", meaning: "the example of the guide to a connector of one's own",
		imports: []string{"connectors", "connectors/driver"}, tests: []string{"connectors/connectortest"}},
	{folder: "docs/guides", meaning: "how to extend it; its tests hold what is quoted to the code"},
	{folder: "docs", meaning: "what users read; its tests play what it shows",
		tests: []string{"engine", "policies", "internal/config"}},

	{folder: "internal/config", meaning: "parachute.yaml: read, check, default"},
	{folder: "internal/testkit", meaning: "what tests of several packages share", kit: true,
		imports: []string{everything}},
	{folder: "internal/archtest", meaning: "this table"},
}

// An owner says which folders may import a library, or a guarded package of the
// standard library. Path covers what is below it; the longest path that fits
// decides.
type owner struct {
	path    string
	why     string
	folders []string
	// tests lets every test import it, and every kit.
	tests bool
}

// anywhere is each folder.
const anywhere = "anywhere"

// owners is every library that the module imports: one SDK, one folder.
var owners = []owner{
	{path: "github.com/open-policy-agent/opa", why: "only the engine knows OPA", folders: []string{"engine"}},

	{path: "modernc.org/sqlite", why: "only storage knows SQL, and the keys of a chat that need it", folders: []string{"storage/*", "connectors/matrix"}},
	{path: "github.com/jackc/pgx", why: "only storage knows SQL", folders: []string{"storage/postgres"}},
	{path: "github.com/pressly/goose", why: "only storage knows SQL", folders: []string{"storage/*"}},
	{path: "github.com/riverqueue/river", why: "only storage knows the job queue", folders: []string{"storage/*"}},

	{path: "github.com/urfave/cli", why: "only cmd is a command line", folders: []string{"cmd/*"}},
	{path: "golang.org/x/term", why: "only cmd knows terminals", folders: []string{"cmd/*"}},
	{path: "github.com/agnivade/levenshtein", why: "only the configuration guesses what a key was meant to be",
		folders: []string{"internal/config"}},
	{path: "github.com/goccy/go-yaml", why: "the configuration and the policies' data are YAML", folders: []string{"internal/config", "engine"}, tests: true},

	{path: "github.com/bwmarrin/discordgo", why: "a platform, a connector", folders: []string{"connectors/discord"}},
	{path: "github.com/go-telegram-bot-api/telegram-bot-api", why: "a platform, a connector", folders: []string{"connectors/telegram"}},
	{path: "maunium.net/go/mautrix", why: "a platform, a connector", folders: []string{"connectors/matrix", "connectors/connectortest/matrixhome"}},
	{path: "go.mau.fi/util", why: "the types that mautrix speaks", folders: []string{"connectors/matrix"}},
	{path: "github.com/rs/zerolog", why: "the log that mautrix writes", folders: []string{"connectors/matrix"}},
	{path: "github.com/gorilla/websocket", why: "the socket that discordgo brings", folders: []string{"connectors/discord"}, tests: true},
	{path: "github.com/docker/docker", why: "a runtime, a sandbox", folders: []string{"sandbox/docker"}},
	{path: "github.com/containerd/errdefs", why: "the errors that docker's client gives", folders: []string{"sandbox/docker"}},
	{path: "github.com/coder/acp-go-sdk", why: "an agent protocol", folders: []string{"sessions/*"}},
	{path: "github.com/modelcontextprotocol/go-sdk", why: "a tool protocol", folders: []string{"sessions/*"}},

	{path: "github.com/google/uuid", why: "ids that sort by time", folders: []string{anywhere}},
	{path: "golang.org/x/sync", why: "goroutines that end together", folders: []string{anywhere}},
	{path: "golang.org/x/sys", why: "clocks and files of the system", folders: []string{anywhere}},

	{path: "github.com/rogpeppe/go-internal", why: "a library for tests", tests: true},
	{path: "pgregory.net/rapid", why: "a library for tests", tests: true},

	// The guarded part of the standard library.
	{path: "database/sql", why: "only storage knows SQL, and the keys of a chat that need it",
		folders: []string{"storage/*", "connectors/matrix"}, tests: true},
	{path: "os/exec", why: "a process is started by a sandbox", folders: []string{"sandbox/*", "sandbox/sandboxtest/probe", "sandbox/sandboxtest/bridge"}, tests: true},
	{path: "net/http", why: "a decision and its record need no network",
		folders: []string{"cmd/*", "connectors/*", "sessions/*", "sandbox/docker"}, tests: true},
	{path: "log/slog", why: "the log is given to the constructor", folders: []string{anywhere}},
	{path: "log", why: "log/slog, given to the constructor", tests: true},
	{path: "math/rand/v2", why: "dice that need not be secret", folders: []string{anywhere}},
	{path: "math/rand", why: "math/rand/v2, or crypto/rand where a guess would harm"},
	{path: "unsafe", why: "the compiler proves what the gate promises"},
	{path: "C", why: "the programs are static"},
	{path: "plugin", why: "the programs are static"},
}
