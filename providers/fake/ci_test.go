package fake

import (
	"crypto/sha1"
	"crypto/sha256"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/state"
)

func TestEdge(t *testing.T) {
	t.Parallel()
	before := startWorld(t, "fresh", Options{})
	if got := fetch(t, "GET", before.url("ci")+"/", nil, ""); got.status != http.StatusBadGateway {
		t.Errorf("before deployment: %d", got.status)
	}
	private, _ := freshDeployed(t)
	two, _ := freshDeployed(t)
	if err := two.Update(func(s *State) error { s.CI.Mode, s.Config.CI.WebhookPath = state.TwoLogins, "/webhooks/x"; return nil }); err != nil {
		t.Fatal(err)
	}
	const missing, ok = "Request has no required signature", "OK"
	for _, c := range []struct {
		world              *World
		method, path, body string
		status             int
		to                 string
	}{
		{private, "GET", "/", "Sign in with GitHub", 403, ""},
		{private, "GET", "/api/v2/builds", "{}", 401, ""},
		{private, "GET", "/ws", "{}", 401, ""},
		{private, "GET", "/sse/listen/builds/*/*", "Sign in", 403, ""},
		{private, "GET", "/nix-outputs/", "302 Found", 302, "/oauth2/start?rd=/nix-outputs/"},
		{private, "GET", "/ping", ok, 200, ""},
		{private, "GET", "/oauth2/auth", "Unauthorized", 401, ""},
		{private, "GET", "/oauth2/callback", "", 500, ""},
		{private, "GET", "/oauth2/start?rd=/", "Found", 302, "scope=read%3Auser+user%3Aemail+read%3Aorg"},
		{private, "GET", "/change_hook/github", missing, 400, ""},
		{private, "POST", "/change_hook/github", missing, 400, ""},
		{private, "POST", "/change_hook/gitlab", "wasn't whitelisted", 400, ""},
		{two, "GET", "/", "Found", 302, "scope=read%3Auser+user%3Aemail+read%3Aorg"},
		{two, "GET", "/api/v2/builds", "Found", 302, "%3A%2Fapi%2Fv2%2Fbuilds"},
		{two, "GET", "/ws", "Found", 302, "/login/oauth/authorize"},
		{two, "GET", "/nix-outputs/", "302 Found", 302, "/oauth2/start?rd=/nix-outputs/"},
		{two, "POST", "/change_hook/github", missing, 400, ""},
		{two, "POST", "/webhooks/x", missing, 400, ""},
	} {
		t.Run(c.method+c.path, func(t *testing.T) {
			got := fetch(t, c.method, c.world.url("ci")+c.path, nil, "")
			if got.status != c.status || !strings.Contains(string(got.body), c.body) || !strings.Contains(got.header.Get("Location"), c.to) {
				t.Errorf("answers %d %s to %s", got.status, got.body, got.header.Get("Location"))
			}
			cookie := got.header.Get("Set-Cookie")
			if strings.Contains(got.header.Get("Location"), "authorize") && (!strings.Contains(cookie, "; Secure") || !strings.Contains(cookie, "; HttpOnly")) {
				t.Errorf("cookie %q", cookie)
			}
		})
	}
}

func TestChangeHook(t *testing.T) {
	t.Parallel()
	w, _ := freshDeployed(t)
	const body = `{"ref":"refs/heads/master","after":"1","repository":{"full_name":"phlip9/dotfiles"}}`
	for _, c := range []struct {
		name, event, sign, says string
		status                  int
	}{
		{"wrong", "ping", "sha1=00", "Hash mismatch", 400},
		{"newer", "ping", "sha256=" + hubMAC(sha256.New, "hook-secret", body), "Unknown hash type: sha256", 400},
		{"none", "ping", "", "Request has no required signature", 400},
		{"odd", "ping", "sha1", "Wrong signature format: sha1", 400},
		{"ping", "ping", "sha1=" + hubMAC(sha1.New, "hook-secret", body), "no change found", 200},
		{"push", "push", "sha1=" + hubMAC(sha1.New, "hook-secret", body), "1 change found", 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := fetch(t, "POST", w.url("buildbot")+"/change_hook/github", http.Header{
				"X-Github-Event": {c.event}, "X-Hub-Signature": {c.sign}, "Content-Type": {"application/json"},
			}, body)
			if got.status != c.status || string(got.body) != c.says {
				t.Errorf("answers %d %s", got.status, got.body)
			}
		})
	}
}

