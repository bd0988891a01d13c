package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// hostAttempts look for the host: its processes, its environment, its engine.
func hostAttempts(h hints) []Attempt {
	var list []Attempt
	if pid, err := strconv.Atoi(h["pid"]); err == nil {
		list = append(list,
			errno("signal a process of the host", unix.Kill(pid, 0)),
			errno("trace a process of the host", unix.PtraceAttach(pid)),
			Attempt{"read the environment of a process of the host", readable("/proc/" + h["pid"] + "/environ"), ""},
			call("write a process of the host", unix.SYS_PROCESS_VM_WRITEV, uintptr(pid), 0, 0, 0, 0, 0).unless(unix.ESRCH),
		)
	}
	list = append(list, seen("secrets in an environment", environsWith(h["token"])))
	var sockets []string
	for _, path := range append([]string{"/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock"}, strings.Fields(h["engine"])...) {
		if _, err := os.Stat(path); err == nil {
			sockets = append(sockets, path)
		}
	}
	return append(list, seen("the engine's socket", sockets), seen("processes of others", strangers()), seen("files of the host", hostFolders()))
}

// unless takes an answer that means that there is no such thing for a refusal.
func (a Attempt) unless(e unix.Errno) Attempt {
	if a.Detail == e.Error() {
		a.Could = false
	}
	return a
}

// environsWith names the processes whose environment holds a text.
func environsWith(token string) (found []string) {
	if token == "" {
		return nil
	}
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, f := range files {
		body, err := os.ReadFile(f) //nolint:gosec // that is the attempt
		if err == nil && bytes.Contains(body, []byte(token)) {
			found = append(found, f)
		}
	}
	return found
}

// strangers are processes that are neither this program nor the container's init.
func strangers() (found []string) {
	files, _ := filepath.Glob("/proc/[0-9]*/comm")
	for _, f := range files {
		body, err := os.ReadFile(f) //nolint:gosec // that is the attempt
		if err != nil {
			continue
		}
		switch name := strings.TrimSpace(string(body)); name {
		case "parachute", "docker-init", "tini", "copy":
		default:
			found = append(found, name)
		}
	}
	return found
}

// hostFolders are the folders of a host's root that no container of ours has.
func hostFolders() (found []string) {
	for _, dir := range []string{"/home", "/root", "/boot", "/var/lib/docker", "/host", "/work"} {
		if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
			found = append(found, dir)
		}
	}
	return found
}
