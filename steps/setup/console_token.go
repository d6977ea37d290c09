package setup

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/shape"
	"github.com/nixwright/nixwright/steps"
)

// consoleToken makes the token with which the console reads Cloudflare's
// figures, and which can change nothing; only where console.cloudflare_token
// asks for it. Its value is shown once, so it is sealed on the line after it is
// born. Nothing else needs it, so one that is dead is made again.
type consoleToken struct{ Deps }

func (s consoleToken) Info() steps.Info {
	return steps.Info{
		ID: "console-token", Title: "Console's token", Phase: steps.PhaseBefore, Limit: freshFor,
		Does:  "create the token " + s.name() + ", which lets the console read Cloudflare's figures and nothing more",
		Needs: []state.Ref{state.FactAccount.Ref(), state.FactCloud.Ref(), state.FactZones.Ref()},
		After: []state.Ref{state.FactRecipients.Ref()},
		Gives: []state.Ref{state.Ref(shape.CloudflareReadName)},
	}
}

// name is what the token is called at Cloudflare, and found again by.
func (s consoleToken) name() string { return "nixwright-console-" + s.Config.Host.Name }

func askedReadToken(name string) string { return "read-only token " + name }

// consoleSeen is what there is of the token.
type consoleSeen struct {
	value state.Secret
	token state.CloudflareToken // whose value is sealed
	dead  bool                  // it is refused, or not active
	named []state.R2Token
}

func (s consoleToken) look(ctx context.Context, in state.Facts) (consoleSeen, error) {
	var seen consoleSeen
	account, err := state.Get(in, state.FactAccount)
	if err != nil {
		return seen, err
	}
	cloud, err := state.Get(in, state.FactCloud)
	if err != nil {
		return seen, err
	}
	if seen.value, err = s.secret(ctx, shape.CloudflareReadName); err != nil {
		return seen, err
	}
	return seen, together(ctx,
		func(ctx context.Context) (err error) {
			seen.named, err = s.R2Tokens.FindR2Tokens(ctx, account.ID, s.name(), cloud.Account)
			return err
		},
		func(ctx context.Context) (err error) {
			if seen.value.Empty() {
				return nil
			}
			seen.token, err = s.ReadTokens.ReadToken(ctx, account.ID, seen.value)
			if errors.Is(err, state.ErrUnauthorized) {
				err = nil
				seen.dead = true
			}
			seen.dead = seen.dead || err == nil && seen.token.Status != "active"
			return err
		},
	)
}

func (s consoleToken) Detect(ctx context.Context, in state.Facts) (steps.Finding, error) {
	seen, err := s.look(ctx, in)
	if err != nil {
		return steps.Finding{}, err
	}
	cloud, err := state.Get(in, state.FactCloud)
	if err != nil {
		return steps.Finding{}, err
	}
	switch name := s.name(); {
	case slices.ContainsFunc(seen.named, func(t state.R2Token) bool { return t.Status != "active" }):
		return blocked(s.off()), nil
	case seen.dead && slices.ContainsFunc(seen.named, s.fresh):
		return steps.Finding{Status: steps.Waiting, Text: "Cloudflare does not know the new token yet", Again: 3 * time.Second}, nil
	case !seen.value.Empty() && !seen.dead:
		return s.judge(seen, cloud), nil
	case len(seen.named) > 0 && !s.Asked.Asked(askedReadToken(name)):
		return blocked(s.foreign("its value was shown once, and this directory does not know that it asked for it")), nil
	case seen.dead:
		return steps.Finding{Status: steps.Drifted, Changes: s.changes(seen, "whose sealed value Cloudflare refuses")}, nil
	}
	return steps.Finding{Status: steps.Missing, Changes: s.changes(seen, "whose value never arrived")}, nil
}

func (s consoleToken) Apply(ctx context.Context, in state.Facts, _ steps.Finding, out steps.Out) error {
	account, err := state.Get(in, state.FactAccount)
	if err != nil {
		return err
	}
	cloud, err := state.Get(in, state.FactCloud)
	if err != nil {
		return err
	}
	zones, err := state.Get(in, state.FactZones)
	if err != nil {
		return err
	}
	zone, found := zoneOf(zones, s.Config.Cache.Domain)
	if !found {
		return errors.New("find the zone of " + s.Config.Cache.Domain + ": the token sees none")
	}
	name := s.name()
	named, err := s.R2Tokens.FindR2Tokens(ctx, account.ID, name, cloud.Account)
	if err != nil {
		return err
	}
	if err := s.Dir.HasRoom(s.Config.Paths.Secrets); err != nil {
		return err
	}
	if len(named) > 0 && !s.Asked.Asked(askedReadToken(name)) {
		return s.foreign("somebody made it just now")
	}
	if err := s.Asked.Asking(askedReadToken(name)); err != nil {
		return err
	}
	ctx, cancel := steps.Once(ctx)
	defer cancel()
	var value state.Secret
	if len(named) > 0 {
		value, err = s.ReadTokens.RollReadToken(ctx, account.ID, named[0])
	} else {
		value, err = s.ReadTokens.CreateReadToken(ctx, account.ID, zone.ID, name, cloud.Account)
	}
	if err != nil {
		return err
	}
	return out.Keep(ctx, state.Sealed{Name: shape.CloudflareReadName, Value: value})
}
