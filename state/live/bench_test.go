package live

import (
	"encoding/json"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/nixwright/nixwright/state"
)

// large is a CI of ten thousand builders and a hundred thousand builds.
func large() Snapshot {
	const attrs, evaluations = 10_000, 1_000
	all := make([]state.Builder, 0, attrs+1)
	all = append(all, state.Builder{ID: 1, Name: "o/r/nix-eval"})
	for i := range int64(attrs) {
		all = append(all, state.Builder{ID: i + 2, Name: fmt.Sprintf("github:o/r#checks.x86_64-linux.package-%05d", i)})
	}
	s := reduced(at(0, Builders{All: all, Resync: &Resync{Since: start}}))
	n := int64(0)
	for e := range int64(evaluations) {
		var rows []Build
		n++
		head := n
		when := start.Add(time.Duration(e) * time.Hour / 2)
		commit := fmt.Sprintf("%040x", e)
		rows = append(rows, Build{ID: head, Builder: 1, Branch: "master", Repo: "o/r", Commit: commit, Done: true, Started: when, Finished: when.Add(time.Minute)})
		for i := range int64(99) {
			n++
			b := Build{
				ID: n, Builder: 2 + (e*99+i)%attrs, Parent: head, Repo: string([]byte("o/r")), Commit: fmt.Sprintf("%040x", e), Branch: string([]byte("master")),
				OutPath: fmt.Sprintf("/nix/store/%032x-package-%05d", n, i), State: string([]byte("build successful")), Done: true, Started: when, Finished: when.Add(time.Minute),
			}
			if n%50 == 0 {
				b.Result = state.ResultFailure
			}
			rows = append(rows, b)
		}
		s = Reduce(s, at(time.Duration(e), Builds{All: rows}))
	}
	return s
}

func BenchmarkReduce(b *testing.B) {
	s := large()
	_, n, _ := s.Len()
	begun := int64(n) + 1
	running := Reduce(s, at(time.Hour, Builds{All: []Build{{ID: begun, Builder: 7, Parent: 1, Started: start}}}))
	for name, u := range map[string]Update{
		"progress": at(2*time.Hour, Builds{All: []Build{{ID: begun, Builder: 7, State: "building"}}}),
		"finish":   at(2*time.Hour, Builds{All: []Build{{ID: begun, Builder: 7, Done: true, Finished: start}}}),
		"new":      at(2*time.Hour, Builds{All: []Build{{ID: begun + 1, Builder: 8, Parent: 1}}}),
		"step":     at(2*time.Hour, Steps{All: []state.BuildStep{{ID: 5, Build: begun, Name: uploadStep, Started: start}}}),
		"figure":   at(2*time.Hour, Tell[Disks]{Disks{{Mount: "/", Used: 5}}}),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = Reduce(running, u)
			}
		})
	}
	b.Run("resync", func(b *testing.B) {
		var rows []Build
		for one := range s.Builds(0) {
			rows = append(rows, *one)
		}
		u := at(3*time.Hour, Builds{rows, &Resync{Since: start.Add(3 * time.Hour)}})
		for b.Loop() {
			_ = Reduce(s, u)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	s := large()
	when := start.Add(500 * time.Hour)
	b.Run("alerts", func(b *testing.B) {
		for b.Loop() {
			_ = s.Alerts(when)
		}
	})
	b.Run("page", func(b *testing.B) { // forty rows of the page of builds
		for b.Loop() {
			rows := 0
			for e := range s.Evaluations(0) {
				for one := range s.BuildsOf(e.ID) {
					_, _ = s.Usual(one)
					if rows++; rows%20 == 0 {
						break
					}
				}
				if rows >= 40 {
					break
				}
			}
		}
	})
	for _, n := range []int{200, 0} {
		b.Run(fmt.Sprint("json-", n), func(b *testing.B) {
			for b.Loop() {
				out, err := json.Marshal(s.Document(when, n))
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(len(out)), "bytes")
			}
		})
	}
}

// BenchmarkMemory is how much a large snapshot holds.
func BenchmarkMemory(b *testing.B) {
	var before, after runtime.MemStats
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		s := large()
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1e6, "MB")
		runtime.KeepAlive(s)
	}
}
