package github_test

import (
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/nixwright/nixwright/providers/github"
	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/providers/httpx/httpxtest"
	"github.com/nixwright/nixwright/state"
)

// TestContract sends every request that there is once, to a GitHub that knows
// nothing, so that all that can be missing is made.
func TestContract(t *testing.T) {
	var n atomic.Int32
	srv := httpxtest.Contract(t, "github.openapi.json", "", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.Add(1)
		switch {
		case r.URL.Path == "/repos/o/r/git/ref/heads/main":
			write(w, 200, `{"ref":"refs/heads/main","object":{"sha":"aa218f56b14c9653891f9e74264a383fa43fefbd"}}`)
		case r.URL.Path == "/repos/o/r/pulls" && r.Method == http.MethodGet, r.URL.Path == "/repos/o/r/hooks":
			write(w, 200, `[]`)
		case r.Method == http.MethodGet:
			write(w, 404, `{"message":"Not Found"}`)
		default:
			write(w, 201, `{"html_url":"https://github.com/o/r/pull/1","id":1,"pem":"x"}`)
		}
	}), "ref", "path")
	c := github.New(httpx.New(httpx.Options{}), srv.URL, srv.URL, state.NewSecret("tok"))
	auth := state.AppAuth{ID: 1, Key: newKey(t)}
	ctx := t.Context()
	found := func(_ any, found bool, err error) {
		if found || err != nil {
			t.Errorf("found something: %v, %v", found, err)
		}
	}
	r := state.Repo{Name: "o/r", Branch: "main"}
	_, _ = c.User(ctx)
	found(c.Repo(ctx, "o/r"))
	_, _ = c.Topics(ctx, "o/r")
	_, _ = c.App(ctx, auth)
	found(c.AppBySlug(ctx, "ci"))
	found(c.Installation(ctx, auth, "o/r"))
	_, _ = c.RepoHooks(ctx, "o/r")
	_, _ = c.HookDeliveries(ctx, "o/r", 7)
	_, _ = c.AppDeliveries(ctx, auth)
	_, _ = c.HasFile(ctx, "o/r", "nix/flake.nix")
	_, errConvert := c.Convert(ctx, state.NewSecret("code"))
	_, errPropose := c.Propose(ctx, r, "nix/ci", "nix/flake.nix", "{ }", "title", "body")
	for _, err := range []error{
		c.SetTopics(ctx, "o/r", []string{"ci"}), c.SetTopics(ctx, "o/r", nil), c.AddRepo(ctx, 1, 2), c.Ping(ctx, "o/r", 7),
		errConvert, errPropose,
	} {
		if err != nil {
			t.Error(err)
		}
	}
	if n.Load() != 23 {
		t.Errorf("%d requests, want 23", n.Load())
	}
}
