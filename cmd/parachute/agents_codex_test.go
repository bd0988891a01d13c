package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// codexPackage is a real agent.
const codexPackage = "@zed-industries/codex-acp@0.16.0"

// codexProgram gives the path of the agent, which npm puts into the user's cache
// the first time; unless short, which only looks there.
func codexProgram(short bool) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	home := filepath.Join(cache, "parachute-tests", "codex-acp-0.16.0")
	find := func() string {
		found, _ := filepath.Glob(filepath.Join(home, "node_modules", "@zed-industries", "codex-acp-*", "bin", "codex-acp*"))
		if len(found) == 0 {
			return ""
		}
		return found[0]
	}
	if found := find(); found != "" || short {
		return found, nil
	}
	// Made aside, on the same file system: a half of it is never taken for the whole.
	aside := fmt.Sprintf("%s-%d", home, os.Getpid())
	defer func() { _ = os.RemoveAll(aside) }()
	out, err := exec.Command("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", aside, codexPackage).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("this test runs a real agent: install npm and let it reach a registry, put %s into %s with `npm install --ignore-scripts --prefix`, or run the tests with -short: %w\n%s",
			codexPackage, home, err, out)
	}
	if err := os.Rename(aside, home); err != nil && find() == "" {
		return "", err
	}
	if find() == "" {
		return "", fmt.Errorf("%s has no program for this system", codexPackage)
	}
	return find(), nil
}

// librariesOf are what a program is linked with, as ldd says.
func librariesOf(program string) ([]string, error) {
	out, err := exec.Command("ldd", program).Output()
	if err != nil {
		return nil, fmt.Errorf("ldd %s: %w", program, err)
	}
	var list []string
	for _, word := range strings.Fields(string(out)) {
		if strings.HasPrefix(word, "/") {
			list = append(list, word)
		}
	}
	if len(list) == 0 {
		return nil, errors.New("ldd names no library")
	}
	return list, nil
}

// codexImage makes the image of the agent: the program, what it is linked with,
// and the bridge.
func codexImage(e *testEngine, program string) error {
	dir, err := actors()
	if err != nil {
		return err
	}
	libraries, err := librariesOf(program)
	if err != nil {
		return err
	}
	files := map[string]string{"bin/codex-acp": program, "bin/bridge": filepath.Join(dir, "bridge")}
	for _, library := range libraries {
		files[strings.TrimPrefix(library, "/")] = library
	}
	return e.addImage("codex:latest", files)
}
