package buildbot_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/buildbot"
	"github.com/nixwright/nixwright/state"
)

func recorded(t *testing.T, name string, into any) {
	t.Helper()
	data := os.Getenv("NIXWRIGHT_TESTDATA")
	if data == "" {
		t.Skip("NIXWRIGHT_TESTDATA is not set: no recorded answers")
	}
	b, err := os.ReadFile(filepath.Join(data, "captures", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatal(err)
	}
}

func serve(t *testing.T, h http.HandlerFunc) *buildbot.Client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return buildbot.New(s.Client(), s.URL+"/")
}

// master answers as the recorded ones do: their list of builds, newest first,
// with the properties asked for. The recorded properties of one build stand
// for those of every build of its builder.
func master(t *testing.T, version string, properties map[int64]map[string]any) *buildbot.Client {
	t.Helper()
	var builds struct {
		Builds []map[string]any `json:"builds"`
	}
	recorded(t, filepath.Join(version, "builds.json"), &builds)
	slices.SortFunc(builds.Builds, func(a, b map[string]any) int {
		x, _ := a["buildid"].(float64)
		y, _ := b["buildid"].(float64)
		return cmp.Compare(y, x)
	})
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if r.URL.Path != "/api/v2/builds" || q.Get("complete") != "true" || q.Get("order") != "-buildid" || q.Get("limit") == "" || r.Header.Get("Accept") != "application/json" {
			t.Errorf("asked %s, accepting %q", r.URL, r.Header.Get("Accept"))
		}
		for _, b := range builds.Builds {
			id, _ := b["buildid"].(float64)
			asked := map[string]any{}
			for _, name := range q["property"] {
				if v, ok := properties[int64(id)][name]; ok {
					asked[name] = v
				}
			}
			b["properties"] = asked
		}
		_ = json.NewEncoder(w).Encode(builds)
	})
}

func TestFinished(t *testing.T) {
	t.Parallel()
	var hello, eval struct {
		Properties []map[string]any `json:"properties"`
	}
	recorded(t, "buildbot/build-4-hello-properties.json", &hello)
	recorded(t, "buildbot/build-2-properties.json", &eval)
	want := state.Build{
		ID: 4, Repo: "phlip9/dotfiles", Attr: "x86_64-linux.hello", OutPath: "/nix/store/sk5v8hv8akasl0w1q3z3yrh5gb296xlg-ci-hello",
		Result: 0, At: time.Unix(1795391082, 0).UTC(),
	}
	got, err := master(t, "buildbot", map[int64]map[string]any{4: hello.Properties[0], 2: eval.Properties[0]}).Finished(t.Context())
	if err != nil || len(got) != 1 || got[0].At != want.At {
		t.Fatalf("got %+v, %v, want %+v", got, err, want)
	}
	if b := got[0]; b.ID != want.ID || b.Repo != want.Repo || b.Attr != want.Attr || b.OutPath != want.OutPath || b.Result != want.Result {
		t.Errorf("got %+v, want %+v", b, want)
	}
	three, four := hello.Properties[0], hello.Properties[0]
	got, err = master(t, "buildbot-3.7", map[int64]map[string]any{2: three, 3: four}).Finished(t.Context())
	if err != nil || len(got) != 2 || got[0].ID != 3 || got[0].Result != 2 || got[1].ID != 2 || got[1].Result != 0 {
		t.Errorf("3.7: %+v, %v", got, err)
	}
}

func TestFinishedOfAFreshMaster(t *testing.T) {
	t.Parallel()
	got, err := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"builds":[],"meta":{"total":0}}`)
	}).Finished(t.Context())
	if err != nil || len(got) != 0 {
		t.Errorf("got %v, %v", got, err)
	}
	odd := `{"builds":[
		{"buildid":5,"complete_at":1.5,"results":6,"properties":{"out_path":["/x","s"],"buildername":["a/b/nix-build","s"]}},
		{"buildid":4,"complete_at":1.5,"results":6,"properties":{"out_path":[],"buildername":[7,"s"]}},
		{"buildid":3,"complete_at":1.5,"results":6,"properties":{"out_path":[null,"s"],"buildername":["a/b/nix-build","s"]}},
		{"buildid":2,"complete_at":1.5,"results":null,"properties":{"out_path":["/x","s"],"buildername":["a/b/nix-build","s"]}},
		{"buildid":1,"complete_at":null,"results":0,"properties":{"out_path":["/x","s"],"buildername":["a/b/nix-build","s"]}}]}`
	got, err = serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, odd) }).Finished(t.Context())
	if err != nil || len(got) != 1 || got[0].ID != 5 || got[0].At != time.UnixMilli(1500).UTC() {
		t.Errorf("odd builds: %+v, %v", got, err)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		status int
		body   string
		kind   error
		says   string
	}{
		{"its own words", 400, `{"error": "unrecognized query parameter 'nosuch'"}`, state.ErrInvalid, "unrecognized query parameter 'nosuch'"},
		{"a login page", 302, "<html><title>Found</title></html>", state.ErrService, "Found"},
		{"a proxy", 502, "<html><head><title>502 Bad Gateway</title></head></html>", state.ErrService, "502 Bad Gateway"},
		{"something else", 200, "<html><title>nginx</title></html>", state.ErrService, "nginx"},
		{"no login", 401, "{}", state.ErrUnauthorized, "401"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			})
			if _, err := client.Finished(t.Context()); !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v, want %v with %q", err, c.kind, c.says)
			}
		})
	}
	s := httptest.NewServer(nil)
	s.Close()
	if _, err := buildbot.New(http.DefaultClient, s.URL).Finished(t.Context()); !errors.Is(err, state.ErrOffline) {
		t.Errorf("nobody there: %v", err)
	}
}

// TestACallThatAnswersNothing: a JSON-RPC answer without a result is not taken
// for done.
func TestACallThatAnswersNothing(t *testing.T) {
	for _, body := range []string{`{"jsonrpc":"2.0","id":1}`, `{"id":1,"result":null}`} {
		c := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				_, _ = io.WriteString(w, `{"workers":[{"workerid":1,"name":"omnara1-000"}],"meta":{"total":1}}`)
				return
			}
			_, _ = io.WriteString(w, body)
		})
		if err := c.Pause(t.Context(), buildbot.Session{}, 1, true, "why"); !errors.Is(err, state.ErrService) {
			t.Errorf("%s: %v", body, err)
		}
	}
}
