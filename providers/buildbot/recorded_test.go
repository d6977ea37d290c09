package buildbot

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/state"
)

// kinds are the lists that the adapter reads.
var kinds = map[string]func(json.RawMessage) (any, error){
	"builds": into[wireBuild, state.Build], "builders": into[wireBuilder, state.Builder], "steps": into[wireStep, state.BuildStep],
	"logs": into[wireLog, state.BuildLog], "buildrequests": into[wireRequest, state.BuildRequest], "workers": into[wireWorker, state.BuildWorker],
	"changes": into[wireChange, state.BuildChange], "masters": into[wireMaster, state.BuildMaster],
	"forceschedulers": into[wireScheduler, state.ForceScheduler],
	"logchunks": func(raw json.RawMessage) (any, error) {
		var w wireChunk
		err := json.Unmarshal(raw, &w)
		return w, err
	},
}

func into[W valued[V], V any](raw json.RawMessage) (any, error) {
	var w W
	err := json.Unmarshal(raw, &w)
	return w.value(), err
}

// unread are lists that the adapter does not ask for: the properties of a build
// come with it, the rest has no use in the console.
var unread = []string{"meta", "error", "properties", "projects", "buildsets", "schedulers", "sourcestamps", "changesources"}

// unkept are fields that the adapter leaves, by the beginning of their path.
var unkept = []string{
	"builders.description_format", "builders.description_html", // of a description that buildbot-nix does not write
	"buildrequests.properties",         // always null
	"changes.sourcestamp",              // what the change itself says
	"forceschedulers.all_fields",       // the form of the page; builds are forced as they are
	"workers.configured_on[].masterid", // there is one master
	"builds._",                         // of buildbot-nix's own events: their key says it
}

func testdata(t *testing.T, pattern string) []string {
	t.Helper()
	dir := os.Getenv("NIXWRIGHT_TESTDATA")
	if dir == "" {
		t.Skip("NIXWRIGHT_TESTDATA is not set: no recorded answers")
	}
	var all []string
	for _, version := range []string{"buildbot", "buildbot-3.7"} {
		found, err := filepath.Glob(filepath.Join(dir, "captures", version, pattern))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, found...)
	}
	return all
}

// TestRecordedAnswers changes every value of every recorded answer, one at a
// time: where that changes nothing in what the adapter makes of it, the value
// was lost.
func TestRecordedAnswers(t *testing.T) {
	t.Parallel()
	files, rows := testdata(t, "*.json"), 0
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var answer map[string]json.RawMessage
		if err := json.Unmarshal(raw, &answer); err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		for kind, list := range answer {
			if slices.Contains(unread, kind) || kind == "rootlinks" {
				continue
			}
			var all []json.RawMessage
			if err := json.Unmarshal(list, &all); err != nil || kinds[kind] == nil {
				t.Errorf("%s: %s is read by nobody: %v", filepath.Base(file), kind, err)
				continue
			}
			for _, one := range all {
				rows++
				survives(t, filepath.Base(file), kind, one)
			}
		}
	}
	if len(files) < 90 || rows < 170 {
		t.Errorf("%d files with %d rows", len(files), rows)
	}
}

// survives changes each value of a row in turn.
func survives(t *testing.T, file, kind string, raw json.RawMessage) {
	t.Helper()
	want, err := kinds[kind](raw)
	if err != nil {
		t.Errorf("%s: %v: %s", file, err, raw)
		return
	}
	for i := 0; ; i++ {
		changed, path := change(t, raw, kind, i)
		if path == "" {
			return
		}
		if slices.ContainsFunc(unkept, func(p string) bool { return strings.HasPrefix(path, p) }) {
			continue
		}
		if got, err := kinds[kind](changed); err == nil && reflect.DeepEqual(got, want) {
			t.Errorf("%s: %s is lost", file, path)
		}
	}
}

// change returns the row with its n-th value changed, and the path of that
// value; none: there are no more.
func change(t *testing.T, raw json.RawMessage, kind string, n int) (json.RawMessage, string) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	path := ""
	v = walkValue(v, kind, &n, &path)
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return out, path
}

