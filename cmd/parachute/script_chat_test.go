package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/parachute-gate/parachute/audit"
	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/connectortest"
	"github.com/parachute-gate/parachute/connectors/connectortest/discordfake"
	"github.com/parachute-gate/parachute/connectors/connectortest/matrixhome"
	"github.com/parachute-gate/parachute/connectors/connectortest/telegramfake"
)

// hush is the secret of every platform in a script: it must show nowhere.
const hush = "123456:hush-hush-this-is-the-secret"

type platformsKey struct{}

func platforms(ts *testscript.TestScript) map[string]connectortest.Server {
	return ts.Value(platformsKey{}).(map[string]connectortest.Server)
}

func platformOf(ts *testscript.TestScript, name string) connectortest.Server {
	p := platforms(ts)[name]
	if p == nil {
		ts.Fatalf("there is no platform %q", name)
	}
	return p
}

// cmdChat starts a platform.
func cmdChat(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, args, 2, "chat NAME KIND")
	var p connectortest.Server
	switch args[1] {
	case "telegram":
		p = telegramfake.New(hush)
	case "discord":
		p = discordfake.New(hush)
	case "matrix":
		p = homeserver(ts, args[0])
	default:
		ts.Fatalf("there is no platform of kind %q", args[1])
	}
	ts.Defer(func() { _ = p.Close() })
	platforms(ts)[args[0]] = p
	ts.Setenv(args[0]+"_URL", p.URL())
	ts.Setenv("CHAT_TOKEN", hush)
}

// homeserver starts a real one, with an account for the bot.
func homeserver(ts *testscript.TestScript, name string) connectortest.Server {
	home, err := matrixhome.Start(context.Background())
	ts.Check(err)
	ts.Defer(func() { _ = home.Close() })
	bot, err := home.Bot(context.Background(), matrixhome.Options{Encrypted: matrixhome.CanEncrypt})
	ts.Check(err)
	ts.Setenv(name+"_USER", bot.User())
	ts.Setenv(name+"_FAMILY", bot.Alias("family"))
	ts.Setenv(name+"_ENCRYPTION", strconv.FormatBool(matrixhome.CanEncrypt))
	ts.Setenv("CHAT_PASSWORD", bot.Password())
	return bot
}

// cmdFill puts the values of variables into a file.
func cmdFill(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, args, 1, "fill FILE")
	text := os.Expand(ts.ReadFile(args[0]), ts.Getenv)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

const saysUsage = "says [-mention] [-forwarded] [-bot] [-slash] [-name NAME] [-edit ID] [-press ID] [-react ID] [-delete ID] [-reply ID] [-tobot] [-file NAME:TYPE:BYTES] PLATFORM PERSON dm|group:LABEL|channel:LABEL [TEXT]"

// cmdSays lets a person do something on a platform.
func cmdSays(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, args, 3, saysUsage)
	e, slash := connectortest.Event{Kind: connectors.EventMessage}, false
	kinds := map[string]connectors.EventKind{
		"-edit": connectors.EventEdit, "-press": connectors.EventCallback, "-react": connectors.EventReaction, "-delete": connectors.EventDelete,
	}
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		flag, value := args[0], ""
		if flag != "-mention" && flag != "-forwarded" && flag != "-bot" && flag != "-tobot" && flag != "-slash" {
			wants(ts, false, args, 2, saysUsage)
			value, args = args[1], args[1:]
		}
		args = args[1:]
		switch flag {
		case "-mention":
			e.Mention = true
		case "-forwarded":
			e.Forwarded = true
		case "-bot":
			e.Bot = true
		case "-slash":
			slash = true
		case "-tobot":
			e.ReplyToBot = true
		case "-name":
			e.Name = value
		case "-reply":
			e.ReplyTo = value
		case "-file":
			parts := strings.Split(value, ":")
			wants(ts, false, parts, 3, saysUsage)
			size, err := strconv.ParseInt(parts[2], 10, 64)
			ts.Check(err)
			e.Attachments = append(e.Attachments, connectors.Attachment{Name: parts[0], Type: parts[1], Bytes: size})
		default:
			kind, ok := kinds[flag]
			if !ok {
				ts.Fatalf("unknown flag %s: %s", flag, saysUsage)
			}
			e.Kind, e.About = kind, value
			if kind == connectors.EventCallback || kind == connectors.EventReaction {
				e.ReplyTo, e.ReplyToBot = value, kind == connectors.EventCallback
			}
		}
	}
	wants(ts, false, args, 3, saysUsage)
	p := platformOf(ts, args[0])
	kind, label, _ := strings.Cut(args[2], ":")
	e.Person, e.ChatKind, e.Chat = args[1], connectors.ChatKind(kind), label
	if label == "" {
		e.Chat = "dm-" + e.Person
	}
	e.Text = strings.Join(args[3:], " ")
	inject := p.Inject
	if slash {
		inject = p.(interface {
			Slash(connectortest.Event) (connectortest.IDs, error)
		}).Slash
	}
	ids, err := inject(e)
	ts.Check(err)
	ts.Setenv("LAST", ids.Message)
	ts.Setenv("CHAT", ids.Chat)
	ts.Setenv("EVENT", string(e.Kind))
	ts.Setenv(e.Person, ids.User)
}

