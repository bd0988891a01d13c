package docker

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"

	"github.com/parachute-gate/parachute/sandbox"
)

// Program is where the embedded image has Deps.Self, its only file.
const Program = "/parachute"

// imageRepo names the embedded images. No registry has that host: an engine that
// would fetch one fails.
const imageRepo = "parachute.invalid/sandbox"

// embedded gives the name of the image that is made of our own program, and
// makes it where the engine has none yet. It is named by the program's digest: a
// new version is a new image, and the older ones are taken away.
func (r *Runtime) embedded(ctx context.Context) (string, error) {
	name, err := r.imageName()
	if err != nil {
		return "", err
	}
	r.making.Lock()
	defer r.making.Unlock()
	// Asked each time: an engine that was cleaned has lost it.
	switch _, err := r.client.ImageInspect(ctx, name); {
	case err == nil:
		return name, nil
	case !cerrdefs.IsNotFound(err):
		return "", r.fail("look for the sandbox's image", err)
	}
	if err := r.importSelf(ctx, name); err != nil {
		return "", err
	}
	if err := r.removeOld(ctx, name); err != nil {
		r.deps.Log.WarnContext(ctx, "images of older versions are left", "error", err)
	}
	return name, nil
}

// imageName reads our own program, once.
func (r *Runtime) imageName() (string, error) {
	if r.deps.Self == "" {
		return "", fmt.Errorf("docker: %w: no image is named, and there is no program to make one of", sandbox.ErrSpec)
	}
	r.imageMu.Lock()
	defer r.imageMu.Unlock()
	if r.image == "" {
		tag, err := digest(r.deps.Self)
		if err != nil {
			return "", fmt.Errorf("docker: read %s for the sandbox's image: %w", r.deps.Self, err)
		}
		r.image = imageRepo + ":" + tag
	}
	return r.image, nil
}

// removeOld takes away the images that this installation made before, but for
// those that a container still has.
func (r *Runtime) removeOld(ctx context.Context, current string) error {
	list, err := r.client.ImageList(ctx, image.ListOptions{Filters: filters.NewArgs(filters.Arg("label", labelData+"="+r.data))})
	if err != nil {
		return r.fail("list images", err)
	}
	for _, i := range list {
		for _, name := range i.RepoTags {
			if name == current || !strings.HasPrefix(name, imageRepo+":") {
				continue
			}
			if _, err := r.client.ImageRemove(ctx, name, image.RemoveOptions{PruneChildren: true}); err != nil && !cerrdefs.IsConflict(err) && !cerrdefs.IsNotFound(err) {
				return r.fail("remove image", err)
			}
		}
	}
	return nil
}

func digest(path string) (string, error) {
	if err := Static(path); err != nil {
		return "", err
	}
	f, err := os.Open(path) // #nosec G304 -- our own program, named by who builds us
	if err != nil {
		return "", err
	}
	defer f.Close() //nolint:errcheck // only read
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)[:16]), nil
}

// Static refuses a program that needs a loader: alone in an image it would fail
// with "no such file", which misleads.
func Static(path string) error {
	f, err := elf.Open(path)
	if err != nil {
		return fmt.Errorf("not a program for Linux: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return errors.New("not a static program; build it with CGO_ENABLED=0")
		}
	}
	return nil
}

// importSelf gives the engine an image with one file.
func (r *Runtime) importSelf(ctx context.Context, name string) error {
	f, err := os.Open(r.deps.Self)
	if err != nil {
		return fmt.Errorf("docker: open the sandbox's program: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read
	read, write := io.Pipe()
	go func() { write.CloseWithError(tarOf(write, f)) }()
	defer read.Close() //nolint:errcheck // only read
	body, err := r.client.ImageImport(ctx, image.ImportSource{Source: read, SourceName: "-"}, name, image.ImportOptions{
		Changes: []string{"LABEL " + labelData + "=" + r.data},
	})
	if err != nil {
		return r.fail("import the sandbox's image", err)
	}
	defer body.Close() //nolint:errcheck // only read
	for dec := json.NewDecoder(body); ; {
		var line struct {
			Error string `json:"error"`
		}
		switch err := dec.Decode(&line); {
		case errors.Is(err, io.EOF):
			r.deps.Log.InfoContext(ctx, "image made of our own program", "image", name)
			return nil
		case err != nil:
			return r.fail("import the sandbox's image", err)
		case line.Error != "":
			return r.fail("import the sandbox's image", errors.New(line.Error))
		}
	}
}

// tarOf writes the folders that a container needs, and the program.
func tarOf(w io.Writer, f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("look: %w", err)
	}
	t := tar.NewWriter(w)
	for _, dir := range []string{"proc", "sys", "dev", "etc", "mnt", "tmp", "workspace"} {
		mode := int64(0o755)
		if dir == "tmp" {
			// What is mounted there takes the folder's mode with some versions of runc.
			mode = 0o1777
		}
		if err := t.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: mode}); err != nil {
			return fmt.Errorf("write %s: %w", dir, err)
		}
	}
	if err := t.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: Program[1:], Mode: 0o555, Size: info.Size()}); err != nil {
		return fmt.Errorf("write program: %w", err)
	}
	if _, err := io.Copy(t, f); err != nil {
		return fmt.Errorf("write program: %w", err)
	}
	if err := t.Close(); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return nil
}
