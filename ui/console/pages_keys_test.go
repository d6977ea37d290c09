package console

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/ui/tui/tuitest"
)

// dry is what a collection would do.
const dry = "closures that were pushed more than 720h ago go, and what only they needed; pins stay (nixos-omnara1, nixos-sauna). niks3 cannot say beforehand which they are."

// withDesk is a console whose desk can be looked at; actions are on.
func withDesk(t *testing.T, s live.Snapshot) (*tuitest.Story, *desk) {
	t.Helper()
	d := &desk{}
	return beginWith(t, Options{First: s, Desk: d, Collecting: dry}, tuitest.Size(80, 24)), d
}

func deskHeard(t *testing.T, d *desk, want string) {
	t.Helper()
	if d.notes() != want {
		t.Errorf("asked %q, want %q", d.notes(), want)
	}
}

func TestCacheKeys(t *testing.T) {
	s, d := withDesk(t, restless())
	s.Press("4", "r").Has("Asked.")
	s.Press("L").Has("32 calls for 31,204 objects, less than a cent").Advance(time.Second).Press("y").Has("Counted.")
	deskHeard(t, d, "check count")
	s.Press("down").Has("▸ 0123…-fmt").Press("z").Has("/nix/store/0123456789abcdfghijklmnpqrsvwxyz-fmt").
		Press("enter").Has("build: no build of this path is known").Press("y").Has("Copied")
	if !asked(s, tea.SetClipboard("/nix/store/0123456789abcdfghijklmnpqrsvwxyz-fmt")()) {
		t.Error("the path was not copied")
	}
	s.Press("x").Has("F26", "Why", "esc close").Press("esc").Has("NEWEST PATHS")
	// The cursor stays on its path when a newer one comes.
	before := restless()
	paths, _ := before.Paths.Get()
	newer := append(live.Paths{{Path: "/nix/store/aaaa-new", At: monday}}, paths...)
	s.Send(Told{then(before, told("cache", monday, live.Tell[live.Paths]{Value: newer}))}).Has("▸ 0123…-fmt", "  /nix/store/aaaa-new")
	s.Press("home").Has("▸ /nix/store/aaaa-new")

	s, d = withDesk(t, nothing())
	s.Press("4", "y").Has("copy path: no path was read back yet").Press("x").Has("nothing is wrong").Press("L").Has("not known: nobody told").Press("esc")
	d.err = errors.New("list bucket: access denied")
	s.Advance(time.Second).Press("esc", "L").Advance(time.Second).Press("y").Has("failed: List the whole bucket", "access denied")
}

func TestGCKeys(t *testing.T) {
	s, d := withDesk(t, green())
	s.Press("5", "R").Has("closures that were pushed", "niks3 cannot say", "Price").Advance(time.Second).Press("y").Has("started").Lacks("Price")
	deskHeard(t, d, "collect")
	// The run is seen: it joins the history, and no second one can be asked for.
	s.Send(Told{collects()}).Has("A collection has run for 30s", "1,902 marked so far", "R is off: a run is under way").Lacks("3,004", "3004").
		Has("Mon 24 14:09", "Mon 24 00:14").Press("R").Has("run now: a run is under way; niks3 would refuse a second one (409)")
	ended := then(collects(), told("niks3", monday.Add(time.Second), live.Tell[state.GCStatus]{Value: state.GCStatus{
		Offered: true, State: state.GCFailed, Phase: "cleanup_orphan_objects", Error: "connection refused", Started: ago(31 * time.Second), Finished: monday.Add(time.Second),
	}}))
	s.Send(Told{ended}).Has("The last collection failed just now: connection refused", "✗ failed connection refused", "✗ objects without", "Mon 24 00:14").Lacks("R is off")
	s.Press("x").Has("F28").Press("esc").Press("l").Advance(time.Second).Has("journal of niks3-gc.service", "started niks3-gc.service").Press("esc").Has("LAST RUNS")
	deskHeard(t, d, "collect unit:niks3-gc.service")

	begin(t, green(), 80, 24).Press("5", "R").Has("run now: start with --allow-actions").Lacks("Price")
	begin(t, green(), 80, 24).Press("5", "x").Has("explain: nothing is wrong with the collection")
}

func TestGCThatIsNotOffered(t *testing.T) {
	old := then(green(), told("niks3", monday, live.Tell[state.GCStatus]{}))
	begin(t, old, 80, 24).Press("5").Has("What a collection does is not offered by this niks3 (needs v1.5.0)").Lacks("Phase")
	never := then(green(), told("niks3", monday, live.Tell[state.GCStatus]{Value: state.GCStatus{Offered: true}}))
	begin(t, never, 80, 24).Press("5").Has("No collection ran since niks3 started.").Lacks("Phase", "LAST RUNS")
}