// cmdRuled holds how the event of the last `says` was decided. A platform's ids
// of messages are unique in their chat alone.
func cmdRuled(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, args, 2, "ruled VERDICT RULE")
	id, chat, event := ts.Getenv("LAST"), ":"+ts.Getenv("CHAT"), ts.Getenv("EVENT")
	var found []audit.Record
	eventually(ts, "a decision on "+event+" "+id+" in "+chat, func() (bool, string) {
		list := logged(ts)
		found = slices.DeleteFunc(slices.Clone(list), func(r audit.Record) bool {
			same := r.Event == event || event == string(connectors.EventMessage) && r.Event == string(connectors.EventCommand)
			// An event of its own has an id that only the connector may know.
			mine := r.Message == id || id == ""
			return r.Point != "message" || !mine || !same || !strings.HasSuffix(r.Chat, chat)
		})
		return len(found) > 0, fmt.Sprintf("%d records", len(list))
	})
	r := found[len(found)-1]
	if id != "" && len(found) != 1 {
		ts.Fatalf("%s %s was decided %d times", event, id, len(found))
	}
	if got, want := outcomeOf(r, args[1]), args[0]+" "+args[1]; got != want {
		ts.Fatalf("%s %s: %s, want %s; all rules: %+v", event, id, got, want, r.Rules)
	}
}

// cmdHeard waits until the bot has sent what matches, and holds that it has no
// more than N of these.
func cmdHeard(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, args, 2, "heard [-drafts] [-private] PLATFORM REGEXP [N]")
	drafts, private := false, false
	for ; strings.HasPrefix(args[0], "-"); args = args[1:] {
		drafts, private = drafts || args[0] == "-drafts", private || args[0] == "-private"
	}
	p, n := platformOf(ts, args[0]), 1
	re, err := regexp.Compile(`(?s)` + args[1])
	ts.Check(err)
	if len(args) > 2 {
		n = scriptNumber(ts, args[2])
	}
	match := func() (found []connectortest.Sent, all string) {
		for _, s := range p.Sent() {
			all += "\n- " + s.Text
			if re.MatchString(s.Text) && (!drafts || len(s.Drafts) > 0) && (!private || s.Private) {
				found = append(found, s)
			}
		}
		return found, all
	}
	eventually(ts, args[1]+" from the bot on "+args[0], func() (bool, string) {
		found, all := match()
		return len(found) >= n, all
	})
	if found, all := match(); len(found) != n {
		ts.Fatalf("%s was sent %d times, not %d:%s", args[1], len(found), n, all)
	} else if n == 1 {
		ts.Setenv("HEARD", found[0].ID)
	}
}

// cmdSent holds how many messages the bot has sent in all.
func cmdSent(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, args, 2, "sent PLATFORM N")
	if sent := platformOf(ts, args[0]).Sent(); len(sent) != scriptNumber(ts, args[1]) {
		ts.Fatalf("%d messages were sent, not %s: %+v", len(sent), args[1], sent)
	}
}

// cmdSign waits until a sign was set and taken away again.
func cmdSign(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, args, 2, "sign PLATFORM NAME")
	eventually(ts, "the sign "+args[1], func() (bool, string) {
		on, off := 0, 0
		for _, s := range platformOf(ts, args[0]).Signs() {
			if s.Name != args[1] {
				continue
			}
			if s.On {
				on++
			} else {
				off++
			}
		}
		return on > 0 && (on == off || args[1] == "typing"), strconv.Itoa(on) + " on, " + strconv.Itoa(off) + " off"
	})
}

// cmdFault plays a fault.
func cmdFault(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, args, 3, "fault PLATFORM KIND send|receive [TIMES] [FOR]")
	f := connectortest.Fault{Kind: connectortest.FaultKind(args[1]), On: args[2], Times: 1}
	if len(args) > 3 {
		f.Times = scriptNumber(ts, args[3])
	}
	if len(args) > 4 {
		d, err := time.ParseDuration(args[4])
		ts.Check(err)
		f.For = d
	}
	faulter, ok := platformOf(ts, args[0]).(connectortest.Faulter)
	if !ok || !faulter.Fault(f) {
		ts.Fatalf("%s plays no fault %s", args[0], args[1])
	}
}

// cmdSecretive holds that no secret is in any file of the script's folder, in
// the status or in the log of decisions.
func cmdSecretive(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, args, 0, "secretive")
	seen := map[string]string{"the database": readIfThere(ts.MkAbs("data/parachute.db")) + readIfThere(ts.MkAbs("data/parachute.db-wal"))}
	for _, command := range [][]string{{"logs", "--json"}, {"status", "--json"}, {"doctor"}} {
		out, _ := scriptCommand(ts, command...).CombinedOutput()
		seen["what `parachute "+command[0]+"` prints"] = string(out)
	}
	for name := range lives(ts) {
		seen["what "+name+" prints"] = readIfThere(ts.MkAbs(name+".err")) + readIfThere(ts.MkAbs(name+".out"))
	}
	for where, text := range seen {
		for _, secret := range []string{ts.Getenv("CHAT_TOKEN"), ts.Getenv("CHAT_PASSWORD")} {
			if secret != "" && (strings.Contains(text, secret) || strings.Contains(text, url.PathEscape(secret))) {
				ts.Fatalf("a secret is in %s:\n%s", where, text)
			}
		}
	}
}
