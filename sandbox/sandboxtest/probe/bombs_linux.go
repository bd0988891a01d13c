package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// bombs take a resource until they are stopped, and print how much they got.
func bombs() map[string]func([]string) int {
	return map[string]func([]string) int{
		"escape": escape,
		"fork":   forkBomb,
		"idle":   func([]string) int { time.Sleep(time.Hour); return 0 },
		"orphan": orphan,
		"memory": memoryBomb,
		"files":  openFiles,
		"tmp":    func([]string) int { return fillFolder("/tmp") },
		"shm":    func([]string) int { return fillFolder("/dev/shm") },
		"limits": limits,
	}
}

// most ends a bomb that nothing stops, so that a broken sandbox does not take the
// machine along.
const most = 5000

func forkBomb([]string) int {
	n := 0
	for ; n < most; n++ {
		if err := exec.CommandContext(context.Background(), "/proc/self/exe", "idle").Start(); err != nil {
			break
		}
	}
	fmt.Fprintln(os.Stdout, n)
	return 0
}

// orphan leaves a process behind in a session and group of its own, and ends.
func orphan(args []string) int {
	cmd := exec.CommandContext(context.Background(), "/proc/self/exe", "idle")
	cmd.SysProcAttr = &unix.SysProcAttr{Setsid: true}
	if len(args) > 0 {
		cmd.Stdout = os.Stdout
	}
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stdout, err)
		return 1
	}
	fmt.Fprintln(os.Stdout, cmd.Process.Pid)
	return 0
}

func memoryBomb([]string) int {
	var all [][]byte
	for len(all) < most {
		block := make([]byte, 1<<20)
		for i := range block {
			block[i] = byte(i)
		}
		all = append(all, block)
	}
	fmt.Fprintln(os.Stdout, len(all))
	return 0
}

func openFiles([]string) int {
	n := 0
	for ; n < 1<<21; n++ {
		if _, err := unix.Open("/dev/null", unix.O_RDONLY, 0); err != nil {
			break
		}
	}
	// stdin, stdout and stderr count too.
	fmt.Fprintln(os.Stdout, n+3)
	return 0
}

// fillFolder prints how many bytes a folder took, and whether it was full then.
func fillFolder(dir string) int {
	f, err := os.Create(filepath.Join(dir, "fill")) //nolint:gosec // the sandbox's own
	if err != nil {
		fmt.Fprintln(os.Stdout, err)
		return 1
	}
	block, n := make([]byte, 1<<16), 0
	for n < most<<20 {
		wrote, err := f.Write(block)
		n += wrote
		if err != nil {
			fmt.Fprintln(os.Stdout, n, errors.Is(err, unix.ENOSPC))
			return 0
		}
	}
	fmt.Fprintln(os.Stdout, n, false)
	return 0
}

func limits([]string) int {
	var l unix.Rlimit
	for _, what := range []int{unix.RLIMIT_NOFILE, unix.RLIMIT_CORE, unix.RLIMIT_FSIZE} {
		if err := unix.Getrlimit(what, &l); err != nil {
			fmt.Fprintln(os.Stdout, err)
			return 1
		}
		fmt.Fprint(os.Stdout, strconv.FormatUint(l.Max, 10), " ")
	}
	fmt.Fprintln(os.Stdout)
	return 0
}
