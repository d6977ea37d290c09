package github_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/fake"
	"github.com/nixwright/nixwright/state"
)

// TestReposAreListed is what different tokens list of the built-in world.
func TestReposAreListed(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	var gist, fine string
	l.change(func(s *fake.State) {
		r := &s.GitHub.Repos[0]
		team := *r
		team.ID, team.Owner, team.Name, team.Private, team.Archived = 778, "phlip9-labs", "infra", true, true
		s.GitHub.Repos = append(s.GitHub.Repos, team)
		gist = s.AddGitHubToken([]string{"gist"}, nil)
		fine = s.AddGitHubToken(nil, map[string]string{"metadata": "read"})
	})
	for name, tc := range map[string]struct {
		token string
		want  []string
	}{
		"a classic one":         {"", []string{dotfiles, "phlip9/lexe", "phlip9-labs/infra"}},
		"one without its scope": {gist, []string{dotfiles, "phlip9/lexe"}}, // the public ones
		"a fine-grained one":    {fine, []string{dotfiles, "phlip9/lexe", "phlip9-labs/infra"}},
	} {
		all, err := l.as(tc.token).Repos(t.Context())
		if err != nil || !slices.EqualFunc(all, tc.want, func(r state.RepoListing, n string) bool { return r.Name == n }) {
			t.Errorf("%s: %+v, %v", name, all, err)
			continue
		}
		if one := all[0]; !one.Admin || one.Archived || one.Private || one.Branch != "master" {
			t.Errorf("%s: %+v", name, one)
		}
		if one := all[len(all)-1]; len(all) == 3 && (!one.Archived || !one.Private) {
			t.Errorf("%s: %+v", name, one)
		}
	}
}

// TestReposToTheirLimit reads all pages, up to a thousand.
func TestReposToTheirLimit(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ there, want, pages int }{{0, 0, 1}, {1, 1, 1}, {100, 100, 1}, {230, 230, 3}, {1000, 1000, 10}, {1234, 1000, 10}} {
		asked := 0
		c := client(t, func(w http.ResponseWriter, r *http.Request) {
			asked++
			q := r.URL.Query()
			if r.URL.Path != "/user/repos" || q.Get("sort") != "pushed" || q.Get("per_page") != "100" || q.Get("page") != fmt.Sprint(asked) ||
				q.Get("affiliation") != "owner,organization_member,collaborator" {
				t.Errorf("asked %s", r.URL)
			}
			var part []string
			for i := (asked - 1) * 100; i < min(asked*100, tc.there); i++ {
				part = append(part, fmt.Sprintf(`{"id":%d,"full_name":"o/r%d","default_branch":"main","pushed_at":"2026-08-24T12:00:00Z","permissions":{"admin":false}}`, i+1, i))
			}
			if asked*100 < tc.there {
				w.Header().Set("Link", fmt.Sprintf(`<http://%s/user/repos?page=%d>; rel="next"`, r.Host, asked+1))
			}
			write(w, 200, "["+strings.Join(part, ",")+"]")
		})
		all, err := c.Repos(t.Context())
		if err != nil || len(all) != tc.want || asked != tc.pages {
			t.Errorf("%d there: %d, %d pages, %v", tc.there, len(all), asked, err)
			continue
		}
		if tc.want > 0 && (all[tc.want-1].Name != fmt.Sprintf("o/r%d", tc.want-1) || all[0].Admin || !all[0].Pushed.Equal(time.Date(2026, 8, 24, 12, 0, 0, 0, time.UTC))) {
			t.Errorf("%+v", all[0])
		}
	}
}

// TestReposOutOfShape is an answer of which a part is none of a repository.
func TestReposOutOfShape(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`[{}]`, `[null]`, `[{"id":1}]`, `[{"full_name":"o/r"}]`, `{"repositories":[]}`, `[{"id":"1","full_name":"o/r"}]`} {
		c := client(t, func(w http.ResponseWriter, _ *http.Request) { write(w, 200, body) })
		if all, err := c.Repos(t.Context()); err == nil {
			t.Errorf("%s: %+v", body, all)
		}
	}
	empty := client(t, func(w http.ResponseWriter, _ *http.Request) {
		write(w, 200, `[{"id":1,"full_name":"o/r","pushed_at":null}]`)
	})
	if all, err := empty.Repos(t.Context()); err != nil || len(all) != 1 || !all[0].Pushed.IsZero() {
		t.Errorf("%+v, %v", all, err)
	}
}
