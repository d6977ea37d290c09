package ssh

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nixwright/nixwright/providers/runner"
	"github.com/nixwright/nixwright/state"
)

// failed is the exit status with which ssh says that the connection, not the
// remote command, failed (ssh(1), EXIT STATUS).
const failed = 255

// program is the client where no other is named.
const program = "ssh"

// flags make ssh ask nobody and trust no new key.
func (h *Host) flags() []string {
	return append(append([]string{}, h.o.Argv...),
		"-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-o", "ConnectTimeout=10", "-o", "UpdateHostKeys=no")
}

// remote runs one command on the host. A connection that failed is an error;
// the command's own exit status is not.
func (h *Host) remote(ctx context.Context, op, command string) (runner.Result, error) {
	if err := h.check(op); err != nil {
		return runner.Result{}, err
	}
	r, err := h.o.Runner.Run(ctx, runner.Cmd{Argv: append(h.flags(), "--", h.o.Dest, command)})
	if err != nil {
		return r, fmt.Errorf("%s of %s: %w", op, h.o.Dest, err)
	}
	return r, h.verdict(op, r)
}

// check refuses a destination that ssh would take for a flag.
func (h *Host) check(op string) error {
	if h.o.Dest == "" || strings.HasPrefix(h.o.Dest, "-") || strings.ContainsAny(h.o.Dest, " \t\r\n") {
		return fmt.Errorf("%s: %q is not an ssh destination", op, h.o.Dest)
	}
	return nil
}

// verdict makes an error of a connection that failed, in the user's terms.
func (h *Host) verdict(op string, r runner.Result) error {
	if r.Exit != failed {
		return nil
	}
	says := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(r.Stderr, w) {
				return true
			}
		}
		return false
	}
	what := op + " of " + h.o.Dest
	switch {
	case says("REMOTE HOST IDENTIFICATION HAS CHANGED"):
		return state.Problem{
			What: what,
			Why:  "its host key is not the one that is known: the machine was made anew, or somebody is in between",
			Fix:  "compare the key on the machine's console; if it is right, remove the old one with: ssh-keygen -R HOST, and connect once with: ssh " + h.o.Dest,
		}
	case says("Host key verification failed", "host key is known for"):
		return state.Problem{
			What: what,
			Why:  "its host key is not known on this machine",
			Fix:  "connect once by hand and confirm the fingerprint that the machine's console shows: ssh " + h.o.Dest + "; or set host.recipient",
		}
	case says("Permission denied", "Too many authentication failures"):
		return state.Problem{
			What: what, Why: "ssh was refused: " + last(r.Stderr),
			Fix: "make this work without a password: ssh " + h.o.Dest + " (an agent with your key, ssh-add, the right user)",
		}
	}
	return &state.CallError{Service: program, Op: what, Kind: state.ErrOffline, Text: last(r.Stderr)}
}

// denied is the error of a remote file that the user may not see.
func (h *Host) denied(op string, r runner.Result) error {
	return &state.CallError{
		Service: program, Op: op + " of " + h.o.Dest, Kind: state.ErrDenied, Text: last(r.Stderr),
		Needs: "a user who may read it: root, or one in group keys",
	}
}

// last is the last line that is not blank, where ssh says what went wrong.
func last(stderr string) string {
	text := ""
	for line := range strings.Lines(stderr) {
		if clean := state.CleanText(line, 300); clean != "" {
			text = clean
		}
	}
	return text
}

// errClosed is why reading a connection ends after its Close.
var errClosed = errors.New("the connection over ssh was closed")
