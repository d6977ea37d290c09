package ssh_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/runner"
	"github.com/nixwright/nixwright/providers/ssh"
)

// asked is a runner that only notes what it is to run.
type asked struct{ argv chan []string }

func (a asked) Run(_ context.Context, c runner.Cmd) (runner.Result, error) {
	a.argv <- c.Argv
	return runner.Result{Exit: 255}, nil
}

// Every ssh asks nobody, trusts no new key, notices a dead line, lends no
// agent, and comes to the destination after its flags have ended.
func TestFlags(t *testing.T) {
	t.Parallel()
	a := asked{make(chan []string, 1)}
	o := ssh.Options{Dest: "ci", Runner: a, Limit: 3 * time.Second}
	for name, call := range map[string]func(){
		"command": func() { _, _, _ = ssh.New(o).Applied(t.Context()) },
		"dial":    func() { _, _ = ssh.New(o).Dial(t.Context(), "127.0.0.1:1") },
		"connect": func() { m := ssh.NewMaster(o); _ = m.Connect(t.Context()); m.Close() },
	} {
		call()
		argv := <-a.argv
		for _, want := range []string{"BatchMode=yes", "StrictHostKeyChecking=yes", "UpdateHostKeys=no", "ConnectTimeout=3", "ServerAliveInterval=5", "ServerAliveCountMax=3", "ForwardAgent=no"} {
			if i := slices.Index(argv, want); i < 1 || argv[i-1] != "-o" {
				t.Errorf("%s: no %s in %q", name, want, argv)
			}
		}
		if i := slices.Index(argv, "--"); i < 0 || argv[i+1] != "ci" {
			t.Errorf("%s: no end of flags in %q", name, argv)
		}
	}
}

func TestCheckDestination(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"ci", "root@ci", "ci.example.com", "192.0.2.7", "2001:db8::1", "fe80::1%eth0", "ssh://root@ci:2222", "ssh://[2001:db8::1]:22", "DOM+u@ci", "a@b@ci"} {
		if err := ssh.CheckDestination(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{
		"", "-oProxyCommand=id", "--", "root@-oProxyCommand=id", "-l@ci", "ssh://-oProxyCommand=id", "ssh://", "@ci", "root@", "a b", "a\nb",
		"ci;id", "ci|id", "$(id)", "`id`@ci", "ci'", `ci"`, "ci&", "ci\x00", "ci>x", "{a,b}", "*", `a\b`, "büro", strings.Repeat("a", 513),
	} {
		if err := ssh.CheckDestination(bad); err == nil {
			t.Errorf("%q passes", bad)
		}
	}
}

// Whatever passes is no flag for ssh and one word for a shell.
func FuzzDestination(f *testing.F) {
	for _, seed := range []string{"ci", "root@ci", "ssh://root@[::1]:22", "-oProxyCommand=id", "a@-b", "$(id)", "ssh://@", "a;b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if ssh.CheckDestination(s) != nil {
			return
		}
		host := s[strings.LastIndexByte(s, '@')+1:]
		host = strings.TrimPrefix(host, "ssh://")
		if s == "" || host == "" || strings.HasPrefix(s, "-") || strings.HasPrefix(host, "-") || strings.ContainsAny(s, "'\"`$\\;&<>|(){}*?!#^ \t\r\n\x00") {
			t.Errorf("%q passes", s)
		}
	})
}
