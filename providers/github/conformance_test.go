package github_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/fake"
	"github.com/nixwright/nixwright/providers/github"
	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
)

// TestEveryOperationWithoutACredential has each asked with a token that was
// revoked, but for those that need none.
func TestEveryOperationWithoutACredential(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.seed.token, l.seed.app.App.ID = "ghp_wrong", 1
	for _, op := range l.operations() {
		want := state.ErrUnauthorized
		switch {
		case strings.HasPrefix(op.Name, "convert"), strings.HasPrefix(op.Name, "check the sign-in"):
			continue
		case strings.HasPrefix(op.Name, "look for the App's installation"): // an App that is gone has none
			want = nil
		case strings.Contains(op.Name, "App 1"):
			want = state.ErrNotFound
		}
		before := l.writes()
		if got, err := op.Call(t.Context(), l.hc()); !errors.Is(err, want) {
			t.Errorf("%s: %v, %v; want %v", op.Name, got, err, want)
		}
		if !l.onlyRefused(before) {
			t.Errorf("%s wrote", op.Name)
		}
	}
}

// onlyRefused says whether every write since then was refused.
func (l *lab) onlyRefused(since int) (ok bool) {
	l.w.Look(func(s *fake.State) {
		ok = !slices.ContainsFunc(s.Writes[since:], func(w fake.Write) bool { return w.Status < http.StatusBadRequest })
	})
	return ok
}

// TestEveryOperationUnderALimit has each run into GitHub's limits, as each of
// the forms that the documentation names: one that is over soon is waited for,
// one that lasts is told.
func TestEveryOperationUnderALimit(t *testing.T) {
	t.Parallel()
	for i, op := range newLab(t).operations() {
		if strings.HasPrefix(op.Name, "check the sign-in") { // the site's, which has other limits
			continue
		}
		t.Run(op.Name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			for _, status := range []int{0, http.StatusTooManyRequests} {
				for _, says := range []string{"", "reset", "nothing"} {
					for _, times := range []int{1, 100} {
						l.reset()
						l.limited(i, fake.GitHubLimits{Refuse: times, Says: says, Status: status})
					}
				}
				l.reset()
				l.limited(i, fake.GitHubLimits{Primary: -1, Status: status})
			}
		})
	}
}

// limited makes one call under the limits.
func (l *lab) limited(op int, limits fake.GitHubLimits) {
	l.t.Helper()
	l.knobs(func(k *fake.GitHubKnobs) { k.Limits = limits })
	// Its clock goes on while it waits.
	now := time.Now()
	var slept atomic.Int64
	hc := httpx.New(httpx.Options{
		Base: l.base(), Now: func() time.Time { return now.Add(time.Duration(slept.Load())) }, Max: 2 * time.Minute,
		Sleep: func(_ context.Context, d time.Duration) error { slept.Add(int64(d)); return nil },
	})
	o := l.operations()[op]
	before := l.writes()
	_, err := o.Call(l.t.Context(), hc)
	once, waited := strings.HasPrefix(o.Name, "convert"), time.Duration(slept.Load())
	switch {
	case limits.Refuse == 1 && !once:
		if err != nil || waited < time.Minute {
			l.t.Errorf("%s, %+v: after %v: %v", o.Name, limits, waited, err)
		}
	case !errors.Is(err, state.ErrLimited) || !strings.Contains(err.Error(), o.Name):
		l.t.Errorf("%s, %+v: %v", o.Name, limits, err)
	case !l.onlyRefused(before):
		l.t.Errorf("%s, %+v: it wrote", o.Name, limits)
	}
}

