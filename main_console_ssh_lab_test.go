package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/term"

	"github.com/nixwright/nixwright/providers/realtest"
)

// far is a living lab whose host is reached through OpenSSH: its sshd hands on
// to the world's host what it is to run, and forwards as it is asked.
type far struct {
	*lab

	sshd   *realtest.Sshd
	argv   []string // the client
	tmp    string   // where the program has its sockets
	closed int      // a port at which nothing listens
}

// of is the lab for a part of the test.
func (l living) of(t *testing.T) living {
	t.Helper()
	return living{&lab{t: t, dir: l.dir, env: l.env, ends: l.ends}, l.say}
}

// behindSSHD puts an sshd before the lab's host, for a test of its own. Without
// world it runs everything on this machine.
func (l living) behindSSHD(world bool) far {
	t := l.t
	t.Helper()
	var config []string
	if world {
		config = append(config, "ForceCommand /bin/sh "+realtest.File(t, filepath.Join(t.TempDir(), "shell"), fmt.Sprintf(
			"[ \"$SSH_ORIGINAL_COMMAND\" = cat ] && exec cat\nexec '%s' '%s' \"$SSH_ORIGINAL_COMMAND\"\n", strings.Join(l.ends.SSH, "' '"), l.world().Config.Host.SSH)))
	}
	tmp, err := os.MkdirTemp("", "nixwright-") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(tmp) })
	s := realtest.SSHD(t, config...)
	return far{lab: l.lab, sshd: s, argv: s.Client(t, s.HostKey), tmp: tmp, closed: realtest.Port(t)}
}

// flags lead a command through the sshd.
func (f far) flags(args ...string) []string {
	return append(args, "--host", f.sshd.Dest, "--set", "endpoints.ssh="+strings.Join(f.argv, ","))
}

// watches opens the console.
func (f far) watches() *seat {
	f.t.Helper()
	return f.sit(120, 30, map[string]string{"TMPDIR": f.tmp, "SSH_ASKPASS": ""}, f.flags("console")...)
}

// lock gives the user's key a passphrase.
func (f far) lock() {
	f.t.Helper()
	if out, err := exec.CommandContext(f.t.Context(), realtest.Find(f.t, "ssh-keygen"), "-q", "-p", "-P", "", "-N", "opensesame", "-f", f.sshd.UserKey).CombinedOutput(); err != nil {
		f.t.Fatalf("%v: %s", err, out)
	}
}

// road opens or closes the way of new connections to the host.
func (f far) road(open bool) {
	f.t.Helper()
	_, port, _ := net.SplitHostPort(f.sshd.Addr)
	from, to := "Port "+port+"\n", fmt.Sprintf("Port %d\n", f.closed)
	if open {
		from, to = to, from
	}
	text, err := os.ReadFile(f.argv[2])
	if err != nil {
		f.t.Fatal(err)
	}
	realtest.File(f.t, f.argv[2], strings.Replace(string(text), from, to, 1))
}

// connections is how many there ever were.
func (f far) connections() int { return strings.Count(f.sshd.Output(), "Accepted publickey") }

// nothingLeft waits until no ssh of the program runs, and looks for its
// sockets.
func (f far) nothingLeft() {
	f.t.Helper()
	f.nobodyLeft()
	if left, err := os.ReadDir(f.tmp); err != nil || len(left) > 0 {
		f.t.Errorf("left in the folder for temporary files: %v, %v", left, err)
	}
}

// nobodyLeft waits until no ssh of the program runs.
func (f far) nobodyLeft() {
	f.t.Helper()
	f.sshd.Await(f.t, func(context.Context) error {
		all, _ := filepath.Glob("/proc/[0-9]*/cmdline")
		for _, path := range all {
			if argv, err := os.ReadFile(path); err == nil && strings.Contains(string(argv), "\x00"+f.argv[2]+"\x00") {
				return fmt.Errorf("still there: %q", argv)
			}
		}
		return nil
	})
}

