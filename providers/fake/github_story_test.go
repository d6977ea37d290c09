package fake

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestGitHubContract drives every operation through GitHub's own contract.
func TestGitHubContract(t *testing.T) {
	t.Parallel()
	w := startWorld(t, "fresh", Options{})
	h := newHub(t, w)
	h.router = hubContract(t, h.base)
	made := makeApp(t, w, "phlip9-buildbot-ci", "")
	id, key := made.text("id"), made.text("pem")
	repo := h.do("GET", dotfiles, "").want(200).text("id")
	app := h.as(jwtNow(t, key, id))
	install(t, w, made.text("slug"), repo)

	for _, path := range []string{
		"/user", "/user/orgs", "/users/phlip9", "/users/phlip9-labs", "/orgs/phlip9-labs", "/rate_limit", "/apps/phlip9-buildbot-ci",
		dotfiles + "/topics", dotfiles + "/contents/README.md", dotfiles + "/branches/master", dotfiles + "/git/ref/heads%2Fmaster",
		dotfiles + "/pulls", "/user/installations",
	} {
		h.do("GET", path, "").want(200)
	}
	for _, path := range []string{"/users/nobody", "/orgs/phlip9", "/repos/phlip9/none", "/repos/someone-else/private-things", "/apps/none"} {
		h.do("GET", path, "").want(404)
	}
	h.do("PUT", dotfiles+"/topics", `{"names":["Nix"]}`).want(200)
	h.do("PUT", dotfiles+"/topics", `{"names":["not a topic"]}`).want(422)
	driveFlake(h)

	for _, path := range []string{"/app", "/app/installations", "/app/hook/config", "/app/hook/deliveries", dotfiles + "/installation"} {
		app.do("GET", path, "").want(200)
	}
	i := app.do("GET", "/app/installations", "").text(0, "id")
	app.do("GET", "/app/installations/"+i, "").want(200)
	app.do("PATCH", "/app/hook/config", `{"secret":"x","url":"https://ci.phlip9.com/hook","content_type":"json"}`).want(200)
	token := app.do("POST", "/app/installations/"+i+"/access_tokens", "").want(201).text("token")
	h.as("token "+token).do("GET", "/installation/repositories", "").want(200)
	h.do("PUT", "/user/installations/"+i+"/repositories/"+repo, "").want(204)
	h.do("PUT", "/user/installations/999/repositories/"+repo, "").want(404)
	driveHooks(h)
	h.as("").do("POST", "/applications/"+made.text("client_id")+"/token", `{"access_token":"x"}`).want(401)

	undescribed := []string{ // driven in the root, where each permission is tried, and by the adapter's suite
		"POST /repos/{owner}/{repo}/statuses/{sha}", "GET /orgs/{login}/members", "GET /user/emails",
		"DELETE /repos/{owner}/{repo}/hooks/{id}", "DELETE /user/installations/{id}/repositories/{repo}",
		"POST /graphql", "GET /user/repos", "GET /app/hook/deliveries/{d}", "POST /app/hook/deliveries/{d}/attempts",
	}
	for pattern := range w.githubRoutes() {
		seen := pattern
		for from, to := range map[string]string{
			"...}": "}", "users/{login}": "users/{username}", "orgs/{login}": "orgs/{org}", "{number}": "{pull_number}", "/{d}": "/{delivery_id}",
			"hooks/{id}": "hooks/{hook_id}", "installations/{id}": "installations/{installation_id}", "{slug}": "{app_slug}",
			"repositories/{repo}": "repositories/{repository_id}", "{client}": "{client_id}",
		} {
			seen = strings.ReplaceAll(seen, from, to)
		}
		if !h.seen[seen] && !strings.Contains(pattern, "manifests") && !slices.Contains(undescribed, pattern) {
			t.Errorf("%s was not driven", pattern)
		}
	}
}

