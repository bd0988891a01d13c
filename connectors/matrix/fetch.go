package matrix

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/id"
)

// maxLocked bounds an encrypted file: it is read whole before any of it is given
// out, as its hash covers all of it. In bytes.
const maxLocked = 64 << 20

// maxUnsized bounds one whose message does not say how large it is, in bytes.
const maxUnsized = 8 << 20

// ref is an attachment's Ref.
type ref struct {
	URL    string      `json:"url,omitempty"`
	Locked *lockedFile `json:"file,omitempty"`
	// Size is how large an encrypted file is said to be, in bytes: no more of it is
	// read. Zero says nothing.
	Size int64 `json:"size,omitempty"`
}

// Fetch opens an attachment, from the bot's own homeserver only: the Ref names a
// file by mxc:// and leads nowhere else (client-server API, "Content repository").
// An encrypted file is given out decrypted, after its hash was found right.
func (c *Connector) Fetch(ctx context.Context, raw string) (io.ReadCloser, error) {
	var r ref
	if err := json.Unmarshal([]byte(raw), &r); err != nil {
		return nil, errors.New("fetch attachment: its reference cannot be read")
	}
	address := r.URL
	if r.Locked != nil {
		address = r.Locked.URL
	}
	mxc, err := id.ParseContentURI(address)
	if err != nil || mxc.Homeserver == "" || !plainMedia(mxc.Homeserver, ".-:[]") || !plainMedia(mxc.FileID, "-_") {
		return nil, errors.New("fetch attachment: its reference is no mxc:// address")
	}
	var body io.ReadCloser
	err = c.account.call(ctx, "fetch attachment", func(ctx context.Context, s *session) error {
		_, resp, err := s.cli.MakeFullRequestWithResp( //nolint:bodyclose // the caller of Fetch closes it
			ctx, mautrix.FullRequest{
				Method: http.MethodGet, DontReadResponse: true,
				URL: s.cli.BuildURL(mautrix.ClientURLPath{"v1", "media", "download", mxc.Homeserver, mxc.FileID}),
			})
		if err == nil {
			body = resp.Body
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if r.Locked == nil {
		return body, nil
	}
	return unlock(body, *r.Locked, r.Size)
}

// unlock reads an encrypted file of the size it is said to have, and opens it. Its
// cipher adds nothing to it (AES-CTR).
func unlock(body io.ReadCloser, f lockedFile, size int64) (io.ReadCloser, error) {
	most := int64(maxUnsized)
	if size > 0 {
		most = min(size, maxLocked)
	}
	data, err := io.ReadAll(io.LimitReader(body, most+1))
	err = errors.Join(err, body.Close())
	switch {
	case err != nil:
		return nil, fmt.Errorf("fetch attachment: %w", err)
	case int64(len(data)) > most:
		return nil, fmt.Errorf("fetch attachment: it is encrypted and larger than %d bytes", most)
	}
	if err := f.DecryptInPlace(data); err != nil {
		return nil, fmt.Errorf("decrypt attachment: %w", err)
	}
	return io.NopCloser(bytes.NewReader(data)), nil
}

// plainMedia tells whether a part of an mxc:// address has only characters that
// change no path (client-server API, "Matrix Content (mxc://) URIs").
func plainMedia(s, more string) bool {
	for _, r := range s {
		plain := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		if !plain && !bytes.ContainsRune([]byte(more), r) {
			return false
		}
	}
	return s != "" && s != "." && s != ".."
}
