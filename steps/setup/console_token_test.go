package setup

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/shape"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/steps/stepstest"
)

const readToken = "nixwright-console-omnara1"

func withConsole(c *state.Config) { c.Console.CloudflareToken = true }

func deployedWithConsole(t *testing.T) *lab { t.Helper(); return done(t, withConsole) }

// read is the token of the console.
func (c *cloudDouble) read() *token {
	i := slices.IndexFunc(c.tokens, func(t token) bool { return t.Name == readToken })
	return &c.tokens[i]
}

func TestConsoleTokenFinds(t *testing.T) {
	gone := func(l *lab) {
		l.cloud.tokens = slices.DeleteFunc(l.cloud.tokens, func(t token) bool { return t.Name == readToken })
	}
	unsealed := func(l *lab) { delete(l.sops.values, shape.CloudflareReadName) }
	long := func(l *lab) { _ = l.clock.Sleep(t.Context(), time.Hour) }
	sights(t, "console-token", deployedWithConsole, []sight{
		{"as wanted", func(*lab) {}, steps.Ready, "", readToken + ", which only reads"},
		{"none", func(l *lab) { unsealed(l); gone(l) }, steps.Missing, "", "create API token " + readToken + ", which only reads\nseal nixwright-cloudflare-read"},
		{"an orphan of ours", unsealed, steps.Missing, "", "roll API token " + readToken + ", whose value never arrived"},
		{"an orphan of somebody's", func(l *lab) { unsealed(l); clear(l.asked) }, steps.Blocked, "", "does not know that it asked for it"},
		{"new, and not known everywhere", func(l *lab) { l.cloud.deaf = 1 }, steps.Waiting, "", "does not know the new token yet"},
		{"deleted", gone, steps.Drifted, "", "create API token"},
		{"rolled by somebody", func(l *lab) {
			long(l)
			l.cloud.read().value = state.NewSecret("value-of-somebody-else")
		}, steps.Drifted, "", "roll API token " + readToken + ", whose sealed value Cloudflare refuses"},
		{"switched off", func(l *lab) { l.cloud.read().Status = "disabled" }, steps.Blocked, "", "switched off or has ended"},
		{"too wide", func(l *lab) { l.cloud.read().Groups = append(l.cloud.read().Groups, "DNS Write") }, steps.Ready, "", "it carries DNS Write"},
		{"of another name", func(l *lab) { l.cloud.read().Name = "mine" }, steps.Ready, "", "a token of another name works"},
		{"the one that setup runs with", func(l *lab) {
			cloud, _ := state.Get(l.known, state.FactCloud)
			cloud.ID = l.cloud.read().ID.Reveal()
			l.known = state.With(l.known, state.FactCloud, cloud)
		}, steps.Blocked, "", "the token that setup runs with is sealed"},
	})
	t.Run("Cloudflare is down", func(t *testing.T) {
		l := deployedWithConsole(t)
		l.fail["ReadToken"] = call(state.ErrService)
		if f, err := l.look(t, "console-token"); err == nil {
			t.Errorf("found %s", everything(f))
		}
	})
}

func TestWithoutTheAnswerThereIsNoConsoleToken(t *testing.T) {
	l := done(t)
	if _, found := l.sops.values[shape.CloudflareReadName]; found || slices.ContainsFunc(l.cloud.tokens, func(t token) bool { return t.Name == readToken }) {
		t.Error("it was made all the same")
	}
	if text, _, _ := l.dir.Read(l.conf.Paths.Facts); strings.Contains(text, "consoleToken") {
		t.Error("the facts speak of it")
	}
}

func TestTheModuleBringsTheConsoleTokenToTheHostOnceItIsSealed(t *testing.T) {
	l := done(t)
	withConsole(&l.conf)
	if r := l.setup(t); r.Outcome().Status != steps.Ready {
		t.Fatal(said(r))
	}
	made := l.cloud.read()
	if v := l.sops.values[shape.CloudflareReadName]; !v.Equal(made.value) || !slices.Equal(made.Buckets, []string{account, "z1"}) {
		t.Errorf("sealed is not what was made, or it is on %v", made.Buckets)
	}
	if text, _, _ := l.dir.Read(l.conf.Paths.Facts); !strings.Contains(text, `"consoleToken": true`) {
		t.Errorf("the facts are silent:\n%s", text)
	}
	l.wrote = nil
	if r := l.setup(t); r.Outcome().Status != steps.Ready || len(l.wrote) > 0 {
		t.Errorf("one more run wrote %v\n%s", l.wrote, said(r))
	}
}

func TestAConsoleTokenThatAppearsAtTheLastMomentIsNotRolled(t *testing.T) {
	l := newLab(t, withConsole)
	l.sops.identity, l.sops.rule = me, []string{me, hostKey}
	l.setup(t, "preflight")
	l.cloud.has(readToken, false)
	if err := (consoleToken{l.deps()}).Apply(t.Context(), l.known, steps.Finding{}, &ear{keep: l.sops.Keep}); err == nil || len(l.sops.values) > 0 {
		t.Errorf("%v; wrote %v", err, l.wrote)
	}
}

func TestPowerCutOverTheConsoleToken(t *testing.T) {
	stepstest.PowerCut(t, func(t *testing.T) (func(*stepstest.Power) steps.Report, func(*testing.T, steps.Report)) {
		t.Helper()
		l := newLab(t, withConsole)
		l.sops.identity, l.sops.rule = me, []string{me, hostKey}
		l.cloud.deaf = 2
		return l.story(t, "console-token"), func(t *testing.T, r steps.Report) {
			t.Helper()
			l.allReady(t, r, "console-token")
			if len(l.cloud.tokens) != 1 || !l.sops.values[shape.CloudflareReadName].Equal(l.cloud.read().value) {
				t.Errorf("%d tokens, or another value is sealed", len(l.cloud.tokens))
			}
		}
	})
}
