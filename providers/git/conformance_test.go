package git_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/providers/git"
	"github.com/nixwright/nixwright/providers/realtest"
	"github.com/nixwright/nixwright/providers/runner"
)

// These tests drive the real Git in every kind of place it may be met in.

// place makes a folder in some state; it returns where the infra repository
// is, and what git status is to say of it after new.nix was made known; "":
// Git is not to be touched.
type place func(g ground) (root, want string)

// ground is where places are made.
type ground struct{ *testing.T }

func on(t *testing.T) ground {
	t.Helper()
	return ground{t}
}

// git runs Git as an unknown person with an empty configuration.
func (g ground) git(dir string, args ...string) string {
	g.Helper()
	program := realtest.Find(g.T, "git")
	cmd := exec.CommandContext(g.Context(), program, append([]string{"-C", dir, "-c", "protocol.file.allow=always", "-c", "user.name=x", "-c", "user.email=x@example.org"}, args...)...)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		g.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// repository is one with a commit.
func (g ground) repository(under ...string) string {
	g.Helper()
	dir := filepath.Join(append([]string{g.TempDir()}, under...)...)
	write(g.T, filepath.Join(dir, "known.nix"))
	g.git(dir, "init", "-q")
	g.git(dir, "add", "known.nix")
	g.git(dir, "commit", "-q", "-m", "first")
	return dir
}

const added = " A new.nix\n"

var places = map[string]place{
	"no repository": func(g ground) (string, string) { return g.TempDir(), "" },
	"one without a commit": func(g ground) (string, string) {
		dir := g.TempDir()
		g.git(dir, "init", "-q")
		return dir, added
	},
	"one with a commit":  func(g ground) (string, string) { return g.repository(), added },
	"blanks in the path": func(g ground) (string, string) { return g.repository("my infra", " x "), added },
	"a leading dash":     func(g ground) (string, string) { return g.repository("-rf"), added },
	"pathspec magic":     func(g ground) (string, string) { return g.repository(":(glob)*"), added },
	"unicode and quotes": func(g ground) (string, string) { return g.repository("ünï \"x\" $(id)"), added },
	"a bare one": func(g ground) (string, string) {
		dir := g.TempDir()
		g.git(dir, "init", "-q", "--bare")
		return dir, ""
	},
	"inside .git": func(g ground) (string, string) { return filepath.Join(g.repository(), ".git"), "" },
	"a folder further in": func(g ground) (string, string) {
		dir := filepath.Join(g.repository(), "a", "b")
		write(g.T, filepath.Join(dir, "other"))
		return dir, " A a/b/new.nix\n?? a/b/other\n"
	},
	"staged changes": func(g ground) (string, string) {
		dir := g.repository()
		write(g.T, filepath.Join(dir, "staged.nix"))
		g.git(dir, "add", "staged.nix")
		g.git(dir, "rm", "-q", "--cached", "known.nix")
		return dir, "D  known.nix\n A new.nix\nA  staged.nix\n?? known.nix\n"
	},
	"in the middle of a merge": func(g ground) (string, string) {
		dir := g.repository()
		g.git(dir, "checkout", "-q", "-b", "side")
		for i, branch := range []string{"side", "-"} {
			if err := os.WriteFile(filepath.Join(dir, "known.nix"), []byte{byte('0' + i)}, 0o600); err != nil {
				g.Fatal(err)
			}
			g.git(dir, "commit", "-q", "-a", "-m", branch)
			if i == 0 {
				g.git(dir, "checkout", "-q", "-")
			}
		}
		merge := exec.CommandContext(g.Context(), "git", "-C", dir, "-c", "user.name=x", "-c", "user.email=x@example.org", "merge", "side")
		if out, err := merge.CombinedOutput(); err == nil {
			g.Fatalf("no conflict: %s", out)
		}
		return dir, "UU known.nix\n A new.nix\n"
	},
	"a worktree": func(g ground) (string, string) {
		dir := filepath.Join(g.TempDir(), "tree")
		g.git(g.repository(), "worktree", "add", "-q", dir)
		return dir, added
	},
	"a submodule": func(g ground) (string, string) {
		outer := g.repository()
		g.git(outer, "submodule", "--quiet", "add", g.repository(), "infra")
		return filepath.Join(outer, "infra"), added
	},
	"through a link": func(g ground) (string, string) {
		link := filepath.Join(g.TempDir(), "link")
		if err := os.Symlink(g.repository(), link); err != nil {
			g.Fatal(err)
		}
		return link, added
	},
	"its own folder for .git": func(g ground) (string, string) {
		dir := g.TempDir()
		g.git(dir, "init", "-q", "--separate-git-dir", filepath.Join(g.TempDir(), "elsewhere"))
		return dir, added
	},
	"ignored": func(g ground) (string, string) {
		dir := g.repository()
		realtest.File(g.T, filepath.Join(dir, ".git", "info", "exclude"), "new.nix\n")
		return dir, "\n" // nothing is new
	},
	"an odd configuration": func(g ground) (string, string) {
		dir := g.repository()
		for _, pair := range [][]string{{"core.quotePath", "true"}, {"status.short", "true"}, {"color.ui", "always"}, {"core.fsmonitor", "false"}, {"advice.addIgnoredFile", "true"}} {
			g.git(dir, "config", pair[0], pair[1])
		}
		return dir, added
	},
}

func TestInEveryPlace(t *testing.T) {
	t.Parallel()
	for name, prepare := range places {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root, want := prepare(on(t))
			write(t, filepath.Join(root, "new.nix"))
			before := listing(t, root)
			g := git.New(root, runner.Exec{})
			for range 2 {
				if err := g.IntentToAdd(t.Context(), "new.nix"); err != nil {
					t.Fatal(err)
				}
				if want == "" {
					if got := listing(t, root); !slices.Equal(got, before) {
						t.Errorf("files appeared: %q, %q", before, got)
					}
					continue
				}
				if got := on(t).git(root, "-c", "color.ui=never", "status", "--porcelain", "--no-renames", "--untracked-files=all"); got != strings.TrimPrefix(want, "\n") {
					t.Errorf("status:\n%swant:\n%s", got, want)
				}
			}
			if want == added {
				// What a flake sees: the file's content is not in the index yet, its name is.
				if got := on(t).git(root, "ls-files", "new.nix"); got != "new.nix\n" {
					t.Errorf("Git lists %q", got)
				}
			}
		})
	}
}

