package ssh_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/providers/fake"
	"github.com/nixwright/nixwright/providers/realtest"
	"github.com/nixwright/nixwright/providers/runner"
	"github.com/nixwright/nixwright/providers/ssh"
)

// TestMain lets this program be the pretend world's ssh.
func TestMain(m *testing.M) {
	if len(os.Args) > 3 && os.Args[1] == "world-role" && os.Args[2] == "ssh" {
		os.Exit(fake.RoleSSH(context.Background(), os.Args[3], os.Args[4:], os.Stdout, os.Stderr))
	}
	if len(os.Args) > 3 && os.Args[1] == "console-role" {
		consoleRole(os.Args[2], os.Args[3:])
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// situation is how a host is met.
type situation string

const (
	deployedAll situation = "deployed"        // everything is there
	bare        situation = "bare"            // nothing is there but a host key
	unknownKey  situation = "unknown key"     // its key is not known here
	changedKey  situation = "changed key"     // another key is known here
	refused     situation = "refused"         // it does not take the user's key
	closed      situation = "closed"          // nothing listens
	silent      situation = "silent"          // somebody listens and never speaks
	jumped      situation = "behind a jump"   // reached through another host
	gone        situation = "gone in between" // it goes once met: cut
)

// met is a host in a situation.
type met struct {
	ssh.Options

	cut    func() // ends every connection to it, and lets it be met again
	marker string // in the arguments of every ssh that goes there

	log      func(line string) // adds a line to the log of bad.service
	sessions func() int        // how many connections to it there are; nil: it cannot be told
	follows  string            // in the arguments of what follows a log on it; empty: nothing does
}

// backend is what answers as a host.
type backend struct {
	name  string
	lacks map[situation]string // what it cannot be, and why
	meet  func(t *testing.T, is situation) met
}

func backends() []backend {
	return []backend{
		{name: "fake", meet: meetFake, lacks: map[situation]string{
			changedKey: "the pretend ssh knows a key or does not", refused: "everybody is let in",
			silent: "it always answers", jumped: "there is one host",
		}},
		{name: "OpenSSH", meet: meetReal},
	}
}

// options are those that do not depend on the backend.
func options(argv []string, dest string) ssh.Options {
	return ssh.Options{
		Argv: argv, Dest: dest, Runner: runner.Exec{},
		Lookup: func(context.Context, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		},
		Recipient: func(line string) (string, error) { return "age of " + line, nil },
	}
}

const hostUnits = `{"units": [
	{"name": "niks3.service", "active": "active", "sub": "running", "result": "success"},
	{"name": "bad.service", "active": "failed", "sub": "failed", "result": "exit-code", "log": "Starting bad...\nerror: no bucket token=ghp_abcdefghijklmnop\nbad.service: Failed with result 'exit-code'.\n"},
	{"name": "slow.service", "active": "activating", "sub": "start", "result": "success"},
	{"name": "niks3-gc.timer", "active": "active", "sub": "waiting", "result": "success", "timer": true, "last": "2026-11-22T00:00:03Z", "next": "2026-11-23T00:00:00Z"}],
	"secrets": {"niks3-api-token": "x", "other": "y"}}`

const appliedJSON = `{"hash": "sha256-abc"}` + "\n"

func meetFake(t *testing.T, is situation) met {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	w, err := fake.Start(t.Context(), t.TempDir(), "", fake.Options{Exe: exe})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	down := func(is bool) {
		if err := w.Update(func(s *fake.State) error { s.Host.Down = is; return nil }); err != nil {
			t.Error(err)
		}
	}
	var dest string
	err = w.Update(func(s *fake.State) error {
		dest = s.Config.Host.SSH
		s.Host.Known, s.Host.Down = is != unknownKey, is == closed
		if is != deployedAll {
			return nil
		}
		s.Host.Files["/etc/nixwright/applied.json"] = appliedJSON
		return json.Unmarshal([]byte(hostUnits), &s.Host)
	})
	if err != nil {
		t.Fatal(err)
	}
	argv := w.Endpoints().SSH
	m := met{Options: options(argv, dest), marker: argv[3]}
	m.log = func(line string) {
		if err := w.Update(func(s *fake.State) error {
			for i := range s.Host.Units {
				if u := &s.Host.Units[i]; u.Name == "bad.service" {
					u.Log += line + "\n"
				}
			}
			return nil
		}); err != nil {
			t.Error(err)
		}
	}
	m.cut = func() {
		down(true)
		t.Cleanup(func() { down(false) })
		if gonePatience(t, m.marker+"\x00") {
			down(false)
		}
	}
	return m
}

// shell runs what a client asks for on a pretend root of the test's own.
const shell = `exec sh -c "$(printf '%%s' "$SSH_ORIGINAL_COMMAND" | LC_ALL=C sed 's#/etc/nixwright#%[1]s&#g; s#/run/secrets#%[1]s&#g; s#/etc/ssh/ssh_host#%[1]s&#g; s#systemctl#%[1]s/&#; s#journalctl#%[1]s/&#')"
`

// systemctl prints what systemd 252 did for such units (testdata of package
// systemd): its order of properties, an empty value for no time.
const systemctl = `while [ "$1" != -- ]; do shift; done
shift
for name; do
  [ -z "$more" ] || echo
  more=1
  cat "%[1]s/units/$name" 2>/dev/null || printf 'Result=success\nNRestarts=0\nId=%%s\nLoadState=not-found\nActiveState=inactive\nSubState=dead\n' "$name"
done
`

// journalctl prints the log of a unit in the forms that are asked for.
const journalctl = `for unit; do :; done
case "$*" in
"-u $2 -n 50 -o cat --no-pager") cat "%[1]s/units/$2.log" 2>/dev/null || echo "-- No entries --" ;;
*MESSAGE_ID*) echo "-- No entries --" ;;
"--no-pager -n 50 -o json --output-fields=MESSAGE -u $unit")
  while read -r line; do printf '{"__REALTIME_TIMESTAMP":"1795305600000000","MESSAGE":"%%s"}\n' "$line"; done < "%[1]s/units/$unit.log" ;;
"-f -n 200 -o short-iso --no-pager -u $unit") exec tail -n 200 -f "%[1]s/units/$unit.log" ;;
*) exit 3 ;;
esac
`

func meetReal(t *testing.T, is situation) met {
	t.Helper()
	root := t.TempDir()
	s := realtest.SSHD(t, "ForceCommand /bin/sh "+root+"/shell")
	for _, dir := range []string{"etc/nixwright", "etc/ssh", "run", "units"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	files := map[string]string{
		"journalctl": "#!/bin/sh\n" + fmt.Sprintf(journalctl, root),
		"shell":      fmt.Sprintf(shell, root), "etc/ssh/ssh_host_ed25519_key.pub": s.HostKey + "\n",
		"systemctl": "#!/bin/sh\n" + fmt.Sprintf(systemctl, root),
	}
	if is == deployedAll {
		files["etc/nixwright/applied.json"] = appliedJSON
		files["run/secrets/niks3-api-token"], files["run/secrets/other"] = "x", "y"
		files["units/niks3.service"] = "Result=success\nNRestarts=0\nId=niks3.service\nLoadState=loaded\nActiveState=active\nSubState=running\n"
		files["units/bad.service"] = "Result=exit-code\nNRestarts=0\nId=bad.service\nLoadState=loaded\nActiveState=failed\nSubState=failed\n"
		files["units/slow.service"] = "Result=success\nNRestarts=0\nId=slow.service\nLoadState=loaded\nActiveState=activating\nSubState=start\n"
		files["units/bad.service.log"] = "Starting bad...\nerror: no bucket token=ghp_abcdefghijklmnop\nbad.service: Failed with result 'exit-code'.\n"
		files["units/niks3-gc.timer"] = "NextElapseUSecRealtime=Mon 2026-11-23 00:00:00 UTC\nLastTriggerUSec=Sun 2026-11-22 00:00:03 UTC\nResult=success\nId=niks3-gc.timer\nLoadState=loaded\nActiveState=active\nSubState=waiting\n"
		if err := os.Mkdir(filepath.Join(root, "run/secrets"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range files {
		realtest.File(t, filepath.Join(root, name), text)
	}
	for _, program := range []string{"systemctl", "journalctl"} {
		if err := os.Chmod(filepath.Join(root, program), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	m := met{Options: options(realClient(t, s, is), s.Dest)}
	m.marker = m.Argv[2]
	m.cut = func() { s.Cut() }
	m.log = func(line string) {
		f, err := os.OpenFile(filepath.Join(root, "units/bad.service.log"), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = f.Close() }()
		_, _ = f.WriteString(line + "\n")
	}
	m.sessions, m.follows = func() int { return len(s.Sessions()) }, root+"/units/bad.service.log"
	return m
}

// realClient is the real ssh with a configuration for a situation.
func realClient(t *testing.T, s *realtest.Sshd, is situation) []string {
	t.Helper()
	switch is {
	case unknownKey:
		return s.Client(t, "")
	case changedKey:
		_, line, _ := keyPair(t)
		return s.Client(t, strings.TrimSpace(line))
	case refused:
		_, _, private := keyPair(t)
		other := s.UserKey
		s.UserKey = realtest.File(t, filepath.Join(t.TempDir(), "id"), private)
		defer func() { s.UserKey = other }()
		return s.Client(t, s.HostKey)
	case closed:
		argv := s.Client(t, s.HostKey)
		return append(argv, "-p", fmt.Sprint(realtest.Port(t)))
	case silent:
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		_, port, _ := net.SplitHostPort(l.Addr().String())
		return append(s.Client(t, s.HostKey), "-p", port)
	case jumped:
		jump := realtest.SSHD(t)
		_, port, _ := net.SplitHostPort(jump.Addr)
		known := realtest.File(t, filepath.Join(t.TempDir(), "known"), "[127.0.0.1]:"+port+" "+jump.HostKey+"\n")
		return s.Client(t, s.HostKey, "ProxyJump jump", "Host jump", "HostName 127.0.0.1", "Port "+port, "IdentityFile "+jump.UserKey, "UserKnownHostsFile "+known)
	}
	return s.Client(t, s.HostKey)
}
