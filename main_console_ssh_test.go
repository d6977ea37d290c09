package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/realtest"
	"github.com/nixwright/nixwright/state"
)

// TestTheConsoleOverSSH: the console through the real ssh and sshd.
func TestTheConsoleOverSSH(t *testing.T) {
	t.Parallel()
	l := newLivingLab(t, "--rate", "0.01") // whenever its turn comes, a part finds the same builds
	for name, test := range map[string]func(living){
		"on the host": consoleOnTheHost, "from elsewhere": consoleFromElsewhere, "cut": consoleCut, "frozen": consoleFrozen,
		"a key with a passphrase": consoleWithPassphrase, "a wrong passphrase": consoleWithWrongPassphrase, "Ctrl-C at the prompt": consoleInterrupted,
		"no answer": consoleWithoutAnswer, "without systemd": consoleWithoutSystemd, "scripts": scriptsOverSSH, "killed": consoleKilled,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(l.of(t))
		})
	}
}

// atHome is a command line behind which a machine is the CI host: the facts are
// in /etc, and the services are the world's. It has no infra repository.
const atHome = `cd && exec unshare --mount sh -c 'mount --make-rprivate / && mount -t overlay -o lowerdir="$1":/etc overlay /etc && shift && exec env "$@"' sh %s %s`

// consoleOnTheHost: a login on the host is all that it takes.
func consoleOnTheHost(l living) {
	t := l.t
	if os.Getuid() != 0 {
		t.Skip("only root may have an /etc of its own")
	}
	f := l.behindSSHD(false)
	etc := t.TempDir()
	if err := os.Mkdir(filepath.Join(etc, "nixwright"), 0o755); err != nil {
		t.Fatal(err)
	}
	realtest.File(t, filepath.Join(etc, "nixwright/ci-facts.json"), f.read("nixos/omnara1/ci-facts.json"))
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	words := []string{asProgram + "=1", "LC_ALL=C.UTF-8"}
	for _, key := range state.ConfigKeys() {
		if v, ok := (state.Config{Endpoints: f.ends}).Value(key); ok && key != "endpoints.ssh" {
			words = append(words, state.EnvName(key)+"="+v)
		}
	}
	argv := append(slices.Clone(f.argv), "-t", f.sshd.Dest, fmt.Sprintf(atHome, etc, strings.Join(append(words, self, "console"), " ")))
	s := f.sitBefore(exec.CommandContext(t.Context(), argv[0], argv[1:]...), 100, 30, nil)
	s.sees("1 Overview", "buildbot live", "✗ systemd down") // there is none on this machine
	s.press("2").sees("ATTRIBUTE", "nixos-lulu")
	s.resizes(60, 16).until("60 columns", func(now string) bool { return strings.Contains(now, "nixos-lulu") && !strings.Contains(now, "WORKER") })
	s.resizes(120, 40).sees("CACHED", "WORKER")
	s.press("7").sees("The units are not known")
	s.press("q").ends(0)
	f.nothingLeft()
}

// consoleFromElsewhere: one connection carries events, logs and commands.
func consoleFromElsewhere(l living) {
	t := l.t
	f := newLivingLab(l.t, "--rate", "1").behindSSHD(true)
	s := f.watches()
	s.sees("omnara1", "buildbot live", "Units ✓", "Disk ✓", "15 of 15 true")
	n := f.starts("75")
	s.sees("● immich-69")
	s.awake(":")
	s.types(":"+n).sees(": "+n, "▸ build immich-69").press("enter").sees("follow on")
	grows := func(than int) (lines int) {
		s.until("more lines", func(now string) bool {
			found := regexp.MustCompile(`line [\d,]+ of ([\d,]+)`).FindStringSubmatch(now)
			if found != nil {
				lines, _ = strconv.Atoi(strings.ReplaceAll(found[1], ",", ""))
			}
			return lines > than
		})
		return lines
	}
	grows(grows(0))
	s.press("esc").sees("sources").press("7").sees("buildbot-master", "Listens *:443 nginx")
	s.press("enter").sees("journal of buildbot-master.service", "follow on")
	s.press("esc").sees("UNIT")
	if n := len(f.sshd.Sessions()); n != 1 || f.connections() != 1 {
		t.Errorf("%d connections now, %d ever", n, f.connections())
	}
	s.press("q").ends(0)
	f.nothingLeft()
}

