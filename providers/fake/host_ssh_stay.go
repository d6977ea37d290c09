package fake

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"
)

// sshWatch is how often a connection that stays asks whether the host does.
const sshWatch = 100 * time.Millisecond

// stay is what ssh does for longer than one answer: a master connection (the
// command is a cat, with ControlMaster), a forward of the standard streams (-W), and a client of
// a master; done is false where there is nothing more than an answer to get.
func (c sshCall) stay(ctx context.Context, control string, args []string, stdout, stderr io.Writer) (exit int, done bool) {
	path := strings.ReplaceAll(c.options["ControlPath"], "%%", "%")
	gone := make(chan struct{}) // closed when the connection has ended
	switch {
	case c.options["ControlMaster"] == "yes":
		if exit := askHost(ctx, control, args, stdout, stderr); exit != 0 {
			return exit, true
		}
		return c.hold(ctx, path, control, args, stderr), true
	case path != "" && c.options["ControlMaster"] == "no":
		master, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
		if err != nil { // and its ProxyCommand lets it connect nowhere
			_, _ = fmt.Fprint(stderr, "Connection closed by UNKNOWN port 65535\r\n")
			return sshFailed, true
		}
		defer func() { _ = master.Close() }()
		go func() {
			defer close(gone)
			_, _ = io.Copy(io.Discard, master)
		}()
	}
	if strings.Contains(c.command, "journalctl -f") {
		return follow(ctx, control, args, stdout, stderr), true
	}
	if c.forward == "" {
		return 0, false
	}
	if exit := askHost(ctx, control, args, stdout, stderr); exit != 0 {
		return exit, true
	}
	return c.carry(ctx, gone, stdout, stderr), true
}

// hold is a master: it listens until the host goes down, its input ends or this
// process does. Its clients only look whether it is there.
func (c sshCall) hold(ctx context.Context, path, control string, args []string, stderr io.Writer) int {
	l, err := (&net.ListenConfig{}).Listen(ctx, "unix", path)
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "ControlSocket:", err)
		return sshFailed
	}
	defer func() { _ = l.Close() }()
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go func() { // it is open until the client or this process ends
				_, _ = io.Copy(io.Discard, client)
				_ = client.Close()
			}()
		}
	}()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = io.Copy(io.Discard, os.Stdin)
	}()
	tick := time.NewTicker(sshWatch)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return sshFailed
		case <-ended:
			return 0
		case <-tick.C:
		}
		if askHost(ctx, control, args, io.Discard, io.Discard) != 0 {
			_, _ = fmt.Fprintf(stderr, "Timeout, server %s not responding.\r\n", c.dest)
			return sshFailed
		}
	}
}

// carry connects the standard streams with an address; the pretend host's
// loopback is this machine's.
func (c sshCall) carry(ctx context.Context, gone <-chan struct{}, stdout, stderr io.Writer) int {
	to, err := (&net.Dialer{}).DialContext(ctx, "tcp", c.forward)
	if err != nil {
		_, _ = fmt.Fprint(stderr, "channel 0: open failed: connect failed: Connection refused\r\nstdio forwarding failed\r\n")
		return sshFailed
	}
	defer func() { _ = to.Close() }()
	ended := make(chan struct{})
	go func() {
		_, _ = io.Copy(to, os.Stdin)
		_ = to.Close()
	}()
	go func() {
		defer close(ended)
		_, _ = io.Copy(stdout, to)
	}()
	select {
	case <-ended:
		return 0
	case <-gone: // so does OpenSSH 9.2 where its master dies
		return 0
	case <-ctx.Done():
		return sshFailed
	}
}
