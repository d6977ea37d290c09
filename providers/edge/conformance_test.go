package edge_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/nixwright/nixwright/providers/edge"
	"github.com/nixwright/nixwright/providers/edge/edgetest"
	"github.com/nixwright/nixwright/providers/fake"
	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/providers/httpx/httpxtest"
	"github.com/nixwright/nixwright/providers/realtest"
	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/shape"
)

const appHook = "/webhooks/github-buildbot-ci"

// once is a client that asks each thing once.
func once(base http.RoundTripper) *http.Client {
	return httpx.New(httpx.Options{Base: base, Attempts: 1})
}

func TestConformanceOnTheBuiltInWorld(t *testing.T) {
	t.Parallel()
	edgetest.Conformance(t, func(t *testing.T, access string) edgetest.World {
		t.Helper()
		return pretend(t, access)
	})
}

// pretend is a built-in world with a CI that was deployed.
func pretend(t *testing.T, access string) edgetest.World {
	t.Helper()
	w, err := fake.Start(t.Context(), t.TempDir(), "fresh", fake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	out := edgetest.World{
		Base: w.Endpoints().CI, Domain: "ci.phlip9.com", GitHub: w.Endpoints().GitHubWeb, Client: realtest.FrontClientID,
		Secret: state.NewSecret("the-webhook-secret"), Hook: appHook,
		Stop: func(unit string) { units(t, w, map[string]string{unit: "inactive"}) },
	}
	err = w.Update(func(s *fake.State) error {
		s.CI.Mode, s.CI.Proxy, s.CI.Secrets = access, out.Client, map[string]string{string(shape.WebhookSecretName): out.Secret.Reveal()}
		s.Config.CI.Access, s.Config.CI.WebhookPath = access, appHook
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	units(t, w, map[string]string{"oauth2-proxy": "active", "buildbot-master": "active"})
	out.Edge = edge.New(once(nil), out.Base)
	return out
}

// units sets what systemd says of units, keeping the others.
func units(t *testing.T, w *fake.World, active map[string]string) {
	t.Helper()
	err := w.Update(func(s *fake.State) error {
		have, err := json.Marshal(s.Host.Units)
		if err != nil {
			return err
		}
		var all []map[string]any
		if err := json.Unmarshal(have, &all); err != nil {
			return err
		}
		for name, is := range active {
			all = slices.DeleteFunc(all, func(u map[string]any) bool { return u["name"] == name+".service" })
			all = append(all, map[string]any{"name": name + ".service", "active": is})
		}
		have, err = json.Marshal(all)
		if err != nil {
			return err
		}
		s.Host.Units = nil
		return json.Unmarshal(have, &s.Host.Units)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// One buildbot stands behind both fronts, each time through a relay of its
// own; how buildbot signs people in is not seen from outside.
func TestOnTheRealFront(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"nginx", "oauth2-proxy", "nix-instantiate"} {
		realtest.Find(t, name)
	}
	secret := realtest.Made(t, shape.WebhookSecretName)
	b := realtest.Buildbot(t, realtest.BuildbotOptions{BaseURL: "https://" + realtest.FrontDomain + "/", WebhookSecret: secret.Reveal()})
	t.Run("recorded", func(t *testing.T) { recordedOnes(t, realAnswers(t, b), secret, whole, nil) })
	edgetest.Conformance(t, func(t *testing.T, access string) edgetest.World {
		t.Helper()
		behind, gone := realtest.Relay(t, strings.TrimPrefix(b.URL, "http://"))
		f := realtest.StartFront(t, realtest.FrontOptions{Access: access, Buildbot: behind, HookPath: appHook})
		stop := map[string]func(){"buildbot-master": gone, "oauth2-proxy": f.Proxy.Stop}
		return edgetest.World{
			Edge: edge.New(once(f.Transport()), f.URL), Base: f.URL, Domain: realtest.FrontDomain, GitHub: "https://github.com",
			Client: realtest.FrontClientID, Secret: secret, Hook: appHook, Stop: func(unit string) { stop[unit]() },
		}
	})
}

// unheard are the faults under which nothing is known; under every other there
// is an answer, which is a page whatever it is.
var unheard = []string{"no connection", "no answer", "answer lost", "cut"}

func TestStorm(t *testing.T) {
	t.Parallel()
	var answers []string
	for _, f := range httpxtest.Faults() {
		if !slices.Contains(unheard, f.Name) {
			answers = append(answers, f.Name)
		}
	}
	httpxtest.Storm(t, func(t *testing.T) (httpxtest.World, []httpxtest.Operation) {
		t.Helper()
		var hooks atomic.Int64
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				hooks.Add(1)
			}
			_, _ = w.Write([]byte("an answer of some length"))
		}))
		t.Cleanup(srv.Close)
		s := srv.URL
		secret := state.NewSecret("the-webhook-secret")
		return httpxtest.World{Writes: func() int { return int(hooks.Load()) }, Hidden: []string{secret.Reveal()}}, []httpxtest.Operation{
			{Name: "/ping", Fine: answers, Call: func(ctx context.Context, hc *http.Client) (any, error) {
				return edge.New(hc, s).Get(ctx, "/ping")
			}},
			{Name: "/ws", Fine: answers, Call: func(ctx context.Context, hc *http.Client) (any, error) {
				return edge.New(hc, s).Upgrade(ctx, "/ws")
			}},
			{Name: "/change_hook/github", Fine: answers, Call: func(ctx context.Context, hc *http.Client) (any, error) {
				return edge.New(hc, s).Hook(ctx, "/change_hook/github", &secret)
			}},
		}
	})
}
