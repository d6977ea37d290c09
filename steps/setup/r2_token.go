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

// The pair of S3 keys, by their names in the sops file.
const (
	accessKey = shape.S3AccessKeyName
	secretKey = shape.S3SecretKeyName
)

// The permission groups on the objects of one bucket.
const (
	itemWrite = state.R2ItemWrite
	itemRead  = state.R2ItemRead
)

// freshFor is how long a new token's keys may still be refused by S3.
const freshFor = 2 * time.Minute

// r2Token is line 3: the API token that is niks3's pair of S3 keys. Its value
// is shown once, so it is sealed on the line after it is born.
type r2Token struct{ Deps }

func (s r2Token) Info() steps.Info {
	return steps.Info{
		ID: "r2-token", Title: "R2 token", Phase: steps.PhaseBefore, Lines: []int{3}, Limit: freshFor,
		Does:  "create the token " + s.Config.Cache.R2.TokenName + " for this bucket only",
		Needs: []state.Ref{state.FactAccount.Ref(), state.FactCloud.Ref()},
		After: []state.Ref{state.FactBucket.Ref(), state.FactRecipients.Ref()},
		Gives: []state.Ref{state.FactR2Token.Ref(), state.Ref(accessKey), state.Ref(secretKey)},
	}
}

// seen is what there is of the token and its keys.
type tokenSeen struct {
	keys   state.S3Keys
	sealed int // halves of the pair
	named  []state.R2Token
	s3     error // what S3 says of the pair
}

func (s r2Token) Detect(ctx context.Context, in state.Facts) (steps.Finding, error) {
	seen, err := s.look(ctx, in)
	if err != nil {
		return steps.Finding{}, err
	}
	name := s.Config.Cache.R2.TokenName
	switch {
	case seen.sealed == 2:
		return s.judge(seen)
	case seen.sealed == 1:
		return blocked(state.Problem{
			What: "one half of the R2 keys is sealed, the other is not", Why: "both come from one token and are sealed together",
			Fix: "put " + string(accessKey) + " and " + string(secretKey) + " into " + s.Config.Paths.Secrets + ", or take out the one that is there",
		}), nil
	case len(seen.named) == 0:
		return steps.Finding{Status: steps.Missing, Changes: steps.Changes(
			"create", "API token "+name+", objects of "+s.Config.Cache.R2.Bucket+" only", "seal", string(accessKey)+", "+string(secretKey))}, nil
	}
	return s.orphan(ctx, name)
}

// tokenNameKey is the answer that names it.
const tokenNameKey = "cache.r2.token_name"

// foreign is a token of our name that is not ours to roll.
func (s r2Token) foreign(name, why string) state.Problem {
	return state.Problem{
		Key: tokenNameKey, What: "the token " + name + " exists, and its keys are not sealed here", Why: why,
		Fix: "seal the pair you have: sops set " + s.Config.Paths.Secrets + "; or choose another cache.r2.token_name; or delete the token on the page, and deploy after the new one is made",
		URL: state.CloudflareTokensURL(s.Config.Endpoints.CloudflareAPI, false),
	}
}

func askedToken(name string) string { return "R2 token " + name }

func (s r2Token) look(ctx context.Context, in state.Facts) (tokenSeen, error) {
	var seen tokenSeen
	account, err := state.Get(in, state.FactAccount)
	if err != nil {
		return seen, err
	}
	cloud, err := state.Get(in, state.FactCloud)
	if err != nil {
		return seen, err
	}
	for name, half := range map[state.SecretName]*state.Secret{accessKey: &seen.keys.Access, secretKey: &seen.keys.Secret} {
		v, found, err := s.Secrets.Secret(ctx, name)
		if err != nil {
			return seen, err
		}
		if found && !v.Empty() {
			*half = v
			seen.sealed++
		}
	}
	bucket := s.wantBucket(account)
	return seen, together(ctx,
		func(ctx context.Context) (err error) {
			seen.named, err = s.find(ctx, account.ID, cloud.Account, seen.keys.Access)
			return err
		},
		func(ctx context.Context) error {
			if seen.sealed == 2 {
				seen.s3 = s.Objects.HeadBucket(ctx, bucket, seen.keys)
			}
			return nil
		},
	)
}

// find looks among the tokens of the bootstrap token's kind, and among the
// other kind only where a sealed pair is not found there.
func (s r2Token) find(ctx context.Context, account string, own bool, access state.Secret) ([]state.R2Token, error) {
	name := s.Config.Cache.R2.TokenName
	named, err := s.R2Tokens.FindR2Tokens(ctx, account, name, own)
	if err != nil || access.Empty() || slices.ContainsFunc(named, func(t state.R2Token) bool { return t.ID.Equal(access) }) {
		return named, err
	}
	others, err := s.R2Tokens.FindR2Tokens(ctx, account, name, !own)
	if errors.Is(err, state.ErrDenied) || errors.Is(err, state.ErrUnauthorized) {
		return named, nil
	}
	return append(named, others...), err
}

func (s r2Token) Apply(ctx context.Context, in state.Facts, _ steps.Finding, out steps.Out) error {
	bucket, err := state.Get(in, state.FactBucket)
	if err != nil {
		return err
	}
	cloud, err := state.Get(in, state.FactCloud)
	if err != nil {
		return err
	}
	name := s.Config.Cache.R2.TokenName
	named, err := s.R2Tokens.FindR2Tokens(ctx, bucket.Account, name, cloud.Account)
	if err != nil {
		return err
	}
	if err := s.Dir.HasRoom(s.Config.Paths.Secrets); err != nil {
		return err
	}
	if len(named) > 0 && !s.Asked.Asked(askedToken(name)) {
		return s.foreign(name, "somebody made it just now")
	}
	if err := s.Asked.Asking(askedToken(name)); err != nil {
		return err
	}
	ctx, cancel := steps.Once(ctx)
	defer cancel()
	var keys state.S3Keys
	if len(named) > 0 {
		keys, err = s.R2Tokens.RollR2Token(ctx, bucket.Account, named[0])
	} else {
		keys, err = s.R2Tokens.CreateR2Token(ctx, bucket, name, cloud.Account)
	}
	if err != nil {
		return err
	}
	return out.Keep(ctx, state.Sealed{Name: accessKey, Value: keys.Access}, state.Sealed{Name: secretKey, Value: keys.Secret})
}

// Probe puts, gets and deletes a reserved key, and wants another bucket refused.
func (s r2Token) Probe(ctx context.Context, in state.Facts, out steps.Out) error {
	bucket, err := state.Get(in, state.FactBucket)
	if err != nil {
		return err
	}
	seen, err := s.look(ctx, in)
	if err != nil {
		return err
	}
	if err := s.Objects.Exercise(ctx, bucket, seen.keys); err != nil {
		return err
	}
	other := bucket
	other.Name = bucket.Name + "-other"
	switch err := s.Objects.HeadBucket(ctx, other, seen.keys); {
	case errors.Is(err, state.ErrDenied), errors.Is(err, state.ErrUnauthorized):
		out.Logf("signed request ok; another bucket refused")
		return nil
	case err != nil && !errors.Is(err, state.ErrNotFound):
		return err
	}
	// That it is not there is told only to those who may look.
	return state.Problem{ID: "F22", What: "the keys open another bucket too", Why: "the token covers more than " + bucket.Name, Fix: "cut the token to this bucket on the page"}
}
