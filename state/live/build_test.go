package live

import (
	"testing"
	"time"

	"github.com/nixwright/nixwright/state"
)

func TestWith(t *testing.T) {
	running := Build{ID: 1, State: "building", Repo: "o/r"}
	done := Build{ID: 1, State: "failed", Done: true, Result: state.ResultFailure, Finished: start}
	lost := Build{ID: 1, State: "building", Done: true, Result: state.ResultNone}
	for name, tc := range map[string]struct {
		old, now Build
		newer    bool
		want     Status
		words    string
	}{
		"finishes":                  {running, done, true, Failed, "failed"},
		"finished, told late":       {running, done, false, Failed, "failed"},
		"stays done":                {done, running, true, Failed, "failed"},
		"stays done, told late":     {done, running, false, Failed, "failed"},
		"progress":                  {running, Build{State: "uploading"}, true, Running, "uploading"},
		"progress, told late":       {running, Build{State: "uploading"}, false, Running, "building"},
		"lost, and found done":      {lost, done, false, Failed, "failed"},
		"lost, and found running":   {lost, running, true, Running, "building"},
		"lost, and heard of late":   {lost, running, false, Lost, "building"},
		"done is not lost any more": {done, lost, true, Failed, "failed"},
	} {
		t.Run(name, func(t *testing.T) {
			got := tc.old.with(tc.now, tc.newer)
			if got.Status() != tc.want || got.State != tc.words {
				t.Errorf("it is %v, %q", got.Status(), got.State)
			}
			if tc.old.Repo != "" && got.Repo != tc.old.Repo {
				t.Error("what was known is gone")
			}
		})
	}
}

// TestReadAgain has a whole reading that finds nothing new, and then hears
// something that is older than it.
func TestReadAgain(t *testing.T) {
	b := Build{ID: 1, Builder: 2, State: "b"}
	s := reduced(
		at(1*time.Second, Builds{All: []Build{b}}),
		at(11*time.Second, Builds{[]Build{b}, &Resync{Since: start.Add(10 * time.Second)}}),
		at(5*time.Second, Builds{All: []Build{{ID: 1, State: "a"}}}),
	)
	if got := s.Build(1).State; got != "b" {
		t.Errorf("it is %q, as before it was read", got)
	}
}

// TestLost has a build that ended while nobody looked, and of which a short
// reading says nothing.
func TestLost(t *testing.T) {
	s := reduced(
		at(1*time.Second, Builds{All: []Build{{ID: 1, Builder: 2}, {ID: 2, Builder: 2}}}),
		at(11*time.Second, Builds{[]Build{{ID: 2, Builder: 2}, {ID: 50, Builder: 2}}, &Resync{Since: start.Add(10 * time.Second), From: 40}}),
	)
	if one, two := s.Build(1).Status(), s.Build(2).Status(); one != Lost || two != Running {
		t.Errorf("they are %v and %v", one, two)
	}
}

func TestCached(t *testing.T) {
	for want, all := range map[Cached][]Build{
		CacheServed:    {{Done: true, Served: Present}, {Done: true, Served: Present, Upload: UploadFailed}},
		CacheMissing:   {{Done: true, Served: Missing}, {Done: true, Upload: UploadFailed}, {Done: true, Upload: Uploaded, Served: Missing}},
		CacheUploaded:  {{Done: true, Upload: Uploaded}, {Upload: Uploaded}},
		CacheUploading: {{Upload: Uploading}},
		CacheLater:     {{}},
		CacheUnknown:   {{Done: true}},
		CacheNotPushed: {{Done: true, Result: state.ResultFailure}, {Done: true, Result: state.ResultFailure, Served: Missing}},
	} {
		for _, b := range all {
			if got := b.Cached(); got != want {
				t.Errorf("%+v is %s, want %s", b, got, want)
			}
		}
	}
}

func TestNewBuild(t *testing.T) {
	b := NewBuild(state.Build{ID: 4, Number: 3, Properties: []state.BuildProperty{
		{Name: "branch", Value: "refs/pull/213/merge"}, {Name: "got_revision", Value: "merged"}, {Name: "revision", Value: "asked"},
	}}, 2).derived(nil)
	if b.PR != 213 || b.Commit != "merged" || b.Parent != 2 || b.Number != 3 {
		t.Errorf("it is %+v", b)
	}
	for name, want := range map[string]Build{
		"o/r/nix-eval":                         {Kind: KindEval, Repo: "o/r"},
		"o/r/nix-build":                        {Kind: KindAttr, Repo: "o/r"},
		"o/r/run-effect":                       {Kind: KindOther, Repo: "o/r"},
		"reload-github-projects":               {Kind: KindOther},
		"github:o/r#checks.x86_64-linux.hello": {Kind: KindAttr, Repo: "o/r", Attr: "x86_64-linux.hello"},
	} {
		if got := (Build{}).derived(&state.Builder{Name: name}); got != want {
			t.Errorf("a build of %s is %+v", name, got)
		}
	}
}
