package telegram

import (
	"cmp"

	"github.com/parachute-gate/parachute/connectors"
)

// attachments describes the file of a message: there is one at most, an album is
// several messages. Names and types are what the sender's program stated, and
// where the platform has none, what it promises of the kind.
func attachments(m *message) []connectors.Attachment {
	one := func(name, kind string, bytes int, ref string) []connectors.Attachment {
		return []connectors.Attachment{{Name: name, Type: kind, Bytes: int64(bytes), Ref: ref}}
	}
	switch {
	// An animation and a video note have a document beside them, for old programs.
	case m.Animation != nil:
		a := m.Animation
		return one(cmp.Or(a.FileName, "animation.mp4"), cmp.Or(a.MimeType, "video/mp4"), a.FileSize, a.FileID)
	case m.Document != nil:
		d := m.Document
		return one(cmp.Or(d.FileName, "document"), cmp.Or(d.MimeType, "application/octet-stream"), d.FileSize, d.FileID)
	case len(m.Photo) > 0:
		p := m.Photo[0]
		for _, size := range m.Photo[1:] {
			if size.Width*size.Height >= p.Width*p.Height {
				p = size
			}
		}
		return one("photo.jpg", "image/jpeg", p.FileSize, p.FileID)
	case m.Voice != nil:
		return one("voice.ogg", cmp.Or(m.Voice.MimeType, "audio/ogg"), m.Voice.FileSize, m.Voice.FileID)
	case m.Audio != nil:
		a := m.Audio
		return one(cmp.Or(a.FileName, "audio.mp3"), cmp.Or(a.MimeType, "audio/mpeg"), a.FileSize, a.FileID)
	case m.Video != nil:
		v := m.Video
		return one(cmp.Or(v.FileName, "video.mp4"), cmp.Or(v.MimeType, "video/mp4"), v.FileSize, v.FileID)
	case m.VideoNote != nil:
		return one("video_note.mp4", "video/mp4", m.VideoNote.FileSize, m.VideoNote.FileID)
	case m.Sticker != nil:
		return m.Sticker.attachments()
	}
	return nil
}

// attachments gives a sticker as a file of one of its three types
// (https://core.telegram.org/bots/api#sticker).
func (s *sticker) attachments() []connectors.Attachment {
	a := connectors.Attachment{Name: "sticker.webp", Type: "image/webp", Bytes: int64(s.FileSize), Ref: s.FileID}
	switch {
	case s.IsAnimated:
		a.Name, a.Type = "sticker.tgs", "application/x-tgsticker"
	case s.IsVideo:
		a.Name, a.Type = "sticker.webm", "video/webm"
	}
	return []connectors.Attachment{a}
}
