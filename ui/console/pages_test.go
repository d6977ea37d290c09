package console

import (
	"testing"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/ui/tui/tuitest"
)

// restless is red() with trouble of the cache, the collection and the host.
func restless() live.Snapshot {
	s := red()
	units, _ := s.Units.Get()
	units = append(live.Units{}, units...)
	units[2] = live.Unit{
		Unit:  state.Unit{Name: "niks3.service", Load: "loaded", Active: "activating", Sub: "auto-restart", Result: "exit-code", Restarts: 14},
		Since: ago(9 * time.Second), LastError: "lookup 30faeb30.r2.cloudflarestorage.com: no such host", ErrorAt: ago(9 * time.Second),
	}
	before := append(live.Units{}, units...)
	before[2].Restarts = 0
	middle := append(live.Units{}, units...)
	middle[2].Restarts = 10
	list, _ := s.Checklist.Get()
	list = append(live.Checklist{}, list...)
	list[11].Status = "blocked"
	list[11].Problems = []state.Problem{{ID: "F8", What: "two hooks are active for each push", URL: "https://github.com/settings/apps/phlip9-buildbot-ci"}}
	list = append(list, live.Line{Step: "doctor", Title: "Required checks", Status: "not checked", Problems: []state.Problem{{ID: "F11", What: "may not read branch protection"}}})
	paths, _ := s.Paths.Get()
	paths = append(live.Paths{}, paths...)
	bad := *paths[0].Narinfo
	bad.Verified = false
	bad.SignedBy = []string{"old.example-1"}
	paths[0].Narinfo = &bad
	paths = append(paths, live.PathCheck{Path: "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-fmt", Bytes: 34_000, At: ago(5 * minute)})
	return then(s,
		told("systemd", ago(30*time.Second), live.Tell[live.Units]{Value: before}),
		told("systemd", ago(20*time.Second), live.Tell[live.Units]{Value: middle}),
		told("systemd", ago(time.Second), live.Tell[live.Units]{Value: units}),
		told("nixwright", ago(12*time.Second), live.Tell[live.Checklist]{Value: list}),
		told("cache", ago(minute), live.Tell[live.Paths]{Value: paths}),
	)
}

// collects is a collection that is under way, since 31 seconds.
func collects() live.Snapshot {
	timer := state.Timer{Unit: state.Unit{Name: "niks3-gc.timer", Load: "loaded", Active: "active", Sub: "running"}, Last: ago(32 * time.Second)}
	return then(green(),
		told("systemd", ago(time.Second), live.Tell[live.Timers]{Value: live.Timers{timer}}),
		told("niks3", ago(time.Second), live.Tell[state.GCStatus]{Value: state.GCStatus{
			Offered: true, State: state.GCRunning, Phase: "cleanup_orphan_objects", Policy: state.GCPolicy{OlderThan: "720h"},
			Counts: state.GCCounts{Closures: 214, Marked: 1902, Deletions: 3004}, Started: ago(31 * time.Second), Updated: ago(time.Second),
		}}),
	)
}

// The numbers of the pages.
var pages = map[string]string{"cache": "4", "gc": "5", "host": "7", "checklist": "8"}

func TestPagesAtEverySize(t *testing.T) {
	for page, number := range pages {
		for name, s := range map[string]live.Snapshot{
			"green": green(), "red": restless(), "nothing": nothing(),
			"down": gone(gone(gone(green(), "niks3"), "systemd"), "Cloudflare"),
		} {
			for _, size := range sizes {
				begin(t, s, size[0], size[1]).Press(number).Golden(page + "-" + name)
			}
		}
		begin(t, restless(), 80, 24, tuitest.ASCII()).Press(number).Golden(page + "-ascii")
	}
	for _, size := range sizes {
		begin(t, collects(), size[0], size[1]).Press("5").Golden("gc-running")
		begin(t, restless(), size[0], size[1]).Press("7", "x").Golden("explain")
		beginWith(t, Options{First: green(), Desk: &desk{}, Collecting: dry}, tuitest.Size(size[0], size[1])).
			Press("5", "R").Golden("gc-dialog")
		beginWith(t, Options{First: green(), Desk: &desk{}, Forced: "phlip9-nix-cache", Collecting: dry}, tuitest.Size(size[0], size[1])).
			Press("5", "R").Advance(time.Second).Type("phlip9-nix").Golden("gc-forced")
	}
}
