package programs

// mostRemembered is how many sessions are remembered: what Session.Earlier tells
// makes up for the others.
const mostRemembered = 10_000

// served is which sessions had a process.
type served map[string]struct{}

func (m served) has(session string) bool {
	_, ok := m[session]
	return ok
}

func (m served) add(session string) {
	for other := range m {
		if len(m) < mostRemembered {
			break
		}
		delete(m, other)
	}
	m[session] = struct{}{}
}

func (m served) remove(session string) { delete(m, session) }

// serves remembers that a session has its process.
func (p *Pool[K]) serves(at *place[K]) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !at.doomed {
		p.served.add(at.session)
	}
}
