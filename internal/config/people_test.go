package config

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestPeopleFilesThatAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"nothing":            {"", "p.yaml: there is no key people; write `people: []` for nobody"},
		"another key":        {"persons: []\n", `p.yaml:1:1: unknown key "persons"; valid: people`},
		"misspelt":           {"people:\n  - id: c:a\n    role: [member]\n", `p.yaml:3:5: unknown key "people[0].role"; valid: id, name, identities, roles, grants, attributes; did you mean "roles"?`},
		"misspelt in grants": {"people:\n  - id: c:a\n    grants: [{role: guest, until: x}]\n", `unknown key "people[0].grants[0].until"; valid: role, scope, workspace, expires`},
		"no list":            {"people:\n  id: c:a\n", "people: write a list"},
		"roles no list":      {"people:\n  - id: c:a\n    roles: member\n", "p.yaml:3:12: people[0].roles: write a list"},
		"a number":           {"people:\n  - id: c:a\n    attributes: {floor: 007}\n", "write it in quotes"},
		"twice":              {"people:\n  - id: c:a\n    id: c:b\n", "p.yaml:3:5:"},
		"anchors":            {"people:\n  - &a {id: c:a}\n  - *a\n", "anchors and aliases"},
		"two documents":      {"people: []\n---\npeople: []\n", "more than one document; a people.yaml is one"},
		"no YAML":            {"people: [\n", "p.yaml:1:"},
	} {
		_, err := ParsePeople("p.yaml", []byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

func TestFaultsOfPeopleHaveTheirLines(t *testing.T) {
	p, err := ParsePeople("p.yaml", []byte("people:\n  - id: c:a\n    roles: [member]\n  - id: c:b\n    grants:\n      - {role: guest, expires: soon}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Err(); err != nil {
		t.Fatal(err)
	}
	p.Fault(0, "roles[0]", "first")
	p.Fault(1, "grants[0].expires", "second")
	p.Fault(1, "name", "third")
	want := "p.yaml:3:13: first\np.yaml:6:32: second\np.yaml:4:7: third"
	if err := p.Err(); err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	if got := p.Place(1); got != "p.yaml:4" {
		t.Errorf("the second stands at %s", got)
	}
}

func written(t interface{ Fatal(...any) }, people []Person) string {
	var b bytes.Buffer
	w := NewPeopleWriter(&b, "Who is known.")
	for _, p := range people {
		w.Add(p)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestPeopleAreWrittenForReaders(t *testing.T) {
	got := written(t, []Person{
		{
			ID: "telegram:1", Name: "Ana Maria", Identities: []string{"matrix:@ana:example.org", "telegram:1"}, Roles: []string{"owner"},
			Grants:     []Grant{{Role: "member", Scope: "telegram:-100", Workspace: "family", Expires: "2026-03-01T12:00:00Z"}},
			Attributes: map[string]string{"team": "red", "on": "no", "1": "2"},
		},
		{ID: "telegram:2", Roles: []string{"guest", "blocked"}},
	})
	want := `# Who is known.
people:
  - id: telegram:1
    name: "Ana Maria"
    identities: ["matrix:@ana:example.org", "telegram:1"]
    roles: [owner]
    grants:
      - {role: member, scope: "telegram:-100", workspace: family, expires: "2026-03-01T12:00:00Z"}
    attributes:
      "1": "2"
      "on": "no"
      team: red
  - id: telegram:2
    roles: [guest, blocked]
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := written(t, nil); got != "# Who is known.\npeople: []\n" {
		t.Errorf("nobody: %q", got)
	}
}

func TestWhatIsWrittenIsReadAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
			"~", "null", "007", "1.0", "1e3", "0x1", "yes", "- a", "a: b", "a #b", "#", "{a}", "&a", "*a", "!a", "%", "`", "@a", "a:", ":a",
			"'", `"`, `\`, "\n", "a\nb", "\r\n", "\t", "\x00", "\x1b[2K", "\u0085", "\u2028", "\ufeff", "<<", "=", "---", "...", "2026-03-01", "12:30:00", "🦜", "\U000E0041",
		}))
		words := rapid.SliceOfN(word, 0, 3)
		people := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Person {
			return Person{
				ID: word.Draw(t, "id"), Name: word.Draw(t, "name"), Identities: words.Draw(t, "identities"), Roles: words.Draw(t, "roles"),
				Grants: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Grant {
					return Grant{Role: word.Draw(t, "role"), Scope: word.Draw(t, "scope"), Workspace: word.Draw(t, "workspace"), Expires: word.Draw(t, "expires")}
				}), 0, 2).Draw(t, "grants"),
				Attributes: rapid.MapOfN(word, word, 0, 3).Draw(t, "attributes"),
			}
		}), 0, 3).Draw(t, "people")
		text := written(t, people)
		read, err := ParsePeople("p.yaml", []byte(text))
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if !reflect.DeepEqual(emptied(read.People), emptied(people)) {
			t.Fatalf("read\n%#v\nwant\n%#v\nin\n%s", read.People, people, text)
		}
	})
}

// emptied makes what is empty and what is not there the same.
func emptied(people []Person) []Person {
	out := []Person{}
	for _, p := range people {
		if len(p.Identities) == 0 {
			p.Identities = nil
		}
		if len(p.Roles) == 0 {
			p.Roles = nil
		}
		if len(p.Grants) == 0 {
			p.Grants = nil
		}
		if len(p.Attributes) == 0 {
			p.Attributes = nil
		}
		out = append(out, p)
	}
	return out
}
