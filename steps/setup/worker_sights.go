package setup

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/nixfiles"
	"github.com/nixwright/nixwright/state/shape"
)

// StoresApart is what to know of more than one build machine.
func StoresApart() state.Problem {
	return state.Problem{
		What: "more than one machine builds",
		Why: "buildbot-nix evaluates on one worker and gives each build, by the path of its derivation, to any worker: a machine in whose Nix store " +
			"the derivation is not cannot build it",
		Fix: "let the machines read each other's stores (as substituters over ssh), or take remote builders instead: nix.buildMachines on the CI host, which has the only worker then",
	}
}

// Workers looks at all build machines: as wanted, sealed, written and
// connected. What cannot be looked at is told as a problem.
func Workers(ctx context.Context, d Deps) state.WorkerSights {
	c := d.Config
	out := state.WorkerSights{Kind: "workers", Systems: slices.Clone(c.CI.BuildSystems), Workers: []state.WorkerSight{}, Problems: []state.Problem{}}
	var list, password state.Secret
	var all []state.BuildWorker
	var sealedErr, runningErr error
	_ = together(ctx,
		func(ctx context.Context) error {
			if list, sealedErr = d.secret(ctx, shape.WorkersName); sealedErr == nil {
				password, sealedErr = d.secret(ctx, shape.WorkerPasswordName)
			}
			return nil
		},
		func(ctx context.Context) error { all, runningErr = d.Master.Workers(ctx); return nil },
	)
	facts, factsErr := d.factsFile()
	for _, err := range []error{sealedErr, runningErr, factsErr} {
		if err != nil {
			out.Problems = append(out.Problems, state.AsProblem(state.Explain(err)))
		}
	}
	sealed, err := shape.ParseWorkerEntries(list)
	if err != nil && !list.Empty() {
		out.Problems = append(out.Problems, state.AsProblem(err))
	}
	at := func(name string) *state.WorkerSight {
		i := slices.IndexFunc(out.Workers, func(w state.WorkerSight) bool { return w.Name == name })
		if i < 0 {
			w := state.WorkerSight{Name: name, Host: name == c.Host.Name, Password: "theirs", Connected: -1, Problems: []state.Problem{}}
			out.Workers = append(out.Workers, w)
			i = len(out.Workers) - 1
		}
		return &out.Workers[i]
	}
	for _, w := range c.Workers {
		s := at(w.Name)
		s.Wanted, s.Cores = true, w.Cores
		if !s.Host && w.Recipient != "" {
			s.File, s.Config = d.workerFile(w.Name), WorkerLines(d, w.Name)
		}
	}
	for _, e := range sealed {
		s := at(e.Name)
		s.Sealed = e.Cores
		if s.Password = state.OwnPassword; e.Pass.Equal(password) {
			s.Password = "shared"
		}
	}
	for _, w := range facts.Workers {
		at(w.Name).Listed = w.Cores
	}
	for i := range out.Workers {
		w := &out.Workers[i]
		if runningErr == nil {
			w.Connected = connected(all, w.Name)
		}
		if sealedErr == nil && factsErr == nil {
			w.Problems = append(w.Problems, d.workerProblems(*w, list, password)...)
		}
	}
	if len(out.Workers) > 1 {
		out.Problems = append(out.Problems, StoresApart())
	}
	return out
}

// connected counts the workers of a machine that the master has: NAME-000 and
// so on (buildbot-nix __init__.py).
func connected(all []state.BuildWorker, name string) (n int) {
	for _, w := range all {
		number, of := strings.CutPrefix(w.Name, name+"-")
		if of && w.Connected && number != "" && strings.Trim(number, "0123456789") == "" {
			n++
		}
	}
	return n
}

// workerProblems are the differences between what is wanted, sealed and
// written.
func (d Deps) workerProblems(w state.WorkerSight, list, password state.Secret) []state.Problem {
	var out []state.Problem
	problem := func(what, why, fix string) {
		out = append(out, state.Problem{ID: "F39", Key: "workers", What: what, Why: why, Fix: fix})
	}
	i := slices.IndexFunc(d.Config.Workers, func(c state.Worker) bool { return c.Name == w.Name })
	switch {
	case i >= 0:
		if err := shape.WorkersMatch(list, password, d.Config.Workers[i:i+1]); err != nil {
			p := state.AsProblem(err)
			p.Fix = "nixwright setup --only local-secrets,nix-module, then deploy"
			out = append(out, p)
		} else if w.Listed != w.Sealed {
			problem(fmt.Sprintf("the facts give %s %d cores, the master's list %d", w.Name, w.Listed, w.Sealed), "the machine starts as many workers as the facts say, and the master refuses a surplus",
				"nixwright render, then deploy")
		}
	case w.Sealed > 0 && w.Listed > 0:
		problem(w.Name+" is on the master's list, and [[workers]] does not name it", "somebody added it by hand, or it was taken out of the file alone", "nixwright worker add "+w.Name+", or nixwright worker remove "+w.Name)
	default:
		problem(w.Name+" is in the facts or on the master's list only", "the two were not written together", "nixwright worker remove "+w.Name)
	}
	return out
}

// factsFile reads the facts as they are written; none where they are not.
func (d Deps) factsFile() (nixfiles.Facts, error) {
	text, found, err := d.Dir.Read(d.Config.Paths.Facts)
	var f nixfiles.Facts
	if err != nil || !found {
		return f, err
	}
	if err := json.Unmarshal([]byte(text), &f); err != nil {
		return f, state.Problem{What: d.Config.Paths.Facts + " cannot be read", Why: "it is not JSON: " + err.Error(), Fix: "nixwright render writes it again, once it is moved away"}
	}
	return f, nil
}
