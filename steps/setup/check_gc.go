package setup

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/shape"
	"github.com/nixwright/nixwright/steps"
)

// niks3Token is niks3's API token.
const niks3Token = shape.APITokenName

// checkGC is line 15: the cache is kept small. A timer that never ran but has
// a next run is ready.
type checkGC struct{ Deps }

func (s checkGC) Info() steps.Info {
	return steps.Info{
		ID: "check-gc", Title: "Collection", Phase: steps.PhaseAfter, Lines: []int{15},
		Does: "look at niks3-gc.timer and the last collection", Until: "not deployed",
		Needs: []state.Ref{state.FactDeployment.Ref()},
	}
}

func (s checkGC) Detect(ctx context.Context, _ state.Facts) (steps.Finding, error) {
	token, err := s.secret(ctx, niks3Token)
	if err != nil {
		return steps.Finding{}, err
	}
	var timer state.Timer
	var last state.GCStatus
	var silent error
	err = together(ctx,
		func(ctx context.Context) (err error) { timer, err = s.Host.Timer(ctx, "niks3-gc.timer"); return err },
		func(ctx context.Context) (err error) {
			last, err = s.Niks3.GC(ctx, token)
			if errors.Is(err, state.ErrOffline) || errors.Is(err, state.ErrService) {
				silent = err
				return nil
			}
			return err
		},
	)
	if err != nil {
		return steps.Finding{}, err
	}
	ssh := "ssh " + s.Config.Host.SSH + " "
	switch {
	case timer.Unit.Active != "active" || timer.Next.IsZero() && timer.Unit.Sub != "running":
		return blocked(state.Problem{ID: "F28", What: "niks3-gc.timer is " + timer.Unit.Active + ", with no next run", Why: "without it the bucket only grows", Fix: ssh + "sudo systemctl start niks3-gc.timer"}), nil
	case last.State == "failed":
		return blocked(state.Problem{ID: "F28", What: "the last collection failed", Why: cmp.Or(state.CleanText(last.Error, 200), "niks3 does not say why"), Fix: ssh + "journalctl -u niks3-gc -e"}), nil
	}
	when := "collecting now" // a timer has no next run while its service runs
	if !timer.Next.IsZero() {
		when = "next " + timer.Next.UTC().Format(time.DateTime) + " UTC"
	}
	f := ready("niks3-gc.timer active, "+when, state.Facts{})
	if silent != nil {
		f.Problems = []state.Problem{{What: "not checked how the last collection ended", Why: silent.Error(), Fix: ssh + "systemctl status niks3"}}
	}
	return f, nil
}

// Apply has nothing to do: the check only looks.
func (s checkGC) Apply(context.Context, state.Facts, steps.Finding, steps.Out) error { return nil }
