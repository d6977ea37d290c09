package realtest

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Sshd is a running sshd of OpenSSH and what a client needs to reach it. It
// keeps sshd's own limits (MaxSessions 10, MaxStartups 10:30:100).
type Sshd struct {
	Addr    string // 127.0.0.1:PORT
	Dest    string // the alias of the host in the client's configuration
	HostKey string // the public host key's line
	UserKey string // the path of the private key that is let in

	dir  string
	user string
	proc *Process
}

// SSHD starts Debian's sshd on loopback for the user who runs the test, with
// keys made for the test; it and its sessions end with the test. Every command
// runs as that user, in the login shell, with an empty home. More lines may follow in sshd_config.
func SSHD(t *testing.T, more ...string) *Sshd {
	t.Helper()
	program, keygen := Find(t, "sshd"), Find(t, "ssh-keygen")
	Find(t, "ssh")
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	if me.Uid == "0" { // where root's sshd puts its unprivileged half
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			t.Fatal(err)
		}
	}
	port := strconv.Itoa(Port(t))
	s := &Sshd{Addr: net.JoinHostPort("127.0.0.1", port), Dest: "ci", dir: t.TempDir(), user: me.Username}
	s.UserKey = filepath.Join(s.dir, "id")
	for _, path := range []string{s.UserKey, filepath.Join(s.dir, "host")} {
		if out, err := exec.CommandContext(t.Context(), keygen, "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", path).CombinedOutput(); err != nil {
			t.Fatalf("ssh-keygen: %v: %s", err, out)
		}
	}
	line, err := os.ReadFile(filepath.Join(s.dir, "host.pub"))
	if err != nil {
		t.Fatal(err)
	}
	s.HostKey = strings.TrimSpace(string(line))
	config := File(t, filepath.Join(s.dir, "sshd_config"), fmt.Sprintf(
		"ListenAddress %s\nHostKey %s/host\nAuthorizedKeysFile %s/id.pub\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\nPermitUserRC no\nPrintMotd no\nPidFile none\nLogLevel VERBOSE\nSetEnv HOME=%s\n%s\n",
		s.Addr, s.dir, s.dir, s.dir, strings.Join(more, "\n")))
	s.proc = Start(t, nil, program, "-D", "-e", "-f", config)
	t.Cleanup(func() { s.Cut() }) // sessions have sessions of their own
	s.proc.Await(t, Listens(s.Addr))
	return s
}

// Client returns the real ssh with a configuration of its own, in which the
// host has its alias, the given host key's line is the known one ("": none),
// and more lines may follow. The user's own configuration is not read.
func (s *Sshd) Client(t *testing.T, hostKey string, more ...string) []string {
	t.Helper()
	dir := t.TempDir()
	_, port, _ := net.SplitHostPort(s.Addr)
	known := ""
	if hostKey != "" {
		known = "[127.0.0.1]:" + port + " " + hostKey + "\n"
	}
	File(t, filepath.Join(dir, "known"), known)
	lines := slices.Concat([]string{
		"Host " + s.Dest, "HostName 127.0.0.1", "Port " + port, "User " + s.user, "IdentityFile " + s.UserKey,
		"UserKnownHostsFile " + dir + "/known",
	}, more, []string{"Host *", "IdentitiesOnly yes", "IdentityAgent none", "GlobalKnownHostsFile /dev/null"})
	return []string{Find(t, "ssh"), "-F", File(t, filepath.Join(dir, "config"), strings.Join(lines, "\n")+"\n")}
}

// Output is what sshd has logged.
func (s *Sshd) Output() string { return s.proc.Output() }

// Await waits for a condition as Process.Await does.
func (s *Sshd) Await(t *testing.T, ready func(context.Context) error) {
	t.Helper()
	s.proc.Await(t, ready)
}

// Sessions are the process ids of sshd's connections.
func (s *Sshd) Sessions() []int { return children(s.proc.cmd.Process.Pid) }

// Signal sends a signal to every connection's process and to what runs in it,
// deepest last, and says how many connections there were.
func (s *Sshd) Signal(sig syscall.Signal) int {
	all := s.Sessions()
	for _, pid := range all {
		tree := []int{pid}
		for i := 0; i < len(tree); i++ {
			tree = append(tree, children(tree[i])...)
		}
		for _, pid := range tree {
			_ = syscall.Kill(pid, sig)
		}
	}
	return len(all)
}

// Cut ends every connection at once, as a machine that goes down does, and
// says how many there were.
func (s *Sshd) Cut() int { return s.Signal(syscall.SIGKILL) }

// children are the processes that a process started and that still run, as
// /proc/PID/stat tells (proc(5)): "PID (NAME) STATE PARENT ...".
func children(parent int) []int {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil
	}
	var all []int
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended since
		}
		_, rest, _ := strings.Cut(string(stat), ") ")
		words := strings.Fields(rest)
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err == nil && len(words) > 1 && words[0] != "Z" && words[1] == strconv.Itoa(parent) {
			all = append(all, pid)
		}
	}
	return all
}
