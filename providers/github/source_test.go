package github_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/fake"
	"github.com/nixwright/nixwright/providers/github"
	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
)

// watched is what a source told in a while, and what it asked for.
type watched struct {
	s     live.Snapshot
	asked []httpx.Line
	err   error
}

func (w *watched) link() live.Link {
	o, _ := w.s.Source("GitHub")
	return o.Link
}

// watch lets a source look for so long by a clock of the test's own, which
// stands but where the source waits. between is called before each rest.
func (l *lab) watch(token string, o github.SourceOptions, long time.Duration, between func(turn int)) watched {
	l.t.Helper()
	var mu sync.Mutex
	w := watched{s: live.New()}
	now := time.Now()
	begun := now
	turn := 0
	ctx, cancel := context.WithCancel(l.t.Context())
	defer cancel()
	o.Clock = live.Clock{
		Now: func() time.Time { mu.Lock(); defer mu.Unlock(); return now },
		Sleep: func(ctx context.Context, d time.Duration) error {
			if between != nil {
				between(turn)
			}
			mu.Lock()
			defer mu.Unlock()
			turn++
			if now = now.Add(d); now.Sub(begun) >= long {
				cancel()
			}
			return ctx.Err()
		},
	}
	hc := httpx.New(httpx.Options{
		Base: l.base(), Remember: 1 << 20, Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
		Log: func(line httpx.Line) { mu.Lock(); defer mu.Unlock(); w.asked = append(w.asked, line) },
	})
	c := github.New(hc, l.at.GitHubAPI, l.at.GitHubWeb, state.NewSecret(token))
	w.err = github.NewSource(c, o).Watch(ctx, func(u live.Update) {
		u.Source, u.At = "GitHub", o.Clock.Now()
		w.s = live.Reduce(w.s, u)
	})
	return w
}

func TestSource(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	both := []string{dotfiles, "phlip9/lexe"}
	w := l.watch(l.seed.token, github.SourceOptions{Repos: both, App: l.auth()}, time.Hour, nil)
	if !errors.Is(w.err, context.Canceled) || !w.link().Up || w.link().Note != "" {
		t.Errorf("%v, link %+v", w.err, w.link())
	}
	g, _ := w.s.GitHub.Get()
	if g.Slug != "phlip9-buildbot-ci" || !slices.Equal(slices.Sorted(maps.Keys(g.Lacks)), []string{"pull_requests", "repository_hooks", "statuses"}) ||
		!slices.Equal(g.Absent, both[1:]) || len(g.Unsettled) != 0 || !strings.HasSuffix(g.Page, "/settings/apps/phlip9-buildbot-ci/permissions") {
		t.Errorf("GitHub %+v", g)
	}
	if g.Limit != 5000 || g.Left >= g.Limit || g.Reset.IsZero() || g.Calls < 20 || g.Calls > 60 || len(w.asked) > 62 {
		t.Errorf("%d of %d left, %d calls told, %d made", g.Left, g.Limit, g.Calls, len(w.asked))
	}
	free := 0
	for _, line := range w.asked {
		if line.Status == http.StatusNotModified {
			free++
		}
	}
	if 3*free < 2*len(w.asked) {
		t.Errorf("%d of %d requests cost nothing", free, len(w.asked))
	}
	hooks, _ := w.s.Hooks.Get()
	if len(hooks.Repos) != 1 || hooks.Repos[0].Repo != dotfiles || hooks.Repos[0].ID != l.seed.hook || hooks.App != "" {
		t.Errorf("hooks %+v", hooks)
	}
	all := slices.Collect(w.s.Deliveries())
	if len(all) != 1 || all[0].ID != l.seed.sent || all[0].Took != 120*time.Millisecond || all[0].Repo != dotfiles || all[0].App || len(all[0].GUID) != 36 || all[0].Redelivery {
		t.Errorf("deliveries %+v", all)
	}
	if used := l.used(l.seed.token); used > 20 {
		t.Errorf("%d requests count for the limit", used)
	}
}

