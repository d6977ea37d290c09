package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// living is a lab in which a CI is at work.
type living struct {
	*lab

	say io.Writer
}

// newLivingLab serves a world that is set up and alive.
func newLivingLab(t *testing.T, flags ...string) living {
	t.Helper()
	r, w := io.Pipe()
	l := serveLab(t, t.TempDir(), "done", options{}, r, append([]string{"--rate", "20", "--builds", "300", "--seed", "lab"}, flags...)...)
	t.Cleanup(func() { _ = w.Close() })
	return living{l, w}
}

// fault lets something go wrong in the world; none ends it.
func (l living) fault(name string) {
	l.t.Helper()
	line := "calm\n"
	if name != "" {
		line = "fault " + name + "\n"
	}
	if _, err := io.WriteString(l.say, line); err != nil {
		l.t.Fatal(err)
	}
}

// snapshot is the document that a command prints, fitting its schema.
func (l living) snapshot(args ...string) (s map[string]any) {
	l.t.Helper()
	l.document("snapshot.json", &s, args...)
	return s
}

// TestScriptsSeeTheCI: the same data for scripts: builds, logs, cache,
// collection; and what they may do.
func TestScriptsSeeTheCI(t *testing.T) {
	t.Parallel()
	l := newLivingLab(t)

	table := l.must(0, "builds", "list", "--limit", "40").out
	if rows := strings.Count(table, "\n"); rows != 41 || !strings.HasPrefix(table, "ID ") {
		t.Errorf("%d lines:\n%s", rows, table)
	}
	builds := l.snapshot("builds", "list", "--limit", "40")["builds"].(map[string]any)
	if n := len(builds["rows"].([]any)); n != 40 {
		t.Errorf("%d builds in JSON", n)
	}
	failed := l.must(0, "builds", "list", "--status", "failed", "--limit", "200").out
	id := ""
	for line := range strings.Lines(failed) {
		if f := strings.Fields(line); len(f) > 5 && f[0] != "ID" {
			if f[1] != "failed" {
				t.Errorf("not failed: %s", line)
			}
			if !strings.Contains(line, "evaluation") {
				id = f[0]
			}
		}
	}
	if id == "" {
		t.Fatal("no build failed:\n" + failed)
	}
	show := l.must(0, "builds", "show", id).out
	if !strings.Contains(show, "failure") || !strings.Contains(show, "lines)") {
		t.Error(show)
	}
	l.document("build.json", &map[string]any{}, "builds", "show", id)
	log := l.must(0, "builds", "log", id).out
	if !regexp.MustCompile(`(?m)^error|error:`).MatchString(log) || strings.Contains(log, "\x1b") {
		t.Errorf("the log of build %s:\n%s", id, log)
	}
	if tail := l.must(0, "builds", "log", id, "--tail", "2").out; strings.Count(tail, "\n") != 2 || !strings.HasSuffix(log, tail) {
		t.Errorf("its end: %q", tail)
	}
	if r := l.run("builds", "watch", id); r.code != 1 || strings.Count(r.out, "\n") != 1 {
		t.Errorf("watching what has failed: %d\n%s%s", r.code, r.out, r.err)
	}
	l.must(2, "builds", "show", "seven")
	if r := l.must(1, "builds", "show", "999999"); !strings.Contains(r.err, "999999") {
		t.Error(r.err)
	}

	for what, says := range map[string]string{"cache stats": "not offered by this niks3", "gc status": "never ran"} {
		if out := l.must(0, strings.Fields(what)...).out; !strings.Contains(out, says) {
			t.Errorf("%s does not say %q:\n%s", what, says, out)
		}
		l.snapshot(strings.Fields(what)...)
	}
	if out := l.must(0, "gc", "run").out; !strings.Contains(out, "running") {
		t.Error(out)
	}
	if out := l.must(0, "gc", "status").out; !strings.Contains(out, "720h") {
		t.Error(out)
	}

	if out := l.must(0, "builds", "restart", id).out; !strings.Contains(out, "asked for as request") {
		t.Error(out)
	}
	journal := l.read(".nixwright/journal.jsonl")
	for _, line := range []string{`"kind":"action","text":"restart build ` + id + `"`, `"kind":"action","status":"ready","text":"restart build ` + id, `"text":"run garbage collection"`} {
		if !strings.Contains(journal, line) {
			t.Errorf("the journal lacks %s", line)
		}
	}
}

// TestTwoLoginsLeaveActionsToTheBrowser: there buildbot lets nobody in but
// through GitHub's page, and that is said.
func TestTwoLoginsLeaveActionsToTheBrowser(t *testing.T) {
	t.Parallel()
	l := newLivingLab(t)
	r := l.run("builds", "restart", "5", "--set", "ci.access=two-logins")
	if r.code != 1 || !strings.Contains(r.err, "only from a browser") {
		t.Errorf("%d %s", r.code, r.err)
	}
}

