package main

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/nixwright/nixwright/providers/edge"
	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/providers/realtest"
	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/shape"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/steps/setup"
)

// The checks of login and webhook on the real nginx, oauth2-proxy and
// buildbot, set up as the module does, and set up wrongly.

const (
	ciSite   = "https://" + realtest.FrontDomain
	theRepo  = "phlip9/dotfiles"
	theHook  = "/change_hook/github"
	ownHook  = "/webhooks/github-buildbot-ci"
	startLim = 20 * time.Second
)

// street is a front with one buildbot behind it, and the steps that look at it.
type street struct {
	front  *realtest.Front
	hub    *realtest.GitHubLogin
	noBot  func()
	sealed state.Secret // the webhook secret in the secrets file
	known  state.Secret // what GitHub signs with
	path   string       // where its hook points
	app    state.App
	access string
}

// TestChecksOnTheRealFront shares one buildbot; each front has its own way there.
func TestChecksOnTheRealFront(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"nginx", "oauth2-proxy", "nix-instantiate"} {
		realtest.Find(t, name)
	}
	secret := realtest.Made(t, shape.WebhookSecretName)
	password := realtest.Made(t, shape.BasicAuthName)
	b := realtest.Buildbot(t, realtest.BuildbotOptions{BaseURL: ciSite + "/", WebhookSecret: secret.Reveal(), Password: password.Reveal()})
	open := func(t *testing.T, o realtest.FrontOptions) *street {
		t.Helper()
		s := &street{sealed: secret, known: secret, path: theHook, access: o.Access, app: state.App{ID: 2746100, Owner: state.Owner{Login: "phlip9"}, Slug: "phlip9-buildbot-ci"}}
		s.hub = realtest.NewGitHubLogin(t, realtest.LoginApp{ID: realtest.FrontClientID, Secret: "client-secret", Callback: ciSite + "/oauth2/callback"})
		o.Buildbot, s.noBot = realtest.Relay(t, strings.TrimPrefix(b.URL, "http://"))
		o.BasicAuth, o.HookPath, o.GitHub, o.ClientSecret = password, ownHook, s.hub.URL, "client-secret"
		s.front = realtest.StartFront(t, o)
		return s
	}
	// In a group of its own, so that buildbot outlives what is parallel in it.
	t.Run("login", func(t *testing.T) { logins(t, open) })
	t.Run("webhook", func(t *testing.T) { webhooks(t, open) })
	t.Run("unseen", func(t *testing.T) { unseen(t, open) })
	t.Run("the program", func(t *testing.T) { program(t, open) })
}

type opener func(t *testing.T, o realtest.FrontOptions) *street

// flag replaces one of oauth2-proxy's flags; without a value it is left out.
func flag(name string, value ...string) func(*realtest.FrontPrograms) {
	return func(p *realtest.FrontPrograms) {
		p.Flags = slices.DeleteFunc(p.Flags, func(f string) bool { return strings.HasPrefix(f, "--"+name+"=") })
		for _, v := range value {
			p.Flags = append(p.Flags, "--"+name+"="+v)
		}
	}
}

// inNginx replaces text in nginx's configuration, which must be there.
func inNginx(t *testing.T, old, other string) func(*realtest.FrontPrograms) {
	t.Helper()
	return func(p *realtest.FrontPrograms) {
		if !strings.Contains(p.Nginx, old) {
			t.Errorf("nginx's configuration lacks %q:\n%s", old, p.Nginx)
		}
		p.Nginx = strings.ReplaceAll(p.Nginx, old, other)
	}
}

// without takes a location out of nginx's configuration.
func without(location string) func(*realtest.FrontPrograms) {
	return func(p *realtest.FrontPrograms) {
		head, tail, _ := strings.Cut(p.Nginx, "location "+location+" {")
		_, rest, _ := strings.Cut(tail, "\n}\n")
		p.Nginx = head + rest
	}
}

