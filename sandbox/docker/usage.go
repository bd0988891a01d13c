package docker

import (
	"context"
	"encoding/json"
	"sync"

	"github.com/docker/docker/api/types/container"

	"github.com/parachute-gate/parachute/sandbox"
)

// usage is the last that the engine told of a container. It tells once a second:
// of a process that ends sooner nothing is known.
type usage struct {
	mu   sync.Mutex
	last sandbox.Usage
}

func (u *usage) read() sandbox.Usage {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.last
}

func (u *usage) add(s container.StatsResponse) {
	u.mu.Lock()
	defer u.mu.Unlock()
	// The last sample of a container that ended is all zeros.
	u.last.CPUSeconds = max(u.last.CPUSeconds, float64(s.CPUStats.CPUUsage.TotalUsage)/1e9)
	// MaxUsage is not known with cgroups version 2; then it is the highest sample.
	u.last.PeakMemoryBytes = max(u.last.PeakMemoryBytes, int64(min(max(s.MemoryStats.MaxUsage, s.MemoryStats.Usage), 1<<62)))
}

// sample follows the engine's figures until the container or ctx ends.
func (p *process) sample(ctx context.Context) {
	stats, err := p.r.client.ContainerStats(ctx, p.id, true)
	if err != nil {
		return
	}
	defer stats.Body.Close() //nolint:errcheck // only read
	stop := context.AfterFunc(ctx, func() { _ = stats.Body.Close() })
	defer stop()
	for dec := json.NewDecoder(stats.Body); ; {
		var s container.StatsResponse
		if dec.Decode(&s) != nil {
			return
		}
		p.use.add(s)
	}
}
