package systemd_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/systemd"
	"github.com/nixwright/nixwright/state"
)

// Everything that systemd 252 prints is read, not only what is asked for.
func TestRecorded(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/show-252.txt")
	if err != nil {
		t.Fatal(err)
	}
	got, err := systemd.Units(string(raw))
	want := []state.Unit{
		{Name: "bad.service", Load: "loaded", Active: "failed", Sub: "failed", Result: "exit-code", Restarts: 3},
		{Name: "nope.service", Load: "not-found", Active: "inactive", Sub: "dead", Result: "success"},
		{Name: "daily.timer", Load: "loaded", Active: "active", Sub: "waiting", Result: "success"},
		{Name: "hourly.timer", Load: "loaded", Active: "active", Sub: "waiting", Result: "success"},
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	blocks := strings.Split(strings.TrimSpace(string(raw)), "\n\n")
	daily, err := systemd.Timer(blocks[2])
	if next := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC); err != nil || !daily.Next.Equal(next) || !daily.Last.IsZero() {
		t.Errorf("daily: %+v, %v", daily, err)
	}
	hourly, err := systemd.Timer(blocks[3])
	if last := time.Date(2026, 11, 23, 4, 37, 23, 0, time.UTC); err != nil || !hourly.Last.Equal(last) || !hourly.Next.IsZero() {
		t.Errorf("hourly: %+v, %v", hourly, err)
	}
}

// Whatever a machine prints: no panic, and what is read was there.
func FuzzShow(f *testing.F) {
	raw, err := os.ReadFile("testdata/show-252.txt")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(raw))
	for _, seed := range []string{
		"", "=", "\n\n", "Id=a\nLoadState=loaded\nNRestarts=-1\n", "Id=a\r\nLoadState=x\r\n", "Id=\x1b]0;x\nLoadState=loaded",
		"Id=a.timer\nLoadState=loaded\nLastTriggerUSec=n/a\nNextElapseUSecRealtime=Sun 2026-07-19 03:00:00 EDT\n",
		"Id=a.timer\nLoadState=loaded\nLastTriggerUSec=[not set]\n", "Id=a.timer\nLoadState=loaded\nLastTriggerUSec=@1788758883\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, output string) {
		all, err := systemd.Units(output)
		for _, u := range all {
			if u.Name == "" || u.Load == "" || u.Restarts < 0 || strings.ContainsAny(u.Name+u.Load+u.Active+u.Sub+u.Result, "\x1b\n\r\x00") {
				t.Errorf("read %+v of %q", u, output)
			}
		}
		timer, timerErr := systemd.Timer(output)
		if err != nil && timerErr == nil {
			t.Errorf("a timer %+v where there is no unit: %v", timer, err)
		}
		if timerErr == nil && (timer.Last.Location() != time.UTC || timer.Next.Location() != time.UTC) {
			t.Errorf("times not in UTC: %+v", timer)
		}
	})
}
