package matrix

import (
	"strings"
	"testing"
)

func TestRichText(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"plain":            {"a * b ** c ` d <b>", ""},
		"bold":             {"a **b <i>** c", "a <strong>b &lt;i&gt;</strong> c"},
		"code":             {"run `rm <x>`\nnow", "run <code>rm &lt;x&gt;</code><br>now"},
		"fence":            {"see:\n```go\nif a < b {\n```\nend", "see:<br><pre><code class=\"language-go\">if a &lt; b {\n</code></pre>end"},
		"open fence":       {"```\n<script>", "<pre><code>&lt;script&gt;</code></pre>"},
		"a hostile fence":  {"```\"><script>\nx\n```", "<pre><code>x\n</code></pre>"},
		"stars in a fence": {"```\n**a**\n```", "<pre><code>**a**\n</code></pre>"},
		"longer fence":     {"````\n```\n````", "<pre><code>```\n</code></pre>"},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := richText(c.text)
			if ok != (c.want != "") || ok && got != c.want {
				t.Errorf("got %q %v, want %q", got, ok, c.want)
			}
		})
	}
}

func FuzzRichText(f *testing.F) {
	f.Add("**a** `b`\n```\nc\n```")
	f.Fuzz(func(t *testing.T, text string) {
		got, _ := richText(text)
		for _, tag := range []string{"<br>", "<strong>", "</strong>", "<code>", "</code>", "<pre>", "</pre>"} {
			got = strings.ReplaceAll(got, tag, "")
		}
		for {
			before, after, ok := strings.Cut(got, "<code class=\"language-")
			if !ok {
				break
			}
			_, after, _ = strings.Cut(after, "\">")
			got = before + after
		}
		if strings.ContainsAny(got, "<>\"") {
			t.Errorf("%q left markup: %q", text, got)
		}
	})
}
