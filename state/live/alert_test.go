package live

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nixwright/nixwright/state"
)

// noon is when the alerts are looked at.
var noon = start.Add(24 * time.Hour)

func ago(d time.Duration) time.Time { return noon.Add(-d) }

func now(all ...News) []Update {
	var out []Update
	for _, n := range all {
		out = append(out, Update{Source: "s", At: noon, News: n})
	}
	return out
}

// healthy is a set-up in which all is well.
func healthy() []Update {
	return now(
		Link{Up: true}, builders,
		Workers{All: []state.BuildWorker{{ID: 1, Name: "w-001", Connected: true}, {ID: 2, Name: "__Janitor", Connected: true, Janitor: true}}},
		Builds{All: []Build{
			{ID: 1, Builder: 1, Branch: "master", Repo: "o/r", Commit: "3f9c2ab1", Done: true, Started: ago(time.Hour), Finished: ago(50 * time.Minute)},
			{ID: 2, Builder: 2, Parent: 1, Commit: "3f9c2ab1", Done: true, Started: ago(time.Hour), Finished: ago(50 * time.Minute)},
		}},
		Served{2, true},
		Tell[Health]{Health{OK: true}},
		Tell[state.GCStatus]{state.GCStatus{Offered: true, State: state.GCSucceeded}},
		Tell[Timers]{Timers{timer(ago(12*time.Hour), noon.Add(12*time.Hour))}},
		Tell[Units]{Units{{Unit: state.Unit{Name: "niks3.service", Load: "loaded", Active: "active", Restarts: 1}}}},
		Tell[Disks]{Disks{{"/", 100, 61, 100, 22}}},
		Tell[Memory]{Memory{Bytes: 64, Used: 20}},
		Tell[Certificates]{Certificates{{"ci.example.com", noon.Add(61 * 24 * time.Hour)}}},
		Tell[GitHub]{GitHub{Slug: "app", Limit: 5000, Left: 4951}},
		Tell[Hooks]{Hooks{Repos: []RepoHook{{Repo: "o/r", Hook: state.Hook{ID: 1, Active: true}}}}},
		Deliveries{All: []Delivery{{Delivery: state.Delivery{ID: 1, Status: 200, At: ago(time.Minute)}, Repo: "o/r", Took: time.Second}}},
		Changes{All: []state.BuildChange{{ID: 1, Repo: "o/r", Revision: "3f9c2ab1", At: ago(time.Hour)}}},
		Tell[Paths]{Paths{{Path: "/nix/store/x", Found: true, Narinfo: &state.Narinfo{Verified: true, Edge: "HIT"}, At: noon}}},
		Tell[Uploads]{Uploads{}},
		Tell[Checklist]{Checklist{{Number: 1, Step: "r2-bucket", Status: "ready"}}},
	)
}

func timer(last, next time.Time) state.Timer {
	return state.Timer{Unit: state.Unit{Name: gcTimer, Load: "loaded", Active: "active", Sub: "waiting"}, Last: last, Next: next}
}

func TestHealthyIsGreen(t *testing.T) {
	s := reduced(healthy()...)
	all := s.Alerts(noon)
	truth := s.Truth(all, noon)
	if len(all) != 0 || truth.Text != "All green. The last green build was cached 50 min ago." || !truth.Known || truth.Severity != "" {
		t.Errorf("%+v: %v", truth, all)
	}
}

