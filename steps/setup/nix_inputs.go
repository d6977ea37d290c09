package setup

import (
	"context"
	"slices"
	"strings"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
)

// inputs are the Nix inputs that the module stands on, with where they live.
var inputs = []struct{ name, owner string }{
	{"buildbot-nix", "nix-community"},
	{"niks3", "Mic92"},
	{"sops-nix", "Mic92"},
}

// nixInputs looks whether the infra repository has the inputs. A flake.nix is
// its owner's program, so the lines are shown and a person puts them in.
type nixInputs struct{ Deps }

func (s nixInputs) Info() steps.Info {
	return steps.Info{
		ID: "nix-inputs", Title: "Inputs", Phase: steps.PhaseNixOS,
		Does:  "see that buildbot-nix, niks3 and sops-nix are inputs",
		Gives: []state.Ref{state.FactInputs.Ref()},
	}
}

func (s nixInputs) Detect(ctx context.Context, _ state.Facts) (steps.Finding, error) {
	have, err := s.Nix.Inputs(ctx)
	if err != nil {
		return steps.Finding{}, err
	}
	var lacks, lines []string
	for _, in := range inputs {
		if slices.Contains(have.Have, in.name) {
			continue
		}
		lacks = append(lacks, in.name)
		if have.Kind == "npins" {
			lines = append(lines, "npins add github "+in.owner+" "+in.name)
		} else {
			lines = append(lines, "inputs."+in.name+`.url = "github:`+in.owner+"/"+in.name+`";`)
		}
	}
	if len(lacks) == 0 {
		return ready(have.Kind, state.One(state.FactInputs, have)), nil
	}
	fix := "put into flake.nix: " + strings.Join(lines, " ") + " then run: nix flake lock"
	if have.Kind == "npins" {
		fix = "run: " + strings.Join(lines, " && ")
	}
	return blocked(state.Problem{What: "the inputs lack " + strings.Join(lacks, ", "), Why: "the NixOS module imports what they bring", Fix: fix}), nil
}

// Apply has nothing to do: the inputs are never missing, but blocked.
func (s nixInputs) Apply(context.Context, state.Facts, steps.Finding, steps.Out) error { return nil }
