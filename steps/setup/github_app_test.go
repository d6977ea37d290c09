package setup

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/shape"
	"github.com/nixwright/nixwright/steps"
)

// handmade is a world with an App that somebody made, its key in a file.
func handmade(t *testing.T) *lab {
	t.Helper()
	l := ruled(t)
	made := l.hub.makeApp(state.CIManifest(l.conf, l.hub.owner, ""), l.hub.owner)
	l.conf.Adopt = state.AdoptConf{AppID: made.App.ID, AppKeyFile: "app.pem"}
	l.hasFile(t, "app.pem", made.Key)
	l.setup(t, "preflight")
	return l
}

func (l *lab) hasFile(t *testing.T, name string, v state.Secret) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(l.dir.Root, name), []byte(v.Reveal()), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAppFinds(t *testing.T) {
	app := func(change func(*state.App)) func(*lab) { return func(l *lab) { change(l.hub.ci()) } }
	lost := func(l *lab) { delete(l.sops.values, appKey) }
	sights(t, "github-app", deployed, []sight{
		{"as wanted", func(*lab) {}, steps.Ready, "", "phlip9-buildbot-ci, 27461"},
		{"none", func(l *lab) { lost(l); delete(l.sops.values, shape.IdentitiesName); l.hub.apps = nil }, steps.Missing, "", "create App phlip9-buildbot-ci, owned by phlip9, its own hook off\nseal buildbot-github-app-secret-key"},
		{"another's key", func(l *lab) { l.sops.values[appKey] = appPEM(1) }, steps.Blocked, "F13", "--set adopt.app_id=ID --set adopt.app_key_file=FILE"},
		{"the key is lost", lost, steps.Blocked, "", "is not sealed here"},
		{"the key is lost, and in a file", func(l *lab) { lost(l); l.conf.Adopt.AppKeyFile = "app.pem" }, steps.Missing, "", "seal the private key in app.pem"},
		{"another's key, and the right one in a file", func(l *lab) {
			l.sops.values[appKey], l.conf.Adopt.AppKeyFile = appPEM(1), "app.pem"
		}, steps.Missing, "", "seal the private key in app.pem"},
		{"not noted", func(l *lab) {
			delete(l.sops.values, shape.IdentitiesName)
			l.conf.Adopt.AppID = l.hub.ci().ID
		}, steps.Ready, "", "seal nixwright-identities: App 27461"},
		{"permission missing", app(func(a *state.App) { delete(a.Permissions, "repository_hooks") }), steps.Ready, "F2", "lacks Webhooks write"},
		{"permission too small", app(func(a *state.App) { a.Permissions["statuses"] = "read" }), steps.Ready, "F2", "lacks Commit statuses write"},
		{"more than needed", app(func(a *state.App) { a.Permissions["contents"] = "write" }), steps.Ready, "", ""},
		{"an organisation's App", app(func(a *state.App) { a.Owner.Org = true }), steps.Ready, "F2", "lacks Members read"},
		{"its own hook is on", app(func(a *state.App) { a.HookURL, a.Events = "https://ci.phlip9.com/x", []string{"push"} }), steps.Ready, "F8", "switch the App's hook off"},
		{"its own hook brings no pushes", app(func(a *state.App) { a.HookURL = "https://ci.phlip9.com/x" }), steps.Ready, "", ""},
		{"name taken", func(l *lab) {
			lost(l)
			delete(l.sops.values, shape.IdentitiesName)
			l.hub.ci().Owner = state.Owner{Login: "mallory", ID: 2}
		}, steps.Blocked, "F12", "belongs to mallory\nchoose another: --set github.app_name=NAME"},
		{"there, and its keys nowhere", func(l *lab) { lost(l); delete(l.sops.values, shape.IdentitiesName) }, steps.Blocked, "", "GitHub sends them once"},
	})
	t.Run("GitHub is down", func(t *testing.T) {
		l := done(t)
		l.fail["App"] = call(state.ErrService)
		if f, err := l.look(t, "github-app"); err == nil {
			t.Errorf("found %s", everything(f))
		}
	})
}

func TestAnAppIsAdopted(t *testing.T) {
	l := handmade(t)
	r := l.setup(t, "github-app")
	ids, err := shape.ParseIdentities(l.sops.values[shape.IdentitiesName])
	if status(r, "github-app") != steps.Ready || err != nil || ids.App == nil || ids.App.Slug != "phlip9-buildbot-ci" || len(l.asks) > 0 || len(l.hub.apps) != 1 {
		t.Errorf("%v, %+v\n%s", err, ids.App, said(r))
	}
	if n := strings.Count(strings.Join(l.wrote, " "), "Keep"); n != 1 {
		t.Errorf("key and id came in %d writes", n)
	}
	l.conf.Adopt = state.AdoptConf{}
	l.allReady(t, l.setup(t, "github-app"), "github-app")
}

