package github_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/fake"
	"github.com/nixwright/nixwright/state"
)

// What no source tells of GitHub is answered here in each of the ways that it
// may: the adapter has to do with all of them.

func TestUnconfirmedNameOfTheEmailPermission(t *testing.T) {
	t.Parallel()
	const asked = "email_addresses"
	for name, tc := range map[string]struct {
		set   func(k *fake.GitHubKnobs)
		gives string // the name that the App tells; empty: it has no such permission
		says  string // GitHub's page refuses the manifest
	}{
		"both are taken":       {func(*fake.GitHubKnobs) {}, asked, ""},
		"as the document says": {func(k *fake.GitHubKnobs) { k.EmailKeys = []string{asked} }, asked, ""},
		"another, refused":     {func(k *fake.GitHubKnobs) { k.EmailKeys = []string{"emails"} }, "", "not included in the list: " + asked},
		"another, passed over": {func(k *fake.GitHubKnobs) { k.EmailKeys, k.DropUnknownKeys = []string{"emails"}, true }, "", ""},
		"told by another name": {func(k *fake.GitHubKnobs) { k.EmailAnswer = "emails" }, "emails", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			l.knobs(tc.set)
			code, err := l.tryManifest("phlip9-ci-mail", "")
			if tc.says != "" {
				if err == nil || !strings.Contains(err.Error(), tc.says) {
					t.Errorf("GitHub's page: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			made, err := l.as("").Convert(t.Context(), state.NewSecret(code))
			if err != nil {
				t.Fatal(err)
			}
			for _, key := range []string{asked, "emails"} {
				if has := made.App.Permissions[key] == "read"; has != (key == tc.gives) {
					t.Errorf("permissions %v, want %q", made.App.Permissions, tc.gives)
				}
			}
		})
	}
}

func TestUnconfirmedSecretOfAHookThatIsOff(t *testing.T) {
	t.Parallel()
	for _, none := range []bool{false, true} {
		l := newLab(t)
		l.knobs(func(k *fake.GitHubKnobs) { k.NoHookSecret = none })
		made, err := l.as("").Convert(t.Context(), state.NewSecret(l.manifest("phlip9-ci-x", "")))
		if err != nil || made.HookSecret.Empty() != none || made.Key.Empty() {
			t.Errorf("none %v: %v, %v", none, made.HookSecret.Empty(), err)
		}
	}
}

func TestUnconfirmedConfigOfAHookThatIsOff(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	for want, set := range map[string]func(k *fake.GitHubKnobs){
		"":                           func(k *fake.GitHubKnobs) { *k = fake.GitHubKnobs{} },
		"https://ci.phlip9.com/hook": func(k *fake.GitHubKnobs) { *k = fake.GitHubKnobs{OffHookShown: true} },
	} {
		l.knobs(set)
		if a, err := l.as("").App(t.Context(), l.auth()); err != nil || a.HookURL != want {
			t.Errorf("hook %q, %v; want %q", a.HookURL, err, want)
		}
	}
	l.knobs(func(k *fake.GitHubKnobs) { *k = fake.GitHubKnobs{OffHookGone: true} })
	if a, err := l.as("").App(t.Context(), l.auth()); err != nil || a.HookURL != "" || a.ID == 0 {
		t.Errorf("a hook that is not there: %+v, %v", a, err)
	}
}

func TestUnconfirmedSightOfAPrivateApp(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	for _, hidden := range []bool{false, true} {
		l.knobs(func(k *fake.GitHubKnobs) { k.PrivateAppHidden = hidden })
		if _, found, err := l.as("").AppBySlug(t.Context(), l.seed.app.App.Slug); err != nil || found == hidden {
			t.Errorf("hidden %v: %v, %v", hidden, found, err)
		}
		if a, err := l.as("").App(t.Context(), l.auth()); err != nil || a.ID == 0 { // itself always
			t.Errorf("hidden %v: %+v, %v", hidden, a, err)
		}
	}
}

func TestUnconfirmedRefusalsOfTheExchange(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	made, err := l.as("").Convert(t.Context(), state.NewSecret(l.seed.code))
	if err != nil {
		t.Fatal(err)
	}
	const right, wrong = "https://ci.phlip9.com/oauth2/callback", "https://ci.phlip9.com/auth/login"
	for _, k := range []fake.GitHubKnobs{
		{}, {ExchangeStatus: 400}, {ExchangeStatus: 401}, {ExchangeStatus: 404}, {UnknownClientNotFound: true}, {CodeFirst: true},
	} {
		l.knobs(func(now *fake.GitHubKnobs) { *now = k })
		mismatch := state.LoginCallback
		if k.CodeFirst {
			mismatch = state.LoginRight // it cannot be told; who signs in sees it
		}
		for _, tc := range []struct {
			id, secret, callback string
			want                 state.LoginVerdict
		}{
			{made.App.ClientID, made.ClientSecret.Reveal(), right, state.LoginRight},
			{made.App.ClientID, made.ClientSecret.Reveal(), "", state.LoginRight},
			{made.App.ClientID, made.ClientSecret.Reveal(), wrong, mismatch},
			{made.App.ClientID, "no", right, state.LoginWrong},
			{"Iv23liNobody", made.ClientSecret.Reveal(), right, state.LoginWrong},
		} {
			got, err := l.as("").CheckLogin(t.Context(), tc.id, state.NewSecret(tc.secret), tc.callback)
			if err != nil || got != tc.want {
				t.Errorf("%+v, %s to %s: %q, %v; want %q", k, tc.id, tc.callback, got, err, tc.want)
			}
		}
	}
}

func TestUnconfirmedPermissionToSetTopics(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	for _, perm := range []string{"administration", "metadata", "contents"} {
		var has, lacks string
		l.change(func(s *fake.State) {
			s.GitHub.Knobs.TopicsPermission = perm
			has = s.AddGitHubToken(nil, map[string]string{"metadata": "read", perm: "write"})
			lacks = s.AddGitHubToken(nil, map[string]string{"metadata": "read"})
		})
		if err := l.as(has).SetTopics(t.Context(), dotfiles, []string{"ci"}); err != nil {
			t.Errorf("%s: %v", perm, err)
		}
		var e *state.CallError
		if err := l.as(lacks).SetTopics(t.Context(), dotfiles, nil); !errors.As(err, &e) || e.Needs != perm+"=write" {
			t.Errorf("without %s: %v", perm, err)
		}
	}
}

func TestDeliveriesThatAreNotKept(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.change(func(s *fake.State) { s.GitHub.Repos[0].Hooks[0].Deliveries[0].At = time.Now().AddDate(0, 0, -5) })
	for days, want := range map[int]int{0: 0, 30: 1, 7: 1, 3: 0} {
		l.knobs(func(k *fake.GitHubKnobs) { k.DeliveryDays = days })
		if all, err := l.as("").HookDeliveries(t.Context(), dotfiles, l.seed.hook); err != nil || all == nil || len(all) != want {
			t.Errorf("%d days: %v, %v", days, all, err)
		}
		if hooks, err := l.as("").RepoHooks(t.Context(), dotfiles); err != nil || hooks[0].Last == 0 {
			t.Errorf("%d days: the hook forgot its last answer: %+v, %v", days, hooks, err)
		}
	}
}
