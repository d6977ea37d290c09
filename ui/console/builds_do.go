package console

import (
	"context"
	"fmt"

	"github.com/nixwright/nixwright/state/live"
)

// called says which build it is: nvim of master 3f9c2ab.
func called(b *live.Build) string {
	out := labelOf(b)
	if from := branchOf(b); from != "" {
		out += " of " + from
	}
	if b.Commit != "" {
		out += " " + short(b.Commit)
	}
	return out
}

func restart(b *live.Build, s scene) action {
	return action{
		id: fmt.Sprint("restart ", b.ID), verb: "restart", title: "Restart " + called(b),
		lines: []string{
			"Goes   nothing: the build that is there stays in the list",
			"Comes  one new build of the same commit, as soon as a worker is free",
			"Price  " + usualOf(b, s) + " of a worker",
		},
		do: func(ctx context.Context) (string, error) { return s.opts.Desk.Restart(ctx, b.ID) },
	}
}

func stop(b *live.Build, s scene) action {
	return action{
		id: fmt.Sprint("stop ", b.ID), verb: "stop", title: "Stop " + called(b),
		lines: []string{
			"Goes   what this build did so far; its commit becomes red",
			"Stays  the other builds of the evaluation",
		},
		do: func(ctx context.Context) (string, error) { return s.opts.Desk.Stop(ctx, b.ID) },
	}
}

// usualOf is how long such a build takes.
func usualOf(b *live.Build, s scene) string {
	if usual, of := s.snap.Usual(b); of > 0 {
		return "about " + coarse(usual)
	}
	return "the time"
}

// offRestart and offStop are why a build cannot be restarted or stopped; empty:
// it can.
func offRestart(b *live.Build, s scene, d doing) string {
	switch {
	case b == nil:
		return "no build is chosen"
	case s.opts.Off != "":
		return "actions are off: " + s.opts.Off
	case s.opts.BuildsOff != "":
		return s.opts.BuildsOff
	case d.has(fmt.Sprint("restart ", b.ID)):
		return underWay
	case !b.Done:
		return "it runs"
	}
	return ""
}

func offStop(b *live.Build, s scene, d doing) string {
	switch {
	case b == nil:
		return "no build is chosen"
	case s.opts.Off != "":
		return "actions are off: " + s.opts.Off
	case s.opts.BuildsOff != "":
		return s.opts.BuildsOff
	case d.has(fmt.Sprint("stop ", b.ID)):
		return underWay
	case b.Done:
		return "it has ended"
	}
	return ""
}