// TestDenied is what a token with too little is told, for the classic ones and
// those with permissions.
func TestDenied(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	var gist, fine string
	l.change(func(s *fake.State) {
		gist = s.AddGitHubToken([]string{"gist"}, nil)
		fine = s.AddGitHubToken(nil, map[string]string{"metadata": "read", "administration": "read"})
	})
	ctx := t.Context()
	cases := []struct {
		name  string
		call  func(c *github.Client) error
		fine  string // what a token with permissions lacks
		scope string // what a classic one lacks
	}{
		{"topics", func(c *github.Client) error { return c.SetTopics(ctx, dotfiles, []string{"x"}) }, "administration=write", "scope repo"},
		{"hooks", func(c *github.Client) error { _, err := c.RepoHooks(ctx, dotfiles); return err }, "repository_hooks=read", "scope repo, admin:repo_hook"},
		{"deliveries", func(c *github.Client) error { _, err := c.HookDeliveries(ctx, dotfiles, l.seed.hook); return err }, "repository_hooks=read", "scope repo"},
		{"ping", func(c *github.Client) error { return c.Ping(ctx, dotfiles, l.seed.hook) }, "repository_hooks=", "scope repo"},
		{"redeliver", func(c *github.Client) error { return c.Redeliver(ctx, dotfiles, l.seed.hook, l.seed.sent) }, "repository_hooks=write", "scope repo"},
		{"propose", func(c *github.Client) error { _, err := l.propose(ctx, c); return err }, "contents=write", "scope repo"},
		{"add", func(c *github.Client) error { return c.AddRepo(ctx, l.installation(), l.seed.lexe) }, "", ""},
	}
	for _, tc := range cases {
		for _, token := range []string{fine, gist} {
			kind, needs := state.ErrDenied, tc.fine
			if token == gist && tc.scope != "" { // a classic one does not see what it may not
				kind, needs = state.ErrNotFound, tc.scope
			}
			var e *state.CallError
			err := tc.call(l.as(token))
			if !errors.As(err, &e) || !errors.Is(err, kind) || !strings.HasPrefix(e.Needs, needs) || e.Request == "" {
				t.Errorf("%s: %v, needs %q; want %v, %q", tc.name, err, e.Needs, kind, needs)
			}
		}
	}
	for _, token := range []string{gist, fine, ""} {
		if r, found, err := l.as(token).Repo(ctx, "someone-else/private-things"); found || err != nil {
			t.Errorf("somebody's private repository: %v, %v, %v", r, found, err)
		}
		if r, found, err := l.as(token).Repo(ctx, "someone-else/public-things"); !found || err != nil || r.Admin {
			t.Errorf("somebody's public repository: %v, %v, %v", r, found, err)
		}
	}
	if _, err := l.as("").Topics(ctx, "someone-else/private-things"); !errors.Is(err, state.ErrNotFound) {
		t.Errorf("topics of somebody's private repository: %v", err)
	}
}

// TestToTheLastPage is that lists are read whole: a hook that is not seen is
// made again, a topic that is not seen is lost.
func TestToTheLastPage(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	ctx := t.Context()
	const many = 230
	l.change(func(s *fake.State) {
		r := &s.GitHub.Repos[0]
		hook := r.Hooks[0]
		for i := range int64(many - 1) {
			hook.ID = 5000 + i
			r.Hooks = append(r.Hooks, hook)
		}
		sent := r.Hooks[0].Deliveries[0]
		for i := range int64(many - 1) {
			one := sent
			one.ID += 1 + i
			one.Event = fmt.Sprint("event ", i)
			r.Hooks[0].Deliveries = append(r.Hooks[0].Deliveries, one)
		}
		r.Topics = nil
		for i := range many {
			r.Topics = append(r.Topics, fmt.Sprint("topic-", i))
		}
	})
	hooks, err := l.as("").RepoHooks(ctx, dotfiles)
	if err != nil || len(hooks) != many || hooks[many-1].ID != 5000+many-2 {
		t.Errorf("%d hooks, %v", len(hooks), err)
	}
	topics, err := l.as("").Topics(ctx, dotfiles)
	if err != nil || len(topics) != many || topics[many-1] != fmt.Sprint("topic-", many-1) {
		t.Errorf("%d topics, %v", len(topics), err)
	}
	all, err := l.as("").HookDeliveries(ctx, dotfiles, l.seed.hook)
	if err != nil || len(all) != 100 || all[0].Event != fmt.Sprint("event ", many-2) || all[0].ID < 1<<53 {
		t.Errorf("%d deliveries, %v", len(all), err)
	}
}

