package nix_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/providers/nix"
	"github.com/nixwright/nixwright/providers/runner"
)

const (
	flake = `{"nodes":{"buildbot-nix":{"inputs":{"nixpkgs":["nixpkgs"],"hidden":"h"}},"h":{},"niks3_2":{},"nixpkgs":{},"sops":{},
		"root":{"inputs":{"nixpkgs":"nixpkgs","buildbot-nix":"buildbot-nix","niks3":"niks3_2","sops-nix":["sops"]}}},"root":"root","version":7}`
	empty = `{"nodes":{"root":{}},"root":"root","version":7}`
	pins  = `{"pins":{"sops-nix":{"type":"Git"},"nixpkgs":{"type":"Channel"}},"version":5}`
)

// repo makes a repository of files.
func repo(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestInputs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		files map[string]string
		kind  string
		have  []string
		fails bool
	}{
		{name: "flake", files: map[string]string{"flake.lock": flake}, kind: "flake", have: []string{"buildbot-nix", "niks3", "nixpkgs", "sops-nix"}},
		{name: "flake that is not locked", files: map[string]string{"flake.nix": "{}"}, kind: "flake"},
		{name: "npins", files: map[string]string{"npins/sources.json": pins}, kind: "npins", have: []string{"nixpkgs", "sops-nix"}},
		{name: "both", files: map[string]string{"flake.lock": flake, "npins/sources.json": pins}, kind: "flake", have: []string{"buildbot-nix", "niks3", "nixpkgs", "sops-nix"}},
		{name: "pins behind a flake without inputs", files: map[string]string{"flake.lock": empty, "npins/sources.json": pins}, kind: "npins", have: []string{"nixpkgs", "sops-nix"}},
		{name: "neither", kind: "none"},
		{name: "broken", files: map[string]string{"flake.lock": "{"}, fails: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := nix.New(repo(t, c.files), runner.Exec{}).Inputs(t.Context())
			if (err != nil) != c.fails || got.Kind != c.kind || !slices.Equal(got.Have, c.have) {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	root := repo(t, map[string]string{"good.nix": "{ a = 1; }", "bad.nix": "{ a = ; }"})
	n := nix.New(root, runner.Exec{})
	if ran, err := n.Parse(t.Context()); ran || err != nil {
		t.Errorf("no files: %v, %v", ran, err)
	}
	if _, err := exec.LookPath("nix-instantiate"); err != nil {
		if ran, err := n.Parse(t.Context(), "good.nix"); ran || err != nil {
			t.Errorf("without Nix: %v, %v", ran, err)
		}
		t.Skip("nix is not installed: apt-get install nix-bin")
	}
	if ran, err := n.Parse(t.Context(), "good.nix", filepath.Join(root, "good.nix")); !ran || err != nil {
		t.Errorf("good: %v, %v", ran, err)
	}
	if ran, err := n.Parse(t.Context(), "good.nix", "bad.nix"); !ran || err == nil || !strings.Contains(err.Error(), "syntax error") || !strings.Contains(err.Error(), "bad.nix:1:7") {
		t.Errorf("bad: %v, %v", ran, err)
	}
}

func TestParseWithoutNix(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if ran, err := nix.New(t.TempDir(), runner.Exec{}).Parse(t.Context(), "a.nix"); ran || err != nil {
		t.Errorf("ran %v, %v", ran, err)
	}
}
