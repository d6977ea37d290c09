package station

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
)

// Build is a build as buildbot knows it now; the evaluation that triggered it
// is not looked for.
func (s *Station) Build(ctx context.Context, n int64) (live.Build, error) {
	b, err := s.o.Builds.Build(ctx, n)
	if errors.Is(err, state.ErrNotFound) {
		err = state.Problem{What: fmt.Sprintf("build %d is not known", n), Why: "buildbot numbers builds as they begin, and forgets old ones", Fix: "nixwright builds list"}
	}
	if err != nil {
		return live.Build{}, err
	}
	return live.NewBuild(b, 0), nil
}

// Steps are the steps of a build.
func (s *Station) Steps(ctx context.Context, build int64) ([]state.BuildStep, error) {
	return s.o.Builds.Steps(ctx, build)
}

// Logs are the logs of a step.
func (s *Station) Logs(ctx context.Context, step int64) ([]state.BuildLog, error) {
	return s.o.Builds.Logs(ctx, step)
}

// Log is a log as it is now.
func (s *Station) Log(ctx context.Context, id int64) (state.BuildLog, error) {
	return s.o.Builds.Log(ctx, id)
}

// Lines are raw lines of a log, at most n from a number on.
func (s *Station) Lines(ctx context.Context, l state.BuildLog, from, n int) ([]string, error) {
	return s.o.Builds.RawLines(ctx, l, from, n)
}

// Follow tells each time that a log grew, until it is complete.
func (s *Station) Follow(ctx context.Context, l state.BuildLog, grown func(state.BuildLog)) error {
	return s.o.Builds.Follow(ctx, l, grown)
}

// Save writes a log as buildbot has it.
func (s *Station) Save(ctx context.Context, l state.BuildLog, w io.Writer) (int64, error) {
	return s.o.Builds.Save(ctx, l.ID, w)
}