func TestBuildbotREST(t *testing.T) {
	t.Parallel()
	w, _ := freshDeployed(t)
	api := w.url("buildbot") + "/api/v2"
	get := func(path string) hubReply { return fetch(t, "GET", api+path, nil, "") }
	if got := get("/builders"); got.text("builders", 3, "name") != "phlip9/dotfiles/nix-build" {
		t.Errorf("builders %s", got.body)
	}
	got := get("/builds?complete=true&order=-complete_at&limit=5&property=*").want(200)
	out := got.text("builds", 0, "properties", "out_path", 0)
	if !strings.HasPrefix(out, "/nix/store/") || got.text("builds", 0, "properties", "buildername", 0) != "phlip9/dotfiles/nix-build" {
		t.Errorf("builds %s", got.body)
	}
	builder := got.text("builds", 0, "builderid")
	for path, want := range map[string]string{
		"/builders/" + builder + "/builds": "map[total:1]",
		"/builds?complete=false":           "map[total:0]",
		"/builds?results=0&results=1":      "map[total:1]",
		"/builds?builderid__ne=" + builder: "map[total:0]",
		"/builders?name__contains=nix-":    "map[total:6]",
		"/workers":                         "map[total:11]",
		"/projects":                        "map[total:1]",
		"/builds/1":                        "map[]",
	} {
		if got := get(path).want(200); got.text("meta") != want {
			t.Errorf("%s: %s, want %s", path, got.body, want)
		}
	}
	if got := get("/builds?nosuch=1").want(400); got.text("error") != "unrecognized query parameter 'nosuch'" {
		t.Errorf("bad filter: %s", got.body)
	}
	get("/builds/9999").want(404)
}

func TestNiks3(t *testing.T) {
	t.Parallel()
	w, _ := freshDeployed(t)
	at := w.url("niks3")
	good := http.Header{"Authorization": {"Bearer " + strings.Repeat("t", 64)}}
	for _, c := range []struct {
		method, path string
		header       http.Header
		status       int
		says         string
	}{
		{"GET", "/health", nil, 200, "OK"},
		{"GET", "/api/cache-config", nil, 200, `"public_keys":["k:AAAA`},
		{"GET", "/api/gc/status", nil, 401, "Unauthorized"},
		{"GET", "/api/gc/status", good, 404, "no garbage collection has run yet"},
		{"POST", "/api/closures", good, 405, "Method Not Allowed"},
		{"DELETE", "/api/closures", nil, 401, "Unauthorized"},
		{"DELETE", "/api/closures", good, 400, "missing age"},
		{"DELETE", "/api/closures?older-than=30d", good, 400, `failed to parse age: time: unknown unit "d" in duration "30d"`},
		{"DELETE", "/api/closures?older-than=720h", good, 202, `"state":"running"`},
		{"GET", "/api/gc/status", good, 200, `"state":"succeeded"`},
		{"GET", "/metrics", nil, 404, "404 page not found"},
		{"GET", "/api/cache-stats", nil, 404, "404 page not found"},
	} {
		if got := fetch(t, c.method, at+c.path, c.header, ""); got.status != c.status || !strings.Contains(string(got.body), c.says) {
			t.Errorf("%s %s: %d %s, want %d %s", c.method, c.path, got.status, got.body, c.status, c.says)
		}
	}
}

func TestServicesThatAreDown(t *testing.T) {
	t.Parallel()
	w := startWorld(t, "fresh", Options{})
	for _, s := range []string{"buildbot", "niks3"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url(s)+"/health", nil)
		if err != nil {
			t.Fatal(err)
		}
		if res, err := http.DefaultClient.Do(req); err == nil {
			_ = res.Body.Close()
			t.Errorf("%s answers %d before it is deployed", s, res.StatusCode)
		}
	}
}

