package stdio

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

const (
	// maxLine is the longest line that is read, in bytes, without its newline.
	maxLine = 1 << 20
	// readBuffer is how much of a line that is too long is held at a time.
	readBuffer = 64 << 10
)

// line is one line of In, numbered from 1. raw is empty when tooLong.
type line struct {
	number  int
	raw     []byte
	tooLong bool
}

// readLine gives the next line without its newline. A line of more than limit
// bytes is skipped up to its newline, in pieces of the reader's buffer. The
// last line may lack its newline; io.EOF comes only when nothing is left.
func readLine(in *bufio.Reader, limit int) (raw []byte, tooLong bool, err error) {
	for begun := false; ; begun = true {
		part, err := in.ReadSlice('\n')
		body := bytes.TrimSuffix(part, []byte{'\n'})
		if tooLong = tooLong || len(raw)+len(body) > limit; tooLong {
			raw = nil
		} else {
			raw = append(raw, body...)
		}
		switch {
		case err == nil:
			return raw, tooLong, nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && (begun || len(part) > 0):
			return raw, tooLong, nil
		default:
			return nil, false, err
		}
	}
}
