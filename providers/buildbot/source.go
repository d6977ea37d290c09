package buildbot

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
)

// Way is a way to learn what happens at a master, the best first.
type Way uint8

// The ways.
const (
	WebSocket Way = iota
	ServerSent
	Polling
)

// String is the way's name, as live.Link has it.
func (w Way) String() string { return []string{"WebSocket", "SSE", "polling"}[w] }

// The measures of a Source. A better way is tried again after retryPause.
const (
	defaultBuilds = 2000
	pollPause     = 3 * time.Second
	retryPause    = time.Minute
)

// SourceOptions are what a Source may be told; the zero value is good.
type SourceOptions struct {
	Builds   int           // how many of the newest builds it tells, about; 0: 2000
	Ways     []Way         // those that it may use, the best first; none: all
	Patience time.Duration // how long an answer may take, and a silent connection is trusted; 0: 15 s
	Clock    live.Clock    // the one of live.Supervise; without Now: the real one
}

// Source is the builds, builders, steps, requests, workers and changes of a
// master, as a live.Source. It is watched by one at a time.
type Source struct {
	c *Client
	o SourceOptions

	// What outlives a connection, so that the next one knows what it missed.
	mu      sync.Mutex
	top     int64              // all from the first one that was told up to this one were told; -1: none was
	running map[int64]bool     // builds that ran when last heard of
	wanted  map[int64]struct{} // builds whose properties are still to be read
}

// NewSource is the source named "buildbot". It opens nothing before Watch.
func NewSource(c *Client, o SourceOptions) *Source {
	o.Builds = cmp.Or(o.Builds, defaultBuilds)
	o.Patience = cmp.Or(o.Patience, patience)
	if len(o.Ways) == 0 {
		o.Ways = []Way{WebSocket, ServerSent, Polling}
	}
	if o.Clock.Now == nil {
		o.Clock = live.Clock{Now: time.Now, Sleep: pause}
	}
	return &Source{c: c, o: o, top: -1, running: map[int64]bool{}, wanted: map[int64]struct{}{}}
}

// pause waits for d or until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Name implements live.Source.
func (s *Source) Name() string { return "buildbot" }

// errBetter ends a connection for a better way.
var errBetter = errors.New("a better way is open")

// Watch implements live.Source: it takes the best way that can be opened, and
// looks from time to time whether a better one can. Its Link says which way it
// is and why no better one. It first listens, then tells all there is, then
// older builds; what it tells later is what happens. It ends when ctx does, or
// when the master is not there: then with why.
func (s *Source) Watch(ctx context.Context, emit func(live.Update)) error {
	for {
		err := s.best(ctx, emit)
		if !errors.Is(err, errBetter) {
			return err
		}
	}
}

// best watches by the best way that can be opened.
func (s *Source) best(ctx context.Context, emit func(live.Update)) error {
	// A master that does not answer this is not there: no way leads to it.
	_, err := within(ctx, s.o.Patience, func(ctx context.Context) ([]wireMaster, error) {
		return rows[wireMaster](ctx, s.c, ask{"reach buildbot", "/masters", "masters", url.Values{"limit": {"1"}}})
	})
	if err != nil {
		return err
	}
	note := ""
	for i, way := range s.o.Ways {
		var opened bool
		if opened, err = newSession(s, way, note, emit).run(ctx, s.o.Ways[:i]); opened || ctx.Err() != nil {
			return err
		}
		note = way.String() + ": " + err.Error()
	}
	return err
}

// listen is told of events by a way that has them.
func (s *Source) listen(ctx context.Context, way Way, listening func(), emit func(key string, message []byte)) error {
	w := Watch{
		Paths:     []string{"builds/*/*", "steps/*/*", "buildrequests/*/*", "buildsets/*/*", "workers/*/*", "changes/*/*", "builders/*/*"},
		Listening: listening, Patience: s.o.Patience,
	}
	if way == WebSocket {
		return s.c.watch(ctx, w, emit)
	}
	return s.c.listen(ctx, w, emit)
}

// opens says whether a way can be opened now.
func (s *Source) opens(ctx context.Context, way Way) (yes bool) {
	ctx, cancel := context.WithTimeout(ctx, 2*s.o.Patience)
	defer cancel()
	_ = s.listen(ctx, way, func() { yes = true; cancel() }, func(string, []byte) {})
	return yes
}

// within calls f with so much time.
func within[T any](ctx context.Context, limit time.Duration, f func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return f(ctx)
}

// want notes builds whose properties are to be read.
func (s *Source) want(ids ...int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		s.wanted[id] = struct{}{}
	}
}

// have notes that properties were read.
func (s *Source) have(ids []int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		delete(s.wanted, id)
	}
}

// wants is whose properties are to be read.
func (s *Source) wants() []int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.wanted))
}

// runs notes which of some builds run.
func (s *Source) runs(all ...state.Build) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range all {
		if b.Done {
			delete(s.running, b.ID)
		} else {
			s.running[b.ID] = true
		}
	}
}

// ran are the builds that ran when last heard of.
func (s *Source) ran() map[int64]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.running)
}
