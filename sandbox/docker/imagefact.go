package docker

import (
	"context"
	"fmt"

	cerrdefs "github.com/containerd/errdefs"

	"github.com/parachute-gate/parachute/sandbox"
)

// ImageFact tells whether the engine has an image: none is ever fetched for an
// agent.
func (r *Runtime) ImageFact(ctx context.Context, name string) sandbox.Finding {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	f := sandbox.Finding{About: "image " + name}
	image, err := r.client.ImageInspect(ctx, name)
	switch {
	case cerrdefs.IsNotFound(err):
		f.Detail = fmt.Sprintf("the engine does not have it; run: docker pull %s (or docker build -t %s …)", name, name)
	case err != nil:
		f.Detail = r.fail("look at it", err).Error()
	default:
		f.OK, f.Detail = true, fmt.Sprintf("%d MB, %s/%s", image.Size/1_000_000, image.Os, image.Architecture)
	}
	return f
}