func TestHostKeys(t *testing.T) {
	s, d := withDesk(t, restless())
	s.Press("7").Has("▸ niks3", "F27 niks3 starts before the network").Press("y").Has("Copied: the last error.")
	if !asked(s, tea.SetClipboard("lookup 30faeb30.r2.cloudflarestorage.com: no such host")()) {
		t.Error("the error was not copied")
	}
	s.Press("x").Has("F27").Press("enter").Has("▸ niks3").Press("enter").Advance(time.Second).Has("journal of niks3.service", "started niks3.service", "The journal ended")
	s.Press("esc", "end").Has("▸ niks3-gc.timer").Press("l").Has("journal of niks3-gc.service").Press("esc", "k").Has("▸ postgresql").
		Press("x").Has("nothing is wrong with this unit").Press("y").Has("this unit told of no error")
	deskHeard(t, d, "unit:niks3.service unit:niks3-gc.service")
	d.err = state.Problem{What: "the connection to omnara1 is gone", Fix: "r"}
	s.Press("enter").Has("The journal ended: the connection to omnara1 is gone")
	s.Press("esc")

	begin(t, nothing(), 80, 24).Press("7", "enter").Has("the units are not known yet")
	full := then(green(), told("systemd", monday, live.Tell[live.Disks]{Value: live.Disks{{Mount: "/", Bytes: 1000, Used: 996, Inodes: 100, InodesUsed: 5}}}))
	begin(t, full, 80, 24).Press("7").Has("Disk     ✗ / 99 % of 1 kB", "F42 / is 99 % full")
}

func TestUnitEndsWithItsPage(t *testing.T) {
	u, ok := newUnit("niks3.service", scene{opts: &Options{Desk: &desk{}}}.at(monday)).(unit)
	if !ok || u.ctx.Err() != nil {
		t.Fatal("it has ended before it began")
	}
	u.Left()
	if u.ctx.Err() == nil {
		t.Error("its journal is read on")
	}
}

func TestChecklistKeys(t *testing.T) {
	s, d := withDesk(t, restless())
	s.Press("8").Has("14 of 15 true", "▸ ▲ blocked").Press("x").Has("two hooks are active for each push", "F8", "Do ", "https://github.com/settings").
		Press("o").Has("Opened in the browser.").Press("esc").Press("d").Has("▸ ? not checked").Press("d").Has("▸ ▲ blocked").
		Press("home", "enter").Has("It is ready.").Press("o").Has("it has no page of its own").Press("esc", "r").Has("Looked.")
	deskHeard(t, d, "open:https://github.com/settings/apps/phlip9-buildbot-ci look")
	s, d = withDesk(t, nothing())
	s.Press("8", "x").Has("explain: the checklist was not looked at yet").Press("d").Has("next finding")
	d.err = errors.New("look: no network")
	s.Press("r").Has("failed: Look again", "no network")
}

// TestLeadsToItsThing: an alert's place puts the cursor on what it is about.
func TestLeadsToItsThing(t *testing.T) {
	for _, c := range []struct {
		to   live.Place
		want string
	}{
		{live.Place{Page: live.PageHost, ID: "nginx.service"}, "▸ nginx"},
		{live.Place{Page: live.PageHost, ID: "/"}, "▸ niks3"},
		{live.Place{Page: live.PageChecklist, ID: "login"}, "▸ ✓ ready        13  Login"},
		{live.Place{Page: live.PageCache, ID: "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-fmt"}, "▸ 0123…-fmt"},
	} {
		begin(t, restless(), 80, 24).Send(goMsg{c.to}).Has(c.want)
	}
}

// TestUploadsWithoutNiks3: what niks3 does not tell of uploads the builds do.
func TestUploadsWithoutNiks3(t *testing.T) {
	s := then(live.New(), slices.Concat(farm(), past(true), push(true))...)
	up := *s.Build(buildNvim)
	up.Upload = live.Uploading
	s = then(s, told("buildbot", monday, live.Builds{All: []live.Build{up}}))
	begin(t, s, 80, 24).Press("4").Has("Uploads    1 under way · last 2m ago · ▲ 1 failed in 24 hours")
	begin(t, gone(s, "buildbot"), 80, 24).Press("4").Has("Uploads    1 under way · last 2m ago · 1 failed in 24 hours (0s old)")
}

