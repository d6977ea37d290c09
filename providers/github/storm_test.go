package github_test

import (
	"sync"
	"testing"

	"github.com/nixwright/nixwright/providers/httpx/httpxtest"
)

// stormy is a lab for each test, put back to where it began each time.
func stormy(t *testing.T, labs *sync.Map) (*lab, httpxtest.World) {
	t.Helper()
	v, known := labs.Load(t.Name())
	if !known {
		v = newLab(t)
		labs.Store(t.Name(), v)
	}
	l := v.(*lab)
	l.t = t
	if known {
		l.reset()
	}
	return l, httpxtest.World{Base: l.base(), Writes: l.writes, Hidden: []string{
		l.seed.token, l.seed.app.Key.Reveal(), l.seed.app.ClientSecret.Reveal(), l.seed.code,
	}}
}

func TestStorm(t *testing.T) {
	t.Parallel()
	var labs sync.Map
	httpxtest.Storm(t, func(t *testing.T) (httpxtest.World, []httpxtest.Operation) {
		t.Helper()
		l, w := stormy(t, &labs)
		return w, l.operations()
	})
}
