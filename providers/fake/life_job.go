package fake

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// The further results, as in buildbot/process/results.py.
const (
	bbWarnings = 1
	bbSkipped  = 3
	bbRetry    = 5
)

// job is what a build of life is for, and how it goes.
type job struct {
	n      uint64 // what follows by chance
	repo   int
	attr   int // -1: an evaluation
	commit string
	branch string
	pr     int
	change int
	fate   int
	path   int // of its output; -1: none
	took   time.Duration

	attrs  []int // of an evaluation: what it builds
	fates  []int // how they ended, in the order of their end
	done   []int // which they are, in that order
	cached int   // how many more of them were in the cache
}

// fateOf is how a build ends by chance.
func fateOf(n uint64) int {
	switch c := below(n, 1000); {
	case c < 70:
		return bbFailure
	case c < 80:
		return bbCancelled
	case c < 90:
		return bbWarnings
	}
	return bbSuccess
}

// worst is the result of what triggered these.
func worst(fates []int) int {
	got := bbSuccess
	for _, f := range fates {
		if f != bbWarnings {
			got = max(got, f)
		}
	}
	return got
}

// broken says whether the attribute does not even evaluate.
func (j *job) broken() bool { return j.attr >= 0 && j.fate == bbFailure && below(mixed(j.n), 5) == 0 }

// kind is the builder that a job is asked of, after OWNER/REPO/.
func (j *job) kind() string {
	switch {
	case j.attr < 0:
		return "nix-eval"
	case j.broken():
		return "nix-failed-eval"
	}
	return "nix-build"
}

// main is the step that takes the time.
func (j *job) main() int {
	if j.attr < 0 {
		return 3
	}
	return 1
}

// words are what the build says at its end.
func (j *job) words() string {
	switch {
	case j.attr < 0 && j.fate == bbFailure:
		return "failed (" + counted(j.fates) + ")"
	case j.attr < 0 && j.fate == bbCancelled:
		if len(j.fates) == 0 {
			return "cancelled"
		}
		return "cancelled (" + counted(j.fates) + ")"
	case j.broken():
		return "failed finished (failure)"
	}
	return map[int]string{
		bbSuccess: "build successful", bbWarnings: "warnings 'niks3 push ...' (warnings)", bbFailure: "'nix build ...' (failure)",
		bbCancelled: "'nix build ...' (cancelled)", bbRetry: "retry lost connection",
	}[j.fate]
}

// counted is as buildbot counts what was triggered: 2 successes, 1 failure.
func counted(fates []int) string {
	var parts []string
	for _, r := range []struct {
		of        int
		one, many string
	}{{bbSuccess, "success", "successes"}, {bbWarnings, "warning", "warnings"}, {bbFailure, "failure", "failures"}, {bbCancelled, "cancelled", "cancelled"}} {
		n := 0
		for _, f := range fates {
			if f == r.of {
				n++
			}
		}
		word := r.many
		if n == 1 {
			word = r.one
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, word))
		}
	}
	return strings.Join(parts, ", ")
}

// stage is a step of a build: how it is called and how it ends.
type stage struct {
	name, state string
	result      int
	log         string // its name; "": none
	event       string // buildbot-nix's own, around it
}

