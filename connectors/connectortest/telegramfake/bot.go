package telegramfake

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// getMe gives the bot, with the three fields that only getMe returns.
func (s *Server) getMe(params) (any, *fail) {
	return map[string]any{
		"id": s.me.ID, "is_bot": true, "first_name": s.me.FirstName, "username": s.me.Username,
		"can_join_groups": true, "can_read_all_group_messages": !s.privacy, "supports_inline_queries": false,
	}, nil
}

// Privacy sets the bot's privacy mode; it is on at first.
func (s *Server) Privacy(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.privacy = on
}

// commandForm is the object BotCommand: "1-32 characters. Can contain only
// lowercase English letters, digits and underscores."
var commandForm = regexp.MustCompile(`^[a-z0-9_]{1,32}$`)

func (s *Server) setMyCommands(p params) (any, *fail) {
	var list []Command
	if problem := p.object("commands", &list); problem != nil {
		return nil, problem
	}
	if len(list) > 100 {
		return nil, bad("BOT_COMMANDS_TOO_MUCH")
	}
	for _, c := range list {
		if !commandForm.MatchString(c.Command) {
			return nil, bad("BOT_COMMAND_INVALID")
		}
		if c.Description == "" || len([]rune(c.Description)) > 256 {
			return nil, bad("BOT_COMMAND_DESCRIPTION_INVALID")
		}
	}
	s.commands = list
	return true, nil
}

// answerCallbackQuery takes one answer for each press. This connector has
// nothing to say by it.
func (s *Server) answerCallbackQuery(p params) (any, *fail) {
	if open, known := s.presses[p["callback_query_id"]]; !known || !open {
		return nil, bad("query is too old and response timeout expired or query ID is invalid")
	}
	s.presses[p["callback_query_id"]] = false
	return true, nil
}

// Unanswered is the number of presses whose spinner still turns.
func (s *Server) Unanswered() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, open := range s.presses {
		if open {
			n++
		}
	}
	return n
}

// maxFile is what getFile can do: "bots can download files of up to 20MB in size".
const maxFile = 20 << 20

type file struct {
	name, path string
	bytes      int64
}

// getFile gives the object File.
func (s *Server) getFile(p params) (any, *fail) {
	f, ok := s.files[p["file_id"]]
	if !ok {
		return nil, bad("invalid file_id")
	}
	if f.bytes > maxFile {
		return nil, bad("file is too big")
	}
	return map[string]any{"file_id": p["file_id"], "file_unique_id": "u" + p["file_id"], "file_size": f.bytes, "file_path": f.path}, nil
}

// Content sets what a file of this name holds, from now on; it is "content of
// NAME" otherwise.
func (s *Server) Content(name string, content []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.contents[name] = slices.Clone(content)
}

// MoveFile makes getFile give another path for the last file of this name, as a
// server would that lies.
func (s *Server) MoveFile(name, path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, f := range s.files {
		if f.name == name {
			f.path = path
			s.files[id] = f
		}
	}
}

// download is "https://api.telegram.org/file/bot<token>/<file_path>". A path
// "redirect/URL" answers with a redirect there.
func (s *Server) download(w http.ResponseWriter, r *http.Request, rest string) {
	token, path, _ := strings.Cut(rest, "/")
	if !s.valid(token) {
		refuse(w, unauthorized())
		return
	}
	if to, ok := strings.CutPrefix(path, "redirect/"); ok {
		http.Redirect(w, r, "http://"+to, http.StatusFound) //nolint:gosec // the test that asks for it wants to see it refused
		return
	}
	s.mu.Lock()
	var content []byte
	found := false
	for _, f := range s.files {
		if f.path == path {
			content, found = s.contents[f.name], true
			if content == nil {
				content = []byte("content of " + f.name)
			}
		}
	}
	s.mu.Unlock()
	if !found {
		refuse(w, &fail{code: http.StatusNotFound, description: "Not Found"})
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	_, _ = w.Write(content)
}
