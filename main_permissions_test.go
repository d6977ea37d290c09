package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/providers/cloudflare"
	"github.com/nixwright/nixwright/providers/fake"
	"github.com/nixwright/nixwright/providers/github"
	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/providers/s3"
	"github.com/nixwright/nixwright/state"
)

const (
	ourAccount = "30faeb30dcb2a77a72fdc0948c99de62"
	ourRepo    = "phlip9/dotfiles"
	ourOrg     = "phlip9-labs"
	ourBucket  = "phlip9-backups"
)

// errNothing is a service that shows less than there is.
var errNothing = errors.New("nothing is shown")

// bearer is somebody with a token, or with S3 keys, in a pretend world.
type bearer struct {
	world         *fake.World
	token, secret string
}

func (b bearer) hub() *github.Client {
	at := b.world.Endpoints()
	return github.New(httpx.New(httpx.Options{}), at.GitHubAPI, at.GitHubWeb, state.NewSecret(b.token))
}

func (b bearer) cloud() *cloudflare.Client {
	return cloudflare.New(httpx.New(httpx.Options{}), b.world.Endpoints().CloudflareAPI, state.NewSecret(b.token))
}

// ask makes one request of GitHub's API.
func (b bearer) ask(ctx context.Context, method, path, body string) error {
	req, err := http.NewRequestWithContext(ctx, method, b.world.Endpoints().GitHubAPI+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+b.token)
	req.Header.Set("User-Agent", "nixwright-test")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = io.Copy(io.Discard, res.Body)
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %d", method, path, res.StatusCode)
	}
	return nil
}

// seen is the error of a list that holds nothing.
func seen[T any](all []T, err error) error {
	if err == nil && len(all) == 0 {
		return errNothing
	}
	return err
}

type use func(ctx context.Context, b bearer) error

// asked is a plain request as a use.
func asked(method, path, body string) use {
	return func(ctx context.Context, b bearer) error { return b.ask(ctx, method, path, body) }
}

// uses is what each permission of the table is there for: the very call that
// the set-up, buildbot-nix, oauth2-proxy or niks3 makes with it.
var uses = map[string]map[string]use{
	state.ForGitHubToken: {
		"repo": func(ctx context.Context, b bearer) error { return b.hub().SetTopics(ctx, ourRepo, []string{"nix"}) },
	},
	state.ForGitHubFine: {
		"metadata": func(ctx context.Context, b bearer) error { return seen(b.hub().Topics(ctx, ourRepo)) },
		"administration": func(ctx context.Context, b bearer) error {
			return b.hub().SetTopics(ctx, ourRepo, []string{"nix"})
		},
		"repository_hooks": func(ctx context.Context, b bearer) error {
			hooks, err := b.hub().RepoHooks(ctx, ourRepo)
			if err != nil || len(hooks) == 0 {
				return seen(hooks, err)
			}
			return b.hub().Ping(ctx, ourRepo, hooks[0].ID)
		},
		"contents": func(ctx context.Context, b bearer) error { return proposed(ctx, b, "contents") },
		"pull_requests": func(ctx context.Context, b bearer) error {
			return proposed(ctx, b, "pulls")
		},
	},
	state.ForCIApp: {
		"contents":         asked(http.MethodGet, "/repos/"+ourRepo+"/contents/README.md", ""),
		"metadata":         asked(http.MethodGet, "/repos/"+ourRepo, ""),
		"pull_requests":    asked(http.MethodGet, "/repos/"+ourRepo+"/pulls", ""),
		"statuses":         asked(http.MethodPost, "/repos/"+ourRepo+"/statuses/"+strings.Repeat("a", 40), `{"state":"success","context":"x"}`),
		"repository_hooks": asked(http.MethodPost, "/repos/"+ourRepo+"/hooks", `{"config":{"url":"https://ci.phlip9.com/x"},"events":["push"]}`),
	},
	state.ForCIAppOrg: {
		"members": asked(http.MethodGet, "/orgs/"+ourOrg+"/members", ""),
	},
	state.ForLoginApp: {
		"email_addresses": asked(http.MethodGet, "/user/emails", ""),
	},
	state.ForCloudflareUser: {
		"api_tokens": func(ctx context.Context, b bearer) error {
			_, err := b.cloud().CreateR2Token(ctx, state.Bucket{Account: ourAccount, Name: ourBucket}, "made", false)
			return err
		},
	},
	state.ForCloudflareAccount: {
		"account_api_tokens": func(ctx context.Context, b bearer) error {
			_, err := b.cloud().CreateR2Token(ctx, state.Bucket{Account: ourAccount, Name: ourBucket}, "made", true)
			return err
		},
	},
	"cloudflare": {
		"workers_r2": func(ctx context.Context, b bearer) error {
			return b.cloud().CreateBucket(ctx, state.Bucket{Account: ourAccount, Name: "made-here"})
		},
		"account_settings": func(ctx context.Context, b bearer) error { return seen(b.cloud().Accounts(ctx)) },
		"zone":             func(ctx context.Context, b bearer) error { return seen(b.cloud().Zones(ctx)) },
		"dns": func(ctx context.Context, b bearer) error {
			var zone string
			b.world.Look(func(s *fake.State) { zone = s.Cloud.Zones[0].ID })
			return b.cloud().CreateAddressRecord(ctx, zone, state.DNSRecord{Name: "made.phlip9.com", Addr: netip.MustParseAddr("203.0.113.7")})
		},
	},
	state.ForR2Token: {
		"com.cloudflare.edge.r2.bucket": func(ctx context.Context, b bearer) error {
			keys := state.S3Keys{Access: state.NewSecret(b.token), Secret: state.NewSecret(b.secret)}
			bucket := state.Bucket{Account: ourAccount, Name: ourBucket}
			objects := s3.New(httpx.New(httpx.Options{}), b.world.Endpoints().R2S3)
			_ = objects.HeadBucket(ctx, bucket, keys) // fresh keys are refused once
			return objects.Exercise(ctx, bucket, keys)
		},
	},
}

