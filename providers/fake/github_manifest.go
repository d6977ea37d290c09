package fake

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// ghManifest is an App's manifest (GitHub docs, "Registering a GitHub App
// from a manifest", GitHub App manifest parameters).
type ghManifest struct {
	Name        string            `json:"name"`
	URL         string            `json:"url"`
	Hook        *ghManifestHook   `json:"hook_attributes"`
	RedirectURL string            `json:"redirect_url"`
	Callbacks   []string          `json:"callback_urls"`
	Public      bool              `json:"public"`
	Events      []string          `json:"default_events"`
	Permissions map[string]string `json:"default_permissions"`
}

type ghManifestHook struct {
	URL    string `json:"url"`
	Active *bool  `json:"active"`
}

// permissionKeys are what an App may ask for: the schema app-permissions of
// GitHub's OpenAPI document, as far as a CI or a login could want it.
var permissionKeys = []string{
	"actions", "administration", "checks", "contents", "deployments", "environments", "issues", "metadata", "packages", "pages",
	"pull_requests", "repository_hooks", "repository_projects", "secrets", "security_events", "single_file", "statuses",
	"vulnerability_alerts", "workflows", "members", "organization_administration", "organization_hooks", "organization_plan",
	"organization_projects", "organization_secrets", "organization_user_blocking", "followers", "git_ssh_keys", "gpg_keys", "profile", "starring",
}

// check returns what is wrong with a manifest; empty: nothing. Name of at most
// 34 characters, and no App's or account's but one's own: GitHub docs,
// "Registering a GitHub App"; required URLs and at most ten callbacks: "Registering a GitHub
// App from a manifest". The words are not documented.
func (g *GitHubState) check(m ghManifest) string {
	email := g.Knobs.emailKeys()
	switch {
	case m.Name == "":
		return "Name can't be blank"
	case len(m.Name) > 34:
		return "Name is too long (maximum is 34 characters)"
	case g.appNamed(slug(m.Name)) || g.account(m.Name) != nil && !g.mayAdmin(g.SignedIn, m.Name):
		return "Name is already taken"
	case !isURL(m.URL):
		return "Url must be a valid URL"
	case m.Hook != nil && !isURL(m.Hook.URL):
		return "Hook url is not a valid URL"
	case m.RedirectURL != "" && !isURL(m.RedirectURL):
		return "Redirect url must be a valid URL"
	case len(m.Callbacks) > 10:
		return "Callback urls: no more than 10 are allowed"
	}
	for k, v := range m.Permissions {
		if !slices.Contains(permissionKeys, k) && !slices.Contains(email, k) {
			if g.Knobs.DropUnknownKeys {
				continue
			}
			return "Default permission records resource is not included in the list: " + k
		}
		if !slices.Contains([]string{"read", "write", "admin"}, v) {
			return "Default permission records action is not included in the list: " + v
		}
	}
	return ""
}

func (k GitHubKnobs) emailKeys() []string {
	if len(k.EmailKeys) == 0 {
		return []string{"email_addresses", "emails"}
	}
	return k.EmailKeys
}

// granted are the permissions of a checked manifest as the App has them.
func (k GitHubKnobs) granted(asked map[string]string) map[string]string {
	out := map[string]string{}
	for name, level := range asked {
		switch email := slices.Contains(k.emailKeys(), name); {
		case email && k.EmailAnswer != "":
			out[k.EmailAnswer] = level
		case email || slices.Contains(permissionKeys, name):
			out[name] = level
		}
	}
	return out
}

func isURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http")
}

func (g *GitHubState) appNamed(name string) bool {
	return find(g.Apps, func(a *ghApp) bool { return a.Slug == name }) != nil
}

// slug is the name as it stands in addresses.
func slug(name string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		if (r >= 'a' && r <= 'z') || (r >= '0' && r <= '9') {
			return r
		}
		return '-'
	}, strings.ToLower(name)), "-")
}

// invalidApp is the page of a manifest that is not taken.
func invalidApp(problem string) sheet {
	return sheet{
		Site: onGitHub, Heading: "Invalid GitHub App configuration",
		Text: []string{"The configuration does not appear to be a valid GitHub App manifest. The following must be addressed:"},
	}.refused(problem)
}

// manifestSheet shows what a manifest would make, its name to be edited, and
// the one button. Where only the name is refused, another can be typed.
func manifestSheet(action string, m ghManifest, owner, raw, state, problem string) sheet {
	if problem != "" && !strings.HasPrefix(problem, "Name ") {
		return invalidApp(problem)
	}
	p := sheet{
		Site: onGitHub, Title: "Create GitHub App", Heading: "Create GitHub App for " + owner,
		Text:  []string{"The App asks for these permissions:"},
		Facts: permissionFacts(m.Permissions),
		Forms: []sheetForm{{
			Action: action, Button: "Create GitHub App for " + owner, Hidden: []sheetFact{{"manifest", raw}, {"state", state}},
			Groups: []sheetGroup{{Fields: []sheetField{{
				Kind: fieldText, Name: "name", Label: "GitHub App name", Value: m.Name,
				Note: "The name of your GitHub App must be unique. You can change it now.",
			}}}},
		}},
	}
	for _, e := range m.Events {
		p.Facts = append(p.Facts, sheetFact{"Event", e})
	}
	p.Facts = append(p.Facts, sheetFact{"Homepage URL", m.URL})
	if m.Hook != nil && (m.Hook.Active == nil || *m.Hook.Active) {
		p.Facts = append(p.Facts, sheetFact{"Webhook URL", m.Hook.URL})
	}
	if problem != "" {
		return p.refused(problem)
	}
	return p
}