// TestAlerts breaks one thing of a healthy set-up at a time.
func TestAlerts(t *testing.T) {
	unit := func(u Unit) News { u.Load = "loaded"; return Tell[Units]{Units{u}} }
	delivery := func(status int, took time.Duration) News {
		return Deliveries{All: []Delivery{{Delivery: state.Delivery{ID: 9, Status: status, At: noon}, Repo: "o/r", Took: took}}}
	}
	off := timer(ago(51*time.Hour), time.Time{})
	off.Unit.Active = "inactive"
	red := Build{ID: 4, Builder: 2, Parent: 3, Commit: "77b02c9d", Done: true, Result: state.ResultFailure, State: "failed 'build'", Finished: ago(22 * time.Second)}
	head := Build{ID: 3, Builder: 1, Branch: "master", Repo: "o/r", Commit: "77b02c9d", Started: ago(time.Minute)}
	pr := head
	pr.Branch = "refs/pull/213/merge"
	queued := head
	queued.Branch = "gh-readonly-queue/master/pr-1"
	green := head
	green.Done = true
	fixed := red
	fixed.Result, fixed.ID, fixed.Parent = state.ResultSuccess, 6, 5
	fix := green
	fix.ID, fix.Finished = 5, noon
	for name, tc := range map[string]struct {
		news  []News
		alert string // "severity id what > page id"; several by line
	}{
		"red on master":   {[]News{Builds{All: []Build{head, red}}}, "broken  a failed on master 77b02c9 > build 4"},
		"red in a PR":     {[]News{Builds{All: []Build{pr, red}}}, ""},
		"red in a queue":  {[]News{Builds{All: []Build{queued, red}}}, ""},
		"green again":     {[]News{Builds{All: []Build{head, red, fix, fixed}}}, ""},
		"red while later": {[]News{Builds{All: []Build{green, red, {ID: 5, Builder: 1, Branch: "master", Repo: "o/r"}}}}, "broken  a failed on master 77b02c9 > build 4"},
		"two repositories": {
			[]News{Builds{All: []Build{green, red, {ID: 9, Builder: 1, Branch: "main", Repo: "o/other", Done: true, Started: ago(4 * time.Hour)}}}},
			"broken  a failed on r master 77b02c9 > build 4",
		},
		"not uploaded": {[]News{Served{2, false}}, "broken F32 green, not uploaded: a 3f9c2ab > build 2"},
		"step warned":  {[]News{Builds{All: []Build{green, fixed}}, Steps{All: []state.BuildStep{{ID: 1, Build: 6, Name: uploadStep, Done: true, Result: state.ResultFailure}}}}, ""},
		"step warned, later": {
			[]News{Builds{All: []Build{{ID: 6, Builder: 2, Parent: 1, Done: true, Result: 1, Finished: ago(time.Hour)}}}, Steps{All: []state.BuildStep{{ID: 1, Build: 6, Name: uploadStep, Done: true, Result: state.ResultFailure}}}},
			"broken F32 green, not uploaded: a > build 6",
		},
		"no worker": {
			[]News{Workers{All: []state.BuildWorker{{ID: 1}}}, Requests{All: []state.BuildRequest{{ID: 5, Builder: 2, Submitted: ago(time.Hour)}}}},
			"broken F43 no worker is connected, and builds wait > queue 5",
		},
		"not offered": {
			[]News{Workers{All: []state.BuildWorker{{ID: 1, Connected: true, Builders: []int64{1}}}}, Requests{All: []state.BuildRequest{{ID: 5, Builder: 2, Submitted: ago(time.Hour)}}}},
			"risk F43 request 5 can never start: no worker offers its builder > queue 5",
		},
		"too long": {
			[]News{Builds{All: []Build{{ID: 7, Builder: 2, Started: ago(3 * time.Hour)}}}},
			"risk F43 a runs for 3h00m, usual is 10 min > build 7",
		},
		"GC failed":    {[]News{Tell[state.GCStatus]{state.GCStatus{State: state.GCFailed, Error: "no"}}}, "risk F28 the last collection failed > gc "},
		"GC off":       {[]News{Tell[Timers]{Timers{off}}}, "risk F28 last collection 2d ago; the timer is inactive > gc "},
		"GC overdue":   {[]News{Tell[Timers]{Timers{timer(ago(51*time.Hour), ago(27*time.Hour))}}}, "risk F28 last collection 2d ago, one was due 27h00m ago > gc "},
		"GC by hand":   {[]News{Tell[Timers]{Timers{timer(time.Time{}, noon.Add(time.Hour))}}}, ""},
		"GC new":       {[]News{Tell[state.GCStatus]{state.GCStatus{Offered: true}}, Tell[Timers]{Timers{timer(time.Time{}, noon.Add(time.Hour))}}}, "note F28 no collection ran yet, the first comes Tue 13:00 > gc "},
		"GC missing":   {[]News{Tell[Timers]{nil}}, "risk F28 there is no niks3-gc.timer > gc "},
		"unit failed":  {[]News{unit(Unit{Unit: state.Unit{Name: "nginx.service", Active: "failed"}, LastError: "no"})}, "broken F48 nginx does not start > host nginx.service"},
		"before DNS":   {[]News{unit(Unit{Unit: state.Unit{Name: "niks3.service", Active: "failed"}, LastError: "lookup x: no such host"})}, "broken F27 niks3 starts before the network: lookup x: no such host > host niks3.service"},
		"loop":         {[]News{unit(Unit{Unit: state.Unit{Name: "niks3.service", Active: "active", Restarts: 5}})}, "broken F45 niks3 was started again 4 times > host niks3.service"},
		"loop over":    {[]News{unit(Unit{Unit: state.Unit{Name: "niks3.service", Active: "active", Restarts: 5}, Since: ago(3 * time.Minute)})}, "risk F45 niks3 is up again since 11:57, it was started 4 times > host niks3.service"},
		"one restart":  {[]News{unit(Unit{Unit: state.Unit{Name: "niks3.service", Active: "active", Restarts: 2}})}, ""},
		"disk":         {[]News{Tell[Disks]{Disks{{"/", 100, 91, 100, 98}}}}, "broken F42 inodes of / are 98 % used > host /\nrisk F42 / is 91 % full > host /"},
		"btrfs":        {[]News{Tell[Disks]{Disks{{"/", 100, 20, 0, 0}}}}, ""},
		"memory":       {[]News{Tell[Memory]{Memory{LastKill: ago(time.Hour), Killed: "nix-eval"}}}, "risk F41 nix-eval was killed for memory > host memory"},
		"certificate":  {[]News{Tell[Certificates]{Certificates{{"c", noon.Add(72 * time.Hour)}}}}, "risk F40 the certificate of c ends in 3d > host c"},
		"expired":      {[]News{Tell[Certificates]{Certificates{{"c", ago(time.Hour)}}}}, "broken F40 the certificate of c has ended > host c"},
		"hook 502":     {[]News{delivery(502, 0)}, "broken F1 the last delivery of o/r was answered 502 after 0.0s > hooks 9"},
		"hook 400":     {[]News{delivery(400, 0)}, "broken F6 the last delivery of o/r was answered 400 after 0.0s > hooks 9"},
		"hook slow":    {[]News{delivery(200, 11*time.Second)}, "broken F9 the last delivery of o/r was answered 200 after 11.0s > hooks 9"},
		"two hooks":    {[]News{Tell[Hooks]{Hooks{App: "https://x", Repos: []RepoHook{{Repo: "o/r", Hook: state.Hook{Active: true}}}}}}, "risk F8 every push arrives twice: the App's hook and the one of o/r are on > hooks "},
		"two changes":  {[]News{Changes{All: []state.BuildChange{{ID: 2, Repo: "o/r", Revision: "3f9c2ab1", At: ago(time.Hour)}}}}, "risk F8 commit 3f9c2ab of o/r came twice > hooks "},
		"permission":   {[]News{Tell[GitHub]{GitHub{Lacks: map[string]string{"webhooks": "write"}}}}, "broken F2 the App lacks webhooks write > hooks "},
		"not accepted": {[]News{Tell[GitHub]{GitHub{Unsettled: map[string]string{"b": "write", "a": "read"}}}}, "broken F3 the installation did not accept a read, b write > hooks "},
		"limit":        {[]News{Tell[GitHub]{GitHub{Limit: 5000, Left: 3, Reset: noon.Add(time.Hour)}}}, "risk F10 3 of 5000 requests left, 0 statuses refused > hooks "},
		"niks3 down":   {[]News{Tell[Health]{Health{Text: "refused"}}}, "broken  niks3 does not answer > host niks3.service"},
		"slow upload":  {[]News{Tell[Uploads]{Uploads{Pending: 2, Oldest: ago(2 * time.Hour)}}}, "note F29 2 uploads pending, the oldest for 2h00m > cache "},
		"unsigned":     {[]News{Tell[Paths]{Paths{{Path: "p", Narinfo: &state.Narinfo{}}}}}, "broken F26 p is not signed by the key that clients trust > cache p"},
		"not cached":   {[]News{Tell[Paths]{Paths{{Path: "p", Narinfo: &state.Narinfo{Verified: true, Edge: "DYNAMIC"}}}}}, "note F24 Narinfo files are not cached at the edge > cache "},
		"checklist":    {[]News{Tell[Checklist]{Checklist{{Number: 13, Step: "check-login", Status: "blocked", Problems: []state.Problem{{ID: "F20", What: "open"}}}}}}, "broken F20 open > checklist check-login"},
		"up again": {
			[]News{
				Tell[Checklist]{Checklist{{Step: "host", Status: "blocked", Problems: []state.Problem{{ID: "F48", What: "niks3.service failed"}, {ID: "F48", What: "nginx.service failed", Fix: "look"}}}}},
				Tell[Units]{Units{{Unit: state.Unit{Name: "niks3.service", Active: "active"}}, {Unit: state.Unit{Name: "nginx.service", Active: "activating"}}}},
			},
			"broken F48 nginx.service failed > checklist host",
		},
		"once": {
			[]News{Tell[Disks]{Disks{{"/", 100, 91, 0, 0}}}, Tell[Checklist]{Checklist{{Step: "x", Status: "ready", Problems: []state.Problem{{ID: "F42", What: "disk"}}}}}},
			"risk F42 / is 91 % full > host /",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := reduced(append(healthy(), now(tc.news...)...)...)
			var got []string
			for _, a := range s.Alerts(noon) {
				got = append(got, fmt.Sprintf("%s %s %s > %s %s", a.Severity, a.ID, a.What, a.To.Page, a.To.ID))
				if a.Severity == "" || a.Fix == "" || a.Since.IsZero() && !strings.HasPrefix(tc.alert, "note F24") && a.ID != "F26" {
					t.Errorf("it says too little: %+v", a)
				}
			}
			if text := strings.Join(got, "\n"); text != tc.alert {
				t.Errorf("the alerts are\n%s\nwant\n%s", text, tc.alert)
			}
		})
	}
}

