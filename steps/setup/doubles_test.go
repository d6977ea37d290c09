package setup

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	mathrand "math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/shape"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/steps/stepstest"
)

// ground is what all doubles stand on: the power, and what they answer in
// place of the truth.
type ground struct {
	mu    sync.Mutex
	power *stepstest.Power
	fail  map[string]error // by method
	wrote []string         // writes that had their effect
}

func (g *ground) look(method string, see func()) error {
	if err := g.power.Read(); err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.fail[method]; err != nil {
		return err
	}
	see()
	return nil
}

func (g *ground) write(method string, effect func() error) error {
	return g.power.Write(func() error {
		g.mu.Lock()
		defer g.mu.Unlock()
		if err := g.fail[method]; err != nil {
			return err
		}
		if err := effect(); err != nil {
			return err
		}
		g.wrote = append(g.wrote, method)
		return nil
	})
}

// call is a refused call of that kind.
func call(kind error) error {
	return &state.CallError{Service: "somebody", Op: "do it", Status: 400, Text: "no", Kind: kind}
}

// lab is a world of doubles, with a person in it.
type lab struct {
	*ground

	cloud   *cloudDouble
	hub     *hubDouble
	sops    *sopsDouble
	host    *hostDouble
	edge    *edgeDouble
	conf    state.Config
	dir     state.Dir
	clock   steps.Clock
	random  *mathrand.ChaCha8
	have    Credentials
	yes     bool
	asksYes bool                    // somebody is there
	set     map[string]state.Secret // --set
	asked   map[string]bool
	pages   []state.Pending

	turn   sync.Mutex // the person's: one question at a time
	person bool       // somebody answers
	asks   []state.Question
	tab    state.Secret // the address on which their browser ended
	events []steps.Event
	known  state.Facts // of the last run
}

// newLab is a world in which nothing is set up, and everything can be.
func newLab(t *testing.T, say ...func(*state.Config)) *lab {
	t.Helper()
	conf := state.Config{
		Host:   state.HostConf{SSH: "omnara1"},
		CI:     state.CIConf{Domain: "ci.phlip9.com"},
		GitHub: state.GitHubConf{Repos: []string{"phlip9/dotfiles", "phlip9/lexe"}},
		Deploy: state.DeployConf{Command: []string{"deploy", "it"}},
	}
	for _, f := range say {
		f(&conf)
	}
	conf = conf.Derive()
	g := &ground{power: &stepstest.Power{}, fail: map[string]error{}}
	l := &lab{
		ground: g, conf: conf, dir: state.Dir{Root: t.TempDir(), Paths: conf.Paths}, clock: stepstest.Clock(),
		random: mathrand.NewChaCha8([32]byte{7}), have: Credentials{GitHub: true, Cloudflare: true}, yes: true, person: true,
		set: map[string]state.Secret{}, asked: map[string]bool{},
	}
	l.cloud = newCloud(g, l.clock)
	l.hub = newHub(g, conf)
	l.sops = newSops(g, l.dir)
	l.host = newHost(g, l.dir)
	l.edge = newEdge(g, l.clock)
	return l
}

// done is a world in which everything is set up and true.
func done(t *testing.T, say ...func(*state.Config)) *lab {
	t.Helper()
	l := newLab(t, say...)
	l.sops.identity, l.sops.rule = me, []string{me, hostKey}
	if r := l.setup(t); r.Outcome().Status != steps.Ready {
		t.Fatalf("the world is not ready: %s", said(r))
	}
	l.wrote, l.asks, l.events = nil, nil, nil
	return l
}

func fresh(t *testing.T) *lab { t.Helper(); return newLab(t) }

func deployed(t *testing.T) *lab { t.Helper(); return done(t) }

func deployedWithTwoLogins(t *testing.T) *lab { t.Helper(); return done(t, twoLogins) }

func twoLogins(c *state.Config) { c.CI.Access = state.TwoLogins }

func oauthApps(c *state.Config) { c.GitHub.Login = state.ViaOAuthApp }

func (l *lab) deps() Deps {
	return Deps{
		Config: l.conf, Dir: l.dir, Have: l.have, Yes: l.yes, Asks: l.asksYes,
		GitHub: l.hub, Apps: l.hub, Logins: l.hub, Hooks: l.hub, Flakes: l.hub,
		Cloud: l.cloud, Buckets: l.cloud, Domains: l.cloud, R2Tokens: l.cloud, ReadTokens: l.cloud, Objects: l.cloud, Records: l.cloud, Resolver: l.cloud,
		Secrets: l.sops, Rules: l.sops, Host: l.host, Nix: l.host, Git: l.host, Deployer: deployer{l},
		Edge: l.edge, CacheRead: l.edge, Builds: l.edge, Niks3: l.edge,
		Pages: pagesDouble{l}, Asked: l, Pending: l, Rand: l.random, Now: l.clock.Now,
	}
}

