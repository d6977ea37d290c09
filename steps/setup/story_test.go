package setup

import (
	"slices"
	"testing"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
)

func TestFromNothingToAllTrueAndASecondRunWritesNothing(t *testing.T) {
	for name, say := range map[string]func(*state.Config){
		"fully-private": func(*state.Config) {},
		"two-logins":    twoLogins,
		"OAuth Apps":    func(c *state.Config) { twoLogins(c); oauthApps(c) },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, say)
			l.cloud.lag, l.cloud.slow, l.cloud.hidden = 3, 5, 4
			r := l.setup(t)
			if o := r.Outcome(); o.Status != steps.Ready || r.TrueLines() != 15 {
				t.Fatalf("%+v\n%s", o, said(r))
			}
			if !slices.Contains(l.wrote, "Exercise") {
				t.Error("the new keys were not exercised")
			}
			l.wrote, l.asks, l.events = nil, nil, nil
			if r := l.setup(t); r.Outcome().Status != steps.Ready || len(l.wrote)+len(l.asks) > 0 {
				t.Errorf("a second run wrote %v and asked %d times\n%s", l.wrote, len(l.asks), said(r))
			}
		})
	}
}
