package cli

import (
	"context"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/ui/guide"
	"github.com/nixwright/nixwright/ui/plain"
)

func (c *command) cacheCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "cache", Short: "The binary cache: stats", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	stats := c.figureCommand("stats", "Show how large the cache is, and who says so", plain.WriteCache, sized, fromNiks3, fromCloudflare)
	cmd.AddCommand(stats)
	return cmd
}

// sized says whether the size is known, and by whom: both were heard.
func sized(s *live.Snapshot) bool {
	_, known := s.Size()
	return known && s.Metrics != nil && s.Traffic != nil
}

func (c *command) gcCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "gc", Short: "Garbage collection of the cache: status, run", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(c.figureCommand("status", "Show the last or the running collection, and when the next one is", plain.WriteGC, collected, fromNiks3, fromSystemd), c.gcRunCommand())
	return cmd
}

func collected(s *live.Snapshot) bool {
	_, gc := s.GC.Get()
	_, timers := s.Timers.Get()
	return gc && timers
}

// figureCommand prints what some sources say, once or on and on.
func (c *command) figureCommand(use, short string, write func(io.Writer, *live.Snapshot, time.Time), enough func(*live.Snapshot) bool, names ...string) *cobra.Command {
	var host string
	cmd := &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			st, err := c.asking(cmd.Context(), host)
			if err != nil {
				return err
			}
			defer st.Close()
			s, err := st.gather(cmd.Context(), enough, names...)
			if err != nil {
				return err
			}
			now := time.Now()
			switch c.output {
			case "json":
				err = plain.WriteDocument(c.io.Out, s.Document(now, 0))
			case "quiet":
			default:
				write(c.io.Out, &s, now)
			}
			if err == nil {
				err = down(&s, names[0])
			}
			return err
		},
	}
	cmd.Flags().StringVar(&host, "host", "", "ask through this ssh destination")
	return cmd
}

func (c *command) gcRunCommand() *cobra.Command {
	var host string
	var yes bool
	cmd := &cobra.Command{
		Use: "run", Short: "Collect now, by the policy of the set-up", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			st, err := c.asking(ctx, host)
			if err != nil {
				return err
			}
			defer st.Close()
			if ok, err := c.sure(ctx, "Collect now? "+st.Collecting(), yes); err != nil || !ok {
				return err
			}
			a := newActions(st)
			defer a.close()
			came, err := a.collect(ctx)
			return c.did("collection", came, err)
		},
	}
	cmd.Flags().StringVar(&host, "host", "", "ask through this ssh destination")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

// sure asks a person who is there. A script that calls the command has said
// what it wants.
func (c *command) sure(ctx context.Context, ask string, yes bool) (bool, error) {
	if yes || !c.interactive() {
		return true, nil
	}
	lines := plain.NewLines(c.io.In, c.io.Out, plain.LinesOptions{Echo: c.io.Echo})
	a, err := lines.Ask(ctx, guide.Asking{Question: state.Question{Key: "sure", Kind: state.KindYes, Ask: ask}, First: true})
	return err == nil && a.Do == guide.Next && state.Yes(a.Value), err
}
