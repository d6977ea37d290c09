package niks3

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
)

// The pauses between two looks at the same thing, and how long one may take.
const (
	pauseRunning = time.Second // while a collection runs
	pauseQuick   = 5 * time.Second
	pauseSlow    = time.Minute
	lookLimit    = 5 * time.Second
)

// SourceOptions are what a Source needs besides its server.
type SourceOptions struct {
	Token state.Secret // of niks3's API; empty: the collection and the pins are not looked at, and the link says so
	Clock live.Clock
	// Away says that the way to niks3's host is down, so that its silence says
	// nothing of niks3; nil: it never is.
	Away func() bool
}

// Source tells how niks3 is: health, collection, size, uploads, metrics,
// configuration, pins. What this niks3 does not offer, or not without a token,
// is named in the note of its link. It is down while niks3 does not answer.
type Source struct {
	c    *Client
	o    SourceOptions
	ring chan struct{}
	sick bool // bad health was told, and no good one since
}

// NewSource returns the live.Source "niks3" of a server.
func NewSource(c *Client, o SourceOptions) *Source {
	return &Source{c: c, o: o, ring: make(chan struct{}, 1)}
}

// Name is "niks3".
func (s *Source) Name() string { return "niks3" }

// Look makes it look at everything now: after a collection was started, or
// where somebody asks. It does not wait, and may be called from anywhere.
func (s *Source) Look() {
	select {
	case s.ring <- struct{}{}:
	default: // it is about to
	}
}

// Watch implements live.Source: it asks until ctx ends or niks3 does not
// answer GET /health as it should.
func (s *Source) Watch(ctx context.Context, emit func(live.Update)) error {
	all := s.looks(emit)
	said := ""
	for {
		if err := s.health(ctx, emit); err != nil {
			return err
		}
		if s.round(ctx, all); ctx.Err() != nil {
			return ctx.Err()
		}
		if text := notes(all, s.o.Token.Empty()); text != said {
			said = text
			emit(live.Update{News: live.Link{Up: true, Via: "polling", Note: text}})
		}
		next := s.o.Clock.Now().Add(pauseQuick)
		for _, l := range all {
			if l.next.Before(next) {
				next = l.next
			}
		}
		rung, err := s.pause(ctx, next.Sub(s.o.Clock.Now()))
		if err != nil {
			return err
		}
		for _, l := range all {
			if rung {
				l.next = time.Time{}
			}
		}
	}
}

// round makes the looks that are due, up to one that gets no answer: niks3 may
// be gone.
func (s *Source) round(ctx context.Context, all []*look) {
	for _, l := range all {
		if s.o.Clock.Now().Before(l.next) {
			continue
		}
		call, end := context.WithTimeout(httpx.Once(ctx), lookLimit)
		again, lacks, err := l.ask(call)
		l.lacks, l.err = lacks, err
		end()
		if errors.Is(l.err, state.ErrUnauthorized) || len(l.lacks) > 0 {
			again = pauseSlow
		}
		l.next = s.o.Clock.Now().Add(again)
		if errors.Is(l.err, state.ErrOffline) || ctx.Err() != nil {
			return
		}
	}
}

// health tells whether niks3 answers. That it does not is told once: since then
// it is so.
func (s *Source) health(ctx context.Context, emit func(live.Update)) error {
	call, end := context.WithTimeout(httpx.Once(ctx), lookLimit)
	defer end()
	err := s.c.Health(call)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil:
		s.sick = false
		tell(emit, live.Health{OK: true})
	case !s.sick && (s.o.Away == nil || !s.o.Away()):
		s.sick = true
		tell(emit, live.Health{Text: err.Error()})
	}
	return err
}

// pause waits, at most until somebody rings.
func (s *Source) pause(ctx context.Context, d time.Duration) (rung bool, err error) {
	sleep, wake := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		select {
		case <-s.ring:
			rung = true
			wake()
		case <-sleep.Done():
		}
	})
	_ = s.o.Clock.Sleep(sleep, max(0, d))
	wake()
	wg.Wait()
	return rung, ctx.Err()
}

func tell[T live.Figure](emit func(live.Update), v T) {
	emit(live.Update{News: live.Tell[T]{Value: v}})
}

// notes is what a link says besides that it is up.
func notes(all []*look, noToken bool) string {
	var needs, refused, failed []string
	lacks := map[string][]string{} // by what they need
	for _, l := range all {
		for _, what := range l.lacks {
			need := state.Niks3Needs(what)
			if lacks[need] == nil {
				needs = append(needs, need)
			}
			lacks[need] = append(lacks[need], what)
		}
		switch {
		case errors.Is(l.err, state.ErrUnauthorized):
			refused = append(refused, l.what)
		case l.err != nil:
			failed = append(failed, l.err.Error())
		}
	}
	var out []string
	if noToken {
		out = append(out, "no token of niks3 here: "+state.Niks3GCStatus+" and "+state.Niks3Pins+" are not known")
	}
	if len(refused) > 0 {
		out = append(out, "niks3 does not take its token: "+strings.Join(refused, " and ")+" are not known")
	}
	for _, need := range needs {
		out = append(out, strings.Join(lacks[need], ", ")+": "+need)
	}
	return strings.Join(append(out, failed...), "; ")
}
