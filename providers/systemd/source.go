package systemd

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/nixwright/nixwright/providers/runner"
	"github.com/nixwright/nixwright/state/live"
)

// SourceOptions say what is looked at.
type SourceOptions struct {
	Units  []string // full names: niks3.service
	Timers []string // full names: niks3-gc.timer

	// Of this machine only:
	Runner runner.Runner
	Bus    string // the D-Bus address of its systemd; empty: the system's
}

// Source is the source "systemd" of the console (live.Source): the units and
// timers of a host, its name and start, file systems, memory and listening
// sockets. What may not be read is said in Link.Note.
type Source struct {
	o     SourceOptions
	via   string
	shell Shell
	bus   bool
}

// NewSource looks at this machine: units over D-Bus, as they change, and the
// rest with programs that are there anyway (df, ss, journalctl).
func NewSource(o SourceOptions) *Source {
	return &Source{o: o, via: "D-Bus", shell: local{o.Runner}, bus: true}
}

// NewShellSource looks at a host through a shell on it, with one command for
// all that is due at a time: each 30 seconds, and the units each five while
// they change. via is how Link.Via calls the way.
func NewShellSource(sh Shell, via string, o SourceOptions) *Source {
	return &Source{o: o, via: via, shell: sh}
}

// Name implements live.Source.
func (s *Source) Name() string { return "systemd" }

// Watch implements live.Source.
func (s *Source) Watch(ctx context.Context, emit func(live.Update)) error {
	if err := checkUnits(s.names()...); err != nil {
		return fmt.Errorf("watch host: %w", err)
	}
	w := &watcher{Source: s, emit: emit, faults: map[string]*trouble{}}
	var poke, closed <-chan struct{}
	if s.bus {
		b, err := OpenBus(ctx, s.o.Bus)
		if err != nil {
			return err
		}
		defer b.Close()
		if poke, err = b.listen(ctx, s.names()); err != nil {
			return err
		}
		w.ask, closed = b.look, b.closed
	}
	for {
		if err := w.look(ctx); err != nil {
			return err
		}
		if err := w.rest(ctx, poke, closed); err != nil {
			return err
		}
	}
}

// Journal hands over the last 200 lines of a unit's log, as journalctl prints
// them and whatever is in them, and every further one until ctx ends, which is
// its error. What journalctl says of itself comes as a line too. Lines are cut
// at 64 KiB.
func (s *Source) Journal(ctx context.Context, unit string, lines func(string)) error {
	const op = "follow log"
	if err := checkUnits(unit); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	cut := &cutter{lines: lines}
	err := s.shell.Sh(ctx, op, followScript(unit), cut)
	cut.flush()
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%s of %s: %w", op, unit, ctx.Err())
	case err == nil:
		err = errors.New("journalctl has ended")
	}
	return fmt.Errorf("%s of %s: %w", op, unit, err)
}

func (s *Source) names() []string { return slices.Concat(s.o.Units, s.o.Timers) }
