package programs

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// Lines reads the lines of a protocol.
type Lines struct {
	r    *bufio.Reader
	most int
	buf  []byte
}

// NewLines reads lines of at most so many bytes.
func NewLines(r io.Reader, most int) *Lines {
	return &Lines{r: bufio.NewReaderSize(r, 64<<10), most: most}
}

// Next gives a line that is not empty, without its end; it holds until the next
// call. ErrLine: one is too long, and what comes after it has no meaning. A last
// line without an end is one.
func (l *Lines) Next() ([]byte, error) {
	for {
		l.buf = l.buf[:0]
		var err error
		for {
			var part []byte
			part, err = l.r.ReadSlice('\n')
			l.buf = append(l.buf, part...)
			if len(l.buf) > l.most {
				return nil, ErrLine
			}
			if !errors.Is(err, bufio.ErrBufferFull) {
				break
			}
		}
		if line := bytes.TrimSpace(l.buf); len(line) > 0 {
			return line, nil
		}
		if err != nil {
			return nil, err
		}
	}
}
