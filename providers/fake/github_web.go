package fake

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// githubWebHandler serves the few pages of github.com that a person of this
// story visits, signed in as GitHubState.SignedIn. Each page that wants a
// click has exactly one form.
func (w *World) githubWebHandler() http.Handler {
	mux := http.NewServeMux()
	for _, at := range []string{"/settings/apps", "/organizations/{org}/settings/apps"} {
		mux.HandleFunc("POST "+at+"/new", w.manifestPage)
		mux.HandleFunc("POST "+at, w.createApp)
	}
	mux.HandleFunc("GET /settings/apps/{slug}/permissions", w.permissionsPage)
	mux.HandleFunc("GET /apps/{slug}/installations/new", w.installPage)
	mux.HandleFunc("GET /apps/{slug}/installations/new/permissions", w.installPage)
	mux.HandleFunc("POST /apps/{slug}/installations", w.installApp)
	for _, at := range []string{"/settings/applications", "/organizations/{org}/settings/applications"} {
		mux.HandleFunc("GET "+at+"/new", w.oauthPage)
		mux.HandleFunc("POST "+at, w.createOAuthApp)
	}
	mux.HandleFunc("GET /login/oauth/authorize", w.authorizePage)
	mux.HandleFunc("POST /login/oauth/access_token", w.exchange)
	mux.HandleFunc("/", func(rw http.ResponseWriter, _ *http.Request) {
		htmlPage(rw, http.StatusNotFound, "Page not found", "<p>This is not the web page you are looking for.</p>")
	})
	return mux
}

func htmlPage(rw http.ResponseWriter, status int, title, body string) {
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	rw.WriteHeader(status)
	t := html.EscapeString(title)
	_, _ = fmt.Fprintf(rw, "<!doctype html>\n<html><head><title>%s</title></head><body><h1>%s</h1>\n%s\n</body></html>\n", t, t, body)
}

// htmlForm is a form with its fields and one button.
func htmlForm(action, button string, fields url.Values) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<form method=\"post\" action=\"%s\">\n", html.EscapeString(action))
	names := make([]string, 0, len(fields))
	for k := range fields {
		names = append(names, k)
	}
	slices.Sort(names)
	for _, k := range names {
		for _, v := range fields[k] {
			fmt.Fprintf(&b, "<input type=\"hidden\" name=\"%s\" value=\"%s\">\n", html.EscapeString(k), html.EscapeString(v))
		}
	}
	fmt.Fprintf(&b, "<button type=\"submit\">%s</button>\n</form>", html.EscapeString(button))
	return b.String()
}

// permissionsPage is where an App's permissions are changed and its hook is
// turned off (GitHub docs, "Modifying a GitHub App registration"); no operation
// of the OpenAPI document does either.
func (w *World) permissionsPage(rw http.ResponseWriter, r *http.Request) {
	var a *ghApp
	w.Look(func(s *State) {
		if p := find(s.GitHub.Apps, func(a *ghApp) bool { return a.Slug == r.PathValue("slug") }); p != nil {
			c := *p
			a = &c
		}
	})
	if a == nil {
		htmlPage(rw, http.StatusNotFound, "Page not found", "")
		return
	}
	htmlPage(rw, http.StatusOK, "Permissions & events of "+a.Name, "<p>"+html.EscapeString(fmt.Sprint(a.Permissions, a.Events))+"</p>")
}