// TestPagesThatDoNotEnd is a list whose next page is itself.
func TestPagesThatDoNotEnd(t *testing.T) {
	t.Parallel()
	for name, next := range map[string]string{"the same": "page=1", "far away": "page=3"} {
		c := client(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Link", "<http://"+r.Host+r.URL.Path+"?"+next+`>; rel="next"`)
			if strings.HasSuffix(r.URL.Path, "/topics") {
				write(w, 200, `{"names":["ci"]}`)
				return
			}
			write(w, 200, `[{"id":7,"config":{"url":"https://ci"}}]`)
		})
		if topics, err := c.Topics(t.Context(), "o/r"); !errors.Is(err, state.ErrService) {
			t.Errorf("%s: %v, %v", name, topics, err)
		}
		if hooks, err := c.RepoHooks(t.Context(), "o/r"); !errors.Is(err, state.ErrService) {
			t.Errorf("%s: %v, %v", name, hooks, err)
		}
	}
}

// TestMoved is a repository that was renamed: GitHub sends to its number.
func TestMoved(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	ctx, c := t.Context(), l.as("")
	l.change(func(s *fake.State) { s.GitHub.Repos[0].Was, s.GitHub.Repos[0].Name = dotfiles, "dots" })
	r, found, err := c.Repo(ctx, dotfiles)
	if err != nil || !found || r.Name != "phlip9/dots" || r.ID != l.seed.repo.ID {
		t.Errorf("repository %+v, %v, %v", r, found, err)
	}
	if err := c.SetTopics(ctx, dotfiles, []string{"moved"}); err != nil {
		t.Error(err)
	}
	if got, err := c.Topics(ctx, "phlip9/dots"); err != nil || !slices.Equal(got, []string{"moved"}) {
		t.Errorf("topics %v, %v", got, err)
	}
	if hooks, err := c.RepoHooks(ctx, dotfiles); err != nil || len(hooks) != 1 {
		t.Errorf("hooks %v, %v", hooks, err)
	}
	if err := c.Ping(ctx, dotfiles, l.seed.hook); err != nil {
		t.Error(err)
	}
	if page, err := l.propose(ctx, c); err != nil || !strings.Contains(page.(string), "/phlip9/dots/pull/") {
		t.Errorf("proposed %v, %v", page, err)
	}
}

