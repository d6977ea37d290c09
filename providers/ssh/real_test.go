package ssh_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/realtest"
	"github.com/nixwright/nixwright/providers/runner"
	"github.com/nixwright/nixwright/providers/ssh"
	"github.com/nixwright/nixwright/state"
)

// realHost is OpenSSH's sshd with a real shell.
func realHost(t *testing.T) (*realtest.Sshd, met) {
	t.Helper()
	s := realtest.SSHD(t)
	m := met{Options: options(s.Client(t, s.HostKey), s.Dest)}
	m.marker = m.Argv[2]
	return s, m
}

func TestRealCommands(t *testing.T) {
	t.Parallel()
	_, m := realHost(t)
	for how, h := range map[string]*ssh.Host{"direct": ssh.New(m.Options), "master": hold(t, m)} {
		odd := []string{"a b", "", "$(id)", "`id`", "it's", "\"", "*", "-n", "a\nb", `\`, "~", "#x", "ü\x01", "&& id"}
		for _, c := range []struct {
			name string
			cmd  ssh.Command
			want runner.Result
		}{
			{"exit", ssh.Command{Argv: []string{"sh", "-c", "echo out; echo err >&2; exit 7"}}, runner.Result{Stdout: "out\n", Stderr: "err\n", Exit: 7}},
			{"no such program", ssh.Command{Argv: []string{"/nixwright/none"}}, runner.Result{Exit: 127}},
			{"a signal", ssh.Command{Argv: []string{"sh", "-c", "kill -9 $$"}}, runner.Result{Exit: 255}},
			{"input", ssh.Command{Argv: []string{"cat"}, Stdin: strings.NewReader("hello\x00there")}, runner.Result{Stdout: "hello\x00there"}},
			{"no input", ssh.Command{Argv: []string{"cat"}}, runner.Result{}},
			{"words", ssh.Command{Argv: append([]string{"printf", "<%s>"}, odd...)}, runner.Result{Stdout: "<" + strings.Join(odd, "><") + ">"}},
			{"much", ssh.Command{Argv: []string{"head", "-c", "3000000", "/dev/zero"}}, runner.Result{Stdout: strings.Repeat("\x00", runner.Limit)}},
		} {
			c.cmd.Op = "run"
			got, err := h.Run(t.Context(), c.cmd)
			if c.name == "no such program" {
				got.Stderr = ""
			}
			if c.want.Exit == 255 { // ssh has no other word for it
				if !errors.Is(err, state.ErrOffline) {
					t.Errorf("%s, %s: %v", how, c.name, err)
				}
				continue
			}
			if err != nil || got != c.want {
				t.Errorf("%s, %s: %.200v, %v, want %.200v", how, c.name, got, err, c.want)
			}
		}
		for _, bad := range [][]string{nil, {"a\x00b"}} {
			if _, err := h.Run(t.Context(), ssh.Command{Op: "run", Argv: bad}); err == nil {
				t.Errorf("%s: %q was run", how, bad)
			}
		}
		var lines []string
		if _, err := h.Run(t.Context(), ssh.Command{Op: "run", Argv: []string{"printf", `a\n\033[31mb\n`}, Line: func(l string) { lines = append(lines, l) }}); err != nil || !slices.Equal(lines, []string{"a", "[31mb"}) {
			t.Errorf("%s: lines %q, %v", how, lines, err)
		}
	}
}

// More commands at once than sshd lets one connection run.
func TestRealManyCommands(t *testing.T) {
	t.Parallel()
	_, m := realHost(t)
	h := hold(t, m)
	var all sync.WaitGroup
	for i := range 24 {
		all.Go(func() {
			want := fmt.Sprint(i)
			r, err := h.Run(t.Context(), ssh.Command{Op: "run", Argv: []string{"sh", "-c", "sleep 0.1; echo " + want}})
			if err != nil || r.Stdout != want+"\n" {
				t.Errorf("%s: %+v, %v", want, r, err)
			}
		})
	}
	all.Wait()
}

// untilCut runs until nobody reads it any more.
const untilCut = "echo here; while echo; do sleep 0.1; done"

// A command whose connection is cut, and one whose context ends.
func TestRealCommandIsCut(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"direct", "master"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			s, m := realHost(t)
			h := ssh.New(m.Options)
			if how == "master" {
				master := ssh.NewMaster(m.Options)
				defer master.Close()
				if err := master.Connect(t.Context()); err != nil {
					t.Fatal(err)
				}
				h = master.Host()
			}
			ctx, cancel := context.WithCancel(t.Context())
			_, err := h.Run(ctx, ssh.Command{Op: "run", Argv: []string{"sh", "-c", untilCut}, Line: func(string) { cancel() }})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("cancelled: %v", err)
			}
			if how == "direct" && !gonePatience(t, m.marker) {
				t.Errorf("ssh is still there: %q", running(m.marker))
			}
			_, err = h.Run(t.Context(), ssh.Command{Op: "run", Argv: []string{"sh", "-c", untilCut}, Line: func(l string) {
				if l == "here" {
					s.Cut()
				}
			}})
			if !errors.Is(err, state.ErrOffline) {
				t.Errorf("cut: %v, want ErrOffline", err)
			}
		})
	}
}

// A host that stops to answer without a word, as one behind a dead line does.
func TestRealHostFreezes(t *testing.T) {
	t.Parallel()
	s, m := realHost(t)
	m.Argv = append(m.Argv, "-o", "ServerAliveInterval=1", "-o", "ServerAliveCountMax=1") // the user's own come first
	h := hold(t, m)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c, err := h.Dial(ctx, quiet(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	s.Signal(syscall.SIGSTOP)
	if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, state.ErrOffline) {
		t.Errorf("frozen: %v, want ErrOffline", err)
	}
}

// The units of a running systemd, through systemctl, through sshd.
func TestRealSystemd(t *testing.T) {
	t.Parallel()
	manager := realtest.SystemdUser(t)
	script := realtest.File(t, filepath.Join(t.TempDir(), "shell"),
		"export "+strings.Join(manager.Env(), " ")+"\n"+`exec sh -c "$(printf '%s' "$SSH_ORIGINAL_COMMAND" | sed 's#systemctl show#& --user#')"`+"\n")
	s := realtest.SSHD(t, "ForceCommand /bin/sh "+script)
	h := ssh.New(options(s.Client(t, s.HostKey), s.Dest))
	want := []state.Unit{
		{Name: "bad.service", Load: "loaded", Active: "failed", Sub: "failed", Result: "exit-code", Restarts: 3},
		{Name: "nope.service", Load: "not-found", Active: "inactive", Sub: "dead", Result: "success"},
		{Name: "daily.timer", Load: "loaded", Active: "active", Sub: "waiting", Result: "success"},
	}
	if got, err := h.Units(t.Context(), "bad.service", "nope.service", "daily.timer"); err != nil || !slices.Equal(got, want) {
		t.Errorf("units %+v, %v, want %+v", got, err, want)
	}
	if got, err := h.Timer(t.Context(), "daily.timer"); err != nil || !got.Next.After(time.Now()) || !got.Last.IsZero() {
		t.Errorf("timer %+v, %v", got, err)
	}
	if got, err := h.Timer(t.Context(), "hourly.timer"); err != nil || got.Last.IsZero() || time.Since(got.Last) > time.Minute {
		t.Errorf("timer %+v, %v", got, err)
	}
}

// A host on which systemctl finds no systemd.
func TestRealHostWithoutSystemd(t *testing.T) {
	t.Parallel()
	realtest.Find(t, "systemctl")
	for says, script := range map[string]string{
		"Failed to connect to bus": `exec sh -c "$(printf '%s' "$SSH_ORIGINAL_COMMAND" | sed 's#systemctl show#& --user#')"`,
		"not found":                `PATH=/nixwright; systemctl show`,
	} {
		path := realtest.File(t, filepath.Join(t.TempDir(), "shell"), "unset XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS\n"+script+"\n")
		s := realtest.SSHD(t, "ForceCommand /bin/sh "+path)
		_, err := ssh.New(options(s.Client(t, s.HostKey), s.Dest)).Units(t.Context(), "a.service")
		var p state.Problem
		if !errors.As(err, &p) || !strings.Contains(p.Why, says) {
			t.Errorf("%v, want a problem that says %q", err, says)
		}
	}
}