// stages are the steps of a job, as buildbot-nix has them.
func (l *Living) stages(j *job, worker string) []stage {
	prepared := stage{name: "worker_preparation", state: "worker " + worker + " ready"}
	mark := map[int]string{bbFailure: " (failure)", bbCancelled: " (cancelled)", bbWarnings: " (warnings)", bbRetry: " (retry)"}
	switch {
	case j.attr < 0:
		skipped := stage{name: "Process skipped builds", state: "finished (skipped)", result: bbSkipped}
		if j.cached > 0 {
			skipped = stage{name: skipped.name, state: "finished"}
		}
		all := []stage{
			prepared, {name: "git", state: "update", log: "stdio"},
			{name: "Evaluate flake", state: "'nix-eval-jobs --option ...'", log: "stdio", event: "nix-eval"},
			{name: "build flake", state: "(" + counted(j.fates) + ")", result: j.fate, log: "scheduler", event: "nix-build"}, skipped,
			{name: "Cleanup drv paths", state: "'rm -rf ...'"},
			{name: "Evaluate effects", state: "'buildbot-effects list ...' (skipped)", result: bbSkipped},
			{name: "Evaluate scheduled effects", state: "schedules unchanged"},
		}
		if j.fate == bbCancelled || j.fate == bbRetry {
			return all[:4]
		}
		return all
	case j.broken():
		return []stage{prepared, {name: "Nix evaluation", state: "finished (failure)", result: bbFailure, log: "nix_error"}}
	case j.fate == bbFailure, j.fate == bbCancelled, j.fate == bbRetry:
		return []stage{prepared, {name: "Build flake attr", state: "'nix build ...'" + mark[j.fate], result: j.fate, log: "stdio"}}
	}
	return []stage{
		prepared, {name: "Build flake attr", state: "'nix build ...'", log: "stdio"},
		{name: "Upload to niks3", state: "'niks3 push ...'" + mark[j.fate], result: j.fate, log: "stdio"},
		{name: "Register gcroot", state: "triggered " + strings.ReplaceAll(l.repos[j.repo], "/", "-") + "-nix-register-gcroot, 1 success"},
		{name: "Delete temporary gcroots", state: "'rm -f ...'", log: "stdio"},
		{name: "Update build output", state: "finished"},
	}
}

// props are the properties of a build of life.
func (l *Living) props(build, number, worker int) map[string]any {
	j := l.jobOf(build)
	if j == nil {
		return map[string]any{}
	}
	repo := l.repos[j.repo]
	event := "push"
	if j.pr != 0 {
		event = "pull_request"
	}
	name := l.workerName(worker)
	out := map[string]any{
		"buildername": []any{repo + "/" + j.kind(), "Builder"}, "buildnumber": []any{number, "Build"}, "workername": []any{name, "Worker"},
		"builderid": []any{l.kinds[j.repo][j.kind()], "Builder"}, "projectname": []any{repo, "Builder"}, "projectid": []any{l.kinds[j.repo]["project"], "Builder"},
		"project": []any{repo, "Build"}, "repository": []any{"https://github.com/" + repo, "Build"}, "codebase": []any{"", "Build"},
		"branch": []any{j.branch, "Build"}, "revision": []any{j.commit, "Build"}, "event": []any{event, "Change"},
		"owners": []any{[]string{lifePeople[below(j.n, len(lifePeople))]}, "Build"}, "basedir": []any{"/var/lib/ci/wk/" + name, "Worker"},
	}
	if j.attr < 0 {
		return out
	}
	const eval = "nix-eval-nix"
	attr := l.attrName(j.attr)
	system, _, _ := strings.Cut(attr, ".")
	for name, value := range map[string]string{
		"attr": attr, "out_path": l.outPath(j), "drv_path": l.drvPath(j), "system": system, "cacheStatus": "notBuilt", "default_branch": "master",
		"virtual_builder_name": l.virtual(j.attr), "status_name": "nix-build " + l.virtual(j.attr), "virtual_builder_tags": "",
	} {
		out[name] = []any{value, eval}
	}
	out["scheduler"] = []any{strings.ReplaceAll(repo, "/", "-") + "-" + j.kind(), "Scheduler"}
	return out
}

func (l *Living) outPath(j *job) string {
	return "/nix/store/" + l.storeHash(j.path) + "-" + l.short(j)
}

func (l *Living) drvPath(j *job) string {
	return "/nix/store/" + base32Of(mixed(j.n+7), mixed(j.n+8)) + "-" + l.short(j) + ".drv"
}

// short is the name of a job's output.
func (l *Living) short(j *job) string {
	_, name, _ := strings.Cut(l.attrName(max(j.attr, 0)), ".")
	return name
}

// without is the others.
func without[T comparable](all []T, one T) []T {
	return slices.DeleteFunc(all, func(o T) bool { return o == one })
}
