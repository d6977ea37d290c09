package buildbot_test

import (
	"testing"

	"github.com/nixwright/nixwright/providers/buildbot/buildbottest"
	"github.com/nixwright/nixwright/providers/fake"
	"github.com/nixwright/nixwright/providers/realtest"
	"github.com/nixwright/nixwright/state"
)

const repo = "phlip9/dotfiles"

// builtIn is the buildbot of the built-in world.
func builtIn(t *testing.T, mode string) buildbottest.World {
	t.Helper()
	_, at := builtInWorld(t, mode)
	return at
}

func builtInWorld(t *testing.T, mode string) (*fake.World, buildbottest.World) {
	t.Helper()
	w, err := fake.Start(t.Context(), t.TempDir(), "fresh", fake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	hook, password := state.NewSecret("hook-secret"), state.NewSecret("basic-password")
	if err := w.RunBuildbot(mode, repo, hook, password); err != nil {
		t.Fatal(err)
	}
	return w, buildbottest.World{URL: w.Endpoints().Buildbot, Repo: repo, Admin: "phlip9", Password: password, Hook: hook}
}

func TestBuiltIn(t *testing.T) {
	t.Parallel()
	buildbottest.Conformance(t, builtIn)
}

func TestBuildbot(t *testing.T) {
	t.Parallel()
	buildbottest.Conformance(t, func(t *testing.T, mode string) buildbottest.World {
		t.Helper()
		m := realtest.Buildbot(t, realtest.BuildbotOptions{Mode: mode})
		return buildbottest.World{
			URL: m.URL, Repo: m.Options.Repo, Admin: m.Options.Admins[0],
			Password: state.NewSecret(m.Options.Password), Hook: state.NewSecret(m.Options.WebhookSecret),
		}
	})
}
