// Package buildbottest is what every buildbot must do as the adapter expects
// it: the built-in one and the real program pass the same tests.
package buildbottest

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/buildbot"
	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
)

// World is a running master with the builders of buildbot-nix for one
// repository, on which nothing was built yet. An evaluation builds three
// attributes: hello succeeds with a log of more than 3000 lines, bad fails, slow
// runs until it is stopped.
type World struct {
	URL      string
	Repo     string // owner/name
	Admin    string
	Password state.Secret // of the basic login
	Hook     state.Secret // signs webhooks
}

// limit is how long anything that is waited for may take.
const limit = 30 * time.Second

// suite is one world and what was seen in it.
type suite struct {
	World

	c                *buildbot.Client
	s                buildbot.Session
	scheduler        string
	eval             state.Build            // the evaluation that was forced
	attrs            map[string]state.Build // its builds, by attribute
	socket, streamed []state.BuildEvent
}

// Conformance runs the tests; open starts a master for a value of ci.access.
func Conformance(t *testing.T, open func(t *testing.T, mode string) World) {
	t.Helper()
	t.Run("fully private", func(t *testing.T) {
		t.Parallel()
		x := newSuite(open(t, state.FullyPrivate))
		for _, test := range []struct {
			name string
			run  func(*testing.T)
		}{
			{"fresh", x.fresh},
			{"refusals", x.refusals},
			{"login", x.login},
			{"denied", x.denied},
			{"force and watch", x.forceAndWatch},
			{"same events", x.sameEvents},
			{"builds", x.builds},
			{"logs", x.logs},
			{"rebuild", x.rebuild},
			{"queue", x.queue},
			{"calls", x.calls},
			{"webhook", x.webhook},
			{"contract", x.contract},
			{"cut", x.cut},
			{"silence", x.silence},
			{"cancelled", x.cancelled},
		} {
			if !t.Run(test.name, test.run) {
				t.FailNow() // what follows builds on it
			}
		}
	})
	t.Run("two logins", func(t *testing.T) {
		t.Parallel()
		newSuite(open(t, state.TwoLogins)).twoLogins(t)
	})
}

func newSuite(w World) *suite {
	return &suite{
		World: w, c: buildbot.New(client(), w.URL), scheduler: strings.ReplaceAll(w.Repo, "/", "-") + "-force", attrs: map[string]state.Build{},
	}
}

// client is the one that the program uses, without its patience.
func client() *http.Client { return httpx.New(httpx.Options{Attempts: 1}) }

// await looks again and again until it is true.
func await(t *testing.T, what string, is func(ctx context.Context) (bool, error)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		yes, err := is(ctx)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if yes {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s: not within %v", what, limit)
		case <-tick.C:
		}
	}
}

// need is a value that must have come without an error.
func need[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

var errNone = errors.New("no error")

// kind fails where an error is not of the kind, or does not say the text.
func kind(t *testing.T, what string, err, is error, says string) {
	t.Helper()
	if err == nil {
		err = errNone
	}
	if !errors.Is(err, is) || !strings.Contains(err.Error(), says) {
		t.Errorf("%s: %v, want %v with %q", what, err, is, says)
	}
}
