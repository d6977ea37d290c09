package setup

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
)

// edgeDouble is what the CI and the cache show to the world, and to the host.
type edgeDouble struct {
	*ground

	clock    steps.Clock
	pages    map[string]state.Page
	secret   state.Secret // that the host takes events by
	hooked   map[string]int
	info     bool
	builds   []state.Build
	narinfos map[string]state.Narinfo
	nar      bool
	gc       state.GCStatus
	public   string
}

func newEdge(g *ground, clock steps.Clock) *edgeDouble {
	return &edgeDouble{ground: g, clock: clock, pages: map[string]state.Page{}, hooked: map[string]int{}, narinfos: map[string]state.Narinfo{}}
}

// outPath is what was built last.
const outPath = "/nix/store/2k9kb4ylmrqd1b9g5fqhvjhqyc0xy5ds-hello-2.12.1"

// up is a CI that was deployed: its answers are recorded ones of oauth2-proxy.
func (e *edgeDouble) up(c state.Config, clientID string, secret state.Secret, public string) {
	first := 403
	if c.CI.Access == state.TwoLogins {
		first = 302
	}
	e.pages["/"] = state.Page{Status: first}
	e.pages["/api/v2/builds"] = state.Page{Status: 401}
	e.pages["/ws"] = state.Page{Status: 403}
	e.pages["/sse/listen/builds/*/*"] = state.Page{Status: 403}
	e.pages["/nix-outputs/"] = state.Page{Status: 302}
	e.pages["/ping"] = state.Page{Status: 200}
	e.pages[repoHookPath] = state.Page{Status: 400}
	q := url.Values{"client_id": {clientID}, "redirect_uri": {"https://" + c.CI.Domain + "/oauth2/callback"}, "scope": {"read:user user:email read:org"}}
	e.pages["/oauth2/start?rd=%2F"] = state.Page{
		Status: 302, Location: "https://github.com/login/oauth/authorize?" + q.Encode(),
		Cookies: []string{"_oauth2_proxy_csrf=x; Path=/; HttpOnly; Secure; SameSite=Lax"},
	}
	e.secret, e.info, e.nar, e.public = secret, true, true, public
	name, _, _ := strings.Cut(public, ":")
	e.narinfos[outPath] = state.Narinfo{StorePath: outPath, URL: "nar/x.nar.zst", SignedBy: []string{name}}
	e.builds = []state.Build{{ID: 4, Repo: c.GitHub.Repos[0], OutPath: outPath, At: e.clock.Now()}}
	e.gc = state.GCStatus{Offered: true, State: "succeeded"}
}

func (e *edgeDouble) Get(_ context.Context, path string) (p state.Page, err error) {
	err = e.look("Get", func() { p = e.pages[path] })
	return p, err
}

func (e *edgeDouble) Upgrade(_ context.Context, path string) (p state.Page, err error) {
	err = e.look("Upgrade", func() { p = e.pages[path] })
	return p, err
}

func (e *edgeDouble) Hook(_ context.Context, path string, sign *state.Secret) (p state.Page, err error) {
	err = e.look("Hook", func() {
		p.Status = 400
		if sign != nil && sign.Equal(e.secret) {
			p.Status = 200
		}
		if s, found := e.hooked[path]; found {
			p = state.Page{Status: s, Body: "what is this"}
		}
	})
	return p, err
}

func (e *edgeDouble) Info(context.Context) (i state.CacheInfo, found bool, err error) {
	err = e.look("Info", func() { i, found = state.CacheInfo{StoreDir: "/nix/store"}, e.info })
	return i, found, err
}

func (e *edgeDouble) Narinfo(_ context.Context, path, public string) (n state.Narinfo, found bool, err error) {
	err = e.look("Narinfo", func() {
		n, found = e.narinfos[path]
		n.Verified = public == e.public
	})
	return n, found, err
}

func (e *edgeDouble) NAR(context.Context, state.Narinfo) (there bool, err error) {
	err = e.look("NAR", func() { there = e.nar })
	return there, err
}

func (e *edgeDouble) Finished(context.Context) (out []state.Build, err error) {
	err = e.look("Finished", func() { out = slices.Clone(e.builds) })
	return out, err
}

func (e *edgeDouble) GC(context.Context, state.Secret) (s state.GCStatus, err error) {
	err = e.look("GC", func() { s = e.gc })
	return s, err
}
