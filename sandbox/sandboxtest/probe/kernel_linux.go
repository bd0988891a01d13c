package main

import (
	"bytes"
	"errors"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// call makes an attempt of a system call with plain numbers. Where the right is
// there, the kernel answers EFAULT, EINVAL or the like: it looked at the right
// first, so any answer but that of a missing right counts as one that could.
func call(name string, trap uintptr, args ...uintptr) Attempt {
	var a [6]uintptr
	copy(a[:], args)
	_, _, e := unix.Syscall6(trap, a[0], a[1], a[2], a[3], a[4], a[5])
	refused := e == unix.EPERM || e == unix.EACCES || e == unix.ENOSYS
	if e == 0 {
		return Attempt{name, true, "done"}
	}
	return Attempt{name, !refused, e.Error()}
}

// right makes an attempt of a call whose arguments are refused after the right
// was looked at: any answer but that of a missing right is one that could.
func right(name string, err error) Attempt {
	if err == nil {
		return Attempt{name, true, "done"}
	}
	return Attempt{name, !errors.Is(err, unix.EPERM) && !errors.Is(err, unix.EACCES) && !errors.Is(err, unix.ENOSYS), err.Error()}
}

// adjust asks for a clock that ticks at a rate which no clock may have.
func adjust() error {
	_, err := unix.Adjtimex(&unix.Timex{Modes: unix.ADJ_TICK, Tick: 1})
	return err
}

func kernelAttempts(hints) []Attempt {
	list := []Attempt{
		right("mount", unix.Mount("none", "/workspace", "no-such-kind", 0, "")),
		right("mount proc", unix.Mount("proc", "/workspace", "proc", unix.MS_BIND, "")),
		right("remount the root", unix.Mount("", "/", "", unix.MS_REMOUNT|unix.MS_BIND, "")),
		right("unmount", unix.Unmount("/proc/kcore", unix.MNT_DETACH)),
		errno("chroot", unix.Chroot("/workspace")),
		right("pivot_root", unix.PivotRoot("/workspace", "/workspace")),
		errno("setuid", unix.Setreuid(0, 0)),
		errno("setgid", unix.Setregid(0, 0)),
		errno("setgroups", unix.Setgroups([]int{0})),
		errno("chown", os.Chown("/workspace", 0, 0)),
		right("sethostname", unix.Sethostname(make([]byte, 65))), // too long
		right("set the clock", adjust()),
		right("new user namespace", unix.Unshare(unix.CLONE_NEWUSER)),
		right("new mount namespace", unix.Unshare(unix.CLONE_NEWNS)),
		right("new network namespace", unix.Unshare(unix.CLONE_NEWNET)),
		call("setns", unix.SYS_SETNS, 0, unix.CLONE_NEWNET),
		call("init_module", unix.SYS_INIT_MODULE, 0, 0, 0),
		call("finit_module", unix.SYS_FINIT_MODULE, ^uintptr(0), 0, 0),
		call("kexec_load", unix.SYS_KEXEC_LOAD, 0, 0, 0, ^uintptr(0)),
		// Without its magic numbers it does nothing.
		call("reboot", unix.SYS_REBOOT, 0, 0, 0, 0),
		call("swapon", unix.SYS_SWAPON, 0, 0),
		call("acct", unix.SYS_ACCT, 1),
		call("bpf", unix.SYS_BPF, ^uintptr(0), 0, 0),
		call("perf_event_open", unix.SYS_PERF_EVENT_OPEN, 0, 0, 0, 0, 0),
		call("keyctl", unix.SYS_KEYCTL, 0, ^uintptr(2), 0),
		call("add_key", unix.SYS_ADD_KEY, 0, 0, 0, 0, 0),
		call("request_key", unix.SYS_REQUEST_KEY, 0, 0, 0, 0),
		call("open_by_handle_at", unix.SYS_OPEN_BY_HANDLE_AT, 0, 0, 0),
		call("userfaultfd", unix.SYS_USERFAULTFD, ^uintptr(0)),
		call("syslog", unix.SYS_SYSLOG, 3, 0, 0),
		call("quotactl", unix.SYS_QUOTACTL, 0, 0, 0, 0),
		call("move_pages", unix.SYS_MOVE_PAGES, 1, 0, 0, 0, 0, 0),
		call("mount_setattr", unix.SYS_MOUNT_SETATTR, 0, 0, 0, 0, 0),
		call("fsopen", unix.SYS_FSOPEN, 0, 0),
		call("open_tree", unix.SYS_OPEN_TREE, ^uintptr(0), 0, 1),
	}
	return append(list, statusAttempts()...)
}

// statusAttempts reads what the kernel says of this process.
func statusAttempts() []Attempt {
	body, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return []Attempt{errno("status", err)}
	}
	var caps []string
	fields := map[string]string{}
	for line := range bytes.Lines(body) {
		name, value, _ := strings.Cut(strings.TrimSpace(string(line)), ":")
		fields[name] = strings.TrimSpace(value)
		if strings.HasPrefix(name, "Cap") && strings.Trim(fields[name], "0") != "" {
			caps = append(caps, name+"="+fields[name])
		}
	}
	return []Attempt{
		seen("capabilities", caps),
		{"gain privileges by a program", fields["NoNewPrivs"] != "1", fields["NoNewPrivs"]},
		{"unfiltered system calls", fields["Seccomp"] != "2", fields["Seccomp"]},
		{"root", strings.Contains(" "+strings.ReplaceAll(fields["Uid"]+" "+fields["Gid"]+" "+fields["Groups"], "\t", " ")+" ", " 0 "), fields["Uid"] + " " + fields["Gid"] + " " + fields["Groups"]},
	}
}
