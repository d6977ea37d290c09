package buildbottest

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/providers/buildbot"
	"github.com/nixwright/nixwright/state"
)

// fresh is a master on which nothing was built.
func (x *suite) fresh(t *testing.T) {
	names := map[string]state.Builder{}
	for _, b := range need(x.c.Builders(t.Context()))(t) {
		names[b.Name] = b
	}
	for _, name := range []string{x.Repo + "/nix-eval", x.Repo + "/nix-build", x.Repo + "/run-effect", "reload-github-projects", "__Janitor"} {
		if b, ok := names[name]; !ok || b.ID == 0 || len(b.Masters) != 1 {
			t.Errorf("builder %s: %+v", name, b)
		}
	}
	ready, janitors := 0, 0
	for _, w := range need(x.c.Workers(t.Context()))(t) {
		switch {
		case w.Janitor && w.Connected:
			janitors++
		case w.Connected && !w.Paused && len(w.Builders) > 0 && slices.Contains(w.Info, "version 4.3.0"):
			ready++
		}
	}
	if ready < 4 || janitors != 1 {
		t.Errorf("%d workers and %d janitors are connected", ready, janitors)
	}
	if m := need(x.c.Masters(t.Context()))(t); len(m) != 1 || !m[0].Active || m[0].ID != 1 || !strings.Contains(m[0].Name, ":/") || m[0].Seen.IsZero() {
		t.Errorf("masters %+v", m)
	}
	force := need(x.c.ForceSchedulers(t.Context()))(t)
	if !slices.ContainsFunc(force, func(f state.ForceScheduler) bool {
		return f.Name == x.scheduler && f.Enabled && slices.Equal(f.Builders, []string{x.Repo + "/nix-eval"})
	}) {
		t.Errorf("force schedulers %+v", force)
	}
	builds, queue, changes := need(x.c.Builds(t.Context(), buildbot.BuildQuery{}))(t), need(x.c.Queue(t.Context()))(t), need(x.c.Changes(t.Context(), 0))(t)
	if len(builds)+len(queue)+len(changes) != 0 {
		t.Errorf("builds %v, queue %v, changes %v", builds, queue, changes)
	}
	_, err := x.c.Build(t.Context(), 9999)
	kind(t, "a build that is not there", err, state.ErrNotFound, "not found while getting from endpoint")
	_, err = x.c.Log(t.Context(), 9999)
	kind(t, "a log that is not there", err, state.ErrNotFound, "")
	_, err = x.c.Lines(t.Context(), state.BuildLog{ID: 9999}, 0, 10)
	if err != nil {
		kind(t, "lines of a log that is not there", err, state.ErrNotFound, "")
	}
	if steps := need(x.c.Steps(t.Context(), 9999))(t); len(steps) != 0 {
		t.Errorf("steps of a build that is not there: %v", steps)
	}
}

// refusals are the answers to questions that the adapter does not ask, which
// somebody who extends it must be able to rely on.
func (x *suite) refusals(t *testing.T) {
	for path, want := range map[string]struct {
		status int
		says   string
	}{
		"/builds?nosuch=1":                                 {400, `{"error": "unrecognized query parameter 'nosuch'"}`},
		"/builds?nosuch__lt=1":                             {200, `"total":0`},
		"/builds?limit=x":                                  {400, `{"error": "invalid limit"}`},
		"/builds?complete=maybe":                           {400, `{"error": "invalid filter value for complete"}`},
		"/builds?order=nosuch":                             {400, `{"error": "no such field 'nosuch'"}`},
		"/builds?field=buildid&complete=true":              {400, `{"error": "cannot filter on un-selected fields"}`},
		"/builds?field=buildid&order=-number":              {400, `{"error": "cannot order on un-selected fields"}`},
		"/workers/1?name=x":                                {400, `{"error": "this is not a collection"}`},
		"/builds/abc":                                      {404, `{"error": "Invalid path: builds/abc"}`},
		"/builds/9999":                                     {404, `{"error": "not found while getting from endpoint`},
		"/nosuch":                                          {404, `{"error": "Invalid path: nosuch"}`},
		"/builders/nosuch/builds":                          {200, `"total":0`},
		"/builds/9999/steps":                               {200, `"total":0`},
		"/logs/9999/contents":                              {404, `{"error": "not found while getting from endpoint`},
		"/builders?name__contains=/nix-&limit=1":           {200, `"total":6`},
		"/builders?field=name&name=reload-github-projects": {200, `{"builders":[{"name":"reload-github-projects"}],"meta":{"total":1}}`},
	} {
		status, body := x.raw(t, http.MethodGet, "/api/v2"+path, nil, "")
		// The words are the real one's, the blanks of its JSON are not.
		if status != want.status || !strings.Contains(compact(body), compact(want.says)) {
			t.Errorf("%s: %d %s, want %d %s", path, status, body, want.status, want.says)
		}
	}
	if _, body := x.raw(t, http.MethodPut, "/api/v2/builds/1", nil, ""); body == "" {
		t.Error("PUT is answered with nothing")
	}
}

func compact(s string) string { return strings.ReplaceAll(s, `": `, `":`) }

// raw is a request that the adapter does not make.
func (x *suite) raw(t *testing.T, method, path string, head http.Header, body string) (status int, text string) {
	t.Helper()
	req := need(http.NewRequestWithContext(t.Context(), method, x.URL+path, strings.NewReader(body)))(t)
	req.Header.Set("Accept", "application/json")
	maps.Copy(req.Header, head)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	return resp.StatusCode, string(need(io.ReadAll(resp.Body))(t))
}

