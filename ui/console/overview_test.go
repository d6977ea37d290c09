package console

import (
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/ui/tui/tuitest"
)

func TestOverviewAtEverySize(t *testing.T) {
	for name, s := range map[string]live.Snapshot{"green": green(), "red": red(), "nothing": nothing(), "down": gone(red(), "GitHub"), "silent": gone(red(), "buildbot")} {
		for _, size := range sizes {
			begin(t, s, size[0], size[1]).Golden("overview-" + name)
		}
	}
	begin(t, red(), 80, 24, tuitest.ASCII()).Golden("overview-ascii")
	begin(t, red(), 60, 16).Golden("overview-red")
	begin(t, red(), 40, 12).Resize(80, 24).Golden("overview-red").Resize(40, 12).Golden("overview-red")
}

// newest is a snapshot with one more alert, worse than the others.
func newest(s live.Snapshot) live.Snapshot {
	return then(s, told("systemd", monday, live.Tell[live.Disks]{Value: live.Disks{{Mount: "/", Bytes: 100, Used: 99}}}))
}

func TestTheCursorIsOnTheWorstAlert(t *testing.T) {
	s := begin(t, red(), 80, 24).Has("▸ ✗ broken  nixos-omnara1")
	s.Send(Told{newest(red())}).Has("▸ ✗ broken  F42")
	// Once it was moved it stays on its alert.
	s = begin(t, red(), 80, 24).Press("down").Has("▸ ✗ broken  F32")
	s.Send(Told{newest(red())}).Has("▸ ✗ broken  F32")
	s.Send(Told{green()}).Has("All green").Lacks("▸")
}

func TestOverviewKeys(t *testing.T) {
	d := failed()
	o := Options{First: red(), Desk: d}
	beginWith(t, o).Press("down", "down", "enter").Has("▲")
	beginWith(t, o).Press("x").Advance(hour).Has("enter").Press("esc").Has("does not build")
	s := beginWith(t, o).Press("y").Has("Copied")
	if !asked(s, tea.SetClipboard("nixos-omnara1 failed on master 3f9c2ab: attribute 'nvimPlugins' missing")()) {
		t.Error("the alert was not copied")
	}
	beginWith(t, o).Press("/").Has(" / ▏").Type("nv").Has(" / nv▏")
	beginWith(t, Options{First: green(), Desk: d}).Press("x").Has("no alert is chosen").Press("!").Has("nothing is wrong")
	beginWith(t, Options{First: green(), Desk: d}).Press("down", "enter").Advance(time.Second).Has("2 Builds · phlip9/dotfiles master 3f9c2ab · nixos-sauna")
	beginWith(t, Options{First: green(), Desk: d}).Press("enter").Has("STATUS")
	// A second click on what is chosen opens it.
	beginWith(t, o).Click(20, 7).Has("▸ ✗ broken  F32").Click(20, 7).Advance(time.Second).Has("2 Builds ·")
}

// At rest the screen is the same from one second to the next, but for ages in
// coarse steps and the clock's minutes.
func TestAtRestTheScreenStays(t *testing.T) {
	quiet := then(green(), told("buildbot", monday, live.Builds{Resync: &live.Resync{Since: monday}}))
	s := begin(t, quiet, 80, 24)
	before, changes := s.Screen(), 0
	for range 60 {
		s.Advance(time.Second)
		if now := s.Screen(); now != before {
			before, changes = now, changes+1
		}
	}
	if changes > 30 {
		t.Errorf("%d changes in a minute:\n%s", changes, before)
	}
}

// What a source told that is down now is greyed, with its age.
func TestStaleIsSaid(t *testing.T) {
	begin(t, gone(red(), "GitHub"), 80, 24).Has("200 in 0.4s · once per push (9m old)", "GitHub down 8m: timeout, again in 40s")
	begin(t, gone(red(), "buildbot"), 80, 24).Press("2").Has("buildbot down 8m: timeout")
	for name := range map[string]bool{"Queue": true, "Hooks": true, "Cache": true, "Disk": true, "Units": true, "Expiry": true} {
		if screen := begin(t, nothing(), 80, 24).Screen(); !strings.Contains(screen, fmt.Sprintf(" %-9s ? not known yet", name)) {
			t.Errorf("%s is not said to be unknown:\n%s", name, screen)
		}
	}
}
