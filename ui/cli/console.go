package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/spf13/cobra"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/ui/console"
	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/tui"
)

type consoleOptions struct {
	host   string
	allow  bool
	builds int
}

func (c *command) consoleCommand() *cobra.Command {
	var o consoleOptions
	cmd := &cobra.Command{
		Use: "console", Short: "Watch builds, cache and collection live", Args: cobra.NoArgs,
		Long: "console shows what the CI does: builds and their logs, the cache, garbage collection, the\n" +
			"host and the checklist. On the host it asks the services there; from elsewhere one\n" +
			"connection of OpenSSH carries everything, and nothing is installed on the host.",
		RunE: func(cmd *cobra.Command, _ []string) error { return c.console(cmd.Context(), o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.host, "host", "", "watch through this ssh destination")
	f.BoolVar(&o.allow, "allow-actions", false, "restart, stop and collect, each after a question")
	f.IntVar(&o.builds, "builds", 0, "keep so many builds (default 2000)")
	return cmd
}

// lean is the console's GOGC where nobody set one: it stays up for days beside
// what it watches, so that memory counts for more than the processor.
const lean = 25

// console watches the host on the full screen.
func (c *command) console(ctx context.Context, o consoleOptions) error {
	if err := c.outputIs("tui"); err != nil {
		return err
	}
	if !tui.Terminal(c.io.In, c.io.Out, c.io.Env) || c.accessible || c.nonInteractive {
		return wrongUse(state.Problem{
			What: "there is no screen to draw on", Why: tui.ErrNoTerminal.Error(),
			Fix: "nixwright status --watch says the same line by line; builds, cache and gc print it",
		})
	}
	st, err := c.watch(ctx, Watching{Host: o.host, Asks: true, Builds: o.builds})
	if err != nil {
		return err
	}
	defer st.Close()
	return st.show(ctx, o)
}

// show runs the screen over a station.
func (s *station) show(ctx context.Context, o consoleOptions) error {
	s.c.served.Store(true)
	if s.c.io.Env("GOGC") == "" {
		debug.SetGCPercent(lean)
	}
	ctx, stop := context.WithCancel(ctx)
	all, list := s.everything()
	actions := newActions(s)
	begin := newLead()
	q, wait := supervise(ctx, begin.sources(all))
	events := make(chan tea.Msg)
	fed := make(chan struct{})
	first := live.New()
	go func() {
		defer close(fed)
		console.Feed(ctx, q, first, events, begin.seen(s.See))
	}()
	defer func() { stop(); wait(); <-fed; actions.close() }()

	off := "start with --allow-actions"
	if o.allow {
		off = ""
	}
	now := time.Now()
	look := tui.Look{NoColor: s.c.noColour, Mouse: true}
	look.Theme.ASCII = theme.ASCII(s.c.io.Env)
	s.c.talk.hold()
	defer s.c.talk.release()
	return tui.Run(ctx, tui.Options{
		Look: look, In: s.c.io.In, Out: s.c.io.Out, Env: s.c.io.Env, Events: events,
		First: console.New(console.Options{
			Host: s.l.config.Host.Name, Off: off, BuildsOff: s.Off(), Collecting: s.Collecting(), Zone: now.Location(),
			Desk: counter{station: s, list: list, actions: actions}, First: first,
		}, now),
		Report: filepath.Join(os.TempDir(), fmt.Sprintf("nixwright-report-%d.txt", os.Getpid())),
	})
}