// oneByOne reads all builds, each as a page of its own.
func (x *suite) oneByOne(t *testing.T) (all []state.Build) {
	t.Helper()
	for q := (buildbot.BuildQuery{Limit: 1}); ; q.Before = all[len(all)-1].ID {
		page := need(x.c.Builds(t.Context(), q))(t)
		if len(page) == 0 {
			return all
		}
		all = append(all, page...)
	}
}

// builds reads what the forced evaluation left.
func (x *suite) builds(t *testing.T) {
	all := need(x.c.Builds(t.Context(), buildbot.BuildQuery{Properties: []string{"*"}}))(t)
	walked := x.oneByOne(t)
	if len(all) < 4 || len(walked) != len(all) {
		t.Errorf("%d builds, %d one by one", len(all), len(walked))
	}
	for i, b := range all {
		if i > 0 && b.ID >= all[i-1].ID || i < len(walked) && walked[i].ID != b.ID {
			t.Errorf("build %d is number %d", b.ID, i)
		}
		if b.Repo != x.Repo || !b.Done || b.At.Before(b.Started) || b.Started.IsZero() || b.Number < 1 || b.Worker == 0 || b.Request == 0 {
			t.Errorf("build %+v", b)
		}
	}
	yes, no := true, false
	if running := need(x.c.Builds(t.Context(), buildbot.BuildQuery{Complete: &no}))(t); len(running) != 0 {
		t.Errorf("running: %+v", running)
	}
	hello := x.attrs["x86_64-linux.hello"]
	if of := need(x.c.Builds(t.Context(), buildbot.BuildQuery{Complete: &yes, Builder: hello.Builder}))(t); len(of) != 1 || of[0].ID != hello.ID || len(of[0].Properties) != 0 {
		t.Errorf("of the builder of hello: %+v", of)
	}
	triggered := need(x.c.Triggered(t.Context(), x.eval.ID))(t)
	if len(triggered) != 3 {
		t.Errorf("triggered %+v", triggered)
	}
	got := need(x.c.Build(t.Context(), hello.ID))(t)
	if got.Attr != "x86_64-linux.hello" || !strings.HasPrefix(got.OutPath, "/nix/store/") || got.Result != state.ResultSuccess || got.State != "build successful" ||
		!slices.Contains(got.Properties, state.BuildProperty{Name: "buildername", Value: x.Repo + "/nix-build", Source: "Builder"}) {
		t.Errorf("hello %+v", got)
	}
	finished := need(x.c.Finished(t.Context()))(t)
	if !slices.ContainsFunc(finished, func(b state.Build) bool { return b.ID == hello.ID && b.OutPath == got.OutPath && b.Repo == x.Repo }) || len(finished) != 3 {
		t.Errorf("finished %+v", finished)
	}
	x.steps(t, hello)
}

func (x *suite) steps(t *testing.T, hello state.Build) {
	t.Helper()
	var names []string
	for i, s := range need(x.c.Steps(t.Context(), hello.ID))(t) {
		names = append(names, s.Name)
		if s.Number != i || s.Build != hello.ID || !s.Done || s.Result != state.ResultSuccess || s.Started.IsZero() || s.At.IsZero() || s.State == "" {
			t.Errorf("step %+v", s)
		}
	}
	if !slices.Equal(names, []string{"worker_preparation", "Build flake attr", "Upload to niks3", "Register gcroot"}) {
		t.Errorf("steps of hello: %q", names)
	}
}

// logs reads a log that is longer than what buildbot keeps in one piece.
func (x *suite) logs(t *testing.T) {
	steps := need(x.c.Steps(t.Context(), x.attrs["x86_64-linux.hello"].ID))(t)
	logs := need(x.c.Logs(t.Context(), steps[1].ID))(t)
	if len(logs) != 1 || logs[0].Name != "stdio" || logs[0].Kind != "s" || !logs[0].Done || logs[0].Lines < 3003 {
		t.Fatalf("logs %+v", logs)
	}
	l := logs[0]
	var all []state.LogLine
	for len(all) < l.Lines {
		page := need(x.c.Lines(t.Context(), l, len(all), 1000))(t)
		if len(page) == 0 || len(page) > 1000 {
			t.Fatalf("%d lines from %d of %d", len(page), len(all), l.Lines)
		}
		all = append(all, page...)
	}
	seen := map[byte]int{}
	for i, one := range all {
		seen[one.Stream]++
		if one.Number != i || strings.ContainsAny(one.Text, "\n\r") {
			t.Errorf("line %d: %+v", i, one)
		}
	}
	if len(all) != l.Lines || seen['o'] != 3001 || seen['e'] != 1 || seen['h'] != l.Lines-3002 {
		t.Errorf("%d lines of %d: %v", len(all), l.Lines, seen)
	}
	tail := need(x.c.Lines(t.Context(), l, l.Lines-5, 100))(t)
	if len(tail) != 5 || tail[4] != all[len(all)-1] {
		t.Errorf("tail %+v", tail)
	}
	if none := need(x.c.Lines(t.Context(), l, l.Lines+100, 100))(t); len(none) != 0 {
		t.Errorf("beyond the end: %+v", none)
	}
	var saved bytes.Buffer
	n := need(x.c.Save(t.Context(), l.ID, &saved))(t)
	if n != int64(saved.Len()) || strings.Count(saved.String(), "\n") != l.Lines || !strings.Contains(saved.String(), "\nline 3000 of a log that is longer than one chunk of it\n") {
		t.Errorf("saved %d bytes, %d lines", n, strings.Count(saved.String(), "\n"))
	}
}