func TestTruth(t *testing.T) {
	head := Build{ID: 3, Builder: 1, Branch: "master", Repo: "o/r", Done: true, Result: state.ResultFailure, Finished: ago(22 * time.Minute)}
	for want, news := range map[string][]Update{
		"Not known yet: nothing was heard of the builds.":        {},
		"master does not build since 11:38.":                     append(healthy(), now(Builds{All: []Build{head}})...),
		"It works. 1 risk: / is 91 % full.":                      append(healthy(), now(Tell[Disks]{Disks{{"/", 100, 91, 0, 0}}})...),
		"/ is 99 % full.":                                        append(healthy(), now(Tell[Disks]{Disks{{"/", 100, 99, 0, 0}}})...),
		"niks3 does not answer, and 1 more.":                     append(healthy(), now(Tell[Health]{}, Tell[Disks]{Disks{{"/", 100, 99, 0, 0}}})...),
		"Not known: s is down, builds were last seen 0s ago.":    append(healthy(), Update{Source: "s", At: noon.Add(time.Second), News: Link{Err: "timeout"}}),
		"All green. The last green build was cached 50 min ago.": healthy(),
	} {
		s := reduced(news...)
		if got := s.Truth(s.Alerts(noon), noon); !strings.HasPrefix(got.Text, want) && got.Text != want {
			t.Errorf("the truth is %q, want %q", got.Text, want)
		}
	}
}

