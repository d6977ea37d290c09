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
	op := "look for " + path + " in " + repo
	var got struct {
		Type string `json:"type"`
		SHA  string `json:"sha"`
	}
	resp, err := c.do(ctx, call{op: op, method: http.MethodGet, path: base, out: &got, none: []int{http.StatusNotFound}})
	if errors.Is(err, errNone) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if got.SHA == "" || got.Type != "file" && got.Type != "symlink" {
		return false, nonsense(op, resp, "the answer is no file")
	}
	return true, nil
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
	op := "look for the pull request from " + branch + " of " + repo
	resp, err := c.do(ctx, call{
		op: op, method: http.MethodGet, path: path + "/pulls?state=open&head=" + url.QueryEscape(owner+":"+branch), out: &got,
	})
	if err != nil || len(got) == 0 {
		return "", err
	}
	if got[0].GetHTMLURL() == "" {
		return "", nonsense(op, resp, "the answer names no pull request")
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
		if err := c.writeFile(ctx, repo.Name, base, branch, path, content, title); err != nil {
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

// writeFile makes a commit with the file, which is new, on the branch (PUT
// /repos/{owner}/{repo}/contents/{path}).
func (c *Client) writeFile(ctx context.Context, repo, base, branch, path, content, title string) error {
	var made github.RepositoryContentResponse
	op := "write " + path + " on " + branch + " of " + repo
	resp, err := c.do(ctx, call{
		op: op, method: http.MethodPut, path: base + "/contents/" + escapeSlashed(path), out: &made,
		in: github.RepositoryContentFileOptions{Message: &title, Content: []byte(content), Branch: &branch},
	})
	if err != nil {
		return err
	}
	if made.GetSHA() == "" {
		return nonsense(op, resp, "the answer names no commit")
	}
	return nil
}

// makeBranch makes the branch from the default one's head (GET
// /repos/{owner}/{repo}/git/ref/{ref}, POST /repos/{owner}/{repo}/git/refs).
func (c *Client) makeBranch(ctx context.Context, repo state.Repo, base, branch string) error {
	if _, err := c.head(ctx, repo.Name, base, branch); !errors.Is(err, errNone) {
		return err
	}
	sha, err := c.head(ctx, repo.Name, base, repo.Branch)
	if errors.Is(err, errNone) {
		return state.Problem{
			What: "the repository " + repo.Name + " has no commit on " + repo.Branch,
			Why:  "a pull request needs a commit to start from", Fix: "push a first commit, then run this again",
		}
	}
	if err != nil {
		return err
	}
	var made github.Reference
	op := "make branch " + branch + " of " + repo.Name
	resp, err := c.do(ctx, call{
		op: op, method: http.MethodPost, path: base + "/git/refs", out: &made,
		in: map[string]string{"ref": "refs/heads/" + branch, "sha": sha},
	})
	if err != nil {
		return err
	}
	if made.GetObject().GetSHA() == "" {
		return nonsense(op, resp, "the answer names no branch")
	}
	return nil
}

// head is the newest commit of a branch; errNone: there is no such branch. An
// empty repository has none at all, which is a 409.
func (c *Client) head(ctx context.Context, repo, base, branch string) (string, error) {
	var ref github.Reference
	op := "look for branch " + branch + " of " + repo
	resp, err := c.do(ctx, call{
		op: op, method: http.MethodGet, path: base + "/git/ref/heads/" + escapeSlashed(branch), out: &ref,
		none: []int{http.StatusNotFound, http.StatusConflict},
	})
	if err != nil {
		return "", err
	}
	if ref.GetObject().GetSHA() == "" {
		return "", nonsense(op, resp, "the answer names no branch")
	}
	return ref.GetObject().GetSHA(), nil
}