func walkValue(v any, at string, n *int, path *string) any {
	hit := func(changed any) any {
		if *n--; *n == -1 {
			*path = at
			return changed
		}
		return v
	}
	switch x := v.(type) {
	case map[string]any:
		names := make([]string, 0, len(x))
		for name := range x {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			x[name] = walkValue(x[name], at+"."+name, n, path)
		}
	case []any:
		for i := range x {
			x[i] = walkValue(x[i], at+"[]", n, path)
		}
		if len(x) > 0 {
			return hit(x[:len(x)-1])
		}
	case string:
		return hit("x" + x)
	case bool:
		return hit(!x)
	case json.Number:
		f, _ := x.Float64()
		return hit(f + 1)
	}
	return v
}

// TestRecordedEvents replays what was sent over WebSocket.
func TestRecordedEvents(t *testing.T) {
	t.Parallel()
	told := map[string]int{}
	for _, file := range testdata(t, "ws-*.txt") {
		count := map[string]int{}
		emit := once(func(e state.BuildEvent) { count[e.Key]++ })
		for _, l := range linesOf(t, file) {
			_, body, ok := strings.Cut(strings.TrimPrefix(l, "< "), " ")
			var f frame
			if !strings.HasPrefix(l, "< ") || !ok {
				continue
			}
			if err := json.Unmarshal([]byte(body), &f); err != nil {
				t.Errorf("%s: %v: %s", file, err, body)
				continue
			}
			if f.Key == "" {
				if f.ID == nil || f.Code == 0 {
					t.Errorf("%s: neither an answer nor an event: %s", file, body)
				}
				continue
			}
			replay(t, file, f.Key, f.Message, emit)
			told[strings.SplitN(f.Key, "/", 2)[0]]++
		}
		for key, n := range count {
			if parts := strings.Split(key, "/"); len(parts) != 3 || parts[0] == "steps" && parts[2] != "updated" && n != 1 {
				t.Errorf("%s: %s was told %d times", filepath.Base(file), key, n)
			}
		}
	}
	for _, kind := range []string{"builds", "steps", "logs", "buildrequests", "workers", "changes", "builders"} {
		if told[kind] == 0 {
			t.Errorf("no event of %s was recorded", kind)
		}
	}
}

// TestRecordedStream replays what was sent as server sent events.
func TestRecordedStream(t *testing.T) {
	t.Parallel()
	for _, file := range testdata(t, "sse-*.txt") {
		s, n := &stream{r: bufio.NewReader(strings.NewReader(strings.Join(linesOf(t, file), "\n") + "\n"))}, 0
		for {
			kind, data, err := s.next()
			if err != nil {
				break
			}
			if n++; n == 1 {
				if kind != "handshake" || len(data) != 36 {
					t.Errorf("%s begins with %s %s", file, kind, data)
				}
				continue
			}
			var e struct {
				Key     []string        `json:"key"`
				Message json.RawMessage `json:"message"`
			}
			if err := json.Unmarshal(data, &e); err != nil || kind != "event" {
				t.Errorf("%s: %s %v: %s", file, kind, err, data)
			}
			replay(t, file, strings.Join(e.Key, "/"), e.Message, func(state.BuildEvent) {})
		}
		if n < 60 {
			t.Errorf("%s: %d events", file, n)
		}
	}
}

func linesOf(t *testing.T, file string) []string {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(raw), "\n")
}

// replay decodes an event and looks whether anything of it is lost.
func replay(t *testing.T, file, key string, message json.RawMessage, emit func(state.BuildEvent)) {
	t.Helper()
	e := event(key, message)
	emit(e)
	if slices.Contains(unread, e.Kind()) {
		return
	}
	values := 0
	for _, p := range []any{e.Build, e.Builder, e.Step, e.Log, e.Request, e.Worker, e.Change} {
		if !reflect.ValueOf(p).IsNil() {
			values++
		}
	}
	if values != 1 || !strings.HasPrefix(e.Key, e.Kind()+"/") || e.What() == "" {
		t.Errorf("%s: %s holds %d values", filepath.Base(file), key, values)
		return
	}
	survives(t, fmt.Sprintf("%s %s", filepath.Base(file), key), e.Kind(), message)
}
