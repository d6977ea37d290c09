package github_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/nixwright/nixwright/providers/github"
	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
)

// TestGitHubsOwnExamples has the adapter read the answers that GitHub's
// document gives as examples: they are the nearest to a recorded answer that
// there is.
func TestGitHubsOwnExamples(t *testing.T) {
	t.Parallel()
	if doc, err := document(); err != nil || doc == nil {
		t.Skipf("GitHub's OpenAPI document is not here: NIXWRIGHT_TESTDATA is not set (%v)", err)
	}
	find, err := router()
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ask := r.Clone(context.Background())
		ask.URL, ask.Host = &url.URL{Scheme: "http", Host: "world", Path: r.URL.Path, RawPath: r.URL.RawPath}, "world"
		route, _, err := find.FindRoute(ask)
		if err != nil {
			t.Errorf("%s %s: %v", r.Method, r.URL.Path, err)
			return
		}
		status, body := example(t, route.Operation)
		write(w, status, body)
	}))
	t.Cleanup(srv.Close)
	c := github.New(httpx.New(httpx.Options{}), srv.URL, srv.URL, state.NewSecret(token))
	ctx, auth := t.Context(), state.AppAuth{ID: 1, Key: newKey(t)}
	found := func(v any, found bool, err error) string { return fmt.Sprint(v, " ", found, " ", err) }
	plain := func(v any, err error) string { return fmt.Sprintf("%+v %v", v, err) }
	for name, got := range map[string][2]string{
		"user":         {plain(c.User(ctx)), "{Login:octocat ID:1 Classic:false Scopes:[] Clock:"},
		"repository":   {found(c.Repo(ctx, "o/r")), "{octocat/Hello-World 1296269 {octocat 1 false} master "},
		"topics":       {plain(c.Topics(ctx, "o/r")), "[octocat atom electron api] <nil>"},
		"set topics":   {fmt.Sprint(c.SetTopics(ctx, "o/r", []string{"octocat", "atom", "electron", "api"})), "<nil>"},
		"App by slug":  {found(c.AppBySlug(ctx, "x")), "{1 octoapp Octocat App Iv1."},
		"installation": {found(c.Installation(ctx, auth, "o/r")), "{1 github map[checks:write contents:read metadata:read] false} true <nil>"},
		"hooks":        {plain(c.RepoHooks(ctx, "o/r")), "[{ID:12345678 URL:https://example.com/webhook Active:true Events:[push pull_request] Last:0}] <nil>"},
		"deliveries":   {plain(c.HookDeliveries(ctx, "o/r", 1)), "[{ID:12345678 Event:issues Status:200 At:2019-06-03 00:57:16 +0000 UTC GUID:0b989ba4-242f-11e5-81e1-c7b6966d2516 Redelivery:false} {ID:123456789 Event:issues Status:200 At:2019-06-04 00:57:16 +0000 UTC GUID:0b989ba4-242f-11e5-81e1-c7b6966d2516 Redelivery:true}] <nil>"},
		"App's":        {plain(c.AppDeliveries(ctx, auth)), "[{ID:12345678 Event:issues Status:200 At:2019-06-03 00:57:16 +0000 UTC GUID:"},
		"ping":         {fmt.Sprint(c.Ping(ctx, "o/r", 1)), "<nil>"},
		"redeliver":    {fmt.Sprint(c.Redeliver(ctx, "o/r", 1, 2)), "<nil>"},
		"add":          {fmt.Sprint(c.AddRepo(ctx, 1, 2)), "<nil>"},
		"file":         {plain(c.HasFile(ctx, "o/r", "README.md")), "true <nil>"},
		"proposed":     {plain(c.Proposed(ctx, "o/r", "new-topic")), "https://github.com/octocat/Hello-World/pull/1347 <nil>"},
		"propose":      {plain(c.Propose(ctx, state.Repo{Name: "o/r", Branch: "main"}, "new-topic", "flake.nix", "{ }", "t", "b")), "https://github.com/octocat/Hello-World/pull/1347 <nil>"},
	} {
		if len(got[0]) < len(got[1]) || got[0][:len(got[1])] != got[1] {
			t.Errorf("%s: got %s\nwant %s...", name, got[0], got[1])
		}
	}
	if a, err := c.App(ctx, auth); err != nil || a.Slug != "octoapp" || a.HookURL != "https://example.com/webhook" || a.Permissions["contents"] != "read" {
		t.Errorf("App %+v, %v", a, err)
	}
	made, err := c.Convert(ctx, state.NewSecret("code"))
	if err != nil || made.App.Slug != "octoapp" || made.App.ClientID == "" || made.Key.Empty() || made.ClientSecret.Empty() || made.HookSecret.Empty() {
		t.Errorf("converted %+v, %v", made.App, err)
	}
}

// example is the first good answer that the document shows.
func example(t *testing.T, op *openapi3.Operation) (status int, body string) {
	t.Helper()
	for _, code := range slices.Sorted(maps.Keys(op.Responses.Map())) {
		status, err := strconv.Atoi(code)
		if err != nil || status/100 != 2 {
			continue
		}
		content := op.Responses.Value(code).Value.Content.Get("application/json")
		if content == nil {
			return status, ""
		}
		one := content.Example
		for _, name := range slices.Sorted(maps.Keys(content.Examples)) {
			if one == nil && !strings.Contains(name, "directory") {
				one = content.Examples[name].Value.Value
			}
		}
		if one == nil {
			return status, "{}"
		}
		raw, err := json.Marshal(one)
		if err != nil {
			t.Error(err)
		}
		return status, string(raw)
	}
	t.Errorf("%s shows no good answer", op.OperationID)
	return http.StatusInternalServerError, ""
}
