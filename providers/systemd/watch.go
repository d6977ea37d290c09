package systemd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
)

// How often a source looks. A unit that changes is looked at often where nobody
// tells of changes; where D-Bus does, those that come together are told together.
const (
	movingRest  = 5 * time.Second
	figuresRest = 30 * time.Second
	journalRest = 5 * time.Minute
	apart       = 100 * time.Millisecond
	lookLimit   = 20 * time.Second
)

// watcher is one Watch.
type watcher struct {
	*Source

	emit func(live.Update)
	ask  func(ctx context.Context, names []string) ([]seen, error) // nil: the shell tells of units too

	last   []seen
	moving bool // a unit is on its way, or was not as it is now
	faults map[string]*trouble

	figuresAt, journalAt time.Time // when they were read
	memory               live.Memory

	linked bool
	note   string   // that was told
	lacks  []string // what could not be read
	denied bool     // the journal, or part of it
}

// depth is how much is due. Units come first: they are what a page waits for.
func (w *watcher) depth(now time.Time) depth {
	switch {
	case w.last == nil:
		return units
	case now.Sub(w.journalAt) >= journalRest:
		return journal
	case now.Sub(w.figuresAt) >= figuresRest:
		return figures
	}
	return units
}

// look reads what is due and tells it.
func (w *watcher) look(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	err := w.read(limited, time.Now())
	if err != nil && ctx.Err() == nil && limited.Err() != nil {
		err = &state.CallError{Service: "sh", Op: "look at host", Kind: state.ErrOffline, Text: fmt.Sprintf("not done within %v", lookLimit)}
	}
	return err
}

func (w *watcher) read(ctx context.Context, now time.Time) error {
	d := w.depth(now)
	var asked []string
	if w.ask == nil {
		asked = w.names()
	}
	has := map[string]string{}
	if d > units || len(asked) > 0 {
		var out bytes.Buffer
		if err := w.shell.Sh(ctx, "look at host", script(asked, d), head{&out}); err != nil {
			return err
		}
		has = sections(out.String())
	}
	all, err := w.listed(ctx, has["units"])
	if err != nil {
		return err
	}
	news, err := w.explained(ctx, all[:len(w.o.Units)], now)
	if err != nil {
		return err
	}
	more := w.measured(has, d, now)
	w.link()
	w.emit(live.Update{News: news})
	if len(w.o.Timers) > 0 {
		timers := make(live.Timers, 0, len(w.o.Timers))
		for _, u := range all[len(w.o.Units):] {
			timers = append(timers, u.timer())
		}
		w.emit(live.Update{News: live.Tell[live.Timers]{Value: timers}})
	}
	for _, n := range more {
		w.emit(live.Update{News: n})
	}
	return nil
}

// listed are the units, and the timers after them, in the order asked for.
func (w *watcher) listed(ctx context.Context, printed string) (all []seen, err error) {
	if w.ask != nil {
		all, err = w.ask(ctx, w.names())
	} else if all, err = look(printed); err == nil && len(all) != len(w.names()) {
		err = &state.CallError{Service: "systemctl", Op: "read units", Kind: state.ErrService, Text: state.CleanText(printed, 200)}
	}
	if err != nil {
		return nil, err
	}
	w.moving = false
	for i, u := range all {
		w.moving = w.moving || u.Sub == "auto-restart" || len(w.last) == len(all) && w.last[i] != u ||
			u.Active == "activating" || u.Active == "deactivating" || u.Active == "reloading"
	}
	w.last = all
	return all, nil
}

// measured are the figures of the machine.
func (w *watcher) measured(has map[string]string, d depth, now time.Time) (news []live.News) {
	if d < figures {
		return nil
	}
	w.figuresAt, w.lacks = now, nil
	lack := func(err error) bool {
		if err != nil {
			w.lacks = append(w.lacks, err.Error())
		}
		return err != nil
	}
	all, store, err := disks(has["disks"])
	if !lack(err) {
		news = append(news, live.Tell[live.Disks]{Value: all})
	}
	begun, err := boot(has["boot"])
	lack(err)
	news = append(news, live.Tell[live.Host]{Value: live.Host{Name: text(strings.TrimSpace(has["host"])), Boot: begun, Store: store}})
	if d == journal {
		var log []entry
		if log, w.denied = entries(has["kills"]); !w.denied {
			w.memory = killed(log)
		}
		w.journalAt = now
	}
	bytes, used, err := memory(has["memory"])
	if !lack(err) {
		w.memory.Bytes, w.memory.Used = bytes, used
		news = append(news, live.Tell[live.Memory]{Value: w.memory})
	}
	listening, err := sockets(has["sockets"])
	if !lack(err) {
		news = append(news, live.Tell[live.Sockets]{Value: listening})
	}
	return news
}

// link says how the source is connected and what it cannot read, where that is
// new.
func (w *watcher) link() {
	lacks := w.lacks
	if w.denied {
		lacks = append(slices.Clip(lacks), "the journal is for group systemd-journal or wheel: no errors, no kills for memory")
	}
	note := strings.Join(lacks, "; ")
	if w.linked && note == w.note {
		return
	}
	w.linked, w.note = true, note
	w.emit(live.Update{News: live.Link{Up: true, Via: w.via, Note: note}})
}

// rest waits until something is due, or one of the units may have changed, or
// the way to the host has ended, which the next look tells.
func (w *watcher) rest(ctx context.Context, poke, closed <-chan struct{}) error {
	if w.ask == nil {
		poke = w.shell.Gone()
	}
	wait := max(0, time.Until(w.figuresAt.Add(figuresRest)))
	if w.moving && w.ask == nil {
		wait = min(wait, movingRest)
	}
	if err := pause(ctx, min(wait, apart), nil, closed); err != nil {
		return err
	}
	return pause(ctx, wait-apart, poke, closed)
}

// pause waits for so long, or until it is poked.
func pause(ctx context.Context, d time.Duration, poke, closed <-chan struct{}) error {
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-ctx.Done():
		case <-closed:
		case <-poke:
		case <-timer.C:
		}
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("watch host: %w", err)
	}
	select {
	case <-closed:
		return busError("watch units", errors.New("the message bus has gone"))
	default:
		return nil
	}
}
