package fake

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The two answers to which repositories an App shall see.
const (
	installAll      = "all"
	installSelected = "selected"
)

// installPage asks before an App is installed. Without repository_ids[] all
// repositories are chosen (GitHub docs, "Migrating OAuth apps to GitHub
// Apps"). A private App can be installed on its owner's account only (GitHub
// docs, "Making a GitHub App public or private").
func (w *World) installPage(rw http.ResponseWriter, r *http.Request) {
	p := notFound()
	w.Look(func(s *State) { p = s.GitHub.installSheet(r.PathValue("slug"), r.URL.Query()) })
	p.write(rw)
}

// installSheet is that page, as the query fills it in.
func (g *GitHubState) installSheet(slug string, q url.Values) sheet {
	a := find(g.Apps, func(a *ghApp) bool { return a.Slug == slug })
	account := g.account(g.SignedIn)
	if id, err := strconv.ParseInt(q.Get("suggested_target_id"), 10, 64); err == nil {
		account = find(g.Accounts, func(a *ghAccount) bool { return a.ID == id })
	}
	if a == nil || account == nil || !g.mayAdmin(g.SignedIn, account.Login) || (!a.Public && a.Owner != account.Login) {
		return notFound()
	}
	have := find(g.Installs, func(i *ghInstall) bool { return i.App == a.ID && i.Account == account.Login })
	asked := q["repository_ids[]"]
	all := len(asked) == 0 && (have == nil || have.All)
	which := sheetGroup{Heading: "for these repositories:", Fields: []sheetField{
		{Kind: fieldOne, Name: "install_target", Value: installAll, Label: "All repositories", Checked: all, Note: "Those to come, too."},
		{Kind: fieldOne, Name: "install_target", Value: installSelected, Label: "Only select repositories", Checked: !all, Note: "Select at least one repository."},
	}}
	for _, r := range g.Repos {
		id := strconv.FormatInt(r.ID, 10)
		if strings.EqualFold(r.Owner, account.Login) {
			ticked := slices.Contains(asked, id) || have != nil && slices.Contains(have.Repos, r.ID)
			which.Fields = append(which.Fields, sheetField{Kind: fieldTick, Name: "repository_ids[]", Value: id, Label: r.full(), Checked: ticked})
		}
	}
	return sheet{
		Site: onGitHub, Heading: "Install " + a.Name,
		Text:  []string{"Install on your account " + account.Login + ", with these permissions:"},
		Facts: permissionFacts(a.Permissions),
		Forms: []sheetForm{{
			Action: "/apps/" + a.Slug + "/installations", Button: "Install",
			Hidden: []sheetFact{{"target", account.Login}}, Groups: []sheetGroup{which},
		}},
	}
}

// installApp installs an App with the permissions that it asks for, or adds
// repositories to its installation (GitHub docs, "Installing your own GitHub
// App"). Permissions that the App asks for later are not its own until they
// are accepted ("Modifying a GitHub App registration").
func (w *World) installApp(rw http.ResponseWriter, r *http.Request) {
	var asked sheet
	target := r.PostFormValue("target")
	err := w.Update(func(s *State) error {
		g := &s.GitHub
		a := find(g.Apps, func(a *ghApp) bool { return a.Slug == r.PathValue("slug") })
		account := g.account(target)
		if a == nil || account == nil || !g.mayAdmin(g.SignedIn, target) {
			return fmt.Errorf("install %s: not found", r.PathValue("slug"))
		}
		chosen := r.PostForm["repository_ids[]"]
		asked = g.installSheet(a.Slug, url.Values{"suggested_target_id": {strconv.FormatInt(account.ID, 10)}, "repository_ids[]": chosen})
		switch r.PostFormValue("install_target") {
		case installAll:
			chosen = nil
		case installSelected:
			if len(chosen) == 0 {
				return fmt.Errorf("select at least one repository")
			}
		}
		ids := []int64{}
		for _, v := range chosen {
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
	if err != nil {
		if asked.Heading == "" {
			asked = notFound()
		}
		asked.refused(err.Error()).write(rw)
		return
	}
	sheet{Site: onGitHub, Heading: "The App is installed", Text: []string{"You can close this page."}}.write(rw)
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

// installationOf finds the installation of the path, where the one who is
// signed in may change it.
func (g *GitHubState) installationOf(r *http.Request) (*ghInstall, *ghApp) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	i := g.install(id)
	if err != nil || i == nil || !g.mayAdmin(g.SignedIn, i.Account) {
		return nil, nil
	}
	return i, g.app(i.App)
}

// installationPage shows what an installation may, and leads to the review of
// what its App asks for since (GitHub docs, "Reviewing and modifying installed
// GitHub Apps").
func (w *World) installationPage(rw http.ResponseWriter, r *http.Request) {
	p := notFound()
	w.Look(func(s *State) {
		i, a := s.GitHub.installationOf(r)
		if a == nil {
			return
		}
		p = sheet{Site: onGitHub, Heading: a.Name, Text: []string{"Installed on " + i.Account + "."}, Facts: permissionFacts(i.Permissions)}
		for _, one := range s.GitHub.covered(i) {
			p.Facts = append(p.Facts, sheetFact{"Repository", one.full()})
		}
		if !maps.Equal(i.Permissions, a.Permissions) {
			p.Text = append(p.Text, a.Name+" is requesting an update to its permissions.")
			p.Links = []sheetLink{{"Review request", r.URL.Path + "/permissions/update"}}
		}
	})
	p.write(rw)
}

// reviewPage shows the permissions that an App asks for by now.
func (w *World) reviewPage(rw http.ResponseWriter, r *http.Request) {
	p := notFound()
	w.Look(func(s *State) {
		if i, a := s.GitHub.installationOf(r); a != nil {
			p = sheet{
				Site: onGitHub, Heading: a.Name + " is requesting updated permissions",
				Text: []string{"It would have these on " + i.Account + ":"}, Facts: permissionFacts(a.Permissions),
				Forms: []sheetForm{{Action: strings.TrimSuffix(r.URL.Path, "/update"), Button: "Accept new permissions"}},
			}
		}
	})
	p.write(rw)
}

// acceptPermissions gives an installation what its App asks for.
func (w *World) acceptPermissions(rw http.ResponseWriter, r *http.Request) {
	p := notFound()
	err := w.Update(func(s *State) error {
		if i, a := s.GitHub.installationOf(r); a != nil {
			i.Permissions, i.Events = a.Permissions, a.Events
			s.recordWrite("github-web", r, http.StatusOK)
			p = sheet{Site: onGitHub, Heading: "The permissions are accepted", Text: []string{"You can close this page."}}
		}
		return nil
	})
	if err != nil {
		p = notFound().refused(err.Error())
	}
	p.write(rw)
}