func logins(t *testing.T, open opener) {
	t.Helper()
	const private, two = state.FullyPrivate, state.TwoLogins
	for _, c := range []struct {
		name   string
		access []string
		change func(*realtest.FrontPrograms)
		nix    string
		then   func(*street)
		ids    string // of the problems, in order; empty: ready
		says   string
	}{
		{name: "as the module sets it up", access: []string{private, two}},
		{name: "oauth2-proxy is down", access: []string{private, two}, then: func(s *street) { s.front.Proxy.Stop() },
			ids: "F20,F20,F20,F20,F49,F20,F15", says: "systemctl status oauth2-proxy"},
		{name: "buildbot is down", access: []string{private, two}, then: func(s *street) { s.noBot() }, ids: "F1", says: "systemctl status oauth2-proxy buildbot-master"},
		{name: "the hook behind the login", access: []string{two}, change: without("= " + theHook), ids: "F1", says: "a stranger at " + theHook + " gets 302"},
		{name: "upstream's way to the hook", access: []string{private}, change: without("= " + theHook)},
		{name: "another client id", access: []string{private, two}, change: flag("client-id", "Ov23liother"), ids: "F15", says: "the host uses Ov23liother, not " + realtest.FrontClientID},
		{name: "another callback", access: []string{private, two}, change: flag("redirect-url", "https://ci.phlip9.com/auth/login"), ids: "F15", says: "leads back to https://ci.phlip9.com/auth/login"},
		{name: "the callback that oauth2-proxy makes up", access: []string{two}, change: flag("redirect-url"), ids: "F15", says: "leads back to"},
		{name: "upstream's scope", access: []string{private}, change: flag("scope"), ids: "F17", says: "asks for read:user user:email repo"},
		{name: "oauth2-proxy's own scope", access: []string{two}, change: flag("scope")},
		{name: "a cookie for plain HTTP", access: []string{private}, change: flag("cookie-secure", "false"), ids: "F20", says: "lacks Secure"},
		{name: "a cookie for plain HTTP, often", access: []string{two}, change: flag("cookie-secure", "false"), ids: "F20", says: "lacks Secure"},
		{name: "the API past the login", access: []string{private, two}, change: func(p *realtest.FrontPrograms) {
			p.Nginx = strings.Replace(p.Nginx, "location / {", "location /api {\nproxy_pass http://127.0.0.1:8010;\n}\nlocation / {", 1)
		}, ids: "F20", says: "a stranger at /api/v2/builds gets 200"},
		{name: "the stream past the login", access: []string{two}, change: func(p *realtest.FrontPrograms) {
			p.Nginx = strings.Replace(p.Nginx, "location /sse {\nproxy_pass http://127.0.0.1:4180;", "location /sse {\nproxy_pass http://127.0.0.1:8010;", 1)
		}, ids: "F20", says: "a stranger at /sse/listen/builds/*/* gets 200"},
		{name: "the WebSocket past the login", access: []string{private}, change: func(p *realtest.FrontPrograms) {
			p.Nginx = strings.Replace(p.Nginx, "location /ws {\nproxy_pass http://127.0.0.1:8020;", "location /ws {\nproxy_pass http://127.0.0.1:8010;", 1)
		}, ids: "F20", says: "a stranger at /ws gets 101"},
		{name: "no sign-in page", access: []string{private}, change: flag("skip-provider-button", "true"), ids: "F20", says: "a stranger at / gets 302"},
		{name: "upstream's outputs", access: []string{private}, nix: realtest.Upstream, ids: "F49", says: "a stranger at /nix-outputs/ gets 200"},
		{name: "nginx is down", access: []string{private}, then: func(s *street) { s.front.Nginx.Stop() }, ids: "waiting", says: "does not answer yet"},
	} {
		for _, access := range c.access {
			t.Run(c.name+", "+access, func(t *testing.T) {
				t.Parallel()
				s := open(t, realtest.FrontOptions{Access: access, Change: c.change, Nix: c.nix})
				if c.then != nil {
					c.then(s)
				}
				f, err := s.step(t, "check-login").Detect(t.Context(), s.facts())
				want := steps.Blocked
				switch c.ids {
				case "":
					want = steps.Ready
				case "waiting":
					want = steps.Waiting
				}
				if got := ids(f); err != nil || f.Status != want || got != strings.TrimPrefix(c.ids, "waiting") || !strings.Contains(told(f), c.says) {
					t.Errorf("%s %q, %v: %s", f.Status, got, err, told(f))
				}
			})
		}
	}
}

