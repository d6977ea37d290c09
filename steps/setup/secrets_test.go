package setup

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/shape"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/steps/stepstest"
)

func TestLocalSecretsFinds(t *testing.T) {
	forget := func(names ...state.SecretName) func(*lab) {
		return func(l *lab) {
			l.host.deployed = nil
			for _, n := range names {
				delete(l.sops.values, n)
			}
		}
	}
	is := func(name state.SecretName, v string) func(*lab) {
		return func(l *lab) { l.sops.values[name] = state.NewSecret(v) }
	}
	key := func(l *lab, name string) {
		l.sops.values[shape.SigningKeyName], _ = shape.NewSigningKey(name, l.random)
	}
	sights(t, "local-secrets", deployed, []sight{
		{"all there", func(*lab) {}, steps.Ready, "", "7, shapes right"},
		{"one missing", forget(shape.APITokenName), steps.Missing, "", "make niks3-api-token"},
		{"one missing that the host uses", func(l *lab) { delete(l.sops.values, shape.APITokenName) }, steps.Blocked, "", "niks3-api-token is on omnara1, but not in nixos/omnara1/secrets.yaml"},
		{"two missing that the host uses", func(l *lab) {
			delete(l.sops.values, shape.APITokenName)
			delete(l.sops.values, shape.SigningKeyName)
		}, steps.Blocked, "", "niks3-signing-key is on omnara1"},
		{"missing, the host offline", func(l *lab) { delete(l.sops.values, shape.APITokenName); l.host.offline = true }, steps.Missing, "", "make niks3-api-token"},
		{"missing, not to be listed, deployed", func(l *lab) {
			delete(l.sops.values, shape.APITokenName)
			l.fail["Deployed"] = call(state.ErrDenied)
		}, steps.Blocked, "", "niks3-api-token is on omnara1"},
		{"missing, not to be listed, not deployed", func(l *lab) {
			delete(l.sops.values, shape.APITokenName)
			l.fail["Deployed"], l.host.applied = call(state.ErrDenied), ""
		}, steps.Missing, "", "make niks3-api-token"},
		{"too short for niks3", is(shape.APITokenName, strings.Repeat("a", 35)), steps.Blocked, "F31", "niks3-api-token: is too short"},
		{"a line end", is(shape.CookieSecretName, strings.Repeat("a", 32)+"\n"), steps.Blocked, "F18", "oauth2-proxy-cookie-secret: has a line end"},
		{"no list", is(shape.WorkersName, "[]"), steps.Blocked, "F38", "buildbot-nix-workers: lists no worker"},
		{"a public key in its place", func(l *lab) {
			public, _ := shape.PublicKey(l.sops.values[shape.SigningKeyName])
			l.sops.values[shape.SigningKeyName] = state.NewSecret(public)
		}, steps.Blocked, "F26", "is a public key"},
		{"a key of another name", func(l *lab) { key(l, "cache.example.org-1") }, steps.Ready, "F26", "is called cache.example.org-1, not cache.phlip9.com-1: clients trust a key by its name"},
		{"another worker password", is(shape.WorkerPasswordName, strings.Repeat("n", 20)), steps.Drifted, "", "compose buildbot-nix-workers again"},
		{"another worker", func(l *lab) { l.conf.Workers = append(l.conf.Workers, state.Worker{Name: "build2", Cores: 3}) }, steps.Drifted, "", "compose"},
		{"one worker less", func(l *lab) {
			l.sops.values[shape.WorkersName] = shape.ComposeWorkers(l.sops.values[shape.WorkerPasswordName], []state.Worker{{Name: "omnara1", Cores: 10}, {Name: "theirs", Cores: 3}})
		}, steps.Ready, "", ""},
	})
	sights(t, "local-secrets", ruled, []sight{
		{"none", func(*lab) {}, steps.Missing, "", "make buildbot-http-basic-auth-password"},
		{"none, two logins", func(l *lab) { twoLogins(&l.conf) }, steps.Missing, "", "make niks3-signing-key"},
	})
}

