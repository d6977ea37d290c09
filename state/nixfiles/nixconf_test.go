package nixfiles_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/state/nixfiles"
)

func TestNixConf(t *testing.T) {
	t.Parallel()
	key := "cache.phlip9.com-1:" + strings.Repeat("A", 43) + "="
	for name, c := range map[string]struct {
		cache nixfiles.Cache
		ok    bool
	}{
		"as it is":        {nixfiles.Cache{URL: "https://cache.phlip9.com", PublicKey: key}, true},
		"a line more":     {nixfiles.Cache{URL: "https://cache.phlip9.com\nsandbox = false", PublicKey: key}, false},
		"a comment":       {nixfiles.Cache{URL: "https://cache.phlip9.com#x", PublicKey: key}, false},
		"two keys":        {nixfiles.Cache{URL: "https://cache.phlip9.com", PublicKey: key + " other:" + key}, false},
		"another program": {nixfiles.Cache{URL: "https://cache.phlip9.com", PublicKey: key + "\npost-build-hook = /x"}, false},
		"not there":       {},
	} {
		lines, ok := nixfiles.NixConf(c.cache)
		if ok != c.ok || ok != (len(lines) == 2) {
			t.Errorf("%s: %v, %q", name, ok, lines)
		}
	}
}

// Nix reads the lines as settings of its own.
func TestNixReadsNixConf(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("nix")
	if err != nil {
		t.Skip("nix is not installed: apt-get install nix-bin")
	}
	key := "cache.phlip9.com-1:" + strings.Repeat("A", 43) + "="
	lines, _ := nixfiles.NixConf(nixfiles.Cache{URL: "https://cache.phlip9.com", PublicKey: key})
	home := t.TempDir()
	write(t, filepath.Join(home, "nix.conf"), strings.Join(lines, "\n")+"\n")
	cmd := exec.CommandContext(t.Context(), program, "--extra-experimental-features", "nix-command", "show-config")
	cmd.Env = append(os.Environ(), "HOME="+home, "NIX_REMOTE=", "NIX_CONFIG=", "NIX_CONF_DIR="+home, "NIX_USER_CONF_FILES=")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"substituters = https://cache.nixos.org/ https://cache.phlip9.com\n", "= " + key + "\n"} {
		if !strings.Contains(strings.ReplaceAll(string(out), "cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY= ", ""), want) {
			t.Errorf("it lacks %s", want)
		}
	}
}
