package realtest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The limits of a program's start and end.
const (
	startLimit = time.Minute
	stopLimit  = 10 * time.Second
	between    = 20 * time.Millisecond
	lastSaid   = 4000 // bytes of output, shown where a test fails
)

// Process is a running program.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended

	mu  sync.Mutex
	out bytes.Buffer
}

// Start runs a program until the test ends. Its output is shown where the test
// fails. change may set the environment, the directory, the user.
func Start(t *testing.T, change func(*exec.Cmd), path string, args ...string) *Process {
	t.Helper()
	p := &Process{done: make(chan struct{})}
	//nolint:noctx // it is ended by Stop
	p.cmd = exec.Command(path, args...)
	p.cmd.Stdout, p.cmd.Stderr = p, p
	p.cmd.SysProcAttr = apart()
	if change != nil {
		change(p.cmd)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() {
		p.Stop()
		if t.Failed() {
			out := p.Output()
			t.Logf("%s said at its end:\n%s", path, out[max(0, len(out)-lastSaid):])
		}
	})
	return p
}

// Write implements io.Writer for the program's output.
func (p *Process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.Write(b)
}

// Output is what the program has said so far.
func (p *Process) Output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

// Stop ends the program and all that it started; it may be called twice.
func (p *Process) Stop() {
	select {
	case <-p.done:
		return
	default:
	}
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(stopLimit):
	}
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	<-p.done
}

// Await looks again and again until ready returns nil, and fails the test where
// the program ends before that or a minute is over.
func (p *Process) Await(t *testing.T, ready func(ctx context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	tick := time.NewTicker(between)
	defer tick.Stop()
	for {
		err := ready(ctx)
		if err == nil {
			return
		}
		select {
		case <-p.done:
			if ready(ctx) == nil { // it became so while the program ended
				return
			}
			t.Fatalf("%s ended: %s", p.cmd.Path, p.Output())
		case <-ctx.Done():
			t.Fatalf("%s is not ready: %v\n%s", p.cmd.Path, err, p.Output())
		case <-tick.C:
		}
	}
}

// Says is ready when the program's output holds the text.
func (p *Process) Says(text string) func(context.Context) error {
	return func(context.Context) error {
		if !strings.Contains(p.Output(), text) {
			return fmt.Errorf("it has not said %q", text)
		}
		return nil
	}
}

// Answers is ready when the address answers an HTTP request, whatever it says.
func Answers(url string) func(context.Context) error {
	return func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		// To the end: buildbot writes its answers from a thread, and one that
		// is cut can cost it a connection that comes later.
		_, err = io.Copy(io.Discard, resp.Body)
		return errors.Join(err, resp.Body.Close())
	}
}

// Listens is ready when something accepts connections at host:port.
func Listens(addr string) func(context.Context) error {
	return func(ctx context.Context) error {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
		if err != nil {
			return err
		}
		return c.Close()
	}
}

// Ports for programs lie below those that Linux gives to outgoing connections
// (ip_local_port_range begins at 32768), so that nobody has one by chance while
// its program is down.
const (
	firstPort = 20_000
	ports     = 12_000
)

// Port returns a TCP port of the loopback that nobody listens on, and that no
// other test is given until this one ends.
func Port(t *testing.T) int {
	t.Helper()
	for range ports {
		n, err := rand.Int(rand.Reader, big.NewInt(ports))
		if err != nil {
			t.Fatal(err)
		}
		port := firstPort + int(n.Int64())
		lc := &net.ListenConfig{}
		held, err := lc.Listen(t.Context(), "unix", fmt.Sprintf("@nixwright-test-port-%d", port)) // a name for all processes
		if err != nil {
			continue
		}
		l, err := lc.Listen(t.Context(), "tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			_ = held.Close()
			continue
		}
		_ = l.Close()
		t.Cleanup(func() { _ = held.Close() })
		return port
	}
	t.Fatal("no port is free")
	return 0
}

// File writes a file of the test's own, 0600, and returns its path.
func File(t *testing.T, path, content string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
