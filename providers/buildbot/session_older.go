package buildbot

import (
	"context"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
)

// A session tells the newest builds first: a block that grows upwards with
// what happens. Below it may be builds that were never told, though older ones
// were, in an earlier session or by an earlier look: a gap. A session that ends
// before it has read all of a gap leaves it to the next one.

// older reads builds that are older than the newest ones, page after page,
// until there are as many as are wanted and none is missing. When polling finds
// another gap it reads that.
func (x *session) older(ctx context.Context) error {
	for wanted := x.o.Builds; ; wanted = 0 {
		x.mu.Lock()
		low, seen, count := x.low, x.seen, x.count
		x.mu.Unlock()
		for begin := low; ; {
			whole := !x.missing(low)
			if whole {
				x.close(begin, seen)
			}
			if whole && (low <= 1 || count >= wanted) {
				break
			}
			at := x.o.Clock.Now()
			all, err := within(ctx, x.o.Patience, func(ctx context.Context) ([]state.Build, error) {
				return x.c.Builds(ctx, BuildQuery{Before: low, Limit: newest, Properties: shownProperties()})
			})
			if err != nil {
				return err
			}
			if len(all) == 0 {
				low = 0
				continue
			}
			if err := x.detail(ctx, live.Update{At: at}, all); err != nil {
				return err
			}
			low, count = all[len(all)-1].ID, count+len(all)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-x.gap:
		}
	}
}

// close notes that nothing is missing below a block that began at low and went
// up to seen; and not below what was told since, unless there is a gap between.
func (x *session) close(low, seen int64) {
	x.mu.Lock()
	if x.low == low {
		x.closed, seen = true, x.seen
	}
	x.mu.Unlock()
	x.toldTo(seen)
}

// begins notes the first build that is told, ever: older ones are not missing.
func (s *Source) begins(build int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.top < 0 {
		s.top = max(build-1, 0)
	}
}

// missing says whether builds below one were never told, though older ones
// were.
func (s *Source) missing(below int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.top >= 0 && below > s.top+1
}

// toldTo notes that all builds up to one were told.
func (s *Source) toldTo(build int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.top = max(s.top, build)
}