// setup runs the whole catalog; only: nothing else is applied.
func (l *lab) setup(t *testing.T, only ...string) steps.Report {
	t.Helper()
	return l.run(t, only, (*steps.Engine).Setup)
}

func (l *lab) run(t *testing.T, only []string, do func(*steps.Engine, context.Context) steps.Report) steps.Report {
	t.Helper()
	e, err := steps.New(Catalog(l.deps()), l.clock)
	if err != nil {
		t.Fatal(err)
	}
	e.Only, e.Keep, e.Ask = only, l.sops.Keep, l.Ask
	e.Given = steps.Answers{Set: l.set, Env: func(string) (string, bool) { return "", false }, Config: l.conf}.Given
	e.Emit = func(ev steps.Event) { l.events = append(l.events, ev) }
	r := do(e, t.Context())
	l.known = r.Facts
	for _, ev := range l.events {
		if ev.Status != steps.Failed && ev.Problem != nil {
			complete(t, ev.Step, *ev.Problem)
		}
		l.hidesSecrets(t, "event of "+ev.Step, ev)
	}
	return r
}

// look asks one step what is true, knowing what the last run learned.
func (l *lab) look(t *testing.T, id string) (steps.Finding, error) {
	t.Helper()
	i := slices.IndexFunc(Catalog(l.deps()), func(s steps.Step) bool { return s.Info().ID == id })
	f, err := Catalog(l.deps())[i].Detect(t.Context(), l.known)
	for _, p := range f.Problems {
		complete(t, id, p)
	}
	l.hidesSecrets(t, "finding of "+id, f)
	if err != nil {
		l.hidesSecrets(t, "error of "+id, err.Error())
	}
	return f, err
}

// complete wants what, why and what to do, and an id that is in the table.
func complete(t *testing.T, step string, p state.Problem) {
	t.Helper()
	if p.What == "" || p.Why == "" || p.Fix == "" {
		t.Errorf("%s: the problem lacks what, why or what to do: %+v", step, p)
	}
	if p.URL != "" && !strings.HasPrefix(p.URL, "https://") {
		t.Errorf("%s: no page is at %s", step, p.URL)
	}
	if _, found := state.QuestionFor(p.Key); p.Key != "" && !found {
		t.Errorf("%s: there is no answer %s", step, p.Key)
	}
	if _, found := state.FailureByID(p.ID); p.ID != "" && !found {
		t.Errorf("%s: there is no failure %s", step, p.ID)
	}
}

// hidesSecrets wants none of the world's secrets in what is told.
func (l *lab) hidesSecrets(t *testing.T, where string, told any) {
	t.Helper()
	b, err := json.Marshal(told)
	if err != nil {
		t.Errorf("%s: %v", where, err)
	}
	text := string(b) + fmt.Sprintf("%+v", told)
	for _, s := range l.secrets() {
		if v := s.Reveal(); len(v) > 7 && strings.Contains(text, v) {
			t.Errorf("%s shows a secret: %s", where, text)
		}
	}
}

// secrets are all that this world ever gave out.
func (l *lab) secrets() []state.Secret {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := slices.Concat(l.cloud.born, l.hub.born)
	for _, v := range l.sops.values {
		out = append(out, v)
	}
	for _, spec := range shape.For(state.TwoLogins) {
		if v, found := l.sops.values[spec.Name]; found && spec.Name == shape.ProxyEnvName {
			client, cookie, _ := shape.ParseProxyEnv(v)
			out = append(out, client, cookie)
		}
	}
	return out
}

// Ask is the person: presses buttons, registers Apps, installs, pastes.
func (l *lab) Ask(ctx context.Context, q state.Question) (state.Answer, error) {
	l.turn.Lock()
	defer l.turn.Unlock()
	l.asks = append(l.asks, q)
	if err := l.power.Read(); err != nil || !l.person {
		return state.Answer{}, state.ErrNoAnswer
	}
	var v state.Secret
	switch q.Kind {
	case state.KindPage:
		if q.Form != nil {
			l.tab = l.hub.press(q.Form)
		}
		v = l.tab
	case state.KindClick:
		l.hub.install()
		if did, err := q.Done(ctx); err != nil || !did {
			return state.Answer{}, fmt.Errorf("the world does not show it: %w", err)
		}
		v = state.NewSecret("done")
	case state.KindText:
		v = state.NewSecret(l.hub.register(q.URL))
	case state.KindSecret:
		v = l.hub.shown[q.URL]
	default:
		v = state.NewSecret("yes")
	}
	if q.Accept != nil {
		if err := q.Accept(state.Answer{Value: v}); err != nil {
			return state.Answer{}, err
		}
	}
	return state.Answer{Value: v, From: "you"}, nil
}

