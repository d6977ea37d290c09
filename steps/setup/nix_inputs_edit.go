package setup

import (
	"context"
	"errors"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
)

// flakeFile is the file that is edited.
const flakeFile = "flake.nix"

// consent asks whether the infra repository may be edited; nobody there, or
// no, leaves it alone.
func (s *nixInputs) consent(ctx context.Context, f steps.Finding, out steps.Out) (bool, error) {
	if s.Yes {
		return true, nil
	}
	q := state.Question{
		Key: "nix.edit", Kind: state.KindYes, Default: "no", Ask: "Add what " + s.Config.Host.Name + " needs to the infra repository?",
		Why: "It is your own file: nothing in it is changed, lines are added.", Then: "setup --yes, or add it yourself",
	}
	for _, c := range f.Changes {
		q.How = append(q.How, c.Verb+" "+c.What)
	}
	a, err := out.Ask(ctx, q)
	if errors.Is(err, state.ErrNoAnswer) {
		s.leave("nobody said yes")
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if !state.Yes(a.Value) {
		s.leave("you said no")
		return false, nil
	}
	return true, nil
}

// edit writes flake.nix, where Nix can parse what it becomes.
func (s *nixInputs) edit(ctx context.Context, look state.NixLook, out steps.Out) error {
	if all := s.Dir.Inside(flakeFile); len(all) > 0 {
		s.leave(all[0].What)
		return nil
	}
	if err := s.Dir.MakeOwn(); err != nil {
		return err
	}
	const draft = "flake-draft.nix"
	if err := state.WriteOwn(s.Dir.Own(draft), []byte(look.Flake)); err != nil {
		return err
	}
	ran, refused := s.Nix.Parse(ctx, s.Dir.Own(draft))
	if err := errors.Join(ctx.Err(), s.Dir.RemoveOwn(draft)); err != nil {
		return err
	}
	if refused != nil {
		s.leave("Nix does not read flake.nix with it: " + refused.Error())
		return nil //nolint:nilerr // it is told with what is to be done by hand
	}
	if err := s.Dir.Write(flakeFile, look.Flake); err != nil {
		return err
	}
	for _, add := range look.Adds {
		if add.Line > 0 {
			out.Logf("added %s: %s", placeOf(add), add.Text)
		}
	}
	if !ran {
		out.Logf("not parsed: there is no nix-instantiate here")
	}
	return nil
}
