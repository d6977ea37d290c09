package console

import (
	"time"

	"github.com/nixwright/nixwright/ui/widget"
)

// longest is from which age on a figure of a source is old, although the source
// is up: several of its usual pauses. One that tells only what changes is not
// in the table: what it told holds as long as it is up.
var longest = map[string]time.Duration{
	"niks3":        3 * time.Minute,
	"systemd":      3 * time.Minute,
	"cache":        45 * time.Minute,
	"Cloudflare":   15 * time.Minute,
	"GitHub":       time.Hour,
	"certificates": 24 * time.Hour,
	"checklist":    3 * time.Hour,
}

// old says whether what a source told at a time is greyed now, and how old it
// is: "12m old".
func (s scene) old(source string, at time.Time) (note string, stale bool) {
	origin, known := s.snap.Source(source)
	limit, polled := longest[source]
	if known && !origin.Up && !polled && origin.Since.After(at) {
		at = origin.Since // what it told held until then
	}
	age := s.now.Sub(at)
	stale = known && !origin.Up || polled && age > limit
	return coarse(age) + " old", stale
}

// coarse is an age in steps that let a screen rest: seconds up to ten, then
// tens of them, then minutes, hours, days.
func coarse(d time.Duration) string {
	const step = 10 * time.Second
	if d >= step {
		d = d.Truncate(step)
	}
	return widget.Age(d)
}
