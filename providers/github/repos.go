package github

import (
	"context"
	"errors"
	"net/http"

	"github.com/google/go-github/v60/github"

	"github.com/nixwright/nixwright/state"
)

// maxRepos is how many repositories are listed to choose from.
const maxRepos = 1000

// Repos lists the repositories that the token's user owns, has as a member of
// an organization or works on with others, the last pushed to first, at most
// 1000 of them (GET /user/repos). A fine-grained token lists those it was made
// for. Those that the user may not administer, or that are archived, are
// listed too: who shows the list says why they cannot be chosen.
func (c *Client) Repos(ctx context.Context) ([]state.RepoListing, error) {
	const path = "user/repos?affiliation=owner,organization_member,collaborator&sort=pushed"
	var got []github.Repository
	all := []state.RepoListing{}
	err := c.pages(ctx, call{op: "list repositories", method: http.MethodGet, path: path, out: &got}, func() error {
		for i := range got {
			g := &got[i]
			if g.GetID() == 0 || g.GetFullName() == "" {
				return errors.New("the answer has a repository without a name")
			}
			all = append(all, state.RepoListing{
				Name: clean(g.GetFullName()), Branch: clean(g.GetDefaultBranch()), Private: g.GetPrivate(),
				Archived: g.GetArchived(), Admin: g.GetPermissions()["admin"], Topics: cleanAll(g.Topics), Pushed: g.GetPushedAt().Time,
			})
		}
		got = nil
		if len(all) >= maxRepos {
			return errEnough
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return all[:min(len(all), maxRepos)], nil
}