func TestAKeyThatIsLostIsReplacedFromAFile(t *testing.T) {
	for name, set := range map[string]func(*lab){
		"key gone, id noted":        func(l *lab) { delete(l.sops.values, appKey) },
		"key dead, id noted":        func(l *lab) { l.sops.values[appKey] = appPEM(1) },
		"key garbled":               func(l *lab) { l.sops.values[appKey] = state.NewSecret("no key at all") },
		"key dead, id said as well": func(l *lab) { l.sops.values[appKey], l.conf.Adopt.AppID = appPEM(1), l.hub.ci().ID },
		"App deleted and made anew": func(l *lab) {
			l.hub.apps[0].App.ID += 1000
			l.conf.Adopt.AppID = l.hub.apps[0].App.ID
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := done(t)
			i := slices.IndexFunc(l.hub.apps, func(a state.NewApp) bool { return a.App.Name == l.conf.GitHub.AppName })
			l.hub.apps[0], l.hub.apps[i] = l.hub.apps[i], l.hub.apps[0]
			set(l)
			l.hasFile(t, "new.pem", l.hub.apps[0].Key)
			l.conf.Adopt.AppKeyFile = "new.pem"
			apps := len(l.hub.apps)
			r := l.setup(t, "github-app")
			if status(r, "github-app") != steps.Ready || len(l.asks) > 0 || len(l.hub.apps) != apps {
				t.Errorf("asked %d times, %d Apps\n%s", len(l.asks), len(l.hub.apps), said(r))
			}
			l.conf.Adopt = state.AdoptConf{}
			if f, err := l.look(t, "github-app"); err != nil || f.Status != steps.Ready || len(f.Changes) > 0 {
				t.Errorf("%v: %s", err, everything(f))
			}
		})
	}
}

func TestAKeyFileThatDoesNotFitIsNotSealed(t *testing.T) {
	for name, tt := range map[string]struct {
		set  func(t *testing.T, l *lab)
		says string
	}{
		"another App's": {func(t *testing.T, l *lab) { t.Helper(); l.hasFile(t, "app.pem", appPEM(1)) }, "F13"},
		"not there":     {func(_ *testing.T, l *lab) { l.conf.Adopt.AppKeyFile = "none.pem" }, "there is no file none.pem"},
	} {
		t.Run(name, func(t *testing.T) {
			l := handmade(t)
			tt.set(t, l)
			r := l.setup(t, "github-app")
			if status(r, "github-app") != steps.Blocked || !strings.Contains(said(r), tt.says) || len(l.sops.values) > 0 {
				t.Errorf("sealed %d\n%s", len(l.sops.values), said(r))
			}
		})
	}
}

func TestInstallFinds(t *testing.T) {
	install := func(change func(*state.Installation)) func(*lab) {
		return func(l *lab) {
			i := l.hub.installs["phlip9/lexe"]
			change(&i)
			l.hub.installs["phlip9/lexe"] = i
		}
	}
	sights(t, "github-install", deployed, []sight{
		{"as wanted", func(*lab) {}, steps.Ready, "", "phlip9/dotfiles, phlip9/lexe"},
		{"nowhere", func(l *lab) { clear(l.hub.installs) }, steps.Missing, "", "install phlip9-buildbot-ci on phlip9/dotfiles\ninstall phlip9-buildbot-ci on phlip9/lexe"},
		{"on one", func(l *lab) { delete(l.hub.installs, "phlip9/lexe") }, steps.Missing, "", "F4 not installed"},
		{"suspended", install(func(i *state.Installation) { i.Suspended = true }), steps.Blocked, "F4", "is suspended on phlip9"},
		{"suspended in an organisation", func(l *lab) {
			install(func(i *state.Installation) { i.Suspended = true })(l)
			repos, _ := state.Find(l.known, state.FactRepos)
			repos = slices.Clone(repos)
			repos[1].Owner.Org = true
			l.known = state.With(l.known, state.FactRepos, repos)
		}, steps.Blocked, "F4", "https://github.com/organizations/phlip9/settings/installations/77"},
		{"not accepted", install(func(i *state.Installation) { i.Permissions = map[string]string{"metadata": "read"} }), steps.Blocked, "F3", "has not accepted contents read, pull_requests read, repository_hooks write, statuses write"},
	})
}

func TestInstallingAsksOnlyForWhatNoTokenMay(t *testing.T) {
	for name, tt := range map[string]struct {
		set         func(*lab)
		clicks, add int
	}{
		"a classic token adds a repository": {func(l *lab) { delete(l.hub.installs, "phlip9/lexe") }, 0, 1},
		"a fine-grained one may not":        {func(l *lab) { delete(l.hub.installs, "phlip9/lexe"); l.hub.user.Classic = false }, 1, 0},
		"refused all the same":              {func(l *lab) { delete(l.hub.installs, "phlip9/lexe"); l.fail["AddRepo"] = call(state.ErrDenied) }, 1, 0},
		"nothing to add to":                 {func(l *lab) { clear(l.hub.installs) }, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			l := done(t)
			tt.set(l)
			r := l.setup(t, "github-install")
			if added := strings.Count(strings.Join(l.wrote, " "), "AddRepo"); status(r, "github-install") != steps.Ready || len(l.asks) != tt.clicks || added != tt.add {
				t.Errorf("asked %d times, added %d\n%s", len(l.asks), added, said(r))
			}
			if tt.clicks > 0 && !strings.Contains(l.asks[0].URL, "/apps/phlip9-buildbot-ci/installations/new/permissions?suggested_target_id=918989&repository_ids[]=") {
				t.Errorf("page %s", l.asks[0].URL)
			}
		})
	}
	t.Run("nobody presses", func(t *testing.T) {
		l := done(t)
		clear(l.hub.installs)
		l.person = false
		if r := l.setup(t, "github-install"); status(r, "github-install") != steps.Waiting {
			t.Error(said(r))
		}
	})
}
