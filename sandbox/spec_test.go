package sandbox

import (
	"errors"
	"strings"
	"testing"
)

func whole() Spec {
	s, _ := DefaultSpec()
	s.Session, s.Command, s.Workspace = "s", []string{"agent"}, Mount{Source: "/w", Target: WorkspaceTarget}
	return s
}

func TestSpecCheck(t *testing.T) {
	tests := map[string]struct {
		change func(*Spec)
		ok     bool
	}{
		"whole":                 {func(*Spec) {}, true},
		"a share":               {func(s *Spec) { s.Mounts = []Mount{{"/lib-of-notes", "/mnt/notes", true}} }, true},
		"a share to write":      {func(s *Spec) { s.Mounts = []Mount{{"/x", "/mnt/x", false}} }, false},
		"a share over the root": {func(s *Spec) { s.Mounts = []Mount{{"/x", "/", true}} }, false},
		"over programs":         {func(s *Spec) { s.Mounts = []Mount{{"/x", "/usr/bin", true}} }, false},
		"over the workspace":    {func(s *Spec) { s.Mounts = []Mount{{"/x", "/workspace", true}} }, false},
		"out by dots":           {func(s *Spec) { s.Mounts = []Mount{{"/x", "/mnt/../etc", true}} }, false},
		"the root of shares":    {func(s *Spec) { s.Mounts = []Mount{{"/x", "/mnt/", true}} }, false},
		"two at one place":      {func(s *Spec) { s.Mounts = []Mount{{"/x", "/mnt/x", true}, {"/y", "/mnt/x", true}} }, false},
		"a workspace elsewhere": {func(s *Spec) { s.Workspace.Target = "/etc" }, false},
		"dots in a source":      {func(s *Spec) { s.Workspace.Source = "/w/../etc" }, false},
		"a NUL in a source":     {func(s *Spec) { s.Workspace.Source = "/w\x00" }, false},
		"a label of two lines":  {func(s *Spec) { s.Name = "a\nparachute.data=x" }, false},
		"root by name":          {func(s *Spec) { s.User = "root" }, false},
		"a user":                {func(s *Spec) { s.User = "1000:1000" }, true},
		"an empty program":      {func(s *Spec) { s.Command = []string{""} }, false},
		"no output":             {func(s *Spec) { s.Limits.OutputBytes = 0 }, false},
		"a quota":               {func(s *Spec) { s.Limits.WorkspaceBytes = 1 << 20 }, true},
		"a quota of a byte":     {func(s *Spec) { s.Limits.WorkspaceBytes = 1 }, false},
		"a quota below nothing": {func(s *Spec) { s.Limits.WorkspaceBytes = -1 }, false},
		"a quota beyond disks":  {func(s *Spec) { s.Limits.WorkspaceBytes = 1<<60 + 1 }, false},
		"a long value":          {func(s *Spec) { s.Env = map[string]string{"A": strings.Repeat("x", 128<<10)} }, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := whole()
			tt.change(&s)
			if err := s.Check(); (err == nil) != tt.ok || (err != nil && !errors.Is(err, ErrSpec)) {
				t.Error(err)
			}
		})
	}
}

func TestCheckEnv(t *testing.T) {
	for name, ok := range map[string]bool{
		"OPENAI_API_KEY": true, "PATH": true, "HOME": true, "LANG": true, "_x": true, "LDAP": true,
		"LD_PRELOAD": false, "ld_preload": false, "LD_LIBRARY_PATH": false, "NODE_OPTIONS": false, "Node_Options": false, "BASH_ENV": false, "ENV": false,
		"BASH_FUNC_ls%%": false, "DOCKER_HOST": false, "PYTHONSTARTUP": false, "GIT_SSH_COMMAND": false, "DYLD_INSERT_LIBRARIES": false,
		"PARACHUTE_TOKEN": false, "": false, "1A": false, "A=B": false, "A B": false, "A\nB": false, "Ä": false, "A\x00": false,
	} {
		if err := CheckEnv(name, "value"); (err == nil) != ok {
			t.Errorf("%q: %v", name, err)
		}
	}
	if err := CheckEnv("TOKEN", "secret\x00value"); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("an error that is missing or tells the value: %v", err)
	}
}