// As the App alone, which is what the host has: its installation may read
// hooks; a new delivery is seen, and what it lacks is said.
func TestSourceAsApp(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.change(func(s *fake.State) {
		a, i := &s.GitHub.Apps[0], &s.GitHub.Installs[0]
		a.Permissions["repository_hooks"], a.Permissions["statuses"] = "write", "write"
		i.Permissions = map[string]string{"contents": "read", "metadata": "read", "email_addresses": "read", "repository_hooks": "write"}
		a.Events, a.Hook.URL, a.Hook.Active = []string{"push"}, "https://ci.phlip9.com/hook", true
	})
	before := l.writes()
	w := l.watch("", github.SourceOptions{Repos: []string{dotfiles}, App: l.auth()}, 20*time.Minute, func(turn int) {
		if turn == 0 {
			if err := l.as("").Redeliver(t.Context(), dotfiles, l.seed.hook, l.seed.sent); err != nil {
				t.Error(err)
			}
		}
	})
	g, _ := w.s.GitHub.Get()
	if !errors.Is(w.err, context.Canceled) || w.link().Note != "" || !maps.Equal(g.Unsettled, map[string]string{"statuses": "write"}) {
		t.Errorf("%v, link %+v, GitHub %+v", w.err, w.link(), g)
	}
	if hooks, _ := w.s.Hooks.Get(); len(hooks.Repos) != 1 || hooks.App != "https://ci.phlip9.com/hook" {
		t.Errorf("hooks %+v", hooks)
	}
	again := 0
	for d := range w.s.Deliveries() {
		if d.Repo != dotfiles {
			t.Errorf("delivery %+v", d)
		}
		if d.Redelivery {
			again++
		}
	}
	tokens := 0
	for _, line := range w.asked {
		if strings.HasSuffix(line.URL, "/access_tokens") {
			tokens++
		}
	}
	if again != 1 || tokens != 1 || l.writes() != before+1 {
		t.Errorf("%d redelivered, %d tokens, %d writes", again, tokens, l.writes()-before)
	}
}

// What may not be seen is said; where another try may help, it ends.
func TestSourceSeesLittle(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	repos := []string{dotfiles}
	other := l.auth()
	other.Key = state.NewSecret("no key")
	for _, c := range []struct {
		name, token string
		app         state.AppAuth
		note        string
		hooks       int
	}{
		{"a token alone", l.seed.token, state.AppAuth{}, "no App key here", 1},
		{"an App that may not read hooks", "", l.auth(), "lacks Webhooks", 0},
		{"a key that is none", l.seed.token, other, "private key", 1},
		{"a token that is none", "ghp_wrong", state.AppAuth{}, "credential not accepted", 0},
	} {
		w := l.watch(c.token, github.SourceOptions{Repos: repos, App: c.app}, time.Minute, nil)
		hooks, told := w.s.Hooks.Get()
		if !errors.Is(w.err, context.Canceled) || !w.link().Up || !strings.Contains(w.link().Note, c.note) || !told || len(hooks.Repos) != c.hooks {
			t.Errorf("%s: %v, %+v, hooks %+v", c.name, w.err, w.link(), hooks)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	src := github.NewSource(github.New(l.hc(), l.at.GitHubAPI, l.at.GitHubWeb, state.Secret{}), github.SourceOptions{Repos: repos})
	err := src.Watch(ctx, func(u live.Update) {
		if link, is := u.News.(live.Link); !is || !link.Up || !strings.Contains(link.Note, "no App key and no token") {
			t.Errorf("told %+v", u)
		}
		cancel()
	})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	w := l.watch(l.seed.token, github.SourceOptions{Repos: repos, Domain: "ci.phlip9.com", App: l.auth()}, time.Minute, nil)
	if hooks, told := w.s.Hooks.Get(); !told || len(hooks.Repos) > 0 { // the one that there is leads elsewhere
		t.Errorf("hooks %+v", hooks)
	}
	l.w.Close()
	if w := l.watch(l.seed.token, github.SourceOptions{Repos: repos}, time.Hour, nil); !errors.Is(w.err, state.ErrOffline) {
		t.Errorf("%v, want ErrOffline", w.err)
	}
}
