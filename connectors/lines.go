package connectors

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// ReadLine gives the next line without its newline, for connectors that read
// text. A line of more than limit bytes is skipped up to its newline, in pieces
// of the reader's buffer, and reported as too long. The last line may lack its
// newline; io.EOF comes only when nothing is left.
func ReadLine(in *bufio.Reader, limit int) (raw []byte, tooLong bool, err error) {
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
