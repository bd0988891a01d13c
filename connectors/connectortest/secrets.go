package connectortest

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/parachute-gate/parachute/connectors"
)

func secretCases() []testCase {
	return []testCase{
		{"SecretsStayInside_GHSA-xwcj-hwhf-h378", []Feature{Secrets, Faults}, secretsStay},
	}
}

// holds tells whether a text holds a secret, as it is or as the web writes it. It
// does not repeat it.
func (b *bench) holds(text string) bool {
	p, ok := b.platform.(Secretive)
	if !ok {
		return false
	}
	for _, s := range p.Secrets() {
		for _, form := range []string{s, url.QueryEscape(s), url.PathEscape(s), base64.StdEncoding.EncodeToString([]byte(s))} {
			if s != "" && strings.Contains(strings.ToLower(text), strings.ToLower(form)) {
				return true
			}
		}
	}
	return false
}

// clean gives an error when err's text holds a secret.
func (b *bench) clean(err error) error {
	if err != nil && b.holds(err.Error()) {
		return errors.New("an error holds a secret")
	}
	return nil
}

// leaks gives an error when the log or the health that a case left holds a
// secret. It is asked after every case.
func (b *bench) leaks() error {
	p, ok := b.platform.(Secretive)
	if !ok {
		return nil
	}
	var x expect
	x.that(!b.holds(p.Logged()), "the log holds a secret")
	if r, ok := b.platform.Connector().(connectors.Reporter); ok {
		x.that(!b.holds(fmt.Sprintf("%+v", r.Health())), "the health holds a secret")
	}
	return x.err()
}

// secretsStay provokes what a library puts a URL or a header into: connections
// that fail while events come and replies go, and in the end a token that is no
// longer valid.
func secretsStay(b *bench) error {
	p, ok := b.platform.(Secretive)
	if !ok || len(p.Secrets()) == 0 {
		return errors.New("the platform names no secret")
	}
	b.start(nil)
	m, ids, err := b.one(Event{Chat: "room", ChatKind: connectors.ChatGroup, Person: "alice", Text: "hello"})
	if err != nil {
		return err
	}
	var x expect
	for i, kind := range []FaultKind{ServerError, Drop, Garbage} {
		if _, err := b.fault(Fault{Kind: kind, On: OnReceive}); err != nil {
			return err
		}
		if _, err := b.fault(Fault{Kind: kind, On: OnSend}); err != nil {
			return err
		}
		x.none(b.clean(b.send(ids, m.ID, fmt.Sprint("answer ", i))), "after "+string(kind))
		if _, err := b.inject(Event{Chat: "room", ChatKind: connectors.ChatGroup, Person: "alice", Text: fmt.Sprint("question ", i)}); err != nil {
			return err
		}
		if _, err := b.distinct(i + 2); err != nil {
			return err
		}
	}
	if err := b.halt(); err != nil {
		return err
	}
	x.none(b.leaks(), "in the end")
	return x.err()
}
