package fake

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/nixwright/nixwright/state"
)

// openJSON and sealJSON are a sops file for tests: who may read, and what.
type sealedJSON struct {
	Recipients []string          `json:"recipients"`
	Values     map[string]string `json:"values"`
}

func openJSON(path, identity string) (map[string]string, error) {
	var in sealedJSON
	b, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(b, &in)
	}
	if err != nil {
		return nil, err
	}
	who, err := age.ParseX25519Identity(identity)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(in.Recipients, who.Recipient().String()) {
		return nil, errors.New("Error getting data key: 0 successful groups required, got 0")
	}
	return in.Values, nil
}

func sealJSON(path string, recipients []string, secrets []state.Sealed) error {
	out := sealedJSON{Recipients: recipients, Values: map[string]string{}}
	for _, s := range secrets {
		out.Values[string(s.Name)] = s.Value.Reveal()
	}
	b, err := json.Marshal(out)
	if err != nil {
		return err
	}
	return state.WriteFile(path, b, 0o600)
}

func ask(t *testing.T, req *http.Request) hubReply {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return hubReply{t: t, what: req.Method + " " + req.URL.Path, status: res.StatusCode, header: res.Header, body: b}
}

func fetch(t *testing.T, method, at string, header http.Header, body string) hubReply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, at, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if header != nil {
		req.Header = header
	}
	return ask(t, req)
}

func (w *World) root() string { return filepath.Dir(filepath.Dir(w.dir)) }

