package ssh_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/nixwright/nixwright/providers/realtest"
	"github.com/nixwright/nixwright/providers/ssh"
	"github.com/nixwright/nixwright/providers/systemd"
	"github.com/nixwright/nixwright/state"
)

// consoleRole is a program with a terminal that opens the connection before its
// screen starts. It says on descriptor 3 what comes of it, does one more thing
// over the connection at each SIGUSR1, follows a log meanwhile, and ends at
// SIGTERM.
func consoleRole(dest string, argv []string) {
	say := os.NewFile(3, "say")
	_, _ = fmt.Fprintln(say, os.Getpid())
	o := options(argv, dest)
	o.Terminal = os.Stderr
	o.Limit = time.Second // the user takes longer
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	more := make(chan os.Signal, 1)
	signal.Notify(more, syscall.SIGUSR1)
	m := ssh.NewMaster(o)
	defer m.Close()
	_, _ = fmt.Fprintf(say, "connect: %v\n", m.Connect(ctx))
	journal := make(chan error, 1)
	go func() {
		journal <- ssh.NewSource(m, systemd.SourceOptions{}).Journal(ctx, followed(os.Getpid()), func(string) {})
	}()
	defer func() { <-journal }()
	for ctx.Err() == nil {
		r, err := m.Host().Run(ctx, ssh.Command{Op: "run", Argv: []string{"echo", "hello"}})
		_, _ = fmt.Fprintf(say, "run: %s %v\n", strings.TrimSpace(r.Stdout), err)
		select {
		case <-more:
		case <-ctx.Done():
		}
	}
}

// followed is the log that a console follows.
func followed(pid int) string { return fmt.Sprintf("nixwright-test-%d.service", pid) }

// screen is a program on a terminal, which a shell of the user's holds as well.
type screen struct {
	pid      int
	terminal *os.File
	says     chan string

	mu    sync.Mutex
	shown bytes.Buffer
	news  chan struct{}
}

func startConsole(t *testing.T, m met) *screen {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	s := &screen{says: make(chan string, 16), news: make(chan struct{}, 1)}
	shell := exec.Command("/bin/sh", append([]string{"-c", `"$@"; exec cat`, "sh", exe, "console-role", m.Dest}, m.Argv...)...)
	dir, err := os.MkdirTemp("", "nixwright-") //nolint:usetesting // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	shell.Env = append(os.Environ(), "SSH_ASKPASS=", "DISPLAY=", "TMPDIR="+dir)
	shell.ExtraFiles = []*os.File{write}
	if s.terminal, err = pty.Start(shell); err != nil {
		t.Fatal(err)
	}
	_ = write.Close()
	t.Cleanup(func() {
		_ = shell.Process.Kill()
		_ = shell.Wait()
		_ = s.terminal.Close()
	})
	go func() {
		for lines := bufio.NewScanner(read); lines.Scan(); {
			s.says <- lines.Text()
		}
		close(s.says)
	}()
	go func() {
		p := make([]byte, 4096)
		for {
			n, err := s.terminal.Read(p)
			s.mu.Lock()
			s.shown.Write(p[:n])
			s.mu.Unlock()
			select {
			case s.news <- struct{}{}:
			default:
			}
			if err != nil {
				return
			}
		}
	}()
	if s.pid, err = strconv.Atoi(<-s.says); err != nil {
		t.Fatal(err)
	}
	return s
}

// asked waits for a question on the terminal, and answers it.
func (s *screen) asked(t *testing.T, question, answer string) {
	t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		s.mu.Lock()
		shown := s.shown.String()
		if strings.Contains(shown, question) {
			s.shown.Reset()
			s.mu.Unlock()
			if _, err := s.terminal.WriteString(answer); err != nil {
				t.Fatal(err)
			}
			return
		}
		s.mu.Unlock()
		select {
		case <-s.news:
		case line := <-s.says:
			t.Fatalf("not asked %q, but: %s; terminal: %q", question, line, shown)
		case <-limit.C:
			t.Fatalf("not asked %q; terminal: %q", question, shown)
		}
	}
}

// said waits for a line of the program.
func (s *screen) said(t *testing.T, want ...string) {
	t.Helper()
	select {
	case line := <-s.says:
		for _, w := range want {
			if !strings.Contains(line, w) {
				t.Fatalf("%q, want %q", line, w)
			}
		}
	case <-time.After(patience):
		t.Fatalf("nothing was said, want %q", want)
	}
}

// locked is a host of OpenSSH whose user's key has a passphrase.
func locked(t *testing.T, hostKey func(*realtest.Sshd) string, more ...string) (*realtest.Sshd, met) {
	t.Helper()
	s := realtest.SSHD(t)
	if out, err := exec.Command(realtest.Find(t, "ssh-keygen"), "-q", "-p", "-P", "", "-N", "secret", "-f", s.UserKey).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	m := met{Options: options(s.Client(t, hostKey(s), more...), s.Dest)}
	m.marker = m.Argv[2]
	return s, m
}

func unknown(*realtest.Sshd) string { return "" }

func knownKey(s *realtest.Sshd) string { return s.HostKey }

