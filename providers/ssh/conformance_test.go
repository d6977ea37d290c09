package ssh_test

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/ssh"
	"github.com/nixwright/nixwright/state"
)

// The same suite on the pretend host and on OpenSSH's sshd, each asked over a
// connection for every call and over a master.
func TestConformance(t *testing.T) {
	t.Parallel()
	for _, b := range backends() {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			for _, is := range []situation{deployedAll, bare, jumped} {
				t.Run(string(is), func(t *testing.T) {
					t.Parallel()
					if why := b.lacks[is]; why != "" {
						return // declared
					}
					m := b.meet(t, is)
					facts(t, ssh.New(m.Options), is)
					facts(t, hold(t, m), is)
				})
			}
			for _, is := range []situation{unknownKey, changedKey, refused, closed, silent} {
				t.Run(string(is), func(t *testing.T) {
					t.Parallel()
					if b.lacks[is] == "" {
						failures(t, b.meet(t, is), is)
					}
				})
			}
			t.Run("forwarded", func(t *testing.T) {
				t.Parallel()
				m := b.meet(t, bare)
				forwarded(t, ssh.New(m.Options), 4) // sshd takes ten at once that are not logged in
				forwarded(t, hold(t, m), 64)
			})
			t.Run("cut", func(t *testing.T) {
				t.Parallel()
				cut(t, b.meet(t, gone))
			})
			t.Run("ends", func(t *testing.T) {
				t.Parallel()
				ends(t, b.meet(t, bare))
			})
		})
	}
}

// hold opens a master for the rest of the test.
func hold(t *testing.T, m met) *ssh.Host {
	t.Helper()
	master := ssh.NewMaster(m.Options)
	t.Cleanup(master.Close)
	if err := master.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	return master.Host()
}

func facts(t *testing.T, h *ssh.Host, is situation) {
	t.Helper()
	there := is == deployedAll
	d, err := h.Describe(t.Context())
	if err != nil || !strings.HasPrefix(d.Recipient, "age of ssh-ed25519 ") || d.Threads < 1 || d.OS == "" || d.Memory < 1<<20 {
		t.Errorf("describe: %+v, %v", d, err)
	}
	a, found, err := h.Applied(t.Context())
	if err != nil || found != there || there != (a.Hash == "sha256-abc") {
		t.Errorf("applied: %+v, %v, %v", a, found, err)
	}
	secrets, err := h.Deployed(t.Context())
	if err != nil || there && !slices.Equal(secrets, []state.SecretName{"niks3-api-token", "other"}) || !there && len(secrets) != 0 {
		t.Errorf("deployed: %v, %v", secrets, err)
	}
	missing := state.Unit{Name: "nope.service", Load: "not-found", Active: "inactive", Sub: "dead", Result: "success"}
	want := []state.Unit{missing}
	names := []string{"nope.service"}
	if there {
		names = append(names, "niks3.service", "bad.service")
		want = append(want, state.Unit{Name: "niks3.service", Load: "loaded", Active: "active", Sub: "running", Result: "success"},
			state.Unit{Name: "bad.service", Load: "loaded", Active: "failed", Sub: "failed", Result: "exit-code"})
	}
	if got, err := h.Units(t.Context(), names...); err != nil || !slices.Equal(got, want) {
		t.Errorf("units: %+v, %v, want %+v", got, err, want)
	}
	timer, err := h.Timer(t.Context(), "niks3-gc.timer")
	next := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	if err != nil || there && (!timer.Next.Equal(next) || timer.Last.IsZero()) || !there && (timer.Unit.Load != "not-found" || !timer.Next.IsZero()) {
		t.Errorf("timer: %+v, %v", timer, err)
	}
	logs(t, h, there)
	if got, err := h.Addresses(t.Context()); err != nil || !slices.Equal(got, []netip.Addr{netip.MustParseAddr("127.0.0.1")}) {
		t.Errorf("addresses: %v, %v", got, err)
	}
}

