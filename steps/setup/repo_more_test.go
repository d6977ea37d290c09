package setup

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/shape"
	"github.com/nixwright/nixwright/steps"
)

// masterDouble is a buildbot that knows projects.
type masterDouble struct {
	known map[string][]state.Build
	asked []string // admin, password, repository
}

func (m *masterDouble) Workers(context.Context) ([]state.BuildWorker, error) { return nil, nil }

func (m *masterDouble) Evaluations(context.Context, ...string) (map[string][]state.Build, error) {
	return m.known, nil
}

func (m *masterDouble) Evaluate(_ context.Context, admin string, password state.Secret, repo string) error {
	m.asked = []string{admin, password.Reveal(), repo}
	m.known[repo] = []state.Build{{ID: 9, Result: state.ResultNone}}
	return nil
}

func TestTheFirstBuildIsBegunOnce(t *testing.T) {
	l := done(t)
	m := &masterDouble{known: map[string][]state.Build{"phlip9/lexe": nil}}
	d := l.deps()
	d.Added, d.Master = "phlip9/lexe", m
	look := func(s *firstBuild, want steps.Status, says string) steps.Finding {
		t.Helper()
		f, err := s.Detect(t.Context(), state.Facts{})
		if err != nil || f.Status != want || !strings.Contains(everything(f), says) {
			t.Errorf("%s: %s, %v", f.Status, everything(f), err)
		}
		return f
	}
	s := &firstBuild{Deps: d}
	f := look(s, steps.Missing, "begin an evaluation of phlip9/lexe")
	if err := s.Apply(t.Context(), state.Facts{}, f, nil); err != nil {
		t.Fatal(err)
	}
	if want := []string{"phlip9", l.sops.values[shape.BasicAuthName].Reveal(), "phlip9/lexe"}; !slices.Equal(m.asked, want) {
		t.Errorf("asked as %s for %s", m.asked[0], m.asked[2])
	}
	look(s, steps.Ready, "build 9 of phlip9/lexe: running")

	m.known = map[string][]state.Build{"phlip9/lexe": nil}
	look(s, steps.Waiting, "asked for")
	delete(m.known, "phlip9/lexe")
	look(&firstBuild{Deps: d}, steps.Waiting, "is no project of buildbot yet")
	m.known["phlip9/lexe"] = nil
	d.Config.CI.Access = state.TwoLogins
	look(&firstBuild{Deps: d}, steps.Waiting, "git commit --allow-empty")
}

func TestEvaluationsWithoutDeployment(t *testing.T) {
	info := (&firstBuild{}).Info()
	if info.Until == "" || !slices.Contains(info.Needs, state.FactDeployment.Ref()) {
		t.Errorf("it begins builds on a host that is not deployed: %+v", info)
	}
}
