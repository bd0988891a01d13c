package driver

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parachute-gate/parachute/connectors"
)

func TestRetry(t *testing.T) {
	refused, bad := errors.New("refused"), Permanent(errors.New("bad token"))
	lost := Unconfirmed(errors.New("no answer"))
	wait := func(d time.Duration) error { return &Throttled{After: d, Err: errors.New("too many")} }
	const s = time.Second
	tests := map[string]struct {
		idempotent bool
		errs       []error // of the tries, then nil
		tries      int
		took       time.Duration
		want       error // found in the result; nil for success
		doubt      bool
	}{
		"at once":                        {errs: nil, tries: 1},
		"refused once":                   {errs: []error{refused}, tries: 2, took: s},
		"refused three times":            {errs: []error{refused, refused, refused}, tries: 4, took: 7 * s},
		"refused for good":               {errs: []error{refused, refused, refused, refused}, tries: 4, took: 7 * s, want: refused},
		"permanent":                      {errs: []error{bad}, tries: 1, want: bad},
		"refused, then permanent":        {errs: []error{refused, bad}, tries: 2, took: s, want: bad},
		"throttled":                      {errs: []error{wait(13 * s)}, tries: 2, took: 13 * s},
		"throttled by no time":           {errs: []error{wait(0)}, tries: 2, took: s},
		"throttled too long":             {errs: []error{wait(61 * s)}, tries: 1, want: &Throttled{}},
		"throttled too long in all":      {errs: []error{wait(40 * s), wait(30 * s)}, tries: 2, took: 40 * s, want: &Throttled{}},
		"not confirmed":                  {errs: []error{lost}, tries: 1, want: lost, doubt: true},
		"not confirmed, idempotent":      {idempotent: true, errs: []error{lost}, tries: 2, took: s},
		"never confirmed":                {idempotent: true, errs: []error{lost, lost, lost, lost}, tries: 4, took: 7 * s, want: lost, doubt: true},
		"not confirmed, then refused":    {idempotent: true, errs: []error{lost, bad}, tries: 2, took: s, want: bad, doubt: true},
		"permanent though not confirmed": {idempotent: true, errs: []error{Permanent(lost)}, tries: 1, want: lost, doubt: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start, n := time.Now(), 0
				err := Retry(t.Context(), tt.idempotent, func(context.Context) error {
					n++
					if n <= len(tt.errs) {
						return tt.errs[n-1]
					}
					return nil
				})
				var throttled *Throttled
				switch {
				case (err == nil) != (tt.want == nil):
					t.Errorf("gave %v, want %v", err, tt.want)
				case errors.As(tt.want, &throttled):
					if !errors.As(err, &throttled) {
						t.Errorf("gave %v, want a Throttled", err)
					}
				case !errors.Is(err, tt.want):
					t.Errorf("gave %v, want %v", err, tt.want)
				}
				if n != tt.tries || time.Since(start) != tt.took {
					t.Errorf("%d tries in %v, want %d in %v", n, time.Since(start), tt.tries, tt.took)
				}
				if errors.Is(err, connectors.ErrUnconfirmed) != tt.doubt {
					t.Errorf("gave %v; a doubt: want %v", err, tt.doubt)
				}
			})
		})
	}
}

func TestRetryEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		n := 0
		err := Retry(ctx, false, func(context.Context) error {
			n++
			return errors.New("refused")
		})
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "refused") || n != 2 {
			t.Errorf("after %d tries gave %v", n, err)
		}
		if errors.Is(err, connectors.ErrUnconfirmed) {
			t.Errorf("a refusal is taken for a doubt: %v", err)
		}
		if err := Retry(ctx, false, func(context.Context) error { n++; return nil }); !errors.Is(err, context.DeadlineExceeded) || n != 2 {
			t.Errorf("with a ctx that is done gave %v, after %d tries", err, n)
		}
	})
}

// TestATryThatIsCutOffIsInDoubt plays a server that takes a request and never
// answers, and a driver that marks nothing.
func TestATryThatIsCutOffIsInDoubt(t *testing.T) {
	for _, idempotent := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			start, n := time.Now(), 0
			err := Retry(t.Context(), idempotent, func(ctx context.Context) error {
				if n++; n > 1 {
					return nil
				}
				<-ctx.Done()
				return ctx.Err()
			})
			if idempotent && (err != nil || n != 2 || time.Since(start) != tryTime+time.Second) {
				t.Errorf("gave %v after %d tries and %v", err, n, time.Since(start))
			}
			if !idempotent && (!errors.Is(err, connectors.ErrUnconfirmed) || n != 1) {
				t.Errorf("gave %v after %d tries, want a doubt", err, n)
			}
		})
	}
}

func TestMarksGiveNilForNil(t *testing.T) {
	if Permanent(nil) != nil || Unconfirmed(nil) != nil {
		t.Error("a mark made an error of nil")
	}
	err := Permanent(errors.New("x"))
	if !IsPermanent(err) || IsPermanent(errors.Unwrap(err)) || err.Error() != "x" {
		t.Errorf("got %v", err)
	}
}

func TestRedactor(t *testing.T) {
	hide := Redactor("123:AB/c d", "", "123:AB/c d-long", "naïve", `pass"word`)
	for text, want := range map[string]string{
		"":                                  "",
		"plain":                             "plain",
		"Post https://h/bot123:AB/c d/send": "Post https://h/bot[secret]/send",
		"123:AB/c d-long!":                  "[secret]!",
		"q=123%3AAB%2Fc+d&x":                "q=[secret]&x",
		"q=123%3aAB%2fc+d&x":                "q=[secret]&x",
		"/bot123:AB%2Fc%20d/":               "/bot[secret]/",
		`{"password":"pass\"word"}`:         `{"password":"[secret]"}`,
		"na%C3%AFve and na%c3%afve":         "[secret] and [secret]",
	} {
		if got := hide(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
	if got := Redactor()("as it is"); got != "as it is" {
		t.Errorf("without secrets gave %q", got)
	}
}

// TestTokenInAnErrorsURL_GHSA_xwcj_hwhf_h378 holds that an error's text has no
// secret, and that it is the same error otherwise.
func TestTokenInAnErrorsURL_GHSA_xwcj_hwhf_h378(t *testing.T) {
	hide := Redactor("t0ken")
	err := redact(hide, Unconfirmed(errors.New("Post https://h/bott0ken/send: EOF")))
	if strings.Contains(err.Error(), "t0ken") || !errors.Is(err, connectors.ErrUnconfirmed) {
		t.Errorf("got %v", err)
	}
	page := "bott0ken \x1b[2J\n" + strings.Repeat("é", 1000)
	got := shown(hide, errors.New(page))
	if strings.ContainsAny(got, "\x1b\n") || strings.Contains(got, "t0ken") || len(got) > maxErrorText+len("…") || !slices.Equal([]byte(got), []byte(strings.ToValidUTF8(got, "?"))) {
		t.Errorf("shown as %q", got)
	}
}
