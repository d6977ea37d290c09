package fake

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// permissionLevels are what a permission may be set to, as GitHub's page says.
var permissionLevels = []sheetFact{{"No access", ""}, {"Read-only", "read"}, {"Read and write", "write"}, {"Admin", "admin"}}

// permissionLabels are names of permissions that do not follow from their keys.
var permissionLabels = map[string]string{
	"statuses": "Commit statuses", "repository_hooks": "Webhooks", "emails": "Email addresses",
	"git_ssh_keys": "Git SSH keys", "gpg_keys": "GPG keys", "vulnerability_alerts": "Dependabot alerts",
}

// permissionLabel is what GitHub's pages call a permission.
func permissionLabel(key string) string {
	if l, ok := permissionLabels[key]; ok || key == "" {
		return l
	}
	return strings.ToUpper(key[:1]) + strings.ReplaceAll(key[1:], "_", " ")
}

// permissionKind is the part of the page that a permission stands in.
func permissionKind(key string) string {
	switch {
	case strings.HasPrefix(key, "email"), slices.Contains([]string{"followers", "git_ssh_keys", "gpg_keys", "profile", "starring"}, key):
		return "Account permissions"
	case key == "members", strings.HasPrefix(key, "organization_"):
		return "Organization permissions"
	}
	return "Repository permissions"
}