// driveFlake proposes a file: branch, file, pull request.
func driveFlake(h *hubClient) {
	sha := h.do("GET", dotfiles+"/branches/master", "").text("commit", "sha")
	h.do("GET", dotfiles+"/contents/flake.nix", "").want(404)
	h.do("POST", dotfiles+"/git/refs", `{"ref":"refs/heads/wip","sha":"`+sha+`"}`).want(201)
	h.do("POST", dotfiles+"/git/refs", `{"ref":"refs/heads/wip","sha":"`+sha+`"}`).want(422)
	h.do("POST", dotfiles+"/pulls", `{"title":"t","head":"wip","base":"master"}`).want(422) // no commits yet
	h.do("PUT", dotfiles+"/contents/flake.nix", `{"message":"m","content":"e30=","branch":"wip"}`).want(201)
	h.do("PUT", dotfiles+"/contents/flake.nix", `{"message":"m","content":"e30=","branch":"wip"}`).want(422)
	blob := h.do("GET", dotfiles+"/contents/flake.nix?ref=wip", "").want(200).text("sha")
	h.do("PUT", dotfiles+"/contents/flake.nix", `{"message":"m","content":"e30K","branch":"wip","sha":"`+blob+`"}`).want(200)
	n := h.do("POST", dotfiles+"/pulls", `{"title":"t","head":"wip","base":"master","body":"b"}`).want(201).text("number")
	h.do("GET", dotfiles+"/pulls/"+n, "").want(200)
	if got := h.do("GET", dotfiles+"/pulls?head=phlip9:wip&state=open", "").want(200).len(); got != 1 {
		h.t.Errorf("%d pull requests, want 1", got)
	}
}

// driveHooks makes a hook on an edge that is not deployed, and tries it.
func driveHooks(h *hubClient) {
	h.do("POST", dotfiles+"/hooks", `{"config":{}}`).want(422)
	const hook = `{"name":"web","events":["push"],"config":{"url":"https://ci.phlip9.com/change_hook/github","content_type":"json","secret":"s"}}`
	r := h.do("POST", dotfiles+"/hooks", hook).want(201)
	if got := r.text("config", "secret"); got != "********" {
		h.t.Errorf("the secret comes back as %s", got)
	}
	h.do("POST", dotfiles+"/hooks", hook).want(422)
	at := dotfiles + "/hooks/" + r.text("id")
	h.do("PATCH", at, `{"events":["push","pull_request"]}`).want(200)
	h.do("POST", at+"/pings", "").want(204)
	h.do("POST", at+"/tests", "").want(204)
	if got := h.do("GET", at, "").want(200).text("last_response", "code"); got != "502" {
		h.t.Errorf("last response %s, want 502", got)
	}
	h.do("GET", dotfiles+"/hooks", "").want(200)
	list := h.do("GET", at+"/deliveries?per_page=2", "").want(200)
	if list.text(0, "event") != "push" || list.len() != 2 || !strings.Contains(list.header.Get("Link"), "cursor=") {
		h.t.Errorf("deliveries: %s, link %q", list.body, list.header.Get("Link"))
	}
	d := at + "/deliveries/" + list.text(0, "id")
	h.do("GET", d, "").want(200)
	h.do("POST", d+"/attempts", "").want(202)
	if got := h.do("GET", at+"/deliveries", "").text(0, "redelivery"); got != "true" {
		h.t.Errorf("redelivery %s, want true", got)
	}
}

// install clicks "Install" for one repository.
func install(t *testing.T, w *World, slug, repo string) {
	t.Helper()
	at := w.url("github-web") + "/apps/" + slug + "/installations/new/permissions?suggested_target_id=1&repository_ids[]=" + repo
	if err := Person(t.Context(), http.DefaultClient, at); err != nil {
		t.Fatal(err)
	}
}

func TestAppStory(t *testing.T) {
	t.Parallel()
	w := startWorld(t, "fresh", Options{})
	h := newHub(t, w)
	made := makeApp(t, w, "Phlip9 buildbot CI", `,"default_events":["push"]`)
	if made.text("slug") != "phlip9-buildbot-ci" || made.text("permissions", "metadata") != "read" || made.text("webhook_secret") == "" {
		t.Fatalf("made %s", made.body)
	}
	id, key := made.text("id"), made.text("pem")
	app := h.as(jwtNow(t, key, id))
	app.do("GET", dotfiles+"/installation", "").want(404)
	h.as("").do("GET", "/apps/phlip9-buildbot-ci", "").want(404) // private
	repo := h.do("GET", dotfiles, "").text("id")
	install(t, w, "phlip9-buildbot-ci", repo)
	i := app.do("GET", dotfiles+"/installation", "").want(200).text("id")
	token := app.do("POST", "/app/installations/"+i+"/access_tokens", "").want(201).text("token")
	bot := h.as("Bearer " + token)
	bot.do("GET", dotfiles+"/hooks", "").want(200)
	no := bot.do("PUT", dotfiles+"/topics", `{"names":[]}`).want(403)
	if no.text("message") != "Resource not accessible by integration" || no.header.Get("X-Accepted-Github-Permissions") != "administration=write" {
		t.Errorf("refused with %s, %v", no.body, no.header)
	}
	bot.do("GET", "/user", "").want(403)
}

