package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/parachute-gate/parachute/internal/config"
)

// maxSecret is more than any token has, in bytes.
const maxSecret = 16 << 10

// A secret is a token or a password, and the words that say where it is kept.
type secret struct{ value, from string }

// readSecret takes a token or a password from where the configuration says it is.
// Its errors name the place and never the value.
func readSecret(what, env, file string) (secret, error) {
	s, err := readValue(what, env, file)
	if err == nil && what != "password" && strings.ContainsFunc(s.value, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		err = fmt.Errorf("%s holds white space or control characters, as no %s does", s.from, what)
	}
	return s, err
}

// readValue takes any value that may be a secret, as readSecret does.
func readValue(what, env, file string) (secret, error) {
	s := secret{from: "the environment variable " + env}
	if env != "" {
		s.value = os.Getenv(env)
		if s.value == "" {
			return s, fmt.Errorf("the %s is missing: set %s", what, s.from)
		}
	} else {
		s.from = "the file " + file
		f, err := openRegular(file)
		if errors.Is(err, fs.ErrNotExist) {
			return s, fmt.Errorf("the %s is missing: there is no file %s; make it with `install -m 600 /dev/null %s` and write the %s into it", what, file, file, what)
		}
		if err != nil {
			return s, fmt.Errorf("read the %s: %w", what, err)
		}
		data, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
		if err := errors.Join(err, f.Close()); err != nil {
			return s, fmt.Errorf("read the %s: %w", what, err)
		}
		s.value = strings.TrimSpace(string(data))
	}
	switch {
	case s.value == "":
		return s, fmt.Errorf("the %s is missing: %s is empty", what, s.from)
	case len(s.value) > maxSecret:
		return s, fmt.Errorf("%s is too long to be a %s", s.from, what)
	}
	return s, nil
}

// openRegular opens a file that has an end: reading a pipe would wait for ever.
func openRegular(file string) (*os.File, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", file)
	}
	return os.Open(file) //nolint:gosec // the path is the operator's own
}

// checkSecrets tells which secret of a connector cannot be read here.
func checkSecrets(c config.Connector) error {
	var errs []error
	for _, s := range []struct{ what, env, file string }{
		{"token", c.TokenEnv, c.TokenFile}, {"password", c.PasswordEnv, c.PasswordFile}, {"webhook secret", c.Webhook.SecretEnv, c.Webhook.SecretFile},
	} {
		if s.env != "" || s.file != "" {
			_, err := readSecret(s.what, s.env, s.file)
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// secretFiles are the files of a configuration that hold a secret.
func secretFiles(cfg config.Config) []string {
	var out []string
	for _, c := range cfg.Connectors {
		for _, file := range []string{c.TokenFile, c.PasswordFile, c.Webhook.SecretFile} {
			if file != "" {
				out = append(out, file)
			}
		}
	}
	for _, a := range cfg.Agents {
		for _, v := range a.Env {
			if v.File != "" {
				out = append(out, v.File)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
