package plain_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/state/schematest"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/ui/cli"
	"github.com/nixwright/nixwright/ui/plain"
)

const schemas = "../../docs/schemas"

// fits validates a JSON document against a schema.
func fits(t *testing.T, name string, doc []byte) error {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	schema, err := c.Compile(filepath.Join(schemas, name))
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(value)
}

func line(t *testing.T, v any) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := plain.WriteLine(&out, v); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// values are what the program writes, by the schema that describes it.
func values() map[string][]any {
	out := map[string][]any{
		"plan.json":   {plain.Plan(report()), plain.Plan(steps.Report{Rows: report().Rows[:1]})},
		"status.json": {plain.Status(report())},
		"error.json":  {plain.ErrorDoc{Kind: "result", Status: steps.Failed, Err: noHost().Error(), Problems: []state.Problem{noHost(), noToken()}}},
		"world.json": {cli.World{Dir: "/tmp/w", Env: map[string]string{"GH_TOKEN": "ghp_x"}, Endpoints: state.Endpoints{
			GitHubAPI: "http://127.0.0.1:1", GitHubWeb: "http://127.0.0.1:2", CloudflareAPI: "http://127.0.0.1:3", R2S3: "http://127.0.0.1:4",
			DNS: "127.0.0.1:5", SSH: []string{"nixwright", "world-role"}, Buildbot: "http://127.0.0.1:6", Niks3: "http://127.0.0.1:7", CI: "http://127.0.0.1:8", Cache: "http://127.0.0.1:9",
		}}},
	}
	for _, e := range story() {
		out["event.json"] = append(out["event.json"], e)
	}
	for _, q := range state.Questions() {
		q.Cost = state.Cost{Pages: 1, Clicks: 2, Pastes: 3, Typed: 4}
		out["event.json"] = append(out["event.json"], steps.Event{Seq: 1, Run: "r", Kind: steps.KindQuestion, Question: &q})
	}
	for _, f := range state.Failures() {
		out["failure.json"] = append(out["failure.json"], f)
	}
	return out
}

func TestWhatIsWrittenFitsItsSchema(t *testing.T) {
	for name, all := range values() {
		for _, v := range all {
			if err := fits(t, name, line(t, v)); err != nil {
				t.Errorf("%s: %v\n%s", name, err, line(t, v))
			}
		}
	}
}

// TestASchemaRefusesWhatIsNotWritten keeps the test above honest: a field that
// is not described is refused, in every document.
func TestASchemaRefusesWhatIsNotWritten(t *testing.T) {
	for name, all := range values() {
		var doc map[string]any
		if err := json.Unmarshal(line(t, all[0]), &doc); err != nil {
			t.Fatal(err)
		}
		doc["surprise"] = true
		if fits(t, name, line(t, doc)) == nil {
			t.Errorf("%s takes anything", name)
		}
	}
	if fits(t, "event.json", []byte(`{"seq":1,"at":"today","run":"r","kind":"run"}`)) == nil {
		t.Error("at is any text")
	}
	if fits(t, "event.json", []byte(`{"seq":1,"at":"2026-08-24T12:01:10Z","run":"r","kind":"party"}`)) == nil {
		t.Error("kind is any text")
	}
}

// TestSchemasHaveTheFieldsOfTheTypes compares both ways, so that neither a new
// field nor one that is gone is forgotten.
func TestSchemasHaveTheFieldsOfTheTypes(t *testing.T) {
	for _, tc := range []struct {
		file string
		at   []string
		typ  reflect.Type
	}{
		{"event.json", nil, reflect.TypeFor[steps.Event]()},
		{"plan.json", nil, reflect.TypeFor[plain.PlanDoc]()},
		{"status.json", nil, reflect.TypeFor[plain.StatusDoc]()},
		{"status.json", []string{"properties", "lines", "items"}, reflect.TypeFor[plain.LineDoc]()},
		{"failure.json", nil, reflect.TypeFor[state.Failure]()},
		{"error.json", nil, reflect.TypeFor[plain.ErrorDoc]()},
		{"world.json", nil, reflect.TypeFor[cli.World]()},
		{"world.json", []string{"properties", "endpoints"}, reflect.TypeFor[state.Endpoints]()},
		{"common.json", []string{"$defs", "step"}, reflect.TypeFor[plain.StepDoc]()},
		{"common.json", []string{"$defs", "problem"}, reflect.TypeFor[state.Problem]()},
		{"common.json", []string{"$defs", "cost"}, reflect.TypeFor[state.Cost]()},
		{"common.json", []string{"$defs", "change"}, reflect.TypeFor[steps.Change]()},
		{"common.json", []string{"$defs", "question"}, reflect.TypeFor[state.Question]()},
	} {
		t.Run(tc.typ.String(), func(t *testing.T) {
			schema := part(t, tc.file, tc.at)
			properties, _ := schema["properties"].(map[string]any)
			all, always := fields(tc.typ)
			if got := slices.Sorted(maps.Keys(properties)); !slices.Equal(got, all) {
				t.Errorf("the schema has\n%v, the type\n%v", got, all)
			}
			var required []string
			list, _ := schema["required"].([]any)
			for _, r := range list {
				required = append(required, r.(string))
			}
			slices.Sort(required)
			if !slices.Equal(required, always) {
				t.Errorf("the schema requires\n%v, always written are\n%v", required, always)
			}
		})
	}
}

// part is a part of a schema's file.
func part(t *testing.T, file string, at []string) map[string]any {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(schemas, file))
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	for _, key := range at {
		doc, _ = doc[key].(map[string]any)
	}
	return doc
}

// fields are the JSON names of a type's fields, and those that are always
// written.
func fields(t reflect.Type) (all, always []string) {
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		all = append(all, name)
		if options == "" {
			always = append(always, name)
		}
	}
	slices.Sort(all)
	slices.Sort(always)
	return all, always
}

// TestKeptSchemas: those of builds show and of the lists are that of what is
// written, and a document of each fits.
func TestKeptSchemas(t *testing.T) {
	for file, doc := range map[string]any{
		"build.json": plain.BuildDoc{
			Kind: "build", Build: &live.Build{ID: 7, Started: time.Unix(1, 0)}, Status: live.Failed, URL: "https://ci.example.org/#/builders/1/builds/7",
			Steps: []plain.BuildStep{{BuildStep: state.BuildStep{ID: 1, Name: "Build flake attr"}, Logs: []state.BuildLog{{ID: 2, Name: "stdio"}}}},
		},
		"repos.json": state.RepoSights{Kind: "repos", Repos: []state.RepoSight{{}}, Problems: []state.Problem{noHost()}},
		"workers.json": state.WorkerSights{Kind: "workers", Systems: []string{"x86_64-linux"}, Workers: []state.WorkerSight{
			{Name: "omnara1", Problems: []state.Problem{noToken()}},
		}, Problems: []state.Problem{}},
	} {
		title := map[string]string{"build.json": "nixwright builds show --output json", "repos.json": "nixwright repo list --output json", "workers.json": "nixwright worker list --output json"}[file]
		schematest.Keep(t, filepath.Join(schemas, file), title, reflect.TypeOf(doc), nil)(t, line(t, doc))
	}
}
