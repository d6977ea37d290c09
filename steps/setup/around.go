package setup

import (
	"context"
	"sync"
	"time"

	"github.com/nixwright/nixwright/state"
)

// aroundLimit is how long one thing is looked at before it is left out.
const aroundLimit = 2 * time.Second

// Around looks at what is here, all at the same time and each thing for two
// seconds at most, also where a provider does not end with its context. It
// changes nothing and asks nobody. Of d it uses Config, Dir, Home, Have,
// SSHHosts, Git, GitHub, Cloud, Rules and Host; the answers may be missing.
func Around(ctx context.Context, d Deps) state.Around {
	a := around{d}
	var out state.Around
	var host lookedAt[state.Host]
	var rules lookedAt[state.Recipients]
	var wg sync.WaitGroup
	wg.Go(func() { out.Git = a.git(ctx) })
	wg.Go(func() { out.GitHub = a.github(ctx) })
	wg.Go(func() { out.Cloudflare = a.cloudflare(ctx) })
	wg.Go(func() { out.Identity = a.identity(ctx) })
	wg.Go(func() { out.Setup = a.answers() })
	wg.Go(func() {
		if d.SSHHosts != nil {
			out.Hosts = lookAt(ctx, func(context.Context) ([]string, error) { return d.SSHHosts(), nil }).v
		}
	})
	wg.Go(func() {
		if d.Config.Host.SSH != "" {
			host = lookAt(ctx, d.Host.Describe)
		}
	})
	wg.Go(func() {
		if a.secretsKnown() {
			rules = lookAt(ctx, d.Rules.Recipients)
		}
	})
	wg.Wait()
	out.Host, out.Rules = a.host(host, len(out.Hosts)), a.rules(rules, host.v)
	return out
}

// around makes sights.
type around struct{ Deps }

// lookedAt is what a look brought; late: it took too long.
type lookedAt[T any] struct {
	v    T
	err  error
	late bool
}

func lookAt[T any](ctx context.Context, look func(context.Context) (T, error)) lookedAt[T] {
	ctx, cancel := context.WithTimeout(ctx, aroundLimit)
	defer cancel()
	done := make(chan lookedAt[T], 1)
	go func() {
		v, err := look(ctx)
		done <- lookedAt[T]{v: v, err: err}
	}()
	select {
	case got := <-done:
		got.late = got.err != nil && ctx.Err() != nil
		return got
	case <-ctx.Done():
		return lookedAt[T]{late: true, err: ctx.Err()}
	}
}

// maybe is a value that may not be there.
type maybe[T any] struct {
	v  T
	is bool
}
