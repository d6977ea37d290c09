package ssh_test

import (
	"context"
	"errors"
	"net/netip"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/nixwright/nixwright/providers/realtest"
	"github.com/nixwright/nixwright/providers/runner"
	"github.com/nixwright/nixwright/providers/ssh"
	"github.com/nixwright/nixwright/state"
)

const askLog = "env LC_ALL=C journalctl -u niks3.service -n 50 -o cat --no-pager"

func TestLogsThatAreNotRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer answer
		kind   error
		want   string
	}{
		"not for this user": {answer{stdout: "-- No entries --\n", stderr: "Hint: You are currently not seeing messages from other users and the system.\n      Users in groups 'adm', 'systemd-journal' can see all messages.\n"}, state.ErrDenied, ""},
		"no files":          {answer{stderr: "No journal files were opened due to insufficient permissions.\n", exit: 1}, state.ErrDenied, ""},
		"no journalctl":     {answer{stderr: "sh: journalctl: command not found\n", exit: 127}, state.ErrService, ""},
		"only its own":      {answer{stdout: "config.yaml: not for others\n", stderr: "Hint: You are currently not seeing messages from other users and the system.\n"}, nil, "config.yaml: not for others"},
		"nothing":           {answer{stdout: "-- No entries --\n"}, nil, ""},
	} {
		m := start(t, knownRight, map[string]answer{askLog: c.answer})
		got, err := ssh.New(options(m.argv, "ci")).LastError(t.Context(), "niks3.service")
		if got != c.want || !errors.Is(err, c.kind) || c.kind == nil && err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	m := start(t, knownRight, nil)
	for _, bad := range []string{"a b", "-f", "x;id", "$(id)", ""} {
		if _, err := ssh.New(options(m.argv, "ci")).LastError(t.Context(), bad); err == nil || len(m.seen) > 0 {
			t.Errorf("%q was asked for: %v", bad, err)
		}
	}
}

func TestWays(t *testing.T) {
	t.Parallel()
	realtest.Find(t, "ssh")
	conf := realtest.File(t, filepath.Join(t.TempDir(), "config"),
		"Host here\n  HostName 127.0.0.1\nHost vm\n  HostName 127.0.0.1\n  Port 2200\nHost far\n  HostName ci.example\n  User phlip9\nHost behind\n  HostName 127.0.0.1\n  ProxyJump far\n")
	for dest, want := range map[string]state.Way{
		"root@here":                {User: "root", Host: "here", Local: true},
		"vm":                       {Host: "vm"},
		"far":                      {User: "phlip9", Host: "far"},
		"root@behind":              {User: "root", Host: "behind"},
		"ssh://ci@far:2222":        {User: "ci", Host: "far", Port: "2222"},
		"ssh://ci@[2001:db8::9]:2": {User: "ci", Host: "2001:db8::9", Port: "2"},
	} {
		o := options([]string{"ssh", "-F", conf}, dest)
		o.Runner = runner.Exec{}
		o.Lookup = func(context.Context, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("203.0.113.9")}, nil
		}
		got, err := ssh.New(o).Way(t.Context())
		if want.User == "" {
			got.User = ""
		}
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v, want %+v", dest, got, err, want)
		}
	}
}

// What the real journalctl of this machine says where it has nothing is
// nothing, and its flags are its own.
func TestRealJournalctl(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("journalctl"); err != nil {
		t.Skip("journalctl is not installed: apt-get install systemd")
	}
	s := realtest.SSHD(t)
	got, err := ssh.New(options(s.Client(t, s.HostKey), s.Dest)).LastError(t.Context(), "nixwright-nope.service")
	if err != nil && !errors.Is(err, state.ErrDenied) || got != "" {
		t.Errorf("%q, %v", got, err)
	}
}
