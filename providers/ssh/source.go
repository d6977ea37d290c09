package ssh

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/nixwright/nixwright/providers/runner"
	"github.com/nixwright/nixwright/providers/systemd"
	"github.com/nixwright/nixwright/state"
)

// NewSource is the source "systemd" of a host that is reached through a
// master: one command a look, over the one connection.
func NewSource(m *Master, o systemd.SourceOptions) *systemd.Source {
	return systemd.NewShellSource(shell{m}, "ssh", o)
}

// shell runs scripts on the host.
type shell struct{ master *Master }

// Gone implements systemd.Shell.
func (s shell) Gone() <-chan struct{} { return s.master.Gone() }

// Sh implements systemd.Shell.
func (s shell) Sh(ctx context.Context, op, script string, out io.Writer) error {
	stdin, hold, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	defer func() { _, _ = stdin.Close(), hold.Close() }()
	r, err := s.master.host.run(ctx, op, runner.Cmd{Argv: []string{"sh -c '" + script + "'"}, Stdin: stdin, Stdout: out})
	switch {
	case err != nil:
		return err
	case r.Exit != 0:
		return &state.CallError{
			Service: program, Op: s.master.host.of(op), Kind: state.ErrService,
			Text: strings.TrimSpace(fmt.Sprintf("it ended with status %d: %s", r.Exit, last(r.Stderr))),
		}
	}
	return nil
}
