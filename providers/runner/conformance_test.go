package runner_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/runner"
	"github.com/nixwright/nixwright/state"
)

// These tests run real programs that do what programs should not.

// gone waits until none of the processes runs any more.
func gone(t *testing.T, pids ...int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for _, pid := range pids {
		for alive(pid) {
			select {
			case <-tick.C:
			case <-ctx.Done():
				t.Fatalf("process %d is still there", pid)
			}
		}
	}
}

// However a program and its children resist, they are gone when the context
// has ended, and Run returns soon with the context's error.
func TestNobodyOutlivesTheContext(t *testing.T) {
	t.Parallel()
	const forever = `while :; do sleep 1; done`
	for name, script := range map[string]string{
		"one that heeds":            `echo $$; exec sleep 60`,
		"one that does not":         `trap "" TERM INT HUP; echo $$; ` + forever,
		"a child that does not":     `echo $$; sh -c 'trap "" TERM; echo $$; ` + forever + `' & wait`,
		"a chain":                   `echo $$; sh -c 'echo $$; sh -c "echo \$\$; trap \"\" TERM; ` + forever + `" & wait' & wait`,
		"one whose child stays":     `echo $$; sh -c 'trap "" TERM; echo $$; ` + forever + `' & trap "exit 0" TERM; wait`,
		"one that talks on TERM":    `trap 'yes | head -c 3000000; exit 0' TERM; echo $$; ` + forever,
		"one that closed its pipes": `echo $$; trap "" TERM; exec >/dev/null 2>&1; ` + forever,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := 1 + strings.Count(script, "sh -c")
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var pids []int
			begin := time.Now()
			_, err := runner.Exec{Grace: 100 * time.Millisecond}.Run(ctx, runner.Cmd{Argv: []string{"sh", "-c", script}, Line: func(l string) {
				if pid, err := strconv.Atoi(l); err == nil {
					pids = append(pids, pid)
				}
				if len(pids) == want {
					cancel()
				}
			}})
			if !errors.Is(err, context.Canceled) || len(pids) != want {
				t.Fatalf("%v, %d processes of %d", err, len(pids), want)
			}
			gone(t, pids...)
			if took := time.Since(begin); took > 5*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

func TestTheContextBeforeAndAtTheEnd(t *testing.T) {
	t.Parallel()
	over, cancel := context.WithCancel(t.Context())
	cancel()
	touched := filepath.Join(t.TempDir(), "touched")
	for _, detached := range []bool{false, true} {
		if _, err := (runner.Exec{}).Run(over, runner.Cmd{Argv: []string{"touch", touched}, Detached: detached}); !errors.Is(err, context.Canceled) {
			t.Errorf("before: %v", err)
		}
	}
	if _, err := os.Stat(touched); err == nil {
		t.Error("it was run all the same")
	}
	late, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	if _, err := (runner.Exec{}).Run(late, runner.Cmd{Argv: []string{"sleep", "60"}}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("too late: %v", err)
	}
}

// Programs and pipes that nobody closes do not keep Run from returning.
func TestRunReturns(t *testing.T) {
	t.Parallel()
	silent, never, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = never.Close(); _ = silent.Close() })
	e := runner.Exec{Grace: 100 * time.Millisecond}
	for name, c := range map[string]struct {
		cmd  runner.Cmd
		want string
	}{
		"a grandchild keeps the output": {runner.Cmd{Argv: []string{"sh", "-c", "echo out; sleep 20 & exit 0"}}, "out\n"},
		"an input without end":          {runner.Cmd{Argv: []string{"head", "-c", "3"}, Stdin: endless{}}, "yyy"},
		"an input that never comes":     {runner.Cmd{Argv: []string{"echo", "done"}, Stdin: silent}, "done\n"},
		"an input that fails":           {runner.Cmd{Argv: []string{"cat"}, Stdin: io.MultiReader(strings.NewReader("half"), failing{})}, "half"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			begin := time.Now()
			got, err := e.Run(t.Context(), c.cmd)
			if got.Stdout != c.want || err != nil && name != "an input that fails" {
				t.Errorf("got %+v, %v", got, err)
			}
			if took := time.Since(begin); took > 5*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) {
	copy(b, bytes.Repeat([]byte("y"), len(b)))
	return len(b), nil
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("broken") }

// What is kept has a limit, and so has a line; lines come one at a time, clean,
// and none comes after the end.
func TestLimits(t *testing.T) {
	t.Parallel()
	var inside, over atomic.Int32
	var lines []string
	script := fmt.Sprintf(`head -c %d /dev/zero | tr '\0' a & head -c %d /dev/zero | tr '\0' b >&2 & wait; printf '\nend\033]0;title\007\n'`, 3*runner.Limit, 2*runner.Limit)
	got, err := runner.Exec{}.Run(t.Context(), runner.Cmd{Argv: []string{"sh", "-c", script}, Line: func(l string) {
		if inside.Add(1) != 1 {
			over.Add(1)
		}
		lines = append(lines, l)
		inside.Add(-1)
	}})
	if err != nil || len(got.Stdout) != runner.Limit || len(got.Stderr) != runner.Limit || strings.Trim(got.Stdout, "a")+strings.Trim(got.Stderr, "b") != "" {
		t.Errorf("kept %d and %d bytes, %v", len(got.Stdout), len(got.Stderr), err)
	}
	if over.Load() != 0 {
		t.Error("two lines at once")
	}
	last := false
	for _, l := range lines {
		last = last || strings.HasSuffix(l, "end]0;title")
		if len(l) > 5000 || strings.ContainsAny(l, "\x1b\x07") {
			t.Fatalf("a line of %d bytes: %.40q", len(l), l)
		}
	}
	if !last {
		t.Error("the last line is lost")
	}
}

// A program sees its arguments and what it is given, and none of our secrets.
func TestWhatAProgramSees(t *testing.T) {
	secrets := []string{"GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN", "CLOUDFLARE_API_TOKEN", "SOPS_AGE_KEY"}
	for _, q := range state.Questions() {
		if state.SecretAnswer(q.Key) {
			secrets = append(secrets, state.EnvName(q.Key))
		}
	}
	if len(secrets) < 9 {
		t.Errorf("few answers are secret: %v", secrets)
	}
	for _, name := range secrets {
		t.Setenv(name, "hunter2")
	}
	t.Setenv("GIT_DIR", "/elsewhere")
	t.Setenv("NIXWRIGHT_GITHUB_OWNER", "phlip9")
	for _, detached := range []bool{false, true} {
		out := filepath.Join(t.TempDir(), "seen")
		cmd := runner.Cmd{
			Argv: []string{"sh", "-c", `{ tr '\0' '\n' </proc/self/environ; tr '\0' '\n' </proc/$$/cmdline; cat; } >"$0"`, out}, Env: []string{"NW_GIVEN=1"}, Detached: detached,
		}
		if !detached {
			cmd.Stdin = strings.NewReader("from stdin: secret\n")
		}
		if _, err := (runner.Exec{}).Run(t.Context(), cmd); err != nil {
			t.Fatal(err)
		}
		seen, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		for _, must := range []string{"PATH=", "NW_GIVEN=1", "NIXWRIGHT_GITHUB_OWNER=phlip9"} {
			if !strings.Contains(string(seen), must) {
				t.Errorf("it lacks %s:\n%s", must, seen)
			}
		}
		for line := range strings.Lines(string(seen)) {
			if strings.Contains(line, "hunter2") || strings.HasPrefix(line, "GIT_DIR") {
				t.Errorf("it sees %s", line)
			}
		}
	}
}

// What cannot be started says why, and only a missing program says "install".
func TestWhatCannotBeStarted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain")
	script := filepath.Join(dir, "script")
	for path, text := range map[string]string{plain: "x", script: "#!/no/such/interpreter\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(script, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		cmd     runner.Cmd
		missing bool
		want    string
	}{
		"nothing":          {runner.Cmd{}, false, "no program named"},
		"an empty name":    {runner.Cmd{Argv: []string{""}}, false, "no program named"},
		"not there":        {runner.Cmd{Argv: []string{filepath.Join(dir, "none")}}, true, "none"},
		"not on PATH":      {runner.Cmd{Argv: []string{"nixwright-no-such-program"}}, true, "nixwright-no-such-program"},
		"no folder":        {runner.Cmd{Argv: []string{"echo"}, Dir: filepath.Join(dir, "gone")}, false, "gone"},
		"not a program":    {runner.Cmd{Argv: []string{plain}}, false, "permission denied"},
		"a folder":         {runner.Cmd{Argv: []string{dir}}, false, ""},
		"an argument of 0": {runner.Cmd{Argv: []string{"echo", "a\x00b"}}, false, "invalid argument"},
	} {
		for _, detached := range []bool{false, true} {
			c.cmd.Detached = detached
			got, err := runner.Exec{}.Run(t.Context(), c.cmd)
			if err == nil || errors.Is(err, exec.ErrNotFound) != c.missing || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %+v, %v", name, got, err)
			}
		}
	}
}

// All that runs can be ended at once, as a second Ctrl-C does.
func TestKillEndsAll(t *testing.T) {
	t.Parallel()
	children := &runner.Children{}
	started, ended := make(chan int, 6), make(chan error, 3)
	for range 3 {
		go func() {
			_, err := runner.Exec{Children: children}.Run(t.Context(), runner.Cmd{
				Argv: []string{"sh", "-c", `trap "" TERM; echo $$; sh -c 'trap "" TERM; echo $$; while :; do sleep 1; done' & wait`},
				Line: func(l string) { pid, _ := strconv.Atoi(l); started <- pid },
			})
			ended <- err
		}()
	}
	var pids []int
	for range 6 {
		pids = append(pids, <-started)
	}
	children.Kill()
	for range 3 {
		if err := <-ended; err != nil {
			t.Errorf("ended: %v", err)
		}
	}
	gone(t, pids...)
	if _, err := (runner.Exec{Children: children}).Run(t.Context(), runner.Cmd{Argv: []string{"true"}}); err == nil {
		t.Error("a program was started after the end")
	}
}
