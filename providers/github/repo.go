package github

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/google/go-github/v60/github"

	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
)

// User is the token's user (GET /user). The header X-OAuth-Scopes comes with
// classic tokens only, empty where they have no scope.
func (c *Client) User(ctx context.Context) (state.GitHubUser, error) {
	const op = "look up the token's user"
	var u github.User
	resp, err := c.do(ctx, call{op: op, method: http.MethodGet, path: "user", out: &u})
	if err != nil {
		return state.GitHubUser{}, err
	}
	if u.GetLogin() == "" {
		return state.GitHubUser{}, nonsense(op, resp, "the answer names no user")
	}
	out := state.GitHubUser{Login: clean(u.GetLogin()), ID: u.GetID()}
	scopes, classic := resp.Header["X-Oauth-Scopes"]
	out.Classic = classic
	for s := range strings.SplitSeq(strings.Join(scopes, ","), ",") {
		if s = clean(s); s != "" {
			out.Scopes = append(out.Scopes, s)
		}
	}
	if at, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		out.Clock = at
	}
	return out, nil
}

// Repo looks at a repository, "owner/name" (GET /repos/{owner}/{repo}). A
// private one that the token does not see is not found.
func (c *Client) Repo(ctx context.Context, repo string) (r state.Repo, found bool, err error) {
	path, err := repoPath(repo)
	if err != nil {
		return state.Repo{}, false, err
	}
	op := "look at repository " + repo
	var g github.Repository
	resp, err := c.do(ctx, call{op: op, method: http.MethodGet, path: path, out: &g, none: []int{http.StatusNotFound}})
	if errors.Is(err, errNone) {
		return state.Repo{}, false, nil
	}
	if err != nil {
		return state.Repo{}, false, err
	}
	if g.GetID() == 0 || g.GetFullName() == "" {
		return state.Repo{}, false, nonsense(op, resp, "the answer names no repository")
	}
	return state.Repo{
		Name: clean(g.GetFullName()), ID: g.GetID(), Owner: owner(g.GetOwner()),
		Branch: clean(g.GetDefaultBranch()), Private: g.GetPrivate(), Archived: g.GetArchived(),
		Admin: g.GetPermissions()["admin"],
	}, true, nil
}

// owner is an account as state has it.
func owner(u *github.User) state.Owner {
	return state.Owner{Login: clean(u.GetLogin()), ID: u.GetID(), Org: u.GetType() == "Organization"}
}

// topics is the body of the topics' operations, both ways.
type topics struct {
	Names []string `json:"names"`
}

// Topics lists the repository's topics, all pages (GET
// /repos/{owner}/{repo}/topics): whoever sets them replaces all.
func (c *Client) Topics(ctx context.Context, repo string) ([]string, error) {
	path, err := repoPath(repo)
	if err != nil {
		return nil, err
	}
	var got topics
	all := []string{}
	err = c.pages(ctx, call{op: "list topics of " + repo, method: http.MethodGet, path: path + "/topics", out: &got}, func() error {
		if got.Names == nil || slices.Contains(got.Names, "") {
			return errors.New("the answer names no topics")
		}
		all, got = append(all, cleanAll(got.Names)...), topics{}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// SetTopics replaces all topics (PUT /repos/{owner}/{repo}/topics), which
// GitHub lower-cases, and sees that these are what the repository has then.
func (c *Client) SetTopics(ctx context.Context, repo string, names []string) error {
	path, err := repoPath(repo)
	if err != nil {
		return err
	}
	if names == nil {
		names = []string{} // null is refused
	}
	var got topics
	op := "set topics of " + repo
	resp, err := c.do(httpx.Idempotent(ctx), call{op: op, method: http.MethodPut, path: path + "/topics", in: topics{Names: names}, out: &got})
	if err != nil {
		return err
	}
	if got.Names == nil || !maps.Equal(asSet(names), asSet(got.Names)) {
		return nonsense(op, resp, "the answer names other topics")
	}
	return nil
}

func asSet(names []string) map[string]bool {
	out := map[string]bool{}
	for _, n := range names {
		out[strings.ToLower(n)] = true
	}
	return out
}
