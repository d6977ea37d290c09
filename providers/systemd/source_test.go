package systemd_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nixwright/nixwright/providers/realtest"
	"github.com/nixwright/nixwright/providers/runner"
	"github.com/nixwright/nixwright/providers/systemd"
	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
)

// host is a pretend shell. It answers by section and by command.
type host struct {
	mu      sync.Mutex
	says    map[string]string // by section, without its @
	logs    string            // of any unit
	asked   []string          // scripts
	at      []time.Time
	follows []string // what comes of a log that is followed, as it is written
	fails   error
	gone    chan struct{}
}

func (h *host) Gone() <-chan struct{} { return h.gone }

func (h *host) Sh(ctx context.Context, _, script string, out io.Writer) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked, h.at = append(h.asked, script), append(h.at, time.Now())
	switch {
	case h.fails != nil:
		return h.fails
	case strings.Contains(script, "journalctl -f"):
		for _, part := range h.follows {
			_, _ = io.WriteString(out, part)
		}
		return nil
	case strings.Contains(script, "-o json --output-fields=MESSAGE "):
		_, _ = io.WriteString(out, h.logs)
		return nil
	}
	for part := range strings.SplitSeq(script, "; ") {
		if name, is := strings.CutPrefix(part, "echo @"); is {
			_, _ = io.WriteString(out, "@"+name+"\n"+h.says[name])
		}
	}
	return ctx.Err()
}

// healthy is a host on which all is well.
func healthy() *host {
	return &host{says: map[string]string{
		"units": "Id=a.service\nLoadState=loaded\nActiveState=active\nSubState=running\nResult=success\nNRestarts=0\nActiveEnterTimestamp=Sun 2026-11-22 10:00:00 UTC\n\n" +
			"Id=b.timer\nLoadState=loaded\nActiveState=active\nSubState=waiting\nLastTriggerUSec=Sun 2026-11-22 00:00:00 UTC\nNextElapseUSecRealtime=Mon 2026-11-23 00:00:00 UTC\n",
		"host": "ci\n", "boot": "btime 1795305600\n", "memory": "MemTotal: 4 kB\nMemFree: 1 kB\nMemAvailable: 3 kB\n",
		"disks":   "Filesystem Mounted on 1B-blocks Used Avail Inodes IUsed\n/dev/mapper/with blank /nix/store 1000 600 300 10 5\n/dev/b /var/lib 100 10 90 0 0\n/dev/b / 100 10 90 - -\ndf: /x: No such file or directory\n",
		"sockets": "LISTEN 0 128 [::]:443 [::]:* users:((\"nginx\",pid=7,fd=8)) cgroup:/system.slice/nginx.service <->\nLISTEN 0 5 127.0.0.1:22 0.0.0.0:* users:((\"sshd\",pid=1,fd=3))\nLISTEN 0 5 127.0.0.53%lo:53 0.0.0.0:*\nLISTEN 0 128 [::]:443 [::]:* users:((\"nginx\",pid=9,fd=8)) cgroup:/system.slice/nginx.service <->\n",
		"kills": `{"__REALTIME_TIMESTAMP":"1795305600000000","UNIT":"old.service"}` + "\n" +
			`{"__REALTIME_TIMESTAMP":"1795392000000000","UNIT":"buildbot-worker.service","MESSAGE":"x"}` + "\n",
	}}
}

var watched = systemd.SourceOptions{Units: []string{"a.service"}, Timers: []string{"b.timer"}}

// run watches a host for so long in a bubble, and calls between with each
// update.
func run(t *testing.T, h *host, long time.Duration, between func(live.Snapshot)) (live.Snapshot, error) {
	t.Helper()
	s := live.New()
	ctx, cancel := context.WithTimeout(t.Context(), long)
	defer cancel()
	err := systemd.NewShellSource(h, "ssh", watched).Watch(ctx, func(u live.Update) {
		u.Source, u.At = "systemd", time.Now()
		s = live.Reduce(s, u)
		if between != nil {
			between(s)
		}
	})
	return s, err
}

