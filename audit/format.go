package audit

import (
	"context"
	"io"
	"log/slog"
	"strconv"
)

// Attrs are the facts of a decision as every log line of Parachute names them.
func (r Record) Attrs() []slog.Attr {
	attrs := []slog.Attr{
		slog.String("connector", r.Connector),
		slog.String("user", r.User),
		slog.String("verdict", r.Verdict),
		slog.String("rule", r.Rule().ID),
		slog.String("trust", r.Trust),
		slog.String("session", r.Session),
		slog.String("chat", r.Chat),
		slog.String("event", r.Event),
		slog.String("workspace", r.Workspace),
	}
	if place := r.Rule().Place(); place != "" {
		attrs = append(attrs, slog.String("at", place))
	}
	if msg := r.Rule().Msg; msg != "" {
		attrs = append(attrs, slog.String("why", msg))
	}
	for _, w := range r.Rules {
		if w.Kind == "warn" {
			attrs = append(attrs, slog.String("warn", w.ID))
		}
	}
	return append(attrs,
		slog.String("point", r.Point),
		slog.String("message", r.Message),
		slog.String("decision", r.ID),
		slog.String("revision", r.Revision[:min(12, len(r.Revision))]),
		slog.String("took", r.Duration.String()),
	)
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
	if r.Verdict != "allow" || r.Warned() {
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
