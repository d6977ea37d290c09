package live

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/schematest"
)

// written is how a Ring writes itself.
func written() schematest.Known {
	return schematest.Known{reflect.TypeFor[Ring](): {"type": []string{"object", "null"}, "required": []string{"from", "every_ns", "values"}, "properties": map[string]any{
		"from": map[string]any{"type": "string", "format": "date-time"}, "every_ns": map[string]any{"type": "integer"},
		"values": map[string]any{"type": "array", "items": map[string]any{"type": []string{"number", "null"}}},
	}, "additionalProperties": false}}
}

// TestSchema: the schema in the docs is that of what is written, and a full
// snapshot and an empty one fit it.
func TestSchema(t *testing.T) {
	fits := schematest.Keep(t, "../../docs/schemas/snapshot.json", "A snapshot: everything that is known at a moment", reflect.TypeFor[document](), written())
	for name, snap := range map[string]Snapshot{"empty": New(), "full": fullOne(t)} {
		t.Run(name, func(t *testing.T) {
			text, err := json.Marshal(snap.Document(time.Now(), 0))
			if err != nil {
				t.Fatal(err)
			}
			fits(t, text)
		})
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
