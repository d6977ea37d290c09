package setup

import (
	"context"
	"fmt"
	"path"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
)

// checkCache is line 14: what was built last is served, signed by the key that
// clients trust.
type checkCache struct{ Deps }

func (s checkCache) Info() steps.Info {
	return steps.Info{
		ID: "check-cache", Title: "Cache", Phase: steps.PhaseAfter, Lines: []int{14}, Limit: 2 * time.Minute,
		Does: "read the newest build back from https://" + s.Config.Cache.Domain, Until: "not deployed",
		Needs: []state.Ref{state.FactDeployment.Ref(), state.FactPublicKey.Ref(), state.FactDomain.Ref()},
	}
}

func (s checkCache) Detect(ctx context.Context, in state.Facts) (steps.Finding, error) {
	public, err := state.Get(in, state.FactPublicKey)
	if err != nil {
		return steps.Finding{}, err
	}
	domain, err := state.Get(in, state.FactDomain)
	if err != nil {
		return steps.Finding{}, err
	}
	if domain.Ownership != "active" || domain.SSL != "active" {
		return steps.Finding{Status: steps.Waiting, Text: domain.Domain + " is not served yet", Hint: "it is read when r2-domain is ready"}, nil
	}
	var found bool
	var builds []state.Build
	err = together(ctx,
		func(ctx context.Context) (err error) { _, found, err = s.CacheRead.Info(ctx); return err },
		func(ctx context.Context) (err error) { builds, err = s.Builds.Finished(ctx); return err },
	)
	if err != nil {
		return steps.Finding{}, err
	}
	for _, b := range builds {
		if b.Result <= 1 && b.OutPath != "" { // success or warnings: a push that failed leaves warnings
			return s.readBack(ctx, b, public, found)
		}
	}
	return steps.Finding{Status: steps.Waiting, Text: "nothing built yet", Hint: "push to " + s.Config.GitHub.Repos[0]}, nil
}

// readBack fetches a build's narinfo and archive as a client does.
func (s checkCache) readBack(ctx context.Context, b state.Build, public string, info bool) (steps.Finding, error) {
	url := "https://" + s.Config.Cache.Domain
	name := state.CleanText(path.Base(b.OutPath), 80)
	n, found, err := s.CacheRead.Narinfo(ctx, b.OutPath, public)
	switch {
	case err != nil:
		return steps.Finding{}, err
	case !found && s.Now().Sub(b.At) < time.Minute:
		return steps.Finding{Status: steps.Waiting, Text: name + " is being uploaded", Again: 5 * time.Second}, nil
	case !found:
		return blocked(state.Problem{
			ID: "F32", What: "built, but not in the cache: " + name, Why: "the upload only warns when it fails, so the build is green",
			Fix: "look at the step \"Upload to niks3\" of build " + fmt.Sprint(b.ID) + ", and at ssh " + s.Config.Host.SSH + " journalctl -u niks3",
		}), nil
	case !info:
		return blocked(state.Problem{ID: "F26", What: url + "/nix-cache-info is missing", Why: "Nix takes no address for a cache without it", Fix: "ssh " + s.Config.Host.SSH + " systemctl restart niks3"}), nil
	case !n.Verified:
		return blocked(state.Problem{
			ID: "F26", What: name + " is not signed by the published key", Why: fmt.Sprintf("it carries signatures of %v; clients trust %s", n.SignedBy, public),
			Fix: "nixwright render, then deploy, so that niks3 signs with the sealed key",
		}), nil
	}
	there, err := s.CacheRead.NAR(ctx, n)
	if err != nil {
		return steps.Finding{}, err
	}
	if !there {
		return blocked(state.Problem{ID: "F32", What: "the archive of " + name + " is missing", Why: "its narinfo points at " + state.CleanText(n.URL, 80), Fix: "restart the build, which uploads it again"}), nil
	}
	return ready(name+" read back, signed by "+n.SignedBy[0], state.Facts{}), nil
}

// Apply has nothing to do: the check only looks.
func (s checkCache) Apply(context.Context, state.Facts, steps.Finding, steps.Out) error { return nil }
