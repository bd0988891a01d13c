package audit

import (
	"context"
	"fmt"
	"time"
)

// Filter chooses records; empty fields choose all.
type Filter struct {
	// After gives only records that stand behind this place in the log.
	After     int64
	Since     time.Time
	Connector string
	User      string
	Chat      string
	Verdict   string
	Rule      string
	Session   string
	Point     string
	// Last keeps only that many, the newest; 0 keeps all.
	Last int
}

// Entry is a record with its place in the log.
type Entry struct {
	Seq    int64
	Record Record
}

// Log is what the decision log can be asked.
type Log interface {
	// Entries calls yield with the records that f chooses, oldest first, until
	// yield returns an error, which it gives back.
	Entries(ctx context.Context, f Filter, yield func(Entry) error) error
	// Chain calls yield with every sealed record in order.
	Chain(ctx context.Context, yield func(Sealed) error) error
	// Head is where the log should end.
	Head(ctx context.Context) (Head, error)
}

// Verify checks the whole log, also while it is written. A want that is
// not empty must be a record of it: it comes from a place that whoever can write
// the log cannot, and finds a tail that was cut off or written anew.
func Verify(ctx context.Context, l Log, want Head) (Head, error) {
	head, err := l.Head(ctx)
	if err != nil {
		return Head{}, err
	}
	v := NewVerifier()
	// Every log follows the head of an empty one.
	found, ended := want == Head{} || want == v.Head(), head == v.Head()
	if err := l.Chain(ctx, func(s Sealed) error {
		if err := v.Next(s); err != nil {
			return err
		}
		found, ended = found || v.Head() == want, ended || v.Head() == head
		return nil
	}); err != nil {
		return v.Head(), err
	}
	if !ended {
		return v.Head(), v.End(head)
	}
	// Records that were added meanwhile are behind the first head, and none is
	// behind the one of now.
	now, err := l.Head(ctx)
	if err != nil {
		return v.Head(), err
	}
	if v.Head().Seq > now.Seq {
		return v.Head(), fmt.Errorf("record %d stands behind the end of the log, which is at %d: it was put there, or the end was moved", v.Head().Seq, now.Seq)
	}
	if !found {
		return v.Head(), fmt.Errorf("the log does not hold record %d with the hash that you kept: its tail was cut off or replaced", want.Seq)
	}
	return v.Head(), nil
}
