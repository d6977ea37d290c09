// Package systemd looks at a machine that systemd runs: its units and timers,
// over D-Bus on the machine itself and by what `systemctl show` prints
// elsewhere, its journal, and the figures of the machine around them. Source
// tells all of that to the console, the same from near and far.
//
// Property names and their forms are systemd's own (org.freedesktop.systemd1
// in its D-Bus documentation); the command is to be run with TZ=UTC, since a
// zone's abbreviation does not say which zone it is.
package systemd

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nixwright/nixwright/state"
)

// Properties is the value of --property with which Units and Timer can read
// the output.
const Properties = "Id,LoadState,ActiveState,SubState,Result,NRestarts,LastTriggerUSec,NextElapseUSecRealtime," +
	"ActiveEnterTimestamp,InactiveEnterTimestamp,StateChangeTimestamp"

// Units reads the units that `systemctl show NAME...` printed, one block of
// KEY=value lines each, in the order asked for. Properties that a unit's kind
// or an old systemd lacks are left empty.
func Units(output string) ([]state.Unit, error) {
	var all []state.Unit
	for _, b := range blocks(output) {
		u, err := b.unit()
		if err != nil {
			return nil, err
		}
		all = append(all, u)
	}
	return all, nil
}

// Timer reads the one timer that `systemctl show NAME.timer` printed. Its
// times are zero where there is none; of a timer that counts from boot systemd
// tells no date for the next run.
func Timer(output string) (state.Timer, error) {
	all, err := look(output)
	switch {
	case err != nil:
		return state.Timer{}, err
	case len(all) != 1:
		return state.Timer{}, fmt.Errorf("read timer: systemctl printed %d units, want 1", len(all))
	}
	return all[0].timer(), nil
}

// seen is a unit with the times that systemd knows of it; last and next are
// those of a timer.
type seen struct {
	state.Unit

	since, last, next time.Time
}

func (u seen) timer() state.Timer { return state.Timer{Unit: u.Unit, Last: u.last, Next: u.next} }

// sinceProperty is the time from which on a unit is as it is: a reload does
// not count.
func sinceProperty(u state.Unit) string {
	switch u.Active {
	case "active", "reloading":
		return "ActiveEnterTimestamp"
	case "inactive", "failed":
		return "InactiveEnterTimestamp"
	}
	return "StateChangeTimestamp"
}

// look reads units with their times.
func look(output string) ([]seen, error) {
	var all []seen
	for _, b := range blocks(output) {
		unit, err := b.unit()
		if err != nil {
			return nil, err
		}
		u := seen{Unit: unit}
		for property, at := range map[string]*time.Time{sinceProperty(unit): &u.since, "LastTriggerUSec": &u.last, "NextElapseUSecRealtime": &u.next} {
			if *at, err = Time(b[property]); err != nil {
				return nil, fmt.Errorf("read %s of %s: %w", property, unit.Name, err)
			}
		}
		all = append(all, u)
	}
	return all, nil
}

// block is what systemctl printed of one unit.
type block map[string]string

// blocks cuts the output at its blank lines.
func blocks(output string) []block {
	var all []block
	var now block
	for line := range strings.Lines(output) {
		key, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), "=")
		switch {
		case !ok:
			now = nil
			continue
		case now == nil:
			now = block{}
			all = append(all, now)
		}
		now[key] = value
	}
	return all
}

// unit is what is known of every kind of unit.
func (b block) unit() (state.Unit, error) {
	u := state.Unit{
		Name:   text(b["Id"]),
		Load:   text(b["LoadState"]),
		Active: text(b["ActiveState"]),
		Sub:    text(b["SubState"]),
		Result: text(b["Result"]),
	}
	if u.Name == "" || u.Load == "" {
		return u, fmt.Errorf("read units: no Id or LoadState in what systemctl printed (%d properties)", len(b))
	}
	if n := b["NRestarts"]; n != "" {
		restarts, err := strconv.ParseUint(n, 10, 31)
		if err != nil {
			return u, fmt.Errorf("read restarts of %s: %w", u.Name, err)
		}
		u.Restarts = int(restarts)
	}
	return u, nil
}

// text is a word that comes from another machine.
func text(s string) string { return state.CleanText(s, 100) }
