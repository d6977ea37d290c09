package setup

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/nixwright/nixwright/state"
)

// client is what people sign in through.
type client struct {
	secret    state.Secret
	callbacks []string
}

// hubDouble is a GitHub.
type hubDouble struct {
	*ground

	conf       state.Config
	user       state.GitHubUser
	owner      state.Owner
	repos      map[string]state.Repo
	topics     map[string][]string
	apps       []state.NewApp
	codes      map[string]state.NewApp // not traded yet
	installs   map[string]state.Installation
	clients    map[string]client
	shown      map[string]state.Secret // client secrets, by the page that shows them
	hooks      map[string][]state.Hook
	deliveries map[int64][]state.Delivery
	appSent    []state.Delivery
	answered   int // what pings are answered
	flakes     map[string]bool
	proposed   map[string]string
	withheld   string // the permission that GitHub does not give new Apps
	born       []state.Secret
}

func newHub(g *ground, conf state.Config) *hubDouble {
	h := &hubDouble{
		ground: g, conf: conf, user: state.GitHubUser{Login: "phlip9", ID: 918989, Classic: true, Scopes: []string{"repo"}},
		owner: state.Owner{Login: "phlip9", ID: 918989}, repos: map[string]state.Repo{}, topics: map[string][]string{},
		codes: map[string]state.NewApp{}, installs: map[string]state.Installation{}, clients: map[string]client{}, shown: map[string]state.Secret{},
		hooks: map[string][]state.Hook{}, deliveries: map[int64][]state.Delivery{}, flakes: map[string]bool{}, proposed: map[string]string{}, answered: 200,
	}
	for i, name := range conf.GitHub.Repos {
		h.repos[name] = state.Repo{Name: name, ID: int64(100 + i), Owner: h.owner, Branch: "master", Admin: true}
		h.flakes[name] = true
	}
	return h
}

func (h *hubDouble) User(context.Context) (u state.GitHubUser, err error) {
	err = h.look("User", func() { u = h.user })
	return u, err
}

func (h *hubDouble) Repo(_ context.Context, repo string) (r state.Repo, found bool, err error) {
	err = h.look("Repo", func() { r, found = h.repos[repo] })
	return r, found, err
}

func (h *hubDouble) Topics(_ context.Context, repo string) (all []string, err error) {
	err = h.look("Topics", func() { all = slices.Clone(h.topics[repo]) })
	return all, err
}

func (h *hubDouble) SetTopics(_ context.Context, repo string, all []string) error {
	return h.write("SetTopics", func() error { h.topics[repo] = slices.Clone(all); return nil })
}

// birth makes a value that is shown once.
func (h *hubDouble) birth(form string) state.Secret {
	v := state.NewSecret(fmt.Sprintf(form, len(h.born)+1))
	h.born = append(h.born, v)
	return v
}

// press is GitHub's button: it makes the App, and sends the browser back.
func (h *hubDouble) press(form *state.Form) state.Secret {
	h.mu.Lock()
	defer h.mu.Unlock()
	var m state.Manifest
	if err := json.Unmarshal([]byte(form.Fields["manifest"]), &m); err != nil {
		return state.NewSecret("about:blank")
	}
	action, _ := url.Parse(form.Action)
	code := h.birth("c0de-of-a-manifest-%d")
	h.codes[code.Reveal()] = h.makeApp(m, h.owner)
	back := h.birth(m.RedirectURL + "?n=%d&code=" + code.Reveal() + "&state=" + action.Query().Get("state"))
	return back
}

// makeApp adds an App; callers hold the lock.
func (h *hubDouble) makeApp(m state.Manifest, owner state.Owner) state.NewApp {
	id := int64(2746100 + len(h.apps))
	may := maps.Clone(m.Permissions)
	delete(may, h.withheld)
	a := state.NewApp{
		App: state.App{ID: id, Slug: state.AppSlug(m.Name), Name: m.Name, ClientID: fmt.Sprintf("Iv23li%014d", id), Owner: owner, Permissions: may},
		Key: appPEM(id), ClientSecret: h.birth("%040x"),
	}
	h.born = append(h.born, a.Key)
	h.apps = append(h.apps, a)
	h.clients[a.App.ClientID] = client{a.ClientSecret, m.CallbackURLs}
	return a
}

// register is GitHub's form for an OAuth App, filled in by the address.
func (h *hubDouble) register(page string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	u, _ := url.Parse(page)
	h.shown[page] = h.birth("%040x")
	id := fmt.Sprintf("Ov23li%014d", len(h.born))
	h.clients[id] = client{h.shown[page], []string{u.Query().Get("oauth_application[callback_url]")}}
	return id
}

// install is GitHub's button on the page that installs an App.
func (h *hubDouble) install() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for name := range h.repos {
		h.installs[name] = state.Installation{ID: 77, Account: h.owner.Login, Permissions: h.ci().Permissions}
	}
}

