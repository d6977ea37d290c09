package fake

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// itself is the App behind the JWT; the answer is a 401 where there is none.
func (c *ghCall) itself() (*ghApp, *ghAnswer) {
	if c.who.app == nil {
		return nil, fail(http.StatusUnauthorized, "A JSON web token could not be decoded")
	}
	return c.who.app, nil
}

// getApp is apps/get-authenticated.
func getApp(c *ghCall) *ghAnswer {
	a, no := c.itself()
	if no != nil {
		return no
	}
	out := c.integration(&c.s.GitHub, a)
	n := 0
	for _, i := range c.s.GitHub.Installs {
		if i.App == a.ID {
			n++
		}
	}
	out["installations_count"] = n
	return ghReply(http.StatusOK, out)
}

// getAppBySlug is apps/get-by-slug. A private App is not shown to others;
// whether its owner's token sees it is told nowhere (GitHubKnobs).
func getAppBySlug(c *ghCall) *ghAnswer {
	g := &c.s.GitHub
	a := find(g.Apps, func(a *ghApp) bool { return a.Slug == c.r.PathValue("slug") })
	if a == nil || (!a.Public && (g.Knobs.PrivateAppHidden || !g.mayAdmin(c.who.login(), a.Owner))) {
		return fail(http.StatusNotFound, "Not Found")
	}
	return ghReply(http.StatusOK, c.integration(g, a))
}

// convertManifest is apps/create-from-manifest: no token, once, within one
// hour (GitHub docs, "Registering a GitHub App from a manifest").
func convertManifest(c *ghCall) *ghAnswer {
	g := &c.s.GitHub
	code := find(g.Codes, func(k *ghCode) bool { return k.Code == c.r.PathValue("code") })
	if code == nil || code.Used || c.now.Sub(code.At) > time.Hour {
		return fail(http.StatusNotFound, "Not Found")
	}
	a := g.app(code.App)
	out := c.integration(g, a)
	out["client_secret"], out["pem"], out["webhook_secret"] = a.ClientSecret, code.Key, nil
	if a.Hook.Secret != "" {
		out["webhook_secret"] = a.Hook.Secret
	}
	code.Used, code.Key = true, ""
	return ghReply(http.StatusCreated, out)
}

// getHookConfig is apps/get-webhook-config-for-app.
func getHookConfig(c *ghCall) *ghAnswer {
	a, no := c.itself()
	if no != nil {
		return no
	}
	out := webhookConfig(&a.Hook)
	switch k := c.s.GitHub.Knobs; {
	case a.Hook.Active || k.OffHookShown:
	case k.OffHookGone:
		return fail(http.StatusNotFound, "Not Found")
	default:
		delete(out, "url")
	}
	return ghReply(http.StatusOK, out)
}

// patchHookConfig is apps/update-webhook-config-for-app; it cannot turn the
// hook on or off.
func patchHookConfig(c *ghCall) *ghAnswer {
	a, no := c.itself()
	if no != nil {
		return no
	}
	var in struct {
		URL         string  `json:"url"`
		ContentType string  `json:"content_type"`
		Secret      *string `json:"secret"`
	}
	if no := c.parse(&in); no != nil {
		return no
	}
	if in.URL != "" {
		a.Hook.URL = in.URL
	}
	if in.ContentType != "" {
		a.Hook.ContentType = in.ContentType
	}
	if in.Secret != nil {
		a.Hook.Secret = *in.Secret
	}
	return ghReply(http.StatusOK, webhookConfig(&a.Hook))
}

// appDeliveries is apps/list-webhook-deliveries and apps/get-webhook-delivery.
func appDeliveries(c *ghCall) *ghAnswer {
	a, no := c.itself()
	if no != nil {
		return no
	}
	return c.deliveries(&a.Hook)
}

// redeliverApp is apps/redeliver-webhook-delivery.
func (w *World) redeliverApp(c *ghCall) *ghAnswer {
	a, no := c.itself()
	if no != nil {
		return no
	}
	return w.redeliver(c, &a.Hook, hookAt{app: a.ID})
}

// appInstallations is apps/list-installations and apps/get-installation.
func appInstallations(c *ghCall) *ghAnswer {
	a, no := c.itself()
	if no != nil {
		return no
	}
	g := &c.s.GitHub
	out := []any{}
	for n := range g.Installs {
		if i := &g.Installs[n]; i.App == a.ID {
			if i.ID == c.id("id") {
				return ghReply(http.StatusOK, c.installation(g, i))
			}
			out = append(out, c.installation(g, i))
		}
	}
	if c.r.PathValue("id") != "" {
		return fail(http.StatusNotFound, "Not Found")
	}
	return c.list(out)
}

// repoInstallation is apps/get-repo-installation: 404 until it is installed.
func repoInstallation(c *ghCall) *ghAnswer {
	a, no := c.itself()
	if no != nil {
		return no
	}
	g := &c.s.GitHub
	r := g.repo(c.r.PathValue("owner"), c.r.PathValue("repo"))
	if r == nil {
		return fail(http.StatusNotFound, "Not Found")
	}
	i := g.installOf(a.ID, r)
	if i == nil {
		return fail(http.StatusNotFound, "Not Found")
	}
	return ghReply(http.StatusOK, c.installation(g, i))
}