// consoleCut: while the way is cut everything stays with its age, and nothing
// on the host is called broken for it; then it is there again, with all that
// happened meanwhile.
func consoleCut(l living) {
	t := l.t
	f := newLivingLab(t, "--rate", "1").behindSSHD(true)
	s := f.watches()
	script, end := f.watchesStatus()
	s.sees("buildbot live", "Units ✓", "cache now", "niks3 now")
	script.until("buildbot", func(now snapshot) bool { up, _ := now.source("buildbot"); return up && len(now.Builds.Rows) > 0 })
	first := f.starts("75")
	s.press("2").until("the build that runs", regexp.MustCompile(`running +\S*immich-69`).MatchString)

	f.road(false)
	f.sshd.Cut()
	f.must(0, "builds", "stop", first)
	f.starts("81")
	s.press("1").sees("buildbot down", "niks3 down", "Units ✓", "Cache ✓")
	s.until("an age", regexp.MustCompile(`slots busy \(\d+s old\)`).MatchString)
	script.until("buildbot down", func(now snapshot) bool {
		up, why := now.source("buildbot")
		return !up && strings.Contains(why, "Connection refused") && len(now.Builds.Rows) > 0
	})

	f.road(true)
	s.sees("buildbot live", "niks3 now")
	s.press("2").until("what happened meanwhile", func(now string) bool {
		return regexp.MustCompile(`cancelled +\S*immich-69`).MatchString(now) && regexp.MustCompile(`running +\S*zellij-75`).MatchString(now)
	})
	script.until("every build", func(now snapshot) bool {
		truth, least := f.truth(), int64(0)
		for _, b := range now.Builds.Rows {
			if done, known := truth[b.ID]; !known || done != b.Done {
				return false
			}
			if delete(truth, b.ID); least == 0 || b.ID < least {
				least = b.ID
			}
		}
		for id := range truth { // what is not shown is older
			if id > least {
				return false
			}
		}
		return least > 0
	})
	if strings.Contains(s.everything(), "niks3 does not answer") {
		t.Error("niks3 is blamed for the way to it")
	}
	f.unasked(s)
	if n := len(f.sshd.Sessions()); n != 2 || f.connections() != 4 {
		t.Errorf("%d connections now, %d ever, of two programs", n, f.connections())
	}
	s.press("q").ends(0)
	end()
	f.nothingLeft()
}

// consoleFrozen: a network that swallows everything is noticed, and the screen
// answers meanwhile.
func consoleFrozen(l living) {
	t := l.t
	f := l.behindSSHD(true)
	s := f.watches()
	s.sees("buildbot live", "Units ✓")
	f.sshd.Signal(syscall.SIGSTOP)
	s.press("2").sees("nixos-lulu-77").press("1")
	for _, text := range []string{"buildbot down", "buildbot live"} {
		f.sshd.Await(t, func(context.Context) error { // ssh waits for 15 to 20 seconds
			if now := s.screen(); !strings.Contains(now, text) || !strings.Contains(flat(now), "Units ✓") {
				return fmt.Errorf("not %s:\n%s", text, now)
			}
			return nil
		})
	}
	s.press("q").ends(0)
	f.nothingLeft()
}