// installPage asks before an App is installed. Without repository_ids[] all
// repositories are chosen (GitHub docs, "Migrating OAuth apps to GitHub
// Apps"). A private App can be installed on its owner's account only (GitHub
// docs, "Making a GitHub App public or private").
func (w *World) installPage(rw http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	status, title, body := http.StatusNotFound, "Page not found", ""
	w.Look(func(s *State) {
		g := &s.GitHub
		a := find(g.Apps, func(a *ghApp) bool { return a.Slug == r.PathValue("slug") })
		account := g.account(g.SignedIn)
		if id, err := strconv.ParseInt(q.Get("suggested_target_id"), 10, 64); err == nil {
			account = find(g.Accounts, func(a *ghAccount) bool { return a.ID == id })
		}
		if a == nil || account == nil || !g.mayAdmin(g.SignedIn, account.Login) || (!a.Public && a.Owner != account.Login) {
			return
		}
		fields := url.Values{"target": {account.Login}, "repository_ids[]": q["repository_ids[]"]}
		status, title = http.StatusOK, "Install "+a.Name
		body = htmlForm("/apps/"+a.Slug+"/installations", "Install", fields)
	})
	htmlPage(rw, status, title, body)
}

// installApp installs an App with the permissions that it asks for, or adds
// repositories to its installation (GitHub docs, "Installing your own GitHub
// App"). Permissions that the App asks for later are not its own until they
// are accepted ("Modifying a GitHub App registration").
func (w *World) installApp(rw http.ResponseWriter, r *http.Request) {
	err := w.Update(func(s *State) error {
		g := &s.GitHub
		a := find(g.Apps, func(a *ghApp) bool { return a.Slug == r.PathValue("slug") })
		target := r.PostFormValue("target")
		if a == nil || !g.mayAdmin(g.SignedIn, target) {
			return fmt.Errorf("install %s: not found", r.PathValue("slug"))
		}
		ids := []int64{}
		for _, v := range r.PostForm["repository_ids[]"] {
			id, err := strconv.ParseInt(v, 10, 64)
			if p := g.repoID(id); err != nil || p == nil || !strings.EqualFold(p.Owner, target) {
				return fmt.Errorf("install %s: no repository %s", a.Slug, v)
			}
			ids = append(ids, id)
		}
		s.installApp(a, target, ids, w.now())
		s.recordWrite("github-web", r, http.StatusOK)
		return nil
	})
	htmlDone(rw, err, "The App is installed", "")
}

// installApp is what the Install button does; no ids: all repositories.
func (s *State) installApp(a *ghApp, target string, ids []int64, now time.Time) {
	g := &s.GitHub
	i := find(g.Installs, func(i *ghInstall) bool { return i.App == a.ID && i.Account == target })
	if i == nil {
		g.Installs = append(g.Installs, ghInstall{ID: g.nextID(), App: a.ID, Account: target, At: now})
		i = &g.Installs[len(g.Installs)-1]
	}
	i.All = i.All || len(ids) == 0
	for _, id := range ids {
		if !slices.Contains(i.Repos, id) {
			i.Repos = append(i.Repos, id)
		}
	}
	i.Permissions, i.Events = a.Permissions, a.Events
}

// htmlDone answers a form: a page without a form, or the refusal.
func htmlDone(rw http.ResponseWriter, err error, title, body string) {
	if err != nil {
		htmlPage(rw, http.StatusUnprocessableEntity, err.Error(), "")
		return
	}
	htmlPage(rw, http.StatusOK, title, body)
}

// oauthPage is the form of a new OAuth App, filled from the address. GitHub
// does not document that; set-up guides of Red Hat Developer Hub and others
// use oauth_application[name], [url] and [callback_url].
func (w *World) oauthPage(rw http.ResponseWriter, r *http.Request) {
	fields := url.Values{}
	for _, f := range []string{"name", "url", "callback_url"} {
		k := "oauth_application[" + f + "]"
		fields.Set(k, r.URL.Query().Get(k))
	}
	htmlPage(rw, http.StatusOK, "Register a new OAuth app", htmlForm(strings.TrimSuffix(r.URL.Path, "/new"), "Register application", fields))
}

