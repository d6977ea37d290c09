package cli

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
)

// starter is a source that notes when it began.
type starter struct {
	name  string
	begun chan time.Time
}

func (n starter) Name() string { return n.name }

func (n starter) Watch(context.Context, func(live.Update)) error {
	n.begun <- time.Now()
	return nil
}

// The host's own sources begin at once, the others after buildbot's first word,
// or in a moment.
func TestLead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ says, later time.Duration }{
		"buildbot speaks": {100 * time.Millisecond, 100 * time.Millisecond},
		"it is down":      {time.Hour, headStart},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				begin, l := time.Now(), newLead()
				own, other := starter{"buildbot", make(chan time.Time, 1)}, starter{"GitHub", make(chan time.Time, 1)}
				seen := l.seen(func(live.Snapshot) {})
				time.AfterFunc(c.says, func() {
					seen(live.Reduce(live.New(), live.Update{At: begin, Source: "buildbot", News: live.Builders{All: []state.Builder{{ID: 1}}}}))
				})
				for _, one := range l.sources([]live.Source{own, other}) {
					go func() { _ = one.Watch(t.Context(), nil) }()
				}
				if got := (<-own.begun).Sub(begin); got != 0 {
					t.Errorf("its own began after %v", got)
				}
				if got := (<-other.begun).Sub(begin); got != c.later {
					t.Errorf("the other began after %v, want %v", got, c.later)
				}
			})
		})
	}
}