// Before the screen ssh asks on the user's terminal, for as long as it takes;
// afterwards nobody is asked. Nothing outlives the program, however it ends.
func TestPrompts(t *testing.T) {
	t.Parallel()
	realtest.Find(t, "journalctl")
	for name, signal := range map[string]syscall.Signal{"ended": syscall.SIGTERM, "killed": syscall.SIGKILL, "cut": syscall.SIGKILL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, m := locked(t, unknown)
			p := startConsole(t, m)
			p.asked(t, "(yes/no", "yes\n")
			p.asked(t, "passphrase for key", "wrong\n")
			p.asked(t, "passphrase for key", "secret\n")
			p.said(t, "connect: <nil>")
			p.said(t, "run: hello <nil>")
			if n := len(s.Sessions()); n != 1 {
				t.Errorf("%d connections", n)
			}
			awaitRunning(t, "journalctl\x00-f", followed(p.pid))
			if name == "cut" { // the connection goes, and nobody is asked for a new one
				s.Cut()
				s.Await(t, func(context.Context) error {
					if n := len(s.Sessions()); n > 0 {
						return fmt.Errorf("%d connections", n)
					}
					return nil
				})
				again(t, p, "sign in again")
			}
			p.mu.Lock()
			shown := strings.TrimSpace(p.shown.String())
			p.mu.Unlock()
			if shown != "" {
				t.Errorf("on the screen: %q", shown)
			}
			if err := syscall.Kill(p.pid, signal); err != nil {
				t.Fatal(err)
			}
			for _, marker := range []string{m.marker, followed(p.pid)} {
				if !gonePatience(t, marker) {
					t.Errorf("still there: %q", running(marker))
				}
			}
		})
	}
}

// awaitRunning waits for a process with all of that in its arguments.
func awaitRunning(t *testing.T, all ...string) {
	t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		for _, line := range running(all[0]) {
			if strings.Contains(line, all[1]) {
				return
			}
		}
		select {
		case <-limit.C:
			t.Fatalf("%q does not run", all)
		case <-tick.C:
		}
	}
}

// again has the program use the connection until it says something.
func again(t *testing.T, p *screen, want string) {
	t.Helper()
	for begun := time.Now(); time.Since(begun) < patience; {
		if err := syscall.Kill(p.pid, syscall.SIGUSR1); err != nil {
			t.Fatal(err)
		}
		select {
		case line := <-p.says:
			if strings.Contains(line, want) {
				return
			}
		case <-time.After(patience):
		}
	}
	t.Fatalf("it never said %q", want)
}

// A person who gives up, and a host that does not take what they say.
func TestPromptsInVain(t *testing.T) {
	t.Parallel()
	t.Run("no", func(t *testing.T) {
		t.Parallel()
		_, m := locked(t, unknown)
		p := startConsole(t, m)
		p.asked(t, "(yes/no", "no\n")
		p.said(t, "connect: ", "host key is not known")
	})
	t.Run("Ctrl-C", func(t *testing.T) {
		t.Parallel()
		_, m := locked(t, knownKey)
		p := startConsole(t, m)
		p.asked(t, "passphrase for key", "\x03")
		p.said(t, "connect: ")
		if !gonePatience(t, m.marker) {
			t.Errorf("still there: %q", running(m.marker))
		}
	})
	t.Run("three times wrong", func(t *testing.T) {
		t.Parallel()
		_, m := locked(t, knownKey)
		p := startConsole(t, m)
		for range 3 {
			p.asked(t, "passphrase for key", "wrong\n")
		}
		p.said(t, "connect: ", "ssh was refused")
	})
}

// The way to a jump host may ask as well, and takes its time.
func TestPromptsOfJump(t *testing.T) {
	t.Parallel()
	jump, far := realtest.SSHD(t), realtest.SSHD(t)
	if out, err := exec.Command(realtest.Find(t, "ssh-keygen"), "-q", "-p", "-P", "", "-N", "secret", "-f", jump.UserKey).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	_, port, _ := strings.Cut(jump.Addr, ":")
	known := realtest.File(t, t.TempDir()+"/known", "[127.0.0.1]:"+port+" "+jump.HostKey+"\n")
	m := met{Options: options(far.Client(t, far.HostKey, "ProxyJump jump", "Host jump", "HostName 127.0.0.1", "Port "+port,
		"IdentityFile "+jump.UserKey, "UserKnownHostsFile "+known), far.Dest)}
	m.marker = m.Argv[2]
	begun := time.Now()
	p := startConsole(t, m)
	p.asked(t, "passphrase for key", "")
	<-time.After(time.Until(begun.Add(1500 * time.Millisecond))) // longer than the limit
	if _, err := p.terminal.WriteString("secret\n"); err != nil {
		t.Fatal(err)
	}
	p.said(t, "connect: <nil>")
	p.said(t, "run: hello <nil>")
}

// A program that outlives ssh, and holds what ssh spoke through, keeps nobody.
func TestWhatOutlivesSSHIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	stuck := realtest.File(t, filepath.Join(t.TempDir(), "ssh"), "case $* in *-G*) exit 0;; esac\nsleep 60 >&2 </dev/null &\necho $! >\"$0.pid\"\necho the cable is cut >&2\nexit 255\n")
	t.Cleanup(func() {
		if text, err := os.ReadFile(stuck + ".pid"); err == nil {
			if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	})
	o := options([]string{"/bin/sh", stuck}, "ci")
	o.Terminal = io.Discard
	m := ssh.NewMaster(o)
	begun := time.Now()
	err := m.Connect(t.Context())
	m.Close()
	if took := time.Since(begun); took > 20*time.Second || !errors.Is(err, state.ErrOffline) || !strings.Contains(err.Error(), "the cable is cut") {
		t.Errorf("after %v: %v", took, err)
	}
}