// consoleWithPassphrase: ssh asks before the screen, and never on it.
func consoleWithPassphrase(l living) {
	t := l.t
	f := l.behindSSHD(true)
	f.lock()
	s := f.watches()
	before := usualModes(t)
	s.prompted("Enter passphrase for key", "opensesame\r")
	s.sees("1 Overview", "buildbot live", "Units ✓")
	f.sshd.Cut()
	s.sees("buildbot down", "sign in again", "Units ✓")
	f.unasked(s)
	s.press("q").ends(0)
	if s.modes() != before {
		t.Error("the terminal is another one")
	}
	f.nothingLeft()
}

// consoleWithWrongPassphrase: ssh asks three times, and that was it.
func consoleWithWrongPassphrase(l living) {
	t := l.t
	f := l.behindSSHD(true)
	f.lock()
	s := f.watches()
	before := usualModes(t)
	for n := range 3 {
		s.until("a question", func(string) bool { return strings.Count(s.everything(), "Enter passphrase for key") > n })
		s.types("wrong\r")
	}
	s.sees("ssh was refused").ends(1)
	if strings.Contains(s.everything(), "\x1b[?1049h") || s.modes() != before {
		t.Error("the terminal is another one")
	}
	f.nothingLeft()
}

// consoleInterrupted: whoever has no passphrase gets their shell back.
func consoleInterrupted(l living) {
	t := l.t
	f := l.behindSSHD(true)
	f.lock()
	s := f.watches()
	before := usualModes(t)
	if s.sees("Enter passphrase for key"); s.modes() == before {
		t.Error("what is typed is shown")
	}
	s.send("ctrl+c")
	s.sees("interrupted").ends(130)
	if strings.Contains(s.everything(), "\x1b[?1049h") || s.modes() != before {
		t.Error("the terminal is another one")
	}
	f.nothingLeft()
}

// consoleWithoutAnswer: somebody listens and never speaks.
func consoleWithoutAnswer(l living) {
	t := l.t
	f := l.behindSSHD(true)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	_, port, _ := net.SplitHostPort(silent.Addr().String())
	f.argv = append(f.argv, "-p", port)
	script := make(chan result, 1)
	go func() { script <- f.run(f.flags("builds", "list")...) }()
	begun := time.Now()
	s := f.watches()
	s.sees("connect to ci: ssh: no answer from the network", "timed out").ends(1)
	if took := time.Since(begun); took > patience {
		t.Errorf("it took %s", took)
	}
	if r := <-script; r.code != 1 || !strings.Contains(r.err, "not connected within 10s") || r.out != "" {
		t.Errorf("%q %q", r.out, r.err)
	}
	f.nothingLeft()
}

// consoleWithoutSystemd: the rest works, and what lacks is said.
func consoleWithoutSystemd(l living) {
	f := l.behindSSHD(false)
	s := f.watches()
	s.sees("buildbot live", "✗ systemd down")
	s.press("7").sees("The units are not known")
	s.press("q").ends(0)
	f.nothingLeft()
}

// scriptsOverSSH: the same for scripts.
func scriptsOverSSH(l living) {
	t := l.t
	f := l.behindSSHD(true)
	list := f.must(0, f.flags("builds", "list", "--limit", "300")...).out
	truth := f.truth()
	for line := range strings.Lines(list) {
		id, err := strconv.ParseInt(strings.Fields(line)[0], 10, 64)
		if _, known := truth[id]; err == nil && !known {
			t.Errorf("there is no build %d", id)
		}
	}
	if got := f.must(0, f.flags("gc", "status")...).out; !strings.Contains(got, "never ran") || !strings.Contains(got, "next in") {
		t.Error(got)
	}
	f.nothingLeft()
}

// consoleKilled: nothing outlives the program, however it ends.
func consoleKilled(l living) {
	for _, how := range []func(*seat){
		func(s *seat) { _ = s.cmd.Process.Kill() },
		func(s *seat) { _ = s.master.Close() }, // the window is shut
	} {
		f := l.behindSSHD(true)
		s := f.watches()
		s.sees("buildbot live")
		how(s)
		<-s.exit
		f.nobodyLeft()
	}
}
