package fake

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/nixwright/nixwright/providers/buildbot"
	"github.com/nixwright/nixwright/state"
)

// TestLifeObeys stops, cancels and repeats what life does.
func TestLifeObeys(t *testing.T) {
	t.Parallel()
	w, l := livingWorld(t, Life{Seed: "control", Rate: 100, Builders: 40, Builds: 100})
	c := buildbot.New(http.DefaultClient, w.Endpoints().Buildbot)
	s, err := c.Login(t.Context(), theOwner, state.NewSecret("basic-password"))
	if err != nil {
		t.Fatal(err)
	}
	var eval, attr, queued int
	for range 6000 {
		l.Step()
		truth := l.Truth()
		eval, attr, queued = 0, 0, 0
		for _, b := range truth.Builds {
			switch {
			case b.Result >= 0:
			case b.Attr != "":
				attr = b.ID
			default:
				eval = b.ID
			}
		}
		if len(truth.Queue) > 0 {
			queued = truth.Queue[0]
		}
		if eval*attr*queued > 0 {
			break
		}
	}
	if eval*attr*queued == 0 {
		t.Fatal("never do an evaluation and a build run while another waits")
	}
	ctx := t.Context()
	for _, err := range []error{c.Stop(ctx, s, int64(attr), "no"), c.Cancel(ctx, s, int64(queued), "no")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	again, err := c.Rebuild(ctx, s, 50)
	if err != nil {
		t.Fatal(err)
	}
	l.Step()
	if b, err := c.Build(ctx, int64(attr)); err != nil || b.Result != state.ResultCancelled {
		t.Errorf("stopped: %+v, %v", b, err)
	}
	if r, err := c.Request(ctx, int64(queued)); err != nil || !r.Done || r.Result != state.ResultCancelled {
		t.Errorf("cancelled: %+v, %v", r, err)
	}
	steps(l, 5*time.Minute)
	if r, err := c.Request(ctx, again); err != nil || !r.Done {
		t.Errorf("repeated: %+v, %v", r, err)
	}
	if b, err := c.Build(ctx, int64(eval)); err != nil || !b.Done {
		t.Errorf("the evaluation still runs: %+v, %v", b, err)
	}
	for _, b := range l.Truth().Builds {
		if began, err := c.Build(ctx, int64(b.ID)); err != nil || b.Result < 0 && l.Now().Sub(began.Started) > 4*time.Minute {
			t.Errorf("%+v hangs: %v", b, err)
		}
	}
}

// TestLifeKeepsTheContract validates rows of life, and of its past, against
// buildbot's own description of its types.
func TestLifeKeepsTheContract(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("NIXWRIGHT_TESTDATA")
	if dir == "" {
		t.Skip("buildbot's description of its types is not here: NIXWRIGHT_TESTDATA is not set")
	}
	raw, err := os.ReadFile(filepath.Join(dir, "contracts", "buildbot.v2.json"))
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Schema json.RawMessage `json:"schema"`
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	types, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc.Schema))
	compiler := jsonschema.NewCompiler()
	if err != nil || compiler.AddResource("buildbot.json", types) != nil {
		t.Fatal("the description cannot be read")
	}
	w, l := livingWorld(t, Life{Seed: "contract", Rate: 100, Builders: 40, Builds: 100})
	steps(l, 2*time.Minute)
	for kind, name := range map[string]string{
		"builders": "builder", "builds": "build", "steps": "step", "logs": "log", "buildrequests": "buildrequest", "workers": "worker", "changes": "change", "projects": "project",
	} {
		schema, err := compiler.Compile("buildbot.json#/$defs/" + name)
		if err != nil {
			t.Fatal(err)
		}
		got := fetch(t, "GET", w.url("buildbot")+"/api/v2/"+kind+"?limit=1000"+map[string]string{"builds": "&property=*"}[kind], http.Header{"Accept": {"application/json"}}, "").want(200)
		var page map[string]any
		if err := json.Unmarshal(got.body, &page); err != nil {
			t.Fatal(err)
		}
		rows, _ := page[kind].([]any)
		if len(rows) < 2 {
			t.Errorf("%s: %d rows", kind, len(rows))
		}
		for _, row := range rows {
			if err := schema.Validate(row); err != nil {
				t.Fatalf("%s: %v: %v", kind, row, err)
			}
		}
	}
}