func TestOnlyWhatIsMissingIsMade(t *testing.T) {
	l := done(t)
	before := maps.Clone(l.sops.values)
	l.host.deployed = nil
	delete(l.sops.values, shape.WebhookSecretName)
	l.conf.Workers = append(l.conf.Workers, state.Worker{Name: "build2", Cores: 3})
	r := l.setup(t, "local-secrets")
	if status(r, "local-secrets") != steps.Ready {
		t.Fatal(said(r))
	}
	var changed []string
	for n, v := range l.sops.values {
		if !v.Equal(before[n]) {
			changed = append(changed, string(n))
		}
	}
	slices.Sort(changed)
	if want := []string{"buildbot-github-webhook-secret", "buildbot-nix-workers"}; !slices.Equal(changed, want) {
		t.Errorf("changed %v", changed)
	}
	if ws, _ := state.Find(r.Facts, state.FactWorkers); !slices.Equal(ws, []state.Worker{{Name: "omnara1", Cores: 10}, {Name: "build2", Cores: 3}}) {
		t.Errorf("workers %v", ws)
	}
}

func TestAWorkerWhoseCoresNobodyKnows(t *testing.T) {
	l := ruled(t)
	l.conf.Workers = []state.Worker{{Name: "build2"}}
	if r := l.setup(t, "local-secrets"); status(r, "local-secrets") != steps.Blocked || !strings.Contains(said(r), "the cores of the worker build2 are not known") || len(l.sops.values) > 0 {
		t.Error(said(r))
	}
}

func TestPowerCutOverLocalSecrets(t *testing.T) {
	for name, say := range map[string]func(*state.Config){"fully-private": func(*state.Config) {}, "two-logins": twoLogins} {
		t.Run(name, func(t *testing.T) {
			stepstest.PowerCut(t, func(t *testing.T) (func(*stepstest.Power) steps.Report, func(*testing.T, steps.Report)) {
				t.Helper()
				l := newLab(t, say)
				return l.story(t, "recipients", "local-secrets"), func(t *testing.T, r steps.Report) {
					t.Helper()
					l.allReady(t, r, "recipients", "local-secrets")
					if n := len(shape.Local(l.conf.CI.Access)); len(l.sops.values) != n {
						t.Errorf("%d sealed, not %d", len(l.sops.values), n)
					}
				}
			})
		})
	}
}

func TestSecretsFileFinds(t *testing.T) {
	sights(t, "secrets-file", deployed, []sight{
		{"all well", func(*lab) {}, steps.Ready, "", "11 secrets, 2 recipients"},
		{"one is missing", func(l *lab) { delete(l.sops.values, appKey) }, steps.Waiting, "", "not sealed yet: buildbot-github-app-secret-key"},
		{"one is of the wrong shape", func(l *lab) { l.sops.values[secretKey] = state.NewSecret("value") }, steps.Blocked, "F21", "niks3-s3-secret-key: is not a secret key of R2"},
		{"two are", func(l *lab) {
			l.sops.values[secretKey], l.sops.values[appKey] = state.NewSecret("value"), state.NewSecret("no key at all")
		}, steps.Blocked, "F13 F21", "is not PEM"},
		{"the rule has one more", func(l *lab) { l.sops.rule = append(l.sops.rule, "age1friend") }, steps.Drifted, "", "update recipients of nixos/omnara1/secrets.yaml: 3, as .sops.yaml says"},
		{"the rule has one less", func(l *lab) { l.sops.file = append(l.sops.file, "age1gone") }, steps.Drifted, "", "update"},
		{"in another order", func(l *lab) { l.sops.file = []string{hostKey, me, me} }, steps.Ready, "", ""},
	})
	sights(t, "secrets-file", deployedWithTwoLogins, []sight{
		{"two logins", func(*lab) {}, steps.Ready, "", "10 secrets"},
		{"an environment file with more in it", func(l *lab) { l.sops.values[shape.ProxyEnvName] = state.NewSecret("LD_PRELOAD=/tmp/x\n") }, steps.Blocked, "F37", "oauth2-proxy-env: sets another variable"},
	})
	t.Run("the file follows the rule", func(t *testing.T) {
		l := done(t)
		l.sops.rule = append(l.sops.rule, "age1friend")
		if r := l.setup(t, "secrets-file"); status(r, "secrets-file") != steps.Ready || !slices.Equal(l.sops.file, l.sops.rule) {
			t.Error(said(r))
		}
	})
	t.Run("a file that does not open", func(t *testing.T) {
		l := done(t)
		l.fail["Secret"] = state.Problem{What: "open it", Why: "no key fits", Fix: "bring one"}
		r := l.run(t, nil, (*steps.Engine).Look)
		if status(r, "secrets-file") != steps.Blocked || status(r, "local-secrets") != steps.Blocked || status(r, "r2-token") != steps.Blocked {
			t.Error(said(r))
		}
	})
}
