package audit

import (
	"encoding/json"
	"fmt"
)

// Head is the end of a chain: where it stands and what its last hash is.
type Head struct {
	Seq  int64  `json:"seq"`
	Hash string `json:"hash"`
}

// Verifier checks a chain record by record, in order.
type Verifier struct {
	head Head
}

// NewVerifier starts at the beginning of a chain.
func NewVerifier() *Verifier { return &Verifier{head: Head{Hash: GenesisHash}} }

// Next checks that s follows what came before. The error tells the first place
// where the chain is broken, and how.
func (v *Verifier) Next(s Sealed) error {
	if s.Seq != v.head.Seq+1 {
		return fmt.Errorf("record %d is missing: record %d follows %d", v.head.Seq+1, s.Seq, v.head.Seq)
	}
	if got := hash(s.Seq, s.JSON); got != s.Hash {
		return fmt.Errorf("record %d was changed: its content does not give its hash", s.Seq)
	}
	var r Record
	if err := json.Unmarshal(s.JSON, &r); err != nil {
		return fmt.Errorf("record %d cannot be read: %w", s.Seq, err)
	}
	if r.Prev != v.head.Hash {
		return fmt.Errorf("record %d (%s) does not follow record %d: records were removed, replaced or reordered", s.Seq, r.ID, v.head.Seq)
	}
	if s.Columns != nil && *s.Columns != r.Columns() {
		return fmt.Errorf("record %d (%s) is shown as something else: what it is found by was changed", s.Seq, r.ID)
	}
	v.head = Head{Seq: s.Seq, Hash: s.Hash}
	return nil
}

// End checks that the chain ends where want says: a tail cut off is found by it
// alone, so want should come from a place the log's owner cannot write.
func (v *Verifier) End(want Head) error {
	if v.head != want {
		return fmt.Errorf("the log ends at record %d, and should end at %d: its tail was cut off or replaced", v.head.Seq, want.Seq)
	}
	return nil
}

// Head is how far the chain was verified.
func (v *Verifier) Head() Head { return v.head }
