package driver

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// maxErrorText bounds an error's text in Health and in the log, in bytes: a
// proxy's error may be a whole page.
const maxErrorText = 500

// Redactor gives a function that replaces each secret in a text by "[secret]",
// as it is, quoted as Go and JSON do, and as a URL holds it (RFC 3986, section
// 2.1, in either case). Empty
// secrets are passed over. The function is safe for concurrent use.
func Redactor(secrets ...string) func(string) string {
	var forms []string
	for _, s := range secrets {
		if s == "" {
			continue
		}
		for _, form := range []string{s, url.QueryEscape(s), url.PathEscape(s), quoted(s)} {
			forms = append(forms, form, lowerEscapes(form))
		}
	}
	// The longest first: a secret may begin with another.
	slices.SortFunc(forms, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	var pairs []string
	for _, form := range slices.Compact(forms) {
		pairs = append(pairs, form, "[secret]")
	}
	return strings.NewReplacer(pairs...).Replace
}

// quoted is a text as it stands within quotation marks.
func quoted(s string) string {
	q := strconv.Quote(s)
	return q[1 : len(q)-1]
}

// lowerEscapes writes the hexadecimal digits of %XX in lower case.
func lowerEscapes(s string) string {
	b := []byte(s)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:], strings.ToLower(string(b[i+1:i+3])))
		}
	}
	return string(b)
}

// redacted is an error whose text holds no secret. What it wraps is for
// errors.Is and errors.As alone.
type redacted struct {
	text string
	err  error
}

func (r *redacted) Error() string { return r.text }
func (r *redacted) Unwrap() error { return r.err }

// redact gives err with a text that may be shown; nil for nil.
func redact(by func(string) string, err error) error {
	if err == nil || by == nil {
		return err
	}
	text := by(err.Error())
	if text == err.Error() {
		return err
	}
	return &redacted{text, err}
}

// shown is an error's text for Health and the log: without secrets, of one line
// and bounded, since it may quote what a server or a proxy sent.
func shown(by func(string) string, err error) string {
	text := err.Error()
	if by != nil {
		text = by(text)
	}
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	if len(text) > maxErrorText {
		text = strings.ToValidUTF8(text[:maxErrorText], "") + "…"
	}
	return text
}
