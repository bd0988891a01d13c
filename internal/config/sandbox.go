package config

import (
	"net"
	"path/filepath"
	"strings"
)

// sandbox checks the engine's address and the numbers beside it.
func (f *faults) sandbox(s Sandbox) {
	if s.Docker != "" && !engineAddress(s.Docker) {
		f.add(f.find("$.sandbox.docker"), "sandbox.docker: this is not where an engine listens; write unix:///var/run/docker.sock, or tcp://HOST:PORT")
	}
	if s.Runtime != "" && !runtimeName.MatchString(s.Runtime) {
		f.add(f.find("$.sandbox.runtime"), "sandbox.runtime: %q is no runtime's name; write one that `docker info` shows, such as runsc", s.Runtime)
	}
	f.count("$.sandbox.kept", "sandbox.kept", s.Kept, 1, 1000)
	f.count("$.sandbox.warm", "sandbox.warm", s.Warm, 0, 100)
	f.count("$.sandbox.running", "sandbox.running", s.Running, 1, 1000)
	f.count("$.sandbox.per_person", "sandbox.per_person", s.PerPerson, 1, 1000)
}

func (f *faults) count(path, key string, value, low, high int) {
	if value < low || value > high {
		f.add(f.find(path), "%s: %d is not valid; valid: %d to %d", key, value, low, high)
	}
}

// engineAddress tells whether an address is one of a socket or of a port. A name,
// a password or a path beside the port belongs to no engine.
func engineAddress(address string) bool {
	if socket, ok := strings.CutPrefix(address, "unix://"); ok {
		return filepath.IsAbs(socket)
	}
	rest, ok := strings.CutPrefix(address, "tcp://")
	host, port, err := net.SplitHostPort(rest)
	return ok && err == nil && host != "" && port != "" && !strings.ContainsAny(rest, "/@?#")
}
