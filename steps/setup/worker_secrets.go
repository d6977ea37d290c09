package setup

import (
	"context"
	"errors"
	"path"
	"slices"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/shape"
	"github.com/nixwright/nixwright/steps"
)

// workerSecrets gives each further build machine a sops file of its own, with
// nothing in it but its worker password: a machine that could open the CI's
// file could read every secret of the CI.
type workerSecrets struct{ Deps }

func (s workerSecrets) Info() steps.Info {
	does := "seal the passwords of further machines"
	for i, w := range s.furtherWorkers() {
		if i == 0 {
			does = "seal the password of " + w.Name + " into " + s.workerFile(w.Name)
		} else {
			does += ", of " + w.Name + " into " + s.workerFile(w.Name)
		}
	}
	return steps.Info{
		ID: "worker-secrets", Title: "Workers' secrets", Phase: steps.PhaseNixOS, Does: does,
		Needs: []state.Ref{state.FactWorkers.Ref(), state.FactRecipients.Ref()},
	}
}

// furtherWorkers are the machines whose files are ours: all that have a
// recipient, but for the CI host.
func (d Deps) furtherWorkers() []state.Worker {
	return slices.DeleteFunc(slices.Clone(d.Config.Workers), func(w state.Worker) bool {
		return w.Recipient == "" || w.Name == d.Config.Host.Name
	})
}

// workerFile is where a machine's own secrets are, in a folder next to the CI
// host's.
func (d Deps) workerFile(name string) string {
	return path.Join(path.Dir(path.Dir(d.Config.Paths.Facts)), name, "worker-secrets.yaml")
}

// workerSeen is one machine's file.
type workerSeen struct {
	state.Worker

	file     SealedFile
	path     string
	want     []string // recipients
	rule     bool     // the rule names them all
	stale    bool     // the file's recipients are not the rule's
	password state.Secret
	have     bool // the file holds it
}

func (s workerSecrets) look(ctx context.Context) ([]workerSeen, error) {
	list, err := s.secret(ctx, shape.WorkersName)
	if err != nil {
		return nil, err
	}
	me, found, err := s.Rules.Identity(ctx)
	if err != nil {
		return nil, err
	}
	return each(ctx, s.furtherWorkers(), func(ctx context.Context, w state.Worker) (workerSeen, error) {
		one := workerSeen{Worker: w, path: s.workerFile(w.Name), want: []string{w.Recipient}}
		one.file = s.Sealed(one.path)
		if found {
			one.want = append(one.want, me.Recipient)
		}
		var there bool
		if one.password, there = shape.WorkerPassword(list, w.Name); !there {
			return one, errors.New("look at the password of " + w.Name + ": it is not on the master's list")
		}
		who, err := one.file.Recipients(ctx)
		if err != nil {
			return one, err
		}
		one.rule = !slices.ContainsFunc(one.want, func(r string) bool { return !slices.Contains(who.Rule, r) })
		if len(who.File) == 0 {
			return one, nil
		}
		one.stale = !sameSet(who.File, who.Rule)
		v, there, err := one.file.Secret(ctx, shape.WorkerPasswordName)
		one.have = there && v.Equal(one.password)
		return one, err
	})
}

func (s workerSecrets) Detect(ctx context.Context, _ state.Facts) (steps.Finding, error) {
	all, err := s.look(ctx)
	if err != nil {
		return steps.Finding{}, err
	}
	f := steps.Finding{Status: steps.Missing}
	for _, one := range all {
		if !one.rule {
			f.Changes = append(f.Changes, steps.Change{Verb: "add", What: "a rule for " + one.path + " to .sops.yaml, for you and " + one.Name})
		}
		switch {
		case !one.have:
			f.Changes = append(f.Changes, steps.Change{Verb: "seal", What: "the password of " + one.Name + " into " + one.path})
		case one.stale:
			f.Changes = append(f.Changes, steps.Change{Verb: "update", What: "recipients of " + one.path + ", as .sops.yaml says"})
		}
	}
	if len(f.Changes) > 0 {
		return f, nil
	}
	return ready("each machine can read its own password, and nothing else", state.Facts{}), nil
}

func (s workerSecrets) Apply(ctx context.Context, _ state.Facts, _ steps.Finding, _ steps.Out) error {
	all, err := s.look(ctx)
	if err != nil {
		return err
	}
	written := []string{".sops.yaml"}
	for _, one := range all {
		if !one.rule {
			if err := one.file.AddRule(ctx, one.want); err != nil {
				return err
			}
		}
		if !one.have {
			if err := one.file.Keep(ctx, state.Sealed{Name: shape.WorkerPasswordName, Value: one.password}); err != nil {
				return err
			}
		}
		if err := one.file.UpdateKeys(ctx); err != nil {
			return err
		}
		written = append(written, one.path)
	}
	return s.Git.IntentToAdd(ctx, written...)
}
