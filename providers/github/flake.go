package github

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/go-github/v60/github"

	"github.com/nixwright/nixwright/state"
)

// HasFile says whether the default branch has the file (GET
// /repos/{owner}/{repo}/contents/{path}).
func (c *Client) HasFile(ctx context.Context, repo, path string) (bool, error) {
	return c.hasFile(ctx, repo, path, "")
}

func (c *Client) hasFile(ctx context.Context, repo, path, branch string) (bool, error) {
	base, err := repoPath(repo)
	if err != nil {
		return false, err
	}
	base += "/contents/" + escapeSlashed(path)
	if branch != "" {
		base += "?ref=" + url.QueryEscape(branch)
	}
	_, err = c.do(ctx, call{op: "look for " + path + " in " + repo, method: http.MethodGet, path: base})
	if absent(err) {
		return false, nil
	}
	return err == nil, err
}

// escapeSlashed escapes a path or branch for a URL and keeps its slashes.
func escapeSlashed(s string) string {
	parts := strings.Split(s, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return strings.Join(parts, "/")
}

// Proposed finds the open pull request from a branch of the repository itself
// (GET /repos/{owner}/{repo}/pulls?head=owner:branch); empty: there is none.
func (c *Client) Proposed(ctx context.Context, repo, branch string) (string, error) {
	path, err := repoPath(repo)
	if err != nil {
		return "", err
	}
	owner, _, _ := strings.Cut(repo, "/")
	var got []*github.PullRequest
	_, err = c.do(ctx, call{
		op: "look for the pull request from " + branch + " of " + repo, method: http.MethodGet,
		path: path + "/pulls?state=open&head=" + url.QueryEscape(owner+":"+branch), out: &got,
	})
	if err != nil || len(got) == 0 {
		return "", err
	}
	return clean(got[0].GetHTMLURL()), nil
}

// Propose makes the branch, the file on it and the pull request to the default
// branch, each only where it is missing, and returns the pull request's page.
// A file that is on the branch already stays as it is.
func (c *Client) Propose(ctx context.Context, repo state.Repo, branch, path, content, title, body string) (string, error) {
	base, err := repoPath(repo.Name)
	if err != nil {
		return "", err
	}
	if err := c.makeBranch(ctx, repo, base, branch); err != nil {
		return "", err
	}
	there, err := c.hasFile(ctx, repo.Name, path, branch)
	if err != nil {
		return "", err
	}
	if !there {
		_, err := c.do(ctx, call{
			op: "write " + path + " on " + branch + " of " + repo.Name, method: http.MethodPut,
			path: base + "/contents/" + escapeSlashed(path),
			in:   github.RepositoryContentFileOptions{Message: &title, Content: []byte(content), Branch: &branch},
		})
		if err != nil {
			return "", err
		}
	}
	if page, err := c.Proposed(ctx, repo.Name, branch); err != nil || page != "" {
		return page, err
	}
	var pr github.PullRequest
	op := "open a pull request from " + branch + " of " + repo.Name
	resp, err := c.do(ctx, call{
		op: op, method: http.MethodPost, path: base + "/pulls", out: &pr,
		in: github.NewPullRequest{Title: &title, Head: &branch, Base: &repo.Branch, Body: &body},
	})
	if err != nil {
		return "", err
	}
	if pr.GetHTMLURL() == "" {
		return "", nonsense(op, resp, "the answer names no pull request")
	}
	return clean(pr.GetHTMLURL()), nil
}

// makeBranch makes the branch from the default one's head (GET
// /repos/{owner}/{repo}/git/ref/{ref}, POST /repos/{owner}/{repo}/git/refs).
func (c *Client) makeBranch(ctx context.Context, repo state.Repo, base, branch string) error {
	var ref github.Reference
	look := func(name string) error {
		_, err := c.do(ctx, call{
			op: "look for branch " + name + " of " + repo.Name, method: http.MethodGet,
			path: base + "/git/ref/heads/" + escapeSlashed(name), out: &ref,
		})
		return err
	}
	// An empty repository has no branch: 409.
	err := look(branch)
	if err == nil || !absent(err) && !errors.Is(err, state.ErrExists) {
		return err
	}
	err = look(repo.Branch)
	if absent(err) || errors.Is(err, state.ErrExists) {
		return state.Problem{
			What: "the repository " + repo.Name + " has no commit on " + repo.Branch,
			Why:  "a pull request needs a commit to start from", Fix: "push a first commit, then run this again",
		}
	}
	if err != nil {
		return err
	}
	_, err = c.do(ctx, call{
		op: "make branch " + branch + " of " + repo.Name, method: http.MethodPost, path: base + "/git/refs",
		in: map[string]string{"ref": "refs/heads/" + branch, "sha": ref.GetObject().GetSHA()},
	})
	return err
}
