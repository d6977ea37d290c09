package console

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/ui/tui/tuitest"
)

// monday is when all of the fixture is looked at.
var monday = time.Date(2026, 8, 24, 14, 9, 44, 0, time.UTC)

// ago is a time before monday.
func ago(d time.Duration) time.Time { return monday.Add(-d) }

const (
	minute = time.Minute
	hour   = time.Hour
	day    = 24 * time.Hour
)

// told is an update.
func told(source string, at time.Time, n live.News) live.Update {
	return live.Update{Source: source, At: at, News: n}
}

// then is a snapshot after some updates.
func then(s live.Snapshot, all ...live.Update) live.Snapshot {
	for _, u := range all {
		s = live.Reduce(s, u)
	}
	return s
}

// The numbers of the fixture's builds.
const (
	evalMaster = 1281 // master 3f9c2ab, with the builds 1282 and on
	buildRed   = 1282 // nixos-omnara1
	buildHome  = 1283 // home-desk
	buildSauna = 1284 // nixos-sauna
	buildNvim  = 1285 // nvim
	buildFmt   = 1286
	evalPR     = 1270 // PR 213, all green
	evalBump   = 1260 // master 77b02c9, nvim not uploaded
	buildBump  = 1264 // nvim of it
)

// attrs are the attributes of phlip9/dotfiles, and how long each builds.
var attrs = []struct {
	name string
	took time.Duration
}{
	{"nixos-omnara1", 190 * time.Second}, {"home-desk", 255 * time.Second}, {"nixos-sauna", 220 * time.Second}, {"nvim", 128 * time.Second},
	{"fmt", 11 * time.Second}, {"shell", 30 * time.Second}, {"docs", 48 * time.Second},
}

const repo = "phlip9/dotfiles"

// farm is builders and workers.
func farm() []live.Update {
	builders := []state.Builder{{ID: 1, Name: repo + "/nix-eval"}}
	for i, a := range attrs {
		builders = append(builders, state.Builder{ID: int64(i) + 2, Name: "github:" + repo + "#checks.x86_64-linux." + a.name})
	}
	var workers []state.BuildWorker
	for i := range int64(10) {
		workers = append(workers, state.BuildWorker{ID: i + 1, Name: fmt.Sprintf("omnara1-%03d", i+1), Connected: true})
	}
	return []live.Update{
		told("buildbot", ago(time.Second), live.Link{Up: true, Via: "WebSocket", Since: ago(hour)}),
		told("buildbot", ago(hour), live.Builders{All: builders}),
		told("buildbot", ago(hour), live.Workers{All: workers}),
	}
}

// evaluation is an evaluation and its seven builds, all of them green and in
// the cache; change makes them what they are.
func evaluation(id int64, branch, commit, message, author string, begun time.Time, change func(attr string, b *live.Build)) []live.Build {
	head := live.Build{
		ID: id, Builder: 1, Worker: 1, Repo: repo, Branch: branch, Commit: commit + strings.Repeat("0", 40-len(commit)), Message: message, Author: author,
		Started: begun, Finished: begun.Add(40 * time.Second), Done: true, State: "evaluated 7 attributes",
	}
	if change != nil {
		change("", &head)
	}
	out := []live.Build{head}
	for i, a := range attrs {
		b := head
		b.ID, b.Builder, b.Parent, b.Worker, b.State = id+int64(i)+1, int64(i)+2, id, int64(i)%10+1, "build successful"
		b.Started, b.Finished, b.Done, b.Result = begun.Add(40*time.Second), begun.Add(40*time.Second+a.took), true, state.ResultSuccess
		b.OutPath, b.Upload, b.Served = "/nix/store/7w1kqz1v0gl2yzyx5m0sgqpmzyqsq0b0-"+a.name, live.Uploaded, live.Present
		if change != nil {
			change(a.name, &b)
		}
		out = append(out, b)
	}
	return out
}