// unseen are faults that no stranger sees, and so no check of today: they are
// here so that a check which does see them changes this test.
func unseen(t *testing.T, open opener) {
	t.Helper()
	t.Run("no WebSocket (F19)", func(t *testing.T) {
		s := open(t, realtest.FrontOptions{Access: state.FullyPrivate, Change: inNginx(t, "proxy_set_header Upgrade $http_upgrade;\n", "")})
		if s.socket(t) {
			t.Error("the WebSocket opens all the same")
		}
		if f, err := s.step(t, "check-login").Detect(t.Context(), s.facts()); err != nil || f.Status != steps.Ready {
			t.Errorf("a stranger sees it: %s %s, %v", f.Status, told(f), err)
		}
	})
	t.Run("the internal password (F50)", func(t *testing.T) {
		s := open(t, realtest.FrontOptions{Access: state.FullyPrivate, Change: flag("set-basic-auth", "true")})
		resp := s.signIn(t)
		if resp.StatusCode != http.StatusOK || resp.Header.Get("Authorization") == "" {
			t.Errorf("the browser is told nothing: %d", resp.StatusCode)
		}
		if f, err := s.step(t, "check-login").Detect(t.Context(), s.facts()); err != nil || f.Status != steps.Ready {
			t.Errorf("a stranger sees it: %s %s, %v", f.Status, told(f), err)
		}
	})
	t.Run("neither in the module", func(t *testing.T) {
		for _, access := range []string{state.FullyPrivate, state.TwoLogins} {
			s := open(t, realtest.FrontOptions{Access: access})
			if resp := s.signIn(t); resp.StatusCode != http.StatusOK || resp.Header.Get("Authorization") != "" {
				t.Errorf("%s: %d, told %q", access, resp.StatusCode, resp.Header.Get("Authorization"))
			}
			if !s.socket(t) {
				t.Errorf("%s: the WebSocket does not open", access)
			}
		}
	})
}

// program has the program itself look at the front, by [endpoints]; all else
// is the built-in world.
func program(t *testing.T, open opener) {
	t.Helper()
	l := newLab(t, "fresh")
	l.setup()
	id, answers := l.world().CI.Proxy, l.read("nixwright.toml")
	for _, c := range []struct {
		client, login string
		open          bool // line 13 is not true
	}{{id, "", false}, {realtest.FrontClientID, "F15", true}} {
		f := open(t, realtest.FrontOptions{Access: state.FullyPrivate, Change: flag("client-id", c.client)}).front
		l.base = f.Transport()
		l.write("nixwright.toml", strings.ReplaceAll(answers, l.ends.CI, f.URL))
		s := l.status()
		open := true
		for _, line := range s.Lines {
			open = open && (line.Number != 13 || !line.True)
		}
		if got := strings.Join(s.problems("check-login"), " "); got != c.login || open != c.open {
			t.Errorf("with the client id %s line 13 is open: %v, problems %q, %+v", c.client, open, got, s.Lines)
		}
	}
}

func webhooks(t *testing.T, open opener) {
	t.Helper()
	own := func(s *street) {
		s.path, s.app.HookURL, s.app.Events = ownHook, ciSite+ownHook, []string{"push"}
	}
	for _, c := range []struct {
		name    string
		access  string
		change  func(*realtest.FrontPrograms)
		then    func(*street)
		found   string // id of the problem after GitHub's ping; empty: ready
		probed  string // what the probe says; empty: nothing is wrong
		because string

		probedAs string // empty: F1
	}{
		{name: "as the module sets it up", access: state.FullyPrivate},
		{name: "as the module sets it up", access: state.TwoLogins},
		{name: "the App's own hook", access: state.TwoLogins, then: own},
		{name: "GitHub signs with an older secret", access: state.TwoLogins, then: func(s *street) { s.known = state.NewSecret("an older secret") }, found: "F6"},
		{name: "the host has another secret than is sealed", access: state.FullyPrivate, then: func(s *street) { s.sealed = state.NewSecret("sealed but not deployed") },
			probed: "buildbot refuses an event that is signed with the sealed secret", because: "Hash mismatch", probedAs: "F6"},
		{name: "the hook behind the login", access: state.TwoLogins, change: without("= " + theHook), found: "F1", probed: "an unsigned event at /change_hook/github is answered 302, not 400"},
		{name: "buildbot is down", access: state.FullyPrivate, then: func(s *street) { s.noBot() }, found: "F1", probed: "is answered 502, not 400"},
		{name: "nginx knows nothing of the App's own path", access: state.TwoLogins, change: without("= " + ownHook), then: own, found: "F1", probed: "an unsigned event at " + ownHook + " is answered 302"},
	} {
		t.Run(c.name+", "+c.access, func(t *testing.T) {
			t.Parallel()
			s := open(t, realtest.FrontOptions{Access: c.access, Change: c.change})
			if c.then != nil {
				c.then(s)
			}
			step, sent := s.webhook(t)
			f, err := step.Detect(t.Context(), s.facts())
			if err == nil && f.Status == steps.Missing {
				if err = step.Apply(t.Context(), s.facts(), f, ear{}); err == nil {
					f, err = step.Detect(t.Context(), s.facts())
				}
			}
			want := map[bool]steps.Status{true: steps.Ready, false: steps.Blocked}[c.found == ""]
			if got := ids(f); err != nil || got != c.found || f.Status != want || sent.pings.Load() > 1 {
				t.Errorf("%s %q, %v, %d pings: %s", f.Status, got, err, sent.pings.Load(), told(f))
			}
			prober, ok := step.(steps.Prober)
			if !ok {
				t.Fatal("it has no probe")
			}
			err = prober.Probe(t.Context(), s.facts(), ear{})
			if (err == nil) != (c.probed == "") {
				t.Fatalf("the probe says %v", err)
			}
			if err != nil {
				p := state.AsProblem(err)
				if p.ID != cmp.Or(c.probedAs, "F1") || !strings.Contains(p.What, c.probed) || !strings.Contains(p.Why, c.because) {
					t.Errorf("the probe says %+v", p)
				}
				if whole := p.What + p.Why + p.Fix; strings.Contains(whole, s.sealed.Reveal()) {
					t.Error("it tells the secret")
				}
			}
		})
	}
}

