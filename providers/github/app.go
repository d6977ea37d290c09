package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"

	"github.com/google/go-github/v60/github"

	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
)

// app is a GitHub App as the API tells it (schema integration). go-github's
// App lacks the client id and drops permissions that it does not know.
type app struct {
	ID          int64             `json:"id"`
	Slug        string            `json:"slug"`
	Name        string            `json:"name"`
	ClientID    string            `json:"client_id"`
	Owner       *github.User      `json:"owner"`
	Permissions map[string]string `json:"permissions"`
	Events      []string          `json:"events"`
}

func (a app) state() state.App {
	return state.App{
		ID: a.ID, Slug: clean(a.Slug), Name: clean(a.Name), ClientID: clean(a.ClientID),
		Owner: owner(a.Owner), Permissions: cleanMap(a.Permissions), Events: cleanAll(a.Events),
	}
}

// App looks at the App as itself: GET /app and, at the same time, GET
// /app/hook/config, where 404 is an App without a hook. A key that is no
// private key in PEM is the state.Problem F13; one that GitHub does not accept
// is state.ErrUnauthorized.
func (c *Client) App(ctx context.Context, auth state.AppAuth) (state.App, error) {
	hc, err := c.asApp(auth)
	if err != nil {
		return state.App{}, err
	}
	var (
		a               app
		resp            *github.Response
		hook            github.HookConfig
		appErr, hookErr error
		wg              sync.WaitGroup
	)
	op := fmt.Sprintf("look at App %d", auth.ID)
	wg.Go(func() {
		resp, appErr = c.as(ctx, hc, call{op: op, method: http.MethodGet, path: "app", out: &a})
	})
	wg.Go(func() {
		_, hookErr = c.as(ctx, hc, call{
			op: fmt.Sprintf("look at the hook of App %d", auth.ID), method: http.MethodGet, path: "app/hook/config", out: &hook,
			none: []int{http.StatusNotFound},
		})
	})
	wg.Wait()
	if errors.Is(hookErr, errNone) {
		hookErr = nil
	}
	if err := plainer(appErr, hookErr); err != nil {
		return state.App{}, err
	}
	if a.ID == 0 || a.Slug == "" {
		return state.App{}, nonsense(op, resp, "the answer names no App")
	}
	out := a.state()
	out.HookURL = clean(hook.GetURL())
	return out, nil
}

// plainer is the first of two errors, but the second where only that one holds
// an answer of GitHub: a limit that one call ran into keeps the other from
// being sent.
func plainer(a, b error) error {
	var first, second *state.CallError
	if a == nil || errors.As(a, &first) && first.Status == 0 && errors.As(b, &second) && second.Status != 0 {
		return b
	}
	return a
}

// AppBySlug looks an App up as the token's user (GET /apps/{app_slug}).
func (c *Client) AppBySlug(ctx context.Context, slug string) (a state.App, found bool, err error) {
	op := "look up App " + slug
	var got app
	resp, err := c.do(ctx, call{op: op, method: http.MethodGet, path: "apps/" + url.PathEscape(slug), out: &got, none: []int{http.StatusNotFound}})
	if errors.Is(err, errNone) {
		return state.App{}, false, nil
	}
	if err != nil {
		return state.App{}, false, err
	}
	if got.ID == 0 {
		return state.App{}, false, nonsense(op, resp, "the answer names no App")
	}
	return got.state(), true, nil
}

// Convert trades the code of a manifest for the App (POST
// /app-manifests/{code}/conversions, without a credential). The code is spent
// by the first attempt, so there is no second one.
func (c *Client) Convert(ctx context.Context, code state.Secret) (state.NewApp, error) {
	const op = "convert the App's manifest"
	ctx = httpx.Hide(httpx.Once(ctx), code)
	var got struct {
		app

		PEM           string  `json:"pem"`
		ClientSecret  string  `json:"client_secret"`
		WebhookSecret *string `json:"webhook_secret"`
	}
	resp, err := c.as(ctx, c.open, call{
		op: op, method: http.MethodPost, path: "app-manifests/" + url.PathEscape(code.Reveal()) + "/conversions", out: &got,
	})
	if err != nil {
		return state.NewApp{}, err
	}
	n := state.NewApp{App: got.state(), Key: state.NewSecret(got.PEM), ClientSecret: state.NewSecret(got.ClientSecret)}
	if got.WebhookSecret != nil {
		n.HookSecret = state.NewSecret(*got.WebhookSecret)
	}
	if got.ID == 0 || n.Key.Empty() {
		return state.NewApp{}, nonsense(op, resp, "the answer holds no App or no private key")
	}
	return n, nil
}

// Installation looks for the App's installation that covers the repository, as
// the App (GET /repos/{owner}/{repo}/installation): 404 until somebody has
// installed it there.
func (c *Client) Installation(ctx context.Context, auth state.AppAuth, repo string) (i state.Installation, found bool, err error) {
	path, err := repoPath(repo)
	if err != nil {
		return state.Installation{}, false, err
	}
	hc, err := c.asApp(auth)
	if err != nil {
		return state.Installation{}, false, err
	}
	var got struct {
		ID          int64             `json:"id"`
		Account     *github.User      `json:"account"`
		Permissions map[string]string `json:"permissions"`
		SuspendedAt *string           `json:"suspended_at"`
	}
	op := "look for the App's installation on " + repo
	resp, err := c.as(ctx, hc, call{op: op, method: http.MethodGet, path: path + "/installation", out: &got, none: []int{http.StatusNotFound}})
	if errors.Is(err, errNone) {
		return state.Installation{}, false, nil
	}
	if err != nil {
		return state.Installation{}, false, err
	}
	if got.ID == 0 {
		return state.Installation{}, false, nonsense(op, resp, "the answer names no installation")
	}
	return state.Installation{
		ID: got.ID, Account: clean(got.Account.GetLogin()),
		Permissions: cleanMap(got.Permissions), Suspended: got.SuspendedAt != nil,
	}, true, nil
}

// AddRepo adds a repository to an installation (PUT
// /user/installations/{installation_id}/repositories/{repository_id}); GitHub
// takes only a classic token with the scope repo for it. One that is there
// already is no error.
func (c *Client) AddRepo(ctx context.Context, installation, repo int64) error {
	resp, err := c.do(httpx.Idempotent(ctx), call{
		op: fmt.Sprintf("add repository %d to installation %d", repo, installation), method: http.MethodPut,
		path: fmt.Sprintf("user/installations/%d/repositories/%d", installation, repo), done: http.StatusNoContent,
	})
	if resp != nil && resp.Response != nil && resp.StatusCode == http.StatusNotModified {
		return nil
	}
	return err
}

// RemoveRepo takes a repository out of an installation (DELETE
// /user/installations/{installation_id}/repositories/{repository_id}); GitHub
// takes only a classic token with the scope repo for it. It refuses (422) where
// the App is installed on all repositories, and for the last one.
func (c *Client) RemoveRepo(ctx context.Context, installation, repo int64) error {
	resp, err := c.do(httpx.Idempotent(ctx), call{
		op: fmt.Sprintf("take repository %d out of installation %d", repo, installation), method: http.MethodDelete,
		path: fmt.Sprintf("user/installations/%d/repositories/%d", installation, repo), done: http.StatusNoContent,
	})
	if resp != nil && resp.Response != nil && resp.StatusCode == http.StatusNotModified {
		return nil
	}
	return err
}
