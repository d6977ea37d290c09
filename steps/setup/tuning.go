package setup

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/nixfiles"
	"github.com/nixwright/nixwright/steps"
)

// tuning is how much the host evaluates at once. While it does not tell its
// size it keeps what the facts file has: a host that is off changes nothing.
func (d Deps) tuning(in state.Facts) (state.Tuning, error) {
	said := d.Config.CI.EvalWorkers
	host, _ := state.Find(in, state.FactHost)
	t := state.Tune(said, host)
	if host.Memory > 0 {
		return t, nil
	}
	text, found, err := d.Dir.Read(d.Config.Paths.Facts)
	if err != nil || !found {
		return t, err
	}
	var have nixfiles.Facts
	if json.Unmarshal([]byte(text), &have) == nil && have.EvalWorkers > 0 && (said == 0 || said == have.EvalWorkers) {
		t.Evals, t.Memory = have.EvalWorkers, have.EvalMemory
	}
	return t, nil
}

// tunes is the row of a plan that shows how the evaluation was computed; none
// where there was nothing to compute with.
func tunes(t state.Tuning) []steps.Change {
	if t.Memory == 0 {
		return nil
	}
	return steps.Changes("tune", fmt.Sprintf("%d evaluations at once: %s", t.Evals, t.Why))
}

// counts is the row that shows how the cores of the host were computed; none
// where they are said, or are not known yet.
func counts(c state.Config, in state.Facts) []steps.Change {
	host, _ := state.Find(in, state.FactHost)
	cores, why := state.SpareCores(host)
	open := slices.ContainsFunc(c.Workers, func(w state.Worker) bool { return w.Name == c.Host.Name && w.Cores == 0 })
	if cores == 0 || !open {
		return nil
	}
	return steps.Changes("count", fmt.Sprintf("%d cores of %s: %s", cores, c.Host.Name, why))
}
