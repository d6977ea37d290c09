package github_test

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/fake"
	"github.com/nixwright/nixwright/providers/github"
	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/providers/httpx/httpxtest"
	"github.com/nixwright/nixwright/state"
)

const dotfiles = "phlip9/dotfiles"

// lab is a served world in which a set-up is half way: an App is installed on
// phlip9/dotfiles, a second repository, phlip9/lexe, is not; another App's
// manifest waits for its conversion; the repository's hook was pinged.
type lab struct {
	t    *testing.T
	w    *fake.World
	at   state.Endpoints
	way  *http.Transport // of its own: another world may get the same port
	seed seed
}

// seed is what the labs begin with.
type seed struct {
	state []byte // of the world
	app   state.NewApp
	code  string // of a manifest that waits
	repo  state.Repo
	lexe  int64 // the id of the second repository
	hook  int64
	sent  int64 // a delivery
	token string
}

// theSeed is made once, by the first test that wants it.
var theSeed struct {
	sync.Mutex

	seed
}

func newLab(t *testing.T) *lab {
	t.Helper()
	l := &lab{t: t, seed: sown(t)}
	dir := t.TempDir()
	world := filepath.Join(dir, ".nixwright", "world")
	if err := os.MkdirAll(world, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(world, "state.json"), l.seed.state, 0o600); err != nil {
		t.Fatal(err)
	}
	l.serve(dir)
	return l
}

func (l *lab) serve(dir string) {
	l.t.Helper()
	w, err := fake.Start(l.t.Context(), dir, "fresh", fake.Options{})
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(w.Close)
	l.w, l.at, l.way = w, w.Endpoints(), &http.Transport{}
	l.t.Cleanup(l.way.CloseIdleConnections)
}

// reset puts the world back to where it began.
func (l *lab) reset() {
	l.t.Helper()
	l.change(func(s *fake.State) {
		ports := s.Ports
		*s = fake.State{}
		if err := json.Unmarshal(l.seed.state, s); err != nil {
			l.t.Error(err)
		}
		s.Ports = ports
	})
}

func (l *lab) change(f func(*fake.State)) {
	l.t.Helper()
	if err := l.w.Update(func(s *fake.State) error { f(s); return nil }); err != nil {
		l.t.Fatal(err)
	}
}

func (l *lab) knobs(f func(*fake.GitHubKnobs)) {
	l.t.Helper()
	l.change(func(s *fake.State) { f(&s.GitHub.Knobs) })
}

// base is the way to the world, with the contract on it.
func (l *lab) base() http.RoundTripper {
	return contract{t: l.t, api: strings.TrimPrefix(l.at.GitHubAPI, "http://"), base: l.way}
}

// hc is a client that waits for nothing.
func (l *lab) hc() *http.Client {
	return httpx.New(httpx.Options{Base: l.base(), Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }})
}

// as is the adapter with another token; empty: with the good one.
func (l *lab) as(token string) *github.Client {
	if token == "" {
		token = l.seed.token
	}
	return github.New(l.hc(), l.at.GitHubAPI, l.at.GitHubWeb, state.NewSecret(token))
}

func (l *lab) auth() state.AppAuth { return state.AppAuth{ID: l.seed.app.App.ID, Key: l.seed.app.Key} }

func (l *lab) writes() (n int) {
	l.w.Look(func(s *fake.State) { n = len(s.Writes) })
	return n
}

