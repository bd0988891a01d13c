package acp

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestJoined(t *testing.T) {
	for _, test := range []struct {
		out, err string
		most     int
		want     string
		cut      bool
	}{
		{"", "", 10, "", false},
		{"out\n", "", 10, "out\n", false},
		{"", "err\n", 10, "err\n", false},
		{"out\n", "err\n", 10, "out\nerr\n", false},
		{"out", "err", 10, "out\nerr", false},
		{"0123456789", "", 4, "6789", true},
		{"", "0123456789", 4, "6789", true},
		// Each has half, and what the other does not need.
		{"0123456789", "abcdefghij", 6, "789hij", true},
		{"0123456789", "ab", 6, "789\nab", true},
		{"01\n", "abcdefghij", 6, "01\nhij", true},
		{"out", "err", 0, "", true},
		{"ä€", "", 4, "€", true},
		{"ä€", "", 2, "", true},
	} {
		text, cut := joined(test.out, test.err, test.most)
		if text != test.want || cut != test.cut || len(text) > test.most {
			t.Errorf("%q and %q in %d: %q, %v", test.out, test.err, test.most, text, cut)
		}
	}
}

func TestScreenKeepsTheEnd(t *testing.T) {
	all := strings.Repeat("aä€😀\n", 2000)
	for _, most := range []int{0, 1, 3, 100, 4096, len(all) - 1, len(all), len(all) + 1} {
		for _, piece := range []int{1, 7, 5000, len(all)} {
			s := screen{most: most}
			for rest := all; rest != ""; {
				n, err := s.Write([]byte(rest[:min(piece, len(rest))]))
				if err != nil {
					t.Fatal(err)
				}
				rest = rest[n:]
				if len(s.buf) > 2*most {
					t.Fatalf("%d bytes are kept of %d", len(s.buf), most)
				}
			}
			text, cut := s.text()
			if !strings.HasSuffix(all, text) || !utf8.ValidString(text) || len(text) > most || len(text) < min(most, len(all))-3 || cut != (most < len(all)) {
				t.Errorf("%d in pieces of %d: %d bytes, %v", most, piece, len(text), cut)
			}
		}
	}
	s := screen{most: 10}
	if _, err := s.Write([]byte("\xffa\x80")); err != nil {
		t.Error(err)
	}
	if text, cut := s.text(); text != "\ufffda\ufffd" || cut {
		t.Errorf("%q, %v", text, cut)
	}
}
