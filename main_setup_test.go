package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/fake"
	"github.com/nixwright/nixwright/state"
)

func TestRehearseEndsWithFifteenTrueLines(t *testing.T) {
	t.Parallel()
	l := newLab(t, "fresh") // for its environment only; rehearse makes a world of its own
	r := l.must(0, "rehearse", "--non-interactive")
	for _, want := range []string{"15 of 15 lines true", "In the real world you would have done: 4 pages, 8 clicks, 1 paste."} {
		if !strings.Contains(r.out, want) {
			t.Errorf("%q is not said:\n%s", want, r.out)
		}
	}
}

func TestPlanWritesNothingAndSetupDoesWhatItSays(t *testing.T) {
	t.Parallel()
	l := newLab(t, "fresh")
	before, writes := l.files(), len(l.writes())
	var plan struct {
		Steps []struct {
			ID, Status string
			Changes    []struct{ Verb, What string }
		}
	}
	if err := json.Unmarshal([]byte(l.must(4, "plan", "--output", "json").out), &plan); err != nil {
		t.Fatal(err)
	}
	same(t, "plan", before, l.files())
	if n := len(l.writes()); n != writes {
		t.Errorf("plan made %d write requests", n-writes)
	}
	var planned []string
	for _, s := range plan.Steps {
		for _, c := range s.Changes {
			planned = append(planned, s.ID+" "+strings.TrimSpace(c.Verb+" "+c.What))
		}
	}
	var done []string
	applied := map[string]bool{}
	for _, e := range events(t, l.setup("--output", "json").out) {
		if e.Kind == "change" {
			done = append(done, e.Step+" "+e.Text)
		}
		if e.Kind == "step" && e.TookMS >= 0 && e.Status == "ready" {
			applied[e.Step] = true
		}
	}
	if !slices.Equal(planned, done) {
		t.Errorf("plan said\n%s\nsetup says\n%s", strings.Join(planned, "\n"), strings.Join(done, "\n"))
	}
	for _, p := range planned {
		if id, _, _ := strings.Cut(p, " "); !applied[id] {
			t.Errorf("planned and not done: %s", p)
		}
	}
	l.must(0, "plan")
}

func TestDoneIsDone(t *testing.T) {
	t.Parallel()
	l := newLab(t, "done")
	if s := l.status(); s.True != 15 {
		t.Errorf("%d lines are true: %+v", s.True, s.Lines)
	}
	writes := len(l.writes())
	l.must(0, "plan")
	l.must(0, "setup", "-n")
	if n := len(l.writes()); n != writes {
		t.Errorf("setup wrote %v", l.writes()[writes:])
	}
	l.must(0, "status", "--exit-code")
	r := l.must(0, "status", "--output", "markdown")
	if n := strings.Count(r.out, "- [x] "); n != 15 {
		t.Errorf("%d boxes are ticked in\n%s", n, r.out)
	}
}

// event is one JSON line.
type event struct {
	Kind, Step, Status, Text, Err string
	TookMS                        int64 `json:"took_ms"`
	Done, Total                   int64
}

func events(t *testing.T, out string) []event {
	t.Helper()
	var all []event
	for line := range strings.Lines(out) {
		var e event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("not a JSON line: %q: %v", line, err)
		}
		all = append(all, e)
	}
	if len(all) == 0 || all[len(all)-1].Kind != "result" {
		t.Fatalf("the last line is not the result: %s", out)
	}
	return all
}

func TestASecondRunWritesNothing(t *testing.T) {
	t.Parallel()
	l := newLab(t, "fresh")
	l.setup()
	before, writes := l.files(journalAside...), l.writes()
	l.setup()
	same(t, "second run", before, l.files(journalAside...))
	if now := l.writes(); len(now) != len(writes) {
		t.Errorf("the second run wrote %v", now[len(writes):])
	}
	if s := l.status(); s.True != 15 || s.Total != 15 {
		t.Errorf("%d of %d lines are true", s.True, s.Total)
	}
}

// waves holds requests back until no new one has come for a while, then lets
// all of them through: each wave is one round trip that the next ones waited
// for.
type waves struct {
	quiet time.Duration

	mu      sync.Mutex
	arrived []string
	gate    chan struct{}
	timer   *time.Timer
	all     [][]string
}

func (w *waves) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	if w.gate == nil {
		w.gate = make(chan struct{})
		w.timer = time.AfterFunc(w.quiet, w.release)
	}
	w.arrived = append(w.arrived, r.Method+" "+r.URL.Path)
	w.timer.Reset(w.quiet)
	gate := w.gate
	w.mu.Unlock()
	select {
	case <-gate:
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	return http.DefaultTransport.RoundTrip(r)
}

func (w *waves) release() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.gate != nil {
		close(w.gate)
		w.all, w.arrived, w.gate = append(w.all, w.arrived), nil, nil
	}
}

func TestASecondRunNeedsAtMostSixRoundTrips(t *testing.T) { // alone: it measures
	l := newLab(t, "fresh")
	l.setup()
	w := &waves{quiet: 300 * time.Millisecond}
	l.base = w
	begin := time.Now()
	l.setup()
	took, requests := time.Since(begin).Round(time.Millisecond), 0
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, wave := range w.all {
		requests += len(wave)
	}
	t.Logf("%d requests in %d round trips, %s with 300 ms on each", requests, len(w.all), took)
	if len(w.all) > 6 {
		t.Errorf("%d round trips after one another:", len(w.all))
		for i, wave := range w.all {
			t.Errorf("%d: %s", i+1, strings.Join(wave, ", "))
		}
	}
}

