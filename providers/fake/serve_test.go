package fake

import (
	"context"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/sha256"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"filippo.io/age/plugin"
	"filippo.io/edwards25519"
	"github.com/pelletier/go-toml/v2"

	"github.com/nixwright/nixwright/state"
)

func TestPrepare(t *testing.T) {
	t.Parallel()
	for _, scenario := range []string{"fresh", "half-done"} {
		t.Run(scenario, func(t *testing.T) {
			w := startWorld(t, scenario, Options{Open: openJSON, Seal: sealJSON})
			put(t, w, "flake.nix", "mine")
			if err := w.Prepare(); err != nil {
				t.Fatal(err)
			}
			b, err := os.ReadFile(filepath.Join(w.root(), state.ConfigName))
			if err != nil {
				t.Fatal(err)
			}
			var got state.Config
			if err := toml.Unmarshal(b, &got); err != nil {
				t.Fatalf("%v in %s", err, b)
			}
			want := scenarioConfig(scenario)
			if got.Endpoints.GitHubAPI != w.url("github") || got.Adopt != want.Adopt || got.CI.Access != want.CI.Access || got.Workers[0] != want.Workers[0] {
				t.Errorf("answers %s", b)
			}
			if !slices.Equal(got.Deploy.Command, []string{"/opt/nix wright/nixwright", "world-role", "deploy", w.control(), w.root()}) {
				t.Errorf("deploy command %v", got.Deploy.Command)
			}
			if b, err = os.ReadFile(filepath.Join(w.root(), "flake.nix")); err != nil || string(b) != "mine" {
				t.Errorf("flake.nix %s, %v", b, err)
			}
			key, err := os.ReadFile(w.Env()["SOPS_AGE_KEY_FILE"])
			if err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(strings.TrimSpace(string(key)), "\n")
			values, err := openJSON(filepath.Join(w.root(), "nixos/omnara1/secrets.yaml"), lines[1])
			if half := scenario == "half-done"; half != (err == nil) || (half && len(values) != 11) {
				t.Errorf("secrets %v, %v", len(values), err)
			}
			if got := w.Env()["BROWSER"]; got != "'/opt/nix wright/nixwright' world-role browser" {
				t.Errorf("BROWSER %s", got)
			}
		})
	}
}

// The half-done world's values are those that work in it.
func TestHalfDoneWorks(t *testing.T) {
	t.Parallel()
	w := startWorld(t, "half-done", Options{})
	var s map[string]string
	var bucket string
	w.Look(func(st *State) { s, bucket = st.Host.Secrets, st.Config.Cache.R2.Bucket })
	if !w.KeysWork(bucket, s["niks3-s3-access-key"], s["niks3-s3-secret-key"], true) {
		t.Error("the S3 keys are refused")
	}
	app := newHub(t, w).as(jwtNow(t, s["buildbot-github-app-secret-key"], "2746100"))
	if got := app.do("GET", "/app", "").want(200); got.text("client_id") != "Iv23liE6dM8w5D4JF7Qz" || got.get("permissions", "repository_hooks") != nil {
		t.Errorf("App %s", got.body)
	}
	if got := app.do("GET", "/app/hook/config", "").text("url"); got != "https://ci.phlip9.com/webhooks/github-buildbot-ci" {
		t.Errorf("App hook %s", got)
	}
	app.do("GET", dotfiles+"/installation", "").want(404)
	if got := (deployed{mode: state.TwoLogins, secrets: s}).broken(); got != nil {
		t.Errorf("units that would fail: %v", got)
	}
	if exit, _, errs := ssh(t, w, "omnara1.phlip9.com", "cat", appliedFile); exit != 1 {
		t.Errorf("our module is there already: %s", errs)
	}
	if got := fetch(t, "GET", w.url("ci")+"/", nil, ""); got.status != http.StatusFound {
		t.Errorf("edge answers %d", got.status)
	}
}

func TestRestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w, err := Start(t.Context(), dir, "", Options{})
	if err != nil {
		t.Fatal(err)
	}
	at, token := w.Endpoints(), w.Env()["GH_TOKEN"]
	newHub(t, w).do("PUT", dotfiles+"/topics", `{"names":["kept"]}`).want(200)
	w.Close()
	if w, err = Start(t.Context(), dir, "half-done", Options{}); err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if again := w.Endpoints(); again.GitHubAPI != at.GitHubAPI || again.DNS != at.DNS || w.Env()["GH_TOKEN"] != token {
		t.Errorf("endpoints %v, were %v", again, at)
	}
	if got := newHub(t, w).do("GET", dotfiles+"/topics", "").text("names"); got != "[kept]" {
		t.Errorf("topics %s", got)
	}
	if _, err := Start(t.Context(), t.TempDir(), "nosuch", Options{}); err == nil {
		t.Error("a scenario of no name")
	}
}

func TestDNSNames(t *testing.T) {
	t.Parallel()
	for scenario, want := range map[string]bool{"fresh": false, "half-done": true} {
		w := startWorld(t, scenario, Options{})
		r := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "udp", w.Endpoints().DNS)
		}}
		if got, err := r.LookupHost(t.Context(), "omnara1.phlip9.com"); err != nil || !slices.Equal(got, []string{"203.0.113.7"}) {
			t.Errorf("%s: host %v, %v", scenario, got, err)
		}
		if got, err := r.LookupHost(t.Context(), "ci.phlip9.com"); (err == nil) != want {
			t.Errorf("%s: ci %v, %v", scenario, got, err)
		}
	}
}

// The host's identity is what ssh-to-age makes of its public key.
func TestHostRecipient(t *testing.T) {
	t.Parallel()
	h := newHost("seed", "omnara1", "203.0.113.7")
	got, err := ageRecipient(h.identity())
	if err != nil {
		t.Fatal(err)
	}
	pub, _ := ed25519.NewKeyFromSeed(h.Seed).Public().(ed25519.PublicKey)
	point, err := new(edwards25519.Point).SetBytes(pub)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdh.X25519().NewPublicKey(point.BytesMontgomery())
	if err != nil {
		t.Fatal(err)
	}
	if want, err := plugin.EncodeX25519Recipient(key); err != nil || got != want {
		t.Errorf("recipient %s, want %s, %v", got, want, err)
	}
}

// The forms are those of nix-hash --flat --base32 and nix-hash --base32 of a
// file that says hello.
func TestNixForms(t *testing.T) {
	t.Parallel()
	flat, nar := sha256.Sum256([]byte("hello")), sha256.Sum256(narOf("hello"))
	if got := nixBase32(flat[:]); got != "094qif9n4cq4fdg459qzbhg1c6wywawwaaivx0k0x8xhbyx4vwic" {
		t.Errorf("file: %s", got)
	}
	if got := nixBase32(nar[:]); got != "0sg9f58l1jj88w6pdrfdpj5x9b1zrwszk84j81zvby36q9whhhqa" {
		t.Errorf("NAR: %s", got)
	}
}

// TestDelayed: an answer takes its time, and none is made for one who left.
func TestDelayed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		answered := 0
		h := delayed(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { answered++ }), time.Hour)
		begin := time.Now()
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
		if answered != 1 || time.Since(begin) != time.Hour {
			t.Errorf("answered %d after %v", answered, time.Since(begin))
		}
		left, leave := context.WithCancel(t.Context())
		leave()
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(left, http.MethodGet, "/", nil))
		if answered != 1 {
			t.Error("answered one who left")
		}
	})
}