func TestManifestIsChecked(t *testing.T) {
	t.Parallel()
	w := startWorld(t, "half-done", Options{})
	for _, c := range []struct{ name, manifest, says string }{
		{"taken", manifestText("phlip9-buildbot-ci", "http://localhost/", ""), "Name is already taken"},
		{"account", manifestText("lexe-agent", "http://localhost/", ""), "Name is already taken"},
		{"an App's", manifestText("Phlip9 buildbot CI", "http://localhost/", ""), "Name is already taken"},
		{"long", manifestText(strings.Repeat("x", 35), "http://localhost/", ""), "maximum is 34"},
		{"no name", manifestText("", "http://localhost/", ""), "can't be blank"},
		{"permission", manifestText("x", "http://localhost/", `,"default_permissions":{"webhooks":"write"}`), "not included in the list"},
		{"no JSON", `{`, "not valid JSON"},
	} {
		t.Run(c.name, func(t *testing.T) {
			page := filepath.Join(t.TempDir(), "create-app.html")
			text := htmlForm(w.url("github-web")+"/settings/apps/new?state=x", "Go on", url.Values{"manifest": {c.manifest}})
			if err := os.WriteFile(page, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			err := Person(t.Context(), http.DefaultClient, "file://"+page)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("says %v, want %s", err, c.says)
			}
		})
	}
}

// The browser is sent back to an address where nobody listens: the person
// reads it in the address bar.
func TestAddressBar(t *testing.T) {
	t.Parallel()
	w := startWorld(t, "fresh", Options{})
	page := filepath.Join(t.TempDir(), "create-app.html")
	fields := url.Values{"manifest": {manifestText("x-ci", "http://127.0.0.1:1/", "")}}
	if err := os.WriteFile(page, []byte(htmlForm(w.url("github-web")+"/settings/apps/new?state=x", "Go on", fields)), 0o600); err != nil {
		t.Fatal(err)
	}
	read, err := PersonReads(t.Context(), http.DefaultClient, "file://"+page)
	if err == nil || !strings.HasPrefix(read["address"], "http://127.0.0.1:1/?code=") || !strings.HasSuffix(read["address"], "&state=x") {
		t.Errorf("address %q, %v", read["address"], err)
	}
}

