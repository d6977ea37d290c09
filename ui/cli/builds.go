package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/ui/logview"
	"github.com/nixwright/nixwright/ui/plain"
)

// The sources' names.
const (
	fromBuildbot   = "buildbot"
	fromNiks3      = "niks3"
	fromCloudflare = "Cloudflare"
	fromSystemd    = "systemd"
	fromCache      = "cache"
)

func (c *command) buildsCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "builds", Short: "Builds: list, show, log, watch, restart, stop", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	var host string
	cmd.PersistentFlags().StringVar(&host, "host", "", "ask through this ssh destination")
	for _, sub := range []*cobra.Command{c.buildsListCommand(&host), c.buildsShowCommand(&host), c.buildsLogCommand(&host), c.buildsWatchCommand(&host), c.buildsRestartCommand(&host), c.buildsStopCommand(&host)} {
		cmd.AddCommand(sub)
	}
	return cmd
}

// asking is a station for a command that asks and ends.
func (c *command) asking(ctx context.Context, host string) (*station, error) {
	if err := c.outputIs(); err != nil {
		return nil, err
	}
	return c.watch(ctx, Watching{Host: host, Asks: c.interactive()})
}

// haveBuilds says whether the builds were told.
func haveBuilds(s *live.Snapshot) bool {
	_, at := s.Told(live.TableBuilds)
	return !at.IsZero()
}

// detailed says whether the newest builds were told, and of which commit each
// is.
func detailed(s *live.Snapshot, most int) bool {
	if !haveBuilds(s) {
		return false
	}
	n := 0
	for b := range s.Builds(0) {
		if n++; n > most {
			break
		}
		if b.Commit == "" && b.Kind != live.KindOther {
			return false
		}
	}
	return true
}

func (c *command) buildsListCommand(host *string) *cobra.Command {
	var limit int
	var repo, status string
	cmd := &cobra.Command{
		Use: "list", Short: "Show the newest builds", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			st, err := c.asking(cmd.Context(), *host)
			if err != nil {
				return err
			}
			defer st.Close()
			s, err := st.gather(cmd.Context(), func(s *live.Snapshot) bool { return detailed(s, limit) }, fromBuildbot)
			if err != nil {
				return err
			}
			if !haveBuilds(&s) {
				return down(&s, fromBuildbot)
			}
			now := time.Now()
			switch c.output {
			case "json":
				return plain.WriteDocument(c.io.Out, s.Document(now, limit))
			case "quiet":
				return nil
			}
			var rows []*live.Build
			for b := range s.Builds(0) {
				if len(rows) == limit {
					break
				}
				if (repo == "" || strings.EqualFold(b.Repo, repo)) && (status == "" || b.Status().String() == status) {
					rows = append(rows, b)
				}
			}
			plain.WriteBuilds(c.io.Out, rows, now)
			return nil
		},
	}
	f := cmd.Flags()
	f.IntVar(&limit, "limit", 50, "so many")
	f.StringVar(&repo, "repo", "", "of this repository only")
	f.StringVar(&status, "status", "", "that stand like this only: failed, running, success, ...")
	return cmd
}

// numbered is a build's number.
func numbered(arg string) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimPrefix(arg, "#"), 10, 64)
	if err != nil || n <= 0 {
		return 0, wrongUse(state.Problem{What: state.CleanText(arg, 40) + " is no build", Why: "builds are called by their number", Fix: "nixwright builds list"})
	}
	return n, nil
}

func (c *command) buildsShowCommand(host *string) *cobra.Command {
	return &cobra.Command{
		Use: "show BUILD", Short: "Show a build with its steps", Args: cobra.ExactArgs(1),
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
			steps, err := counter{station: st}.Steps(ctx, n)
			if err != nil {
				return err
			}
			d := plain.BuildDoc{Kind: "build", Build: &b, Status: b.Status(), Cached: b.Cached(), URL: st.BuildURL(b), Steps: []plain.BuildStep{}}
			for _, s := range steps {
				d.Steps = append(d.Steps, plain.BuildStep{BuildStep: s.BuildStep, Logs: s.Logs})
			}
			switch c.output {
			case "json":
				return plain.WriteDocument(c.io.Out, d)
			case "quiet":
				return nil
			}
			plain.WriteBuild(c.io.Out, d, time.Now())
			return nil
		},
	}
}

func (c *command) buildsLogCommand(host *string) *cobra.Command {
	var o logOptions
	cmd := &cobra.Command{
		Use: "log BUILD", Short: "Print the log of a build", Args: cobra.ExactArgs(1),
		Long: "log prints the log of the step that failed, else of the one that runs, else of the last\n" +
			"one that has any. Of its colours those stay that a terminal shows; nothing else of a log\n" +
			"reaches it. Into a file or a pipe the lines go without colours.",
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := numbered(args[0])
			if err != nil {
				return err
			}
			st, err := c.asking(cmd.Context(), *host)
			if err != nil {
				return err
			}
			defer st.Close()
			return st.print(cmd.Context(), n, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.step, "step", "", "of this step")
	f.BoolVarP(&o.follow, "follow", "f", false, "go on until it is complete")
	f.IntVar(&o.tail, "tail", 0, "the last lines only")
	return cmd
}

type logOptions struct {
	step   string
	follow bool
	tail   int
}

// print prints a log.
func (s *station) print(ctx context.Context, build int64, o logOptions) error {
	l, err := s.pick(ctx, build, o.step)
	if err != nil {
		return err
	}
	at := 0
	if o.tail > 0 {
		at = max(0, l.Lines-o.tail)
	}
	colour := s.c.style().Colour
	upTo := func(end int) error {
		const chunk = 1000
		for at < end {
			raw, err := s.Lines(ctx, l, at, min(chunk, end-at))
			if err != nil || len(raw) == 0 {
				return err
			}
			at += len(raw)
			for _, line := range raw {
				clean := logview.Clean(line)
				text := string(clean)
				if !colour {
					text = logview.Plain(clean)
				}
				if _, err := fmt.Fprintln(s.c.io.Out, text); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if err := upTo(l.Lines); err != nil || !o.follow || l.Done {
		return err
	}
	var failed error
	following, stop := context.WithCancel(ctx)
	defer stop()
	err = s.Follow(following, l, func(now state.BuildLog) {
		if failed = upTo(now.Lines); failed != nil {
			stop()
		}
	})
	if failed != nil {
		return failed
	}
	return err
}

// pick is the log that is meant: of a step, or of the one that matters.
func (s *station) pick(ctx context.Context, build int64, step string) (state.BuildLog, error) {
	steps, err := counter{station: s}.Steps(ctx, build)
	if err != nil {
		return state.BuildLog{}, err
	}
	best, rank := state.BuildLog{}, 0
	var names []string
	for _, one := range steps {
		names = append(names, state.CleanText(one.Name, 0))
		if len(one.Logs) == 0 || step != "" && !strings.EqualFold(one.Name, step) {
			continue
		}
		is := 1
		switch {
		case one.Done && !one.Result.Green():
			is = 3
		case !one.Done:
			is = 2
		}
		if is >= rank {
			best, rank = one.Logs[0], is
		}
	}
	if rank == 0 {
		return best, state.Problem{What: fmt.Sprintf("build %d has no such log", build), Why: "its steps: " + strings.Join(names, ", "), Fix: fmt.Sprintf("nixwright builds show %d", build)}
	}
	return best, nil
}