func TestFigures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := healthy()
		s, err := run(t, h, time.Second, nil)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if o, _ := s.Source("systemd"); !o.Up || o.Via != "ssh" || o.Note != "" {
			t.Errorf("link %+v", o)
		}
		day := func(d, h int) time.Time { return time.Date(2026, 11, d, h, 0, 0, 0, time.UTC) }
		units, _ := s.Units.Get()
		if len(units) != 1 || units[0].Unit != (state.Unit{Name: "a.service", Load: "loaded", Active: "active", Sub: "running", Result: "success"}) || !units[0].Since.Equal(day(22, 10)) {
			t.Errorf("units %+v", units)
		}
		timers, _ := s.Timers.Get()
		if len(timers) != 1 || timers[0].Unit.Name != "b.timer" || !timers[0].Last.Equal(day(22, 0)) || !timers[0].Next.Equal(day(23, 0)) {
			t.Errorf("timers %+v", timers)
		}
		if got, _ := s.Host.Get(); got != (live.Host{Name: "ci", Boot: day(22, 0), Store: 600}) {
			t.Errorf("host %+v", got)
		}
		if got, _ := s.Disks.Get(); !slices.Equal(got, live.Disks{{Mount: "/nix/store", Bytes: 900, Used: 600, Inodes: 10, InodesUsed: 5}, {Mount: "/", Bytes: 100, Used: 10}}) {
			t.Errorf("disks %+v", got)
		}
		if got, _ := s.Memory.Get(); got != (live.Memory{Bytes: 4096, Used: 1024, Kills: 2, LastKill: day(23, 0), Killed: "buildbot-worker"}) {
			t.Errorf("memory %+v", got)
		}
		if got, _ := s.Sockets.Get(); !slices.Equal(got, live.Sockets{{Address: "127.0.0.1:22", Program: "sshd"}, {Address: "127.0.0.53%lo:53"}, {Address: "[::]:443", Program: "nginx"}}) {
			t.Errorf("sockets %+v", got)
		}
	})
}

// At rest there is a command each half minute, and the journal is asked each
// fifth minute; where a unit is on its way, there is one each five seconds.
func TestHowOften(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, now string
		looks     int // in ten minutes
	}{
		{"at rest", "active", 1 + 20},
		{"moving", "activating", 1 + 120},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h := healthy()
				h.says["units"] = strings.Replace(h.says["units"], "ActiveState=active", "ActiveState="+c.now, 1)
				_, _ = run(t, h, 10*time.Minute-time.Second, nil)
				journals, sockets := 0, 0
				for _, script := range h.asked {
					if strings.Contains(script, "MESSAGE_ID") {
						journals++
					}
					if strings.Contains(script, "ss -H") {
						sockets++
					}
				}
				if len(h.asked) != c.looks || journals != 2 || sockets != 20 || strings.Contains(h.asked[0], "df") {
					t.Errorf("%d commands, want %d; %d asked the journal, %d everything", len(h.asked), c.looks, journals, sockets)
				}
				for _, script := range h.asked {
					if strings.Contains(script, "'") {
						t.Errorf("a quote in %q", script)
					}
				}
			})
		})
	}
}

// The log of a unit that fails is read once for each failure, also where the
// unit is up again; it is forgotten when it stayed up.
func TestWhyAUnitFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := healthy()
		set := func(active, sub string, restarts int) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.says["units"] = fmt.Sprintf("Id=a.service\nLoadState=loaded\nActiveState=%s\nSubState=%s\nResult=success\nNRestarts=%d\nInactiveEnterTimestamp=@1795305600\n\nId=b.timer\nLoadState=loaded\n", active, sub, restarts)
		}
		h.logs = `{"__REALTIME_TIMESTAMP":"1795305600000000","MESSAGE":"Starting a..."}` + "\n" +
			`{"__REALTIME_TIMESTAMP":"1795305601000000","MESSAGE":[27,91,51,49,109,101,114,114,111,114,58,32,110,111,10,104,105]}` + "\n" +
			`{"__REALTIME_TIMESTAMP":"1795305602000000","MESSAGE":null}` + "\nnot JSON\n"
		set("failed", "failed", 3)
		begun := time.Now()
		var seen []string
		_, _ = run(t, h, 30*time.Minute, func(s live.Snapshot) {
			units, _ := s.Units.Get()
			if len(units) == 0 {
				return
			}
			u := units[0]
			if u.Active == "failed" && u.Since.Unix() != 1795305600 {
				t.Errorf("failed since %v", u.Since)
			}
			if seen = append(seen, u.LastError); u.LastError != "" && u.ErrorAt.Unix() != 1795305601 {
				t.Errorf("error at %v", u.ErrorAt)
			}
			switch d := time.Since(begun); {
			case d > 5*time.Minute:
				set("active", "running", 5)
			case d > 2*time.Minute:
				set("active", "running", 4)
			}
		})
		logs := 0
		for _, script := range h.asked {
			if strings.Contains(script, "-u a.service") {
				logs++
			}
		}
		if logs != 3 || seen[0] != "error: no" || seen[len(seen)-1] != "" {
			t.Errorf("the log was read %d times, want 3; first %q, last %q", logs, seen[0], seen[len(seen)-1])
		}
	})
}