// listing is every file below a folder.
func listing(t *testing.T, root string) []string {
	t.Helper()
	var all []string
	err := filepath.Walk(root, func(path string, _ os.FileInfo, err error) error {
		all = append(all, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Files of any name are made known as they are called.
func TestFilesOfAnyName(t *testing.T) {
	t.Parallel()
	root := on(t).repository()
	names := []string{"-A", "--all", ":(top)x", "*", "a b", `"q"`, "ü.nix", "new\nline", "$(id)", "tab\t", "'", "sub/-u", `back\slash`}
	for _, name := range names {
		write(t, filepath.Join(root, name))
	}
	write(t, filepath.Join(root, "untouched"))
	if err := git.New(root, runner.Exec{}).IntentToAdd(t.Context(), names...); err != nil {
		t.Fatal(err)
	}
	got := strings.Split(strings.TrimSuffix(on(t).git(root, "ls-files", "-z"), "\x00"), "\x00")
	want := append([]string{"known.nix"}, names...)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("Git knows %q, want %q", got, want)
	}
}

// What a hook or a parent Git says in the environment is about another
// repository.
func TestTheEnvironmentIsAnothers(t *testing.T) {
	root, other := on(t).repository(), on(t).repository()
	write(t, filepath.Join(root, "new.nix"))
	for name, value := range map[string]string{
		"GIT_DIR": filepath.Join(other, ".git"), "GIT_WORK_TREE": other, "GIT_INDEX_FILE": filepath.Join(t.TempDir(), "index"),
		"GIT_PREFIX": "sub/", "GIT_CEILING_DIRECTORIES": root, "GIT_GLOB_PATHSPECS": "1", "GIT_NAMESPACE": "x", "GIT_OBJECT_DIRECTORY": filepath.Join(other, ".git", "objects"),
		"GIT_COMMON_DIR": filepath.Join(other, ".git"),
	} {
		t.Setenv(name, value)
	}
	err := git.New(root, runner.Exec{}).IntentToAdd(t.Context(), "new.nix")
	clean := func(dir string) string {
		cmd := exec.CommandContext(t.Context(), realtest.Find(t, "git"), "-C", dir, "status", "--porcelain")
		cmd.Env = slices.DeleteFunc(os.Environ(), func(pair string) bool { return strings.HasPrefix(pair, "GIT_") })
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return string(out)
	}
	if got := clean(root); err != nil || got != added {
		t.Errorf("status %q, %v", got, err)
	}
	if got := clean(other); got != "" {
		t.Errorf("the other repository: %q", got)
	}
}

// What Git refuses is told in its words, and nothing else is done.
func TestGitRefuses(t *testing.T) {
	t.Parallel()
	locked := on(t).repository()
	write(t, filepath.Join(locked, "new.nix"))
	realtest.File(t, filepath.Join(locked, ".git", "index.lock"), "")
	broken := on(t).repository()
	write(t, filepath.Join(broken, "new.nix"))
	realtest.File(t, filepath.Join(broken, ".git", "index"), "nonsense")
	for name, c := range map[string]struct{ root, want string }{"another Git is at work": {locked, "index.lock"}, "a broken index": {broken, "index"}} {
		err := git.New(c.root, runner.Exec{}).IntentToAdd(t.Context(), "new.nix")
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	given, up := context.WithCancel(t.Context())
	up()
	if err := git.New(locked, runner.Exec{}).IntentToAdd(given, "new.nix"); !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
}
