package setup

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/state"
)

// told are the problems in an error, joined or not.
func told(err error) []state.Problem {
	var p state.Problem
	var many interface{ Unwrap() []error }
	switch {
	case err == nil:
		return nil
	case errors.As(err, &many):
		var out []state.Problem
		for _, one := range many.Unwrap() {
			out = append(out, told(one)...)
		}
		return out
	case errors.As(err, &p):
		return []state.Problem{p}
	}
	return nil
}

func TestJudgeToken(t *testing.T) {
	another := state.Account{ID: otherAccount, Name: "work"}
	for _, tt := range []struct {
		name, key string
		set       func(l *lab)
		says      []string // what each problem says; none: it fits
	}{
		{"GitHub's fits", githubToken, func(*lab) {}, nil},
		{"a fine-grained one", githubToken, func(l *lab) { l.hub.user.Classic, l.hub.user.Scopes = false, nil }, nil},
		{"no scope", githubToken, func(l *lab) { l.hub.user.Scopes = nil }, []string{"lacks the scope repo"}},
		{"not GitHub's", githubToken, func(l *lab) { l.fail["User"] = call(state.ErrUnauthorized) }, []string{"GitHub does not take the token"}},
		{"refused", githubToken, func(l *lab) { l.fail["User"] = call(state.ErrDenied) }, []string{"permission missing"}},
		{"no token", githubToken, func(l *lab) { l.have = Credentials{Cloudflare: true} }, []string{"no GitHub token"}},
		{"whatever Cloudflare's is", githubToken, func(l *lab) { l.have.Cloudflare, l.fail["Token"] = false, call(state.ErrUnauthorized) }, nil},
		{"whatever the repositories are", githubToken, func(l *lab) { clear(l.hub.repos) }, nil},

		{"Cloudflare's fits", cloudflareToken, func(*lab) {}, nil},
		{"no zone is for another answer", cloudflareToken, func(l *lab) { l.cloud.zones = nil }, nil},
		{"several accounts are for another answer", cloudflareToken, func(l *lab) { l.cloud.accounts = append(l.cloud.accounts, another) }, nil},
		{"lacks much", cloudflareToken, func(l *lab) { l.cloud.token.Groups = nil }, []string{"lacks API Tokens Write, Workers R2 Storage Write, Account Settings Read, Zone Read, DNS Write"}},
		{"lacks it, so it sees no account", cloudflareToken, func(l *lab) {
			l.cloud.token.Groups = slices.DeleteFunc(l.cloud.token.Groups, func(g string) bool { return g == "Account Settings Read" })
			l.fail["Accounts"] = call(state.ErrDenied)
		}, []string{"lacks Account Settings Read"}},
		{"has all, and sees no account", cloudflareToken, func(l *lab) { l.cloud.accounts = nil }, []string{"sees no account"}},
		{"switched off", cloudflareToken, func(l *lab) { l.cloud.token.Status = "disabled" }, []string{"is disabled"}},
		{"not Cloudflare's", cloudflareToken, func(l *lab) {
			l.fail["Token"], l.fail["Accounts"] = call(state.ErrUnauthorized), call(state.ErrUnauthorized)
		}, []string{"Cloudflare does not take the token"}},
		{"of another account", cloudflareToken, func(l *lab) {
			l.conf.Cache.R2.Account, l.fail["Token"] = otherAccount, call(state.ErrUnauthorized)
		}, []string{"does not see the account " + otherAccount}},
		{"cannot be read", cloudflareToken, func(l *lab) { l.cloud.token.Known, l.cloud.token.Groups = false, nil }, []string{"lacks API Tokens Write"}},
		{"none given", cloudflareToken, func(l *lab) { l.have = Credentials{GitHub: true} }, []string{"no Cloudflare token"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLab(t)
			tt.set(l)
			err := JudgeToken(t.Context(), l.deps(), tt.key)
			all := told(err)
			if len(all) != len(tt.says) || (err == nil) != (len(tt.says) == 0) {
				t.Fatalf("got %v", err)
			}
			for i, p := range all {
				complete(t, tt.key, p)
				if !strings.Contains(p.Error(), tt.says[i]) {
					t.Errorf("got %q, want %q", p.Error(), tt.says[i])
				}
				if p.Key != tt.key && p.Key != accountKey || p.Key == tt.key && p.URL == "" {
					t.Errorf("key %q, page %q", p.Key, p.URL)
				}
			}
			if len(l.wrote) > 0 {
				t.Errorf("wrote %v", l.wrote)
			}
		})
	}
}

func TestJudgeTokenWithoutAnAnswer(t *testing.T) {
	l := newLab(t)
	l.fail["User"], l.fail["Accounts"] = call(state.ErrOffline), call(state.ErrService)
	for _, key := range []string{githubToken, cloudflareToken} {
		err := JudgeToken(t.Context(), l.deps(), key)
		if _, trouble := errors.AsType[*state.Trouble](err); !trouble || len(told(err)) > 0 {
			t.Errorf("%s: %v is no trouble", key, err)
		}
	}
	if err := JudgeToken(t.Context(), l.deps(), "ci.domain"); err == nil {
		t.Error("a domain is a token")
	}
}

func TestProblemsNameTheAnswerThatMends(t *testing.T) {
	for _, tt := range []struct {
		step, key string
		set       func(l *lab)
	}{
		{"preflight", reposKey, func(l *lab) { delete(l.hub.repos, "phlip9/lexe") }},
		{"preflight", cacheDomainKey, func(l *lab) { l.cloud.zones = nil }},
		{"preflight", githubToken, func(l *lab) { l.fail["User"] = call(state.ErrUnauthorized) }},
		{"preflight", githubToken, func(l *lab) { l.fail["Repo"] = call(state.ErrDenied) }},
		{"preflight", cloudflareToken, func(l *lab) { l.fail["Accounts"] = call(state.ErrUnauthorized) }},
		{"preflight", cloudflareToken, func(l *lab) { l.have.Cloudflare = false }},
		{"preflight", accountKey, func(l *lab) {
			l.cloud.accounts = append(l.cloud.accounts, state.Account{ID: otherAccount, Name: "work,\nand play"})
		}},
		{"preflight", "", func(l *lab) { l.hub.user.Clock = l.clock.Now().Add(1 << 40) }},
		{"recipients", "host.ssh", func(l *lab) { l.host.offline = true }},
		{"github-app", "github.app_name", func(l *lab) {
			l.hub.makeApp(state.Manifest{Name: l.conf.GitHub.AppName}, state.Owner{Login: "somebody", ID: 1})
		}},
		{"login-proxy", "github.proxy_login_app", func(l *lab) {
			l.hub.makeApp(state.Manifest{Name: l.conf.GitHub.ProxyLoginApp}, state.Owner{Login: "somebody", ID: 1})
		}},
	} {
		t.Run(tt.step+" "+tt.key, func(t *testing.T) {
			l := newLab(t)
			if tt.step != "preflight" {
				l.setup(t, "preflight")
			}
			tt.set(l)
			f, err := l.look(t, tt.step)
			if err != nil || len(f.Problems) != 1 || f.Problems[0].Key != tt.key {
				t.Fatalf("%v: %+v", err, f.Problems)
			}
			if tt.key == accountKey {
				want := []state.Choice{{Value: account, Means: "phlip9"}, {Value: otherAccount, Means: "work, and play"}}
				if got := f.Problems[0].Offers(); !slices.Equal(got, want) {
					t.Errorf("offers %+v", got)
				}
			}
		})
	}
}
