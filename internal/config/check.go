package config

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"
	"github.com/goccy/go-yaml/ast"
)

// What each choice may be.
var (
	audiences  = []string{"public", "private", "team", "development"}
	trusts     = []string{"sandboxed", "direct"}
	groupModes = []string{"mention_only", "all_messages"}
	levels     = []string{"debug", "info", "warn", "error"}
)

var workspaceName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

// values checks what the keys hold.
func (f *faults) values(c Config) {
	f.choice("$.audience", "audience", c.Audience, audiences)
	f.choice("$.trust", "trust", c.Trust, trusts)
	f.choice("$.groups", "groups", c.Groups, groupModes)
	f.agents(c)
	f.choice("$.log.level", "log.level", c.Log.Level, levels)
	f.between("$.decisions.timeout", "decisions.timeout", c.Decisions.Timeout, 10*time.Millisecond, 10*time.Second)
	f.between("$.turns.timeout", "turns.timeout", c.Turns.Timeout, time.Second, 24*time.Hour)
	f.between("$.turns.draft_after", "turns.draft_after", c.Turns.DraftAfter, 0, time.Hour)
	if c.Data == "" {
		f.add(f.find("$.data"), "data: name a folder, such as ./data")
	}
	for _, name := range slices.Sorted(maps.Keys(c.Workspaces)) {
		path := "$.workspaces." + name
		switch {
		case !workspaceName.MatchString(name):
			f.add(f.find("$.workspaces"), "workspaces: the name %q must match %s", name, workspaceName)
		case name == "personal":
			f.add(f.find(path), "workspaces: personal is each person's own and has no single place; choose another name")
		case c.Workspaces[name].Path == "":
			f.add(f.find(path), "workspaces.%s: path is missing; write `%s: {path: ./folder}`", name, name)
		}
	}
	f.sandbox(c.Sandbox)
	f.connectors(c)
}

func (f *faults) choice(path, key, value string, valid []string) {
	if slices.Contains(valid, value) {
		return
	}
	f.add(f.find(path), "%s: %q is not valid; valid: %s%s", key, value, strings.Join(valid, ", "), Guess(value, valid))
}

func (f *faults) between(path, key string, value, low, high time.Duration) {
	if value < low || value > high {
		f.add(f.find(path), "%s: %s is not valid; valid: %s to %s, such as 500ms, 30s or 5m", key, value, low, high)
	}
}

// unknownKeys walks the document beside the type that it is read into: a misspelt
// key must not be passed over.
func (f *faults) unknownKeys(body ast.Node, t reflect.Type) {
	f.walk(body, t, "")
}

func (f *faults) walk(node ast.Node, t reflect.Type, key string) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	var entries []*ast.MappingValueNode
	switch n := node.(type) {
	case *ast.AnchorNode, *ast.AliasNode:
		// What they stand for would pass this check by, and can grow without bound.
		f.add(node.GetToken(), "%s: anchors and aliases (& and *) are not read; write the value out", nameOf(key))
		return
	case *ast.TagNode:
		f.add(node.GetToken(), "%s: tags (%s) are not read; leave it out", nameOf(key), shown(node))
		return
	case *ast.SequenceNode:
		if t.Kind() != reflect.Slice {
			break
		}
		for i, v := range n.Values {
			f.walk(v, t.Elem(), fmt.Sprintf("%s[%d]", key, i))
		}
		return
	case *ast.MappingNode:
		entries = n.Values
	case *ast.MappingValueNode:
		entries = []*ast.MappingValueNode{n}
	case *ast.NullNode, *ast.CommentGroupNode:
		return
	}
	if t.Kind() != reflect.Struct && t.Kind() != reflect.Map {
		f.scalar(node, t, key)
		return
	}
	if t == reflect.TypeFor[Variable]() && entries == nil {
		// What stands here by mistake is a secret.
		f.add(node.GetToken(), "%s: write {env: NAME}, {file: ./FILE} or {value: TEXT}", key)
		return
	}
	if entries == nil && node.Type() != ast.MappingType {
		f.add(node.GetToken(), "%s: write keys and values below it, not %s", nameOf(key), shown(node))
		return
	}
	for _, e := range entries {
		name := strings.Trim(e.Key.String(), `"'`)
		switch t.Kind() {
		case reflect.Map:
			f.walk(e.Value, t.Elem(), dotted(key, name))
		case reflect.Struct:
			field, ok := fieldOf(t, name)
			if !ok {
				valid := keysOf(t)
				f.add(e.Key.GetToken(), "unknown key %q; valid: %s%s", dotted(key, name), strings.Join(valid, ", "), Guess(name, valid))
				continue
			}
			f.walk(e.Value, field, dotted(key, name))
		}
	}
}

