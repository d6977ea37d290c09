package git_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/git"
	"github.com/nixwright/nixwright/providers/runner"
	"github.com/nixwright/nixwright/state"
)

func run(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", append([]string{"-C", dir}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", args, err, out)
	}
	return string(out)
}

func write(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("x\n*.ignored\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestIntentToAdd(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed: apt-get install git")
	}
	top := t.TempDir()
	run(t, top, "init", "-q")
	root := filepath.Join(top, "infra")
	for _, name := range []string{"new.nix", "sub/a b.nix", "*.nix", "known.nix", "other.nix", "x.ignored", ".gitignore"} {
		write(t, filepath.Join(root, name))
	}
	run(t, root, "add", "known.nix")
	g := git.New(root, runner.Exec{})
	for range 2 {
		if err := g.IntentToAdd(t.Context(), "*.nix", filepath.Join(root, "new.nix"), "sub/a b.nix", "known.nix", "x.ignored", "gone.nix"); err != nil {
			t.Fatal(err)
		}
		want := " A infra/*.nix\nA  infra/known.nix\n A infra/new.nix\n A \"infra/sub/a b.nix\"\n?? infra/.gitignore\n?? infra/other.nix\n"
		if got := run(t, top, "status", "--porcelain"); got != want {
			t.Errorf("status:\n%swant:\n%s", got, want)
		}
	}
	if err := g.IntentToAdd(t.Context(), "../../outside.nix"); err == nil {
		t.Error("a path outside the repository: want an error")
	}
}

func TestOutsideARepository(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a"))
	if err := git.New(dir, runner.Exec{}).IntentToAdd(t.Context(), "a"); err != nil {
		t.Errorf("no repository: %v", err)
	}
	if err := git.New(dir, runner.Exec{}).IntentToAdd(t.Context()); err != nil {
		t.Errorf("no paths: %v", err)
	}
}

func TestBareAndMissing(t *testing.T) {
	dir := t.TempDir()
	run(t, dir, "init", "-q", "--bare")
	if err := git.New(dir, runner.Exec{}).IntentToAdd(t.Context(), "a"); err != nil {
		t.Errorf("a bare repository: %v", err)
	}
	if err := git.New(filepath.Join(dir, "none"), runner.Exec{}).IntentToAdd(t.Context(), "a"); err == nil || !strings.Contains(err.Error(), "cannot change to") {
		t.Errorf("no folder: %v", err)
	}
	t.Setenv("PATH", t.TempDir())
	if err := git.New(dir, runner.Exec{}).IntentToAdd(t.Context(), "a"); err != nil {
		t.Errorf("no git: %v", err)
	}
}

func TestHere(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed: apt-get install git")
	}
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(top, "infra")
	here := func(want state.GitHere) {
		t.Helper()
		if got, found, err := git.New(root, runner.Exec{}).Here(t.Context()); err != nil || !found || got != want {
			t.Errorf("got %+v, %v, %v, want %+v", got, found, err, want)
		}
	}
	if err := os.MkdirAll(root, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, found, err := git.New(root, runner.Exec{}).Here(t.Context()); err != nil || found {
		t.Errorf("no repository: %v, %v", found, err)
	}
	run(t, top, "init", "-q", "-b", "master")
	here(state.GitHere{Root: top, Branch: "master"})
	write(t, filepath.Join(root, "a.nix"))
	write(t, filepath.Join(root, "b c.nix"))
	run(t, top, "config", "status.showUntrackedFiles", "no")
	run(t, top, "config", "core.fsmonitor", filepath.Join(top, "never-run"))
	here(state.GitHere{Root: top, Branch: "master", Changed: 1}) // a folder counts as one
	run(t, top, "-c", "core.fsmonitor=false", "add", ".")
	here(state.GitHere{Root: top, Branch: "master", Changed: 2})
	run(t, top, "-c", "core.fsmonitor=false", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x")
	here(state.GitHere{Root: top, Branch: "master"})
	run(t, top, "-c", "core.fsmonitor=false", "checkout", "-q", "--detach")
	here(state.GitHere{Root: top})
	before, err := os.Stat(filepath.Join(top, ".git", "index"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(filepath.Join(root, "a.nix"), before.ModTime().Add(time.Hour), before.ModTime().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	here(state.GitHere{Root: top})
	if after, err := os.Stat(filepath.Join(top, ".git", "index")); err != nil || !os.SameFile(before, after) || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("a look changed the index: %v", err)
	}
}
