package ssh

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/nixwright/nixwright/providers/runner"
	"github.com/nixwright/nixwright/state"
)

// Limits of a master connection.
const (
	openLimit = 10 * time.Second
	openTick  = 10 * time.Millisecond

	// sessions is how many commands run at once: sshd's MaxSessions is 10
	// (sshd_config(5)), and forwarded connections do not count.
	sessions = 8

	// socketRoom is how long the folder of a control socket may be: a socket's
	// path has 104 bytes (macOS; Linux 108), and ssh adds 17 while it makes it.
	socketRoom = 80
)

// Master holds one connection to the host, a ControlMaster of OpenSSH with the
// user's own configuration, agent and jump hosts, that carries everything else
// (ssh_config(5), ControlMaster).
//
// It ends with this process, however that ends: what it runs on the host is a
// cat, which ends with its input.
type Master struct {
	host  *Host
	limit time.Duration
	slots chan struct{}

	mu   sync.Mutex
	path string // of the control socket; empty: no connection now
	kept bool   // since Connect, until Close
	try  *try   // the last one to connect; nil: none
	all  sync.WaitGroup
}

// NewMaster returns a master that is not connected yet.
func NewMaster(o Options) *Master {
	m := &Master{host: New(o), limit: cmp.Or(o.Limit, openLimit), slots: make(chan struct{}, sessions)}
	m.host.master = m
	return m
}

// Host is the host as it is reached through the connection, the same one
// across several of them. While there is no connection and none can be opened,
// whatever it is asked fails, mostly with state.ErrOffline.
func (m *Master) Host() *Host { return m.host }

// hold connects, calls up once the connection stands, and keeps it until the
// context ends or the connection does; it says why. A connection that is not
// there within the limit, unless ssh may ask, and one on which the host is
// silent for 15 seconds, is state.ErrOffline.
func (m *Master) hold(ctx context.Context, ask *asker, up func()) error {
	const op = opConnect
	if err := m.host.check(op); err != nil {
		return err
	}
	dir, err := socketDir()
	if err != nil {
		return fmt.Errorf("%s to %s: %w", op, m.host.o.Dest, err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "s")

	ctx, end := context.WithCancel(ctx)
	defer end()
	ended := make(chan error, 1)
	go func() { ended <- m.run(ctx, op, path, ask) }()
	if err := m.stands(ctx, op, path, ask == nil, end, ended); err != nil {
		return err
	}
	ask.done()
	m.set(path)
	defer m.set("")
	up()
	return <-ended
}

// run is the master itself, to its end, which is always an error.
func (m *Master) run(ctx context.Context, op, path string, ask *asker) error {
	stdin, hold, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("%s to %s: %w", op, m.host.o.Dest, err)
	}
	defer func() { _, _ = stdin.Close(), hold.Close() }()
	flags := m.host.flags
	if ask != nil {
		flags = func() []string { return m.host.asking(ctx) }
	}
	c := runner.Cmd{Stdin: stdin, Argv: append(flags(), "-T", "-o", "ControlMaster=yes", "-o", "ControlPersist=no", "-o", "ClearAllForwardings=yes",
		"-o", "ControlPath="+strings.ReplaceAll(path, "%", "%%"), "--", m.host.o.Dest, "cat")}
	r, err := ask.run(ctx, m.host.o.Runner, c)
	if err == nil {
		err = m.host.verdict(op, r)
	} else {
		err = fmt.Errorf("%s to %s: %w", op, m.host.o.Dest, err)
	}
	if err == nil {
		err = m.host.offline(op, cmp.Or(last(r.Stderr), fmt.Sprintf("ssh ended with status %d", r.Exit)))
	}
	return err
}

// stands waits until the control socket is there, which ssh makes once it has
// logged in. Where it fails, the master has ended when it returns.
func (m *Master) stands(ctx context.Context, op, path string, limited bool, end func(), ended <-chan error) error {
	var over <-chan time.Time
	if limited {
		limit := time.NewTimer(m.limit)
		defer limit.Stop()
		over = limit.C
	}
	tick := time.NewTicker(openTick)
	defer tick.Stop()
	for {
		if _, err := os.Lstat(path); err == nil {
			return nil
		}
		select {
		case err := <-ended:
			return err
		case <-ctx.Done():
			return <-ended
		case <-over:
			end()
			<-ended //nolint:errcheck // it ended because it was told to
			return m.host.offline(op, fmt.Sprintf("not connected within %v", m.limit))
		case <-tick.C:
		}
	}
}

func (m *Master) set(path string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.path = path
}

// through are the flags that lead a client through the connection and nowhere
// else: where the master has gone, ssh would connect by itself, which its
// ProxyCommand then does not let it.
func (m *Master) through(ctx context.Context, op string) ([]string, error) {
	if err := m.again(ctx, op); err != nil {
		return nil, err
	}
	path := m.socket()
	if path == "" {
		return nil, m.host.offline(op, "the connection to the host is down")
	}
	return []string{"-o", "ControlMaster=no", "-o", "ControlPath=" + strings.ReplaceAll(path, "%", "%%"), "-o", "ProxyCommand=false"}, nil
}

// socket is the path of the control socket now; empty: no connection.
func (m *Master) socket() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.path
}

// Stands says whether there is a connection to the host now.
func (m *Master) Stands() bool {
	path := m.socket()
	return path != "" && lives(path)
}

// lives says whether a master still listens at a control socket. A forwarding
// client ends with status 0 when its master dies (mux.c of OpenSSH 9.2), so
// that the end of a stream must be told from the end of the connection.
func lives(path string) bool {
	c, err := (&net.Dialer{Timeout: time.Second}).DialContext(context.Background(), "unix", path)
	if err != nil {
		return false
	}
	_ = c.Close()
	return true
}

// slot waits until one more command may run; the answer ends its turn.
func (m *Master) slot(ctx context.Context) (release func(), err error) {
	select {
	case m.slots <- struct{}{}:
		return func() { <-m.slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// socketDir makes a folder for a control socket that only this user can enter.
// ssh would read a blank in its path as the end of the option.
func socketDir() (string, error) {
	for _, parent := range []string{os.TempDir(), "/tmp"} {
		if len(parent) > socketRoom-len("/nixwright-0123456789") || strings.ContainsAny(parent, " \t\"") {
			continue
		}
		return os.MkdirTemp(parent, "nixwright-")
	}
	return "", errors.New("the folder for temporary files has no name that a socket can have")
}

// offline is the error of a host that is not reached.
func (h *Host) offline(op, text string) error {
	return &state.CallError{Service: program, Op: h.of(op), Kind: state.ErrOffline, Text: strings.TrimPrefix(text, program+": ")}
}
