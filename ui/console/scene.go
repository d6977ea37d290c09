package console

import (
	"time"

	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/tui"
)

// Options are one console.
type Options struct {
	// Host is what the header calls the host: a short name.
	Host string
	// Off is why actions are off ("start with --allow-actions"); empty: they
	// are on.
	Off string
	// BuildsOff is why builds cannot be restarted or stopped from here, where
	// the other actions can; empty: they can.
	BuildsOff string
	// Collecting is what a collection would do, as its dialog says it.
	Collecting string
	// Forced is the bucket's name where a collection would be forced, which
	// takes what is being pushed too: the name has to be typed. Empty: it would
	// not.
	Forced string
	// Zone is the zone of the clock times.
	Zone *time.Location
	// Desk does what keys ask for.
	Desk Desk
	// First is the snapshot to begin with.
	First live.Snapshot
}

// scene is what every tab sees: a snapshot and what follows from it at a time.
// It is a value; Console makes a new one for each Told and each second.
type scene struct {
	snap   live.Snapshot
	alerts []live.Alert
	truth  live.Truth
	now    time.Time
	opts   *Options
	red    glimpses    // where builds failed
	theme  theme.Theme // of the window, for the header
	width  int
}

// at is the scene at another time.
func (s scene) at(now time.Time) scene {
	if s.opts.Zone != nil {
		now = now.In(s.opts.Zone)
	}
	s.now = now
	s.alerts = s.snap.Alerts(now)
	s.truth = s.snap.Truth(s.alerts, now)
	return s
}

// in is the scene in a window.
func (s scene) in(env tui.Env) scene {
	s.theme, s.width = env.Theme, env.Width
	return s
}

// with is the scene with another snapshot.
func (s scene) with(snap live.Snapshot, now time.Time) scene {
	s.snap = snap
	return s.at(now)
}