// said is a report in a line, with what is wrong in it.
func said(r steps.Report) string {
	var out []string
	for _, row := range r.Rows {
		s := row.Info.ID + "=" + string(row.Status())
		if row.Err != nil {
			s += " (" + row.Err.Error() + ")"
		}
		for _, p := range row.Finding.Problems {
			s += " [" + p.Error() + "]"
		}
		out = append(out, s)
	}
	return strings.Join(out, "\n")
}

// everything that a finding says, for a test to look into.
func everything(f steps.Finding) string {
	out := []string{f.Text, f.Hint}
	for _, c := range f.Changes {
		out = append(out, c.Verb+" "+c.What)
	}
	for _, p := range f.Problems {
		out = append(out, p.Error(), p.Fix, p.URL)
	}
	return strings.Join(out, "\n")
}

// sight is a world, and what a step finds there.
type sight struct {
	name   string
	set    func(l *lab)
	status steps.Status
	ids    string // of its problems, in order
	says   string // in its text, hint, changes or problems
}

// sights lets the step look at each world, made anew by begin.
func sights(t *testing.T, step string, begin func(t *testing.T) *lab, all []sight) {
	t.Helper()
	for _, tt := range all {
		t.Run(tt.name, func(t *testing.T) {
			l := begin(t)
			tt.set(l)
			f, err := l.look(t, step)
			if err != nil {
				t.Fatal(err)
			}
			var ids []string
			for _, p := range f.Problems {
				ids = append(ids, p.ID)
			}
			if got := strings.TrimSpace(strings.Join(ids, " ")); f.Status != tt.status || got != tt.ids || !strings.Contains(everything(f), tt.says) {
				t.Errorf("found %s [%s]\n%s\nwant %s [%s] with %q", f.Status, got, everything(f), tt.status, tt.ids, tt.says)
			}
			if len(l.wrote) > 0 {
				t.Errorf("a look wrote %v", l.wrote)
			}
		})
	}
}

// testKey makes one RSA key for all tests; it is only looked at.
var testKey = sync.OnceValue(func() []byte {
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		panic(err)
	}
	return x509.MarshalPKCS1PrivateKey(key)
})

// appPEM is an App's private key: another text for each App.
func appPEM(n int64) state.Secret {
	return state.NewSecret(string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Headers: map[string]string{"App": fmt.Sprint(n)}, Bytes: testKey()})))
}

// story runs these steps with the power that a test gives.
func (l *lab) story(t *testing.T, only ...string) func(*stepstest.Power) steps.Report {
	t.Helper()
	return func(p *stepstest.Power) steps.Report {
		l.power = p
		return l.setup(t, only...)
	}
}

// allReady wants these steps ready, and a run after it to write nothing.
func (l *lab) allReady(t *testing.T, r steps.Report, ids ...string) {
	t.Helper()
	for _, id := range ids {
		if row, _ := r.Row(id); !row.Status().True() {
			t.Errorf("%s is not ready\n%s", id, said(r))
		}
	}
	l.wrote, l.asks, l.power = nil, nil, &stepstest.Power{}
	if l.setup(t, ids...); len(l.wrote)+len(l.asks) > 0 {
		t.Errorf("one more run wrote %v and asked %d times", l.wrote, len(l.asks))
	}
}

// ear is an Out for one call of a step.
type ear struct {
	text strings.Builder
	keep steps.Keeper
	ask  steps.Asker
}

func (e *ear) Logf(format string, a ...any) { fmt.Fprintf(&e.text, format+"\n", a...) }

func (e *ear) Progress(int64, int64) {}

func (e *ear) Ask(ctx context.Context, q state.Question) (state.Answer, error) { return e.ask(ctx, q) }

func (e *ear) Keep(ctx context.Context, all ...state.Sealed) error { return e.keep(ctx, all...) }

// orNil makes a nil error one that says nothing.
func orNil(err error) error {
	if err == nil {
		return state.Problem{}
	}
	return err
}
