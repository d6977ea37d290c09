package niks3_test

import (
	"bufio"
	"crypto/rand"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/providers/fake"
	"github.com/nixwright/nixwright/providers/niks3/niks3test"
	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/shape"
)

// versions are what the built-in world can be.
var versions = map[string]niks3test.Offers{
	fake.Niks3Early: {},
	fake.Niks3V161:  {Config: true, Status: true},
	fake.Niks3V170:  {Config: true, Status: true, Pins: true},
	fake.Niks3Newer: {Config: true, Status: true, Pins: true, Stats: true, Metrics: true},
}

func TestFake(t *testing.T) {
	t.Parallel()
	for version, offers := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			niks3test.Conformance(t, func(t *testing.T) niks3test.World {
				t.Helper()
				return fakeWorld(t, version, offers)
			})
		})
	}
}

func fakeWorld(t *testing.T, version string, offers niks3test.Offers) niks3test.World {
	t.Helper()
	w, err := fake.Start(t.Context(), t.TempDir(), "fresh", fake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	key, err := shape.NewSigningKey("cache.phlip9.com-1", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, err := shape.PublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.DeployNiks3(state.NewSecret(token), key); err != nil {
		t.Fatal(err)
	}
	set := func(t *testing.T, f func(*fake.Niks3State)) {
		t.Helper()
		if err := w.Update(func(s *fake.State) error { f(&s.CI.Niks3); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	set(t, func(n *fake.Niks3State) { n.Version = version })
	return niks3test.World{
		Base: w.Endpoints().Niks3, Token: state.NewSecret(token), CacheURL: "https://cache.phlip9.com", PublicKey: public, Offers: offers,
		Hold: func(t *testing.T) func() {
			t.Helper()
			set(t, func(n *fake.Niks3State) { n.Held = true })
			return func() { set(t, func(n *fake.Niks3State) { n.Held = false }) }
		},
		Refuse: func(t *testing.T, refuse bool) {
			t.Helper()
			set(t, func(n *fake.Niks3State) { n.Refused = refuse })
		},
		Push: func(t *testing.T) string {
			t.Helper()
			const path = "/nix/store/0sm0hb161mq6n22bf4lknc3kqprqx342-demo-hello"
			if err := w.PushNiks3(path, "hello\n"); err != nil {
				t.Fatal(err)
			}
			return path
		},
		Restart: func(t *testing.T) {
			t.Helper()
			if err := w.RestartNiks3(); err != nil {
				t.Fatal(err)
			}
		},
	}
}

// TestFakeRoutes compares the routes of the pretend niks3 with those that were
// read out of each version's source.
func TestFakeRoutes(t *testing.T) {
	t.Parallel()
	lacks := recordedRoutes(t)
	for recorded, version := range map[string]string{
		"HEAD": fake.Niks3Newer, "v1.7.0 (2026-06-25)": fake.Niks3V170, "v1.6.1 (2026-06-08)": fake.Niks3V161,
		"1db826c (2026-05-19)": fake.Niks3V161, "507b884 (2026-01-28)": fake.Niks3Early,
	} {
		if recorded != "HEAD" && len(lacks[recorded]) == 0 {
			t.Fatalf("nothing is recorded of %s: %v", recorded, lacks)
		}
		w := fakeWorld(t, version, versions[version])
		for _, route := range []string{
			"DELETE /api/pins/{name}", "GET /api/cache-config", "GET /api/cache-stats", "GET /api/gc/status", "GET /api/pins",
			"GET /metrics", "HEAD /api/objects/{key...}", "POST /api/pins/{name}",
		} {
			method, path, _ := strings.Cut(route, " ")
			req, err := http.NewRequestWithContext(t.Context(), method, w.Base+strings.NewReplacer("{name}", "x", "{key...}", "x").Replace(path), nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			has := resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusUnauthorized // without a token
			if has == lacks[recorded][route] {
				t.Errorf("%s: %s answers %d", recorded, route, resp.StatusCode)
			}
		}
	}
}

// recordedRoutes are those that versions lack.
func recordedRoutes(t *testing.T) map[string]map[string]bool {
	t.Helper()
	file, err := os.Open(filepath.Join(recordings(t), "routes-diff-by-version.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	out, version := map[string]map[string]bool{}, ""
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if after, found := strings.CutPrefix(lines.Text(), "## vs HEAD: "); found {
			version = after
			out[version] = map[string]bool{}
		} else if route, found := strings.CutPrefix(lines.Text(), "< "); found {
			out[version][strings.Trim(route, `"`)] = true
		}
	}
	return out
}
