package setup

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/shape"
	"github.com/nixwright/nixwright/steps"
)

// recipients makes sure that what will be sealed can be opened again: by the
// person here and by the host. Every step that seals comes after it.
type recipients struct{ Deps }

func (s recipients) Info() steps.Info {
	return steps.Info{
		ID: "recipients", Title: "Recipients", Phase: steps.PhaseFirst,
		Does:  "let this identity and " + s.Config.Host.Name + " open " + s.Config.Paths.Secrets,
		After: []state.Ref{state.FactUser.Ref()},
		Gives: []state.Ref{state.FactRecipients.Ref(), state.FactHost.Ref()},
	}
}

func (s recipients) Detect(ctx context.Context, _ state.Facts) (steps.Finding, error) {
	var f steps.Finding
	me, found, err := s.Rules.Identity(ctx)
	if err != nil {
		return f, err
	}
	who, err := s.Rules.Recipients(ctx)
	if err != nil {
		return f, err
	}
	host, err := s.host(ctx)
	switch {
	case err == nil:
		who.Host = host.Recipient
	case errors.Is(err, state.ErrOffline) && len(who.File) > 0:
		f.Problems = []state.Problem{{ID: "F35", What: "not checked whether the host can open the secrets", Why: s.Config.Host.SSH + " does not answer", Fix: "run this again when it does"}}
	case errors.Is(err, state.ErrOffline):
		return blocked(state.Problem{
			ID: "F35", Key: "host.ssh", What: s.Config.Host.SSH + " does not answer", Why: "its host key decides who can read the secrets, so it is not guessed: " + err.Error(),
			Fix: "make ssh " + s.Config.Host.SSH + " work, or set host.recipient to the host's age recipient",
		}), nil
	default:
		return f, err
	}
	var want []string
	switch {
	case !found && len(who.File)+len(who.Others) == 0:
		f.Changes = steps.Changes("create", "an age identity, where sops looks for it")
	default:
		// Also without an age identity: PGP, KMS and plugins open files, too.
		if err := s.Rules.CanOpen(ctx); err != nil {
			return f, err
		}
		if found {
			want = append(want, me.Recipient)
		}
	}
	if who.Host != "" {
		want = append(want, who.Host)
	}
	if slices.ContainsFunc(want, func(r string) bool { return !slices.Contains(who.Rule, r) }) {
		f.Changes = append(f.Changes, steps.Changes("add", "a rule for "+s.Config.Paths.Secrets+" to .sops.yaml, for you and "+s.Config.Host.Name)...)
	}
	if len(f.Changes) > 0 {
		f.Status = steps.Missing
		return f, nil
	}
	f.Status, f.Text = steps.Ready, fmt.Sprintf("%d recipients, %s included", len(who.Rule), s.Config.Host.Name)
	f.Facts = state.With(state.One(state.FactRecipients, who), state.FactHost, host)
	return f, nil
}

// host is what the host tells of itself; a recipient that was configured wins.
func (s recipients) host(ctx context.Context) (state.Host, error) {
	h, err := s.Host.Describe(ctx)
	if r := s.Config.Host.Recipient; r != "" {
		h.Recipient = r
		return h, nil
	}
	return h, err
}

func (s recipients) Apply(ctx context.Context, _ state.Facts, _ steps.Finding, out steps.Out) error {
	me, found, err := s.Rules.Identity(ctx)
	if err != nil {
		return err
	}
	who, err := s.Rules.Recipients(ctx)
	if err != nil {
		return err
	}
	if !found && len(who.File)+len(who.Others) == 0 {
		if err := s.consent(ctx, out); err != nil {
			return err
		}
		if me, err = s.Rules.CreateIdentity(ctx); err != nil {
			return err
		}
		out.Logf("made an age identity in %s: back it up, without it the secrets are lost", me.Source)
	}
	host, err := s.host(ctx)
	if err != nil && (!errors.Is(err, state.ErrOffline) || len(who.File) == 0) {
		return err
	}
	all := []string{me.Recipient, host.Recipient}
	return s.Rules.AddRule(ctx, slices.DeleteFunc(all, func(r string) bool { return r == "" }))
}

// consent asks before a secret is written in clear: the identity itself.
func (s recipients) consent(ctx context.Context, out steps.Out) error {
	if s.Config.Secrets.CreateIdentity {
		return nil
	}
	_, err := out.Ask(ctx, state.Question{
		Key: "secrets.create_identity", Kind: state.KindYes, Ask: "make an age identity, which opens the secrets",
		Why: "there is none where sops looks for one", Then: "--set secrets.create_identity=true, or set SOPS_AGE_KEY_FILE",
		Accept: shape.AcceptYes,
	})
	return err
}
