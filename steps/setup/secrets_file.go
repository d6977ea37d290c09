package setup

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/shape"
	"github.com/nixwright/nixwright/steps"
)

// secretsFile is line 10: the sops file as a whole: every name that the access
// mode uses, its shape, and who can read it.
type secretsFile struct{ Deps }

func (s secretsFile) Info() steps.Info {
	info := steps.Info{
		ID: "secrets-file", Title: "Encrypted", Phase: steps.PhaseBefore, Lines: []int{10},
		Does:  "see that all secrets are in " + s.Config.Paths.Secrets + ", readable by you and the host",
		Needs: []state.Ref{state.FactRecipients.Ref()},
		Gives: []state.Ref{state.FactSecrets.Ref()},
	}
	for _, spec := range shape.For(s.Config.CI.Access) {
		info.After = append(info.After, state.Ref(spec.Name))
	}
	if s.Config.Console.CloudflareToken {
		info.After = append(info.After, state.Ref(shape.CloudflareReadName))
	}
	return info
}

func (s secretsFile) Detect(ctx context.Context, _ state.Facts) (steps.Finding, error) {
	// Asked again, not taken from the fact: the file may be newer than that.
	who, err := s.Rules.Recipients(ctx)
	if err != nil {
		return steps.Finding{}, err
	}
	var lacks []string
	var refused []state.Problem
	var names []state.SecretName
	for _, spec := range append(shape.For(s.Config.CI.Access), shape.Optional()...) {
		v, found, err := s.Secrets.Secret(ctx, spec.Name)
		switch {
		case err != nil:
			return steps.Finding{}, err
		case !found && len(spec.Modes) == 0: // it is not needed
			continue
		case !found:
			lacks = append(lacks, string(spec.Name))
			continue
		}
		names = append(names, spec.Name)
		if err := spec.Accept(v, s.Config); err != nil {
			p := state.AsProblem(err)
			p.What = string(spec.Name) + ": " + p.What
			refused = append(refused, p)
		}
	}
	switch {
	case len(refused) > 0:
		return blocked(refused...), nil
	case len(lacks) > 0:
		return steps.Finding{Status: steps.Waiting, Text: "not sealed yet: " + strings.Join(lacks, ", ")}, nil
	case !sameSet(who.File, who.Rule):
		return steps.Finding{Status: steps.Drifted, Changes: steps.Changes("update", fmt.Sprintf("recipients of %s: %d, as .sops.yaml says", s.Config.Paths.Secrets, len(who.Rule)))}, nil
	}
	return ready(fmt.Sprintf("%d secrets, %d recipients", len(names), len(who.File)), state.One(state.FactSecrets, names)), nil
}

func sameSet(a, b []string) bool {
	return slices.Equal(slices.Compact(slices.Sorted(slices.Values(a))), slices.Compact(slices.Sorted(slices.Values(b))))
}

func (s secretsFile) Apply(ctx context.Context, _ state.Facts, _ steps.Finding, _ steps.Out) error {
	return s.Rules.UpdateKeys(ctx)
}
