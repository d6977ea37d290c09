package setup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
)

// units are what must be up on the host when it is deployed.
var units = []string{"buildbot-master.service", "buildbot-worker.service", "niks3.service", "niks3-gc.timer", "oauth2-proxy.service", "nginx.service", "postgresql.service"}

// Units are what must be up on the host: full names of systemd.
func Units() []string { return slices.Clone(units) }

// flaps is how many restarts make a unit that is not up a failed one, and how
// many more while this run looks on one that is.
const flaps = 3

// calm is how long a unit that restarted after a deployment must stay up.
const calm = 15 * time.Second

// watched is a unit as this run has seen it.
type watched struct {
	first int // its restarts at the first look
	last  int
	since time.Time // that it has had so many
}

// running looks whether what was deployed is up: a unit that failed, and one
// that starts and fails in turn, is told with its last error alone.
func (s *deploy) running(ctx context.Context, have state.Deployment, all []state.Unit) (steps.Finding, error) {
	var failed []state.Unit
	var starting []string
	_, deployed := s.deployed()
	for _, u := range all {
		seen, now := s.watch(u), s.Now()
		grown := u.Restarts - seen.first
		up := u.Active == "active"
		switch {
		case u.Active == "failed", !up && u.Restarts >= flaps, up && grown >= flaps:
			failed = append(failed, u)
		case u.Load == "not-found":
			starting = append(starting, u.Name+" is not there")
		case !up:
			starting = append(starting, u.Name+" "+u.Active)
		case (grown > 0 || deployed && u.Restarts > 0) && now.Sub(seen.since) < calm:
			starting = append(starting, u.Name+" restarted "+times(u.Restarts))
		}
	}
	if len(failed) > 0 {
		problems, err := each(ctx, failed, s.failure)
		if err != nil {
			return steps.Finding{}, err
		}
		return blocked(problems...), nil
	}
	if len(starting) > 0 {
		return steps.Finding{Status: steps.Waiting, Text: strings.Join(starting, ", "), Hint: "the units are starting", Again: lookAgain}, nil
	}
	return ready(fmt.Sprintf("%s runs these files, %d units up", s.Config.Host.Name, len(all)), state.One(state.FactDeployment, have)), nil
}

// watch notes a unit's restarts.
func (s *deploy) watch(u state.Unit) watched {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen == nil {
		s.seen = map[string]watched{}
	}
	w, known := s.seen[u.Name]
	if !known || u.Restarts < w.last { // started anew by hand
		w = watched{first: u.Restarts, last: u.Restarts, since: s.Now()}
	}
	if u.Restarts != w.last {
		w.last, w.since = u.Restarts, s.Now()
	}
	s.seen[u.Name] = w
	return w
}

// failure is a unit that does not run, with the one line of its log that says
// why.
func (s *deploy) failure(ctx context.Context, u state.Unit) (state.Problem, error) {
	what := u.Name + " failed"
	if u.Result != "" && u.Result != "success" {
		what += ": " + u.Result
	}
	if u.Restarts > 0 {
		what += ", restarted " + times(u.Restarts)
	}
	p := state.Problem{
		ID: "F48", What: what, Why: "its log says nothing of why",
		Fix: "ssh " + s.Config.Host.SSH + " journalctl -u " + u.Name + " -e",
	}
	says, err := s.Host.LastError(ctx, u.Name)
	switch {
	case ctx.Err() != nil:
		return p, ctx.Err()
	case errors.Is(err, state.ErrDenied):
		p.Why = "its last error is in its log, which this user may not read there (group systemd-journal may)"
	case err != nil:
		p.Why = "its last error is in its log, which could not be read: " + state.AsProblem(err).Error()
	case says != "":
		p.Why = says
	}
	return p, nil
}

// times is a number of times, the larger the vaguer, so that one that grows
// does not make another problem at every look.
func times(n int) string {
	switch {
	case n == 1:
		return "once"
	case n <= 5:
		return fmt.Sprintf("%d times", n)
	}
	round := 5
	for _, r := range []int{10, 20, 50, 100, 1000, 10000} {
		if n >= r {
			round = r
		}
	}
	return fmt.Sprintf("%d times or more", round)
}