// step is one of the catalog's, with the real edge before it, as main makes it
// where [endpoints] names another address.
func (s *street) step(t *testing.T, id string) steps.Step {
	t.Helper()
	return s.with(t, id, nil)
}

func (s *street) with(t *testing.T, id string, hooks setup.Hooks) steps.Step {
	t.Helper()
	hc := httpx.New(httpx.Options{Base: s.front.Transport(), Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }})
	c := state.Config{
		CI:     state.CIConf{Domain: realtest.FrontDomain, Access: s.access},
		Host:   state.HostConf{SSH: "omnara1.phlip9.com"},
		GitHub: state.GitHubConf{Owner: "phlip9", Repos: []string{theRepo}},
	}
	all := setup.Catalog(setup.Deps{Config: c, Edge: edge.New(hc, s.front.URL), Secrets: vault{shape.WebhookSecretName: s.sealed}, Hooks: hooks, Now: time.Now})
	i := slices.IndexFunc(all, func(step steps.Step) bool { return step.Info().ID == id })
	if i < 0 {
		t.Fatalf("no step %s", id)
	}
	return all[i]
}

func (s *street) webhook(t *testing.T) (steps.Step, *sender) {
	t.Helper()
	g := &sender{hc: &http.Client{Transport: s.front.Transport(), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, secret: s.known}
	if s.app.HookURL == "" {
		g.hook = &state.Hook{ID: 1, URL: ciSite + s.path, Active: true, Events: []string{"pull_request", "push"}}
	} else {
		g.app = true
		g.send(t.Context(), s.app.HookURL)
	}
	return s.with(t, "check-webhook", g), g
}

// facts are what the steps before have learned.
func (s *street) facts() state.Facts {
	f := state.With(state.Facts{}, state.FactProxy, state.LoginApp{Name: "phlip9-ci-oauth2-proxy", ClientID: realtest.FrontClientID})
	f = state.With(f, state.FactDeployment, state.Deployment{Hash: "x"})
	f = state.With(f, state.FactRepos, []state.Repo{{Name: theRepo}})
	return state.With(f, state.FactApp, s.app)
}

// signIn is a person's first page.
func (s *street) signIn(t *testing.T) *http.Response {
	t.Helper()
	resp, err := s.browser(t).Get(ciSite + "/oauth2/start?rd=%2F")
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(io.Discard, resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp
}

func (s *street) browser(t *testing.T) *http.Client {
	t.Helper()
	return s.hub.Browser(t, s.front.Transport(), "phlip9")
}

// socket says whether the WebSocket opens for who has signed in.
func (s *street) socket(t *testing.T) bool {
	t.Helper()
	hc := s.browser(t)
	resp, err := hc.Get(ciSite + "/oauth2/start?rd=%2F")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	ctx, cancel := context.WithTimeout(t.Context(), startLim)
	defer cancel()
	c, _, err := websocket.Dial(ctx, ciSite+"/ws", &websocket.DialOptions{HTTPClient: hc})
	if err != nil {
		return false
	}
	return c.CloseNow() == nil
}

// ids are those of a finding's problems, in order.
func ids(f steps.Finding) string {
	var out []string
	for _, p := range f.Problems {
		out = append(out, p.ID)
	}
	return strings.Join(out, ",")
}

// told is all that a finding says.
func told(f steps.Finding) string {
	out := f.Text + "\n" + f.Hint
	for _, p := range f.Problems {
		out += "\n" + p.ID + " " + p.What + "; " + p.Why + "; " + p.Fix
	}
	return out
}
