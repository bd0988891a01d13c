package programs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/parachute-gate/parachute/sandbox"
	"github.com/parachute-gate/parachute/sessions"
)

// What a person reads when there is no answer, or not all of it.
const (
	Again       = "I was restarted while a program worked on this, and cannot tell how far it came. So it was not started again: please look what it did, and ask anew."
	Forgot      = "(The program was started anew: it does not remember what was said before.)"
	Nothing     = "(The program ended without an answer.)"
	unavailable = "The sandbox that this runs in is not available, so nothing was started. The owner can find the reason in the log."
	unstarted   = "The program could not be started. The owner can find the reason in the log."
	broken      = "The program ended with an error (exit code %d). The owner can find the reason in the log."
	lost        = "The program was lost while it worked on this. The owner can find the reason in the log."
	memory      = "It ran out of memory, so it was ended. Please try something smaller."
	silent      = "The program said nothing for %s, so I stopped it."
	tooLong     = "(Cut here: the answer is longer than %s, so I stopped the program.)"
	full        = "The workspace is full, so nothing more can be written to it. Please take files away, or ask the owner for more room."
	tooMuch     = "The program wrote more than it may, so I stopped it."
)

// RuleUnavailable is the rule in the log of what was denied for want of a sandbox.
const RuleUnavailable = "sandbox.unavailable"

// Unstarted tells that a program could not be started, and logs why.
func Unstarted(ctx context.Context, log *slog.Logger, t sessions.Turn, err error) string {
	if errors.Is(err, sandbox.ErrUnavailable) {
		log.ErrorContext(ctx, "program not started", "rule", RuleUnavailable, "turn", t.ID, "session", t.Session.ID, "error", err)
		return unavailable
	}
	log.ErrorContext(ctx, "program not started", "turn", t.ID, "session", t.Session.ID, "error", err)
	var began *StartError
	switch {
	case errors.As(err, &began) && began.Words != "":
		return began.Words
	case errors.Is(err, sandbox.ErrQuota):
		return full
	default:
		return unstarted
	}
}

// Tellable says that a Launcher's error is told, and not tried again.
func Tellable(err error) bool {
	return errors.Is(err, sandbox.ErrUnavailable) || errors.Is(err, sandbox.ErrSpec)
}

// Ending is how a program ended. Err is why it was ended, or why nobody knows.
type Ending struct {
	Exit sandbox.Exit
	Err  error
}

// Words tell a person of an ending; empty for one that is as it should be.
func (e Ending) Words(l Launch) string {
	switch {
	case errors.Is(e.Err, ErrSilent):
		return fmt.Sprintf(silent, spoken(l.Times.Silent))
	case errors.Is(e.Err, ErrTooLong):
		return fmt.Sprintf(tooLong, size(l.Spec.Limits.OutputBytes))
	case errors.Is(e.Err, sandbox.ErrOutput), errors.Is(e.Err, ErrLine):
		return tooMuch
	case errors.Is(e.Err, sandbox.ErrQuota):
		return full
	case e.Err != nil:
		return lost
	case e.Exit.OOM, e.Exit.Code == 137:
		return memory
	case e.Exit.Code == 126, e.Exit.Code == 127:
		return unstarted
	case e.Exit.Code != 0:
		return fmt.Sprintf(broken, e.Exit.Code)
	default:
		return ""
	}
}

// mostStderr is how much of a program's stderr goes to the log.
const mostStderr = 2 << 10

// Log writes an ending to the log, with the last of the program's stderr where it
// ended badly. The values of its environment are taken out: they may be secrets.
func (e Ending) Log(ctx context.Context, log *slog.Logger, l Launch, t sessions.Turn, stderr []byte) {
	attrs := []slog.Attr{
		slog.String("session", t.Session.ID), slog.String("turn", t.ID), slog.String("program", l.Spec.Command[0]),
		slog.Int("code", e.Exit.Code), slog.Bool("oom", e.Exit.OOM), slog.Duration("took", e.Exit.Usage.Duration),
		slog.Float64("cpu_seconds", e.Exit.Usage.CPUSeconds), slog.Int64("peak_memory_bytes", e.Exit.Usage.PeakMemoryBytes),
	}
	level := slog.LevelDebug
	if e.Err != nil {
		attrs = append(attrs, slog.String("error", e.Err.Error()))
	}
	if e.Err != nil || e.Exit.Code != 0 || e.Exit.OOM {
		level = slog.LevelError
		if tail := Redact(string(stderr), l.Spec.Env); tail != "" {
			attrs = append(attrs, slog.String("stderr", strings.ToValidUTF8(tail[max(0, len(tail)-mostStderr):], "�")))
		}
	}
	log.LogAttrs(ctx, level, "program ended", attrs...)
}

// shortest is the length of a value that is worth hiding: "1" and "true" stand
// everywhere.
const shortest = 6

// Redact takes the values of an environment out of a text for the log.
func Redact(s string, env map[string]string) string {
	for name, value := range env {
		if len(value) >= shortest {
			s = strings.ReplaceAll(s, value, "["+name+"]")
		}
	}
	return s
}

// With puts words below a text.
func With(text, words string) string {
	switch {
	case text == "":
		return words
	case words == "":
		return text
	default:
		return text + "\n\n" + words
	}
}

func spoken(d time.Duration) string {
	if d >= time.Minute && d%time.Minute == 0 {
		if d == time.Minute {
			return "a minute"
		}
		return fmt.Sprintf("%d minutes", d/time.Minute)
	}
	return d.String()
}

func size(bytes int64) string {
	switch {
	case bytes >= 1<<20 && bytes%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", bytes>>20)
	case bytes >= 1<<10 && bytes%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", bytes>>10)
	}
	return fmt.Sprintf("%d bytes", bytes)
}
