package state

import "fmt"

// What a host is divided by.
const (
	sparedThreads  = 2       // left to the master and to evaluation
	threadsPerEval = 3       // one evaluation per so many threads: the rest builds
	maxEvals       = 16      // more evaluations wait for each other
	evalMemory     = 4 << 30 // what one evaluation gets where there is enough
	leastEval      = 1 << 29 // what it gets where there is not
	evalStep       = 1 << 28 // in which its limit is counted
	buildMemory    = 8 << 30 // left to builds and services; at most half of the host
	evalsUnseen    = 4       // at once, on a host that does not tell its memory
)

// Tuning is how much is evaluated at once on a host.
type Tuning struct {
	Evals  int    // evaluations at once
	Memory int    // MiB that one may take, then it starts again; 0: buildbot-nix's own limit
	Why    string // the arithmetic, for a person
}

// Tune divides a host's memory and threads between evaluation and builds. said
// is ci.eval_workers, 0 where nobody answered it: then as many evaluations as
// have room are taken. What the host does not tell is not guessed.
func Tune(said int, h Host) Tuning {
	t := Tuning{Evals: said}
	if h.Memory <= 0 {
		if t.Why = byPerson; said == 0 {
			t.Evals, t.Why = evalsUnseen, fmt.Sprintf("%d where the host's memory is not known", evalsUnseen)
		}
		return t
	}
	builds := min(buildMemory, h.Memory/2)
	room := h.Memory - builds
	if said == 0 {
		t.Evals = int(max(1, min(maxEvals, room/evalMemory)))
		if h.Threads > 0 {
			t.Evals = max(1, min(t.Evals, h.Threads/threadsPerEval))
		}
	}
	each := max(leastEval, min(evalMemory, room/int64(t.Evals))/evalStep*evalStep)
	t.Memory = int(each >> 20)
	verdict := "fits " + gib(h.Memory)
	if each*int64(t.Evals) > room {
		verdict = "more than the host's " + gib(h.Memory)
	}
	t.Why = fmt.Sprintf("%s: %d x %s + %s for builds", verdict, t.Evals, gib(each), gib(builds))
	if said == 0 && h.Threads > 0 && t.Evals == h.Threads/threadsPerEval {
		t.Why += fmt.Sprintf("; 1 per %d of %d threads", threadsPerEval, h.Threads)
	}
	return t
}

// SpareCores is how many builds a host runs at once where nobody said it, and
// why; 0 where it does not tell its threads.
func SpareCores(h Host) (cores int, why string) {
	if h.Threads <= 0 {
		return 0, ""
	}
	if h.Threads <= sparedThreads {
		return 1, fmt.Sprintf("1 of %d threads, the least", h.Threads)
	}
	return h.Threads - sparedThreads, fmt.Sprintf("%d threads less %d", h.Threads, sparedThreads)
}

// gib is a number of bytes as people say it: "8 GiB", "62.7 GiB".
func gib(bytes int64) string {
	if bytes%(1<<30) == 0 {
		return fmt.Sprintf("%d GiB", bytes>>30)
	}
	return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30))
}
