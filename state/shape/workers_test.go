package shape

import (
	"crypto/rand"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/state"
)

func TestWorkersRoundTrip(t *testing.T) {
	pass := state.NewSecret(`p<a>&"\ss`)
	ws := []state.Worker{{Name: "omnara1", Cores: 10}, {Name: "build2", Cores: 8}}
	v := ComposeWorkers(pass, ws)
	if want := `[{"name":"omnara1","pass":"p<a>&\"\\ss","cores":10},{"name":"build2","pass":"p<a>&\"\\ss","cores":8}]`; v.Reveal() != want {
		t.Errorf("got %s", v.Reveal())
	}
	if err := WorkersMatch(v, pass, ws); err != nil {
		t.Error(err)
	}
	got, err := ParseWorkers(v)
	if err != nil || len(got) != 2 || got[0] != ws[0] || got[1] != ws[1] {
		t.Error(got, err)
	}
}

func TestParseWorkerEntries(t *testing.T) {
	tests := []struct{ name, value, wrong string }{
		{"other keys", `[{"name":"a","pass":"p","cores":1,"x":{}}]`, ""},
		{"cores in quotes", `[{"name":"a","pass":"p","cores":"12"}]`, ""},
		{"white space", " [ {\"name\":\"a\",\"pass\":\"p\",\"cores\":1} ]\n", ""},
		{"none", `[]`, "no worker"},
		{"null", `null`, "no worker"},
		{"an object", `{"name":"a"}`, "not a JSON list"},
		{"cut", `[{"name":"a","pass":"hunter2hun`, "not a JSON list"},
		{"password", `[{"name":"a","password":"p","cores":1}]`, "password in place of pass"},
		{"capitals", `[{"Name":"a","Pass":"p","Cores":1}]`, "no name"},
		{"no cores", `[{"name":"a","pass":"p"}]`, "no number of cores"},
		{"no core", `[{"name":"a","pass":"p","cores":0}]`, "no number of cores"},
		{"half a core", `[{"name":"a","pass":"p","cores":1.5}]`, "no number of cores"},
		{"a number as name", `[{"name":1,"pass":"p","cores":1}]`, "no name"},
		{"a null as pass", `[{"name":"a","pass":null,"cores":1}]`, "no pass"},
		{"one name twice", `[{"name":"a","pass":"p","cores":1},{"name":"a","pass":"p","cores":1}]`, "name of another"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseWorkerEntries(state.NewSecret(tt.value))
			switch {
			case tt.wrong == "" && err != nil:
				t.Error(err)
			case tt.wrong != "":
				if p := state.AsProblem(err0(t, WorkersName, tt.value, err)); p.ID != "F38" || !strings.Contains(p.What, tt.wrong) {
					t.Errorf("got %+v", p)
				}
			}
		})
	}
}

func TestWorkersMatch(t *testing.T) {
	list := state.NewSecret(`[{"name":"a","pass":"right","cores":4},{"name":"b","pass":"right","cores":2}]`)
	tests := []struct {
		name, pass string
		wanted     []state.Worker
		wrong      string
	}{
		{"as wanted", "right", []state.Worker{{Name: "b", Cores: 2}, {Name: "a", Cores: 4}}, ""},
		{"any cores", "right", []state.Worker{{Name: "a"}, {Name: "b"}}, ""},
		{"another password", "wrong", []state.Worker{{Name: "a"}, {Name: "b"}}, "password"},
		{"other cores", "right", []state.Worker{{Name: "a", Cores: 3}, {Name: "b"}}, "4 cores in place of 3"},
		{"one more", "right", []state.Worker{{Name: "a"}, {Name: "b"}, {Name: "c"}}, "lacks the worker c"},
		{"one less: b is somebody's", "right", []state.Worker{{Name: "a"}}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := WorkersMatch(list, state.NewSecret(tt.pass), tt.wanted)
			if tt.wrong == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if p := state.AsProblem(err0(t, WorkersName, tt.name, err)); p.ID != "F39" || !strings.Contains(p.What, tt.wrong) {
				t.Errorf("got %+v", p)
			}
		})
	}
}

func TestMakeLocalKeepsWhatIsThere(t *testing.T) {
	c := config(state.FullyPrivate)
	made, err := MakeLocal(Set{}, c, state.Host{Threads: 12}, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	set := Set{}
	for _, s := range made {
		set[s.Name] = s.Value
	}
	if ws, err := ParseWorkers(set[WorkersName]); err != nil || len(ws) != 1 || ws[0] != (state.Worker{Name: "omnara1", Cores: 10}) {
		t.Errorf("workers %v, %v", ws, err)
	}
	if WorkersDrifted(set, c.Workers) {
		t.Error("drifted when new")
	}
	again, err := MakeLocal(set, c, state.Host{}, rand.Reader)
	if err != nil || len(again) != 0 {
		t.Errorf("made again: %d, %v", len(again), err)
	}

	set[WorkerPasswordName] = state.NewSecret(strings.Repeat("n", 20))
	c.Workers = append(c.Workers, state.Worker{Name: "build2", Cores: 3})
	if !WorkersDrifted(set, c.Workers) {
		t.Error("not drifted")
	}
	again, err = MakeLocal(set, c, state.Host{}, rand.Reader)
	if err != nil || len(again) != 1 || again[0].Name != WorkersName {
		t.Fatalf("made %v, %v", again, err)
	}
	if err := WorkersMatch(again[0].Value, set[WorkerPasswordName], []state.Worker{{Name: "omnara1", Cores: 10}, {Name: "build2", Cores: 3}}); err != nil {
		t.Error(err)
	}
}

func TestMakeLocalWantsCores(t *testing.T) {
	c := config(state.FullyPrivate)
	if _, err := MakeLocal(Set{}, c, state.Host{}, rand.Reader); err == nil || !strings.Contains(state.AsProblem(err).Fix, "workers=omnara1=") {
		t.Errorf("got %v", err)
	}
	made, err := MakeLocal(Set{}, c, state.Host{Threads: 1}, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range made {
		if s.Name != WorkersName {
			continue
		}
		if ws, err := ParseWorkers(s.Value); err != nil || ws[0].Cores != 1 {
			t.Error(ws, err)
		}
	}
}
