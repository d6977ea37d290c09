package state

import "encoding/json"

// Manifest is what a GitHub App is made from. Source: GitHub's page on
// registering a GitHub App from a manifest.
type Manifest struct {
	Name           string            `json:"name"`
	URL            string            `json:"url"`
	HookAttributes HookAttributes    `json:"hook_attributes"`
	RedirectURL    string            `json:"redirect_url"`
	CallbackURLs   []string          `json:"callback_urls,omitempty"`
	Description    string            `json:"description"`
	Public         bool              `json:"public"`
	DefaultEvents  []string          `json:"default_events"`
	Permissions    map[string]string `json:"default_permissions"`
}

// HookAttributes is the App's own webhook. GitHub wants its address even
// where it is off.
type HookAttributes struct {
	URL    string `json:"url"`
	Active bool   `json:"active"`
}

// CIManifest describes the CI's App: private, its own hook off, since
// buildbot-nix makes one on every repository. redirect is where GitHub sends
// the browser back to.
func CIManifest(c Config, owner Owner, redirect string) Manifest {
	m := manifest(c, c.GitHub.AppName, redirect, CIPermissions(owner.Org))
	m.Description = "Builds with Nix what is pushed, and reports on commits."
	return m
}

// LoginManifest describes an App that people sign in through: public, since
// only then others than its owner may, and with no access to repositories. It
// serves both logins, so that one App can stand in for two.
func LoginManifest(c Config, _ Owner, name, redirect string) Manifest {
	m := manifest(c, name, redirect, PermissionsFor(ForLoginApp))
	m.Description = "Signs people in to " + c.CI.Domain + "."
	m.Public = true
	m.CallbackURLs = []string{m.URL + "/oauth2/callback", m.URL + "/auth/login"}
	return m
}

func manifest(c Config, name, redirect string, may []Permission) Manifest {
	home := "https://" + c.CI.Domain
	m := Manifest{
		Name: name, URL: home, RedirectURL: redirect,
		HookAttributes: HookAttributes{URL: home + "/change_hook/github"},
		DefaultEvents:  []string{},
		Permissions:    map[string]string{},
	}
	for _, p := range may {
		m.Permissions[p.Key] = p.Level
	}
	return m
}

// JSON is the manifest as the form's one field takes it.
func (m Manifest) JSON() string {
	b, _ := json.Marshal(m) //nolint:errchkjson // texts, bools, lists and maps of texts: it cannot fail
	return string(b)
}
