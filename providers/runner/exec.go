package runner

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/nixwright/nixwright/state"
)

// packages says where a program that is missing comes from.
var packages = map[string]string{
	"ssh":             "OpenSSH's client (nixpkgs: openssh)",
	"git":             "Git (nixpkgs: git)",
	"nix":             "Nix, from https://nixos.org/download",
	"nix-instantiate": "Nix, from https://nixos.org/download",
	"nixos-rebuild":   "nixos-rebuild (nixpkgs: nixos-rebuild)",
	"deploy":          "deploy-rs (nixpkgs: deploy-rs)",
	"colmena":         "colmena (nixpkgs: colmena)",
	"gh":              "GitHub's client (nixpkgs: gh)",
	"xdg-open":        "xdg-utils (nixpkgs: xdg-utils)",
}

// Exec is the real Runner. Its zero value is ready.
type Exec struct {
	// Grace is how long a program has to end by itself after the context has
	// ended; 0: five seconds.
	Grace time.Duration
	// Moment is how long a detached program is watched; 0: two seconds.
	Moment time.Duration
	// Children, if there, knows what is running.
	Children *Children
}

// Children are the programs that are running now. Each has a session of its
// own, so an interrupt of the terminal does not reach it.
type Children struct {
	mu   sync.Mutex
	pids map[int]bool
	dead bool // none is started any more
}

var errKilled = errors.New("the run is being ended")

// start starts a program and notes it, so that Kill misses none.
func (c *Children) start(cmd *exec.Cmd) error {
	if c == nil {
		return cmd.Start()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead {
		return errKilled
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	if c.pids == nil {
		c.pids = map[int]bool{}
	}
	c.pids[target(cmd)] = true
	return nil
}

// ended notes that a program is no more.
func (c *Children) ended(cmd *exec.Cmd) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.pids, target(cmd))
}

// Kill ends all of them at once, with what they started; none is started
// after it.
func (c *Children) Kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dead = true
	for pid := range c.pids {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

// target is what a signal to a program goes to: its group, where it has one of
// its own.
func target(cmd *exec.Cmd) int {
	if cmd.SysProcAttr == nil {
		return cmd.Process.Pid
	}
	return -cmd.Process.Pid
}

// Run implements Runner.
func (e Exec) Run(ctx context.Context, c Cmd) (Result, error) {
	if len(c.Argv) == 0 || c.Argv[0] == "" {
		return Result{}, errors.New("run: no program named")
	}
	if c.Dir != "" { // else its absence would look like that of the program
		if _, err := os.Stat(c.Dir); err != nil {
			return Result{Exit: -1}, fmt.Errorf("run %s in %s: %w", c.Argv[0], c.Dir, errors.Unwrap(err))
		}
	}
	if err := ctx.Err(); err != nil {
		return Result{}, fmt.Errorf("run %s: %w", c.Argv[0], err)
	}
	if c.Detached {
		return e.detach(ctx, c)
	}
	cmd := e.command(ctx, c)
	var outKept, errKept keeper
	lines := &lineSink{emit: c.Line}
	outLines, errLines := lines.stream(), lines.stream()
	cmd.Stdout, cmd.Stderr = tee{&outKept, outLines}, tee{&errKept, errLines}
	if c.Stdout != nil {
		cmd.Stdout = c.Stdout
	}
	if c.Terminal != nil {
		cmd.Stderr = c.Terminal
	}

	err := e.Children.start(cmd)
	if err == nil {
		err = cmd.Wait()
		e.Children.ended(cmd)
	}
	outLines.flush()
	errLines.flush()
	if ctx.Err() != nil && cmd.Process != nil && c.Terminal == nil {
		// Grandchildren that did not heed SIGTERM.
		_ = syscall.Kill(target(cmd), syscall.SIGKILL)
	}
	r := Result{Stdout: outKept.String(), Stderr: errKept.String(), Exit: exitOf(cmd)}
	return r, e.verdict(ctx, c.Argv[0], err)
}

// command prepares the program, in a session and process group of its own
// unless it may ask on the terminal.
func (e Exec) command(ctx context.Context, c Cmd) *exec.Cmd {
	cmd := exec.CommandContext(ctx, c.Argv[0], c.Argv[1:]...)
	cmd.Dir, cmd.Stdin = c.Dir, c.Stdin
	cmd.Env = append(environment(os.Environ()), c.Env...)
	if c.Terminal == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	}
	cmd.Cancel = func() error { return syscall.Kill(target(cmd), syscall.SIGTERM) }
	cmd.WaitDelay = cmp.Or(e.Grace, 5*time.Second)
	return cmd
}

// environment is ours without what only this program needs - a deploy command
// or a browser has no business with our tokens - and without what Git tells its
// hooks: a program that we start acts on where it is started.
func environment(env []string) []string {
	return slices.DeleteFunc(env, func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		return slices.Contains(credentials, name) || slices.Contains(elsewhere, name) ||
			strings.HasPrefix(name, "NIXWRIGHT_") && (strings.HasSuffix(name, "_TOKEN") || strings.HasSuffix(name, "_SECRET") || strings.HasSuffix(name, "_RETURN"))
	})
}

// credentials are the environment variables that hold one.
var credentials = []string{"GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN", "CLOUDFLARE_API_TOKEN", "SOPS_AGE_KEY"}

// elsewhere are those that lead Git to another repository, or make it read
// paths in another way (git rev-parse --local-env-vars, gitglossary pathspec).
var elsewhere = []string{
	"GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
	"GIT_PREFIX", "GIT_NAMESPACE", "GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS",
}

// detach starts a program and watches it for a moment: one that fails at once
// is told, one that runs on is left alone.
func (e Exec) detach(ctx context.Context, c Cmd) (Result, error) {
	cmd := e.command(context.WithoutCancel(ctx), c)
	if err := cmd.Start(); err != nil {
		return Result{Exit: -1}, e.verdict(ctx, c.Argv[0], err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	timer := time.NewTimer(cmp.Or(e.Moment, 2*time.Second))
	defer timer.Stop()
	select {
	case err := <-ended:
		return Result{Exit: exitOf(cmd)}, e.verdict(ctx, c.Argv[0], err)
	case <-timer.C:
	case <-ctx.Done():
	}
	return Result{}, nil
}

// verdict makes an error of what os/exec says, and none of an exit status.
func (e Exec) verdict(ctx context.Context, program string, err error) error {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("run %s: %w", program, ctx.Err())
	case errors.As(err, &exit):
		return nil
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %w", missing(program), exec.ErrNotFound)
	case errors.Is(err, exec.ErrWaitDelay):
		return nil // it ended; a grandchild kept its output open
	}
	return fmt.Errorf("run %s: %w", program, err)
}

// missing says what to install.
func missing(program string) state.Problem {
	from, known := packages[filepath.Base(program)]
	if !known {
		from = "the program " + program
	}
	return state.Problem{
		What: "run " + program,
		Why:  "there is no such program on this machine",
		Fix:  "install " + from + " and see that it is on PATH",
	}
}

// exitOf is the exit status, in the way of a shell for a signal.
func exitOf(cmd *exec.Cmd) int {
	if cmd.ProcessState == nil {
		return -1
	}
	if ws, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return cmd.ProcessState.ExitCode()
}

// keeper keeps the first Limit bytes.
type keeper struct{ bytes.Buffer }

// Write implements io.Writer and takes everything.
func (k *keeper) Write(p []byte) (int, error) {
	room := max(0, Limit-k.Len())
	_, _ = k.Buffer.Write(p[:min(room, len(p))])
	return len(p), nil
}