// permissionFacts tells permissions in the order of the page.
func permissionFacts(have map[string]string) []sheetFact {
	var out []sheetFact
	for key, level := range have {
		i := slices.IndexFunc(permissionLevels, func(l sheetFact) bool { return l.Value == level })
		out = append(out, sheetFact{permissionLabel(key), permissionLevels[max(0, i)].Name})
	}
	slices.SortFunc(out, func(a, b sheetFact) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// ownApp finds the App of the path, where the one who is signed in may change
// it.
func (g *GitHubState) ownApp(r *http.Request) *ghApp {
	return find(g.Apps, func(a *ghApp) bool { return a.Slug == r.PathValue("slug") && g.mayAdmin(g.SignedIn, a.Owner) })
}

// onApp answers with what f makes of the App of the path; f may change it.
func (w *World) onApp(rw http.ResponseWriter, r *http.Request, f func(s *State, a *ghApp) sheet) {
	p := notFound()
	err := w.Update(func(s *State) error {
		if a := s.GitHub.ownApp(r); a != nil {
			p = f(s, a)
		}
		return nil
	})
	if err != nil {
		p = notFound().refused(err.Error())
	}
	p.write(rw)
}

// appPage is the page of an App's settings (GitHub docs, "Modifying a GitHub
// App registration", "Managing private keys for GitHub Apps").
func (w *World) appPage(rw http.ResponseWriter, r *http.Request) {
	w.onApp(rw, r, func(_ *State, a *ghApp) sheet {
		return sheet{
			Site: onGitHub, Heading: a.Name,
			Facts: []sheetFact{{"Owned by", a.Owner}, {"App ID", strconv.FormatInt(a.ID, 10)}, {"Client ID", a.ClientID}, {"Homepage URL", a.URL}, {"Webhook URL", a.Hook.URL}},
			Forms: []sheetForm{
				{Heading: "Client secrets", Action: r.URL.Path + "/client-secrets", Button: "Generate a new client secret"},
				{Heading: "Private keys", Action: r.URL.Path + "/keys", Button: "Generate a private key"},
				{Heading: "Webhook", Action: r.URL.Path + "/hook", Button: "Save changes", Groups: []sheetGroup{{Fields: []sheetField{
					{Kind: fieldTick, Name: "active", Value: "1", Label: "Active", Checked: a.Hook.Active, Note: "We will deliver event details when this hook is triggered."},
				}}}},
			},
			Links: []sheetLink{{"Permissions & events", r.URL.Path + "/permissions"}, {"Install App", "/apps/" + a.Slug + "/installations/new"}},
		}
	})
}

// makeAppKey makes another private key, which is a file to save.
func (w *World) makeAppKey(rw http.ResponseWriter, r *http.Request) {
	private, public, err := newAppKey()
	found := false
	if err == nil {
		err = w.Update(func(s *State) error {
			if a := s.GitHub.ownApp(r); a != nil {
				a.Keys, found = append(a.Keys, public), true
				s.recordWrite("github-web", r, http.StatusOK)
			}
			return nil
		})
	}
	switch {
	case err != nil:
		notFound().refused(err.Error()).write(rw)
	case !found:
		notFound().write(rw)
	default:
		rw.Header().Set("Content-Type", "application/x-pem-file")
		rw.Header().Set("Content-Disposition", `attachment; filename="`+slug(r.PathValue("slug"))+"."+w.now().Format("2006-01-02")+`.private-key.pem"`)
		_, _ = rw.Write([]byte(private))
	}
}

// makeAppSecret makes another client secret and shows it, this one time.
func (w *World) makeAppSecret(rw http.ResponseWriter, r *http.Request) {
	w.onApp(rw, r, func(s *State, a *ghApp) sheet {
		a.Older, a.ClientSecret = withOlder(a.Older, a.ClientSecret), s.Make("client-secret", 40)
		s.recordWrite("github-web", r, http.StatusOK)
		return newSecretSheet(a.Name, a.ClientID, a.ClientSecret)
	})
}

// changeAppHook turns the App's own hook on or off.
func (w *World) changeAppHook(rw http.ResponseWriter, r *http.Request) {
	active := r.PostFormValue("active") != ""
	w.onApp(rw, r, func(s *State, a *ghApp) sheet {
		a.Hook.Active = active
		s.recordWrite("github-web", r, http.StatusOK)
		return appSaved(a)
	})
}

// appSaved is what the settings say after a change.
func appSaved(a *ghApp) sheet {
	return sheet{Site: onGitHub, Heading: a.Name, Text: []string{"The App is saved. You can close this page."}}
}

// permissionsPage is where an App's permissions are changed (GitHub docs,
// "Modifying a GitHub App registration"); no operation of the OpenAPI document
// does that.
func (w *World) permissionsPage(rw http.ResponseWriter, r *http.Request) {
	w.onApp(rw, r, func(s *State, a *ghApp) sheet {
		form := sheetForm{Action: r.URL.Path, Button: "Save changes"}
		for _, kind := range []string{"Repository permissions", "Organization permissions", "Account permissions"} {
			group := sheetGroup{Heading: kind}
			for _, key := range s.GitHub.permissionFields(a) {
				if permissionKind(key) == kind {
					group.Fields = append(group.Fields, sheetField{
						Kind: fieldChoice, Name: "permissions[" + key + "]", Label: permissionLabel(key), Value: a.Permissions[key], Choices: permissionLevels,
					})
				}
			}
			form.Groups = append(form.Groups, group)
		}
		return sheet{Site: onGitHub, Heading: "Permissions & events of " + a.Name, Forms: []sheetForm{form}}
	})
}

// permissionFields are the permissions that the page of an App shows.
func (g *GitHubState) permissionFields(a *ghApp) []string {
	keys := slices.Clone(permissionKeys)
	email := g.Knobs.emailKeys()[0]
	for key := range a.Permissions {
		if strings.HasPrefix(key, "email") {
			email = key
		}
	}
	keys = append(keys, email)
	slices.SortFunc(keys, func(a, b string) int { return strings.Compare(permissionLabel(a), permissionLabel(b)) })
	return keys
}

// changePermissions changes what an App asks for; its installations have it
// when their owners accept it.
func (w *World) changePermissions(rw http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		notFound().refused(err.Error()).write(rw)
		return
	}
	w.onApp(rw, r, func(s *State, a *ghApp) sheet {
		wanted := map[string]string{}
		for _, key := range s.GitHub.permissionFields(a) {
			if level := r.PostFormValue("permissions[" + key + "]"); slices.Contains([]string{"read", "write", "admin"}, level) {
				wanted[key] = level
			}
		}
		if maps.Equal(a.Permissions, wanted) {
			return appSaved(a)
		}
		a.Permissions = wanted
		if _, ok := wanted["metadata"]; !ok && a.wantsRepos() {
			a.Permissions["metadata"] = "read"
		}
		s.recordWrite("github-web", r, http.StatusOK)
		return appSaved(a)
	})
}
