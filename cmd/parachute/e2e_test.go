package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/parachute-gate/parachute/connectors/connectortest"
)

// TestMain lets the test binary be the real program: a script that runs
// `parachute` runs main, in a process of its own.
func TestMain(m *testing.M) {
	testscript.Main(housed{m}, map[string]func(){"parachute": main})
}

// TestScript runs testdata/script/*.txtar against the real program. Beside the
// commands of testscript, scripts have those below.
//
//	exits CODE PROGRAM ARG…    run it; the exit code is CODE
//	edit FILE OLD NEW          replace the one place where FILE holds OLD
//	capture NAME REGEXP FILE   put the first group of the only match into $NAME
//	await FILE REGEXP          wait until FILE (relative, or NAME.out) matches
//
// Processes that live while the script goes on (script_live_test.go):
//
//	serve NAME ARG…            run `parachute start ARG…` with its input held open
//	feed NAME LINE…            write lines to its input
//	finish NAME [CODE]         close its input; it ends with CODE (0)
//	terminate NAME [CODE]      send SIGTERM; it ends with CODE (0)
//	awaitstatus CODE REGEXP    wait until `parachute status --json` does that
//
// What the decision log says (script_log_test.go):
//
//	decided [-event E] ID VERDICT RULE    the message ID was decided so, once
//	tool ID TOOL VERDICT RULE             a tool call of its turn was
//	records N                             the log holds N records
//	summarise POLICIES                    one line a message, for a golden file
//	answered FILE                         each outcome was told, once
//	reply FILE ID REGEXP                  the lines of FILE answer the message ID so
//
// Chat platforms, played by fakes (script_chat_test.go):
//
//	chat NAME KIND                        start one; $NAME_URL is where it is, $CHAT_TOKEN the bot's token
//	fill FILE                             put the values of variables into a file
//	says [FLAG…] NAME PERSON PLACE [TEXT] a person does something; $LAST is the message's id, $PERSON theirs
//	ruled VERDICT RULE                    what was done last was decided so, once
//	heard [-drafts] [-private] NAME REGEXP [N]  the bot has sent N (1) messages that match; $HEARD is the id of the one
//	sent NAME N                           the bot has sent N messages in all
//	sign NAME SIGN                        a reaction was set and taken away
//	fault NAME KIND send|receive [TIMES] [FOR]  something goes wrong
//	secretive                             the token is in no output, log, record or database
//
// Agents that are programs, in containers (script_agents_test.go). $ENGINE is
// where the engine listens; its image actors:latest has /parachute (the probe of
// sandboxtest), program, agent and bridge in /bin, and $ACTORS is their folder here:
//
//	engine [own|stop|kill|start]  have the engine of all tests, or one of the script's own
//	containers N [STATE]          wait until the installation has so many containers
//	bait                          put on the host what no agent may find: $BAIT_…
//	owned DIR                     make a folder that agents may write
//	tell NAME PERSON ID TEXT…     a direct message, as a line to the input
//	escaped FILE ID N [MEANT…]    the answer to ID is a report of N attempts, of which only MEANT worked
//	codex                         put a real agent into the engine: codex:latest ([codex]: there is one)
//	model serve SOCKET            play its model, with steps: model says|works|runs TEXT…
//	model asked N REGEXP          the Nth request to it had such an input
//
// People (people_script_test.go):
//
//	learn NAME PLATFORM REGEXP    put the first group of the bot's newest message that matches into $NAME
//	age pairings|grants DURATION  what waits or holds for some time is so much older
//	crowd [-rush] PLATFORM N TEXT N strangers say TEXT in direct messages, one after the other or all at once
//	guess PLATFORM PERSON N       somebody guesses N codes
//	tally N USER VERDICT RULE     the log holds N such records of USER (-: of everybody)
//	cutafter USER CAUSE DURATION  what ran for USER ended no later than DURATION after the newest message, rule or connector CAUSE
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		ContinueOnError:     os.Getenv("CONTINUE_SCRIPTS") != "",
		Setup:               setupScript,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": cmdExits, "edit": cmdEdit, "capture": cmdCapture, "await": cmdAwait,
			"serve": cmdServe, "feed": cmdFeed, "finish": cmdFinish, "terminate": cmdTerminate, "awaitstatus": cmdAwaitStatus,
			"decided": cmdDecided, "tool": cmdTool, "records": cmdRecords,
			"summarise": cmdSummarise, "answered": cmdAnswered, "reply": cmdReply,
			"chat": cmdChat, "fill": cmdFill, "says": cmdSays, "ruled": cmdRuled, "heard": cmdHeard, "sent": cmdSent, "sign": cmdSign,
			"fault": cmdFault, "secretive": cmdSecretive,
			"engine": cmdEngine, "containers": cmdContainers, "bait": cmdBait, "owned": cmdOwned, "tell": cmdTell, "escaped": cmdEscaped,
			"codex": cmdCodex, "model": cmdModel,
			"learn": cmdLearn, "age": cmdAge, "crowd": cmdCrowd, "guess": cmdGuess, "tally": cmdTally, "cutafter": cmdCutAfter,
		},
		Condition: agentCondition,
	})
}

func setupScript(env *testscript.Env) error {
	env.Values[liveKey{}] = map[string]*live{}
	env.Values[agentsKey{}] = &cast{}
	env.Values[platformsKey{}] = map[string]connectortest.Server{}
	// The race detector would else wait a second at the end of each process.
	if os.Getenv("GORACE") == "" {
		env.Setenv("GORACE", "atexit_sleep_ms=0")
	}
	// What is unpacked is readable by all; scripts that want a warning say so.
	config := filepath.Join(env.WorkDir, "parachute.yaml")
	if err := os.Chmod(config, 0o600); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// patience is how long something that must come may take on a busy machine. No
// test passes or fails by how long it took.
const patience = 3 * time.Minute

// eventually asks until ok, and fails the script with what was asked last.
func eventually(ts *testscript.TestScript, what string, ok func() (bool, string)) {
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		done, last := ok()
		if done {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("waited in vain for %s; last seen:\n%s", what, last)
		}
	}
}

func wants(ts *testscript.TestScript, neg bool, args []string, least int, usage string) {
	if neg {
		ts.Fatalf("unsupported: ! %s", usage)
	}
	if len(args) < least {
		ts.Fatalf("usage: %s", usage)
	}
}

func scriptNumber(ts *testscript.TestScript, s string) int {
	n, err := strconv.Atoi(s)
	ts.Check(err)
	return n
}

func exitCodeOf(ts *testscript.TestScript, err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	ts.Check(err)
	return 0
}

func cmdExits(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, args, 2, "exits CODE PROGRAM ARG…")
	want := scriptNumber(ts, args[0])
	if got := exitCodeOf(ts, ts.Exec(args[1], args[2:]...)); got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func cmdEdit(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, args, 3, "edit FILE OLD NEW")
	unescape := strings.NewReplacer(`\n`, "\n", `\t`, "\t")
	old, text := unescape.Replace(args[1]), ts.ReadFile(args[0])
	if n := strings.Count(text, old); n != 1 {
		ts.Fatalf("%s holds %q %d times, not once", args[0], old, n)
	}
	text = strings.Replace(text, old, unescape.Replace(args[2]), 1)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}
