package ssh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/nixwright/nixwright/providers/runner"
)

// Dial connects to an address ("127.0.0.1:8010") as the host sees it, through
// ssh -W, so that a service on the host's loopback can be asked without an
// open port. It returns before the connection is known to stand; where ssh
// fails, the first Read says why. The context is for the start alone: the
// connection lives until Close.
func (h *Host) Dial(ctx context.Context, addr string) (net.Conn, error) {
	op := "connect to " + addr
	client, err := h.client(ctx, op)
	if err != nil {
		return nil, err
	}
	socket := ""
	if h.master != nil {
		socket = h.master.socket()
	}
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("%s of %s: %w", op, h.o.Dest, err)
	}
	// ssh reads from a real pipe, so that its end is seen at once.
	stdin, feed, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	here, there := net.Pipe()
	lifetime, end := context.WithCancel(context.WithoutCancel(ctx))
	c := &conn{Conn: here, end: end, done: make(chan struct{})}
	go func() {
		_, _ = io.Copy(feed, there)
		_ = feed.Close()
	}()
	go func() {
		defer close(c.done)
		client = append(client, "-W", addr, "--", h.o.Dest)
		r, err := h.o.Runner.Run(lifetime, runner.Cmd{Argv: client, Stdin: stdin, Stdout: there})
		switch {
		case lifetime.Err() != nil:
			c.err = errClosed
		case err != nil:
			c.err = fmt.Errorf("%s of %s: %w", op, h.o.Dest, err)
		default:
			c.err = h.verdict(op, r)
		}
		if c.err == nil && r.Exit != 0 { // ended by a signal: not the end of the stream
			c.err = h.offline(op, fmt.Sprintf("ssh ended with status %d", r.Exit))
		}
		if c.err == nil && socket != "" && !lives(socket) {
			c.err = h.offline(op, "the connection to the host has ended")
		}
		_ = stdin.Close()
		_ = there.Close()
	}()
	return c, nil
}

// conn is a connection that a running ssh carries.
type conn struct {
	net.Conn

	end  context.CancelFunc
	done chan struct{} // closed when ssh has ended
	err  error         // why it ended; read after done
}

// Read implements net.Conn; where ssh failed it says so in place of EOF.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if errors.Is(err, io.EOF) {
		<-c.done
		if c.err != nil {
			return n, c.err
		}
	}
	return n, err
}

// Close implements net.Conn and ends ssh.
func (c *conn) Close() error {
	c.end()
	return c.Conn.Close()
}
