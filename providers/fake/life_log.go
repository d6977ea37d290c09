package fake

import (
	"fmt"
	"strconv"
	"strings"
)

// logOf is whose log it is.
type logOf struct {
	job    *job
	stage  int
	worker string
	more   []string // behind what the job says
}

// command is what buildbot prints before a command's own output.
func command(worker, line string) []string {
	argv := make([]string, 0, 8)
	for a := range strings.FieldsSeq(line) {
		argv = append(argv, "b'"+strings.Trim(a, "'")+"'")
	}
	return []string{
		"h" + line, "h in dir /var/lib/ci/wk/" + worker + "/build (timeout 10800 secs)", "h watching logfiles {}",
		"h argv: [" + strings.Join(argv, ", ") + "]", "h using PTY: False",
	}
}

func exited(lines []string, code int, seconds float64) []string {
	return append(lines, "hprogram finished with exit code "+strconv.Itoa(code), fmt.Sprintf("helapsedTime=%.6f", seconds))
}

// lines are the log of a step of a job; a build's grows as it is told.
func (l *Living) lines(j *job, stage int, worker string) []string {
	switch {
	case j.attr < 0 && stage == 1:
		out := append(command(worker, "git fetch --tags https://github.com/"+l.repos[j.repo]+" "+j.branch), "eremote: Enumerating objects: 12, done.        ",
			"eremote: Total 12 (delta 7), reused 9 (delta 5), pack-reused 0 (from 0)        ", "oHEAD is now at "+j.commit[:7]+" "+lifeWords[below(mixed(j.n), len(lifeWords))])
		return exited(out, 0, 0.4)
	case j.attr < 0 && stage == 2:
		out := command(worker, "nix-eval-jobs --option eval-cache false --workers 4 --max-memory-size 2048 --force-recurse --check-cache-status --flake .#checks")
		for i, a := range j.attrs {
			child := &job{n: j.n + uint64(i), attr: a, repo: j.repo, path: -2 - i}
			system, name, _ := strings.Cut(l.attrName(a), ".")
			out = append(out, fmt.Sprintf(`o{"attr": "%s.%s", "cacheStatus": "notBuilt", "drvPath": "%s", "name": "%s", "system": "%s"}`, system, name, l.drvPath(child), name, system))
		}
		for i := range j.cached {
			out = append(out, fmt.Sprintf(`o{"attr": "x86_64-linux.cached-%d", "cacheStatus": "cached"}`, i))
		}
		return exited(out, 0, 8.2)
	case j.attr < 0:
		return l.scheduled(j)
	case j.broken():
		return []string{
			"e" + l.attrName(j.attr) + " failed to evaluate:", "eerror:", "e       … while calling the 'throw' builtin", "e         at /nix/store/" + base32Of(j.n, mixed(j.n)) + "-source/flake.nix:10:17:",
			"e       error: attribute '" + l.short(j) + "' missing",
		}
	case stage == 2:
		return l.pushed(j, worker)
	case stage == 4:
		return exited(command(worker, "rm -f result-"+l.attrName(j.attr)), 0, 0.01)
	}
	return l.built(j, worker)
}

// scheduled is the log of the step that waits for the builds.
func (l *Living) scheduled(j *job) []string {
	out := []string{"oScheduling..."}
	for _, a := range j.attrs {
		out = append(out, "o\t- "+l.attrName(a))
	}
	out = append(out, "oWaiting...")
	done := j.done
	if done == nil {
		done = j.attrs
	}
	for i, f := range j.fates {
		out = append(out, "oFound finished build "+l.attrName(done[i])+", result "+map[int]string{
			bbSuccess: "SUCCESS", bbWarnings: "WARNINGS", bbFailure: "FAILURE", bbCancelled: "CANCELLED", bbRetry: "RETRY",
		}[f])
	}
	if len(j.fates) == len(j.attrs) {
		out = append(out, "oDone!")
	}
	return out
}

func (l *Living) pushed(j *job, worker string) []string {
	out := command(worker, "niks3 push --auth-token <niks3-auth-token> result-"+l.attrName(j.attr))
	if j.fate == bbWarnings {
		out = append(out, `elevel=INFO msg="Uploading 1 paths to ::1 (0 already cached)"`,
			"eError: uploading: server returned 503: 503 Service Unavailable")
		return exited(out, 1, 3.1)
	}
	return exited(append(out, `elevel=INFO msg="Uploading 1 paths to ::1 (0 already cached)"`, `elevel=INFO msg="Uploading 1 narinfos"`,
		`elevel=INFO msg="Upload complete. (912ms)"`), 0, 1.2)
}

// built is the log of nix build. What fails does so as Nix says it, with the
// line that is to blame before.
func (l *Living) built(j *job, worker string) []string {
	name, drv := l.short(j), l.drvPath(j)
	out := append(command(worker, "nix build -L --option keep-going true --max-silent-time 1200 --out-link result-"+l.attrName(j.attr)+" '"+drv+"^*'"),
		"ethis derivation will be built:", "e  "+drv, "ebuilding '"+drv+"'...", "e"+name+"> Running phase: unpackPhase", "e"+name+"> Running phase: buildPhase")
	n := 12 + below(j.n, 90)
	for i := range n {
		colour := ""
		if i%7 == 0 {
			colour = "\x1b[1m\x1b[92m"
		}
		out = append(out, fmt.Sprintf("e%s> %s   Compiling\x1b[0m part-%03d v0.%d.%d", name, colour, i, below(j.n+uint64(i), 30), i))
	}
	switch j.fate {
	case bbFailure:
		out = append(out, "e"+name+"> "+l.blame(j), "e"+name+"> make: *** [Makefile:42: all] Error 1",
			"e\x1b[31;1merror:\x1b[0m builder for '\x1b[35;1m"+drv+"\x1b[0m' failed with exit code 2;", "e       last 25 log lines:",
			"e       > "+l.blame(j), "e       For full logs, run:", "e         nix log "+drv)
		return exited(out, 1, 41.5)
	case bbCancelled:
		return append(out[:len(out)*2/3], "hcommand interrupted, attempting to kill", "hprogram finished with exit code -1")
	case bbRetry:
		return out
	}
	return exited(append(out, "e"+name+"> Running phase: installPhase", "e"+name+"> Running phase: fixupPhase"), 0, 38.8)
}

// blame is the line of a log that says why it failed.
func (l *Living) blame(j *job) string {
	all := []string{
		"error[E0308]: mismatched types: expected `u64`, found `&str` at src/main.rs:118:9",
		"src/lib.c:77:12: error: implicit declaration of function 'htobe128'",
		"FAIL: TestReconnect (3.02s): want 1 connection, have 0",
		"hash mismatch in fixed-output derivation: specified sha256-AAAA, got sha256-BBBB",
		"ld: cannot find -lsystemd: No such file or directory",
	}
	return all[below(mixed(j.n), len(all))]
}