// past is what was built before the newest commit; lost says that no later
// build put nvim into the cache.
func past(lost bool) []live.Update {
	var all []live.Build
	for i := range int64(150) {
		begun := ago(28*day - time.Duration(i)*4*hour)
		all = append(all, evaluation(i*8+1, "master", fmt.Sprintf("%07x", 0xa000+i), "flake: bump", "phlip9", begun, nil)...)
	}
	all = append(all, evaluation(evalBump, "master", "77b02c9", "flake: bump", "phlip9", ago(3*hour), func(attr string, b *live.Build) {
		if attr == "nvim" {
			b.Result, b.Upload, b.Served, b.Finished = state.ResultWarnings, live.UploadFailed, live.Missing, b.Started.Add(131*time.Second)
		}
	})...)
	all = append(all, evaluation(evalPR, "refs/pull/213/merge", "8ae41d0", "home: fish 4", "lexe-agent", ago(57*minute), func(attr string, b *live.Build) {
		if attr == "nvim" && lost {
			b.Result, b.Upload, b.Served = state.ResultSkipped, live.NoUpload, live.NotLooked
		}
	})...)
	slices.SortFunc(all, func(a, b live.Build) int { return cmp.Compare(a.ID, b.ID) })
	return []live.Update{told("buildbot", ago(40*minute), live.Builds{All: all})}
}

// push is the newest commit of master, under way; broken says that
// nixos-omnara1 failed.
func push(broken bool) []live.Update {
	rows := evaluation(evalMaster, "master", "3f9c2ab", "nvim: split plugins", "phlip9", ago(4*minute+1*time.Second), func(attr string, b *live.Build) {
		running := func(begun time.Duration) {
			b.Done, b.Result, b.Started, b.Finished, b.Upload, b.Served, b.State = false, 0, ago(begun), time.Time{}, live.NoUpload, live.NotLooked, "building"
		}
		switch attr {
		case "nixos-omnara1":
			if !broken {
				return
			}
			b.Started, b.Finished, b.Result, b.State = ago(193*time.Second), ago(22*time.Second), state.ResultFailure, "attribute 'nvimPlugins' missing"
			b.Upload, b.Served, b.Worker = live.NoUpload, live.NotLooked, 3
		case "home-desk":
			running(190 * time.Second)
			b.Worker = 1
		case "nixos-sauna":
			running(70 * time.Second)
			b.Worker = 4
		case "nvim":
			b.Started, b.Finished, b.Served = ago(185*time.Second), ago(minute), live.NotLooked
			if broken { // its last step
				running(105 * time.Second)
				b.Upload, b.Worker = live.Uploading, 2
			}
		case "shell", "docs":
			b.Result = state.ResultSkipped
		}
	})
	return []live.Update{told("buildbot", ago(time.Second), live.Builds{All: rows})}
}

