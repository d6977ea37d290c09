package cli

import (
	"context"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/tui"
)

// enter is nixwright alone: the console where the last run of setup came to
// its end with nothing left to do, else the wizard.
func (c *command) enter(ctx context.Context) error {
	if l, err := c.load(); err == nil && l.complete() == nil && tui.Terminal(c.io.In, c.io.Out, c.io.Env) && !c.accessible {
		if past, found := state.ReadPast(l.dir); found && past.Whole {
			return c.console(ctx, consoleOptions{})
		}
	}
	return c.setup(ctx, setupOptions{wait: time.Hour, open: true})
}
