package live

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nixwright/nixwright/state"
)

// How far back alerts about builds look.
const (
	lookEvaluations = 200
	lookBuilds      = 200
	lookFor         = 7 * 24 * time.Hour
)

// redBranches are the branches whose newest decided evaluation failed: a branch
// stays red until a later one is green. Pull requests and merge queues are not
// counted, they are for failing.
func redBranches(s *Snapshot, _ time.Time) []Alert {
	var out []Alert
	decided := map[[2]string]bool{}
	n := 0
	for e := range s.Evaluations(0) {
		if n++; n > lookEvaluations {
			break
		}
		h := e.Head
		branch := [2]string{h.Repo, h.Branch}
		if h.Kind != KindEval || h.PR != 0 || strings.HasPrefix(h.Branch, "gh-readonly-queue/") || decided[branch] {
			continue
		}
		status := e.Status()
		decided[branch] = status != Running && status != Cancelled && status != Retry && status != Lost
		if status == Failed {
			out = append(out, redBranch(s, e))
		}
	}
	return out
}

func redBranch(s *Snapshot, e Evaluation) Alert {
	b := e.Head
	for one := range s.BuildsOf(e.ID) {
		if one.Status().Red() {
			b = one
		}
		break
	}
	attr, commit := short(b)
	if commit == "" {
		_, commit = short(e.Head)
	}
	a := Alert{
		Severity: state.Broken, What: strings.TrimSpace(fmt.Sprintf("%s failed on %s %s", attr, s.branch(e.Head), commit)),
		Why: b.State, Fix: "read the first error in its log", Since: cmp.Or(b.Finished, b.Started), To: Place{PageBuild, fmt.Sprint(b.ID)},
	}
	if more := e.Counts.Red() - 1; more > 0 {
		a.What += fmt.Sprintf(", and %d more", more)
	}
	return a
}

// branch is a branch as sentences name it: with its repository where there are
// several. Only the newest evaluations are looked at.
func (s *Snapshot) branch(b *Build) string {
	if b.Branch == "" || b.Repo == "" {
		return cmp.Or(b.Branch, b.Repo)
	}
	n := 0
	for e := range s.Evaluations(0) {
		if n++; n > lookEvaluations {
			break
		}
		if e.Head.Repo != "" && e.Head.Repo != b.Repo {
			return b.Repo[strings.LastIndexByte(b.Repo, '/')+1:] + " " + b.Branch
		}
	}
	return b.Branch
}

// grace is how long a narinfo may take to be served.
const grace = time.Minute

// notCached are green builds that clients build again (F32), as far as no
// later build of the same is served.
func notCached(s *Snapshot, now time.Time) []Alert {
	var newest *Build
	n := 0
	seen := map[int64]bool{}
	for _, status := range []Status{Warnings, Success} {
		looked := 0
		for b := range s.ByStatus(status, 0) {
			if looked++; looked > lookBuilds || now.Sub(b.Finished) > lookFor {
				break
			}
			if b.Cached() != CacheMissing || now.Sub(b.Finished) < grace || seen[b.Builder] || s.servedSince(b) {
				continue
			}
			seen[b.Builder] = true
			n++
			if newest == nil || b.ID > newest.ID {
				newest = b
			}
		}
	}
	if newest == nil {
		return nil
	}
	attr, commit := short(newest)
	what := strings.TrimSpace("green, not uploaded: " + attr + " " + commit)
	if n > 1 {
		what += fmt.Sprintf(", and %d more", n-1)
	}
	return []Alert{failure("F32", what, "", newest.Finished, Place{PageBuild, fmt.Sprint(newest.ID)})}
}

func (s *Snapshot) servedSince(b *Build) bool {
	for later := range s.OfBuilder(b.Builder, 0) {
		if later.ID <= b.ID {
			return false
		}
		if later.Attr == b.Attr && (later.Cached() == CacheServed || later.Cached() == CacheUploaded) {
			return true
		}
	}
	return false
}

// How long is too long for a request and for a build (F43).
const (
	longWait  = 10 * time.Minute
	longBuild = 30 * time.Minute
	lookQueue = 20
)

// stuck are requests that no worker takes and builds that do not end (F43).
func stuck(s *Snapshot, now time.Time) []Alert {
	var out []Alert
	connected, workers := 0, 0
	for w := range s.Workers() {
		workers++
		if w.Connected && !w.Paused {
			connected++
		}
	}
	n := 0
	for r := range s.Waiting() {
		if n++; n > lookQueue || now.Sub(r.Submitted) < grace {
			break
		}
		to := Place{PageQueue, fmt.Sprint(r.ID)}
		switch {
		case workers > 0 && connected == 0:
			a := failure("F43", "no worker is connected, and builds wait", "", r.Submitted, to)
			return append(out, a)
		case workers > 0 && !s.offered(r.Builder):
			a := failure("F43", fmt.Sprintf("request %d can never start: no worker offers its builder", r.ID), "", r.Submitted, to)
			a.Severity = state.Risk
			out = append(out, a)
		case now.Sub(r.Submitted) > longWait && connected > s.busy():
			a := failure("F43", fmt.Sprintf("request %d waits %s while workers are free", r.ID, span(now.Sub(r.Submitted))), "", r.Submitted, to)
			a.Severity = state.Risk
			out = append(out, a)
		}
	}
	for b := range s.ByStatus(Running, 0) {
		f := Forecast{Took: b.Took(now)}
		if b.Kind != KindAttr || f.Took < longBuild {
			continue
		}
		if f = s.Forecast(b, now); f.Usual > 0 && f.Took > 3*f.Usual {
			attr, _ := short(b)
			a := failure("F43", fmt.Sprintf("%s runs for %s, usual is %s", attr, span(f.Took), span(f.Usual)), "", b.Started, Place{PageBuild, fmt.Sprint(b.ID)})
			a.Severity = state.Risk
			out = append(out, a)
		}
	}
	return out
}

// offered says whether a worker that works may build for a builder.
func (s *Snapshot) offered(builder int64) bool {
	for w := range s.Workers() {
		if w.Connected && !w.Paused && (len(w.Builders) == 0 || slices.Contains(w.Builders, builder)) {
			return true
		}
	}
	return false
}

// busy is how many workers build.
func (s *Snapshot) busy() int {
	at := map[int64]bool{}
	for b := range s.ByStatus(Running, 0) {
		at[b.Worker] = true
	}
	return len(at)
}

// doubled is F8, seen in the hooks or in what they did.
func doubled(s *Snapshot, now time.Time) []Alert {
	to := Place{PageHooks, ""}
	if hooks, _ := s.Hooks.Get(); hooks.App != "" {
		for _, h := range hooks.Repos {
			if h.Active {
				return []Alert{failure("F8", "every push arrives twice: the App's hook and the one of "+h.Repo+" are on", "", s.Hooks.At, to)}
			}
		}
	}
	type commit struct{ repo, branch, revision string }
	last := map[commit]time.Time{}
	for c := range s.Changes() {
		if now.Sub(c.At) > 24*time.Hour {
			continue
		}
		one := commit{c.Repo, c.Branch, c.Revision}
		if at, is := last[one]; is && one.revision != "" && at.Sub(c.At).Abs() < grace {
			return []Alert{failure("F8", "commit "+c.Revision[:min(7, len(c.Revision))]+" of "+c.Repo+" came twice", "", c.At, to)}
		}
		last[one] = c.At
	}
	return nil
}