// TestStatusWatch: a snapshot a line, until it is ended.
func TestStatusWatch(t *testing.T) {
	t.Parallel()
	l := newLivingLab(t)
	s := l.sit(100, 30, nil, "status", "--watch")
	s.sees("master")
	s.send("ctrl+c")
	s.ends(0)
}

// TestTheConsoleShowsTheCI: from nixwright alone to the failing line in one
// key, through every page; a fault in the world is said, and its end too.
func TestTheConsoleShowsTheCI(t *testing.T) {
	t.Parallel()
	l := newLivingLab(t)
	s := l.sit(100, 30, nil, "console", "--allow-actions")
	s.sees("omnara1", "sources", "buildbot live")
	s.until("a failed attribute", func(now string) bool { return regexp.MustCompile(`failed on \S+ master`).MatchString(now) })
	s.press("!")
	s.until("the failing line", func(now string) bool { return regexp.MustCompile(`▸ +\d+ .*error`).MatchString(now) })
	s.press("S").sees("Saved to")
	if saved, err := filepath.Glob(filepath.Join(l.dir, "*.log")); err != nil || len(saved) != 1 || strings.HasSuffix(saved[0], ".log.log") {
		t.Errorf("saved: %v, %v", saved, err)
	}
	s.press("esc").sees("sources")
	for _, page := range [][2]string{{"2", "ATTRIBUTE"}, {"4", "Signature"}, {"5", "Next"}, {"7", "buildbot-master"}, {"8", "of 15 true"}, {"1", "sources"}} {
		s.press(page[0]).sees(page[1])
	}
	l.fault("buildbot down")
	s.sees("buildbot down")
	l.fault("")
	s.sees("buildbot live")
	s.press("q").ends(0)
}

// TestTheConsoleStartsWhileASourceIsDown: the rest works, and what is down is
// said.
func TestTheConsoleStartsWhileASourceIsDown(t *testing.T) {
	t.Parallel()
	l := newLivingLab(t)
	l.fault("niks3 503")
	l.fault("buildbot down")
	s := l.sit(100, 30, nil, "console")
	s.sees("buildbot down", "niks3 down", "of 6 up")
	l.fault("")
	s.sees("buildbot live")
	s.press("q").ends(0)
}

// TestNixwrightAloneOpensTheConsole once a run of setup has come to its end.
func TestNixwrightAloneOpensTheConsole(t *testing.T) {
	t.Parallel()
	l := newLivingLab(t)
	s := l.sit(80, 24, nil)
	s.sees("1 Overview", "sources", "read-only")
	s.press("q").ends(0)
	if err := os.Remove(filepath.Join(l.dir, ".nixwright", "journal.jsonl")); err != nil {
		t.Fatal(err)
	}
	s = l.sit(80, 24, nil)
	s.sees("Welcome")
	s.press("q").ends(3)
}

// TestBuildsWatchEndsWithTheEvaluation: it says what changes, and ends by
// itself.
func TestBuildsWatchEndsWithTheEvaluation(t *testing.T) {
	t.Parallel()
	l := newLivingLab(t, "--rate", "200")
	deadline := time.Now().Add(patience)
	r := l.run("builds", "watch", "--output", "json")
	if time.Now().After(deadline.Add(time.Minute)) || r.code > 1 {
		t.Fatalf("%d %s %s", r.code, r.out, r.err)
	}
	var last struct{ Kind, Status string }
	lines := strings.Split(strings.TrimSpace(r.out), "\n")
	for i, line := range lines {
		if err := json.Unmarshal([]byte(line), &last); err != nil {
			t.Fatal(err)
		}
		if want := map[bool]string{true: "result", false: "build"}[i == len(lines)-1]; last.Kind != want {
			t.Errorf("line %d is a %s", i, last.Kind)
		}
	}
	if got := fmt.Sprint(last.Status); (r.code == 0) != (got == "ready") {
		t.Errorf("exit %d with %s", r.code, got)
	}
}

// TestAConsoleOfNowhere: from a directory that is no CI's it says where to go.
func TestAConsoleOfNowhere(t *testing.T) {
	t.Parallel()
	l := &lab{t: t, dir: t.TempDir(), env: map[string]string{}}
	for _, args := range [][]string{{"cache", "stats"}, {"builds", "list"}, {"status", "--watch", "--host", "root@ci"}} {
		l.told(l.run(args...), 2, "no CI is set up from this directory", "-C DIR", "nixwright console")
	}
}