// What cannot be read is said, and the rest goes on; no shell is an end.
func TestWhatIsLacking(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := healthy()
		h.says["sockets"], h.says["memory"] = "sh: 1: ss: not found\n", ""
		h.says["kills"] = "Hint: You are currently not seeing messages from other users and the system.\n-- No entries --\n"
		s, _ := run(t, h, time.Second, nil)
		o, _ := s.Source("systemd")
		for _, want := range []string{"ss: not found", "no figures in /proc/meminfo", "systemd-journal"} {
			if !strings.Contains(o.Note, want) {
				t.Errorf("note %q lacks %q", o.Note, want)
			}
		}
		if s.Sockets != nil || s.Memory != nil || s.Disks == nil || !o.Up {
			t.Errorf("sockets %v, memory %v", s.Sockets, s.Memory)
		}
		h.says["units"] = "Failed to connect to bus: No such file or directory\n"
		if _, err := run(t, h, time.Second, nil); !errors.Is(err, state.ErrService) || !strings.Contains(err.Error(), "Failed to connect to bus") {
			t.Error(err)
		}
		h.fails = state.ErrOffline
		if _, err := run(t, h, time.Second, nil); !errors.Is(err, state.ErrOffline) {
			t.Error(err)
		}
	})
	for _, bad := range []string{"a", "a b.service", "-a.service", "$(id).service", "a'.service", "a;id.service", ""} {
		if err := systemd.NewShellSource(healthy(), "ssh", systemd.SourceOptions{Units: []string{bad}}).Watch(t.Context(), nil); err == nil {
			t.Errorf("%q passes for a unit", bad)
		}
	}
}

func TestJournal(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 100<<10)
	h := &host{follows: []string{"one\ntw", "o\n\n", long, "more\nl\x1b[31mast\nrest"}}
	var got []string
	err := systemd.NewShellSource(h, "ssh", systemd.SourceOptions{}).Journal(t.Context(), "a.service", func(line string) { got = append(got, line) })
	want := []string{"one", "two", "", long[:64<<10], "l\x1b[31mast", "rest"}
	if err == nil || !slices.Equal(got, want) {
		t.Errorf("%d lines, %.80q, %v", len(got), got, err)
	}
}

