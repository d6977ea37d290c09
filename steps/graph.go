package steps

import (
	"errors"
	"fmt"
	"slices"

	"github.com/nixwright/nixwright/state"
)

// graph is who waits for whom, by index in list order.
type graph struct {
	infos  []Info
	giver  map[state.Ref]int
	needs  [][]int // givers of Needs
	before [][]int // givers of Needs and After
}

// newGraph checks the steps: two givers of one thing, a need that nobody
// gives, two steps of one name and a circle are errors, all told at once.
func newGraph(list []Step) (*graph, error) {
	g := &graph{giver: map[state.Ref]int{}}
	var errs []error
	seen := map[string]bool{}
	for i, s := range list {
		info := s.Info()
		g.infos = append(g.infos, info)
		if seen[info.ID] {
			errs = append(errs, fmt.Errorf("step %s: there are two of that name", info.ID))
		}
		seen[info.ID] = true
		for _, r := range info.Gives {
			if j, ok := g.giver[r]; ok {
				errs = append(errs, fmt.Errorf("step %s: %s is given by %s already", info.ID, r, g.infos[j].ID))
				continue
			}
			g.giver[r] = i
		}
	}
	for _, info := range g.infos {
		needs, err := g.givers(info, info.Needs)
		errs = append(errs, err)
		after, err := g.givers(info, info.After)
		errs = append(errs, err)
		g.needs = append(g.needs, needs)
		g.before = append(g.before, slices.Compact(slices.Sorted(slices.Values(slices.Concat(needs, after)))))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return g, g.circle()
}

func (g *graph) givers(info Info, refs []state.Ref) ([]int, error) {
	var out []int
	var errs []error
	for _, r := range refs {
		j, ok := g.giver[r]
		if !ok {
			errs = append(errs, fmt.Errorf("step %s: nobody gives %s", info.ID, r))
			continue
		}
		if !slices.Contains(out, j) {
			out = append(out, j)
		}
	}
	return out, errors.Join(errs...)
}

// circle finds a step that waits for itself.
func (g *graph) circle() error {
	const fresh, open, done = 0, 1, 2
	mark := make([]int, len(g.infos))
	var visit func(i int) error
	visit = func(i int) error {
		switch mark[i] {
		case open:
			return fmt.Errorf("step %s: waits for itself", g.infos[i].ID)
		case done:
			return nil
		}
		mark[i] = open
		for _, j := range g.before[i] {
			if err := visit(j); err != nil {
				return err
			}
		}
		mark[i] = done
		return nil
	}
	for i := range g.infos {
		if mark[i] == fresh {
			if err := visit(i); err != nil {
				return err
			}
		}
	}
	return nil
}