// TestAWriteThatIsMovedForGood is a 301 to a write, which Go's client follows
// by a GET: its answer is not the write's.
func TestAWriteThatIsMovedForGood(t *testing.T) {
	t.Parallel()
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			http.Redirect(w, r, "/there", http.StatusMovedPermanently)
			return
		}
		write(w, 200, `{"names":["old"],"object":{"sha":"abc"}}`)
	})
	for name, err := range map[string]error{
		"topics": c.SetTopics(t.Context(), "o/r", []string{"new"}), "ping": c.Ping(t.Context(), "o/r", 1), "add": c.AddRepo(t.Context(), 1, 2),
	} {
		if !errors.Is(err, state.ErrService) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAbsentAndThere is what is not there, and what is there already.
func TestAbsentAndThere(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	ctx, c := t.Context(), l.as("")
	for name, err := range map[string]error{
		"ping":      c.Ping(ctx, dotfiles, 1),
		"redeliver": c.Redeliver(ctx, dotfiles, l.seed.hook, 1),
		"add":       c.AddRepo(ctx, 1, l.seed.lexe),
		"topics":    c.SetTopics(ctx, "phlip9/none", []string{"x"}),
	} {
		if !errors.Is(err, state.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if has, err := c.HasFile(ctx, dotfiles, "no/such.nix"); has || err != nil {
		t.Errorf("no file: %v, %v", has, err)
	}
	if _, found, err := c.Installation(ctx, l.auth(), "phlip9/lexe"); found || err != nil {
		t.Errorf("not installed: %v, %v", found, err)
	}
	for range 2 {
		if err := c.AddRepo(ctx, l.installation(), l.seed.lexe); err != nil {
			t.Error(err)
		}
	}
	if i, found, err := c.Installation(ctx, l.auth(), "phlip9/lexe"); !found || err != nil || i.ID != l.installation() {
		t.Errorf("installed: %+v, %v, %v", i, found, err)
	}
	if _, err := c.Convert(ctx, state.NewSecret(l.seed.code)); err != nil {
		t.Error(err)
	}
	if _, err := c.Convert(ctx, state.NewSecret(l.seed.code)); !errors.Is(err, state.ErrNotFound) {
		t.Errorf("a spent code: %v", err)
	}
	var e *state.CallError
	if err := c.SetTopics(ctx, dotfiles, []string{"not a topic"}); !errors.As(err, &e) || !errors.Is(err, state.ErrInvalid) ||
		!strings.Contains(e.Text, "Topics must start with a lowercase letter") {
		t.Errorf("an impossible topic: %v", err)
	}
	before, err := c.HookDeliveries(ctx, dotfiles, l.seed.hook)
	if err == nil {
		err = c.Redeliver(ctx, dotfiles, l.seed.hook, l.seed.sent)
	}
	if after, again := c.HookDeliveries(ctx, dotfiles, l.seed.hook); err != nil || again != nil || len(after) != len(before)+1 {
		t.Errorf("redelivered: %v, %v, %v", after, err, again)
	}
}

// TestNotFoundInOtherWords is a 404 that is not GitHub's: a page of something
// in between does not say that there is no such thing.
func TestNotFoundInOtherWords(t *testing.T) {
	t.Parallel()
	key := state.AppAuth{ID: 1, Key: newKey(t)}
	for _, body := range []string{"", "<html><title>no such host</title></html>", "[]", "null", `{"error":"x"}`, "default backend - 404"} {
		c := client(t, func(w http.ResponseWriter, _ *http.Request) { write(w, 404, body) })
		ctx := t.Context()
		_, _, repo := c.Repo(ctx, "o/r")
		_, _, app := c.AppBySlug(ctx, "x")
		_, _, installation := c.Installation(ctx, key, "o/r")
		_, file := c.HasFile(ctx, "o/r", "flake.nix")
		_, propose := c.Propose(ctx, state.Repo{Name: "o/r", Branch: "main"}, "b", "f", "c", "t", "d")
		for name, err := range map[string]error{"repository": repo, "App": app, "installation": installation, "file": file, "branch": propose} {
			var e *state.CallError
			if !errors.As(err, &e) || !errors.Is(err, state.ErrNotFound) {
				t.Errorf("%s, %q: %v", name, body, err)
			}
		}
	}
}

// TestFoundInOtherWords is an answer of 200 that is not the one that it should
// be: it does not say that the thing is there, nor that it is not.
func TestFoundInOtherWords(t *testing.T) {
	t.Parallel()
	key := state.AppAuth{ID: 1, Key: newKey(t)}
	for _, body := range []string{"", "<html><title>sign in</title></html>", "null", "{}", `{"type":"dir"}`, `{"message":"Not Found"}`, "7", `["x"]`} {
		c := client(t, func(w http.ResponseWriter, _ *http.Request) { write(w, 200, body) })
		ctx := t.Context()
		_, _, repo := c.Repo(ctx, "o/r")
		_, _, app := c.AppBySlug(ctx, "x")
		_, itself := c.App(ctx, key)
		_, _, installation := c.Installation(ctx, key, "o/r")
		_, file := c.HasFile(ctx, "o/r", "flake.nix")
		_, topics := c.Topics(ctx, "o/r")
		_, hooks := c.RepoHooks(ctx, "o/r")
		_, sent := c.HookDeliveries(ctx, "o/r", 1)
		_, proposed := c.Proposed(ctx, "o/r", "b")
		_, repos := c.Repos(ctx)
		for name, err := range map[string]error{
			"repository": repo, "App by slug": app, "App": itself, "installation": installation, "file": file,
			"topics": topics, "hooks": hooks, "deliveries": sent, "pull request": proposed,
			"repositories": repos,
		} {
			if !errors.Is(err, state.ErrService) {
				t.Errorf("%s, %q: %v", name, body, err)
			}
		}
	}
}
