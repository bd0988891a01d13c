package audit

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"time"
)

// Attrs are the facts of a decision as every log line of Parachute names them.
func (r Record) Attrs() []slog.Attr {
	attrs := []slog.Attr{
		text("connector", r.Connector),
		text("user", r.User),
		text("verdict", r.Verdict),
		text("rule", r.Rule().ID),
		text("trust", r.Trust),
		text("session", r.Session),
		text("chat", r.Chat),
		text("event", r.Event),
	}
	attrs = append(append(attrs, r.command()...), text("workspace", r.Workspace))
	if place := r.Rule().Place(); place != "" {
		attrs = append(attrs, text("at", place))
	}
	if msg := r.Rule().Msg; msg != "" {
		attrs = append(attrs, text("why", msg))
	}
	for _, w := range r.Rules {
		if w.Kind == "warn" {
			attrs = append(attrs, text("warn", w.ID))
		}
	}
	if u := r.Usage; u != nil {
		attrs = append(attrs, text("ended", u.How), slog.Float64("cpu_seconds", u.CPUSeconds),
			slog.Int64("peak_memory_bytes", u.PeakMemoryBytes), slog.String("ran", u.Ran.Round(time.Millisecond).String()))
	}
	return append(attrs,
		text("point", r.Point),
		text("message", r.Message),
		text("decision", r.ID),
		text("revision", r.Revision[:min(12, len(r.Revision))]),
		slog.String("took", r.Duration.String()),
	)
}

// command is what a command was, and whom or what it was about. Its words are
// not shown: they are people's own, and may be long.
func (r Record) command() []slog.Attr {
	if r.Event != "command" && r.Event != "callback" {
		return nil
	}
	var in struct {
		Message struct {
			Command string
			Target  *struct{ Kind, ID string }
		}
	}
	if json.Unmarshal(r.Input, &in) != nil || in.Message.Command == "" {
		return nil
	}
	attrs := []slog.Attr{text("command", in.Message.Command)}
	if t := in.Message.Target; t != nil {
		attrs = append(attrs, text("target", strings.TrimSpace(t.Kind+" "+t.ID)))
	}
	return attrs
}

// text is a fact in words. slog quotes whatever is not plain, but passes on the
// control character DEL; its picture stands for it.
func text(key, value string) slog.Attr {
	return slog.String(key, strings.ReplaceAll(value, "\x7f", "\u2421"))
}

// Rule is the rule that the outcome is named after.
func (r Record) Rule() Rule {
	if len(r.Rules) == 0 {
		return Rule{}
	}
	return r.Rules[0]
}

// Place is "file:line", or "" where no policy file made the rule.
func (r Rule) Place() string {
	if r.File == "" {
		return ""
	}
	return r.File + ":" + strconv.Itoa(r.Line)
}

// Warned tells whether a warn rule fired.
func (r Record) Warned() bool {
	for _, rule := range r.Rules {
		if rule.Kind == "warn" {
			return true
		}
	}
	return false
}

// Level is how loud a record is logged.
func (r Record) Level() slog.Level {
	if (r.Verdict != "allow" && r.Verdict != Ended) || r.Warned() {
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

// Writer writes records as logfmt lines. slog's text handler quotes what is not
// plain, so that no id, name or message can break a line or forge another.
type Writer struct{ handler slog.Handler }

// NewWriter writes to w.
func NewWriter(w io.Writer) *Writer {
	return &Writer{handler: slog.NewTextHandler(w, nil)}
}

// Write writes one line.
func (w *Writer) Write(ctx context.Context, r Record) error {
	line := slog.NewRecord(r.Time, r.Level(), "decision", 0)
	line.AddAttrs(r.Attrs()...)
	return w.handler.Handle(ctx, line)
}