// The source of this machine, on a running systemd: what changes is told when
// it does, and where the bus goes it ends.
func TestRunningSource(t *testing.T) {
	t.Parallel()
	s := realtest.SystemdUser(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	src := systemd.NewSource(systemd.SourceOptions{
		Units: []string{"good.service", "bad.service", "nope.service"}, Timers: []string{"hourly.timer", "daily.timer"}, Runner: runner.Exec{}, Bus: s.Bus,
	})
	told, ended := make(chan live.Update, 256), make(chan error, 1)
	go func() { ended <- src.Watch(ctx, func(u live.Update) { told <- u }) }()
	snap := live.New()
	await := func(what string, is func() bool) {
		t.Helper()
		for !is() {
			select {
			case u := <-told:
				u.Source, u.At = "systemd", time.Now()
				snap = live.Reduce(snap, u)
			case err := <-ended:
				t.Fatalf("%s: ended: %v", what, err)
			}
		}
	}
	unit := func(n int) live.Unit {
		if all, _ := snap.Units.Get(); n < len(all) {
			return all[n]
		}
		return live.Unit{}
	}
	await("all told", func() bool { return snap.Sockets != nil })
	disks, _ := snap.Disks.Get()
	memory, _ := snap.Memory.Get()
	host, _ := snap.Host.Get()
	timers, _ := snap.Timers.Get()
	if unit(0).Active != "active" || time.Since(unit(0).Since) > time.Minute || unit(1).Active != "failed" || unit(1).Restarts != 3 || time.Since(unit(1).Since) > time.Minute ||
		unit(2).Load != "not-found" || !unit(2).Since.IsZero() || len(timers) != 2 || timers[0].Last.IsZero() || timers[1].Next.IsZero() {
		t.Errorf("units %+v, timers %+v", snap.Units, timers)
	}
	if len(disks) == 0 || memory.Used == 0 || host.Name == "" || host.Boot.IsZero() || host.Boot.After(time.Now()) {
		t.Errorf("disks %+v, memory %+v, host %+v", disks, memory, host)
	}
	if o, _ := snap.Source("systemd"); !o.Up || o.Via != "D-Bus" {
		t.Errorf("link %+v", o)
	}
	for _, c := range []struct{ verb, active string }{{"stop", "inactive"}, {"start", "active"}} {
		begun := time.Now()
		if out, err := s.Systemctl(ctx, c.verb, "good.service"); err != nil {
			t.Fatal(out, err)
		}
		await(c.verb, func() bool { return unit(0).Active == c.active })
		if unit(0).Since.Before(begun.Add(-time.Second)) {
			t.Errorf("%s since %v", c.active, unit(0).Since)
		}
		t.Logf("%s told after %v", c.verb, time.Since(begun))
	}
	if out, err := s.Systemctl(ctx, "kill", "--signal=KILL", "dbus.service"); err != nil {
		t.Fatal(out, err)
	}
	if err := <-ended; !errors.Is(err, state.ErrOffline) {
		t.Errorf("the bus has gone: %v, want ErrOffline", err)
	}
}

// journalctl itself, whatever this machine's journal has: it is followed until
// the context ends, and nothing is left of it.
func TestRunningJournal(t *testing.T) {
	t.Parallel()
	realtest.Find(t, "journalctl")
	const unit = "nixwright-test-of-a-journal.service"
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		done <- systemd.NewSource(systemd.SourceOptions{Runner: runner.Exec{}}).Journal(ctx, unit, func(string) {})
	}()
	there := func() (n int) {
		paths, _ := filepath.Glob("/proc/[0-9]*/cmdline")
		for _, path := range paths {
			if line, err := os.ReadFile(path); err == nil && strings.HasPrefix(string(line), "journalctl\x00-f") && strings.Contains(string(line), unit) {
				n++
			}
		}
		return n
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for there() == 0 {
		select {
		case err := <-done:
			t.Skip("this journalctl does not follow here:", err)
		case <-tick.C:
		}
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	over := time.After(20 * time.Second)
	for there() > 0 {
		select {
		case <-tick.C:
		case <-over:
			t.Fatal("journalctl is still there")
		}
	}
}

// That the way to the host has ended is told at once, and not with the next
// look.
func TestTheWayEnds(t *testing.T) {
	t.Parallel()
	h := healthy()
	h.gone = make(chan struct{})
	src := systemd.NewShellSource(h, "ssh", systemd.SourceOptions{Units: []string{"a.service"}, Timers: []string{"b.timer"}})
	var cut sync.Once
	begun := time.Now()
	err := src.Watch(t.Context(), func(u live.Update) {
		if _, is := u.News.(live.Tell[live.Sockets]); is {
			cut.Do(func() { h.fail(&state.CallError{Service: "ssh", Kind: state.ErrOffline}); close(h.gone) })
		}
	})
	if took := time.Since(begun); !errors.Is(err, state.ErrOffline) || took > 10*time.Second {
		t.Errorf("after %v: %v", took, err)
	}
}

func (h *host) fail(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.fails = err
}
