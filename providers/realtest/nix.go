package realtest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Nix is the real Nix with a store of the test's own.
type Nix struct {
	home string
	env  []string
}

// NewNix returns one whose store, state and settings lie in the test's
// directory; it skips where Nix is not installed.
func NewNix(t *testing.T) Nix {
	t.Helper()
	Find(t, "nix")
	home := t.TempDir()
	n := Nix{home: home, env: append(os.Environ(), "HOME="+home, "NIX_REMOTE=", "NIX_PATH=", "NIX_CONFIG=")}
	for _, name := range []string{"STORE", "STATE", "LOG", "CONF", "LOCALSTATE"} {
		n.env = append(n.env, "NIX_"+name+"_DIR="+filepath.Join(home, strings.ToLower(name)))
	}
	return n
}

// Run runs one of Nix's programs ("nix", "nix-instantiate", "nix-build") and
// returns its standard output; the error is what it said. Flakes and nix key
// are switched on, the network is off.
func (n Nix) Run(t *testing.T, stdin, program string, args ...string) (string, error) {
	t.Helper()
	options := []string{
		"--option", "extra-experimental-features", "nix-command flakes", "--option", "substituters", "",
		"--option", "build-users-group", "", "--option", "sandbox", "false",
	}
	if program == "nix" { // there it stands behind the verb
		args = append(args, options...)
	} else {
		args = append(options, args...)
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), Find(t, program), args...)
	cmd.Dir, cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = n.home, n.env, strings.NewReader(stdin), &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w: %s", program, err, stderr.String())
	}
	return stdout.String(), nil
}