func TestDocument(t *testing.T) {
	s := reduced(healthy()...)
	b, err := json.Marshal(s.Document(noon.In(time.FixedZone("x", 3600)), 1))
	if err != nil {
		t.Fatal(err)
	}
	var d map[string]any
	if err := json.Unmarshal(b, &d); err != nil {
		t.Fatal(err)
	}
	builds := d["builds"].(map[string]any)
	if d["kind"] != "snapshot" || d["at"] != "2026-08-25T12:00:00Z" || builds["total"] != 2.0 || len(builds["rows"].([]any)) != 1 {
		t.Errorf("it is %s", b)
	}
	one := builds["rows"].([]any)[0].(map[string]any)
	if one["status"] != "success" || one["cached"] != "cached" || one["attr"] != "x86_64-linux.a" || one["finished"] != "2026-08-25T11:10:00Z" {
		t.Errorf("a build is %v", one)
	}
	if strings.Contains(string(b), "+01:00") || strings.Contains(string(b), `"0001-`) {
		t.Errorf("a time is not UTC, or none: %s", b)
	}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, in := range v {
				if strings.ToLower(k) != k || strings.ContainsAny(k, "- ") {
					t.Errorf("the name %q", k)
				}
				walk(in)
			}
		case []any:
			for _, in := range v {
				walk(in)
			}
		}
	}
	walk(d)
}

