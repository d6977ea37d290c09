package setup

// What is right and wrong with a token and its keys that are there.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
)

// orphan is a token of our name whose keys are not sealed here: ours where we
// asked for it and no host can be using it, else somebody's.
func (s r2Token) orphan(ctx context.Context, name string) (steps.Finding, error) {
	onHost, err := s.onHost(ctx, accessKey)
	if err != nil {
		return steps.Finding{}, err
	}
	used := len(onHost) > 0
	if s.Asked.Asked(askedToken(name)) && !used {
		return steps.Finding{Status: steps.Missing, Changes: steps.Changes(
			"roll", "API token "+name+", whose value never arrived", "seal", string(accessKey)+", "+string(secretKey))}, nil
	}
	why := "its value was shown once, and this directory does not know that it asked for it"
	if used {
		why = "the host uses its keys"
	}
	return blocked(s.foreign(name, why)), nil
}

// judge is about a pair that is sealed.
func (s r2Token) judge(seen tokenSeen) (steps.Finding, error) {
	name := s.Config.Cache.R2.TokenName
	i := slices.IndexFunc(seen.named, func(t state.R2Token) bool { return t.ID.Equal(seen.keys.Access) })
	refused := errors.Is(seen.s3, state.ErrDenied) || errors.Is(seen.s3, state.ErrUnauthorized)
	switch {
	case refused && i >= 0 && s.Now().Sub(seen.named[i].Modified) < freshFor:
		return steps.Finding{Status: steps.Waiting, Text: "S3 does not know the new keys yet", Again: 3 * time.Second}, nil
	case refused:
		return blocked(state.Problem{
			ID: "F21", What: "S3 refuses the sealed keys of " + name,
			Why: "the token was rolled, deleted or is for another bucket, or the secret half is the token's value and not its SHA-256",
			Fix: "seal a pair that works: " + string(accessKey) + " is the token's id, " + string(secretKey) + " the SHA-256 of its value in hex",
		}), nil
	case seen.s3 != nil && !errors.Is(seen.s3, state.ErrNotFound):
		return steps.Finding{}, seen.s3
	case i < 0:
		f := ready(name+", keys work", state.One(state.FactR2Token, state.R2Token{Name: name}))
		f.Problems = []state.Problem{{
			Key: tokenNameKey, What: "the keys work, but no token " + name + " has this id", Why: "it has another name, or belongs to somebody else, so its policy cannot be checked",
			Fix: "set cache.r2.token_name to what the token is called",
		}}
		return f, nil
	}
	t := seen.named[i]
	f := ready(name+", this bucket only", state.One(state.FactR2Token, t))
	f.Problems = s.policy(t)
	return f, nil
}

// policy wants exactly this bucket, and item write on it.
func (s r2Token) policy(t state.R2Token) []state.Problem {
	var wrong []string
	if len(t.Buckets) != 1 || !strings.HasSuffix(t.Buckets[0], "_"+s.Config.Cache.R2.Bucket) {
		wrong = append(wrong, fmt.Sprintf("it covers %d things, not this bucket alone", len(t.Buckets)))
	}
	for _, g := range t.Groups {
		if g != itemWrite && g != itemRead {
			wrong = append(wrong, "it carries "+state.CleanText(g, 60))
		}
	}
	if !slices.Contains(t.Groups, itemWrite) {
		wrong = append(wrong, "it lacks "+itemWrite)
	}
	if len(wrong) == 0 {
		return nil
	}
	return []state.Problem{{
		ID: "F22", What: "the token " + t.Name + " is not cut to this bucket", Why: strings.Join(wrong, "; "),
		Fix: "edit the token on the page: " + itemWrite + " on " + s.Config.Cache.R2.Bucket, URL: "https://dash.cloudflare.com/profile/api-tokens",
	}}
}
