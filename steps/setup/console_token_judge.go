package setup

// What is right and wrong with a token of the console that is there.

import (
	"slices"
	"strings"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/shape"
	"github.com/nixwright/nixwright/steps"
)

// consoleTokenKey is the answer that asks for it.
const consoleTokenKey = "console.cloudflare_token"

// fresh says whether a token is so new that it may not be known everywhere.
func (s consoleToken) fresh(t state.R2Token) bool { return s.Now().Sub(t.Modified) < freshFor }

func (s consoleToken) changes(seen consoleSeen, why string) []steps.Change {
	verb, what := "create", "API token "+s.name()+", which only reads"
	if len(seen.named) > 0 {
		verb, what = "roll", "API token "+s.name()+", "+why
	}
	return steps.Changes(verb, what, "seal", string(shape.CloudflareReadName))
}

// judge is about a sealed token that works.
func (s consoleToken) judge(seen consoleSeen, cloud state.CloudflareToken) steps.Finding {
	page := state.CloudflareTokensURL(s.Config.Endpoints.CloudflareAPI, seen.token.Account)
	if seen.token.ID == cloud.ID {
		return blocked(state.Problem{
			Key: consoleTokenKey, What: "the token that setup runs with is sealed as " + string(shape.CloudflareReadName), Why: "the host could read it, and it can make tokens",
			Fix: "take " + string(shape.CloudflareReadName) + " out of " + s.Config.Paths.Secrets + " and run this again, which makes a token that only reads", URL: page,
		})
	}
	i := slices.IndexFunc(seen.named, func(t state.R2Token) bool { return t.ID.Equal(state.NewSecret(seen.token.ID)) })
	if i < 0 {
		return ready("a token of another name works", state.Facts{})
	}
	f := ready(s.name()+", which only reads", state.Facts{})
	for _, group := range seen.named[i].Groups {
		if !strings.HasSuffix(group, " Read") {
			f.Problems = append(f.Problems, state.Problem{
				What: "the token " + s.name() + " does more than read", Why: "it carries " + state.CleanText(group, 60) + ", and the host can read the token",
				Fix: "take the permission away on the page", URL: page,
			})
		}
	}
	return f
}

// foreign is a token of our name that is not ours to roll.
func (s consoleToken) foreign(why string) state.Problem {
	return state.Problem{
		Key: consoleTokenKey, What: "the token " + s.name() + " exists, and its value is not sealed here", Why: why,
		Fix: "seal the value you have as " + string(shape.CloudflareReadName) + ": sops set " + s.Config.Paths.Secrets + "; or delete the token on the page and run this again; or take " + consoleTokenKey + " out of nixwright.toml",
		URL: state.CloudflareTokensURL(s.Config.Endpoints.CloudflareAPI, false),
	}
}

// off is a token of our name that was switched off, or that ended.
func (s consoleToken) off() state.Problem {
	return state.Problem{
		Key: consoleTokenKey, What: "the token " + s.name() + " is switched off or has ended", Why: "Cloudflare takes it no more, and a new value would not change that",
		Fix: "switch it on again on the page, or delete it there and run this again",
		URL: state.CloudflareTokensURL(s.Config.Endpoints.CloudflareAPI, false),
	}
}
