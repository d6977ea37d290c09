// Package nix looks at the infra repository as Nix does: where its inputs come
// from, and whether its files can be parsed.
package nix

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/nixwright/nixwright/providers/runner"
	"github.com/nixwright/nixwright/state"
)

// Nix is Nix in one repository.
type Nix struct {
	root string
	run  runner.Runner
}

// New returns Nix in the repository at root, an absolute path.
func New(root string, r runner.Runner) *Nix { return &Nix{root: root, run: r} }

// Inputs names the repository's inputs, sorted: those of flake.lock (kind
// flake), else the pins of npins/sources.json (kind npins). A flake without
// inputs beside pins counts as npins; with neither file the kind is none.
func (n *Nix) Inputs(ctx context.Context) (state.Inputs, error) {
	if err := ctx.Err(); err != nil {
		return state.Inputs{}, fmt.Errorf("read inputs: %w", err)
	}
	var lock struct {
		Root  string `json:"root"`
		Nodes map[string]struct {
			Inputs map[string]any `json:"inputs"` // a node's name, or a path of inputs
		} `json:"nodes"`
	}
	flake, err := n.read("flake.lock", &lock)
	if err != nil {
		return state.Inputs{}, err
	}
	var sources struct {
		Pins map[string]any `json:"pins"`
	}
	pins, err := n.read(filepath.Join("npins", "sources.json"), &sources)
	if err != nil {
		return state.Inputs{}, err
	}
	if !flake && !pins {
		_, err := os.Stat(filepath.Join(n.root, "flake.nix"))
		flake = err == nil // not locked yet
	}
	have := slices.Sorted(maps.Keys(lock.Nodes[lock.Root].Inputs))
	switch {
	case flake && (len(have) > 0 || !pins):
		return state.Inputs{Kind: "flake", Have: have}, nil
	case pins:
		return state.Inputs{Kind: "npins", Have: slices.Sorted(maps.Keys(sources.Pins))}, nil
	}
	return state.Inputs{Kind: "none"}, nil
}

// Parse parses files (absolute, or relative to the repository) as Nix does,
// without evaluating them. ran is false where there is no Nix on this machine;
// a file that cannot be parsed is an error with Nix's own words.
func (n *Nix) Parse(ctx context.Context, paths ...string) (ran bool, err error) {
	if len(paths) == 0 {
		return false, nil
	}
	argv := []string{"nix-instantiate", "--store", "dummy://", "--parse"}
	for _, path := range paths {
		if !filepath.IsAbs(path) {
			path = filepath.Join(n.root, path)
		}
		argv = append(argv, path)
	}
	r, err := n.run.Run(ctx, runner.Cmd{Argv: argv, Dir: n.root})
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("parse Nix files: %w", err)
	case r.Exit != 0:
		return true, fmt.Errorf("parse Nix files: %s", state.CleanText(r.Stderr, 500))
	}
	return true, nil
}

// read decodes a JSON file of the repository; found is false where it is not
// there.
func (n *Nix) read(name string, into any) (found bool, err error) {
	b, found, err := state.ReadFile(filepath.Join(n.root, name))
	if err != nil {
		return false, fmt.Errorf("read %s: %w", name, err)
	}
	if !found {
		return false, nil
	}
	if err := json.Unmarshal(b, into); err != nil {
		return false, fmt.Errorf("read %s: %w", name, err)
	}
	return true, nil
}