func TestSSH(t *testing.T) {
	t.Parallel()
	w, _ := freshDeployed(t)
	for _, c := range []struct {
		name, args string
		exit       int
		says       string
	}{
		{"cat", "-o StrictHostKeyChecking=yes -oBatchMode=yes -- omnara1.phlip9.com cat /etc/ssh/ssh_host_ed25519_key.pub", 0, "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI"},
		{"two", "-T root@omnara1.phlip9.com cat -- /etc/nixwright/applied.json && nproc", 0, "12\n"},
		{"no file", "omnara1.phlip9.com cat /etc/none && nproc", 1, "cat: /etc/none: No such file or directory"},
		{"goes on", "omnara1.phlip9.com cat /etc/none ; nproc", 0, "12"},
		{"secrets", "omnara1.phlip9.com ls -1 /run/secrets", 0, "\nniks3-api-token\n"},
		{"unknown", "omnara1.phlip9.com rm -rf /", 127, "rm: command not found"},
		{"no host", "elsewhere true", 255, "Could not resolve hostname elsewhere"},
		{"config", "-G -- me@omnara1.phlip9.com", 0, "hostname omnara1.phlip9.com"},
		{"forward", "-W 127.0.0.1:1 omnara1.phlip9.com", 255, "stdio forwarding failed"},
		{"units", "omnara1.phlip9.com env LC_ALL=C TZ=UTC systemctl show --no-pager --property=Id,ActiveState,Result -- niks3.service none.service", 0, "Id=niks3.service\nActiveState=active\nResult=success\n\nId=none.service\nActiveState=inactive\n"},
		{"timer", "omnara1.phlip9.com systemctl show -p NextElapseUSecRealtime -p LastTriggerUSec niks3-gc.timer", 0, " 00:00:00 UTC\nLastTriggerUSec=\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if exit, out, errs := ssh(t, w, strings.Fields(c.args)...); exit != c.exit || !strings.Contains(out+errs, c.says) {
				t.Errorf("exit %d: %s%s", exit, out, errs)
			}
		})
	}
	if err := w.Update(func(s *State) error { s.Host.Known = false; return nil }); err != nil {
		t.Fatal(err)
	}
	if exit, _, errs := ssh(t, w, "omnara1.phlip9.com", "true"); exit != 255 || !strings.Contains(errs, "Host key verification failed.") {
		t.Errorf("unknown key: %d %s", exit, errs)
	}
}

func TestBadSecretsFailUnits(t *testing.T) {
	t.Parallel()
	good := map[string]string{
		"niks3-api-token": strings.Repeat("t", 36), "niks3-signing-key": "k:" + strings.Repeat("A", 86) + "==",
		"buildbot-nix-workers": `[{"name":"a","pass":"p","cores":1}]`, "buildbot-nix-worker-password": "p",
		"buildbot-github-app-secret-key": "-----BEGIN RSA PRIVATE KEY-----\n-----END RSA PRIVATE KEY-----\n", "oauth2-proxy-cookie-secret": strings.Repeat("c", 32),
	}
	if got := (deployed{secrets: good}).broken(); got != nil {
		t.Fatalf("good secrets: %v", got)
	}
	public := maps.Clone(good)
	public["niks3-signing-key"] = "k:" + strings.Repeat("A", 43) + "="
	if got := (deployed{secrets: public}).broken(); got != nil {
		t.Errorf("a public key as signing key: %v, and niks3 takes it", got)
	}
	for _, c := range []struct{ name, value, unit string }{
		{"niks3-api-token", "short", "niks3"},
		{"niks3-signing-key", "k:" + strings.Repeat("A", 40), "niks3"}, // neither 32 bytes nor 64
		{"buildbot-nix-workers", `[{"name":"a","password":"p"}]`, "buildbot-worker"},
		{"buildbot-nix-workers", `{}`, "buildbot-master"},
		{"buildbot-github-app-secret-key", "x", "buildbot-master"},
		{"oauth2-proxy-cookie-secret", strings.Repeat("c", 16) + "\n" + strings.Repeat("c", 16), "oauth2-proxy"},
		{"oauth2-proxy-cookie-secret", strings.Repeat("c", 20), "oauth2-proxy"},
	} {
		t.Run(c.name, func(t *testing.T) {
			bad := maps.Clone(good)
			bad[c.name] = c.value
			if got := (deployed{secrets: bad}).broken(); !slices.Contains(got, c.unit) {
				t.Errorf("failed %v, want %s", got, c.unit)
			}
		})
	}
}
