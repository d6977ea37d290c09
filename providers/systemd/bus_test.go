package systemd_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/realtest"
	"github.com/nixwright/nixwright/providers/systemd"
	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
)

// What systemctl prints and what D-Bus says of the same units on a running
// systemd are the same.
func TestRunningSystemd(t *testing.T) {
	t.Parallel()
	s := realtest.SystemdUser(t)
	bus, err := systemd.OpenBus(t.Context(), s.Bus)
	if err != nil {
		t.Fatal(err)
	}
	defer bus.Close()
	names := []string{"good.service", "bad.service", "nope.service", "job.service", "daily.timer", "hourly.timer", "nope.timer", "default.target"}
	want := []state.Unit{
		{Name: "good.service", Load: "loaded", Active: "active", Sub: "running", Result: "success"},
		{Name: "bad.service", Load: "loaded", Active: "failed", Sub: "failed", Result: "exit-code", Restarts: 3},
		{Name: "nope.service", Load: "not-found", Active: "inactive", Sub: "dead", Result: "success"},
		{Name: "job.service", Load: "loaded", Active: "inactive", Sub: "dead", Result: "success"},
		{Name: "daily.timer", Load: "loaded", Active: "active", Sub: "waiting", Result: "success"},
		{Name: "hourly.timer", Load: "loaded", Active: "active", Sub: "waiting", Result: "success"},
		{Name: "nope.timer", Load: "not-found", Active: "inactive", Sub: "dead", Result: "success"},
		{Name: "default.target", Load: "loaded", Active: "active", Sub: "active"},
	}
	t.Run("units", func(t *testing.T) {
		for how, args := range map[string][]string{"some": {"--property=" + systemd.Properties}, "all properties": nil} {
			printed, err := s.Systemctl(t.Context(), slices.Concat([]string{"show"}, args, []string{"--"}, names)...)
			if err != nil {
				t.Fatal(err, printed)
			}
			if got, err := systemd.Units(printed); err != nil || !slices.Equal(got, want) {
				t.Errorf("systemctl, %s: %+v, %v, want %+v", how, got, err, want)
			}
		}
		if got, err := bus.Units(t.Context(), names...); err != nil || !slices.Equal(got, want) {
			t.Errorf("D-Bus: %+v, %v, want %+v", got, err, want)
		}
	})
	t.Run("timers", func(t *testing.T) {
		for name, is := range map[string]struct{ last, next bool }{"daily.timer": {next: true}, "hourly.timer": {last: true}, "nope.timer": {}} {
			printed, err := s.Systemctl(t.Context(), "show", "--property="+systemd.Properties, name)
			if err != nil {
				t.Fatal(err, printed)
			}
			seen, err := systemd.Timer(printed)
			if err != nil || seen.Last.IsZero() == is.last || seen.Next.IsZero() == is.next {
				t.Errorf("%s: systemctl: %+v, %v", name, seen, err)
			}
			told, err := bus.Timer(t.Context(), name)
			if told.Last = told.Last.Truncate(time.Second); err != nil || told != seen {
				t.Errorf("%s: D-Bus: %+v, %v, want %+v", name, told, err, seen)
			}
		}
		if _, err := bus.Timer(t.Context(), "good.service"); !errors.Is(err, state.ErrOffline) && err == nil {
			t.Error("a service passes for a timer")
		}
		for _, bad := range []string{"", "good", "x.", "a.nosuchkind"} {
			if _, err := bus.Units(t.Context(), bad); err == nil {
				t.Errorf("%q passes for a unit", bad)
			}
		}
	})
}

// A message bus on which there is no systemd, and none at all.
func TestBusWithoutSystemd(t *testing.T) {
	t.Parallel()
	daemon := realtest.Find(t, "dbus-daemon")
	dir := t.TempDir()
	address := "unix:path=" + filepath.Join(dir, "bus")
	if _, err := systemd.OpenBus(t.Context(), address); !errors.Is(err, state.ErrOffline) {
		t.Errorf("no bus: %v, want ErrOffline", err)
	}
	config := realtest.File(t, filepath.Join(dir, "conf"), `<busconfig><type>session</type><listen>`+address+`</listen>
<policy context="default"><allow own="*"/><allow eavesdrop="true"/>
<allow send_destination="*" eavesdrop="true"/></policy></busconfig>`)
	realtest.Start(t, nil, daemon, "--config-file="+config, "--nofork", "--nopidfile").Await(t, func(context.Context) error {
		_, err := os.Stat(filepath.Join(dir, "bus"))
		return err
	})
	bus, err := systemd.OpenBus(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer bus.Close()
	if _, err := bus.Units(t.Context(), "a.service"); !errors.Is(err, state.ErrOffline) {
		t.Errorf("no systemd: %v, want ErrOffline", err)
	}
	src := systemd.NewSource(systemd.SourceOptions{Units: []string{"a.service"}, Bus: address})
	if err := src.Watch(t.Context(), func(live.Update) {}); !errors.Is(err, state.ErrOffline) {
		t.Errorf("no systemd: %v, want ErrOffline", err)
	}
}

// What systemctl says where no systemd runs, so that it is known for what it is.
func TestSystemctlWithoutSystemd(t *testing.T) {
	t.Parallel()
	c := exec.CommandContext(t.Context(), realtest.Find(t, "systemctl"), "--user", "show", "a.service")
	c.Env = []string{"XDG_RUNTIME_DIR=" + t.TempDir(), "LC_ALL=C"}
	out, err := c.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "Failed to connect to bus") {
		t.Errorf("systemctl says %q, %v", out, err)
	}
}
