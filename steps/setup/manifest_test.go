package setup

import (
	"strings"
	"testing"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/shape"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/steps/stepstest"
)

// unanswered is a world in which a page for the CI's App is open, and nobody
// has answered.
func unanswered(t *testing.T) *lab {
	t.Helper()
	l := ruled(t)
	l.person = false
	if r := l.setup(t, "github-app"); status(r, "github-app") != steps.Waiting || len(l.pages) != 1 {
		t.Fatal(said(r))
	}
	return l
}

func status(r steps.Report, id string) steps.Status {
	row, _ := r.Row(id)
	return row.Status()
}

// passes is --set github.app_return with this address.
func (l *lab) passes(address state.Secret) { l.set[returnKey] = address }

// back is an address that carries a state.
func back(code, pageState string) state.Secret {
	return state.NewSecret("http://localhost:8765/?code=" + code + "&state=" + pageState)
}

func TestAPageStaysGoodOverRuns(t *testing.T) {
	l := unanswered(t)
	first := l.asks[0].Form.Action
	if r := l.setup(t, "github-app"); l.asks[1].Form.Action != first || len(l.pages) != 1 || status(r, "github-app") != steps.Waiting {
		t.Errorf("another page: %s", l.asks[1].Form.Action)
	}
	l.passes(l.hub.press(l.asks[0].Form))
	l.asks = nil
	if r := l.setup(t, "github-app"); status(r, "github-app") != steps.Ready || len(l.asks) > 0 || len(l.pages) > 0 {
		t.Errorf("asked %d times, %d pages\n%s", len(l.asks), len(l.pages), said(r))
	}
	if v := l.sops.values[appKey]; !v.Equal(l.hub.apps[0].Key) {
		t.Error("the key is not sealed")
	}
}

func TestAnotherManifestIsAnotherPage(t *testing.T) {
	l := unanswered(t)
	l.conf.GitHub.AppName, l.hub.conf.GitHub.AppName = "ci-two", "ci-two"
	if l.setup(t, "github-app"); len(l.pages) != 2 || l.asks[0].Form.Action == l.asks[1].Form.Action {
		t.Errorf("%d pages", len(l.pages))
	}
}

func TestAddressesThatAreNotTaken(t *testing.T) {
	for name, tt := range map[string]struct {
		address func(l *lab) state.Secret
		says    string
	}{
		"of no page": {func(*lab) state.Secret { return back("c0de", "f00") }, "does not belong to a page that was opened here"},
		"too old": {func(l *lab) state.Secret {
			a := l.hub.press(l.asks[0].Form)
			_ = l.clock.Sleep(t.Context(), 61*time.Minute)
			l.hub.apps = nil // given up on GitHub's side, too
			return a
		}, "older than an hour"},
		"no address": {func(*lab) state.Secret { return state.NewSecret("c0de-of-a-manifest-1") }, "that is not an address"},
	} {
		t.Run(name, func(t *testing.T) {
			l := unanswered(t)
			l.passes(tt.address(l))
			r := l.setup(t, "github-app")
			row, _ := r.Row("github-app")
			if row.Status() != steps.Waiting || row.Question == nil || len(row.Finding.Problems) != 1 || !strings.Contains(row.Finding.Problems[0].Error(), tt.says) {
				t.Errorf("%s", said(r))
			}
			if strings.Contains(strings.Join(l.wrote, " "), "Convert") {
				t.Error("traded all the same")
			}
		})
	}
}

func TestAnAddressGoesToTheStepThatAsked(t *testing.T) {
	l := unanswered(t)
	l.setup(t, "login-proxy") // opens its own page
	l.passes(l.hub.press(l.asks[1].Form))
	l.asks = nil
	r := l.setup(t, "github-app", "login-proxy")
	app, _ := r.Row("github-app")
	if app.Status() != steps.Waiting || len(app.Finding.Problems) > 0 || status(r, "login-proxy") != steps.Ready {
		t.Errorf("%s", said(r))
	}
}

