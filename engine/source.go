package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"sort"
	"strings"
)

// Bounds of a policy folder: far above what policies need, far below what would
// hurt the host.
const (
	maxPolicyFile  = 4 << 20
	maxPolicyBytes = 16 << 20
	maxPolicyFiles = 5000
)

// Source is where policies come from.
type Source struct {
	// Kind is "embedded" or "folder".
	Kind string
	// Name is what people are shown: "embedded", or the folder's path.
	Name string
	FS   fs.FS
}

// Folder is the policies in a folder of the host.
func Folder(dir string) Source {
	return Source{Kind: "folder", Name: dir, FS: os.DirFS(dir)}
}

// Embedded is the policies that are built into the program.
func Embedded(fsys fs.FS) Source {
	return Source{Kind: "embedded", Name: "embedded", FS: fsys}
}

// files is a consistent copy of what OPA would load as a bundle: every .rego,
// data.json, data.yaml, .manifest, and the schemas.
type files struct {
	content  map[string][]byte
	revision string
}

// names gives the paths in order.
func (f files) names() []string {
	out := make([]string, 0, len(f.content))
	for name := range f.content {
		out = append(out, name)
	}
	sort.Strings(out)
	return out
}

// withoutTests are the files that decide. The revision stays that of all files:
// it names what the folder holds.
func (f files) withoutTests() files {
	out := files{content: maps.Clone(f.content), revision: f.revision}
	maps.DeleteFunc(out.content, func(name string, _ []byte) bool { return strings.HasSuffix(name, testSuffix) })
	return out
}

// testSuffix ends the name of a file of tests.
const testSuffix = "_test.rego"

// look tells the folder's files apart from what they were, without reading
// them: names, sizes, times of change. Two looks that are alike say that nothing
// changed, short of a file written twice in one tick of the clock with the same
// length.
func (s Source) look(ctx context.Context) string {
	h := sha256.New()
	err := fs.WalkDir(s.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skipHidden(name, d)
		}
		if !belongs(name) {
			return nil
		}
		// Links are followed, as they are when the file is read.
		info, err := fs.Stat(s.FS, name)
		if err != nil {
			return err
		}
		fmt.Fprintf(h, "%d:%s%d:%d;", len(name), name, info.Size(), info.ModTime().UnixNano())
		return nil
	})
	if err != nil {
		return "error: " + err.Error()
	}
	return string(h.Sum(nil))
}

func skipHidden(name string, d fs.DirEntry) error {
	if strings.HasPrefix(d.Name(), ".") && name != "." {
		return fs.SkipDir
	}
	return nil
}

func (s Source) read(ctx context.Context) (files, error) {
	out := files{content: map[string][]byte{}}
	total, rego := 0, 0
	err := fs.WalkDir(s.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skipHidden(name, d)
		}
		if !belongs(name) {
			return nil
		}
		data, err := s.readFile(name)
		if err != nil {
			return err
		}
		total += len(data)
		if len(data) > maxPolicyFile || total > maxPolicyBytes || len(out.content) >= maxPolicyFiles {
			return fmt.Errorf("%s: more than %d files, %d MiB a file or %d MiB in all; move what is not policy out of the folder",
				name, maxPolicyFiles, maxPolicyFile>>20, maxPolicyBytes>>20)
		}
		if strings.HasSuffix(name, ".rego") {
			rego++
		}
		out.content[name] = data
		return nil
	})
	if err != nil {
		return files{}, fmt.Errorf("read policies in %s: %w", s.Name, err)
	}
	if rego == 0 {
		return files{}, fmt.Errorf("read policies in %s: %w", s.Name, errNoPolicies)
	}
	out.revision = digest(out)
	return out, nil
}

// readFile reads a regular file, and of it no more than shows that it is too
// long. Anything else (a pipe, a device) could block, or never end.
func (s Source) readFile(name string) ([]byte, error) {
	info, err := fs.Stat(s.FS, name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file (%s); take it out of the folder", name, info.Mode().Type())
	}
	f, err := s.FS.Open(name)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxPolicyFile+1))
	return data, errors.Join(err, f.Close())
}

var errNoPolicies = errors.New("no .rego file there; `parachute init` writes the default policies")

// belongs tells whether a file is part of the bundle, by OPA's own rules, or a
// schema.
func belongs(name string) bool {
	switch base := path.Base(name); {
	case strings.HasPrefix(base, ".") && base != ".manifest":
		return false
	case strings.HasSuffix(base, ".rego"), base == "data.json", base == "data.yaml", base == "data.yml", base == ".manifest":
		return true
	default:
		return strings.HasPrefix(name, "schemas/") && strings.HasSuffix(base, ".json")
	}
}

// digest is the revision: SHA-256 over names and contents in order, each with
// its length, so that no two folders give the same stream.
func digest(f files) string {
	h := sha256.New()
	for _, name := range f.names() {
		fmt.Fprintf(h, "%d:%s%d:", len(name), name, len(f.content[name]))
		h.Write(f.content[name])
	}
	return hex.EncodeToString(h.Sum(nil))
}
