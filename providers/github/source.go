package github

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
)

// The measures of a source. Each request costs a minute of rest, so that there
// are at most 60 an hour; deliveries are looked at each time, the rest of it
// (permissions, installations, which hooks there are) each fifth time.
const (
	costs     = time.Minute
	leastRest = 2 * time.Minute
	wholeTurn = 5
)

// SourceOptions say what is looked at.
type SourceOptions struct {
	Repos  []string      // owner/name
	Domain string        // of the CI: hooks that lead elsewhere are not told; empty: all are
	App    state.AppAuth // the CI's App; without a key only what the client's token may see is told
	Clock  live.Clock    // the one of live.Supervise
}

// Source is the source "GitHub" of the console (live.Source): webhooks and
// their deliveries, what the App lacks, and the rate limit. It asks as the App,
// or as the client's token; what neither may see is said in Link.Note. It is
// watched by one at a time.
type Source struct {
	o     SourceOptions
	c     *Client // whose requests are counted
	asked *readings
	due   time.Time // when the next request may be made

	// As last seen:
	app    state.App // ID 0: not seen
	hooks  live.Hooks
	figure live.GitHub
	names  map[int64]string // repositories by number
	keys   map[int64]key    // of installations
	by     map[string]int64 // the installation that covers a repository
}

// key is an installation's access token.
type key struct {
	c    *Client // that signs in with it
	ends time.Time
}

// NewSource makes the source of a client, whose HTTP client should remember
// answers (httpx.Options.Remember): asking again then costs nothing of GitHub's
// limit.
func NewSource(c *Client, o SourceOptions) *Source {
	s := &Source{o: o, asked: &readings{}, names: map[int64]string{}, keys: map[int64]key{}, by: map[string]int64{}}
	metered := *c
	if c.bad == nil {
		metered.open, metered.signed = s.asked.over(c.open, o.Clock.Now), s.asked.over(c.signed, o.Clock.Now)
	}
	s.c = &metered
	return s
}

// Name implements live.Source.
func (s *Source) Name() string { return service }

// Watch implements live.Source.
func (s *Source) Watch(ctx context.Context, emit func(live.Update)) error {
	if s.o.App.Key.Empty() && !s.c.user {
		emit(live.Update{News: live.Link{Up: true, Note: "no App key and no token here: nothing of GitHub is known"}})
		<-ctx.Done()
		return fmt.Errorf("watch GitHub: %w", ctx.Err())
	}
	for turn := 0; ; turn++ {
		if wait := s.due.Sub(s.o.Clock.Now()); wait > 0 {
			if err := s.o.Clock.Sleep(ctx, wait); err != nil {
				return fmt.Errorf("watch GitHub: %w", err)
			}
		}
		before := s.asked.total()
		l := &look{Source: s, emit: emit}
		err := l.all(ctx, turn%wholeTurn == 0)
		calls := s.asked.total() - before
		s.due = s.o.Clock.Now().Add(time.Duration(calls) * costs)
		if err != nil {
			return err
		}
		if rest := s.o.Clock.Now().Add(leastRest); s.due.Before(rest) {
			s.due = rest
		}
	}
}

// look is one look around.
type look struct {
	*Source

	emit  func(live.Update)
	notes []string
}

// all looks, and tells; whole is at everything.
func (l *look) all(ctx context.Context, whole bool) error {
	steps := []func(context.Context) error{l.deliveries}
	if whole {
		steps = []func(context.Context) error{l.theApp, l.installations, l.theHooks, l.deliveries}
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	if whole {
		if l.o.App.Key.Empty() {
			l.notes = append(l.notes, "no App key here: permissions and installations are not checked")
		}
		l.emit(live.Update{News: live.Link{Up: true, Via: "polling", Note: strings.Join(l.notes, "; ")}})
		l.emit(live.Update{News: live.Tell[live.Hooks]{Value: live.Hooks{App: l.hooks.App, Repos: slices.Clone(l.hooks.Repos)}}})
	}
	l.figure.Limit, l.figure.Left, l.figure.Reset = l.asked.rate()
	l.figure.Calls = l.asked.lately(l.o.Clock.Now())
	l.emit(live.Update{News: live.Tell[live.GitHub]{Value: l.figure}})
	return nil
}

// note keeps what may not be seen; what another try may mend is an error.
func (l *look) note(err error) error {
	if err == nil {
		return nil
	}
	for _, again := range []error{state.ErrOffline, state.ErrLimited, state.ErrService, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, again) {
			return err
		}
	}
	if text := state.CleanText(err.Error(), 200); !slices.Contains(l.notes, text) {
		l.notes = append(l.notes, text)
	}
	return nil
}
