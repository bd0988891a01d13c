package config

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
)

// maxPeople is what a people.yaml may be at most, in bytes.
const maxPeople = 64 << 20

// Person is somebody as a people.yaml says. Who may be in it, and what is right
// about them, is not this package's business.
type Person struct {
	ID         string            `yaml:"id"`
	Name       string            `yaml:"name"`
	Identities []string          `yaml:"identities"`
	Roles      []string          `yaml:"roles"`
	Grants     []Grant           `yaml:"grants"`
	Attributes map[string]string `yaml:"attributes"`
}

// Grant is a role that ends or holds in some places. Expires is a moment as RFC
// 3339 writes it, or "".
type Grant struct {
	Role      string `yaml:"role"`
	Scope     string `yaml:"scope"`
	Workspace string `yaml:"workspace"`
	Expires   string `yaml:"expires"`
}

// People is a people.yaml that was read.
type People struct {
	People []Person `yaml:"people"`

	faults faults `yaml:"-"`
}

// LoadPeople reads a people.yaml. The error names every fault it finds, each with
// its line.
func LoadPeople(file string) (p *People, err error) {
	f, err := os.Open(file) //nolint:gosec // the path is the operator's own
	if err != nil {
		return nil, fmt.Errorf("read people: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	data, err := io.ReadAll(io.LimitReader(f, maxPeople+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read people: %w", err)
	case len(data) > maxPeople:
		return nil, fmt.Errorf("%s: more than %d MiB; import it in parts", file, maxPeople>>20)
	}
	return ParsePeople(file, data)
}

// ParsePeople reads a people.yaml from data; file is for messages.
func ParsePeople(file string, data []byte) (*People, error) {
	p := &People{faults: faults{file: file}}
	if err := p.faults.decode(data, p, "people.yaml"); err != nil {
		return nil, err
	}
	if err := p.faults.all(); err != nil {
		return nil, err
	}
	if p.People == nil && p.faults.find("$.people") == nil {
		return nil, fmt.Errorf("%s: there is no key people; write `people: []` for nobody", file)
	}
	return p, nil
}

// Fault notes what is wrong with a person, by their place in the list; key is a
// path below it, "" for the whole entry.
func (p *People) Fault(person int, key, format string, args ...any) {
	at := fmt.Sprintf("people[%d]", person)
	tok := p.faults.find("$." + dotted(at, key))
	if tok == nil {
		tok = p.faults.find("$." + at)
	}
	p.faults.add(tok, format, args...)
}

// Place is where a person stands in the file, by their place in the list.
func (p *People) Place(person int) string {
	if tok := p.faults.find(fmt.Sprintf("$.people[%d]", person)); tok != nil && tok.Position != nil {
		return fmt.Sprintf("%s:%d", p.faults.file, tok.Position.Line)
	}
	return p.faults.file
}

// Err are all that was noted, each with its line.
func (p *People) Err() error { return p.faults.all() }

// plain is what YAML reads as the very text, without quotes.
var plain = regexp.MustCompile(`^[A-Za-z@][A-Za-z0-9_@./-]*(:[A-Za-z0-9_@./-]+)*$`)

// notPlain are words that YAML, in one version or another, takes for no text.
var notPlain = []string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}

func quoted(s string) string {
	if plain.MatchString(s) && !strings.HasPrefix(s, "@") && !slices.Contains(notPlain, strings.ToLower(s)) {
		return s
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return `""`
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// PeopleWriter writes a people.yaml, somebody at a time.
type PeopleWriter struct {
	w    *bufio.Writer
	some bool
}

// NewPeopleWriter begins a people.yaml with a comment, whose lines are given
// without their signs.
func NewPeopleWriter(w io.Writer, comment ...string) *PeopleWriter {
	p := &PeopleWriter{w: bufio.NewWriter(w)}
	for _, line := range comment {
		p.line("# %s", line)
	}
	return p
}

func (p *PeopleWriter) line(format string, args ...any) {
	_, _ = fmt.Fprintf(p.w, format+"\n", args...) // Close tells
}

// Add writes one person.
func (p *PeopleWriter) Add(who Person) {
	if !p.some {
		p.some = true
		p.line("people:")
	}
	p.line("  - id: %s", quoted(who.ID))
	if who.Name != "" {
		p.line("    name: %s", quoted(who.Name))
	}
	p.list("identities", who.Identities)
	p.list("roles", who.Roles)
	if len(who.Grants) > 0 {
		p.line("    grants:")
	}
	for _, g := range who.Grants {
		parts := []string{"role: " + quoted(g.Role)}
		for _, part := range [][2]string{{"scope", g.Scope}, {"workspace", g.Workspace}, {"expires", g.Expires}} {
			if part[1] != "" {
				parts = append(parts, part[0]+": "+flow(part[1]))
			}
		}
		p.line("      - {%s}", strings.Join(parts, ", "))
	}
	if len(who.Attributes) > 0 {
		p.line("    attributes:")
	}
	for _, key := range slices.Sorted(maps.Keys(who.Attributes)) {
		p.line("      %s: %s", quoted(key), quoted(who.Attributes[key]))
	}
}

func (p *PeopleWriter) list(key string, texts []string) {
	if len(texts) == 0 {
		return
	}
	out := make([]string, len(texts))
	for i, s := range texts {
		out[i] = flow(s)
	}
	p.line("    %s: [%s]", key, strings.Join(out, ", "))
}

// flow is a text between brackets, where a colon is better quoted.
func flow(s string) string {
	if q := quoted(s); q != s || !strings.Contains(s, ":") {
		return q
	}
	return `"` + s + `"`
}

// Close ends the file; the error is the first that writing gave.
func (p *PeopleWriter) Close() error {
	if !p.some {
		p.line("people: []")
	}
	if err := p.w.Flush(); err != nil {
		return fmt.Errorf("write people: %w", err)
	}
	return nil
}
