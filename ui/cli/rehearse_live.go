package cli

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/plain"
)

func lifeFlags(cmd *cobra.Command, l *Life) {
	f := cmd.Flags()
	f.Float64Var(&l.Rate, "rate", 0, "with --console or --serve: so many events a second in the world (default 2)")
	f.IntVar(&l.Builders, "builders", 0, "builders in it (default 200)")
	f.IntVar(&l.Builds, "builds", 0, "builds that were made before (default 1290)")
	f.IntVar(&l.Objects, "objects", 0, "objects in its cache (default 31204)")
	f.BoolVar(&l.Faults, "faults", false, "something goes wrong there now and then")
	f.StringVar(&l.Seed, "seed", "rehearsal", "what everything there follows from")
}

// whole is a life with what was not said.
func (l Life) whole() Life {
	const rate, builders, builds, objects = 2, 200, 1290, 31_204
	if l.Rate <= 0 {
		l.Rate = rate
	}
	l.Builders, l.Builds = cmp.Or(l.Builders, builders), cmp.Or(l.Builds, builds)
	l.Objects = cmp.Or(l.Objects, max(objects, 2*l.Builds))
	return l
}

func (l Life) any() bool {
	return l.Rate > 0 || l.Builders > 0 || l.Builds > 0 || l.Objects > 0 || l.Faults
}

// liveWorld is the console on a world that is set up and alive.
func (c *command) liveWorld(ctx context.Context, l Life) error {
	l = l.whole()
	world, inner, done, err := c.openWorld(ctx, scenarioDone, false)
	if err != nil {
		return err
	}
	defer done()
	if err := inner.readySetup(ctx); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	world.Live(ctx, l)
	inner.output, inner.io.Terminal, inner.nonInteractive, inner.accessible = c.output, c.io.Terminal, c.nonInteractive, c.accessible
	return inner.console(ctx, consoleOptions{allow: true, builds: l.Builds})
}

// readySetup brings the world to where all is set up, and says nothing of it.
func (c *command) readySetup(ctx context.Context) error {
	was, set := c.output, c.set
	c.output, c.set = "quiet", append([]string{"console.cloudflare_token=true"}, c.set...)
	defer func() { c.output, c.set = was, set }()
	return c.setup(ctx, setupOptions{wait: personWait, open: true})
}

// serveWorld keeps the world up for the ordinary commands in other processes.
// Where it is alive, lines of standard input make something go wrong in it.
func (c *command) serveWorld(ctx context.Context, scenario string, l Life) error {
	if l.any() && scenario != scenarioDone {
		return wrongUse(state.Problem{What: "nothing happens in a world that is not set up", Fix: "add --scenario " + scenarioDone})
	}
	world, inner, done, err := c.openWorld(ctx, scenario, false)
	if err != nil {
		return err
	}
	defer done()
	if scenario == scenarioDone {
		if err := inner.readySetup(ctx); err != nil {
			return err
		}
	}
	if l.any() {
		fault := world.Live(ctx, l.whole())
		go c.faults(fault)
	}
	if c.output == "json" {
		err = plain.WriteLine(c.io.Out, world)
	} else {
		err = plain.WriteWorld(c.io.Out, world.Dir, world.Env)
	}
	if err != nil {
		return err
	}
	c.served.Store(true)
	<-ctx.Done()
	return nil
}

// faults reads what is to go wrong: "fault NAME", and "calm" for nothing.
func (c *command) faults(fault func(name string) error) {
	lines := bufio.NewScanner(c.io.In)
	for lines.Scan() {
		verb, name, _ := strings.Cut(strings.TrimSpace(lines.Text()), " ")
		err := error(state.Problem{What: "that is neither a fault nor calm", Fix: "fault NAME, or calm"})
		switch verb {
		case "":
			continue
		case "fault":
			err = fault(strings.TrimSpace(name))
		case "calm":
			err = fault("")
		}
		if err != nil {
			_, _ = fmt.Fprintln(c.io.Err, state.AsProblem(err).Error())
			continue
		}
		_, _ = fmt.Fprintln(c.io.Err, "so be it: "+state.CleanText(lines.Text(), 0))
	}
}
