package gate_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/gate"
)

// TestWhatPeopleWriteIsNotInTheLog: neither as a text nor as the words of a
// command.
func TestWhatPeopleWriteIsNotInTheLog(t *testing.T) {
	for _, keep := range []bool{false, true} {
		b := newBench(t, func(_ *bench, d *gate.Deps) { d.Config.StoreText = keep })
		b.person("chat:ana", "owner")
		for i, text := range []string{"my pin is secretword", "!important my pin is secretword"} {
			r := b.send(dm("ana", string(rune('0'+i)), text))
			kept := strings.Contains(string(r.Input), "secretword") || r.Text != nil
			if kept != keep {
				t.Errorf("texts kept: %v; %q is in the record: %s", keep, text, r.Input)
			}
		}
	}
}

// TestAStrangersEndlessLineIsCheap: what nobody could mean is refused before a
// policy looks at it, and leaves a small record.
func TestAStrangersEndlessLineIsCheap(t *testing.T) {
	b := newBench(t)
	words := dm("eve", "1", "/a "+strings.Repeat("x ", 100_000))
	files := dm("eve", "2", "hi")
	for range 10_000 {
		files.Attachments = append(files.Attachments, connectors.Attachment{Name: "a", Type: "b/c", Bytes: 1})
	}
	long := dm(strings.Repeat("e", 100_000), "3", "hi")
	// Each word another one: no two are the same to whoever compares them.
	var roles strings.Builder
	for i := range 110_000 {
		fmt.Fprintf(&roles, " w%d", i)
	}
	all := []connectors.Message{words, files, long}
	for i, command := range []string{"/add x:1", "/role x:1", "/approve BCDF-2345", "/users", "/share"} {
		all = append(all, dm("eve", fmt.Sprint("words", i), command+roles.String()))
	}
	for _, m := range all {
		r := b.send(m)
		want(t, r, "deny", gate.RuleInvalidInput)
		if len(r.Input) > 16<<10 {
			t.Errorf("the record's input has %d bytes", len(r.Input))
		}
		if strings.Contains(string(r.Input), `"target"`) {
			t.Errorf("it was looked up whom a refused command is about: %s", r.Input)
		}
	}
}

// TestAStrangersMegabyteOfCodesIsHidden: each is taken out, and one after another.
func TestAStrangersMegabyteOfCodesIsHidden(t *testing.T) {
	const signs = "BCDFGHJKMNPQRSTVWXZ"
	var text strings.Builder
	text.WriteString("pair")
	for i := 0; text.Len() < 1<<20-10; i++ {
		n, code := i, []byte("BBBB-BBBB")
		for at := len(code) - 1; n > 0; at-- {
			code[at], n = signs[n%len(signs)], n/len(signs)
			if at == 5 {
				at--
			}
		}
		text.WriteString(" " + string(code))
	}
	b := newBench(t, func(_ *bench, d *gate.Deps) { d.Config.StoreText = true })
	r := b.send(dm("eve", "1", text.String()))
	want(t, r, "deny", "authz.unknown_user")
	if r.Text == nil || codeShape.MatchString(*r.Text) || !strings.HasPrefix(*r.Text, "pair CODE CODE") {
		t.Error("a code is in the record")
	}
}

// TestWhatACommandWasToldIsNotInTheLog: of what somebody writes who is denied the
// names are kept which the policies have, and a code never is.
func TestWhatACommandWasToldIsNotInTheLog(t *testing.T) {
	const told = "chat:7 my password is hunter2 and-more in secretplace BCDF-2345"
	rows := []struct {
		user, text    string
		kept, missing []string
	}{
		{"eve", "/add " + told, nil, []string{"my", "password", "hunter2", "and-more", "secretplace"}},
		{"eve", "/role " + told, nil, []string{"password", "secretplace"}},
		{"eve", "/add chat:7 member secret:words", nil, []string{"secret:words"}},
		{"eve", "/approve BCDF-2345 hunter2 in secretplace", nil, []string{"hunter2", "secretplace"}},
		{"eve", "/add chat:7 owner in library for 3d", []string{`"grants":["owner"]`, `"workspace":"library"`, `"grant_seconds"`}, nil},
		{"mia", "/add chat:7 wizard admin", []string{`"grants":["admin"]`}, []string{"wizard"}},
		{"olga", "/add chat:7 wizard", nil, []string{"wizard"}},
		{"olga", "/add chat:7 member guest in library", []string{`"grants":["member","guest"]`, `"workspace":"library"`}, nil},
		{"olga", "/aprove bcdf-2345", nil, nil},
		{"olga", "/add chat:8 member named BCDF-2345", []string{`"grants":["member"]`}, nil},
		{"eve", "/block bcdf-2345 BCDF-2345", nil, nil},
		{"eve", "/workspace secretplace", nil, []string{"secretplace"}},
		{"eve", "/workspace library", []string{`"requested":"library"`}, nil},
	}
	for _, keep := range []bool{false, true} {
		b := newBench(t, withData("  # family:\n", "  library: {read_write: {roles: [owner]}}\n  # family:\n"), func(_ *bench, d *gate.Deps) { d.Config.StoreText = keep })
		b.person("chat:olga", "owner")
		b.person("chat:mia", "member")
		for i, c := range rows {
			b.now = b.now.Add(time.Minute)
			r := b.send(dm(c.user, fmt.Sprint(i), c.text))
			input := string(r.Input)
			if r.Text != nil {
				input += *r.Text
			}
			if strings.Contains(strings.ToUpper(input), "BCDF-2345") {
				t.Errorf("%s: %s: a code is in the record: %s", c.user, c.text, input)
			}
			for _, words := range c.kept {
				if !keep && !strings.Contains(input, words) {
					t.Errorf("%s: %s: %s is not in the record: %s", c.user, c.text, words, input)
				}
			}
			for _, words := range c.missing {
				if strings.Contains(input, words) != keep {
					t.Errorf("%s: %s: texts kept: %v; %s in the record: %s", c.user, c.text, keep, words, input)
				}
			}
		}
	}
}

// TestACommandGivesFewRoles: more than sixteen are not even shown.
func TestACommandGivesFewRoles(t *testing.T) {
	b := newBench(t, func(_ *bench, d *gate.Deps) { d.Config.StoreText = true })
	b.person("chat:olga", "owner")
	text := "/add chat:7"
	for i := range 40 {
		text += fmt.Sprint(" role", i)
	}
	r := b.send(dm("olga", "1", text))
	want(t, r, "deny", "people.role")
	if _, grants, _ := strings.Cut(string(r.Input), `"grants":`); !strings.HasPrefix(grants, `["role0",`) || strings.Contains(grants, "role16") {
		t.Errorf("%s", r.Input)
	}
}
