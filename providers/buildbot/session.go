package buildbot

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/nixwright/nixwright/state/live"
)

// session is one connection of a Source, from its opening to its end.
type session struct {
	*Source

	way  Way
	link func() // tells the Link, before all else
	emit func(live.Update)
	some chan struct{} // of one place: properties are wanted
	gap  chan struct{} // of one place: builds between two looks are missing

	mu       sync.Mutex
	seen     int64           // the newest build
	low      int64           // all from this one to seen were told; 0: all there are
	count    int             // how many the first look told
	closed   bool            // nothing is missing below seen
	builders map[int64]bool  // those that were told
	bare     map[int64]bool  // builds that run and whose commit was not known yet
	sets     map[int64]int64 // of the requests that are not complete: request -> buildset
	parents  map[int64]int64 // of the buildsets that are not complete: buildset -> build, 0: none
}

func newSession(s *Source, way Way, note string, emit func(live.Update)) *session {
	return &session{
		Source: s, way: way, emit: emit, some: make(chan struct{}, 1), gap: make(chan struct{}, 1),
		link: sync.OnceFunc(func() {
			emit(live.Update{At: s.o.Clock.Now(), News: live.Link{Up: true, Via: way.String(), Note: note}})
		}),
		builders: map[int64]bool{}, bare: map[int64]bool{}, sets: map[int64]int64{}, parents: map[int64]int64{},
	}
}

// tell tells what was true at a time or later.
func (x *session) tell(at time.Time, news live.News) {
	x.link()
	x.emit(live.Update{At: at, News: news})
}

var errUnopened = errors.New("open: nobody answers")

// run is the session. It has ended when run returns; opened says whether it
// ever began. The better ways are tried again meanwhile.
func (x *session) run(ctx context.Context, better []Way) (opened bool, err error) {
	ctx, end := context.WithCancelCause(ctx)
	var all sync.WaitGroup
	defer func() { end(nil); all.Wait() }()
	if x.way == Polling {
		if err := x.sync(ctx, true); err != nil {
			return false, err
		}
		all.Go(func() { end(x.poll(ctx)) })
	} else {
		listening := make(chan struct{})
		impatient := time.AfterFunc(2*x.o.Patience, func() { end(errUnopened) })
		all.Go(func() {
			end(x.listen(ctx, x.way, func() {
				if impatient.Stop() {
					close(listening)
				}
			}, x.event))
		})
		select {
		case <-ctx.Done():
			return false, context.Cause(ctx)
		case <-listening:
		}
		if err := x.sync(ctx, true); err != nil {
			end(err)
			return true, context.Cause(ctx)
		}
	}
	for _, f := range []func(context.Context) error{x.details, x.older, func(ctx context.Context) error { return x.improve(ctx, better) }} {
		all.Go(func() {
			if err := f(ctx); err != nil {
				end(err)
			}
		})
	}
	<-ctx.Done()
	return true, context.Cause(ctx)
}

// poll reads all again and again.
func (x *session) poll(ctx context.Context) error {
	for {
		if err := x.o.Clock.Sleep(ctx, pollPause); err != nil {
			return err
		}
		if err := x.sync(ctx, false); err != nil {
			return err
		}
	}
}

// improve returns errBetter when a better way is open.
func (x *session) improve(ctx context.Context, better []Way) error {
	for len(better) > 0 {
		if err := x.o.Clock.Sleep(ctx, retryPause); err != nil {
			return err
		}
		for _, way := range better {
			if x.opens(ctx, way) {
				return errBetter
			}
		}
	}
	return nil
}

// together does all of it, at most four at a time, and returns the first error.
func together(ctx context.Context, all ...func(context.Context) error) error {
	const most = 4
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	free := make(chan struct{}, most)
	var wg sync.WaitGroup
	for _, f := range all {
		free <- struct{}{}
		wg.Go(func() {
			defer func() { <-free }()
			if err := f(ctx); err != nil {
				end(err)
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}