func TestJWT(t *testing.T) {
	t.Parallel()
	w := startWorld(t, "fresh", Options{})
	h := newHub(t, w)
	made := makeApp(t, w, "one", "")
	other := makeApp(t, w, "two", "")
	id, key, now := made.text("id"), made.text("pem"), time.Now()
	for _, c := range []struct {
		name, jwt string
		status    int
	}{
		{"good", jwtNow(t, key, id), 200},
		{"client id", jwtNow(t, key, made.text("client_id")), 200},
		{"too long", appJWT(t, key, id, now, now.Add(11*time.Minute)), 401},
		{"expired", appJWT(t, key, id, now.Add(-9*time.Minute), now.Add(-time.Minute)), 401},
		{"from the future", appJWT(t, key, id, now.Add(time.Minute), now.Add(9*time.Minute)), 401},
		{"another's key", jwtNow(t, other.text("pem"), id), 401},
		{"no such App", jwtNow(t, key, "1"), 404},
		{"user token", h.auth, 401},
		{"nonsense", "Bearer a.b.c", 401},
	} {
		t.Run(c.name, func(t *testing.T) { h.as(c.jwt).do("GET", "/app", "").want(c.status) })
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	w := startWorld(t, "fresh", Options{})
	h := newHub(t, w)
	err := w.Update(func(s *State) error {
		s.GitHub.Tokens = append(s.GitHub.Tokens,
			ghToken{Value: "fine", Login: theOwner, Permissions: map[string]string{"metadata": "read", "repository_hooks": "read"}},
			ghToken{Value: "gist", Login: theOwner, Classic: true, Scopes: []string{"gist"}},
			ghToken{Value: "guest", Login: "lexe-agent", Classic: true, Scopes: []string{"repo"}})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		token, method, path, body string
		status                    int
	}{
		{"", "GET", "/user", "", 401},
		{"Bearer wrong", "GET", dotfiles, "", 401},
		{"", "GET", dotfiles, "", 200},
		{"", "GET", dotfiles + "/hooks", "", 401},
		{"token fine", "GET", dotfiles + "/hooks", "", 200},
		{"token fine", "POST", dotfiles + "/hooks", "{}", 403},
		{"token fine", "PUT", dotfiles + "/topics", `{"names":[]}`, 403},
		{"token fine", "PUT", "/user/installations/1/repositories/1", "", 403},
		{"token gist", "PUT", dotfiles + "/topics", `{"names":[]}`, 404},
		{"token guest", "PUT", dotfiles + "/topics", `{"names":[]}`, 403},
	} {
		t.Run(c.token+c.method+c.path, func(t *testing.T) { h.as(c.token).do(c.method, c.path, c.body).want(c.status) })
	}
	if got := h.do("GET", "/user", "").header.Get("X-Oauth-Scopes"); !strings.Contains(got, "repo") {
		t.Errorf("scopes %q", got)
	}
	if _, told := h.as("token fine").do("GET", "/user", "").header["X-Oauth-Scopes"]; told {
		t.Error("a fine-grained token tells scopes")
	}
}

func TestTopics(t *testing.T) {
	t.Parallel()
	w := startWorld(t, "fresh", Options{})
	h := newHub(t, w)
	if got := h.do("GET", dotfiles+"/topics", "").text("names"); got != "[nix dotfiles]" {
		t.Errorf("topics %s", got)
	}
	if got := h.do("PUT", dotfiles+"/topics", `{"names":["NIX","buildbot-phlip9"]}`).want(200).text("names"); got != "[nix buildbot-phlip9]" {
		t.Errorf("topics %s", got)
	}
	many := make([]string, 21)
	for i := range many {
		many[i] = fmt.Sprintf("%q", fmt.Sprint("t", i))
	}
	h.do("PUT", dotfiles+"/topics", `{"names":[`+strings.Join(many, ",")+`]}`).want(422)
	var writes []Write
	w.Look(func(s *State) { writes = slices.Clone(s.Writes) })
	if len(writes) != 2 || writes[0] != (Write{Service: "github", Method: "PUT", Path: dotfiles + "/topics", Status: 200}) {
		t.Errorf("writes %v", writes)
	}
}

func TestExchange(t *testing.T) {
	t.Parallel()
	w := startWorld(t, "fresh", Options{})
	back := "https://ci.phlip9.com/oauth2/callback"
	q := url.Values{"oauth_application[name]": {"proxy"}, "oauth_application[url]": {"https://ci.phlip9.com"}, "oauth_application[callback_url]": {back}}
	read, err := PersonReads(t.Context(), http.DefaultClient, w.url("github-web")+"/settings/applications/new?"+q.Encode())
	if err != nil || read["client-id"] == "" || read["client-secret"] == "" {
		t.Fatalf("the person reads %v, %v", read, err)
	}
	for _, c := range []struct{ name, id, secret, callback, want string }{
		{"right", read["client-id"], read["client-secret"], back, "bad_verification_code"},
		{"no callback", read["client-id"], read["client-secret"], "", "bad_verification_code"},
		{"wrong", read["client-id"], "x", back, "incorrect_client_credentials"},
		{"unknown", "x", read["client-secret"], back, "incorrect_client_credentials"},
		{"callback", read["client-id"], read["client-secret"], "https://ci.phlip9.com/auth/login", "redirect_uri_mismatch"},
	} {
		t.Run(c.name, func(t *testing.T) {
			form := url.Values{"client_id": {c.id}, "client_secret": {c.secret}, "redirect_uri": {c.callback}, "code": {"made-up"}}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url("github-web")+"/login/oauth/access_token", strings.NewReader(form.Encode()))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			req.Header.Set("Accept", "application/json")
			if got := ask(t, req); got.status != 200 || got.text("error") != c.want {
				t.Errorf("%d %s, want %s", got.status, got.body, c.want)
			}
		})
	}
}

// What apps/check-token answers to a wrong secret is not documented; to a right
// one with an unknown token it is 404.
func TestCheckToken(t *testing.T) {
	t.Parallel()
	w := startWorld(t, "half-done", Options{})
	for _, status := range []int{0, http.StatusNotFound} {
		var id, secret string
		err := w.Update(func(s *State) error {
			s.GitHub.Knobs.CheckTokenStatus = status
			id, secret = s.GitHub.OAuthApps[0].ClientID, s.GitHub.OAuthApps[0].ClientSecret
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, pass := range []string{secret, "wrong"} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url("github")+"/applications/"+id+"/token", strings.NewReader(`{"access_token":"x"}`))
			if err != nil {
				t.Fatal(err)
			}
			req.SetBasicAuth(id, pass)
			want := http.StatusNotFound
			if pass == "wrong" && status == 0 {
				want = http.StatusUnauthorized
			}
			ask(t, req).want(want)
		}
	}
}
