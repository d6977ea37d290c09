package cli

import (
	"context"
	"io"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/steps"
)

// Station is a CI host that is watched, and asked for what is not watched.
// Nothing of it opens a connection before it is called.
type Station interface {
	Builds
	Actions

	// Connect opens the connection that all else goes through, where there is
	// one; ssh may ask the person for what it needs, so no screen is up yet.
	Connect(ctx context.Context) error
	// Sources are all that there are for this host and these credentials.
	Sources() []live.Source
	// See tells it what is known by now.
	See(s live.Snapshot)
	// Unit tells the journal of a unit, raw.
	Unit(ctx context.Context, unit string, lines func(raw []byte)) error
	Open(ctx context.Context, url string) error
	// Check has the cache looked at again.
	Check()
	// Count lists the bucket; the result is told by a source.
	Count(ctx context.Context) error
	Close()
}

// Builds are builds with their logs, as they are now.
type Builds interface {
	Build(ctx context.Context, n int64) (live.Build, error)
	BuildURL(b live.Build) string
	Steps(ctx context.Context, build int64) ([]state.BuildStep, error)
	Logs(ctx context.Context, step int64) ([]state.BuildLog, error)
	Log(ctx context.Context, id int64) (state.BuildLog, error)
	// Lines are raw lines of a log; Follow tells each time that it grew.
	Lines(ctx context.Context, l state.BuildLog, from, n int) ([]string, error)
	Follow(ctx context.Context, l state.BuildLog, grown func(state.BuildLog)) error
	Save(ctx context.Context, l state.BuildLog, w io.Writer) (int64, error)
}

// Actions are what can be done to a running CI.
type Actions interface {
	// Off is why builds cannot be restarted or stopped from here; empty: they
	// can. Collecting is what a collection would do.
	Off() string
	Collecting() string
	Restart(ctx context.Context, build int64) (request int64, err error)
	Stop(ctx context.Context, build int64) error
	Collect(ctx context.Context) (state.GCStatus, error)
}

// Watching is how a host is watched.
type Watching struct {
	Host   string // an ssh destination; empty: by the configuration
	Asks   bool   // ssh may ask
	Builds int    // so many are known; 0: the usual number
}

// station is a station with what a command needs around it.
type station struct {
	Station

	c *command
	l loaded
	// repo: the infra repository is here, so that the checklist can be looked at.
	repo bool
	seen atomic.Pointer[live.Snapshot]
}

// See keeps what is known by now, and tells the station.
func (s *station) See(snap live.Snapshot) {
	s.seen.Store(&snap)
	s.Station.See(snap)
}