// logs looks at the last error of units, and at the way to the host.
func logs(t *testing.T, h *ssh.Host, there bool) {
	t.Helper()
	for unit, want := range map[string]string{"bad.service": "error: no bucket token=[hidden]", "nope.service": ""} {
		if !there {
			want = ""
		}
		if got, err := h.LastError(t.Context(), unit); err != nil || got != want {
			t.Errorf("last error of %s: %q, %v, want %q", unit, got, err, want)
		}
	}
	if w, err := h.Way(t.Context()); err != nil || w.Port != "" || w.User == "" || w.Host == "" {
		t.Errorf("way: %+v, %v", w, err)
	}
}

// failures looks that every call, the master too, says what is wrong.
func failures(t *testing.T, m met, is situation) {
	t.Helper()
	if is == silent {
		m.Limit = time.Second
	}
	h := ssh.New(m.Options)
	calls := map[string]func() error{
		"describe": func() error { _, err := h.Describe(t.Context()); return err },
		"applied":  func() error { _, _, err := h.Applied(t.Context()); return err },
		"deployed": func() error { _, err := h.Deployed(t.Context()); return err },
		"units":    func() error { _, err := h.Units(t.Context(), "a.service"); return err },
		"log":      func() error { _, err := h.LastError(t.Context(), "a.service"); return err },
		"timer":    func() error { _, err := h.Timer(t.Context(), "a.timer"); return err },
		"run":      func() error { _, err := h.Run(t.Context(), ssh.Command{Op: "run", Argv: []string{"true"}}); return err },
		"connect": func() error {
			master := ssh.NewMaster(m.Options)
			defer master.Close()
			return master.Connect(t.Context())
		},
		"dial": func() error {
			c, err := h.Dial(t.Context(), "127.0.0.1:1")
			if err != nil {
				return err
			}
			defer func() { _ = c.Close() }()
			_, err = c.Read(make([]byte, 1))
			return err
		},
	}
	problem := map[situation]string{unknownKey: "not known", changedKey: "is not the one", refused: "ssh was refused"}[is]
	var all sync.WaitGroup
	for op, call := range calls {
		all.Go(func() {
			err := call()
			var p state.Problem
			switch {
			case problem == "" && !errors.Is(err, state.ErrOffline):
				t.Errorf("%s: %v, want ErrOffline", op, err)
			case problem != "" && (!errors.As(err, &p) || !strings.Contains(p.Why, problem)):
				t.Errorf("%s: %v, want a problem: %s", op, err, problem)
			}
		})
	}
	all.Wait()
}

// ends looks that nothing is left running where a context has ended.
func ends(t *testing.T, m met) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	master := ssh.NewMaster(m.Options)
	defer master.Close()
	if err := master.Connect(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("connect: %v", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	if err := master.Connect(ctx); err != nil {
		t.Fatal(err)
	}
	c, err := master.Host().Dial(ctx, quiet(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	cancel() // which is for connecting alone
	if r, err := master.Host().Run(t.Context(), ssh.Command{Op: "run", Argv: []string{"true"}}); err != nil || r.Exit != 0 {
		t.Errorf("%+v, %v", r, err)
	}
	master.Close()
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, state.ErrOffline) {
		t.Errorf("a connection over it: %v, want ErrOffline", err)
	}
	if _, err := master.Host().Describe(t.Context()); !errors.Is(err, state.ErrOffline) {
		t.Errorf("a command after it: %v, want ErrOffline", err)
	}
	if !gonePatience(t, m.marker) {
		t.Errorf("ssh is still there: %q", running(m.marker))
	}
	if _, err := ssh.New(m.Options).Describe(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that has ended: %v", err)
	}
}

// gonePatience waits until no process has the marker in its arguments.
func gonePatience(t *testing.T, marker string) bool {
	t.Helper()
	limit := time.NewTimer(10 * time.Second)
	defer limit.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for len(running(marker)) > 0 {
		select {
		case <-limit.C:
			return false
		case <-tick.C:
		}
	}
	return true
}

// running are the processes that have the marker in their arguments.
func running(marker string) []string {
	paths, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	var all []string
	for _, path := range paths {
		if line, err := os.ReadFile(path); err == nil && strings.Contains(string(line), marker) {
			all = append(all, string(line))
		}
	}
	return all
}
