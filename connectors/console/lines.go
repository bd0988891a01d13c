package console

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
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

// readLine gives the next line without its end ("\n" or "\r\n"). A line of more
// than limit bytes is skipped up to its newline, in pieces of the reader's
// buffer. The last line may lack its newline; io.EOF comes only when nothing is
// left.
func readLine(in *bufio.Reader, limit int) (line, error) {
	var raw []byte
	tooLong := false
	for begun := false; ; begun = true {
		part, err := in.ReadSlice('\n')
		body := bytes.TrimSuffix(part, []byte{'\n'})
		if tooLong = tooLong || len(raw)+len(body) > limit; tooLong {
			raw = nil
		} else {
			raw = append(raw, body...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err == nil, errors.Is(err, io.EOF) && (begun || len(part) > 0):
			text := string(bytes.TrimSuffix(raw, []byte{'\r'}))
			return line{text: strings.ToValidUTF8(text, "\uFFFD"), tooLong: tooLong}, nil
		default:
			return line{}, err
		}
	}
}
