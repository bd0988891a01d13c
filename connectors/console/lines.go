package console

import (
	"bufio"
	"bytes"
	"strings"

	"github.com/parachute-gate/parachute/connectors"
)

const (
	// maxLine is the longest line that is read, in bytes, without its end. (A
	// terminal in its usual line mode gives 4095 at most; a pipe any number.)
	maxLine = 1 << 20
	// readBuffer is how much of a line that is too long is held at a time.
	readBuffer = 64 << 10
)

// line is one line of In in valid UTF-8; text is empty when tooLong.
type line struct {
	text    string
	tooLong bool
}

// readLine gives the next line without its end ("\n" or "\r\n").
func readLine(in *bufio.Reader, limit int) (line, error) {
	raw, tooLong, err := connectors.ReadLine(in, limit)
	if err != nil {
		return line{}, err
	}
	text := string(bytes.TrimSuffix(raw, []byte{'\r'}))
	return line{text: strings.ToValidUTF8(text, "\uFFFD"), tooLong: tooLong}, nil
}