func TestACodeThatGitHubRefuses(t *testing.T) {
	l := unanswered(t)
	address := l.hub.press(l.asks[0].Form)
	clear(l.hub.codes) // somebody traded it
	l.passes(address)
	r := l.setup(t, "github-app")
	row, _ := r.Row("github-app")
	if row.Status() != steps.Blocked || len(l.pages) > 0 || !strings.Contains(row.Finding.Problems[0].What, "does not take the code") {
		t.Errorf("%d pages\n%s", len(l.pages), said(r))
	}
	// The App is there and its keys are lost: the ways out are told.
	delete(l.set, returnKey)
	f, err := l.look(t, "github-app")
	if err != nil || f.Status != steps.Blocked || !strings.Contains(f.Problems[0].Fix, "adopt.app_id") {
		t.Errorf("%v: %s", err, everything(f))
	}
}

func TestAnAppWhosePageIsOpenIsFinished(t *testing.T) {
	l := unanswered(t)
	l.tab = l.hub.press(l.asks[0].Form) // pressed, but the address was not passed on
	f, err := l.look(t, "github-app")
	if err != nil || f.Status != steps.Missing || f.Cost != (state.Cost{Pastes: 1}) || !strings.Contains(everything(f), "finish App phlip9-buildbot-ci") {
		t.Errorf("%v: %s", err, everything(f))
	}
	l.asks = nil
	r := l.setup(t, "github-app")
	row, _ := r.Row("github-app")
	if row.Status() != steps.Waiting || row.Question.Form != nil || row.Question.URL != "" || !strings.Contains(row.Question.Then, "adopt.app_key_file") {
		t.Errorf("asks %+v", row.Question)
	}
	l.person = true
	if r := l.setup(t, "github-app"); status(r, "github-app") != steps.Ready || len(l.hub.apps) != 1 {
		t.Errorf("%d Apps\n%s", len(l.hub.apps), said(r))
	}
}

func TestWhatGitHubWithheldIsTold(t *testing.T) {
	l := ruled(t)
	l.hub.withheld = "repository_hooks"
	r := l.setup(t, "github-app")
	row, _ := r.Row("github-app")
	if row.Status() != steps.Ready || len(row.Finding.Problems) != 1 || row.Finding.Problems[0].ID != "F2" {
		t.Errorf("%s", said(r))
	}
}

// manifestStory is one App made by a click, cut at every write.
func manifestStory(t *testing.T, id string, sealed state.SecretName, say ...func(*state.Config)) {
	t.Helper()
	stepstest.PowerCut(t, func(t *testing.T) (func(*stepstest.Power) steps.Report, func(*testing.T, steps.Report)) {
		t.Helper()
		l := newLab(t, say...)
		l.sops.identity, l.sops.rule = me, []string{me, hostKey}
		return l.story(t, id), func(t *testing.T, r steps.Report) {
			t.Helper()
			row, _ := r.Row(id)
			if len(l.hub.apps) != 1 {
				t.Errorf("%d Apps", len(l.hub.apps))
			}
			if _, there := l.sops.values[sealed]; !there {
				// The one reply was lost between GitHub and here: the ways out are told.
				if row.Status() != steps.Blocked || len(l.hub.codes) > 0 || len(row.Finding.Problems) != 1 {
					t.Errorf("%s", said(r))
				}
				return
			}
			if _, there := l.sops.values[shape.IdentitiesName]; !there {
				t.Error("the secret is sealed without its id")
			}
			l.allReady(t, r, id)
		}
	})
}

func TestPowerCutOverTheApp(t *testing.T) { manifestStory(t, "github-app", appKey) }

func TestPowerCutOverTheLogin(t *testing.T) {
	t.Run("fully-private", func(t *testing.T) { manifestStory(t, "login-proxy", shape.ProxyClientSecretName) })
	t.Run("two-logins", func(t *testing.T) { manifestStory(t, "login-proxy", shape.ProxyEnvName, twoLogins) })
}
