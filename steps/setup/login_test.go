package setup

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/shape"
	"github.com/nixwright/nixwright/steps"
)

// ids are the notes of a world.
func (l *lab) ids(t *testing.T) shape.Identities {
	t.Helper()
	ids, err := shape.ParseIdentities(l.sops.values[shape.IdentitiesName])
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// notes changes them.
func (l *lab) notes(change func(*shape.Identities)) {
	ids, _ := shape.ParseIdentities(l.sops.values[shape.IdentitiesName])
	change(&ids)
	sealed, _ := ids.Seal()
	l.sops.values[sealed.Name] = sealed.Value
}

// secretOf is the client secret of a role that is sealed.
func (l *lab) secretOf(role string) state.Secret {
	name := shape.LoginSecrets(l.conf.CI.Access, role)[0]
	return shape.ClientSecret(name, l.sops.values[name])
}

// reseal replaces the client secret of a role.
func (l *lab) reseal(role string, v state.Secret) {
	sealed, _ := shape.SealLogin(l.conf.CI.Access, role, v, l.random)
	l.sops.values[sealed.Name] = sealed.Value
}

func TestLoginFinds(t *testing.T) {
	both := map[string]string{"login-proxy": "proxy", "login-buildbot": "buildbot"}
	for _, step := range slices.Sorted(maps.Keys(both)) {
		role := both[step]
		name := map[string]string{"proxy": "phlip9-ci-oauth2-proxy", "buildbot": "phlip9-buildbot-oauth"}[role]
		forget := func(l *lab) {
			delete(l.sops.values, shape.LoginSecrets(state.TwoLogins, role)[0])
			l.notes(func(i *shape.Identities) { delete(i.Logins, role) })
		}
		id := func(l *lab) string {
			ids, _ := shape.ParseIdentities(l.sops.values[shape.IdentitiesName])
			return ids.Logins[role].ClientID
		}
		for way, say := range map[string]func(*state.Config){
			"by manifest": twoLogins,
			"OAuth App":   func(c *state.Config) { twoLogins(c); oauthApps(c) },
		} {
			t.Run(role+" "+way, func(t *testing.T) {
				sights(t, step, func(t *testing.T) *lab { t.Helper(); return done(t, say) }, []sight{
					{"right", func(*lab) {}, steps.Ready, "", name + ", "},
					{"wrong secret", func(l *lab) { l.reseal(role, state.NewSecret(strings.Repeat("0f", 20))) }, steps.Blocked, "", "GitHub does not accept the sealed client secret of " + name},
					{"swapped", func(l *lab) {
						a, b := l.secretOf("proxy"), l.secretOf("buildbot")
						l.reseal("proxy", b)
						l.reseal("buildbot", a)
					}, steps.Blocked, "F16", "the secrets of the two login Apps are swapped"},
					{"callback", func(l *lab) {
						c := l.hub.clients[id(l)]
						c.callbacks = []string{"https://ci.phlip9.com/other"}
						l.hub.clients[id(l)] = c
					}, steps.Blocked, "F15", "does not lead back to https://ci.phlip9.com/"},
					{"id not noted, but said", func(l *lab) {
						said := id(l)
						l.notes(func(i *shape.Identities) { delete(i.Logins, role) })
						_ = l.conf.Set("adopt."+role+"_login_client_id", said)
					}, steps.Ready, "", "seal nixwright-identities: client id of " + name},
					{"id lost", func(l *lab) { l.notes(func(i *shape.Identities) { delete(i.Logins, role) }) }, steps.Blocked, "", "its client id is not known"},
					{"nothing, id said", func(l *lab) {
						forget(l)
						_ = l.conf.Set("adopt."+role+"_login_client_id", "Ov23li00000000000099")
					}, steps.Missing, "", string(shape.LoginSecrets(state.TwoLogins, role)[0])},
				})
			})
		}
		t.Run(role+" alone", func(t *testing.T) {
			sights(t, step, deployedWithTwoLogins, []sight{
				{"none", func(l *lab) { forget(l); l.hub.apps = nil }, steps.Missing, "", "create login App " + name + ", public, reads mail addresses, its hook off\nseal "},
				{"may not read addresses", func(l *lab) {
					for i := range l.hub.apps {
						l.hub.apps[i].App.Permissions = map[string]string{}
					}
				}, steps.Ready, "F17", name + " may not read Email addresses"},
				{"may, by the other name", func(l *lab) {
					for i := range l.hub.apps {
						l.hub.apps[i].App.Permissions = map[string]string{"emails": "read"}
					}
				}, steps.Ready, "", name},
				{"not shown", func(l *lab) { l.hub.apps = nil }, steps.Ready, "", name},
				{"may not be looked at", func(l *lab) { l.fail["AppBySlug"] = call(state.ErrDenied) }, steps.Ready, "", name},
				{"none, OAuth App wanted", func(l *lab) { forget(l); oauthApps(&l.conf) }, steps.Missing, "", "register OAuth App " + name + ", by a form that is filled in\nseal "},
				{"made, and its secret nowhere", forget, steps.Blocked, "", "the App " + name + " exists"},
				{"name taken", func(l *lab) {
					forget(l)
					for i := range l.hub.apps {
						l.hub.apps[i].App.Owner = state.Owner{Login: "mallory", ID: 2}
					}
				}, steps.Blocked, "F12", "--set github." + role + "_login_app=NAME"},
			})
		})
	}
	sights(t, "login-buildbot", fresh, []sight{
		{"one login is enough", func(*lab) {}, steps.NotNeeded, "", "fully-private has one login"},
	})
	sights(t, "login-proxy", deployedWithTwoLogins, []sight{
		{"a malformed environment file", func(l *lab) { l.sops.values[shape.ProxyEnvName] = state.NewSecret("A=1") }, steps.Blocked, "", "does not accept the sealed client secret"},
	})
}

func TestOAuthAppsAreCheckedBeforeTheyAreSealed(t *testing.T) {
	const hex40 = "00112233445566778899aabbccddeeff00112233"
	const idKey, secretOfProxy = "adopt.proxy_login_client_id", "github.proxy_login_client_secret"
	for name, tt := range map[string]struct {
		callback, secret string
		status           steps.Status
		says             string
	}{
		"right":            {"https://ci.phlip9.com/oauth2/callback", hex40, steps.Ready, ""},
		"another's secret": {"https://ci.phlip9.com/oauth2/callback", strings.Repeat("0f", 20), steps.Blocked, "one of them is another App's"},
		"callback":         {"https://ci.phlip9.com/auth/login", hex40, steps.Blocked, "leads back to another address"},
		"an id twice":      {"https://ci.phlip9.com/oauth2/callback", "Ov23li00000000000099", steps.Waiting, "that is a client id"},
	} {
		t.Run(name, func(t *testing.T) {
			l := ruled(t)
			oauthApps(&l.conf)
			l.person = false
			l.hub.clients["Ov23li00000000000099"] = client{state.NewSecret(hex40), []string{tt.callback}}
			l.set[idKey], l.set[secretOfProxy] = state.NewSecret(" Ov23li00000000000099\n"), state.NewSecret(tt.secret)
			r := l.setup(t, "login-proxy")
			if status(r, "login-proxy") != tt.status || !strings.Contains(said(r), tt.says) {
				t.Fatal(said(r))
			}
			if tt.status != steps.Ready {
				if len(l.sops.values) > 0 {
					t.Error("sealed all the same")
				}
				return
			}
			if got := l.ids(t).Logins["proxy"]; got.ClientID != "Ov23li00000000000099" || got.Kind != state.ViaOAuthApp || l.secretOf("proxy").Reveal() != hex40 {
				t.Errorf("noted %+v", got)
			}
		})
	}
}

func TestALoginThatIsThereIsAdoptedInBothWays(t *testing.T) {
	const hex40 = "00112233445566778899aabbccddeeff00112233"
	for name, say := range map[string]func(*state.Config){"github.login is github-app": func(*state.Config) {}, "github.login is oauth-app": oauthApps} {
		t.Run(name, func(t *testing.T) {
			l := ruled(t)
			say(&l.conf)
			l.conf.Adopt.ProxyLoginClientID, l.person = "Iv23liE6dM8w5D4JF7Qz", false
			l.hub.clients["Iv23liE6dM8w5D4JF7Qz"] = client{state.NewSecret(hex40), []string{"https://ci.phlip9.com/oauth2/callback"}}
			l.set["github.proxy_login_client_secret"] = state.NewSecret(hex40)
			r := l.setup(t, "login-proxy")
			if status(r, "login-proxy") != steps.Ready || len(l.asks) > 0 || len(l.hub.apps) > 0 {
				t.Errorf("asked %d times\n%s", len(l.asks), said(r))
			}
		})
	}
}

func TestASecretThatIsLostIsAskedForAlone(t *testing.T) {
	l := done(t)
	delete(l.sops.values, shape.ProxyClientSecretName)
	ids := l.ids(t)
	noted := ids.Logins["proxy"]
	l.person = false
	apps := len(l.hub.apps)
	r := l.setup(t, "login-proxy")
	row, _ := r.Row("login-proxy")
	if row.Status() != steps.Waiting || row.Question == nil || row.Question.Key != "github.proxy_login_client_secret" || len(l.hub.apps) != apps {
		t.Fatalf("asks %+v\n%s", row.Question, said(r))
	}
	l.set["github.proxy_login_client_secret"] = l.hub.clients[noted.ClientID].secret
	if r := l.setup(t, "login-proxy"); status(r, "login-proxy") != steps.Ready || l.ids(t).Logins["proxy"].ClientID != noted.ClientID {
		t.Error(said(r))
	}
}

func TestAnAdoptedLoginIsNoted(t *testing.T) {
	l := done(t, twoLogins)
	env := l.sops.values[shape.ProxyEnvName]
	l.conf.Adopt.ProxyLoginClientID = l.ids(t).Logins["proxy"].ClientID
	l.notes(func(i *shape.Identities) { delete(i.Logins, "proxy") })
	r := l.setup(t, "login-proxy")
	if got := l.ids(t); status(r, "login-proxy") != steps.Ready || got.Logins["proxy"].ClientID != l.conf.Adopt.ProxyLoginClientID || got.Logins["buildbot"].ClientID == "" || got.App == nil {
		t.Errorf("noted %+v\n%s", got, said(r))
	}
	if !l.sops.values[shape.ProxyEnvName].Equal(env) {
		t.Error("the environment file was made anew")
	}
}

func TestTheProxysSecretOfTwoLoginsStandsBesideACookie(t *testing.T) {
	l := done(t, twoLogins)
	secret, cookie, err := shape.ParseProxyEnv(l.sops.values[shape.ProxyEnvName])
	if err != nil || !shape.CookieAccepted(cookie) || !secret.Equal(l.hub.clients[l.ids(t).Logins["proxy"].ClientID].secret) {
		t.Errorf("the environment file is not right: %v", err)
	}
	if _, there := l.sops.values[shape.ProxyClientSecretName]; there {
		t.Error("the secret is sealed twice")
	}
}