// figures is what the other sources tell: all is well.
func figures() []live.Update {
	unit := func(name string) live.Unit {
		return live.Unit{Unit: state.Unit{Name: name, Load: "loaded", Active: "active", Sub: "running", Result: "success"}, Since: ago(12 * day)}
	}
	timer := state.Timer{
		Unit: state.Unit{Name: "niks3-gc.timer", Load: "loaded", Active: "active", Sub: "waiting", Result: "success"},
		Last: ago(13*hour + 55*minute), Next: ago(-9*hour - 51*minute),
	}
	list := live.Checklist{}
	for i, title := range []string{
		"R2 bucket", "Cache domain", "R2 token", "GitHub App", "App private key", "App installed", "Login of buildbot", "Login of the proxy",
		"Local secrets", "Encrypted", "Repository topic", "Webhook", "Login", "Cache", "Collection",
	} {
		line := live.Line{Number: i + 1, Step: strings.ReplaceAll(strings.ToLower(title), " ", "-"), Title: title, Status: "ready"}
		if title == "Login of buildbot" {
			line.Status, line.Text = "not-needed", "fully-private"
		}
		list = append(list, line)
	}
	path := live.PathCheck{
		Path: "/nix/store/7w1kqz1v0gl2yzyx5m0sgqpmzyqsq0b0-nvim-0.12.1", Build: buildNvim, Bytes: 212_000_000, Found: true, At: ago(2 * minute),
		Narinfo: &state.Narinfo{StorePath: "/nix/store/7w1kqz1v0gl2yzyx5m0sgqpmzyqsq0b0-nvim-0.12.1", SignedBy: []string{"cache.phlip9.com-1"}, Verified: true, Edge: "HIT"},
	}
	var out []live.Update
	for i := range 30 {
		at := ago(time.Duration(29-i) * day)
		out = append(out,
			told("Cloudflare", at.Add(-3*minute), live.Tell[live.Size]{Value: live.Size{From: live.FromGraphQL, Objects: 31_204 - int64(29-i)*50, Stored: 48_200_000_000 - int64(29-i)*157_000_000}}),
			told("systemd", at.Add(-2*time.Second), live.Tell[live.Disks]{Value: live.Disks{{Mount: "/", Bytes: 468e9, Used: 285_480_000_000 - int64(29-i)*2_300_000_000, Inodes: 1000, InodesUsed: 220}}}),
			told("systemd", at.Add(-2*time.Second), live.Tell[live.Host]{Value: live.Host{Name: "omnara1", Boot: ago(12 * day), Store: 214e9 - int64(29-i)*2_300_000_000}}),
		)
	}
	for _, name := range []string{"GitHub", "niks3", "systemd", "Cloudflare", "cache", "certificates", "checklist"} {
		out = append(out, told(name, ago(hour), live.Link{Up: true, Since: ago(hour)}))
	}
	niks3, systemd, gitHub := ago(4*time.Second), ago(2*time.Second), ago(9*minute)
	return append(out,
		told("niks3", niks3, live.Tell[live.Health]{Value: live.Health{OK: true}}),
		told("niks3", niks3, live.Tell[state.Niks3Config]{Value: state.Niks3Config{Substituter: "https://cache.phlip9.com", PublicKeys: []string{"cache.phlip9.com-1:XKElS8qFzCkYvBJ4rN0M2d1m0VwLq5u4zq7c6y8Jm2A="}}}),
		told("niks3", niks3, live.Tell[state.GCStatus]{Value: state.GCStatus{
			Offered: true, State: state.GCSucceeded, Policy: state.GCPolicy{OlderThan: "720h"}, Counts: state.GCCounts{Closures: 188},
			Started: ago(13*hour + 55*minute), Finished: ago(13*hour + 55*minute - 41*time.Second),
		}}),
		told("niks3", niks3, live.Tell[live.Pins]{Value: live.Pins{{Name: "nixos-omnara1"}, {Name: "nixos-sauna"}}}),
		told("niks3", niks3, live.Tell[live.Size]{Value: live.Size{From: live.FromNiks3, Objects: 31_204, Logical: 171e9}}),
		told("niks3", niks3, live.Tell[live.Uploads]{Value: live.Uploads{Last: ago(4 * minute), LastBytes: 212_000_000, LastTook: 3800 * time.Millisecond}}),
		told("Cloudflare", ago(3*minute), live.Tell[live.Traffic]{Value: live.Traffic{From: ago(14 * hour), ClassA: 1120, ClassB: 17_282, Hits: 9100, Misses: 700, NotFound: 200}}),
		told("cache", ago(2*minute), live.Tell[live.Paths]{Value: live.Paths{path}}),
		told("systemd", systemd, live.Tell[live.Units]{Value: live.Units{
			unit("buildbot-master.service"), unit("buildbot-worker.service"), unit("niks3.service"), unit("oauth2-proxy.service"), unit("nginx.service"), unit("postgresql.service"),
		}}),
		told("systemd", systemd, live.Tell[live.Timers]{Value: live.Timers{timer}}),
		told("systemd", systemd, live.Tell[live.Memory]{Value: live.Memory{Bytes: 67_323_000_000, Used: 19_542_000_000}}),
		told("systemd", systemd, live.Tell[live.Sockets]{Value: live.Sockets{{Address: "127.0.0.1:8010", Program: "buildbot"}, {Address: "[::1]:5751", Program: "niks3"}, {Address: ":443", Program: "nginx"}}}),
		told("certificates", ago(minute), live.Tell[live.Certificates]{Value: live.Certificates{{Name: "ci.phlip9.com", Ends: ago(-61*day - hour)}}}),
		told("GitHub", gitHub, live.Tell[live.Hooks]{Value: live.Hooks{Repos: []live.RepoHook{{Hook: state.Hook{ID: 7, Active: true, Events: []string{"push"}, Last: 200}, Repo: repo}}}}),
		told("GitHub", gitHub, live.Tell[live.GitHub]{Value: live.GitHub{Slug: "phlip9-buildbot-ci", Limit: 5000, Left: 4951, Reset: ago(-20 * minute), Calls: 31, Posted: 7}}),
		told("GitHub", gitHub, live.Deliveries{All: []live.Delivery{{Delivery: state.Delivery{ID: 1, Event: "push", Status: 200, At: ago(3 * minute)}, Repo: repo, Took: 400 * time.Millisecond}}}),
		told("checklist", ago(6*minute), live.Tell[live.Checklist]{Value: list}),
	)
}