func TestForgettingChangesNothingInTheWorld(t *testing.T) {
	t.Parallel()
	for name, forget := range map[string][]string{
		"facts":   {"nixos/omnara1/ci-facts.json"},
		"journal": {".nixwright/journal.jsonl"},
		"both":    {"nixos/omnara1/ci-facts.json", ".nixwright/journal.jsonl"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, "fresh")
			l.setup()
			before, writes := l.files(journalAside...), len(l.writes())
			for _, rel := range forget {
				if err := os.Remove(filepath.Join(l.dir, rel)); err != nil {
					t.Fatal(err)
				}
			}
			l.setup()
			same(t, "after forgetting", before, l.files(journalAside...))
			if n := len(l.writes()); n != writes {
				t.Errorf("wrote %v", l.writes()[writes:])
			}
			if s := l.status(); s.True != 15 {
				t.Errorf("%d lines are true", s.True)
			}
		})
	}
}

func TestWithoutAPersonASetupStopsAndGoesOn(t *testing.T) {
	t.Parallel()
	l := newLab(t, "fresh")
	r := l.must(3, "setup", "-n")
	for _, want := range []string{"create-app.html", "github.app_return", "create the GitHub App"} {
		if !strings.Contains(r.out, want) {
			t.Errorf("%q is not said:\n%s", want, r.out)
		}
	}
	page := func(file string) string {
		t.Helper()
		// The last page cannot load: nobody listens. The address bar has it all.
		seen, err := fake.PersonReads(t.Context(), http.DefaultClient, "file://"+filepath.Join(l.dir, ".nixwright", file))
		if seen["address"] == "" {
			t.Fatal(err)
		}
		return seen["address"]
	}
	// On the command line it is refused, whatever it is.
	if r := l.run("setup", "-n", "--set", "github.app_return=http://localhost:8976/?code=x&state=y"); r.code != 2 {
		t.Errorf("a secret on the command line: exit %d", r.code)
	}
	// A stranger's address is told, and changes nothing.
	if r := l.runWith("http://localhost:8976/?code=x&state=y", nil, "setup", "-n", "--set", "github.app_return=@-"); r.code != 3 || !strings.Contains(r.out, "does not belong to a page") {
		t.Errorf("a stranger's address: exit %d\n%s", r.code, r.out)
	}
	address := page("create-app.html")
	if r := l.runWith(address, nil, "setup", "-n", "--set", "github.app_return=@-"); r.code != 3 || !strings.Contains(r.out, "ready      github-app") {
		t.Errorf("the right address: exit %d\n%s", r.code, r.out)
	}
	// It is good once: now the login App's page is open, and this is not its address.
	if r := l.runWith(address, nil, "setup", "-n", "--set", "github.app_return=@-"); r.code != 3 {
		t.Errorf("the same address again: exit %d\n%s", r.code, r.out)
	}
	if r := l.runWith("", map[string]string{"NIXWRIGHT_GITHUB_APP_RETURN": page("create-login-proxy.html")}, "setup", "-n"); r.code != 3 || !strings.Contains(r.out, "ready      login-proxy") {
		t.Errorf("the login App's address: exit %d\n%s", r.code, r.out)
	}
	if apps := len(l.world().GitHub.Apps); apps != 2 {
		t.Errorf("%d Apps were made", apps)
	}
	l.setup() // the install's click is left
	if s := l.status(); s.True != 15 {
		t.Errorf("%d lines are true", s.True)
	}
	if _, err := os.Stat(filepath.Join(l.dir, ".nixwright", "pending.json")); !os.IsNotExist(err) {
		t.Error("a pending page is left")
	}
}

// realNames is a network on which the real services' names lead to the
// pretend ones, so that what stands in the code without [endpoints] is tried.
type realNames map[string]string

func (n realNames) RoundTrip(r *http.Request) (*http.Response, error) {
	to, ok := n[r.URL.Host]
	if !ok {
		return nil, fmt.Errorf("no such host in this test: %s", r.URL.Host)
	}
	u, err := url.Parse(to)
	if err != nil {
		return nil, err
	}
	if r.URL.Scheme != "https" && !state.Loopback(r.URL.String()) {
		return nil, fmt.Errorf("not over https: %s", r.URL.Host)
	}
	there := r.Clone(r.Context())
	there.Host = r.URL.Host // what was signed
	there.URL.Scheme, there.URL.Host = u.Scheme, u.Host
	return http.DefaultTransport.RoundTrip(there)
}

func TestTheRealAddresses(t *testing.T) {
	t.Parallel()
	l := newLab(t, "done")
	var kept []string
	for line := range strings.Lines(l.read("nixwright.toml")) {
		key, _, _ := strings.Cut(line, " = ")
		if !slices.Contains([]string{"github_api", "github_web", "cloudflare_api", "r2_s3", "ci", "cache"}, strings.TrimSpace(key)) {
			kept = append(kept, line)
		}
	}
	l.write("nixwright.toml", strings.Join(kept, ""))
	l.base = realNames{
		"api.github.com": l.ends.GitHubAPI, "github.com": l.ends.GitHubWeb, "api.cloudflare.com": l.ends.CloudflareAPI,
		"30faeb30dcb2a77a72fdc0948c99de62.r2.cloudflarestorage.com": l.ends.R2S3, "ci.phlip9.com": l.ends.CI, "cache.phlip9.com": l.ends.Cache,
		strings.TrimPrefix(l.ends.Buildbot, "http://"): l.ends.Buildbot, strings.TrimPrefix(l.ends.Niks3, "http://"): l.ends.Niks3,
	}
	if s := l.status(); s.True != 15 {
		t.Errorf("%d lines are true: %+v", s.True, s.Steps)
	}
	l.must(0, "plan")
}
