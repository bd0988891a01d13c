package discordfake

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
)

// call answers a request with a value, or a *problem.
type call func(r *http.Request) (any, error)

// routes are the requests that are known.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	const api = "/api/v10"
	for pattern, c := range map[string]call{
		"GET /gateway/bot":                                                    s.gatewayBot,
		"GET /users/@me":                                                      func(*http.Request) (any, error) { return s.bot, nil },
		"GET /users/@me/guilds":                                               s.guilds,
		"GET /applications/@me":                                               s.application,
		"PUT /applications/{app}/commands":                                    s.putCommands,
		"GET /channels/{channel}":                                             s.getChannel,
		"GET /channels/{channel}/messages":                                    s.getMessages,
		"POST /channels/{channel}/typing":                                     s.typing,
		"GET /channels/{channel}/messages/{message}":                          s.getMessage,
		"PUT /channels/{channel}/messages/{message}/reactions/{emoji}/@me":    s.react,
		"DELETE /channels/{channel}/messages/{message}/reactions/{emoji}/@me": s.unreact,
		"DELETE /webhooks/{app}/{token}/messages/{message}":                   s.deleteResponse,
	} {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" "+api+path, s.handle(c))
	}
	for pattern, c := range map[string]call{
		"POST /channels/{channel}/messages":                 s.postMessage,
		"PATCH /channels/{channel}/messages/{message}":      s.patchMessage,
		"POST /interactions/{interaction}/{token}/callback": s.callback,
		"POST /webhooks/{app}/{token}":                      s.followUp,
		"PATCH /webhooks/{app}/{token}/messages/{message}":  s.patchResponse,
	} {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" "+api+path, s.faulty("send", s.handle(c)))
	}
	mux.HandleFunc("GET /gateway-socket", s.faulty(connecting, s.gateway))
	mux.HandleFunc("GET /attachments/", s.file)
	return mux
}

// handle checks what every request needs (D/reference#authentication,
// D/reference#user-agent), and answers.
func (s *Server) handle(c call) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		path := r.URL.Path
		if token := r.PathValue("token"); token != "" {
			path = strings.Replace(path, token, "TOKEN", 1)
		}
		s.requests = append(s.requests, r.Method+" "+strings.TrimPrefix(path, "/api/v10/"))
		allowed := !s.revoked && r.Header.Get("Authorization") == "Bot "+s.token
		s.mu.Unlock()
		// An interaction's token stands in for the bot's.
		if !allowed && r.PathValue("token") == "" {
			fail(w, refuse(http.StatusUnauthorized, 0, "401: Unauthorized"))
			return
		}
		if !strings.HasPrefix(r.UserAgent(), "DiscordBot (") {
			fail(w, refuse(http.StatusForbidden, 40333, "internal network error"))
			return
		}
		value, err := c(r)
		switch {
		case err != nil:
			var p *problem
			if !errors.As(err, &p) {
				p = refuse(http.StatusInternalServerError, 0, err.Error())
			}
			fail(w, p)
		case value == nil:
			w.WriteHeader(http.StatusNoContent)
		default:
			answer(w, http.StatusOK, value)
		}
	}
}

func fail(w http.ResponseWriter, p *problem) {
	answer(w, p.status, map[string]any{"code": p.code, "message": p.text})
}

func answer(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(value) //nolint:errcheck // whoever asked is told or gone
}

// body reads a request's JSON. Discord passes over fields that it does not know;
// one of them is a mistake here.
func body(r *http.Request, into any) error {
	if kind := r.Header.Get("Content-Type"); kind != "application/json" {
		return refuse(http.StatusUnsupportedMediaType, 50109, "the content type is "+kind)
	}
	dec := json.NewDecoder(r.Body)
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return refuse(http.StatusBadRequest, 50109, "the request body contains invalid JSON: "+err.Error())
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return refuse(http.StatusBadRequest, 50109, "the request body contains more than one value")
	}
	return nil
}

func (s *Server) socketURL() string {
	return "ws" + strings.TrimPrefix(s.http.URL, "http") + "/gateway-socket"
}

// gatewayBot is D/events/gateway#get-gateway-bot.
func (s *Server) gatewayBot(*http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return map[string]any{
		"url": s.socketURL(), "shards": 1,
		"session_start_limit": map[string]any{"total": 1000, "remaining": max(s.starts, 0), "reset_after": 14400000, "max_concurrency": 1},
	}, nil
}

func (s *Server) application(*http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return map[string]any{"id": s.app, "name": "parachute", "flags": s.flags, "bot_public": true}, nil
}

func (s *Server) guilds(*http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return []any{map[string]any{"id": s.guild, "name": "server", "permissions": jsonNumber(s.rights)}}, nil
}

// putCommands is D/interactions/application-commands#bulk-overwrite-global-application-commands.
func (s *Server) putCommands(r *http.Request) (any, error) {
	var all []any
	if err := body(r, &all); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.PathValue("app") != s.app {
		return nil, refuse(http.StatusForbidden, 20012, "You are not authorized to perform this action on this application")
	}
	for _, one := range all {
		if err := checkCommand(one); err != nil {
			return nil, err
		}
	}
	s.commands = all
	return all, nil
}

// file is the content delivery network: it takes no credentials, and whoever
// sends them there gives them away.
func (s *Server) file(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	content, ok := s.files[r.URL.Path]
	s.mu.Unlock()
	switch {
	case r.Header.Get("Authorization") != "":
		http.Error(w, "credentials were sent to the file server", http.StatusBadRequest)
	case !ok || r.URL.Query().Get("hm") == "":
		http.NotFound(w, r)
	default:
		w.Write(content) //nolint:errcheck // whoever asked is told or gone
	}
}
