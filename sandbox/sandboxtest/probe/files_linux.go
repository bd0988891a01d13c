package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// write tries to open a file for writing, and makes it where it may.
func write(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600) //nolint:gosec // that is the attempt
	if err != nil {
		return err
	}
	return f.Close()
}

// readable tells whether a file has a byte to read: what is masked opens, and is
// empty.
func readable(path string) bool {
	f, err := os.Open(path) //nolint:gosec // that is the attempt
	if err != nil {
		return false
	}
	defer f.Close() //nolint:errcheck // only read
	n, _ := io.ReadFull(f, make([]byte, 1))
	return n == 1
}

func filesAttempts(h hints) []Attempt {
	var list []Attempt
	for _, path := range []string{
		"/new", "/etc/passwd", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/parachute", "/dev/new", "/mnt/new",
		"/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sys/vm/overcommit_memory",
		"/sys/kernel/uevent_helper", "/sys/fs/cgroup/new", "/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory.max",
		"/sys/fs/cgroup/pids/pids.max", "/sys/fs/cgroup/pids.max", "/sys/fs/cgroup/devices/devices.allow", "/sys/fs/cgroup/release_agent",
	} {
		list = append(list, errno("write "+path, write(path)))
	}
	for _, path := range []string{"/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sched_debug", "/proc/acpi/info", "/proc/scsi/scsi", "/sys/firmware/acpi/tables/DSDT", "/dev/mem", "/dev/kmem", "/dev/kmsg", "/dev/port", "/dev/vda", "/dev/sda", "/dev/nvme0n1", "/dev/fuse", "/dev/kvm", "/dev/net/tun"} {
		list = append(list, Attempt{"read " + path, readable(path), ""})
	}
	// A link in the workspace leads where it leads in here, which is nowhere.
	for _, link := range []string{"link-to-secret", "link-to-shadow", "link-to-parent", "hidden"} {
		list = append(list, Attempt{"follow " + link, readable("/workspace/" + link), ""})
	}
	if h["secret"] != "" {
		list = append(list, Attempt{"read the host's file", readable(h["secret"]), h["secret"]})
	}
	list = append(list,
		errno("hard link of the program", os.Link("/parachute", "/workspace/hard")),
		errno("hard link of a file of the engine", os.Link("/etc/hosts", "/workspace/hosts")),
		errno("device node in the workspace", unix.Mknod("/workspace/null", unix.S_IFCHR|0o666, 1<<8|3)),
		errno("device node in /tmp", unix.Mknod("/tmp/null", unix.S_IFBLK|0o666, 8<<8)),
		runCopy("run from /tmp", "/tmp/copy"),
		runCopy("run from the home", "/agent/copy"),
		errno("write the workspace", write("/workspace/written")),
		errno("write /tmp", write("/tmp/written")),
	)
	matches, _ := filepath.Glob("/mnt/*")
	for _, m := range matches {
		list = append(list, errno("write a read-only share", write(m+"/new")))
	}
	return list
}

// runCopy runs a copy of the program from a folder.
func runCopy(name, path string) Attempt {
	body, err := os.ReadFile("/parachute")
	if err != nil {
		return errno(name, err)
	}
	if err := os.WriteFile(path, body, 0o700); err != nil { //nolint:gosec // to be run
		return errno(name, err)
	}
	return errno(name, exec.CommandContext(context.Background(), path, "exit", "0").Run())
}
