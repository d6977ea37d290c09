package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nixwright/nixwright/state"
)

// Of some answers of GitHub no source tells how they are. The pretend one gives
// each in every way that it may be (fake.GitHubKnobs); here the whole program
// meets them.

// github has the lab's GitHub answer as the knobs say.
func (l *lab) github(knobs map[string]any) *lab {
	l.t.Helper()
	return l.changed(func(github map[string]any) { github["knobs"] = knobs })
}

// changed is edit, and notes where the world is served now: while it was down
// another lab may have taken a port of its.
func (l *lab) changed(change func(github map[string]any)) *lab {
	l.t.Helper()
	was := addresses(l.ends)
	l = l.edit(change)
	var pairs []string
	for i, now := range addresses(l.ends) {
		pairs = append(pairs, was[i], now)
	}
	l.write("nixwright.toml", strings.NewReplacer(pairs...).Replace(l.read("nixwright.toml")))
	return l
}

// addresses are those of a world's services, always in the same order.
func addresses(e state.Endpoints) []string {
	return []string{e.GitHubAPI, e.GitHubWeb, e.CloudflareAPI, e.R2S3, e.Buildbot, e.Niks3, e.CI, e.Cache, e.DNS, e.SSH[len(e.SSH)-1]}
}

func TestUnconfirmedAnswersThatChangeNothing(t *testing.T) {
	t.Parallel()
	for name, knobs := range map[string]map[string]any{
		"one way": {
			"email_answer": "emails", "no_hook_secret": true, "off_hook_shown": true, "exchange_status": 400, "check_token_status": 404,
		},
		"another way": {
			"email_keys": []string{"email_addresses"}, "off_hook_gone": true, "unknown_client_not_found": true, "private_app_hidden": true, "code_first": true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, "fresh").github(knobs)
			l.setup()
			if s := l.status(); s.True != 15 || len(s.problems("github-app")) != 0 {
				t.Errorf("%d lines are true, line 4 says %v", s.True, s.problems("github-app"))
			}
			writes := len(l.writes())
			l.setup()
			if now := l.writes(); len(now) != writes {
				t.Errorf("the second run wrote %v", now[writes:])
			}
		})
	}
}

// The manifest asks for a permission by a name that GitHub does not know.
func TestUnconfirmedNameOfAPermissionInAManifest(t *testing.T) {
	t.Parallel()
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		l := newLab(t, "fresh").github(map[string]any{"email_keys": []string{"another_name"}})
		r := l.run("setup", "-n", "--open", "--wait", "2s")
		if r.code != 3 || !strings.Contains(r.out, "create the login App phlip9-ci-oauth2-proxy") || l.apps() != 1 {
			t.Errorf("exit %d, %d Apps\n%s", r.code, l.apps(), tail(r.out))
		}
		l.github(nil).setup() // nothing half-made is in the way
	})
	t.Run("passed over", func(t *testing.T) {
		t.Parallel()
		l := newLab(t, "fresh").github(map[string]any{"email_keys": []string{"another_name"}, "drop_unknown_keys": true})
		r := l.run("setup", "-n", "--open", "--wait", "30s")
		if !strings.Contains(r.out+r.err, "GitHub did not give") {
			t.Errorf("exit %d: it is not said that the permission is missing\n%s", r.code, tail(r.out+r.err))
		}
		if ids := l.status().problems("login-proxy"); !slices.Equal(ids, []string{"F17"}) {
			t.Errorf("later, line 8 says %v", ids)
		}
	})
}

func (l *lab) apps() int { return len(l.world().GitHub.Apps) }

