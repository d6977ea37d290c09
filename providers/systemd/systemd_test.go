package systemd_test

import (
	"slices"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/systemd"
	"github.com/nixwright/nixwright/state"
)

func TestUnits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, output string
		want         []state.Unit
		fails        bool
	}{
		{name: "nothing"},
		{
			name: "systemd 257, a service and one that is not there",
			output: "Id=niks3.service\nLoadState=loaded\nActiveState=active\nSubState=running\nResult=success\nNRestarts=2\n\n" +
				"Id=nope.service\nLoadState=not-found\nActiveState=inactive\nSubState=dead\nResult=success\nNRestarts=0\n",
			want: []state.Unit{
				{Name: "niks3.service", Load: "loaded", Active: "active", Sub: "running", Result: "success", Restarts: 2},
				{Name: "nope.service", Load: "not-found", Active: "inactive", Sub: "dead", Result: "success"},
			},
		},
		{
			name:   "systemd 234 has no NRestarts, and prints in its own order",
			output: "Result=exit-code\nId=buildbot-master.service\nLoadState=loaded\nActiveState=failed\nSubState=failed\n",
			want:   []state.Unit{{Name: "buildbot-master.service", Load: "loaded", Active: "failed", Sub: "failed", Result: "exit-code"}},
		},
		{name: "a target has no Result", output: "Id=multi-user.target\nLoadState=loaded\nActiveState=active\nSubState=active\n", want: []state.Unit{{Name: "multi-user.target", Load: "loaded", Active: "active", Sub: "active"}}},
		{name: "carriage returns", output: "Id=a.service\r\nLoadState=masked\r\nActiveState=inactive\r\n", want: []state.Unit{{Name: "a.service", Load: "masked", Active: "inactive"}}},
		{name: "escape sequences", output: "Id=a.service\nLoadState=\x1b[31mloaded\n", want: []state.Unit{{Name: "a.service", Load: "[31mloaded"}}},
		{name: "no systemd", output: "LoadState=loaded\n", fails: true},
		{name: "no number", output: "Id=a\nLoadState=loaded\nNRestarts=many\n", fails: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := systemd.Units(c.output)
			if (err != nil) != c.fails || !slices.Equal(got, c.want) {
				t.Errorf("got %+v, %v, want %+v", got, err, c.want)
			}
		})
	}
}

func TestTimer(t *testing.T) {
	t.Parallel()
	unit := state.Unit{Name: "niks3-gc.timer", Load: "loaded", Active: "active", Sub: "waiting", Result: "success"}
	head := "Id=niks3-gc.timer\nLoadState=loaded\nActiveState=active\nSubState=waiting\nResult=success\n"
	last, next := time.Date(2026, 11, 22, 0, 7, 3, 0, time.UTC), time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name, output string
		want         state.Timer
		fails        bool
	}{
		{
			name:   "systemd 257",
			output: "NextElapseUSecRealtime=Mon 2026-11-23 00:00:00 UTC\nLastTriggerUSec=Sun 2026-11-22 00:07:03 UTC\n" + head,
			want:   state.Timer{Unit: unit, Last: last, Next: next},
		},
		{name: "never ran", output: head + "NextElapseUSecRealtime=Mon 2026-11-23 00:00:00 UTC\nLastTriggerUSec=n/a\n", want: state.Timer{Unit: unit, Next: next}},
		{name: "an older one leaves it empty", output: head + "NextElapseUSecRealtime=Mon 2026-11-23 00:00:00 UTC\nLastTriggerUSec=\n", want: state.Timer{Unit: unit, Next: next}},
		{name: "raw numbers", output: head + "NextElapseUSecRealtime=1795392000000000\nLastTriggerUSec=0\n", want: state.Timer{Unit: unit, Next: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)}},
		{name: "counts from boot", output: head + "NextElapseUSecRealtime=infinity\nLastTriggerUSec=@1795306023\n", want: state.Timer{Unit: unit, Last: time.Date(2026, 11, 22, 0, 7, 3, 0, time.UTC)}},
		{name: "two", output: head + "\n" + head, fails: true},
		{name: "none", output: "", fails: true},
		{name: "no date", output: head + "LastTriggerUSec=yesterday\n", fails: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := systemd.Timer(c.output)
			if (err != nil) != c.fails || !c.fails && got != c.want {
				t.Errorf("got %+v, %v, want %+v", got, err, c.want)
			}
		})
	}
}

func TestTime(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 7, 1, 10, 0, 0, 0, time.UTC)
	for in, want := range map[string]time.Time{
		"": {}, "n/a": {}, "0": {}, "18446744073709551615": {}, "infinity": {},
		"Wed 2026-07-01 10:00:00 UTC":        at,
		"Wed 2026-07-01 12:00:00 CEST":       at,
		"Wed 2026-07-01 03:00:00 PDT":        at,
		"Wed 2026-07-01 15:30:00 +0530":      at,
		"Wed 2026-07-01 07:00:00 -03":        at,
		"2026-07-01 10:00:00 UTC":            at,
		"Wed 2026-07-01 10:00:00.250000 UTC": at.Add(250 * time.Millisecond),
		"@1782900000":                        at,
		"1782900000000000":                   at,
	} {
		if got, err := systemd.Time(in); err != nil || !got.Equal(want) {
			t.Errorf("%q: %v, %v, want %v", in, got, err, want)
		}
	}
	for _, bad := range []string{"Wed 2026-07-01 10:00:00 CST", "@x", "1min 2s", "Wed 2026-13-01 10:00:00 UTC", "-5"} {
		if got, err := systemd.Time(bad); err == nil {
			t.Errorf("%q: %v, want an error", bad, got)
		}
	}
}