func TestUsualAndForecast(t *testing.T) {
	var rows []Build
	for i, minutes := range []int{50, 50, 50, 2, 3, 2, 9, 2, 3, 2} { // the last seven count
		rows = append(rows, Build{ID: int64(i + 1), Builder: 2, Attr: "x", Done: true, Started: start, Finished: start.Add(time.Duration(minutes) * time.Minute)})
	}
	rows = append(rows, Build{ID: 11, Builder: 2, Attr: "x", Done: true, Result: state.ResultFailure, Started: start, Finished: start.Add(time.Hour)},
		Build{ID: 12, Builder: 2, Attr: "x", Started: noon.Add(-time.Minute)}, Build{ID: 13, Builder: 3, Started: noon})
	s := reduced(at(0, builders), at(1, Builds{All: rows}))
	if f := s.Forecast(s.Build(12), noon); f != (Forecast{time.Minute, 2 * time.Minute, time.Minute, 0.5}) {
		t.Errorf("the forecast is %+v", f)
	}
	if f := s.Forecast(s.Build(12), noon.Add(3*time.Minute)); f.Left != -2*time.Minute || f.Part != 1 {
		t.Errorf("too late it is %+v", f)
	}
	if f := s.Forecast(s.Build(13), noon); f.Usual != 0 {
		t.Errorf("of a new one it is %+v", f)
	}
	if green, ended := s.Rate(noon); green != 10 || ended != 11 {
		t.Errorf("green are %d of %d", green, ended)
	}
}

func TestRing(t *testing.T) {
	const day = 24 * time.Hour
	r := ring(day, 4)
	one := r.told(start, 10)
	two := one.told(start.Add(2*day), 30)
	if g, known := two.Growth(start.Add(2*day), 4); g != 10 || !known {
		t.Errorf("it grows by %v", g)
	}
	if p := two.Points(start.Add(2*day), 4); !slices.Equal(p, []Point{{}, {10, true}, {}, {30, true}}) {
		t.Errorf("the points are %v", p)
	}
	if p := one.Points(start, 1); p[0].Value != 10 {
		t.Errorf("the older one has become %v", p)
	}
	if late := two.told(start.Add(-9*day), 1); encoded(t, late) != encoded(t, two) {
		t.Error("what is over changes it")
	}
	if far := two.told(start.Add(100*day), 5); len(far.slots) != 4 || far.Sum(start.Add(100*day), 4) != 5 {
		t.Errorf("after a hundred days it is %+v", far)
	}
	if c := r.counted(start, 1).counted(start, 1).counted(start, -1); c.Sum(start, 1) != 1 {
		t.Errorf("it counts %v", c)
	}
	if got := encoded(t, two); got != `{"from":"2026-08-23T00:00:00Z","every_ns":86400000000000,"values":[null,10,null,30]}` {
		t.Errorf("it is written as %s", got)
	}
}
