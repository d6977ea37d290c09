package realtest

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Systemd is a running service manager of systemd with units of the test's own.
type Systemd struct {
	Runtime string // its XDG_RUNTIME_DIR
	Bus     string // the address of the D-Bus that it is on

	systemctl string
}

// systemdUnits are what the manager knows: its message bus, a service that
// runs, one that failed after restarts, a job, a timer with a date and one
// without.
var systemdUnits = map[string]string{
	"default.target":  "[Unit]\nRequires=dbus.service\nWants=good.service bad.service daily.timer hourly.timer\n",
	"basic.target":    "[Unit]\n",
	"sysinit.target":  "[Unit]\n",
	"sockets.target":  "[Unit]\n",
	"timers.target":   "[Unit]\n",
	"shutdown.target": "[Unit]\nDefaultDependencies=no\n",
	"dbus.socket":     "[Socket]\nListenStream=%t/bus\n",
	"dbus.service":    "[Unit]\nRequires=dbus.socket\n[Service]\nType=notify\nNotifyAccess=main\nExecStart=DBUS --session --address=systemd: --nofork --nopidfile --systemd-activation\n",
	"good.service":    "[Service]\nExecStart=/bin/sleep 600\n",
	"bad.service":     "[Unit]\nStartLimitBurst=3\n[Service]\nExecStart=/bin/false\nRestart=on-failure\nRestartSec=10ms\n",
	"job.service":     "[Service]\nType=oneshot\nExecStart=/bin/true\n",
	"daily.timer":     "[Timer]\nOnCalendar=daily\nUnit=job.service\n",
	"hourly.timer":    "[Timer]\nOnActiveSec=1ms\nOnUnitActiveSec=1h\nAccuracySec=1ms\nUnit=job.service\n",
}

// systemdScript starts a service manager that has mounts and a
// control group of its own, so that the machine's are untouched.
const systemdScript = `set -e
mount --make-rprivate /
umount -l /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
mkdir -p /run/systemd
mount -t tmpfs none /run/systemd
mkdir /run/systemd/system
exec "$1" --user --log-target=console
`

// SystemdUser starts `systemd --user` with a message bus, both for the test
// alone. That takes root, since a service manager wants control groups; for
// other users the test is skipped. Units: good.service, bad.service,
// job.service, daily.timer, hourly.timer.
func SystemdUser(t *testing.T) *Systemd {
	t.Helper()
	bus, manager, unshare := Find(t, "dbus-daemon"), Find(t, "systemd"), Find(t, "unshare")
	s := &Systemd{systemctl: Find(t, "systemctl")}
	if os.Getuid() != 0 {
		t.Skip("a service manager of the test's own takes root, for its control group")
	}
	group := controlGroup(t)
	dir, err := os.MkdirTemp("", "nixwright-") //nolint:usetesting // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	units := filepath.Join(dir, "units")
	if err := os.Mkdir(units, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range systemdUnits {
		File(t, filepath.Join(units, name), strings.ReplaceAll(text, "DBUS", bus))
	}
	s.Runtime, s.Bus = dir, "unix:path="+dir+"/bus"
	enter := `echo $$ > "$1/cgroup.procs" && shift && exec "$@"`
	p := Start(t, func(c *exec.Cmd) {
		c.Env = append(os.Environ(), "HOME="+dir, "XDG_RUNTIME_DIR="+dir, "XDG_CONFIG_HOME="+dir, "XDG_DATA_HOME="+dir,
			"SYSTEMD_UNIT_PATH="+units, "DBUS_SESSION_BUS_ADDRESS="+s.Bus)
	}, "/bin/sh", "-c", enter, "sh", group, unshare, "--mount", "--cgroup",
		"/bin/sh", "-c", systemdScript, "sh", manager)
	t.Cleanup(func() { // at once, with every unit
		if err := os.WriteFile(filepath.Join(group, "cgroup.kill"), []byte("1"), 0o600); err != nil {
			t.Error(err)
		}
		<-p.done
	})
	p.Await(t, func(ctx context.Context) error {
		out, err := s.Systemctl(ctx, "show", "--property=ActiveState,LastTriggerUSec", "bad.service", "hourly.timer")
		if err != nil || !strings.Contains(out, "=failed") || strings.Contains(out, "LastTriggerUSec=\n") {
			return fmt.Errorf("it has not come so far: %w: %s", err, out)
		}
		return nil
	})
	return s
}

// Env are the variables that lead systemctl --user to this manager.
func (s *Systemd) Env() []string {
	return []string{"XDG_RUNTIME_DIR=" + s.Runtime, "DBUS_SESSION_BUS_ADDRESS=" + s.Bus}
}

// Systemctl runs systemctl on this manager, in UTC and in English.
func (s *Systemd) Systemctl(ctx context.Context, args ...string) (string, error) {
	c := exec.CommandContext(ctx, s.systemctl, append([]string{"--user", "--no-pager"}, args...)...)
	c.Env = append(os.Environ(), append(s.Env(), "LC_ALL=C", "TZ=UTC")...)
	out, err := c.CombinedOutput()
	return string(out), err
}

// controlGroup makes a control group of cgroup v2 below this process's own,
// which goes with the test.
func controlGroup(t *testing.T) string {
	t.Helper()
	own, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	_, path, _ := strings.Cut("\n"+string(own), "\n0::")
	path, _, _ = strings.Cut(path, "\n")
	var group string
	for _, root := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"} {
		if _, err = os.Stat(filepath.Join(root, "cgroup.controllers")); err == nil {
			group, err = os.MkdirTemp(filepath.Join(root, path), "nixwright-test-") //nolint:usetesting // it is no folder of files
			break
		}
	}
	if err != nil {
		t.Skipf("a service manager of the test's own wants a control group: %v", err)
	}
	t.Cleanup(func() {
		var all []string
		//nolint:gosec // the group was made above
		_ = filepath.WalkDir(group, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				all = append(all, path)
			}
			return nil
		})
		tick, over := time.NewTicker(between), time.After(stopLimit)
		defer tick.Stop()
		for _, path := range slices.Backward(all) {
			for err := os.Remove(path); err != nil; err = os.Remove(path) { // while its last program goes
				select {
				case <-tick.C:
				case <-over:
					t.Error(err)
					return
				}
			}
		}
	})
	return group
}
