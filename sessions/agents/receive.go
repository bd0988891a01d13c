package agents

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"
)

// ErrNotToBeHad is the error of a content that will never be fetched, however
// often it is tried.
var ErrNotToBeHad = errors.New("the content is not to be had")

// File is something that came with a message. What is said of it are the
// platform's words, or the sender's.
type File struct {
	Name  string
	Type  string // media type
	Bytes int64
	// Open fetches the content; nil where it cannot be fetched.
	Open func(ctx context.Context) (io.ReadCloser, error)
}

// Received is what became of one file.
type Received struct {
	// Path is where it stands in the workspace; "" where it was not kept.
	Path  string
	Bytes int
	// Words tell a person of it.
	Words string
}

// Receive puts the files of a message into the inbox of the workspace, and tells
// what became of each, in order.
func Receive(ctx context.Context, files []File, notes Notes) ([]Received, error) {
	out := make([]Received, 0, len(files))
	for _, f := range files {
		r, err := receiveOne(ctx, f, notes)
		if told, ok := inWords(err); ok {
			r, err = Received{Words: fmt.Sprintf("I did not keep %s: %s", oneLine(f.Name, longestName), told)}, nil
		}
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// receive tells of all of them, a line each.
func receive(ctx context.Context, files []File, notes Notes) (string, error) {
	received, err := Receive(ctx, files, notes)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, r := range received {
		b.WriteString(r.Words + "\n")
	}
	if b.Len() > 0 {
		b.WriteString("\n")
	}
	return b.String(), nil
}

func receiveOne(ctx context.Context, f File, notes Notes) (Received, error) {
	name := oneLine(f.Name, longestName)
	if f.Open == nil {
		return Received{Words: fmt.Sprintf("I cannot fetch %s from here.", name)}, nil
	}
	content, err := fetch(ctx, f)
	if errors.Is(err, ErrNotToBeHad) {
		return Received{Words: fmt.Sprintf("I could not get %s: the chat does not give it to me. It may be too big for a bot there.", name)}, nil
	}
	if err != nil {
		return Received{}, fmt.Errorf("fetch attachment: %w", err)
	}
	switch {
	case int64(len(content)) > f.Bytes:
		// The policies were asked about the size that was stated.
		return Received{Words: fmt.Sprintf("I did not keep %s: it is bigger than it says.", name)}, nil
	case !isOf(f.Type, content):
		return Received{Words: fmt.Sprintf("I did not keep %s: it is not of the type that it says (%s).", name, oneLine(f.Type, longestName))}, nil
	}
	c, err := notes.Receive(ctx, named(f.Name, f.Type), content)
	if err != nil {
		return Received{}, err
	}
	return Received{Path: c.Path, Bytes: len(content), Words: fmt.Sprintf("Saved %s (%s).", c.Path, count(len(content), "byte", "bytes"))}, nil
}

// fetch reads one byte more than was stated, no further.
func fetch(ctx context.Context, f File) (content []byte, err error) {
	r, err := f.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() {
		if closeErr := r.Close(); err == nil {
			err = closeErr
		}
	}()
	return io.ReadAll(io.LimitReader(r, f.Bytes+1))
}

// programs are how files begin that a computer runs: ELF, Windows, Mach-O (of
// either order, 32 and 64 bits, and several in one), a script.
func programs() []string {
	return []string{
		"\x7fELF", "MZ", "\xfe\xed\xfa\xce", "\xfe\xed\xfa\xcf", "\xce\xfa\xed\xfe", "\xcf\xfa\xed\xfe", "\xca\xfe\xba\xbe", "#!",
	}
}

func isProgram(content []byte) bool {
	return slices.ContainsFunc(programs(), func(magic string) bool { return bytes.HasPrefix(content, []byte(magic)) })
}

// endings are what names of files of a media type, or of a family, may end in.
// The first is added to a name that ends otherwise: what a folder window does
// with a file goes by its ending.
func endings(mediaType string) []string {
	switch mediaType {
	case "text/csv":
		return []string{".csv"}
	case "application/json":
		return []string{".json"}
	case "application/pdf":
		return []string{".pdf"}
	}
	switch family, _, _ := strings.Cut(mediaType, "/"); family {
	case "text":
		return []string{".txt", ".md", ".markdown", ".csv", ".log", ".json", ".yaml"}
	case "image":
		return []string{".img", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".heic", ".heif", ".bmp", ".tif", ".tiff", ".avif"}
	case "audio":
		return []string{".audio", ".ogg", ".oga", ".opus", ".mp3", ".m4a", ".aac", ".wav", ".flac", ".weba"}
	case "video":
		return []string{".video", ".mp4", ".m4v", ".webm", ".mov"}
	}
	return []string{".bin"}
}

// named gives a file a name that ends as its type does.
func named(name, mediaType string) string {
	mediaType, _, _ = strings.Cut(strings.ToLower(mediaType), ";")
	fitting := endings(strings.TrimSpace(mediaType))
	if slices.Contains(fitting, strings.ToLower(path.Ext(name))) {
		return name
	}
	return name + fitting[0]
}

// isOf tells whether content can be of the media type that was stated for it: a
// page of HTML is no picture, and a program is no text.
func isOf(stated string, content []byte) bool {
	stated, _, _ = strings.Cut(strings.ToLower(stated), ";")
	if isProgram(content) {
		return false
	}
	seen, _, _ := strings.Cut(http.DetectContentType(content), ";")
	if seen == stated || len(content) == 0 {
		return true
	}
	family, _, _ := strings.Cut(stated, "/")
	seenFamily, _, _ := strings.Cut(seen, "/")
	switch {
	case family == "text", stated == "application/json":
		return seenFamily == "text"
	case seen == "application/octet-stream":
		// Nothing is known that begins like this: many sounds and pictures do.
		return family == "audio" || family == "video" || family == "image"
	case seen == "application/ogg":
		return family == "audio" || family == "video"
	case stated == "audio/mp4":
		return seen == "video/mp4"
	default:
		return family == seenFamily && family != "application"
	}
}
