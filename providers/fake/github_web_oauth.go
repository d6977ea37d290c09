package fake

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// oauthSheet is the form of a new OAuth App.
func oauthSheet(action string, value func(name string) string) sheet {
	group := sheetGroup{}
	for _, f := range []sheetFact{{"name", "Application name"}, {"url", "Homepage URL"}, {"callback_url", "Authorization callback URL"}} {
		name := "oauth_application[" + f.Name + "]"
		group.Fields = append(group.Fields, sheetField{Kind: fieldText, Name: name, Label: f.Value, Value: value(name)})
	}
	return sheet{
		Site: onGitHub, Heading: "Register a new OAuth app",
		Forms: []sheetForm{{Action: action, Button: "Register application", Groups: []sheetGroup{group}}},
	}
}

// oauthPage is the form of a new OAuth App, filled from the address. GitHub
// does not document that; set-up guides of Red Hat Developer Hub and others
// use oauth_application[name], [url] and [callback_url].
func (w *World) oauthPage(rw http.ResponseWriter, r *http.Request) {
	oauthSheet(strings.TrimSuffix(r.URL.Path, "/new"), r.URL.Query().Get).write(rw)
}

// createOAuthApp makes an OAuth App, which has no secret yet. How the real page
// shows its id is not documented in a form that could be followed here.
func (w *World) createOAuthApp(rw http.ResponseWriter, r *http.Request) {
	var made ghOAuthApp
	err := w.Update(func(s *State) error {
		g := &s.GitHub
		owner := r.PathValue("org")
		if owner == "" {
			owner = g.SignedIn
		}
		made = ghOAuthApp{
			Name: r.PostFormValue("oauth_application[name]"), Owner: owner, Callback: r.PostFormValue("oauth_application[callback_url]"),
		}
		if u, err := url.Parse(made.Callback); made.Name == "" || err != nil || u.Host == "" || !g.mayAdmin(g.SignedIn, owner) {
			return errors.New("register application: name and callback URL are needed")
		}
		made.ClientID = "Ov23li" + s.Make("client-id", 14)
		g.OAuthApps = append(g.OAuthApps, made)
		s.recordWrite("github-web", r, http.StatusOK)
		return nil
	})
	if err != nil {
		oauthSheet(r.URL.Path, r.PostFormValue).refused(err.Error()).write(rw)
		return
	}
	sheet{
		Site: onGitHub, Heading: made.Name, Text: []string{"You need a client secret to authenticate as the application to the API."},
		Once:  []sheetOnce{{"Client ID", made.ClientID, dataClientID}},
		Forms: []sheetForm{{Heading: "Client secrets", Action: r.URL.Path + "/" + made.ClientID + "/client-secrets", Button: "Generate a new client secret"}},
	}.write(rw)
}

// What Person reads on the pages of Apps.
const (
	dataClientID     = "client-id"
	dataClientSecret = "client-secret"
)

// makeOAuthSecret makes another client secret and shows it, this one time.
func (w *World) makeOAuthSecret(rw http.ResponseWriter, r *http.Request) {
	p := notFound()
	err := w.Update(func(s *State) error {
		g := &s.GitHub
		a := find(g.OAuthApps, func(a *ghOAuthApp) bool {
			return a.ClientID == r.PathValue("client") && g.mayAdmin(g.SignedIn, a.Owner)
		})
		if a == nil {
			return nil
		}
		a.Older, a.ClientSecret = withOlder(a.Older, a.ClientSecret), s.Make("client-secret", 40)
		s.recordWrite("github-web", r, http.StatusOK)
		p = newSecretSheet(a.Name, a.ClientID, a.ClientSecret)
		return nil
	})
	if err != nil {
		p = notFound().refused(err.Error())
	}
	p.write(rw)
}

// withOlder keeps a secret that another one follows: it stays good until it is
// deleted (GitHub docs, "Modifying an OAuth app", and the same of GitHub Apps).
func withOlder(older []string, secret string) []string {
	if secret == "" {
		return older
	}
	return append(slices.Clone(older), secret)
}

// newSecretSheet shows a client secret.
func newSecretSheet(name, client, secret string) sheet {
	return sheet{
		Site: onGitHub, Heading: name,
		Text: []string{"Make sure to copy your new client secret now. You won't be able to see it again."},
		Once: []sheetOnce{{"Client ID", client, dataClientID}, {"Client secret", secret, dataClientSecret}},
	}
}
