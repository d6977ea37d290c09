package fake

import (
	"encoding/pem"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/state"
)

// Whatever stands in a page, it is text there.
func TestSheetsEscape(t *testing.T) {
	t.Parallel()
	const evil = `"><script>alert(1)</script><form action='x'>`
	p := sheet{
		Site: onGitHub, Title: evil, Heading: evil, Refused: evil, Text: []string{evil}, Facts: []sheetFact{{evil, evil}},
		Once: []sheetOnce{{evil, evil, dataToken}}, Links: []sheetLink{{evil, "javascript:alert(1)"}}, Off: evil,
		Forms: []sheetForm{{Heading: evil, Action: "javascript:alert(1)", Button: evil, Hidden: []sheetFact{{evil, evil}}, Groups: []sheetGroup{{
			Heading: evil, Note: evil, Fields: []sheetField{
				{Kind: fieldText, Name: evil, Label: evil, Value: evil, Note: evil}, {Kind: fieldTick, Name: evil, Label: evil, Value: evil},
				{Kind: fieldChoice, Name: "one", Label: evil, Value: evil, Choices: []sheetFact{{evil, evil}}},
			},
		}}}},
	}
	rec := httptest.NewRecorder()
	p.write(rec)
	if text := rec.Body.String(); strings.Contains(text, "<script>alert") || strings.Contains(text, "action='x'") || strings.Contains(text, "javascript:") {
		t.Errorf("the page is\n%s", text)
	}
	read, err := readPage(rec.Body, &url.URL{})
	if err != nil || read.title != evil || read.data["token"] != evil || len(read.forms) != 1 {
		t.Fatalf("read %+v, %v", read, err)
	}
	// The box is not ticked, so that it is not sent.
	if got := read.forms[0].fields[evil]; len(got) != 2 {
		t.Errorf("the form sends %q", got)
	}
	if got := rec.Header().Get("Content-Security-Policy"); !strings.HasPrefix(got, "default-src 'none'") {
		t.Errorf("policy %q", got)
	}
}

