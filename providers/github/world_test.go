package github_test

import (
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/nixwright/nixwright/providers/fake"
	"github.com/nixwright/nixwright/providers/github"
	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
)

// TestInTheBuiltInWorld goes through the story of a set-up in the pretend
// GitHub: look, make an App, install it, hooks, propose a flake.
func TestInTheBuiltInWorld(t *testing.T) {
	w, err := fake.Start(t.Context(), t.TempDir(), "fresh", fake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	at := w.Endpoints()
	c := github.New(httpx.New(httpx.Options{}), at.GitHubAPI, at.GitHubWeb, state.NewSecret(w.Env()["GH_TOKEN"]))
	stranger := github.New(httpx.New(httpx.Options{}), at.GitHubAPI, at.GitHubWeb, state.NewSecret("ghp_wrong"))
	if _, err := stranger.User(t.Context()); !errors.Is(err, state.ErrUnauthorized) {
		t.Errorf("a wrong token: %v", err)
	}
	r := lookAround(t, c)
	made, auth := makeApp(t, c, at.GitHubWeb)
	installApp(t, c, at.GitHubWeb, made, auth, r)
	pingHook(t, c, r)
	proposeTwice(t, c, r)
}

func lookAround(t *testing.T, c *github.Client) state.Repo {
	t.Helper()
	ctx := t.Context()
	u, err := c.User(ctx)
	if err != nil || u.Login != "phlip9" || !u.Classic || !slices.Contains(u.Scopes, "repo") || u.Clock.IsZero() {
		t.Errorf("user %+v, %v", u, err)
	}
	r, found, err := c.Repo(ctx, "phlip9/dotfiles")
	if err != nil || !found || !r.Admin || r.Branch != "master" {
		t.Fatalf("repo %+v, %v, %v", r, found, err)
	}
	if _, found, err := c.Repo(ctx, "someone-else/private-things"); found || err != nil {
		t.Errorf("a private one: %v, %v", found, err)
	}
	had, err := c.Topics(ctx, r.Name)
	if err == nil {
		err = c.SetTopics(ctx, r.Name, append(had, "ci"))
	}
	if now, again := c.Topics(ctx, r.Name); err != nil || again != nil || len(now) != len(had)+1 {
		t.Errorf("topics %v, %v, %v", now, err, again)
	}
	return r
}

func installApp(t *testing.T, c *github.Client, web string, made state.NewApp, auth state.AppAuth, r state.Repo) {
	t.Helper()
	ctx := t.Context()
	a, err := c.App(ctx, auth)
	if err != nil || a.Slug != made.App.Slug || a.ClientID != made.App.ClientID || a.Permissions["contents"] != "read" {
		t.Errorf("App %+v, %v", a, err)
	}
	if _, found, err := c.AppBySlug(ctx, a.Slug); !found || err != nil {
		t.Errorf("by slug: %v, %v", found, err)
	}
	if _, found, err := c.Installation(ctx, auth, r.Name); found || err != nil {
		t.Errorf("installed already: %v, %v", found, err)
	}
	install := fmt.Sprintf("%s/apps/%s/installations/new/permissions?suggested_target_id=%d&repository_ids[]=%d", web, a.Slug, r.Owner.ID, r.ID)
	if err := fake.Person(ctx, http.DefaultClient, install); err != nil {
		t.Fatal(err)
	}
	if i, found, err := c.Installation(ctx, auth, r.Name); !found || err != nil || i.Account != "phlip9" || i.Permissions["contents"] != "read" {
		t.Errorf("installation %+v, %v, %v", i, found, err)
	}
	for secret, want := range map[string]state.LoginVerdict{made.ClientSecret.Reveal(): state.LoginRight, "other": state.LoginWrong} {
		if v, err := c.CheckLogin(ctx, a.ClientID, state.NewSecret(secret), ""); err != nil || v != want {
			t.Errorf("login: %q, %v, want %q", v, err, want)
		}
	}
}

func pingHook(t *testing.T, c *github.Client, r state.Repo) {
	t.Helper()
	hooks, err := c.RepoHooks(t.Context(), r.Name)
	if err != nil || len(hooks) != 1 {
		t.Fatalf("hooks %+v, %v", hooks, err)
	}
	if err := c.Ping(t.Context(), r.Name, hooks[0].ID); err != nil {
		t.Error(err)
	}
	if all, err := c.HookDeliveries(t.Context(), r.Name, hooks[0].ID); err != nil || len(all) == 0 || all[0].Event != "ping" {
		t.Errorf("deliveries %+v, %v", all, err)
	}
}

// makeApp sends a manifest as a person in a browser does, and trades its code.
func makeApp(t *testing.T, c *github.Client, web string) (state.NewApp, state.AppAuth) {
	t.Helper()
	const manifest = `{"name":"phlip9-buildbot-ci","url":"https://ci.phlip9.com","redirect_url":"http://127.0.0.1:1/made",
		"hook_attributes":{"url":"https://ci.phlip9.com/hook","active":false},"default_permissions":{"contents":"read","metadata":"read"}}`
	page := filepath.Join(t.TempDir(), "form.html")
	form := fmt.Sprintf(`<form method="post" action="%s/settings/apps/new?state=s"><input name="manifest" value="%s"></form>`, web, html.EscapeString(manifest))
	if err := os.WriteFile(page, []byte(form), 0o600); err != nil {
		t.Fatal(err)
	}
	read, _ := fake.PersonReads(t.Context(), http.DefaultClient, "file://"+page)
	back, err := url.Parse(read["address"])
	if err != nil || back.Query().Get("code") == "" {
		t.Fatalf("no code in %q", read["address"])
	}
	made, err := c.Convert(t.Context(), state.NewSecret(back.Query().Get("code")))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Convert(t.Context(), state.NewSecret(back.Query().Get("code"))); !errors.Is(err, state.ErrNotFound) {
		t.Errorf("a spent code: %v", err)
	}
	return made, state.AppAuth{ID: made.App.ID, Key: made.Key}
}

func proposeTwice(t *testing.T, c *github.Client, r state.Repo) {
	t.Helper()
	ctx := t.Context()
	if page, err := c.Proposed(ctx, r.Name, "nixwright/flake"); err != nil || page != "" {
		t.Errorf("proposed already: %q, %v", page, err)
	}
	first, err := c.Propose(ctx, r, "nixwright/flake", "nix/flake.nix", "{ }\n", "title", "body")
	if err != nil || first == "" {
		t.Fatalf("propose: %q, %v", first, err)
	}
	again, err := c.Propose(ctx, r, "nixwright/flake", "nix/flake.nix", "{ }\n", "title", "body")
	if err != nil || again != first {
		t.Errorf("again: %q, %v", again, err)
	}
	if has, err := c.HasFile(ctx, r.Name, "nix/flake.nix"); err != nil || has {
		t.Errorf("on the default branch: %v, %v", has, err)
	}
	if has, err := c.HasFile(ctx, r.Name, "README.md"); err != nil || !has {
		t.Errorf("README.md: %v, %v", has, err)
	}
}
