package sandbox

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,127}$`)

// codePrefixes and codeNames are variables by which a loader, a shell or an
// interpreter runs code that nobody named in a command, or turns to another
// engine. PARACHUTE_ is ours: what marks a process.
var (
	codePrefixes = []string{"LD_", "DYLD_", "DOCKER_", "GLIBC_", "BASH_", "PARACHUTE_", "NPM_CONFIG_", "GIT_CONFIG"}
	codeNames    = []string{
		"ENV", "IFS", "PS4", "SHELLOPTS", "BASHOPTS", "PROMPT_COMMAND", "ZDOTDIR", "GCONV_PATH", "LOCPATH", "MALLOC_CONF",
		"NODE_OPTIONS", "NODE_PATH", "PYTHONSTARTUP", "PYTHONPATH", "PYTHONHOME", "PYTHONINSPECT", "PERL5OPT", "PERL5LIB", "PERL5DB",
		"RUBYOPT", "RUBYLIB", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS", "CLASSPATH", "LUA_INIT",
		"GIT_SSH", "GIT_SSH_COMMAND", "GIT_EXEC_PATH", "GIT_TEMPLATE_DIR", "GIT_EXTERNAL_DIFF", "GIT_PAGER", "PAGER", "EDITOR", "VISUAL", "BROWSER", "LESSOPEN",
	}
)

// CheckEnv tells whether a variable may be given to an agent. The error names
// the variable and never its value.
func CheckEnv(name, value string) error {
	upper := strings.ToUpper(name)
	switch {
	case !envName.MatchString(name):
		return fmt.Errorf("environment %q: a name has letters, digits and _", name)
	case slices.Contains(codeNames, upper) || slices.ContainsFunc(codePrefixes, func(p string) bool { return strings.HasPrefix(upper, p) }):
		return fmt.Errorf("environment %s: it would make the agent run or load what no one named", name)
	case strings.ContainsRune(value, 0):
		return fmt.Errorf("environment %s: its value has a NUL", name)
	case len(value) > 128<<10-len(name)-2:
		// MAX_ARG_STRLEN of Linux: execve refuses a longer one.
		return fmt.Errorf("environment %s: its value is longer than 128 KiB", name)
	}
	return nil
}