// accessTokens is apps/create-installation-access-token: one hour, and no
// permission that was not accepted.
func accessTokens(c *ghCall) *ghAnswer {
	a, no := c.itself()
	if no != nil {
		return no
	}
	i := c.s.GitHub.install(c.id("id"))
	switch {
	case i == nil || i.App != a.ID:
		return fail(http.StatusNotFound, "Not Found")
	case i.Suspended:
		return fail(http.StatusForbidden, "This installation has been suspended")
	}
	var in struct {
		Permissions map[string]string `json:"permissions"`
	}
	if no := c.parse(&in); no != nil {
		return no
	}
	for p, level := range in.Permissions {
		if !allows(i.Permissions, p, level) {
			return fail(http.StatusUnprocessableEntity, "The permissions requested are not granted to this installation.")
		}
	}
	t := ghToken{Value: "ghs_" + c.s.Make("installation-token", 36), Install: i.ID, Permissions: in.Permissions, Expires: c.now.Add(time.Hour)}
	c.s.GitHub.Tokens = append(c.s.GitHub.Tokens, t)
	return ghReply(http.StatusCreated, map[string]any{
		"token": t.Value, "expires_at": stamp(t.Expires), "permissions": i.Permissions, "repository_selection": "selected",
	})
}

// installationRepos is apps/list-repos-accessible-to-installation.
func installationRepos(c *ghCall) *ghAnswer {
	if c.who.token == nil || c.who.token.Install == 0 {
		return fail(http.StatusForbidden, "You must authenticate with an installation access token in order to list repositories for an installation.")
	}
	g := &c.s.GitHub
	out := []any{}
	if i := g.install(c.who.token.Install); i != nil {
		for _, r := range g.covered(i) {
			out = append(out, c.repository(g, r, ""))
		}
	}
	return c.listIn("repositories", out)
}

// userInstallations is apps/list-installations-for-authenticated-user.
func userInstallations(c *ghCall) *ghAnswer {
	login, no := c.user()
	if no != nil {
		return no
	}
	g := &c.s.GitHub
	out := []any{}
	for n := range g.Installs {
		if i := &g.Installs[n]; g.mayAdmin(login, i.Account) {
			out = append(out, c.installation(g, i))
		}
	}
	return c.listIn("installations", out)
}

// addToInstallation is apps/add-repo-to-installation-for-authenticated-user:
// "only works for PATs (classic) with the repo scope".
func addToInstallation(c *ghCall) *ghAnswer {
	login, no := c.user()
	if no != nil {
		return no
	}
	g := &c.s.GitHub
	i, r := g.install(c.id("id")), g.repoID(c.id("repo"))
	switch {
	case !c.who.token.Classic || !slices.Contains(c.who.token.Scopes, "repo"):
		return fail(http.StatusForbidden, "You must use a personal access token (classic) with the repo scope to add a repository to an installation.")
	case i == nil || r == nil || !strings.EqualFold(i.Account, r.Owner) || !g.mayAdmin(login, r.Owner):
		return fail(http.StatusNotFound, "Not Found")
	}
	if !i.covers(r) {
		i.Repos = append(i.Repos, r.ID)
	}
	return ghReply(http.StatusNoContent, nil)
}

// removeFromInstallation is
// apps/remove-repo-from-installation-for-authenticated-user, by a classic token
// with the scope repo. Its 422: "when the application is installed on all
// repositories, or if this request would remove the last repository".
func removeFromInstallation(c *ghCall) *ghAnswer {
	login, no := c.user()
	if no != nil {
		return no
	}
	g := &c.s.GitHub
	i, r := g.install(c.id("id")), g.repoID(c.id("repo"))
	switch {
	case !c.who.token.Classic || !slices.Contains(c.who.token.Scopes, "repo"):
		return fail(http.StatusForbidden, "You must use a personal access token (classic) with the repo scope to remove a repository from an installation.")
	case i == nil || r == nil || !strings.EqualFold(i.Account, r.Owner) || !g.mayAdmin(login, r.Owner) || !i.covers(r):
		return fail(http.StatusNotFound, "Not Found")
	case i.All || len(i.Repos) == 1:
		return fail(http.StatusUnprocessableEntity, "Cannot remove a repository from an installation that is on all, or its last one.")
	}
	i.Repos = slices.DeleteFunc(i.Repos, func(id int64) bool { return id == r.ID })
	return ghReply(http.StatusNoContent, nil)
}

// checkToken is apps/check-token, by client id and secret. The world keeps no
// user tokens of Apps, so with the right pair every token is unknown: "Invalid
// tokens will return 404 NOT FOUND". The status for a wrong pair is
// unconfirmed (GitHubKnobs).
func checkToken(c *ghCall) *ghAnswer {
	id, secret, _ := c.r.BasicAuth()
	if have, ok := c.s.GitHub.client(id); !ok || id != c.r.PathValue("client") || !have.has(secret) {
		status := c.s.GitHub.Knobs.CheckTokenStatus
		if status == 0 {
			status = http.StatusUnauthorized
		}
		return fail(status, http.StatusText(status))
	}
	return fail(http.StatusNotFound, "Not Found")
}

// ghClient is what signs people in: an OAuth App or a GitHub App.
type ghClient struct {
	name      string
	secrets   []string // any of them is good
	callbacks []string
	exact     bool // a GitHub App wants one of its callbacks exactly
}

// has says whether the secret is one of the App's.
func (c ghClient) has(secret string) bool { return slices.Contains(c.secrets, secret) }

// client finds the App behind a client id.
func (g *GitHubState) client(id string) (ghClient, bool) {
	if a := find(g.OAuthApps, func(a *ghOAuthApp) bool { return a.ClientID == id }); a != nil && id != "" {
		return ghClient{name: a.Name, secrets: withOlder(a.Older, a.ClientSecret), callbacks: []string{a.Callback}}, true
	}
	if a := find(g.Apps, func(a *ghApp) bool { return a.ClientID == id }); a != nil && id != "" {
		return ghClient{name: a.Name, secrets: withOlder(a.Older, a.ClientSecret), callbacks: a.Callbacks, exact: true}, true
	}
	return ghClient{}, false
}
