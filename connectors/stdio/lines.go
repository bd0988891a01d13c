package stdio

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
