package engine

import (
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/dependencies"
)

// cacheSize is how many answers each of the two generations holds.
const cacheSize = 2048

// maxKey keeps facts that a stranger can make long out of the cache.
const maxKey = 4096

// cache remembers the answers of one query of one revision by the facts that
// the query reads, and those alone: a decision is a pure function of them. It
// lives and dies with its revision, so nothing has to be invalidated.
type cache struct {
	paths []ast.Ref

	mu       sync.Mutex
	now, old map[string]answer
}

// newCache finds the input paths that a query reads. A query that reads the
// whole input, the time, the id or the text is different each time and has no
// cache.
func newCache(compiler *ast.Compiler, text string) (*cache, error) {
	body, err := ast.ParseBody(text)
	if err != nil {
		return nil, fmt.Errorf("parse %s: %w", text, err)
	}
	refs, err := dependencies.Base(compiler, body)
	if err != nil {
		return nil, fmt.Errorf("find what %s reads: %w", text, err)
	}
	c := &cache{now: map[string]answer{}}
	for _, ref := range refs {
		if !ref.HasPrefix(ast.InputRootRef) {
			continue
		}
		switch ref.String() {
		case "input", "input.time", "input.message", "input.message.id", "input.message.text":
			return nil, nil
		}
		c.paths = append(c.paths, ref[1:])
	}
	return c, nil
}

// key tells the facts that the query reads. Each part carries its length, so
// that no two sets of facts have one key.
func (c *cache) key(in ast.Value) (string, bool) {
	if c == nil {
		return "", false
	}
	var b strings.Builder
	for _, path := range c.paths {
		v, err := in.Find(path)
		if err != nil {
			b.WriteString("-")
			continue
		}
		s := v.String()
		b.WriteString(strconv.Itoa(len(s)))
		b.WriteByte(':')
		b.WriteString(s)
	}
	return b.String(), b.Len() <= maxKey
}

func (c *cache) get(key string) (answer, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if a, ok := c.now[key]; ok {
		return a, true
	}
	a, ok := c.old[key]
	if ok {
		c.keep(key, a)
	}
	return a, ok
}

func (c *cache) put(key string, a answer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keep(key, a)
}

// keep drops the older half when the newer one is full.
func (c *cache) keep(key string, a answer) {
	if len(c.now) >= cacheSize {
		c.old, c.now = c.now, make(map[string]answer, cacheSize)
	}
	c.now[key] = a
}
