package ssh

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/creack/pty"

	"github.com/nixwright/nixwright/providers/runner"
)

const (
	// restLimit is how long what ssh has said is read once it has ended.
	restLimit = time.Second
	// interrupted is the status of an ssh that a Ctrl-C has ended: this process
	// gets it too, and is the one to say so.
	interrupted = 130
)

// asker runs an ssh that may ask. It asks on the terminal of this process
// (/dev/tty), whatever its standard streams are; what it says besides - that a
// hardware key waits to be touched, that a password was wrong - goes to the
// user's terminal too, until the connection stands, when that belongs to the
// screen. ssh wants its standard error to be a terminal for that
// (notify_start in OpenSSH's readpass.c), so it gets one of its own.
type asker struct {
	terminal io.Writer

	mu    sync.Mutex
	quiet bool
	said  bytes.Buffer
}

// done ends what goes to the user's terminal.
func (a *asker) done() {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.quiet = true
}

// Write implements io.Writer for what ssh says.
func (a *asker) Write(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.quiet {
		_, _ = a.terminal.Write(p)
	}
	a.said.Write(p[:min(len(p), max(0, runner.Limit-a.said.Len()))])
	return len(p), nil
}

// run runs ssh to its end; a nil asker lets it ask nobody.
func (a *asker) run(ctx context.Context, r runner.Runner, c runner.Cmd) (runner.Result, error) {
	if a == nil {
		return r.Run(ctx, c)
	}
	ours, its, err := pty.Open()
	if err != nil {
		return runner.Result{}, fmt.Errorf("open a terminal: %w", err)
	}
	defer func() { _ = ours.Close() }()
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = io.Copy(a, ours) // ends with an error where nobody has the other side any more
	}()
	c.Terminal = its
	result, err := r.Run(ctx, c)
	_ = its.Close()
	rest := time.NewTimer(restLimit)
	defer rest.Stop()
	select {
	case <-read:
	case <-rest.C: // a program of ssh's has outlived it and holds the other side
	}
	if result.Exit == interrupted {
		rest.Reset(restLimit)
		select {
		case <-ctx.Done():
		case <-rest.C:
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	result.Stderr = a.said.String()
	return result, err
}
