package browser_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/browser"
	"github.com/nixwright/nixwright/providers/fake"
	"github.com/nixwright/nixwright/providers/realtest"
	"github.com/nixwright/nixwright/state"
)

// These tests go through the pages in a real browser, on the built-in world.

// clicked is what a test of this file has: a world, its pages, a browser.
type clicked struct {
	t     *testing.T
	tab   *realtest.Tab
	world *fake.World
	pages *browser.Pages
}

func click(t *testing.T) *clicked {
	t.Helper()
	tab := realtest.Chromium(t)
	w, err := fake.Start(t.Context(), t.TempDir(), "fresh", fake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	pages, err := browser.NewPages(true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pages.Close)
	return &clicked{t: t, tab: tab, world: w, pages: pages}
}

// app is the form that makes an App of that name.
func (c *clicked) app(name string) *state.Form {
	c.t.Helper()
	text, err := json.Marshal(map[string]any{
		"name": name, "url": "https://ci.phlip9.com", "redirect_url": c.pages.Callback(),
		"hook_attributes":     map[string]any{"url": "https://ci.phlip9.com/hook", "active": false},
		"default_permissions": map[string]string{"contents": "read", "metadata": "read", "statuses": "write"},
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return &state.Form{
		Action: state.ManifestAction(c.world.Endpoints().GitHubWeb, state.Owner{Login: "phlip9"}, "s3 & cr3t"),
		Fields: map[string]string{"manifest": string(text)}, Button: "Go on to GitHub",
	}
}

// arrives waits for the answer that the browser comes back with, and sees the
// page that it ends on.
func (c *clicked) arrives(answers <-chan state.Secret) {
	c.t.Helper()
	c.tab.Await("Thank you")
	select {
	case got := <-answers:
		u, err := url.Parse(got.Reveal())
		if err != nil || len(u.Query().Get("code")) != 40 || u.Query().Get("state") != "s3 & cr3t" {
			c.t.Errorf("the browser came back with %s, %v", got.Reveal(), err)
		}
	case <-time.After(10 * time.Second):
		c.t.Fatal("no answer arrived")
	}
	if title, at := c.tab.Title(), c.tab.Address(); title != "Thank you" || !strings.HasPrefix(at, c.pages.Callback()) {
		c.t.Errorf("it ended on %q at %s", title, at)
	}
}

// apps are the names of the Apps that there are.
func (c *clicked) apps() (names []string) {
	c.world.Look(func(s *fake.State) {
		for _, a := range s.GitHub.Apps {
			names = append(names, a.Name)
		}
	})
	return names
}

const createApp = "Create GitHub App for phlip9"

// The page sends itself to GitHub, and GitHub sends the browser back.
func TestChromiumMakesAnApp(t *testing.T) {
	t.Parallel()
	c := click(t)
	file := filepath.Join(t.TempDir(), "create-app.html")
	answers := c.pages.Serve(file, c.app("phlip9-buildbot-ci"))
	c.tab.Open(c.pages.Address(file))
	c.tab.Await(createApp)
	for _, says := range []string{"A pretend GitHub: nothing here leaves this machine.", "Commit statuses\tRead and write", "Contents\tRead-only"} {
		if text := c.tab.Text(); !strings.Contains(text, says) {
			t.Errorf("the page does not say %q:\n%s", says, text)
		}
	}
	c.tab.Press(createApp)
	c.arrives(answers)
	if at := c.tab.Address(); strings.Contains(at, "code=") {
		t.Errorf("the code stays in the history: %s", at)
	}

	// A name that is taken is refused, and another one typed, on the same page.
	answers = c.pages.Serve(file, c.app("phlip9-buildbot-ci"))
	c.tab.Open(c.pages.Address(file))
	c.tab.Await(createApp)
	if c.tab.Title() != "Name is already taken" {
		t.Errorf("the title is %q", c.tab.Title())
	}
	c.tab.Type("name", "phlip9's <other> App")
	c.tab.Press(createApp)
	c.arrives(answers)
	if got := c.apps(); !slices.Equal(got, []string{"phlip9-buildbot-ci", "phlip9's <other> App"}) {
		t.Errorf("Apps %q", got)
	}
}

// The page that was saved is good on another computer's browser, too.
func TestChromiumOpensTheSavedPage(t *testing.T) {
	t.Parallel()
	c := click(t)
	file := filepath.Join(t.TempDir(), "create-app.html")
	form := c.app("phlip9-buildbot-ci")
	if err := c.pages.Save(file, form); err != nil {
		t.Fatal(err)
	}
	answers := c.pages.Serve(file, nil)
	c.tab.Open("file://" + file)
	c.tab.Await(createApp)
	c.tab.Press(createApp)
	c.arrives(answers)
}

// Without scripts there is a button, and everything else is the same.
func TestChromiumWithoutScripts(t *testing.T) {
	t.Parallel()
	c := click(t)
	file := filepath.Join(t.TempDir(), "create-app.html")
	answers := c.pages.Serve(file, c.app("phlip9-buildbot-ci"))
	c.tab.NoScripts()
	c.tab.Open(c.pages.Address(file))
	c.tab.Await("nixwright")
	c.tab.Press("Go on to GitHub")
	c.tab.Await(createApp)
	c.tab.Press(createApp)
	c.arrives(answers)

	token := state.CloudflareTokenURL(c.world.Endpoints().CloudflareAPI, false)
	c.tab.Open(token)
	c.tab.Press("Continue to summary")
	c.tab.Press("Create Token")
	c.tab.Await("nixwright API token was successfully created")
	if c.tab.Read("token") == "" || strings.Contains(c.tab.Text(), "Copy\n") {
		t.Errorf("without scripts it shows %s", c.tab.Text())
	}
}

// What is chosen on the page of the installation is what the App sees.
func TestChromiumInstallsAnApp(t *testing.T) {
	t.Parallel()
	c := click(t)
	file := filepath.Join(t.TempDir(), "create-app.html")
	answers := c.pages.Serve(file, c.app("phlip9-buildbot-ci"))
	c.tab.Open(c.pages.Address(file))
	c.tab.Press(createApp)
	c.arrives(answers)
	var repo int64
	c.world.Look(func(s *fake.State) { repo = s.GitHub.Repos[0].ID })
	web := c.world.Endpoints().GitHubWeb
	c.tab.Open(state.InstallURL(web, "phlip9-buildbot-ci", 1, []int64{repo}))
	c.tab.Await("Install phlip9-buildbot-ci")
	c.tab.Tick("phlip9/dotfiles") // away, and then there is none
	c.tab.Press("Install")
	c.tab.Says("select at least one repository")
	c.tab.Open(state.InstallURL(web, "phlip9-buildbot-ci", 1, []int64{repo}))
	c.tab.Press("Install")
	c.tab.Await("The App is installed")
	c.world.Look(func(s *fake.State) {
		if i := s.GitHub.Installs; len(i) != 1 || i[0].All || !slices.Equal(i[0].Repos, []int64{repo}) || i[0].Permissions["statuses"] != "write" {
			t.Errorf("installations %+v", i)
		}
	})
}

// The tokens that are made on the pages are those that the services take.
func TestChromiumMakesTokens(t *testing.T) {
	t.Parallel()
	c := click(t)
	api := c.world.Endpoints()
	for _, own := range []bool{false, true} {
		c.tab.Open(state.CloudflareTokenURL(api.CloudflareAPI, own))
		c.tab.Await("Create Custom Token")
		c.tab.Press("Continue to summary")
		c.tab.Await("nixwright API token summary")
		c.tab.Press("Create Token")
		c.tab.Await("nixwright API token was successfully created")
		if answers(t, api.CloudflareAPI+"/zones", c.tab.Read("token")) != http.StatusOK {
			t.Errorf("Cloudflare does not take the token, own %v", own)
		}
		c.tab.Press("Copy")
		c.tab.Press("Copied")
	}
	c.tab.Open(state.GitHubTokenURL(api.GitHubWeb))
	c.tab.Press("Generate token")
	c.tab.Await("Personal access tokens (classic)")
	if answers(t, api.GitHubAPI+"/user", c.tab.Read("token")) != http.StatusOK {
		t.Error("GitHub does not take the token")
	}
}

// answers is the status with which an API answers to a token.
func answers(t *testing.T, at, token string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	return res.StatusCode
}