// ci is the CI's App.
func (h *hubDouble) ci() *state.App {
	i := slices.IndexFunc(h.apps, func(a state.NewApp) bool { return a.App.Name == h.conf.GitHub.AppName })
	return &h.apps[i].App
}

// signed finds the App that signs.
func (h *hubDouble) signed(auth state.AppAuth) (state.App, error) {
	if !strings.Contains(auth.Key.Reveal(), "-----BEGIN") {
		return state.App{}, state.Problem{ID: "F13", What: "the key cannot be read", Why: "it is not in PEM", Fix: "bring another"}
	}
	i := slices.IndexFunc(h.apps, func(a state.NewApp) bool {
		return a.App.ID == auth.ID && strings.TrimSpace(a.Key.Reveal()) == strings.TrimSpace(auth.Key.Reveal())
	})
	if i < 0 {
		return state.App{}, call(state.ErrUnauthorized)
	}
	return h.apps[i].App, nil
}

func (h *hubDouble) App(_ context.Context, auth state.AppAuth) (a state.App, err error) {
	if failed := h.look("App", func() { a, err = h.signed(auth) }); failed != nil {
		return a, failed
	}
	return a, err
}

func (h *hubDouble) AppBySlug(_ context.Context, slug string) (a state.App, found bool, err error) {
	err = h.look("AppBySlug", func() {
		if i := slices.IndexFunc(h.apps, func(a state.NewApp) bool { return a.App.Slug == slug }); i >= 0 {
			a, found = h.apps[i].App, true
		}
	})
	return a, found, err
}

func (h *hubDouble) Convert(_ context.Context, code state.Secret) (a state.NewApp, err error) {
	err = h.write("Convert", func() error {
		made, found := h.codes[code.Reveal()]
		if !found {
			return call(state.ErrNotFound)
		}
		delete(h.codes, code.Reveal())
		a = made
		return nil
	})
	return a, err
}

func (h *hubDouble) Installation(_ context.Context, auth state.AppAuth, repo string) (i state.Installation, found bool, err error) {
	failed := h.look("Installation", func() {
		if _, err = h.signed(auth); err == nil {
			i, found = h.installs[repo]
		}
	})
	if failed != nil {
		return i, false, failed
	}
	return i, found, err
}

func (h *hubDouble) AddRepo(_ context.Context, _, repo int64) error {
	return h.write("AddRepo", func() error {
		for name, r := range h.repos {
			if r.ID == repo {
				h.installs[name] = state.Installation{ID: 77, Account: h.owner.Login, Permissions: h.ci().Permissions}
			}
		}
		return nil
	})
}

func (h *hubDouble) CheckLogin(_ context.Context, id string, secret state.Secret, callback string) (v state.LoginVerdict, err error) {
	err = h.look("CheckLogin", func() {
		c, found := h.clients[id]
		switch {
		case !found || !c.secret.Equal(secret):
			v = state.LoginWrong
		case !slices.Contains(c.callbacks, callback):
			v = state.LoginCallback
		default:
			v = state.LoginRight
		}
	})
	return v, err
}

func (h *hubDouble) RepoHooks(_ context.Context, repo string) (all []state.Hook, err error) {
	err = h.look("RepoHooks", func() { all = slices.Clone(h.hooks[repo]) })
	return all, err
}

func (h *hubDouble) HookDeliveries(_ context.Context, _ string, hook int64) (all []state.Delivery, err error) {
	err = h.look("HookDeliveries", func() { all = slices.Clone(h.deliveries[hook]) })
	return all, err
}

func (h *hubDouble) AppDeliveries(context.Context, state.AppAuth) (all []state.Delivery, err error) {
	err = h.look("AppDeliveries", func() { all = slices.Clone(h.appSent) })
	return all, err
}

func (h *hubDouble) Ping(_ context.Context, _ string, hook int64) error {
	return h.write("Ping", func() error {
		h.deliveries[hook] = append([]state.Delivery{{ID: int64(1000 + len(h.deliveries[hook])), Event: "ping", Status: h.answered, At: time.Unix(0, 0)}}, h.deliveries[hook]...)
		return nil
	})
}

func (h *hubDouble) HasFile(_ context.Context, repo, _ string) (has bool, err error) {
	err = h.look("HasFile", func() { has = h.flakes[repo] })
	return has, err
}

func (h *hubDouble) Proposed(_ context.Context, repo, _ string) (u string, err error) {
	err = h.look("Proposed", func() { u = h.proposed[repo] })
	return u, err
}

func (h *hubDouble) Propose(_ context.Context, repo state.Repo, _, _, _, _, _ string) (u string, err error) {
	err = h.write("Propose", func() error {
		u = "https://github.com/" + repo.Name + "/pull/1"
		h.proposed[repo.Name] = u
		return nil
	})
	return u, err
}
