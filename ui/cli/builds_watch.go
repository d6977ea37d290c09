package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/ui/plain"
)

func (c *command) buildsWatchCommand(host *string) *cobra.Command {
	return &cobra.Command{
		Use: "watch [BUILD]", Short: "Follow a build, or the newest evaluation, to its end", Args: cobra.MaximumNArgs(1),
		Long: "watch says what changes: of an evaluation all builds that it triggers. It ends with 0 where\n" +
			"all is green (warnings too), else with 1.",
		RunE: func(cmd *cobra.Command, args []string) error {
			n := int64(0)
			if len(args) == 1 {
				var err error
				if n, err = numbered(args[0]); err != nil {
					return err
				}
			}
			st, err := c.asking(cmd.Context(), *host)
			if err != nil {
				return err
			}
			defer st.Close()
			return st.follow(cmd.Context(), n)
		},
	}
}

// following is a build, or an evaluation with its builds, while it is watched.
type following struct {
	station *station
	n       int64 // 0: the newest evaluation
	said    map[int64]live.Status
	down    string
	red     bool
}

// follow says what changes until all of it is done.
func (s *station) follow(ctx context.Context, n int64) error {
	f := following{station: s, n: n, said: map[int64]live.Status{}}
	var missing error
	err := s.each(ctx, s.sources(fromBuildbot), func(snap live.Snapshot) bool {
		if f.n == 0 {
			for e := range snap.Evaluations(0) {
				f.n = e.ID
				break
			}
		}
		f.link(&snap)
		if !haveBuilds(&snap) {
			return false
		}
		if f.n == 0 {
			missing = state.Problem{What: "there is nothing to watch", Why: "buildbot has made no evaluation yet", Fix: "push something, or name a build"}
			return true
		}
		if snap.Build(f.n) == nil {
			var over bool
			over, missing = f.old(ctx)
			return over || missing != nil
		}
		return f.tell(&snap)
	})
	switch {
	case err != nil:
		return err
	case missing != nil:
		return missing
	}
	status, code := steps.Ready, codeDone
	if f.red {
		status, code = steps.Failed, codeFailed
	}
	if s.c.output == "json" {
		if err := plain.WriteLine(s.c.io.Out, steps.Event{At: time.Now().UTC(), Kind: steps.KindResult, Status: status}); err != nil {
			return err
		}
	}
	return said(code)
}

// old says how a build stands that is older than those that are told at first;
// one that runs is among those that are told.
func (f *following) old(ctx context.Context) (over bool, err error) {
	b, err := f.station.Build(ctx, f.n)
	if err != nil || !b.Done {
		return false, err
	}
	f.red = !b.Status().Green()
	f.write(&b, b.Status())
	return true, nil
}

// link says when buildbot goes and comes back.
func (f *following) link(s *live.Snapshot) {
	o, _ := s.Source(fromBuildbot)
	if o.Err == f.down {
		return
	}
	if f.down = o.Err; o.Err == "" {
		f.station.c.note("buildbot answers again")
		return
	}
	f.station.c.note("buildbot does not answer: " + state.CleanText(o.Err, 0))
}

// tell says what is new of the builds, and whether all of them are done.
func (f *following) tell(s *live.Snapshot) (done bool) {
	done = true
	one := func(b *live.Build) {
		status := b.Status()
		done = done && b.Done
		if was, known := f.said[b.ID]; known && was == status {
			return
		}
		f.said[b.ID] = status
		f.red = f.red || b.Done && !status.Green()
		f.write(b, status)
	}
	one(s.Build(f.n))
	for b := range s.BuildsOf(f.n) {
		one(b)
	}
	return done
}

func (f *following) write(b *live.Build, status live.Status) {
	c := f.station.c
	switch c.output {
	case "json":
		_ = plain.WriteLine(c.io.Out, plain.BuildDoc{Kind: "build", Build: b, Status: status, Cached: b.Cached(), Steps: []plain.BuildStep{}})
	case "quiet":
	default:
		plain.WriteBuildLine(c.io.Out, b, time.Now(), c.style())
	}
}

func (c *command) buildsRestartCommand(host *string) *cobra.Command {
	return c.actionCommand("restart BUILD", "Build it again", host, func(ctx context.Context, a *actions, n int64) (string, error) { return a.restart(ctx, n) })
}

func (c *command) buildsStopCommand(host *string) *cobra.Command {
	return c.actionCommand("stop BUILD", "Stop a build that runs", host, func(ctx context.Context, a *actions, n int64) (string, error) { return a.stop(ctx, n) })
}

// actionCommand does something to a build, after a question where a person is.
func (c *command) actionCommand(use, short string, host *string, do func(context.Context, *actions, int64) (string, error)) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: use, Short: short, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			n, err := numbered(args[0])
			if err != nil {
				return err
			}
			st, err := c.asking(ctx, *host)
			if err != nil {
				return err
			}
			defer st.Close()
			b, err := st.Build(ctx, n)
			if err != nil {
				return err
			}
			if why := st.Off(); why != "" {
				return state.Problem{What: cmd.Name() + " cannot be done from here", Why: why, Fix: "do it in the browser: " + st.BuildURL(b)}
			}
			about := fmt.Sprintf("%s build %d: %s", cmd.Name(), n, plain.BuildName(&b))
			if ok, err := c.sure(ctx, about+"?", yes); err != nil || !ok {
				return err
			}
			a := newActions(st)
			defer a.close()
			came, err := do(ctx, a, n)
			return c.did(about, came, err)
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

// did says what came of an action.
func (c *command) did(about, came string, err error) error {
	switch {
	case err != nil:
		return err
	case c.output == "json":
		return plain.WriteLine(c.io.Out, steps.Event{At: time.Now().UTC(), Kind: kindAction, Status: steps.Ready, Text: about + ": " + came})
	case c.output != "quiet":
		_, err = fmt.Fprintln(c.io.Out, about+": "+came)
	}
	return err
}