// scalar checks that node is one value of the type t.
func (f *faults) scalar(node ast.Node, t reflect.Type, key string) {
	_, one := node.(ast.ScalarNode)
	if literal, ok := node.(*ast.LiteralNode); ok {
		node, one = literal.Value, true
	}
	switch {
	case t.Kind() == reflect.Slice:
		f.add(node.GetToken(), "%s: write a list (lines that begin with -) below it, not %s", key, shown(node))
	case !one:
		f.add(node.GetToken(), "%s: write one value, not %s", key, shown(node))
	case t.Kind() == reflect.Bool && node.Type() != ast.BoolType:
		f.add(node.GetToken(), "%s: %s is not valid; valid: true, false", key, shown(node))
	case t.Kind() == reflect.String && !asWritten(node):
		f.add(node.GetToken(), "%s: write it in quotes; without them it is a number, and read as another text", key)
	case t.Kind() == reflect.Int:
		if _, err := strconv.Atoi(node.GetToken().Value); err != nil {
			f.add(node.GetToken(), "%s: %s is not valid; write a whole number", key, shown(node))
		}
	case t == reflect.TypeFor[time.Duration]():
		if _, err := time.ParseDuration(node.GetToken().Value); err != nil {
			f.add(node.GetToken(), "%s: %s is not valid; write a number and its unit, such as 500ms, 30s or 5m", key, shown(node))
		}
	}
}

// asWritten tells whether a node that stands for a text is read as it is written:
// of 1.0, 007 or True only the number or the truth would be left.
func asWritten(node ast.Node) bool {
	word := node.GetToken().Value
	switch node.Type() {
	case ast.IntegerType:
		n, err := strconv.ParseInt(word, 10, 64)
		return err == nil && strconv.FormatInt(n, 10) == word
	case ast.FloatType:
		n, err := strconv.ParseFloat(word, 64)
		return err == nil && strconv.FormatFloat(n, 'f', -1, 64) == word
	case ast.BoolType:
		return word == "true" || word == "false"
	case ast.InfinityType, ast.NanType:
		return false
	default:
		return true
	}
}

// shown is a node as a message shows it.
func shown(node ast.Node) string {
	switch node.Type() {
	case ast.SequenceType:
		return "a list"
	case ast.MappingType, ast.MappingValueType:
		return "keys and values"
	}
	word := []rune(node.GetToken().Value)
	return strconv.Quote(string(word[:min(40, len(word))]))
}

func nameOf(key string) string {
	if key == "" {
		return "the file"
	}
	return key
}

func dotted(key, name string) string {
	if key == "" {
		return name
	}
	return key + "." + name
}

func keysOf(t reflect.Type) []string {
	var out []string
	for i := range t.NumField() {
		if tag := t.Field(i).Tag.Get("yaml"); tag != "-" {
			out = append(out, tag)
		}
	}
	return out
}

func fieldOf(t reflect.Type, name string) (reflect.Type, bool) {
	for i := range t.NumField() {
		if t.Field(i).Tag.Get("yaml") == name && name != "-" {
			return t.Field(i).Type, true
		}
	}
	return nil, false
}

// Guess offers the valid word that differs by the fewest letters, to stand behind
// what is said; "" where none is near.
func Guess(word string, valid []string) string {
	best, at := 3, ""
	for _, v := range valid {
		if d := levenshtein.ComputeDistance(word, v); d < best {
			best, at = d, v
		}
	}
	if at == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", at)
}