// green and red are made once: snapshots never change.
var green, red = sync.OnceValue(makeGreen), sync.OnceValue(makeRed)

// makeGreen is the CI of omnara1 where all is well: the newest commit builds,
// the old trouble is over.
func makeGreen() live.Snapshot {
	s := then(live.New(), slices.Concat(farm(), past(false), figures(), push(false))...)
	return then(s, told("cache", ago(time.Second), live.Served{Build: buildNvim, Found: true}))
}

// makeRed is the same with a commit that does not build, an upload that failed
// and collections that stopped.
func makeRed() live.Snapshot {
	timer := state.Timer{Unit: state.Unit{Name: "niks3-gc.timer", Load: "loaded", Active: "inactive", Sub: "dead"}, Last: ago(51 * hour)}
	s := then(live.New(), slices.Concat(farm(), past(true), figures(), push(true))...)
	return then(s,
		told("systemd", ago(2*time.Second), live.Tell[live.Timers]{Value: live.Timers{timer}}),
		told("niks3", ago(4*time.Second), live.Tell[state.GCStatus]{Value: state.GCStatus{
			Offered: true, State: state.GCSucceeded, Policy: state.GCPolicy{OlderThan: "720h"}, Counts: state.GCCounts{Closures: 402},
			Started: ago(51 * hour), Finished: ago(51*hour - 62*time.Second),
		}}),
		told("buildbot", ago(time.Second), live.Steps{All: []state.BuildStep{
			{ID: 1, Build: buildRed, Number: 0, Name: "Prepare", Done: true, Started: ago(193 * time.Second), At: ago(191 * time.Second)},
			{ID: 2, Build: buildRed, Number: 1, Name: "Build", Done: true, Result: state.ResultFailure, Started: ago(191 * time.Second), At: ago(22 * time.Second)},
			{ID: 3, Build: buildRed, Number: 2, Name: "Upload to niks3", Done: true, Result: state.ResultSkipped},
		}}),
	)
}

// nothing is before any source told anything.
func nothing() live.Snapshot { return live.New() }

// gone is a snapshot whose source went down eight minutes ago.
func gone(s live.Snapshot, source string) live.Snapshot {
	return then(s, told(source, monday, live.Link{Err: "timeout", Since: ago(8 * minute), Retry: ago(-40 * time.Second), Count: 5}))
}

// begin is a console of a snapshot, at a size.
func begin(tb testing.TB, s live.Snapshot, w, h int, more ...tuitest.Option) *tuitest.Story {
	tb.Helper()
	return beginWith(tb, Options{First: s, Desk: &desk{}, Off: "start with --allow-actions"}, append(more, tuitest.Size(w, h))...)
}

// beginWith is a console with options; the host's name is omnara1.
func beginWith(tb testing.TB, o Options, more ...tuitest.Option) *tuitest.Story {
	tb.Helper()
	o.Host, o.Zone = cmp.Or(o.Host, "omnara1"), time.UTC
	return tuitest.New(tb, New(o, monday), append([]tuitest.Option{tuitest.At(monday)}, more...)...)
}

// sizes are those of the goldens.
var sizes = [][2]int{{40, 12}, {80, 24}, {120, 40}, {200, 60}}
