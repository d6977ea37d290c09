package setup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/shape"
	"github.com/nixwright/nixwright/steps"
)

// localSecrets is line 9: all secrets that are made here. One that is there is
// never changed, but for one that is derived from another that changed.
type localSecrets struct{ Deps }

func (s localSecrets) Info() steps.Info {
	info := steps.Info{
		ID: "local-secrets", Title: "Local secrets", Phase: steps.PhaseBefore, Lines: []int{9},
		Does:  "make the secrets that are made here, only those that are missing",
		After: []state.Ref{state.FactRecipients.Ref()},
		Gives: []state.Ref{state.FactPublicKey.Ref(), state.FactWorkers.Ref()},
	}
	for _, spec := range shape.Local(s.Config.CI.Access) {
		info.Gives = append(info.Gives, state.Ref(spec.Name))
	}
	return info
}

// sealed reads the local secrets that are there.
func (s localSecrets) sealed(ctx context.Context) (shape.Set, error) {
	set := shape.Set{}
	for _, spec := range shape.Local(s.Config.CI.Access) {
		v, found, err := s.Secrets.Secret(ctx, spec.Name)
		if err != nil {
			return nil, err
		}
		if found {
			set[spec.Name] = v
		}
	}
	return set, nil
}

func (s localSecrets) Detect(ctx context.Context, in state.Facts) (steps.Finding, error) {
	set, err := s.sealed(ctx)
	if err != nil {
		return steps.Finding{}, err
	}
	var f steps.Finding
	var lacks []state.SecretName
	var refused []state.Problem
	for _, spec := range shape.Local(s.Config.CI.Access) {
		v, found := set[spec.Name]
		if !found {
			lacks = append(lacks, spec.Name)
			f.Changes = append(f.Changes, steps.Change{Verb: "make", What: string(spec.Name)})
			if spec.Name == shape.WorkersName {
				f.Changes = append(f.Changes, counts(s.Config, in)...)
			}
			continue
		}
		if err := spec.Accept(v, s.Config); err != nil {
			p := state.AsProblem(err)
			p.What = string(spec.Name) + ": " + p.What
			refused = append(refused, p)
		}
	}
	if len(refused) > 0 {
		return blocked(refused...), nil
	}
	if len(lacks) > 0 {
		if p, err := s.elsewhere(ctx, lacks); err != nil || len(p) > 0 {
			return blocked(p...), err
		}
		f.Status = steps.Missing
		return f, nil
	}
	if _, there := shape.WithoutWorker(set[shape.WorkersName], s.Gone); there {
		return steps.Finding{Status: steps.Drifted, Changes: steps.Changes("take", s.Gone+" out of "+string(shape.WorkersName))}, nil
	}
	if shape.WorkersDrifted(set, s.Config.Workers) {
		return steps.Finding{Status: steps.Drifted, Changes: steps.Changes("compose", string(shape.WorkersName)+" again, from the worker password and the workers")}, nil
	}
	return s.known(set)
}

// known gives the public halves.
func (s localSecrets) known(set shape.Set) (steps.Finding, error) {
	public, err := shape.PublicKey(set[shape.SigningKeyName])
	if err != nil {
		return steps.Finding{}, err
	}
	workers, err := shape.ParseWorkers(set[shape.WorkersName])
	if err != nil {
		return steps.Finding{}, err
	}
	f := ready(fmt.Sprintf("%d, shapes right", len(set)), state.With(state.One(state.FactPublicKey, public), state.FactWorkers, workers))
	if name, _, _ := strings.Cut(public, ":"); name != s.Config.Cache.KeyName {
		f.Problems = []state.Problem{{
			ID: "F26", Key: "cache.key_name", What: "the sealed signing key is called " + name + ", not " + s.Config.Cache.KeyName, Why: "clients trust a key by its name",
			Fix: "set cache.key_name to " + name,
		}}
	}
	return f, nil
}

// onHost tells which of the secrets a host is using already. Where its folder
// of secrets may not be listed, all of them count as used if our module was
// deployed there, and none if it was not; a host that does not answer uses none.
func (d Deps) onHost(ctx context.Context, names ...state.SecretName) ([]state.SecretName, error) {
	there, err := d.Host.Deployed(ctx)
	switch {
	case errors.Is(err, state.ErrOffline):
		return nil, nil
	case errors.Is(err, state.ErrDenied):
		if _, deployed, err := d.Host.Applied(ctx); err != nil || !deployed {
			return nil, err
		}
		return names, nil
	case err != nil:
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(names), func(n state.SecretName) bool { return !slices.Contains(there, n) }), nil
}

// elsewhere refuses to make anew what a host is using already.
func (s localSecrets) elsewhere(ctx context.Context, lacks []state.SecretName) ([]state.Problem, error) {
	used, err := s.onHost(ctx, lacks...)
	var out []state.Problem
	for _, n := range used {
		out = append(out, state.Problem{
			What: string(n) + " is on " + s.Config.Host.Name + ", but not in " + s.Config.Paths.Secrets, Why: "a new one would cut off what works with the one there",
			Fix: "seal the one there: ssh " + s.Config.Host.SSH + " sudo cat /run/secrets/" + string(n) + ", then sops set; or remove it on the host first",
		})
	}
	return out, err
}

func (s localSecrets) Apply(ctx context.Context, in state.Facts, _ steps.Finding, out steps.Out) error {
	set, err := s.sealed(ctx)
	if err != nil {
		return err
	}
	list, without := shape.WithoutWorker(set[shape.WorkersName], s.Gone)
	if without {
		set[shape.WorkersName] = list
	}
	host, _ := state.Find(in, state.FactHost)
	made, err := shape.MakeLocal(set, s.Config, host, s.Rand)
	if err != nil {
		return err
	}
	if without && !slices.ContainsFunc(made, func(m state.Sealed) bool { return m.Name == shape.WorkersName }) {
		made = append(made, state.Sealed{Name: shape.WorkersName, Value: list})
	}
	return out.Keep(ctx, made...)
}