// proposed opens a pull request; what fails must be about the thing.
func proposed(ctx context.Context, b bearer, _ string) error {
	r, found, err := b.hub().Repo(ctx, ourRepo)
	if err != nil || !found {
		return errors.Join(err, errNothing)
	}
	_, err = b.hub().Propose(ctx, r, "nixwright-flake", "flake.nix", "{ }\n", "a flake", "why")
	return err
}

// holding is the bearer of a token with these permissions.
func holding(w *fake.World, what string, set []state.Permission) (b bearer, err error) {
	b.world = w
	var names []string
	levels := map[string]string{}
	for _, p := range set {
		names = append(names, p.Name)
		levels[p.Key] = p.Level
	}
	return b, w.Update(func(s *fake.State) error {
		switch what {
		case state.ForGitHubToken:
			b.token = s.AddGitHubToken(names, nil)
		case state.ForGitHubFine, state.ForLoginApp:
			b.token = s.AddGitHubToken(nil, levels)
		case state.ForCIApp:
			b.token = s.AddInstallation("phlip9", levels)
		case state.ForCIAppOrg:
			b.token = s.AddInstallation(ourOrg, levels)
		case state.ForCloudflareUser, state.ForCloudflareAccount:
			b.token = s.AddCloudflareToken(what == state.ForCloudflareAccount, names...)
		case state.ForR2Token:
			b.token, b.secret = s.AddS3Keys(ourBucket, append(names, state.R2ItemRead)...)
		default:
			return fmt.Errorf("nobody holds %s", what)
		}
		return nil
	})
}

// TestEveryPermissionIsNeeded gives out each set without one of its
// permissions: the call that it is there for must be refused, and with the
// whole set all calls must go through. So nothing is missing in the table, and
// nothing is too much.
func TestEveryPermissionIsNeeded(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, what := range []string{
		state.ForGitHubToken, state.ForGitHubFine, state.ForCIApp, state.ForCIAppOrg, state.ForLoginApp,
		state.ForCloudflareUser, state.ForCloudflareAccount, state.ForR2Token,
	} {
		for _, p := range state.PermissionsFor(what) {
			known[p.For+"/"+p.Key] = true
		}
		t.Run(what, func(t *testing.T) { t.Parallel(); needed(t, what) })
	}
	for what, calls := range uses {
		for key := range calls {
			if !known[what+"/"+key] {
				t.Errorf("%s needs %s, and it is not in the table", what, key)
			}
		}
	}
}

