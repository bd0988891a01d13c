package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/parachute-gate/parachute/internal/config"
)

// checkPlaces refuses workspaces that reach into what is not theirs: the people
// of a workspace read and write all that is in its folder.
func checkPlaces(cfg config.Config, policies string) error {
	taken := map[string]string{"the data folder": cfg.Data, "the configuration": cfg.File, "the policies": policies, "the log": cfg.Log.File}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(cfg.Workspaces)) {
		dir := cfg.Workspaces[name].Path
		info, err := os.Stat(dir)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			errs = append(errs, fmt.Errorf("workspaces.%s: there is no folder %s; make it, or mend the path", name, dir))
			continue
		case err != nil:
			errs = append(errs, fmt.Errorf("workspaces.%s: %w", name, err))
			continue
		case !info.IsDir():
			errs = append(errs, fmt.Errorf("workspaces.%s: %s is no folder", name, dir))
			continue
		}
		for _, what := range slices.Sorted(maps.Keys(taken)) {
			if overlap(dir, taken[what]) {
				errs = append(errs, fmt.Errorf("workspaces.%s: %s and %s overlap; give the workspace a folder of its own", name, dir, what))
			}
		}
		taken["workspace "+name] = dir
	}
	if err := errors.Join(errs...); err != nil {
		return usageError{err}
	}
	return nil
}

// overlap tells whether one of two paths is in the other, links resolved.
func overlap(a, b string) bool {
	if a == "" || b == "" {
		return false
	}
	a, b = realPath(a), realPath(b)
	return within(a, b) || within(b, a)
}

func within(path, dir string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// realPath resolves what there is of a path.
func realPath(path string) string {
	path, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	for rest := ""; ; {
		if resolved, err := filepath.EvalSymlinks(path); err == nil {
			return filepath.Join(resolved, rest)
		}
		parent := filepath.Dir(path)
		if parent == path {
			return filepath.Join(path, rest)
		}
		rest, path = filepath.Join(filepath.Base(path), rest), parent
	}
}
