package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parachute-gate/parachute/internal/config"
)

// TestAWorkspaceReachesNothingElse: a workspace over the data folder would show
// everybody's own notes to all of its people.
func TestAWorkspaceReachesNothingElse(t *testing.T) {
	root := t.TempDir()
	for _, dir := range []string{"data/workspaces", "policies", "notes/inner", "other"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(root, "data"), filepath.Join(root, "link")); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		places map[string]string
		want   string
	}{
		{map[string]string{"a": "notes", "b": "other"}, ""},
		{map[string]string{"a": "data/workspaces"}, "the data folder"},
		{map[string]string{"a": "data"}, "the data folder"},
		{map[string]string{"a": "link"}, "the data folder"},
		{map[string]string{"a": "."}, "the data folder"},
		{map[string]string{"a": "policies"}, "the policies"},
		{map[string]string{"a": "notes", "b": "notes/inner"}, "workspace a"},
		{map[string]string{"a": "notes", "b": "notes"}, "workspace a"},
		{map[string]string{"a": "nowhere"}, "there is no folder"},
	} {
		cfg := config.Default()
		cfg.Data = filepath.Join(root, "data")
		cfg.Workspaces = map[string]config.Workspace{}
		for name, dir := range tt.places {
			cfg.Workspaces[name] = config.Workspace{Path: filepath.Join(root, dir)}
		}
		err := checkPlaces(cfg, filepath.Join(root, "policies"))
		if (err == nil) != (tt.want == "") || (err != nil && !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%v: got %v, want %q", tt.places, err, tt.want)
		}
	}
}
