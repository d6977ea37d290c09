package buildbot_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/buildbot"
	"github.com/nixwright/nixwright/providers/realtest"
	"github.com/nixwright/nixwright/state"
)

// A real master begins the evaluation of a project that had none.
func TestARealMasterEvaluates(t *testing.T) {
	t.Parallel()
	m := realtest.Buildbot(t, realtest.BuildbotOptions{})
	c := buildbot.New(&http.Client{Timeout: 10 * time.Second}, m.URL)
	const repo = "phlip9/dotfiles"
	known, err := c.Evaluations(t.Context(), repo, "phlip9/nothing")
	if err != nil || len(known) != 1 || len(known[repo]) != 0 {
		t.Fatal(known, err)
	}
	if err := c.Evaluate(t.Context(), "phlip9", state.NewSecret("wrong"), repo); err == nil {
		t.Error("a wrong password begins a build")
	}
	if err := c.Evaluate(t.Context(), "stranger", state.NewSecret(m.Options.Password), repo); err == nil {
		t.Error("somebody who is no admin begins a build")
	}
	if err := c.Evaluate(t.Context(), "phlip9", state.NewSecret(m.Options.Password), "phlip9/nothing"); state.AsProblem(err).Fix == "" {
		t.Errorf("of no project: %v", err)
	}
	if err := c.Evaluate(t.Context(), "phlip9", state.NewSecret(m.Options.Password), repo); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for limit := time.After(30 * time.Second); ; {
		known, err = c.Evaluations(t.Context(), repo)
		if err != nil {
			t.Fatal(err)
		}
		if len(known[repo]) == 1 {
			return
		}
		select {
		case <-tick.C:
		case <-limit:
			t.Fatal("no evaluation began")
		}
	}
}
