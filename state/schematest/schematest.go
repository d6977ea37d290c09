// Package schematest keeps the JSON Schemas of docs/schemas to what is written.
package schematest

import (
	"bytes"
	"encoding"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

//nolint:gochecknoglobals // a flag of the test binaries
var update = flag.Bool("update-schema", false, "write the schemas of docs/schemas anew")

// Known are the schemas of types that write themselves.
type Known map[reflect.Type]map[string]any

// Keep fails the test where the schema in the file is not that of the type. It
// returns what judges whether a document fits.
func Keep(t *testing.T, file, title string, doc reflect.Type, known Known) (fits func(t *testing.T, text []byte)) {
	t.Helper()
	s := schemaOf(doc, known)
	s["$schema"], s["$id"], s["title"] = "https://json-schema.org/draft/2020-12/schema", filepath.Base(file), title
	var want bytes.Buffer
	enc := json.NewEncoder(&want)
	enc.SetIndent("", "  ")
	if err := enc.Encode(s); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, want.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(have, want.Bytes()) {
		t.Fatalf("%s is not what is written (%v): run this test with -update-schema", file, err)
	}
	return Reader(t, file)
}

// Reader judges documents by the schema in a file.
func Reader(t *testing.T, file string) (fits func(t *testing.T, text []byte)) {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	schema, err := c.Compile(file)
	if err != nil {
		t.Fatal(err)
	}
	return func(t *testing.T, text []byte) {
		t.Helper()
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err == nil {
			err = schema.Validate(value)
		}
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(file), err)
		}
	}
}

// schemaOf describes how a Go value is written in JSON.
func schemaOf(t reflect.Type, known Known) map[string]any {
	text, written := reflect.TypeFor[encoding.TextMarshaler](), reflect.TypeFor[json.Marshaler]()
	switch {
	case t == reflect.TypeFor[time.Time]():
		return map[string]any{"type": "string", "format": "date-time"}
	case known[t] != nil:
		return known[t]
	case t.Kind() == reflect.Pointer:
		s := schemaOf(t.Elem(), known)
		if kind, ok := s["type"].(string); ok {
			s["type"] = []string{kind, "null"}
		}
		return s
	case t.Implements(text), t.Implements(written) && t.Kind() == reflect.String:
		return map[string]any{"type": "string"}
	}
	switch t.Kind() { //nolint:exhaustive // the rest are numbers
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Float32, reflect.Float64:
		return map[string]any{"type": "number"}
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return map[string]any{"type": "string"}
		}
		return map[string]any{"type": []string{"array", "null"}, "items": schemaOf(t.Elem(), known)}
	case reflect.Map:
		return map[string]any{"type": []string{"object", "null"}, "additionalProperties": schemaOf(t.Elem(), known)}
	case reflect.Struct:
		props, required := map[string]any{}, []string{}
		fields(t, props, &required, known)
		return map[string]any{"type": "object", "properties": props, "required": required, "additionalProperties": false}
	}
	return map[string]any{"type": "integer"}
}

// fields adds what a struct's fields are written as; the outer one wins.
func fields(t reflect.Type, props map[string]any, required *[]string, known Known) {
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" {
			inner := f.Type
			if inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			fields(inner, props, required, known)
			continue
		}
		if name == "-" || !f.IsExported() {
			continue
		}
		if name == "" {
			name = f.Name
		}
		if props[name] == nil && !strings.Contains(options, "omit") {
			*required = append(*required, name)
		}
		props[name] = schemaOf(f.Type, known)
	}
}