// operations are all that the adapter can do, each so that it does something.
func (l *lab) operations() []httpxtest.Operation {
	type client = github.Client
	one := func(name string, call func(ctx context.Context, c *client) (any, error), fine ...string) httpxtest.Operation {
		return httpxtest.Operation{Name: name, Fine: fine, Call: func(ctx context.Context, hc *http.Client) (any, error) {
			return call(ctx, github.New(hc, l.at.GitHubAPI, l.at.GitHubWeb, state.NewSecret(l.seed.token)))
		}}
	}
	found := func(v any, found bool, err error) (any, error) { return fmt.Sprint(v, found), err }
	app, s := l.seed.app.App, l.seed
	const empty = "wrong type []" // a list of nothing
	return []httpxtest.Operation{
		one("look up the token's user", func(ctx context.Context, c *client) (any, error) {
			u, err := c.User(ctx)
			u.Clock = time.Time{}
			return u, err
		}),
		one("look at repository "+dotfiles, func(ctx context.Context, c *client) (any, error) { return found(c.Repo(ctx, dotfiles)) }, "404"),
		one("list repositories", func(ctx context.Context, c *client) (any, error) { return c.Repos(ctx) }, empty),
		one("list topics of "+dotfiles, func(ctx context.Context, c *client) (any, error) { return c.Topics(ctx, dotfiles) }),
		one("set topics of "+dotfiles, func(ctx context.Context, c *client) (any, error) {
			return nil, c.SetTopics(ctx, dotfiles, []string{"nix", "CI"})
		}),
		one(fmt.Sprintf("App %d", app.ID), func(ctx context.Context, c *client) (any, error) { return c.App(ctx, l.auth()) }),
		one("look up App "+app.Slug, func(ctx context.Context, c *client) (any, error) { return found(c.AppBySlug(ctx, app.Slug)) }, "404"),
		one("convert the App's manifest", func(ctx context.Context, c *client) (any, error) {
			made, err := c.Convert(ctx, state.NewSecret(s.code))
			return fmt.Sprint(made.App.Slug, made.Key.Reveal() != "", made.ClientSecret.Reveal() != ""), err
		}),
		one("look for the App's installation on "+dotfiles, func(ctx context.Context, c *client) (any, error) {
			return found(c.Installation(ctx, l.auth(), dotfiles))
		}, "404"),
		one(fmt.Sprintf("add repository %d to installation", s.lexe), func(ctx context.Context, c *client) (any, error) {
			return nil, c.AddRepo(ctx, l.installation(), s.lexe)
		}),
		one("check the sign-in of client "+app.ClientID, func(ctx context.Context, c *client) (any, error) {
			return c.CheckLogin(ctx, app.ClientID, s.app.ClientSecret, "")
		}),
		one("list webhooks of "+dotfiles, func(ctx context.Context, c *client) (any, error) { return c.RepoHooks(ctx, dotfiles) }, empty),
		one(fmt.Sprintf("list deliveries of webhook %d of "+dotfiles, s.hook), func(ctx context.Context, c *client) (any, error) {
			return c.HookDeliveries(ctx, dotfiles, s.hook)
		}, empty),
		one(fmt.Sprintf("list hook deliveries of App %d", app.ID), func(ctx context.Context, c *client) (any, error) {
			return c.AppDeliveries(ctx, l.auth())
		}, empty),
		one(fmt.Sprintf("ping webhook %d of "+dotfiles, s.hook), func(ctx context.Context, c *client) (any, error) {
			return nil, c.Ping(ctx, dotfiles, s.hook)
		}),
		one(fmt.Sprintf("redeliver %d of webhook %d of "+dotfiles, s.sent, s.hook), func(ctx context.Context, c *client) (any, error) {
			return nil, c.Redeliver(ctx, dotfiles, s.hook, s.sent)
		}),
		one("look for README.md in "+dotfiles, func(ctx context.Context, c *client) (any, error) { return c.HasFile(ctx, dotfiles, "README.md") }, "404"),
		one("look for the pull request from nixwright/flake of "+dotfiles, func(ctx context.Context, c *client) (any, error) {
			return c.Proposed(ctx, dotfiles, "nixwright/flake")
		}, empty),
		one(dotfiles, l.propose, "404", "409", "replayed"),
	}
}

func (l *lab) propose(ctx context.Context, c *github.Client) (any, error) {
	return c.Propose(ctx, l.seed.repo, "nixwright/flake", "nix/flake.nix", "{ }\n", "title", "body")
}

// installation is the App's, as the world has it.
func (l *lab) installation() (id int64) {
	l.w.Look(func(s *fake.State) { id = s.GitHub.Installs[0].ID })
	return id
}