// manifestPage comes by POST with the field manifest, and the query's state
// (GitHub docs, "Registering a GitHub App from a manifest", step 1). On the
// real page the person may edit the name, too.
func (w *World) manifestPage(rw http.ResponseWriter, r *http.Request) {
	m, owner, problem := w.manifest(r)
	raw, state := r.PostFormValue("manifest"), r.URL.Query().Get("state")
	manifestSheet(strings.TrimSuffix(r.URL.Path, "/new"), m, owner, raw, state, problem).write(rw)
}

// manifest reads the manifest of a form, with the name that was typed, and
// says what is wrong with it.
func (w *World) manifest(r *http.Request) (m ghManifest, owner, problem string) {
	if err := json.Unmarshal([]byte(r.PostFormValue("manifest")), &m); err != nil {
		return m, "", "The manifest is not valid JSON"
	}
	if r.PostForm.Has("name") {
		m.Name = strings.TrimSpace(r.PostForm.Get("name"))
	}
	w.Look(func(s *State) {
		owner = r.PathValue("org")
		if owner == "" {
			owner = s.GitHub.SignedIn
		}
		if !s.GitHub.mayAdmin(s.GitHub.SignedIn, owner) {
			problem = "You may not create a GitHub App for " + owner
			return
		}
		problem = s.GitHub.check(m)
	})
	return m, owner, problem
}

// createApp is the button: the App is there from now on, and the browser goes
// back to redirect_url with a one-time code and the state (GitHub docs,
// "Registering a GitHub App from a manifest", step 2). A page that goes back
// to localhost: gr2m/register-github-app index.js.
func (w *World) createApp(rw http.ResponseWriter, r *http.Request) {
	m, owner, problem := w.manifest(r)
	back, err := url.Parse(m.RedirectURL)
	refuse := func(why string) {
		manifestSheet(r.URL.Path, m, owner, r.PostFormValue("manifest"), r.PostFormValue("state"), why).write(rw)
	}
	if problem != "" {
		refuse(problem)
		return
	}
	var private, public, code string
	if err == nil {
		private, public, err = newAppKey()
	}
	if err != nil {
		refuse(err.Error())
		return
	}
	err = w.Update(func(s *State) error {
		if text := s.GitHub.check(m); text != "" {
			return fmt.Errorf("%s", text)
		}
		code = s.createApp(m, owner, private, public, w.now())
		s.recordWrite("github-web", r, http.StatusFound)
		return nil
	})
	if err != nil {
		refuse(err.Error())
		return
	}
	q := back.Query()
	q.Set("code", code)
	if state := r.PostFormValue("state"); state != "" {
		q.Set("state", state)
	}
	back.RawQuery = q.Encode()
	http.Redirect(rw, r, back.String(), http.StatusFound)
}

// createApp makes the App of a checked manifest and returns the code. The hook
// is on unless active says no; GitHub makes the webhook secret ("GitHub
// creates a webhook secret for the app automatically", same page, step 3).
func (s *State) createApp(m ghManifest, owner, private, public string, now time.Time) string {
	g := &s.GitHub
	a := ghApp{
		ID: 2_746_101 + g.nextID(), Slug: slug(m.Name), Name: m.Name, Owner: owner, URL: m.URL, Public: m.Public,
		ClientID: "Iv23li" + s.Make("client-id", 14), ClientSecret: s.Make("client-secret", 40), PublicKey: public,
		Callbacks: m.Callbacks, Permissions: g.Knobs.granted(m.Permissions), Events: append([]string{}, m.Events...), At: now,
	}
	if _, ok := a.Permissions["metadata"]; !ok && a.wantsRepos() {
		a.Permissions["metadata"] = "read" // comes with any repository permission; no page cited here says so
	}
	if m.Hook != nil {
		a.Hook = ghHook{ID: g.nextID(), URL: m.Hook.URL, ContentType: "json", Active: m.Hook.Active == nil || *m.Hook.Active, Events: a.Events, At: now}
		if !g.Knobs.NoHookSecret {
			a.Hook.Secret = s.Make("hook-secret", 40)
		}
	}
	g.Apps = append(g.Apps, a)
	g.Codes = append(g.Codes, ghCode{Code: s.Make("code", 40), App: a.ID, Key: private, At: now})
	return g.Codes[len(g.Codes)-1].Code
}

func (a *ghApp) wantsRepos() bool {
	for k := range a.Permissions {
		if !strings.HasPrefix(k, "email") && !strings.HasPrefix(k, "organization") && k != "members" && k != "profile" {
			return true
		}
	}
	return false
}

// newAppKey makes an App's key pair as PEM: PKCS #1, as GitHub hands it out.
func newAppKey() (private, public string, err error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return "", "", fmt.Errorf("make App key: %w", err)
	}
	encode := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	return encode("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key)),
		encode("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&key.PublicKey)), nil
}