func TestCost(t *testing.T) {
	traffic := live.Traffic{ClassA: 100_000, ClassB: 1_000_000}
	for _, c := range []struct {
		stored int64
		over   time.Duration
		want   float64
	}{
		{0, 0, 0}, {9e9, 0, 0}, {48_200_000_000, 0, 0.573},
		{48_200_000_000, 24 * time.Hour, 0.573 + 2*4.50 + 20*0.36}, {10e9, 30 * 24 * time.Hour, 0},
	} {
		if got := monthly(c.stored, traffic, c.over); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%d bytes, requests of %s: %f, want %f", c.stored, c.over, got, c.want)
		}
	}
	for objects, want := range map[int64]int64{0: 1, 1000: 1, 1001: 2, 1_000_000: 1000} {
		if calls, _ := listing(objects); calls != want {
			t.Errorf("%d objects: %d calls", objects, calls)
		}
	}
}

// TestOld: a figure is greyed where its source is down, or where it is much
// older than usual, and carries its age then.
func TestOld(t *testing.T) {
	for name, c := range map[string]struct {
		s     live.Snapshot
		after time.Duration
		want  bool
	}{
		"fresh": {green(), 0, false}, "down": {gone(green(), "niks3"), 0, true}, "silent": {green(), 4 * time.Minute, true}, "not heard of": {nothing(), 0, false},
	} {
		s := scene{opts: &Options{Zone: time.UTC}}.with(c.s, monday.Add(c.after))
		if _, stale := s.old("niks3", monday.Add(-4*time.Second)); stale != c.want {
			t.Errorf("%s: %v", name, stale)
		}
	}
	for d, want := range map[time.Duration]string{9 * time.Second: "9s", 19 * time.Second: "10s", 119 * time.Second: "1m", 3 * time.Hour: "3h"} {
		if got := coarse(d); got != want {
			t.Errorf("%s: %s", d, got)
		}
	}
}

// TestRest: at rest, with nothing told, the pages stay as they are for seconds.
func TestRest(t *testing.T) {
	for page, number := range pages {
		s := begin(t, green(), 80, 24).Advance(17 * time.Second).Press(number)
		first := s.Screen()
		changes := 0
		for range 20 {
			if now := s.Advance(time.Second).Screen(); now != first {
				first, changes = now, changes+1
			}
		}
		if changes > 4 {
			t.Errorf("%s was drawn anew %d times in 20 seconds", page, changes)
		}
	}
}

// TestHostile: what is told cannot write to the terminal.
func TestHostile(t *testing.T) {
	const bad = "x\x1b]52;c;eA==\x07\u202e\x9b2J\ty"
	s := then(green(),
		told("systemd", monday, live.Tell[live.Units]{Value: live.Units{{Unit: state.Unit{Name: bad, Active: bad, Result: bad, Load: bad}, LastError: bad}}}),
		told("systemd", monday, live.Tell[live.Disks]{Value: live.Disks{{Mount: bad, Bytes: 1, Used: 1}}}),
		told("systemd", monday, live.Tell[live.Sockets]{Value: live.Sockets{{Address: bad, Program: bad}}}),
		told("certificates", monday, live.Tell[live.Certificates]{Value: live.Certificates{{Name: bad}}}),
		told("niks3", monday, live.Tell[state.GCStatus]{Value: state.GCStatus{Offered: true, State: state.GCFailed, Error: bad, Phase: bad, Policy: state.GCPolicy{OlderThan: bad}, Started: monday}}),
		told("niks3", monday, live.Tell[live.Pins]{Value: live.Pins{{Name: bad}}}),
		told("niks3", monday, live.Tell[state.Niks3Config]{Value: state.Niks3Config{Substituter: bad, PublicKeys: []string{bad + ":" + bad}}}),
		told("cache", monday, live.Tell[live.Paths]{Value: live.Paths{{Path: bad, Found: true, Narinfo: &state.Narinfo{SignedBy: []string{bad}}}}}),
		told("nixwright", monday, live.Tell[live.Checklist]{Value: live.Checklist{{Title: bad, Status: bad, Text: bad, Problems: []state.Problem{{ID: bad, What: bad, Why: bad, Fix: bad, URL: bad}}}}}),
	)
	for page, number := range pages {
		for _, keys := range [][]string{{}, {"x"}, {"enter"}, {"z"}, {"y"}} {
			if page != "checklist" && len(keys) > 0 && keys[0] == "enter" {
				continue
			}
			story := begin(t, s, 80, 24).Press(number).Press(keys...)
			drawn := story.View().Content
			for _, code := range []string{"\x1b]52", "\u202e", "\x9b", "\x07", "\t"} {
				if strings.Contains(drawn, code) {
					t.Errorf("%s after %v draws %q", page, keys, code)
				}
			}
			for _, m := range story.Asked() {
				if strings.Contains(fmt.Sprintf("%T", m), "lipboard") && strings.ContainsAny(fmt.Sprint(m), "\x1b\x07\u202e") {
					t.Errorf("%s after %v copies %q", page, keys, m)
				}
			}
		}
	}
}
