// Package git says which repository a folder is in, and makes new files visible
// to a flake, which sees only what Git knows of. It commits nothing and adds no
// content.
package git

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"github.com/nixwright/nixwright/providers/runner"
	"github.com/nixwright/nixwright/state"
)

// Git is Git in one folder.
type Git struct {
	root string
	run  runner.Runner
}

// New returns Git in the folder root, an absolute path.
func New(root string, r runner.Runner) *Git { return &Git{root: root, run: r} }

// IntentToAdd marks files (absolute, or relative to the folder) as to be added
// (git add --intent-to-add): those that Git neither knows nor ignores. Outside
// a work tree and without Git it does nothing.
func (g *Git) IntentToAdd(ctx context.Context, paths ...string) error {
	if len(paths) == 0 {
		return nil
	}
	// As NAME\0NAME\0, relative to the folder.
	r, err := g.git(ctx, append([]string{"ls-files", "--others", "--exclude-standard", "-z", "--"}, paths...))
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return nil
	case err != nil:
		return fmt.Errorf("look for new files: %w", err)
	case r.Exit != 0 && (strings.Contains(r.Stderr, "not a git repository") || strings.Contains(r.Stderr, "must be run in a work tree")):
		return nil
	case r.Exit != 0:
		return fmt.Errorf("look for new files: git: %s", state.CleanText(r.Stderr, 300))
	}
	unknown := strings.FieldsFunc(r.Stdout, func(c rune) bool { return c == 0 })
	if len(unknown) == 0 {
		return nil
	}
	r, err = g.git(ctx, append([]string{"add", "--intent-to-add", "--"}, unknown...))
	if err != nil {
		return fmt.Errorf("make new files known: %w", err)
	}
	if r.Exit != 0 {
		return fmt.Errorf("make new files known: git: %s", state.CleanText(r.Stderr, 300))
	}
	return nil
}

// Here says which work tree the folder is in, on which branch, and how many
// files differ there. It changes nothing, Git's own index included. found is
// false outside a work tree and without Git.
func (g *Git) Here(ctx context.Context) (here state.GitHere, found bool, err error) {
	r, err := g.git(ctx, []string{"rev-parse", "--show-toplevel"})
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return here, false, nil
	case err != nil:
		return here, false, fmt.Errorf("look at the repository: %w", err)
	case r.Exit != 0 && (strings.Contains(r.Stderr, "not a git repository") || strings.Contains(r.Stderr, "must be run in a work tree")):
		return here, false, nil
	case r.Exit != 0:
		return here, false, fmt.Errorf("look at the repository: git: %s", state.CleanText(r.Stderr, 300))
	}
	here.Root = strings.TrimSuffix(r.Stdout, "\n")
	r, err = g.git(ctx, []string{
		"-c", "core.fsmonitor=false", "--no-optional-locks",
		"status", "--porcelain=v2", "--branch", "--untracked-files=normal", "--ignore-submodules=all",
	})
	if err != nil {
		return here, false, fmt.Errorf("look at the repository: %w", err)
	}
	if r.Exit != 0 {
		return here, false, fmt.Errorf("look at the repository: git: %s", state.CleanText(r.Stderr, 300))
	}
	for line := range strings.Lines(r.Stdout) {
		head, isHead := strings.CutPrefix(line, "# branch.head ")
		switch {
		case isHead && head != "(detached)\n":
			here.Branch = state.CleanText(head, 100)
		case !strings.HasPrefix(line, "#"):
			here.Changed++
		}
	}
	return here, true, nil
}

// git runs Git with plain paths (no patterns) and English words.
func (g *Git) git(ctx context.Context, args []string) (runner.Result, error) {
	argv := append([]string{"git", "--literal-pathspecs", "-C", g.root}, args...)
	return g.run.Run(ctx, runner.Cmd{Argv: argv, Env: []string{"LC_ALL=C"}})
}
