package state_test

import (
	"testing"

	"github.com/nixwright/nixwright/state"
)

func TestTune(t *testing.T) {
	for name, c := range map[string]struct {
		said   int
		host   state.Host
		evals  int
		memory int
		why    string
	}{
		"the host of the examples": {0, host(12, 62.7), 4, 4096, "fits 62.7 GiB: 4 x 4 GiB + 8 GiB for builds; 1 per 3 of 12 threads"},
		"memory is what is short":  {0, host(16, 16), 2, 4096, "fits 16 GiB: 2 x 4 GiB + 8 GiB for builds"},
		"small":                    {0, host(2, 4), 1, 2048, "fits 4 GiB: 1 x 2 GiB + 2 GiB for builds"},
		"a little more":            {0, host(4, 8), 1, 4096, "fits 8 GiB: 1 x 4 GiB + 4 GiB for builds; 1 per 3 of 4 threads"},
		"tiny":                     {0, host(1, 0.5), 1, 512, "more than the host's 0.5 GiB: 1 x 0.5 GiB + 0.2 GiB for builds"},
		"huge":                     {0, host(256, 2048), 16, 4096, "fits 2048 GiB: 16 x 4 GiB + 8 GiB for builds"},
		"threads are not told":     {0, host(0, 62.7), 13, 4096, "fits 62.7 GiB: 13 x 4 GiB + 8 GiB for builds"},
		"memory is not told":       {0, host(12, 0), 4, 0, "4 where the host's memory is not known"},
		"nothing is told":          {0, state.Host{}, 4, 0, "4 where the host's memory is not known"},
		"said":                     {2, host(12, 62.7), 2, 4096, "fits 62.7 GiB: 2 x 4 GiB + 8 GiB for builds"},
		"said, and too much":       {8, host(12, 16), 8, 1024, "fits 16 GiB: 8 x 1 GiB + 8 GiB for builds"},
		"said, and far too much":   {64, host(12, 16), 64, 512, "more than the host's 16 GiB: 64 x 0.5 GiB + 8 GiB for builds"},
		"said, of a host unseen":   {8, state.Host{}, 8, 0, "you"},
	} {
		t.Run(name, func(t *testing.T) {
			got := state.Tune(c.said, c.host)
			if want := (state.Tuning{Evals: c.evals, Memory: c.memory, Why: c.why}); got != want {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

// Whatever the host: something is evaluated, and where nobody said how much it
// leaves at least half of a host that has more than a GiB to builds, or 8 GiB.
func TestTuneLeavesRoom(t *testing.T) {
	for threads := range 300 {
		for memory := 1.0; memory < 3000; memory *= 1.37 {
			h := host(threads, memory)
			got := state.Tune(0, h)
			left := h.Memory - int64(got.Evals)*int64(got.Memory)<<20
			if got.Evals < 1 || got.Evals > 16 || got.Memory < 512 || got.Memory > 4096 || left < min(8<<30, h.Memory/2) {
				t.Fatalf("%d threads, %g GiB: %+v leaves %d MiB", threads, memory, got, left>>20)
			}
		}
	}
}

func TestSpareCores(t *testing.T) {
	for threads, want := range map[int]struct {
		cores int
		why   string
	}{0: {0, ""}, 1: {1, "1 of 1 threads, the least"}, 2: {1, "1 of 2 threads, the least"}, 3: {1, "3 threads less 2"}, 12: {10, "12 threads less 2"}, 256: {254, "256 threads less 2"}} {
		if cores, why := state.SpareCores(host(threads, 1)); cores != want.cores || why != want.why {
			t.Errorf("%d threads: got %d, %q", threads, cores, why)
		}
	}
}

func host(threads int, gib float64) state.Host {
	return state.Host{Threads: threads, Memory: int64(gib * (1 << 30))}
}
