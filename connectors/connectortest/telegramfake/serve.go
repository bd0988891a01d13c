package telegramfake

import (
	"context"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
)

// maxRequest bounds a request's body.
const maxRequest = 1 << 20

// method is one of the API's methods: what it takes, and what it does. do is
// called without s.mu.
type method struct {
	params []string
	do     func(ctx context.Context, p params) (any, *fail)
}

func (s *Server) methods() map[string]method {
	locked := func(do func(p params) (any, *fail)) func(context.Context, params) (any, *fail) {
		return func(_ context.Context, p params) (any, *fail) {
			s.mu.Lock()
			defer s.mu.Unlock()
			return do(p)
		}
	}
	return map[string]method{
		"getMe":               {nil, locked(s.getMe)},
		"getUpdates":          {[]string{"offset", "limit", "timeout", "allowed_updates"}, s.getUpdates},
		"sendMessage":         {[]string{"chat_id", "message_thread_id", "text", "parse_mode", "link_preview_options", "reply_parameters", "reply_markup"}, locked(s.sendMessage)},
		"editMessageText":     {[]string{"chat_id", "message_id", "text", "parse_mode", "link_preview_options", "reply_markup"}, locked(s.editMessageText)},
		"setMessageReaction":  {[]string{"chat_id", "message_id", "reaction", "is_big"}, locked(s.setMessageReaction)},
		"sendChatAction":      {[]string{"chat_id", "message_thread_id", "action"}, locked(s.sendChatAction)},
		"answerCallbackQuery": {[]string{"callback_query_id"}, locked(s.answerCallbackQuery)},
		"setMyCommands":       {[]string{"commands"}, locked(s.setMyCommands)},
		"getFile":             {[]string{"file_id"}, locked(s.getFile)},
		"setWebhook":          {[]string{"url", "secret_token", "allowed_updates", "drop_pending_updates", "max_connections"}, locked(s.setWebhook)},
		"deleteWebhook":       {[]string{"drop_pending_updates"}, locked(s.deleteWebhook)},
		"getWebhookInfo":      {nil, locked(s.getWebhookInfo)},
	}
}

// serve is the section "Making requests": POST with parameters as a form (the
// real server takes JSON, multipart and GET too; the connector uses none of
// them), an answer in JSON, 401 for a token that is of the right form and not
// valid, and 404 for one that is not, as for a method that does not exist.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if rest, ok := strings.CutPrefix(r.URL.Path, "/file/bot"); ok {
		s.download(w, r, rest)
		return
	}
	token, name, ok := strings.Cut(strings.TrimPrefix(r.URL.Path, "/bot"), "/")
	m, known := s.methods()[name]
	switch {
	case !ok || !known || !strings.HasPrefix(r.URL.Path, "/bot") || !strings.Contains(token, ":"):
		refuse(w, &fail{code: http.StatusNotFound, description: "Not Found"})
		return
	case !s.valid(token):
		refuse(w, unauthorized())
		return
	}
	p, problem := read(r, m.params)
	if problem != nil {
		refuse(w, problem)
		return
	}
	s.mu.Lock()
	s.calls = append(s.calls, Call{Method: name, Params: p})
	s.mu.Unlock()
	for {
		f := s.faultFor(name)
		if f != nil && s.before(w, r, f) {
			return
		}
		result, problem := m.do(r.Context(), p)
		switch {
		case problem != nil && problem.code == interrupted:
			continue
		case f != nil && f.kind == lost:
			cut(w)
		case problem != nil:
			refuse(w, problem)
		default:
			answer(w, result)
		}
		return
	}
}

func unauthorized() *fail {
	return &fail{code: http.StatusUnauthorized, description: "Unauthorized"}
}

func (s *Server) valid(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return token == s.token && !s.revoked
}

// params are a request's parameters.
type params map[string]string

// object reads a parameter that is JSON. An absent one leaves out as it is.
func (p params) object(name string, out any) *fail {
	if p[name] == "" {
		return nil
	}
	d := json.NewDecoder(strings.NewReader(p[name]))
	d.DisallowUnknownFields()
	if err := d.Decode(out); err != nil {
		return bad("can't parse %s JSON object: %v", name, err)
	}
	return nil
}

func read(r *http.Request, known []string) (params, *fail) {
	if r.Method != http.MethodPost {
		return nil, bad("this server takes POST alone")
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, bad("this server takes forms alone, not %q", kind)
	}
	r.Body = http.MaxBytesReader(nil, r.Body, maxRequest)
	if err := r.ParseForm(); err != nil {
		return nil, &fail{code: http.StatusRequestEntityTooLarge, description: "Request Entity Too Large"}
	}
	p := params{}
	for name, values := range r.PostForm {
		if !slices.Contains(known, name) || len(values) != 1 {
			return nil, bad("this server knows no parameter %q here, or it was given twice", name)
		}
		p[name] = values[0]
	}
	return p, nil
}

func answer(w http.ResponseWriter, result any) {
	write(w, http.StatusOK, map[string]any{"ok": true, "result": result})
}

func refuse(w http.ResponseWriter, f *fail) {
	body := map[string]any{"ok": false, "error_code": f.code, "description": f.description}
	parameters := map[string]any{}
	if f.retryAfter > 0 {
		parameters["retry_after"] = f.retryAfter
	}
	if f.migrate != 0 {
		parameters["migrate_to_chat_id"] = f.migrate
	}
	if len(parameters) > 0 {
		body["parameters"] = parameters
	}
	write(w, f.code, body)
}

func write(w http.ResponseWriter, code int, body any) {
	raw, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	// Whoever has hung up has no use for an answer.
	_, _ = w.Write(raw)
}

// cut closes the connection without an answer.
func cut(w http.ResponseWriter) {
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	_ = c.Close() // it is broken on purpose
}

func drain(r io.Reader) { _, _ = io.Copy(io.Discard, r) } // the answer's code is all that counts