// watch makes the station of this directory's host, and connects.
func (c *command) watch(ctx context.Context, w Watching) (*station, error) {
	l, err := c.load()
	if err != nil {
		return nil, err
	}
	maps.Copy(l.answers.Set, c.carried)
	repo := !l.isNew
	if l.isNew && w.Host == "" && c.app.OnHost != nil {
		if said, found := c.app.OnHost(); found {
			if err := over(&said, l.said); err != nil {
				return nil, wrongUse(err)
			}
			l.said, l.config = said, said.Derive()
			l.dir = state.Dir{Root: c.stateHome(), Paths: l.config.Paths}
		}
	}
	if err := c.trusted(l, nil); err != nil {
		return nil, err
	}
	if l.isNew && len(state.Required(l.said)) > 0 {
		return nil, wrongUse(nowhere(w.Host))
	}
	if err := l.complete(); err != nil {
		return nil, err
	}
	req, err := c.request(l)
	if err != nil {
		return nil, err
	}
	s, err := c.app.Watch(ctx, req, w)
	if err != nil {
		return nil, err
	}
	if err := s.Connect(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return &station{Station: s, c: c, l: l, repo: repo}, nil
}

// nowhere is the error of a directory that is no CI's, on a machine that is none.
func nowhere(host string) error {
	if host == "" {
		host = "HOST"
	}
	return state.Problem{
		What: "no CI is set up from this directory", Why: "there is no " + state.ConfigName + " here, and no CI on this machine",
		Fix: "-C DIR, where DIR is the infra repository with that file; or on the host itself: ssh -t " + host + " nixwright console",
	}
}

// over puts what the command line and the environment say over what is known.
func over(known *state.Config, said state.Config) error {
	for _, key := range state.ConfigKeys() {
		if v, ok := said.Value(key); ok {
			if err := known.Set(key, v); err != nil {
				return err
			}
		}
	}
	return nil
}

// stateHome is where the journal is kept on a host without an infra
// repository: the XDG state directory.
func (c *command) stateHome() string {
	if dir := c.io.Env("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "nixwright")
	}
	return filepath.Join(c.io.Env("HOME"), ".local", "state", "nixwright")
}

// sources are the station's of these names; none: all.
func (s *station) sources(names ...string) []live.Source {
	all := s.Sources()
	if len(names) == 0 {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(one live.Source) bool { return !slices.Contains(names, one.Name()) })
}

func realClock() live.Clock {
	clock := steps.RealClock()
	return live.Clock{Now: clock.Now, Sleep: clock.Sleep}
}

// everything is all that is watched, with the checklist where the infra
// repository is here.
func (s *station) everything() (all []live.Source, list *checklist) {
	list = newChecklist(s)
	if all = s.sources(); s.repo {
		all = append(all, list)
	}
	return all, list
}

// supervise watches sources until ctx ends; its queue is for one reader.
func supervise(ctx context.Context, all []live.Source) (q *live.Queue, wait func()) {
	const waiting = 4096
	q = live.NewQueue(waiting)
	var group sync.WaitGroup
	group.Go(func() {
		live.SuperviseAll(ctx, all, func(u live.Update) { _ = q.Put(ctx, u) }, realClock(), rand.Float64)
	})
	return q, group.Wait
}

// each hands over the snapshot after every batch of updates, until do says
// that it is enough, or ctx ends.
func (s *station) each(ctx context.Context, all []live.Source, do func(live.Snapshot) (enough bool)) error {
	ctx, stop := context.WithCancel(ctx)
	q, wait := supervise(ctx, all)
	defer func() { stop(); wait() }()
	snap := live.New()
	for {
		batch, err := q.Take(ctx)
		if err != nil {
			return err
		}
		for _, u := range batch {
			snap = live.Reduce(snap, u)
		}
		s.See(snap)
		if do(snap) {
			return nil
		}
	}
}

// firstWord is how long a command waits for a source's first word, and fullWord
// how long, after all have come or are down, for what it is about.
const (
	firstWord = 15 * time.Second
	fullWord  = 2 * time.Second
)

// gather is what sources say at first: until enough says so, all of them are
// down, or it has waited long enough. What did not come is missing in the
// snapshot, whose sources say why.
func (s *station) gather(ctx context.Context, enough func(*live.Snapshot) bool, names ...string) (live.Snapshot, error) {
	all := s.sources(names...)
	limited, stop := context.WithTimeout(ctx, firstWord)
	defer stop()
	var hurry *time.Timer
	last := live.New()
	err := s.each(limited, all, func(snap live.Snapshot) bool {
		last = snap
		up, settled := heard(&snap, all)
		if settled && hurry == nil {
			hurry = time.AfterFunc(fullWord, stop)
		}
		return enough(&snap) || settled && up == 0
	})
	if hurry != nil {
		hurry.Stop()
	}
	if ctx.Err() != nil {
		return last, ctx.Err()
	}
	if err != nil && limited.Err() == nil {
		return last, err
	}
	return last, nil
}

// heard says how many sources are up, and whether each is up or down.
func heard(s *live.Snapshot, all []live.Source) (up int, settled bool) {
	settled = true
	for _, src := range all {
		switch o, ok := s.Source(src.Name()); {
		case ok && o.Up:
			up++
		case !ok || o.Err == "":
			settled = false
		}
	}
	return up, settled
}

// down is the error of a source that is down; nil where it is up.
func down(s *live.Snapshot, name string) error {
	o, ok := s.Source(name)
	switch {
	case ok && o.Err != "":
		return state.Problem{What: name + " does not answer", Why: o.Err, Fix: "see that the host is up: nixwright status; -v shows every request"}
	case !ok || o.At.IsZero():
		return state.Problem{What: name + " did not answer in time", Why: "nothing came in " + firstWord.String(), Fix: "try again; -v shows every request"}
	}
	return nil
}