// unasked says that no question of ssh came on the screen.
func (f far) unasked(s *seat) {
	f.t.Helper()
	_, drawn, up := strings.Cut(s.everything(), "\x1b[?1049h")
	for _, question := range []string{"passphrase", "password", "(yes/no"} {
		if !up || strings.Contains(drawn, question) {
			f.t.Errorf("%q is on the screen: %t", question, up)
		}
	}
}

// truth is every build as buildbot says itself, asked by the direct way.
func (f far) truth() map[int64]bool {
	f.t.Helper()
	req, err := http.NewRequestWithContext(f.t.Context(), http.MethodGet, f.ends.Buildbot+"/api/v2/builds?field=buildid&field=complete", nil)
	if err != nil {
		f.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		f.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var page struct {
		Builds []struct {
			ID       int64 `json:"buildid"`
			Complete bool  `json:"complete"`
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&page); err != nil {
		f.t.Fatal(err)
	}
	out := map[int64]bool{}
	for _, b := range page.Builds {
		out[b.ID] = b.Complete
	}
	return out
}

// starts has an old build built again by the direct way, and returns the new
// one's number.
func (f far) starts(old string) string {
	f.t.Helper()
	before := f.truth()
	f.must(0, "builds", "restart", old)
	newest := int64(0)
	f.sshd.Await(f.t, func(context.Context) error {
		for id := range f.truth() {
			newest = max(newest, id)
		}
		if _, old := before[newest]; old {
			return fmt.Errorf("no build after %d", newest)
		}
		return nil
	})
	return strconv.FormatInt(newest, 10)
}

// snapshots are what status --watch prints, one a line.
type snapshots struct {
	t    *testing.T
	docs *json.Decoder
}

// snapshot is what is read of one.
type snapshot struct {
	Sources []struct {
		Name string
		Up   bool
		Err  string
	}
	Builds struct {
		Rows []struct {
			ID   int64
			Done bool
		}
	}
}

// source says whether a source is up, and why it is not.
func (s snapshot) source(name string) (up bool, why string) {
	for _, o := range s.Sources {
		if o.Name == name {
			return o.Up, o.Err
		}
	}
	return false, ""
}

// watchesStatus is status --watch in a process of its own.
func (f far) watchesStatus() (s snapshots, end func()) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), 3*patience)
	cmd := f.program(ctx, f.flags("status", "--watch", "--output", "json")...)
	cmd.Env = append(cmd.Env, "TMPDIR="+f.tmp)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		f.t.Fatal(err)
	}
	wait := sync.OnceValue(cmd.Wait)
	f.t.Cleanup(func() { cancel(); _ = wait() })
	return snapshots{f.t, json.NewDecoder(out)}, func() {
		f.t.Helper()
		_ = cmd.Process.Signal(os.Interrupt)
		for s.docs = json.NewDecoder(out); s.docs.More(); {
			if s.docs.Decode(&snapshot{}) != nil {
				break
			}
		}
		if err := wait(); err != nil {
			f.t.Errorf("status --watch: %v", err)
		}
	}
}

// until reads snapshots until one is as wanted.
func (s snapshots) until(what string, wanted func(snapshot) bool) snapshot {
	s.t.Helper()
	for {
		var now snapshot
		if err := s.docs.Decode(&now); err != nil {
			s.t.Fatalf("no snapshot with %s: %v", what, err)
		}
		if wanted(now) {
			return now
		}
	}
}

// prompted waits for a question of ssh and answers it.
func (s *seat) prompted(question, answer string) *seat {
	s.t.Helper()
	return s.sees(question).types(answer)
}

// modes are the terminal's.
func (s *seat) modes() term.State { return modesOf(s.t, s.master) }

func modesOf(t *testing.T, f *os.File) term.State {
	t.Helper()
	now, err := term.GetState(int(f.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	return *now
}

// usualModes are those of a terminal that nobody has changed.
func usualModes(t *testing.T) term.State {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = master.Close(), slave.Close() }()
	return modesOf(t, master)
}
