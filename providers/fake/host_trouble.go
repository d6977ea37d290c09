package fake

import "strings"

// Trouble is how a unit comes up after a deployment, other than at once. One
// look is one systemctl show.
type Trouble struct {
	Fails bool   `json:"fails,omitempty"` // it is failed
	Flaps bool   `json:"flaps,omitempty"` // it starts and fails in turn, and restarts each time
	Looks int    `json:"looks,omitempty"` // after so many it is up; 0: never, or at once where it only starts
	Log   string `json:"log,omitempty"`   // its own lines in the journal
}

// olderHash is of the files of another commit.
const olderHash = "0ld57a7e0ld57a7e0ld57a7e0ld57a7e0ld57a7e0ld57a7e0ld57a7e0ld57a7e"

// hostLooked lets the units with trouble go on, where systemctl is run.
func (w *World) hostLooked(call sshCall) {
	trouble := false
	w.Look(func(s *State) { trouble = len(s.Host.Trouble) > 0 })
	if trouble && strings.Contains(call.command, "systemctl show") {
		_ = w.Update(func(s *State) error { s.Host.tick(); return nil })
	}
}

// begin puts the units with trouble into their first state.
func (h *HostState) begin() {
	for name, t := range h.Trouble {
		u := hostUnit{Name: name, Active: "activating", Sub: "start", Result: "success"}
		if t.Flaps || t.Fails {
			u.Result, u.Log = "exit-code", around(strings.TrimSuffix(name, ".service"), t.Log)
		}
		if t.Fails {
			u.Active, u.Sub = "failed", "failed"
		}
		h.setUnit(u)
	}
}

// tick is one look.
func (h *HostState) tick() {
	for name, t := range h.Trouble {
		u := find(h.Units, func(o *hostUnit) bool { return o.Name == name })
		if u == nil { // nothing is deployed yet
			continue
		}
		switch {
		case t.Looks == 1:
			*u = hostUnit{Name: name, Active: "active", Sub: "running", Result: "success"}
			delete(h.Trouble, name)
			continue
		case t.Looks > 1:
			t.Looks--
			h.Trouble[name] = t
		}
		if t.Flaps {
			if u.Active, u.Sub = "activating", "auto-restart"; u.Restarts%2 == 0 {
				u.Active, u.Sub = "failed", "failed"
			}
			u.Restarts++
		}
	}
}

// around is a unit's own lines with what systemd says before and after a
// failure (systemd 255).
func around(name, log string) string {
	return "Starting " + name + "...\n" + strings.TrimSuffix(log, "\n") + "\n" +
		name + ".service: Main process exited, code=exited, status=1/FAILURE\n" + name + ".service: Failed with result 'exit-code'.\nFailed to start " + name + ".\n"
}

// failedLog is the log of a service that refuses its secrets.
func failedLog(name string) string {
	says := map[string]string{
		"niks3":           "level=INFO msg=\"starting niks3\"\nlevel=ERROR msg=\"cannot use the API token\" err=\"too short\"\n",
		"buildbot-master": "Traceback (most recent call last):\n  File \"master.cfg\", line 12, in <module>\nValueError: the workers file is not as it should be\n",
		"buildbot-worker": "error: the master refuses the password of this worker\n",
		"oauth2-proxy":    "invalid configuration:\n  cookie_secret must be 16, 24, or 32 bytes\n",
	}[name]
	return around(name, says)
}