// An App that is there while its keys are lost is told where GitHub shows it;
// where not, GitHub's own page says that the name is taken, and no second App
// is made.
func TestUnconfirmedSightOfAnAppWhoseKeysAreLost(t *testing.T) {
	t.Parallel()
	l := newLab(t, "fresh")
	l.setup()
	if err := os.Remove(filepath.Join(l.dir, "nixos", "omnara1", "secrets.yaml")); err != nil {
		t.Fatal(err)
	}
	for _, hidden := range []bool{false, true} {
		l = l.github(map[string]any{"private_app_hidden": hidden})
		r := l.run("setup", "-n", "--open", "--wait", "2s")
		if said := strings.Contains(r.out, "the App phlip9-buildbot-ci exists, and its keys are not sealed here"); r.code != 3 || said == hidden {
			t.Errorf("hidden %v: exit %d\n%s", hidden, r.code, tail(r.out))
		}
		if l.apps() != 2 {
			t.Errorf("hidden %v: %d Apps", hidden, l.apps())
		}
	}
}

// The evidence for line 12 is a delivery, or the hook's last response. Where
// GitHub keeps neither any more, a later run has GitHub ping once, and no
// oftener.
func TestDeliveriesThatAreNotKept(t *testing.T) {
	t.Parallel()
	l := newLab(t, "fresh")
	l.setup()
	for _, tc := range []struct {
		days      int
		forgotten bool
		pings     int
	}{{30, false, 0}, {3, false, 0}, {3, true, 1}} {
		l = l.changed(func(github map[string]any) {
			github["knobs"] = map[string]any{"delivery_days": tc.days, "last_forgotten": tc.forgotten}
			for _, repo := range github["repos"].([]any) {
				hooks, _ := repo.(map[string]any)["hooks"].([]any)
				for _, hook := range hooks {
					deliveries, _ := hook.(map[string]any)["deliveries"].([]any)
					for _, d := range deliveries {
						d.(map[string]any)["at"] = time.Now().AddDate(0, 0, -5).UTC().Format(time.RFC3339)
					}
				}
			}
		})
		before := len(l.writes())
		for range 2 {
			l.setup()
		}
		now := l.writes()[before:]
		if len(now) != tc.pings || slices.ContainsFunc(now, func(w string) bool { return !strings.HasSuffix(w, "/pings") }) {
			t.Errorf("%d days: wrote %v", tc.days, now)
		}
	}
	if s := l.status(); s.True != 15 {
		t.Errorf("%d lines are true", s.True)
	}
}

func TestUnconfirmedPermissionToSetTopics(t *testing.T) {
	t.Parallel()
	l := newLab(t, "fresh")
	for _, perm := range []string{"administration", "metadata"} {
		l = l.changed(func(github map[string]any) {
			github["knobs"] = map[string]any{"topics_permission": perm}
			github["tokens"] = append(github["tokens"].([]any), map[string]any{
				"value": "github_pat_few", "login": "phlip9", "permissions": map[string]string{"metadata": "read", "repository_hooks": "write", "contents": "read"},
			})
		})
		r := l.runWith("", map[string]string{"GH_TOKEN": "github_pat_few"}, "setup", "-n", "--open", "--wait", "2s")
		if all := r.out + r.err; r.code == 0 || !strings.Contains(all, perm+"=write") {
			t.Errorf("exit %d: %s=write is not said\n%s", r.code, perm, tail(all))
		}
	}
}

// A limit that lasts is told, nothing is made, and the next run goes on.
func TestGitHubsLimitIsToldAndGotOver(t *testing.T) {
	t.Parallel()
	l := newLab(t, "fresh")
	for _, status := range []int{403, 429} {
		l = l.github(map[string]any{"limits": map[string]any{"primary": -1, "status": status}})
		before := len(l.writes())
		l.told(l.run("setup", "-n"), 1, "rate limit", "wait some minutes")
		if n := len(l.writes()); n != before {
			t.Errorf("%d: wrote %v", status, l.writes()[before:])
		}
	}
	l = l.github(nil)
	l.setup()
	if s := l.status(); s.True != 15 {
		t.Errorf("%d lines are true", s.True)
	}
}