// sown makes the seed by the adapter and a person, as a set-up does.
func sown(t *testing.T) seed {
	t.Helper()
	theSeed.Lock()
	defer theSeed.Unlock()
	if theSeed.state != nil {
		return theSeed.seed
	}
	l := &lab{t: t}
	l.serve(t.TempDir())
	l.seed.token = l.w.Env()["GH_TOKEN"]
	ctx, c := t.Context(), l.as("")
	var err error
	l.seed.app, err = c.Convert(ctx, state.NewSecret(l.manifest("phlip9-buildbot-ci", "")))
	if err != nil {
		t.Fatal(err)
	}
	l.seed.code = l.manifest("phlip9-ci-login", `,"public":true,"callback_urls":["https://ci.phlip9.com/oauth2/callback"]`)
	l.seed.repo, _, err = c.Repo(ctx, dotfiles)
	if err != nil {
		t.Fatal(err)
	}
	install := fmt.Sprintf("%s/apps/%s/installations/new/permissions?suggested_target_id=%d&repository_ids[]=%d",
		l.at.GitHubWeb, l.seed.app.App.Slug, l.seed.repo.Owner.ID, l.seed.repo.ID)
	if err := fake.Person(ctx, &http.Client{Transport: l.way}, install); err != nil {
		t.Fatal(err)
	}
	hooks, err := c.RepoHooks(ctx, dotfiles)
	if err != nil || len(hooks) != 1 {
		t.Fatalf("hooks %v, %v", hooks, err)
	}
	l.seed.hook = hooks[0].ID
	if err := c.Ping(ctx, dotfiles, l.seed.hook); err != nil {
		t.Fatal(err)
	}
	sent, err := c.HookDeliveries(ctx, dotfiles, l.seed.hook)
	if err != nil || len(sent) != 1 {
		t.Fatalf("deliveries %v, %v", sent, err)
	}
	l.seed.sent, l.seed.lexe = sent[0].ID, 777
	l.change(func(s *fake.State) {
		g := &s.GitHub
		g.Apps[0].Hook.Deliveries = g.Repos[0].Hooks[0].Deliveries
		lexe := g.Repos[0]
		lexe.ID, lexe.Name, lexe.Hooks = l.seed.lexe, "lexe", nil
		g.Repos = append(g.Repos, lexe)
	})
	l.w.Look(func(s *fake.State) {
		one := *s
		one.Ports = map[string]int{} // each lab gets others
		l.seed.state, err = json.Marshal(one)
	})
	if err != nil {
		t.Fatal(err)
	}
	theSeed.seed = l.seed
	return theSeed.seed
}

// manifest sends a manifest as a person in a browser does, and returns the
// code that the browser comes back with.
func (l *lab) manifest(name, more string) string {
	l.t.Helper()
	code, err := l.tryManifest(name, more)
	if err != nil {
		l.t.Fatal(err)
	}
	return code
}

func (l *lab) tryManifest(name, more string) (string, error) {
	l.t.Helper()
	text := `{"name":"` + name + `","url":"https://ci.phlip9.com","redirect_url":"http://127.0.0.1:1/made",
		"hook_attributes":{"url":"https://ci.phlip9.com/hook","active":false},
		"default_permissions":{"contents":"read","metadata":"read","email_addresses":"read"}` + more + `}`
	page := filepath.Join(l.t.TempDir(), "form.html")
	form := fmt.Sprintf(`<form method="post" action="%s/settings/apps/new?state=s"><input name="manifest" value="%s"></form>`,
		l.at.GitHubWeb, html.EscapeString(text))
	if err := os.WriteFile(page, []byte(form), 0o600); err != nil {
		l.t.Fatal(err)
	}
	read, err := fake.PersonReads(l.t.Context(), &http.Client{Transport: l.way}, "file://"+page)
	back, bad := url.Parse(read["address"])
	if bad != nil || back.Query().Get("code") == "" {
		return "", fmt.Errorf("no code in %q: %w", read["address"], err)
	}
	return back.Query().Get("code"), nil
}
