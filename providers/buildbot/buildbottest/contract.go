package buildbottest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// defined is the name of each list's type in buildbot's own description.
var defined = map[string]string{
	"builders": "builder", "builds": "build", "steps": "step", "logs": "log", "logchunks": "logchunk", "buildrequests": "buildrequest",
	"workers": "worker", "changes": "change", "masters": "master", "forceschedulers": "forcescheduler", "projects": "project", "buildsets": "buildset",
}

// undescribed are fields that a 4.3.0 sends and its description leaves out.
var undescribed = []string{"description_format", "description_html", "committer", "enabled", "active"}

// contract validates answers against buildbot's description of its types. It
// skips where that is not here.
func (x *suite) contract(t *testing.T) {
	dir := os.Getenv("NIXWRIGHT_TESTDATA")
	if dir == "" {
		t.Skip("buildbot's description of its types is not here: NIXWRIGHT_TESTDATA is not set")
	}
	var doc struct {
		Schema json.RawMessage `json:"schema"`
	}
	//nolint:gosec // the directory of the tests' own data
	raw := need(os.ReadFile(filepath.Join(dir, "contracts", "buildbot.v2.json")))(t)
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("buildbot.json", need(jsonschema.UnmarshalJSON(bytes.NewReader(doc.Schema)))(t)); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{
		"/builders", "/builds?property=*", "/buildrequests", "/workers", "/changes", "/masters", "/forceschedulers", "/projects", "/buildsets", "/buildsets/1",
		"/builds/1", "/builds/1/steps", "/steps/1", "/steps/2/logs", "/logs/1", "/logs/1/contents", "/builds/1/triggered_builds",
	} {
		status, body := x.raw(t, http.MethodGet, "/api/v2"+path, nil, "")
		var answer map[string]any
		if err := json.Unmarshal([]byte(body), &answer); err != nil || status != http.StatusOK {
			t.Errorf("%s: %d %.300s", path, status, body)
			continue
		}
		for kind, rows := range answer {
			name, ok := defined[kind]
			if !ok {
				continue
			}
			schema := need(compiler.Compile("buildbot.json#/$defs/" + name))(t)
			all, _ := rows.([]any)
			if len(all) == 0 {
				t.Errorf("%s: nothing to validate", path)
			}
			for _, row := range all {
				x.validate(t, path, schema, row)
			}
		}
	}
}

// validate checks a row, and that it has every field that is described and
// that the real one sends too.
func (x *suite) validate(t *testing.T, path string, schema *jsonschema.Schema, row any) {
	t.Helper()
	if err := schema.Validate(row); err != nil {
		t.Errorf("%s: %v", path, err)
	}
	fields, _ := row.(map[string]any)
	for name := range fields {
		if _, ok := schema.Properties[name]; !ok && !slices.Contains(undescribed, name) {
			t.Errorf("%s: %s is not described", path, name)
		}
	}
	for name := range schema.Properties {
		if _, ok := fields[name]; !ok && name != "properties" {
			t.Errorf("%s: %s is missing", path, name)
		}
	}
}