func put(t *testing.T, w *World, path, text string) {
	t.Helper()
	if err := state.WriteFile(filepath.Join(w.root(), path), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func deployNow(t *testing.T, w *World) (exit int, lines string) {
	t.Helper()
	var out bytes.Buffer
	exit = RoleDeploy(t.Context(), w.control(), w.root(), &out, &out)
	return exit, out.String()
}

func ssh(t *testing.T, w *World, args ...string) (exit int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	exit = RoleSSH(t.Context(), w.control(), args, &out, &errs)
	return exit, out.String(), errs.String()
}

func TestDeployHalfDone(t *testing.T) {
	t.Parallel()
	w := startWorld(t, "half-done", Options{Open: openJSON, Seal: sealJSON})
	if err := w.Prepare(); err != nil {
		t.Fatal(err)
	}
	hook := w.url("ci") + "/webhooks/github-buildbot-ci"
	if got := fetch(t, "POST", hook, nil, "{}"); got.status != http.StatusBadGateway {
		t.Errorf("the hook made by hand answers %d", got.status)
	}
	if exit, out := deployNow(t, w); exit != 1 || !strings.Contains(out, "does not exist") {
		t.Fatalf("deployed without facts: %d %s", exit, out)
	}
	put(t, w, "nixos/mods/buildbot-ci.nix", "{ }")
	put(t, w, "nixos/omnara1/ci-facts.json", `{"login":{"proxy":"Ov23liO4sP0FzyZ3QmO5","buildbot":"Ov23lipvJOGiZTG0aqv9"},"access":"two-logins"}`)
	h := newHub(t, w)
	h.do("PUT", dotfiles+"/topics", `{"names":["nix","dotfiles","buildbot-phlip9"]}`).want(200)
	install(t, w, "phlip9-buildbot-ci", h.do("GET", dotfiles, "").text("id"))
	if exit, out := deployNow(t, w); exit != 0 {
		t.Fatalf("deploy: %d %s", exit, out)
	}

	var sums strings.Builder
	for _, f := range []string{"nixos/omnara1/ci-facts.json", "nixos/mods/buildbot-ci.nix", "nixos/omnara1/secrets.yaml"} {
		b, err := os.ReadFile(filepath.Join(w.root(), f))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = fmt.Fprintf(&sums, "%x", sha256.Sum256(b))
	}
	sum := sha256.Sum256([]byte(sums.String()))
	if _, out, _ := ssh(t, w, "--", "omnara1.phlip9.com", "cat", "/etc/nixwright/applied.json"); !strings.Contains(out, hex.EncodeToString(sum[:])) {
		t.Errorf("applied: %s", out)
	}
	var key string
	var builds []ciBuild
	w.Look(func(s *State) {
		key, builds = s.Host.Secrets["buildbot-github-app-secret-key"], slices.Clone(s.CI.Builds)
	})
	list := h.as(jwtNow(t, key, "2746100")).do("GET", "/app/hook/deliveries", "").want(200)
	if list.len() != 1 || list.text(0, "event") != "push" || list.text(0, "status_code") != "200" {
		t.Errorf("App deliveries: %s", list.body)
	}
	if h.do("GET", dotfiles+"/hooks", "").len() != 1 {
		t.Error("an App without the permission made a hook")
	}
	if got := fetch(t, "POST", hook, nil, "{}"); got.status != 400 || string(got.body) != "Request has no required signature" {
		t.Errorf("unsigned: %d %s", got.status, got.body)
	}
	if len(builds) != 1 {
		t.Fatalf("builds %v", builds)
	}
	checkCache(t, w, builds[0].OutPath)
	exit, out := deployNow(t, w)
	if w.Look(func(s *State) { builds = slices.Clone(s.CI.Builds) }); exit != 0 || len(builds) != 1 {
		t.Errorf("deployed again: %d %s, %d builds", exit, out, len(builds))
	}
}

func checkCache(t *testing.T, w *World, out string) {
	t.Helper()
	name, _, _ := strings.Cut(filepath.Base(out), "-")
	if len(name) != 32 {
		t.Errorf("hash of %s", out)
	}
	got := fetch(t, "GET", w.url("cache")+"/"+name+".narinfo", http.Header{"Accept-Encoding": {"zstd"}}, "")
	if got.status != 200 || got.header.Get("Content-Encoding") != "zstd" {
		t.Errorf("narinfo: %d %v", got.status, got.header)
	}
	if got := fetch(t, "GET", w.url("cache")+"/nix-cache-info", nil, ""); got.status != 200 {
		t.Errorf("nix-cache-info: %d", got.status)
	}
}

// freshDeployed is a fresh world after its App, install, topic, files and
// deployment.
func freshDeployed(t *testing.T) (*World, *hubClient) {
	t.Helper()
	w := startWorld(t, "fresh", Options{Open: openJSON, Seal: sealJSON})
	h := newHub(t, w)
	made := makeApp(t, w, "phlip9-buildbot-ci", "")
	login := makeApp(t, w, "phlip9-ci-oauth2-proxy", `,"callback_urls":["https://ci.phlip9.com/oauth2/callback"],"default_permissions":{"emails":"read"},"public":true`)
	install(t, w, "phlip9-buildbot-ci", h.do("GET", dotfiles, "").text("id"))
	h.do("PUT", dotfiles+"/topics", `{"names":["nix","buildbot-phlip9"]}`).want(200)
	put(t, w, "nixos/mods/buildbot-ci.nix", "{ }")
	put(t, w, "nixos/omnara1/ci-facts.json", `{"proxy":"`+login.text("client_id")+`"}`)
	values := map[string]string{
		"buildbot-nix-workers": `[{"name":"omnara1","pass":"password-password","cores":10}]`, "buildbot-nix-worker-password": "password-password",
		"buildbot-github-webhook-secret": "hook-secret", "buildbot-github-app-secret-key": made.text("pem"),
		"buildbot-http-basic-auth-password": "internal", "oauth2-proxy-client-secret": login.text("client_secret"),
		"oauth2-proxy-cookie-secret": strings.Repeat("c", 32), "niks3-s3-access-key": "a", "niks3-s3-secret-key": "s",
		"niks3-api-token": strings.Repeat("t", 64), "niks3-signing-key": "k:" + strings.Repeat("A", 86) + "==",
	}
	var all []state.Sealed
	for k, v := range values {
		all = append(all, state.Sealed{Name: state.SecretName(k), Value: state.NewSecret(v)})
	}
	var host string
	w.Look(func(s *State) { host = s.Host.identity() })
	recipient, err := ageRecipient(host)
	if err != nil {
		t.Fatal(err)
	}
	secrets := filepath.Join(w.root(), "nixos/omnara1/secrets.yaml")
	if err := sealJSON(secrets, []string{"age1other"}, all); err != nil {
		t.Fatal(err)
	}
	if exit, out := deployNow(t, w); exit != 1 || !strings.Contains(out, "failed to decrypt") {
		t.Fatalf("deployed without the host's key: %d %s", exit, out)
	}
	if err := sealJSON(secrets, []string{recipient}, all[1:]); err != nil {
		t.Fatal(err)
	}
	if exit, out := deployNow(t, w); exit != 1 || !strings.Contains(out, "cannot be found") {
		t.Fatalf("deployed without a secret: %d %s", exit, out)
	}
	if err := sealJSON(secrets, []string{recipient}, all); err != nil {
		t.Fatal(err)
	}
	if exit, out := deployNow(t, w); exit != 0 {
		t.Fatalf("deploy: %d %s", exit, out)
	}
	return w, h
}

func TestDeployFresh(t *testing.T) {
	t.Parallel()
	_, h := freshDeployed(t)
	hooks := h.do("GET", dotfiles+"/hooks", "")
	if hooks.len() != 2 || hooks.text(1, "config", "url") != "https://ci.phlip9.com/change_hook/github" || hooks.text(1, "last_response", "code") != "200" {
		t.Errorf("hooks %s", hooks.body)
	}
	at := dotfiles + "/hooks/" + hooks.text(1, "id")
	h.do("POST", at+"/tests", "").want(204)
	list := h.do("GET", at+"/deliveries", "")
	if list.text(0, "event") != "push" || list.text(0, "status_code") != "200" || list.text(1, "event") != "ping" {
		t.Errorf("deliveries %s", list.body)
	}
	d := h.do("GET", at+"/deliveries/"+list.text(0, "id"), "").want(200)
	if d.text("response", "payload") != "1 change found" {
		t.Errorf("buildbot said %s", d.text("response", "payload"))
	}
}
