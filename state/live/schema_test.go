package live

import (
	"bytes"
	"encoding"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/nixwright/nixwright/state"
)

var updateSchema = flag.Bool("update-schema", false, "write docs/schemas/snapshot.json")

const schemaFile = "../../docs/schemas/snapshot.json"

// schemaOf describes how a Go value is written in JSON.
func schemaOf(t reflect.Type) map[string]any {
	text, written := reflect.TypeFor[encoding.TextMarshaler](), reflect.TypeFor[json.Marshaler]()
	switch {
	case t == reflect.TypeFor[time.Time]():
		return map[string]any{"type": "string", "format": "date-time"}
	case t == reflect.TypeFor[Ring]():
		return map[string]any{"type": []string{"object", "null"}, "required": []string{"from", "every_ns", "values"}, "properties": map[string]any{
			"from": schemaOf(reflect.TypeFor[time.Time]()), "every_ns": map[string]any{"type": "integer"},
			"values": map[string]any{"type": "array", "items": map[string]any{"type": []string{"number", "null"}}},
		}, "additionalProperties": false}
	case t.Kind() == reflect.Pointer:
		s := schemaOf(t.Elem())
		if kind, ok := s["type"].(string); ok {
			s["type"] = []string{kind, "null"}
		}
		return s
	case t.Implements(text), t.Implements(written) && t.Kind() == reflect.String:
		return map[string]any{"type": "string"}
	}
	switch t.Kind() {
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
		return map[string]any{"type": []string{"array", "null"}, "items": schemaOf(t.Elem())}
	case reflect.Map:
		return map[string]any{"type": []string{"object", "null"}, "additionalProperties": schemaOf(t.Elem())}
	case reflect.Struct:
		props, required := map[string]any{}, []string{}
		fields(t, props, &required)
		return map[string]any{"type": "object", "properties": props, "required": required, "additionalProperties": false}
	}
	return map[string]any{"type": "integer"}
}

// fields adds what a struct's fields are written as; the outer one wins.
func fields(t reflect.Type, props map[string]any, required *[]string) {
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" {
			inner := f.Type
			if inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			fields(inner, props, required)
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
		props[name] = schemaOf(f.Type)
	}
}

// TestSchema: the schema in the docs is that of what is written, and a full
// snapshot and an empty one fit it.
func TestSchema(t *testing.T) {
	s := schemaOf(reflect.TypeFor[document]())
	s["$schema"], s["$id"], s["title"] = "https://json-schema.org/draft/2020-12/schema", "snapshot.json", "A snapshot: everything that is known at a moment"
	var want bytes.Buffer
	enc := json.NewEncoder(&want)
	enc.SetIndent("", "  ")
	if err := enc.Encode(s); err != nil {
		t.Fatal(err)
	}
	if *updateSchema {
		if err := os.WriteFile(schemaFile, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(schemaFile)
	if err != nil || !bytes.Equal(have, want.Bytes()) {
		t.Fatalf("docs/schemas/snapshot.json is not what is written (%v): go test ./state/live -run TestSchema -update-schema", err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	schema, err := c.Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	for name, snap := range map[string]Snapshot{"empty": New(), "full": fullOne(t)} {
		text, err := json.Marshal(snap.Document(time.Now(), 0))
		if err != nil {
			t.Fatal(err)
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err == nil {
			err = schema.Validate(value)
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// filled sets everything in a value to something.
func filled(v reflect.Value) {
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(start))
		return
	case !v.CanSet():
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.String:
		v.SetString("text")
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint8:
		v.SetUint(1)
	case reflect.Float64:
		v.SetFloat(1.5)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		filled(v.Index(0))
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		filled(key)
		filled(value)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		filled(v.Elem())
	case reflect.Struct:
		for _, field := range v.Fields() {
			filled(field)
		}
	}
}

func tells[T Figure]() Update {
	var v T
	filled(reflect.ValueOf(&v).Elem())
	return at(time.Minute, Tell[T]{Value: v})
}

func oneOf[T any]() T {
	var v T
	filled(reflect.ValueOf(&v).Elem())
	return v
}

// fullOne is a snapshot in which everything is known.
func fullOne(t *testing.T) Snapshot {
	t.Helper()
	waits := oneOf[state.BuildRequest]()
	waits.Claimed, waits.Done = false, false
	worker := oneOf[state.BuildWorker]()
	worker.Janitor = false
	return reduced(
		at(0, builders), at(0, Link{Up: true, Via: "WebSocket", Note: "text"}),
		at(time.Second, Builds{All: []Build{oneOf[Build](), {ID: 2, Builder: 1, Started: start}}}),
		at(time.Second, Requests{All: []state.BuildRequest{waits}}), at(time.Second, Workers{All: []state.BuildWorker{worker}}),
		at(time.Second, Changes{All: []state.BuildChange{oneOf[state.BuildChange]()}}), at(time.Second, Deliveries{All: []Delivery{oneOf[Delivery]()}}),
		tells[Health](), tells[state.Niks3Config](), tells[state.GCStatus](), tells[state.Niks3Metrics](), tells[Pins](), tells[Size](), tells[Traffic](),
		tells[Paths](), tells[Uploads](), tells[Hooks](), tells[GitHub](), tells[Host](), tells[Units](), tells[Timers](), tells[Disks](), tells[Memory](),
		tells[Sockets](), tells[Certificates](), tells[Checklist](),
	)
}
