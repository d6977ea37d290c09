package runner_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/runner"
	"github.com/nixwright/nixwright/state"
)

func TestExecRuns(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		cmd  runner.Cmd
		want runner.Result
	}{
		{"output", runner.Cmd{Argv: []string{"sh", "-c", "echo a b; echo e >&2"}}, runner.Result{Stdout: "a b\n", Stderr: "e\n"}},
		{"exit", runner.Cmd{Argv: []string{"sh", "-c", "exit 7"}}, runner.Result{Exit: 7}},
		{"signal", runner.Cmd{Argv: []string{"sh", "-c", "kill -9 $$"}}, runner.Result{Exit: 137}},
		{"input", runner.Cmd{Argv: []string{"cat"}, Stdin: strings.NewReader("hello")}, runner.Result{Stdout: "hello"}},
		{"no input", runner.Cmd{Argv: []string{"cat"}}, runner.Result{}},
		{"environment", runner.Cmd{Argv: []string{"sh", "-c", `printf %s "$NW_X"`}, Env: []string{"NW_X=1"}}, runner.Result{Stdout: "1"}},
		{"folder", runner.Cmd{Argv: []string{"pwd"}, Dir: "/"}, runner.Result{Stdout: "/\n"}},
		{"no shell", runner.Cmd{Argv: []string{"echo", "$HOME;id"}}, runner.Result{Stdout: "$HOME;id\n"}},
		{"no terminal", runner.Cmd{Argv: []string{"sh", "-c", "(: </dev/tty) 2>/dev/null || echo none"}}, runner.Result{Stdout: "none\n"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := runner.Exec{}.Run(t.Context(), c.cmd)
			if err != nil || got != c.want {
				t.Errorf("got %+v, %v, want %+v", got, err, c.want)
			}
		})
	}
}

func TestExecLines(t *testing.T) {
	t.Parallel()
	var got []string
	_, err := runner.Exec{}.Run(t.Context(), runner.Cmd{
		Argv: []string{"printf", `one\n10%%\r20%%\r\n\n\033[31mred\033[0m\n` + "last"},
		Line: func(l string) { got = append(got, l) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"one", "10%", "20%", "[31mred[0m", "last"}; !slices.Equal(got, want) {
		t.Errorf("lines %q, want %q", got, want)
	}
}

func TestExecLimitsOutput(t *testing.T) {
	t.Parallel()
	got, err := runner.Exec{}.Run(t.Context(), runner.Cmd{Argv: []string{"head", "-c", strconv.Itoa(3 * runner.Limit), "/dev/zero"}})
	if err != nil || got.Exit != 0 || len(got.Stdout) != runner.Limit {
		t.Errorf("kept %d bytes, exit %d, %v; want %d", len(got.Stdout), got.Exit, err, runner.Limit)
	}
}

func TestExecMissingProgram(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"nixwright-no-such-program", "/nixwright/nix-instantiate"} {
		_, err := runner.Exec{}.Run(t.Context(), runner.Cmd{Argv: []string{program}})
		if !errors.Is(err, exec.ErrNotFound) {
			t.Errorf("%s: %v is not exec.ErrNotFound", program, err)
		}
		if p := state.AsProblem(err); !strings.HasPrefix(p.Fix, "install ") {
			t.Errorf("%s: fix is %q", program, p.Fix)
		}
	}
}

// A program whose child ignores SIGTERM is ended with that child.
func TestExecEndsTheGroup(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var child int
	script := `sh -c 'trap "" TERM; echo $$; while :; do sleep 1; done' & wait`
	_, err := runner.Exec{Grace: 50 * time.Millisecond}.Run(ctx, runner.Cmd{
		Argv: []string{"sh", "-c", script},
		Line: func(l string) { child, _ = strconv.Atoi(l); cancel() },
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v, want context.Canceled", err)
	}
	for deadline := time.Now().Add(5 * time.Second); alive(child); {
		if time.Now().After(deadline) {
			t.Fatalf("child %d is still there", child)
		}
	}
}

// alive says whether a process runs; one that waits to be reaped does not.
func alive(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return false
	}
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

func TestExecDetached(t *testing.T) {
	t.Parallel()
	e := runner.Exec{Moment: 20 * time.Millisecond}
	got, err := runner.Exec{Moment: time.Minute}.Run(t.Context(), runner.Cmd{Argv: []string{"sh", "-c", "exit 3"}, Detached: true})
	if err != nil || got.Exit != 3 {
		t.Errorf("failing at once: %+v, %v", got, err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Close() }() // ends the program
	got, err = e.Run(t.Context(), runner.Cmd{Argv: []string{"cat"}, Stdin: r, Detached: true})
	if err != nil || got.Exit != 0 {
		t.Errorf("running on: %+v, %v", got, err)
	}
	if _, err := e.Run(t.Context(), runner.Cmd{Argv: []string{"nixwright-none"}, Detached: true}); !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("missing: %v", err)
	}
}
