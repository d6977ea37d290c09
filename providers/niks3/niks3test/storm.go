package niks3test

import (
	"context"
	"net/http"
	"testing"

	"github.com/nixwright/nixwright/providers/httpx/httpxtest"
	"github.com/nixwright/nixwright/providers/niks3"
	"github.com/nixwright/nixwright/state"
)

// told is what an operation learned.
type told struct {
	Value any
	Found bool
}

// storm tries every operation of the adapter under every fault: those that read
// on a niks3 that does nothing meanwhile, then the one that starts a collection.
func storm(t *testing.T, w World) {
	t.Helper()
	if w.Offers.Status {
		if _, _, err := w.client().StartGC(t.Context(), w.Token, state.GCPolicy{OlderThan: "720h"}); err != nil {
			t.Fatal(err)
		}
		w.await(t, settled)
	}
	for name, operations := range map[string][]httpxtest.Operation{"reading": reading(w), "starting": {starting(w)}} {
		t.Run(name, func(t *testing.T) {
			httpxtest.Storm(t, func(*testing.T) (httpxtest.World, []httpxtest.Operation) {
				c := &counter{base: http.DefaultTransport}
				return httpxtest.World{
					Base: c, Writes: func() int { return int(c.writes.Load()) }, Hidden: []string{w.Token.Reveal()},
				}, operations
			})
		})
	}
}

// reading are the operations that change nothing.
func reading(w World) []httpxtest.Operation {
	operation := func(name string, call func(context.Context, *niks3.Client) (any, bool, error)) httpxtest.Operation {
		return httpxtest.Operation{Name: name, Call: func(ctx context.Context, hc *http.Client) (any, error) {
			value, found, err := call(ctx, niks3.New(hc, w.Base))
			return told{value, found}, err
		}}
	}
	pins := operation("list pins", func(ctx context.Context, c *niks3.Client) (any, bool, error) { return c.Pins(ctx, w.Token) })
	pins.Fine = []string{"wrong type []"} // no pins
	return []httpxtest.Operation{
		operation("look for niks3", func(ctx context.Context, c *niks3.Client) (any, bool, error) { return nil, true, c.Health(ctx) }),
		operation("read cache config", func(ctx context.Context, c *niks3.Client) (any, bool, error) { return c.Config(ctx) }),
		operation("read cache stats", func(ctx context.Context, c *niks3.Client) (any, bool, error) { return c.Stats(ctx) }),
		operation("read metrics", func(ctx context.Context, c *niks3.Client) (any, bool, error) {
			m, found, err := c.Metrics(ctx)
			m.Cache, m.Requests, m.InFlight, m.DBInUse = state.CacheStats{}, 0, 0, 0 // they change while others ask
			return m, found, err
		}),
		operation("read GC status", func(ctx context.Context, c *niks3.Client) (any, bool, error) {
			s, err := c.GC(ctx, w.Token)
			return s, s.Offered, err
		}),
		pins,
	}
}

// starting starts a collection that finds nothing to do. Its times differ.
func starting(w World) httpxtest.Operation {
	return httpxtest.Operation{Name: "start GC", Call: func(ctx context.Context, hc *http.Client) (any, error) {
		s, started, err := niks3.New(hc, w.Base).StartGC(ctx, w.Token, state.GCPolicy{OlderThan: "720h"})
		return told{[]any{s.State, s.Policy}, started}, err
	}}
}