func needed(t *testing.T, what string) {
	t.Helper()
	all := state.PermissionsFor(what)
	for _, p := range all {
		try := uses[p.For][p.Key]
		if what == state.ForCIAppOrg && p.For == state.ForCIApp {
			continue // tried on a user's App
		}
		if try == nil {
			t.Errorf("nothing shows what %s is for", p.Name)
			continue
		}
		rest := slices.DeleteFunc(slices.Clone(all), func(o state.Permission) bool { return o.Key == p.Key })
		if p.Key == "metadata" {
			rest = nil // GitHub gives it along with every other
		}
		for _, set := range [][]state.Permission{all, rest} {
			b, err := holding(privateWorld(t), what, set)
			if err != nil {
				t.Fatal(err)
			}
			switch err := try(t.Context(), b); {
			case len(set) == len(all) && err != nil:
				t.Errorf("%s, with all: %v", p.Name, err)
			case len(set) < len(all) && err == nil:
				t.Errorf("%s is in the table, and what it is for goes without", p.Name)
			}
		}
	}
}

// privateWorld is a world whose repository nobody sees without permission.
func privateWorld(t *testing.T) *fake.World {
	t.Helper()
	w, err := fake.Start(t.Context(), t.TempDir(), "fresh", fake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	err = w.Update(func(s *fake.State) error {
		for i := range s.GitHub.Repos {
			s.GitHub.Repos[i].Private = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// TestPreflightNamesEveryPermissionThatLacks is the whole program with a token
// that lacks one: it says which before anything is made.
func TestPreflightNamesEveryPermissionThatLacks(t *testing.T) {
	t.Parallel()
	for _, own := range []bool{false, true} {
		for _, p := range state.PermissionsFor(state.CloudflareFor(own)) {
			t.Run(fmt.Sprintf("%s, own %v", p.Name, own), func(t *testing.T) {
				t.Parallel()
				var token string
				l := newLabIn(t, t.TempDir(), "fresh", options{edit: func(s *fake.State) error {
					token = s.AddCloudflareToken(own, slices.DeleteFunc(groupsFor(own), func(n string) bool { return n == p.Name })...)
					return nil
				}})
				l.env["CLOUDFLARE_API_TOKEN"] = token
				before := len(l.writes())
				l.told(l.run("setup", "-n"), 3, "lacks", p.Name)
				if made := l.writes()[before:]; len(made) > 0 {
					t.Errorf("made %v", made)
				}
			})
		}
	}
}

// TestAFineGrainedTokenWithTheSmallestSetDoes: the whole set-up, with tokens
// that may no more than the table says.
func TestAFineGrainedTokenWithTheSmallestSetDoes(t *testing.T) {
	t.Parallel()
	for _, own := range []bool{false, true} {
		t.Run(fmt.Sprintf("own %v", own), func(t *testing.T) {
			t.Parallel()
			var hub, cloud string
			l := newLabIn(t, t.TempDir(), "fresh", options{edit: func(s *fake.State) error {
				levels := map[string]string{}
				for _, p := range state.PermissionsFor(state.ForGitHubFine) {
					levels[p.Key] = p.Level
				}
				hub, cloud = s.AddGitHubToken(nil, levels), s.AddCloudflareToken(own, groupsFor(own)...)
				return nil
			}})
			l.env["GH_TOKEN"], l.env["CLOUDFLARE_API_TOKEN"] = hub, cloud
			l.setup("--yes")
			if s := l.status(); s.True != 15 {
				t.Errorf("%d lines are true", s.True)
			}
			g := l.world().GitHub
			for _, r := range g.Repos {
				if r.Name == "dotfiles" && len(r.Statuses) == 0 {
					t.Error("the CI reports no result on commits")
				}
			}
		})
	}
}