// createOAuthApp makes an OAuth App and shows its id and its secret: the one
// time that they are seen together. How the real page shows them is not
// documented in a form that could be followed here.
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
		made.ClientID, made.ClientSecret = "Ov23li"+s.Make("client-id", 14), s.Make("client-secret", 40)
		g.OAuthApps = append(g.OAuthApps, made)
		s.recordWrite("github-web", r, http.StatusOK)
		return nil
	})
	htmlDone(rw, err, "OAuth app "+made.Name, fmt.Sprintf(
		`<p id="app" data-client-id="%s" data-client-secret="%s">Client ID and client secret</p>`, made.ClientID, made.ClientSecret))
}

// authorizePage is where people who sign in to the CI land; a callback that
// is not registered is refused (GitHub docs, "Authorizing OAuth apps", and
// "Troubleshooting authorization request errors").
func (w *World) authorizePage(rw http.ResponseWriter, r *http.Request) {
	id, back := r.URL.Query().Get("client_id"), r.URL.Query().Get("redirect_uri")
	status, title := http.StatusNotFound, "Page not found"
	w.Look(func(s *State) {
		if c, ok := s.GitHub.client(id); ok {
			status, title = http.StatusOK, "Authorize "+c.name
			if !c.takes(back) {
				status, title = http.StatusBadRequest, "The redirect_uri is not associated with this application."
			}
		}
	})
	htmlPage(rw, status, title, "")
}

// takes says whether the callback is one of the App's: a GitHub App wants one
// exactly, an OAuth App the same host and a path below its own (GitHub docs,
// "Authorizing OAuth apps", redirect URLs). None given: the first is meant.
func (c ghClient) takes(callback string) bool {
	if callback == "" {
		return true
	}
	got, err := url.Parse(callback)
	return err == nil && slices.ContainsFunc(c.callbacks, func(have string) bool {
		u, err := url.Parse(have)
		if c.exact || err != nil {
			return have == callback
		}
		return u.Host == got.Host && (got.Path == u.Path || strings.HasPrefix(got.Path, strings.TrimSuffix(u.Path, "/")+"/"))
	})
}

// exchange is POST /login/oauth/access_token. No code is ever right here; the
// error says what else is not (GitHub docs, "Troubleshooting OAuth app access
// token request errors", for the errors and their words; what is not stated
// there is in GitHubKnobs).
func (w *World) exchange(rw http.ResponseWriter, r *http.Request) {
	in := map[string]string{}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		if json.NewDecoder(r.Body).Decode(&in) != nil {
			in = map[string]string{}
		}
	} else {
		for _, k := range []string{"client_id", "client_secret", "redirect_uri", "code"} {
			in[k] = r.FormValue(k)
		}
	}
	code, text, status := "incorrect_client_credentials", "The client_id and/or client_secret passed are incorrect.", http.StatusOK
	w.Look(func(s *State) {
		k := s.GitHub.Knobs
		status = cmp.Or(k.ExchangeStatus, status)
		c, ok := s.GitHub.client(in["client_id"])
		switch {
		case !ok && k.UnknownClientNotFound:
			code, text, status = "Not Found", "", http.StatusNotFound
		case !ok || c.secret != in["client_secret"]:
		case !c.takes(in["redirect_uri"]) && !k.CodeFirst:
			code, text = "redirect_uri_mismatch", "The redirect_uri MUST match the registered callback URL for this application."
		default:
			code, text = "bad_verification_code", "The code passed is incorrect or expired."
		}
	})
	out := map[string]string{"error": code, "error_description": text, "error_uri": "https://docs.github.com"}
	if raw, err := json.Marshal(out); err == nil && strings.Contains(r.Header.Get("Accept"), "json") {
		rw.Header().Set("Content-Type", "application/json; charset=utf-8")
		rw.WriteHeader(status)
		_, _ = rw.Write(raw)
		return
	}
	v := url.Values{}
	for k, s := range out {
		v.Set(k, s)
	}
	rw.Header().Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	rw.WriteHeader(status)
	_, _ = rw.Write([]byte(v.Encode()))
}