// page opens a page and returns it, as far as a person acts on it.
func openSheet(t *testing.T, at string) webPage {
	t.Helper()
	p, err := openPage(t.Context(), http.DefaultClient, at)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// send sends the form with that action, changed.
func send(t *testing.T, p webPage, action string, change url.Values) (webPage, error) {
	t.Helper()
	i := slices.IndexFunc(p.forms, func(f webForm) bool { return strings.HasSuffix(f.action, action) })
	if i < 0 {
		t.Fatalf("no form %s in %+v", action, p)
	}
	f := p.forms[i]
	f.fields = maps.Clone(f.fields)
	maps.Copy(f.fields, change)
	p.forms = []webForm{f}
	return sendForm(t.Context(), http.DefaultClient, p)
}

func TestInstallPage(t *testing.T) {
	t.Parallel()
	w := startWorld(t, "fresh", Options{})
	if err := w.PrepareBlank(); err != nil {
		t.Fatal(err)
	}
	makeApp(t, w, "one", "")
	var ids []string
	w.Look(func(s *State) {
		for _, r := range s.GitHub.Repos {
			ids = append(ids, strconv.FormatInt(r.ID, 10))
		}
	})
	mine, other, website := ids[0], ids[1], ids[3]
	at := w.url("github-web") + "/apps/one/installations/new"
	installed := func() ghInstall {
		t.Helper()
		var out ghInstall
		w.Look(func(s *State) {
			if n := len(s.GitHub.Installs); n == 1 {
				out = s.GitHub.Installs[0]
			}
		})
		return out
	}
	p := openSheet(t, at+"/permissions?suggested_target_id=1&repository_ids[]="+mine)
	if got := p.forms[0].fields; !slices.Equal(got["repository_ids[]"], []string{mine}) || got.Get("install_target") != installSelected {
		t.Fatalf("the form is %v", got)
	}
	for _, c := range []struct {
		name   string
		change url.Values
		says   string
	}{
		{"none", url.Values{"repository_ids[]": {}}, "select at least one repository"},
		{"another's", url.Values{"repository_ids[]": {other}}, "no repository " + other},
		{"nonsense", url.Values{"repository_ids[]": {"x"}}, "no repository x"},
		{"another's account", url.Values{"target": {"someone-else"}}, "not found"},
	} {
		if _, err := send(t, p, "/installations", c.change); err == nil || !strings.Contains(err.Error(), c.says) || installed().ID != 0 {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := send(t, p, "/installations", nil); err != nil || len(installed().Repos) != 1 || installed().All {
		t.Fatalf("%v, %+v", err, installed())
	}
	// What it sees is ticked from then on, and more can be.
	p = openSheet(t, at)
	if got := p.forms[0].fields; !slices.Equal(got["repository_ids[]"], []string{mine}) || got.Get("install_target") != installSelected {
		t.Errorf("the form is %v", got)
	}
	if _, err := send(t, p, "/installations", url.Values{"repository_ids[]": {mine, website}}); err != nil || len(installed().Repos) != 2 {
		t.Errorf("%v, %+v", err, installed())
	}
	if _, err := send(t, p, "/installations", url.Values{"install_target": {installAll}}); err != nil || !installed().All {
		t.Errorf("%v, %+v", err, installed())
	}
}

// A name that is taken can be changed where it was refused.
func TestManifestAgain(t *testing.T) {
	t.Parallel()
	w := startWorld(t, "half-done", Options{})
	form := webPage{at: &url.URL{}, forms: []webForm{{
		action: w.url("github-web") + "/settings/apps/new?state=x", method: http.MethodPost,
		fields: url.Values{"manifest": {manifestText("phlip9-buildbot-ci", "http://127.0.0.1:1/", "")}},
	}}}
	p, err := sendForm(t.Context(), http.DefaultClient, form)
	if err == nil || p.title != "Name is already taken" || len(p.forms) != 1 {
		t.Fatalf("%v, %+v", err, p)
	}
	if p, err = send(t, p, "/settings/apps", url.Values{"name": {" "}}); p.title != "Name can't be blank" {
		t.Fatalf("%v, %+v", err, p)
	}
	if p, err = send(t, p, "/settings/apps", url.Values{"name": {"another-ci"}}); p.at.Host != "127.0.0.1:1" || p.at.Query().Get("state") != "x" {
		t.Fatalf("%v, %+v", err, p)
	}
	w.Look(func(s *State) {
		if a := s.GitHub.Apps; len(a) != 2 || a[1].Name != "another-ci" || a[1].Slug != "another-ci" {
			t.Errorf("Apps %+v", a)
		}
	})
}

// What a person changes in an App's settings holds.
func TestAppSettings(t *testing.T) {
	t.Parallel()
	w := startWorld(t, "fresh", Options{})
	made := makeApp(t, w, "one", "")
	install(t, w, "one", newHub(t, w).do("GET", dotfiles, "").text("id"))
	id, web := made.text("id"), w.url("github-web")
	page := state.AppURL(web, state.Owner{Login: theOwner}, "one")

	p := openSheet(t, page)
	if err := Person(t.Context(), http.DefaultClient, page); err != nil || len(p.forms) != 3 {
		t.Fatalf("%v, %d forms", err, len(p.forms))
	}
	if _, err := send(t, p, "/hook", url.Values{"active": {"1"}}); err != nil || !w.app(id).Hook.Active {
		t.Errorf("the hook is %+v, %v", w.app(id).Hook, err)
	}
	secret, err := send(t, p, "/client-secrets", nil)
	if err != nil || len(secret.data["client-secret"]) != 40 || secret.data["client-id"] != made.text("client_id") {
		t.Errorf("read %v, %v", secret.data, err)
	}
	w.Look(func(s *State) { // both are good
		c, _ := s.GitHub.client(made.text("client_id"))
		if !c.has(secret.data["client-secret"]) || !c.has(made.text("client_secret")) || c.has("") {
			t.Errorf("secrets %q", c.secrets)
		}
	})
	res := fetch(t, "POST", page+"/keys", nil, "")
	if block, _ := pem.Decode(res.body); block == nil || !strings.Contains(res.header.Get("Content-Disposition"), "one.") {
		t.Fatalf("key %s, %v", res.body, res.header)
	}
	for _, key := range []string{string(res.body), made.text("pem")} {
		newHub(t, w).as(jwtNow(t, key, id)).do("GET", "/app", "").want(200)
	}

	// As it stands the form changes nothing.
	before, writes := w.app(id), w.writes()
	if err := Person(t.Context(), http.DefaultClient, page+"/permissions"); err != nil || !maps.Equal(before.Permissions, w.app(id).Permissions) || w.writes() != writes {
		t.Errorf("%v, %v", err, w.app(id).Permissions)
	}
	p = openSheet(t, page+"/permissions")
	if _, err := send(t, p, "/permissions", url.Values{"permissions[checks]": {"write"}, "permissions[statuses]": {""}}); err != nil {
		t.Fatal(err)
	}
	if got := w.app(id).Permissions; got["checks"] != "write" || got["statuses"] != "" || got["contents"] != "read" {
		t.Errorf("permissions %v", got)
	}
	// The installation has it when its owner accepts it.
	var at string
	w.Look(func(s *State) { at = web + "/settings/installations/" + strconv.FormatInt(s.GitHub.Installs[0].ID, 10) })
	if err := Person(t.Context(), http.DefaultClient, at); err != nil || w.installed()["checks"] != "" {
		t.Errorf("%v, %v", err, w.installed())
	}
	if err := Person(t.Context(), http.DefaultClient, at+"/permissions/update"); err != nil || w.installed()["checks"] != "write" {
		t.Errorf("%v, %v", err, w.installed())
	}
	for _, none := range []string{"/settings/apps/none", "/settings/apps/none/permissions", "/settings/installations/1", "/organizations/x/settings/installations/x"} {
		if err := Person(t.Context(), http.DefaultClient, web+none); err == nil || !strings.Contains(err.Error(), "Page not found") {
			t.Errorf("%s: %v", none, err)
		}
	}
}

// app is the App of that id.
func (w *World) app(id string) (out ghApp) {
	n, _ := strconv.ParseInt(id, 10, 64)
	w.Look(func(s *State) { out = *s.GitHub.app(n) })
	return out
}

// installed are the permissions of the only installation.
func (w *World) installed() (out map[string]string) {
	w.Look(func(s *State) { out = s.GitHub.Installs[0].Permissions })
	return out
}

func (w *World) writes() (n int) {
	w.Look(func(s *State) { n = len(s.Writes) })
	return n
}

func TestTokenPage(t *testing.T) {
	t.Parallel()
	w := startWorld(t, "fresh", Options{})
	page := state.GitHubTokenURL(w.url("github-web"))
	read, err := PersonReads(t.Context(), http.DefaultClient, page)
	if err != nil || !strings.HasPrefix(read["token"], "ghp_") {
		t.Fatalf("read %v, %v", read, err)
	}
	got := newHub(t, w).as("token "+read["token"]).do("GET", "/user", "").want(200)
	if got.header.Get("X-Oauth-Scopes") != "repo" || got.text("login") != theOwner {
		t.Errorf("scopes %q of %s", got.header.Get("X-Oauth-Scopes"), got.body)
	}
	p := openSheet(t, page)
	if p, _ = send(t, p, "/settings/tokens", url.Values{"note": {""}}); p.title != "Note can't be blank" {
		t.Errorf("without a note: %s", p.title)
	}
	if p, err = send(t, p, "/settings/tokens", url.Values{"note": {"x"}, "scopes[]": {"gist", "sudo"}}); err != nil {
		t.Fatal(err)
	}
	w.Look(func(s *State) {
		if last := s.GitHub.Tokens[len(s.GitHub.Tokens)-1]; last.Value != p.data["token"] || !slices.Equal(last.Scopes, []string{"gist"}) {
			t.Errorf("token %+v", last)
		}
	})
}

// A sign-in ends on the page: nobody is sent to an address of the real world.
func TestAuthorizeEnds(t *testing.T) {
	t.Parallel()
	w := startWorld(t, "half-done", Options{})
	var id string
	w.Look(func(s *State) { id = s.GitHub.OAuthApps[1].ClientID })
	q := url.Values{"client_id": {id}, "redirect_uri": {"https://ci.phlip9.com/oauth2/callback"}, "scope": {"user:email"}}
	at := w.url("github-web") + "/login/oauth/authorize?"
	read, err := PersonReads(t.Context(), http.DefaultClient, at+q.Encode())
	if err != nil || !strings.HasPrefix(read["address"], at) {
		t.Errorf("read %v, %v", read, err)
	}
	q.Set("redirect_uri", "https://elsewhere.example/")
	if err := Person(t.Context(), http.DefaultClient, at+q.Encode()); err == nil || !strings.Contains(err.Error(), "not associated") {
		t.Errorf("another callback: %v", err)
	}
}
