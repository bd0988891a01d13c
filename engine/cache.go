package engine

import "sync"

// cacheSize is how many answers each of the two generations holds.
const cacheSize = 2048

// cache remembers the answers of one query of one revision by the facts that
// the query reads, and those alone: a decision is a pure function of them. It
// lives and dies with its revision, so nothing has to be invalidated. A nil
// cache remembers nothing.
type cache[T any] struct {
	facts facts

	mu       sync.Mutex
	now, old map[string]T
}

func newCache[T any](f facts) *cache[T] {
	return &cache[T]{facts: f, now: map[string]T{}}
}

// key tells the facts of an input that the query reads; false says that the
// answer is not to be remembered.
func (c *cache[T]) key(in any) (string, bool) {
	if c == nil {
		return "", false
	}
	key := c.facts.of(in)
	return key, len(key) <= maxKey
}

func (c *cache[T]) get(key string) (T, bool) {
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

func (c *cache[T]) put(key string, a T) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keep(key, a)
}

// keep drops the older half when the newer one is full.
func (c *cache[T]) keep(key string, a T) {
	if len(c.now) >= cacheSize {
		c.old, c.now = c.now, make(map[string]T, cacheSize)
	}
	c.now[key] = a
}
