package github_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"testing"

	"github.com/nixwright/nixwright/providers/fake"
	"github.com/nixwright/nixwright/providers/github"
	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
)

// TestAskedAgain is that what did not change costs nothing of GitHub's limit,
// and that what changed is seen.
func TestAskedAgain(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	var mu sync.Mutex
	got := map[int]int{}
	hc := httpx.New(httpx.Options{Base: l.base(), Remember: 1 << 20, Log: func(line httpx.Line) {
		mu.Lock()
		defer mu.Unlock()
		got[line.Status]++
	}})
	ctx, c := t.Context(), github.New(hc, l.at.GitHubAPI, l.at.GitHubWeb, state.NewSecret(l.seed.token))
	for i := range 4 {
		u, err := c.User(ctx)
		if err != nil || u.Login != "phlip9" || !u.Classic || u.Clock.IsZero() {
			t.Errorf("user %+v, %v", u, err)
		}
		if hooks, err := c.RepoHooks(ctx, dotfiles); err != nil || len(hooks) != 1 {
			t.Errorf("hooks %v, %v", hooks, err)
		}
		if i == 0 {
			continue
		}
		if used := l.used(l.seed.token); used != 2 {
			t.Errorf("%d requests count, want 2", used)
		}
	}
	if got[http.StatusOK] != 2 || got[http.StatusNotModified] != 6 {
		t.Errorf("answers %v", got)
	}
	if err := c.SetTopics(ctx, dotfiles, []string{"new"}); err != nil {
		t.Error(err)
	}
	if _, err := c.Topics(ctx, dotfiles); err != nil {
		t.Error(err)
	}
	l.change(func(s *fake.State) { s.GitHub.Repos[0].Topics = []string{"newer"} })
	if topics, err := c.Topics(ctx, dotfiles); err != nil || len(topics) != 1 || topics[0] != "newer" {
		t.Errorf("topics %v, %v", topics, err)
	}
}

// used is how many requests of the token's user count, as GET /rate_limit
// tells, which itself does not count.
func (l *lab) used(token string) int {
	l.t.Helper()
	resp := l.get(token, "/rate_limit", "")
	var said struct {
		Rate struct{ Used, Limit, Remaining int } `json:"rate"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&said); err != nil || said.Rate.Limit-said.Rate.Used != said.Rate.Remaining {
		l.t.Errorf("%+v, %v", said, err)
	}
	return said.Rate.Used
}

func (l *lab) get(token, path, etag string) *http.Response {
	l.t.Helper()
	req, err := http.NewRequestWithContext(l.t.Context(), http.MethodGet, l.at.GitHubAPI+path, nil)
	if err != nil {
		l.t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if etag != "" {
		req.Header.Set("If-None-Match", etag)
	}
	resp, err := l.base().RoundTrip(req)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

// TestTheHeadersOfEveryAnswer are those that GitHub's documentation names, on
// good answers, refusals and 304s.
func TestTheHeadersOfEveryAnswer(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	first := l.get(l.seed.token, "/repos/"+dotfiles, "")
	etag := first.Header.Get("ETag")
	if etag == "" || first.Header.Get("X-Ratelimit-Limit") != "5000" {
		t.Fatalf("%v", first.Header)
	}
	var other string
	l.change(func(s *fake.State) { other = s.AddGitHubToken([]string{"repo"}, nil) })
	for _, tc := range []struct {
		name, token, path, etag string
		status, used            int
	}{
		{"again", l.seed.token, "/repos/" + dotfiles, etag, 304, 1},
		{"strong", l.seed.token, "/repos/" + dotfiles, etag[2:], 304, 1},
		{"one of several", l.seed.token, "/repos/" + dotfiles, `"x", ` + etag, 304, 1},
		{"another one", l.seed.token, "/repos/" + dotfiles, `"x"`, 200, 2},
		{"another token of the user", other, "/repos/" + dotfiles, etag, 200, 3},
		{"absent", l.seed.token, "/repos/phlip9/none", etag, 404, 4},
		{"nobody", "", "/repos/" + dotfiles, etag, 200, 1},
	} {
		resp := l.get(tc.token, tc.path, tc.etag)
		h := resp.Header
		if resp.StatusCode != tc.status || h.Get("X-Ratelimit-Used") != strconv.Itoa(tc.used) {
			t.Errorf("%s: %d, %v used; want %d, %d", tc.name, resp.StatusCode, h.Get("X-Ratelimit-Used"), tc.status, tc.used)
		}
		for _, name := range []string{"Limit", "Remaining", "Reset", "Resource"} {
			if h.Get("X-Ratelimit-"+name) == "" {
				t.Errorf("%s: no X-RateLimit-%s", tc.name, name)
			}
		}
		if h.Get("X-Github-Request-Id") == "" || (tc.status != 404) != (h.Get("ETag") != "") {
			t.Errorf("%s: %v", tc.name, h)
		}
	}
	nobody := l.get("", "/repos/"+dotfiles, "").Header
	if again := l.get("", "/repos/"+dotfiles, nobody.Get("ETag")); again.StatusCode != http.StatusNotModified || again.Header.Get("X-Ratelimit-Used") != "3" {
		t.Errorf("nobody again: %d, %v", again.StatusCode, again.Header) // counts: only those who sign in ask for nothing
	}
}
