package setup

import (
	"context"
	"path"
	"strconv"
	"strings"
	"sync"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
)

// inputs are the Nix inputs that the module stands on. What the releases lack
// is followed by branch: npins goes by releases otherwise, of which sops-nix
// has none and buildbot-nix has one from before it knew niks3.
var inputs = []state.NixInput{
	{Name: "buildbot-nix", Owner: "nix-community", Branch: "main"},
	{Name: "niks3", Owner: "Mic92"},
	{Name: "sops-nix", Owner: "Mic92", Branch: "master"},
}

// modules are what the host imports of them.
var modules = []state.NixModule{
	{Input: "buildbot-nix", Attr: "buildbot-master", File: "nixosModules/master.nix"},
	{Input: "buildbot-nix", Attr: "buildbot-worker", File: "nixosModules/worker.nix"},
	{Input: "niks3", Attr: "niks3", File: "nix/nixosModules/niks3.nix"},
	{Input: "sops-nix", Attr: "sops", File: "modules/sops"},
}

// nixInputs looks whether the infra repository has the inputs and the host
// imports the modules. A flake.nix is its owner's program: what is to be added
// is shown, and added where that is plain and somebody said yes to it.
type nixInputs struct {
	Deps

	mu   sync.Mutex
	left string // why this run leaves it alone
}

func (s *nixInputs) Info() steps.Info {
	return steps.Info{
		ID: "nix-inputs", Title: "Inputs", Phase: steps.PhaseNixOS,
		Does:  "see that buildbot-nix, niks3 and sops-nix are inputs",
		Gives: []state.Ref{state.FactInputs.Ref()},
	}
}

// want is what the host is to have.
func (d Deps) want() state.NixHost {
	all := append([]state.NixModule{}, modules...)
	all = append(all,
		state.NixModule{Path: d.Config.Paths.Module},
		state.NixModule{Text: "{ services.nixwright-ci.enable = true; }", Marks: "nixwright-ci"})
	return state.NixHost{Name: d.Config.Host.Name, Dir: path.Dir(d.Config.Paths.Facts), Inputs: inputs, Modules: all}
}

func (s *nixInputs) Detect(ctx context.Context, _ state.Facts) (steps.Finding, error) {
	look, err := s.Nix.Host(ctx, s.want())
	if err != nil {
		return steps.Finding{}, err
	}
	lacks := "the inputs lack " + strings.Join(look.Lacks, ", ")
	if changes := s.changes(look); len(changes) > 0 {
		return steps.Finding{Status: steps.Missing, Changes: changes}, nil
	}
	if len(look.Lacks) > 0 {
		return steps.Finding{Status: steps.Waiting, Text: lacks, Hint: s.byHand(look)}, nil
	}
	f := ready(look.Kind, state.One(state.FactInputs, look.Inputs))
	if len(look.Unlocked) > 0 {
		f.Hint = "flake.lock does not have " + strings.Join(look.Unlocked, ", ") + ": nix flake lock"
	}
	if len(look.Imports) > 0 {
		f.Problems = []state.Problem{{
			What: s.Config.Host.Name + " does not seem to import " + strings.Join(look.Imports, ", "),
			Why:  "no file that is read for it names them", Fix: s.byHand(look),
		}}
	}
	return f, nil
}

// changes are what Apply would do, where it may.
func (s *nixInputs) changes(look state.NixLook) []steps.Change {
	if !s.Yes && !s.Asks || s.why() != "" {
		return nil
	}
	asks := ""
	if !s.Yes {
		asks = "  (asks first)"
	}
	var out []steps.Change
	switch {
	case look.Flake != "":
		for _, add := range look.Adds {
			if add.Line > 0 {
				out = append(out, steps.Change{Verb: "add", What: placeOf(add) + ": " + add.Text + asks})
			}
		}
	case look.Runs:
		for _, argv := range look.Commands {
			out = append(out, steps.Change{Verb: "run", What: commandLine(argv) + asks})
		}
	}
	return out
}

// placeOf is where something is added, in words.
func placeOf(add state.NixAdd) string {
	s := "to the " + add.To + " of " + add.File
	if strings.HasPrefix(add.To, "modules") || strings.HasPrefix(add.To, "the ") {
		s = "to " + add.To + " in " + add.File
	}
	if add.Line > 0 {
		s += ", line " + strconv.Itoa(add.Line)
	}
	return s
}

// byHand says what a person adds, word for word.
func (s *nixInputs) byHand(look state.NixLook) string {
	var parts []string
	for _, argv := range look.Commands {
		parts = append(parts, commandLine(argv))
	}
	var out []string
	if len(parts) > 0 {
		out = append(out, "run: "+strings.Join(parts, " && "))
	}
	for _, add := range look.Adds {
		out = append(out, "add "+placeOf(add)+": "+add.Text)
	}
	if len(look.Lacks) > 0 && look.Kind == "flake" {
		out = append(out, "run: nix flake lock")
	}
	if look.Flake != "" && s.why() == "" {
		out = append(out, "or have it done: setup --yes")
	}
	why := look.Why
	if left := s.why(); left != "" {
		why = left
	}
	if why != "" {
		why = " (not done here: " + why + ")"
	}
	return strings.Join(out, "; ") + why
}

func (s *nixInputs) why() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.left
}

// leave leaves it alone in this run.
func (s *nixInputs) leave(why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left = why
}

// Apply adds what lacks, once somebody said yes.
func (s *nixInputs) Apply(ctx context.Context, _ state.Facts, f steps.Finding, out steps.Out) error {
	yes, err := s.consent(ctx, f, out)
	if err != nil || !yes {
		return err
	}
	look, err := s.Nix.Host(ctx, s.want())
	switch {
	case err != nil:
		return err
	case look.Flake != "":
		return s.edit(ctx, look, out)
	case !look.Runs:
		return nil
	}
	for _, argv := range look.Commands {
		out.Logf("%s", commandLine(argv))
		if err := s.Nix.Pin(context.WithoutCancel(ctx), argv, func(text string) { out.Logf("%s", state.Redact(text)) }); err != nil {
			s.leave(state.AsProblem(err).Error())
			return nil // it is told with what is to be done by hand
		}
	}
	return nil
}
