package ssh

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/nixwright/nixwright/providers/runner"
	"github.com/nixwright/nixwright/state"
)

// failed is the exit status with which ssh says that the connection, not the
// remote command, failed (ssh(1), EXIT STATUS).
const failed = 255

// The client where no other is named, and what opens a connection, as errors say it.
const (
	program   = "ssh"
	opConnect = "connect"
)

// flags make ssh ask nobody, trust no new key, lend no agent, say what is
// wrong, and notice within 15 seconds that the host has gone.
func (h *Host) flags() []string {
	return h.with("BatchMode=yes", "StrictHostKeyChecking=yes", h.timeout())
}

// asking are the flags of an ssh that may ask. ssh does not count the time in
// which it asks itself as time to connect, but that in which one asks that
// leads to a jump host, so that with those there is no limit but the user's.
func (h *Host) asking(ctx context.Context) []string {
	if has, err := h.config(ctx, opConnect); err == nil && around(has) {
		return h.with()
	}
	return h.with(h.timeout())
}

func (h *Host) timeout() string {
	return "ConnectTimeout=" + strconv.Itoa(max(1, int(cmp.Or(h.o.Limit, openLimit).Seconds())))
}

// with are the options of every ssh and some more.
func (h *Host) with(more ...string) []string {
	argv := append([]string{}, h.o.Argv...)
	for _, o := range append(more,
		"UpdateHostKeys=no", "ServerAliveInterval=5", "ServerAliveCountMax=3", "LogLevel=INFO", "RemoteCommand=none",
		"PermitLocalCommand=no", "ForwardAgent=no", "ForwardX11=no",
	) {
		argv = append(argv, "-o", o)
	}
	return argv
}

// client is ssh with the flags that lead to the host: through the master's
// connection where there is a master.
func (h *Host) client(ctx context.Context, op string) ([]string, error) {
	if err := h.check(op); err != nil {
		return nil, err
	}
	if h.master == nil {
		return h.flags(), nil
	}
	through, err := h.master.through(ctx, op)
	return append(h.flags(), through...), err
}

// Command is a program to run on the host.
type Command struct {
	Op    string       // what it is for, as errors say it: "read disk"
	Argv  []string     // the program and its arguments, each one word whatever is in it
	Stdin io.Reader    // nil: empty
	Line  func(string) // gets every line of both streams, cleaned; may be nil
}

// Run runs a program on the host, for which the user's shell there must read
// quotes as POSIX says. A connection that failed is an error (state.Problem or
// state.ErrOffline); the program's own exit status is not, but for 255, which
// ssh itself uses. The streams are kept to runner.Limit bytes.
func (h *Host) Run(ctx context.Context, c Command) (runner.Result, error) {
	words := make([]string, len(c.Argv))
	for i, w := range c.Argv {
		if strings.ContainsRune(w, 0) {
			return runner.Result{}, fmt.Errorf("%s of %s: an argument holds a zero byte", c.Op, h.o.Dest)
		}
		words[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
	}
	if len(words) == 0 {
		return runner.Result{}, fmt.Errorf("%s of %s: no program named", c.Op, h.o.Dest)
	}
	return h.run(ctx, c.Op, runner.Cmd{Argv: []string{strings.Join(words, " ")}, Stdin: c.Stdin, Line: c.Line})
}

// remote runs one fixed line of shell on the host, as Run does.
func (h *Host) remote(ctx context.Context, op, command string) (runner.Result, error) {
	return h.run(ctx, op, runner.Cmd{Argv: []string{command}})
}

// run runs ssh with the command in c.Argv.
func (h *Host) run(ctx context.Context, op string, c runner.Cmd) (runner.Result, error) {
	argv, err := h.client(ctx, op)
	if err != nil {
		return runner.Result{}, err
	}
	if h.master != nil {
		release, err := h.master.slot(ctx)
		if err != nil {
			return runner.Result{}, fmt.Errorf("%s of %s: %w", op, h.o.Dest, err)
		}
		defer release()
	}
	c.Argv = append(append(argv, "-T", "--", h.o.Dest), c.Argv...)
	r, err := h.o.Runner.Run(ctx, c)
	if err != nil {
		return r, fmt.Errorf("%s of %s: %w", op, h.o.Dest, err)
	}
	return r, h.verdict(op, r)
}

// check refuses a destination that ssh would take for something else.
func (h *Host) check(op string) error {
	if err := CheckDestination(h.o.Dest); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	return nil
}

// of is what is done, with the host: "read log of root@ci".
func (h *Host) of(op string) string {
	if op == opConnect {
		return op + " to " + h.o.Dest
	}
	return op + " of " + h.o.Dest
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
	what := h.of(op)
	switch {
	case says("REMOTE HOST IDENTIFICATION HAS CHANGED"):
		return state.Problem{
			What: what,
			Why:  "its host key is not the one that is known: the machine was made anew, or somebody is in between",
			Fix:  "compare the key on the machine's console; if it is right, remove the old one with: ssh-keygen -R HOST, and connect once with: ssh " + h.o.Dest,
		}
	case says("Host key verification failed", "host key is known for"):
		return state.Problem{
			Key:  "host.recipient",
			What: what,
			Why:  "its host key is not known on this machine",
			Fix:  "connect once by hand and confirm the fingerprint that the machine's console shows: ssh " + h.o.Dest + "; or set host.recipient",
		}
	case says("Permission denied", "Too many authentication failures"):
		return state.Problem{
			Key: "host.ssh", What: what, Why: "ssh was refused: " + last(r.Stderr),
			Fix: "make this work without a password: ssh " + h.o.Dest + " (an agent with your key, ssh-add, the right user)",
		}
	}
	return h.offline(op, last(r.Stderr))
}

// denied is the error of a remote file that the user may not see.
func (h *Host) denied(op string, r runner.Result) error {
	return &state.CallError{
		Service: program, Op: h.of(op), Kind: state.ErrDenied, Text: last(r.Stderr),
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
