package niks3

import (
	"context"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
)

// look is one thing that a Source looks at, and how that went the last time.
type look struct {
	what string
	// ask tells what it sees; lacks names what this niks3 does not offer.
	ask   func(ctx context.Context) (again time.Duration, lacks []string, err error)
	next  time.Time
	lacks []string
	err   error
}

// looks are those that can be made, what changes fastest first.
func (s *Source) looks(emit func(live.Update)) []*look {
	all := []*look{
		{what: state.Niks3Stats, ask: func(ctx context.Context) (time.Duration, []string, error) { return s.figures(ctx, emit) }},
		{what: state.Niks3Keys, ask: func(ctx context.Context) (time.Duration, []string, error) { return s.config(ctx, emit) }},
	}
	if s.o.Token.Empty() {
		return all
	}
	return append([]*look{
		{what: state.Niks3GCStatus, ask: func(ctx context.Context) (time.Duration, []string, error) { return s.collection(ctx, emit) }},
	}, append(all,
		&look{what: state.Niks3Pins, ask: func(ctx context.Context) (time.Duration, []string, error) { return s.pins(ctx, emit) }},
	)...)
}

func (s *Source) collection(ctx context.Context, emit func(live.Update)) (time.Duration, []string, error) {
	gc, err := s.c.GC(ctx, s.o.Token)
	if err != nil {
		return pauseQuick, nil, err
	}
	tell(emit, gc)
	switch {
	case !gc.Offered:
		return pauseSlow, []string{state.Niks3GCStatus}, nil
	case gc.State == state.GCRunning:
		return pauseRunning, nil, nil
	}
	return pauseQuick, nil, nil
}

// figures are the size, of cache-stats or else of the metrics, the metrics, and
// the uploads, of which niks3 tells how many there are.
func (s *Source) figures(ctx context.Context, emit func(live.Update)) (time.Duration, []string, error) {
	var lacks []string
	size, sized, err := s.c.Stats(ctx)
	if err != nil {
		return pauseSlow, nil, err
	}
	m, measured, err := s.c.Metrics(ctx)
	if !sized && measured {
		size, sized = m.Cache, true
	}
	if sized {
		tell(emit, live.Size{From: live.FromNiks3, Objects: size.Objects, Logical: size.LogicalBytes})
	} else if err == nil {
		lacks = append(lacks, state.Niks3Stats)
	}
	if measured {
		tell(emit, m)
		tell(emit, live.Uploads{Pending: m.PendingUploads})
	} else if err == nil {
		lacks = append(lacks, state.Niks3Measures)
	}
	return pauseSlow, lacks, err
}

func (s *Source) config(ctx context.Context, emit func(live.Update)) (time.Duration, []string, error) {
	n, found, err := s.c.Config(ctx)
	switch {
	case err != nil:
		return pauseSlow, nil, err
	case !found:
		return pauseSlow, []string{state.Niks3Keys}, nil
	}
	tell(emit, n)
	return pauseSlow, nil, nil
}

func (s *Source) pins(ctx context.Context, emit func(live.Update)) (time.Duration, []string, error) {
	all, found, err := s.c.Pins(ctx, s.o.Token)
	switch {
	case err != nil:
		return pauseSlow, nil, err
	case !found:
		return pauseSlow, []string{state.Niks3Pins}, nil
	}
	tell(emit, live.Pins(all))
	return pauseSlow, nil, nil
}
