package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/ui/guide"
	"github.com/nixwright/nixwright/ui/plain"
	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/wizard"
)

// fullScreen says whether the wizard is drawn here, rather than said line by
// line.
func (c *command) fullScreen() (bool, error) {
	can := tui.Terminal(c.io.In, c.io.Out, c.io.Env)
	if c.output == "tui" && !can {
		return false, wrongUse(state.Problem{What: "there is no screen to draw on", Why: tui.ErrNoTerminal.Error(), Fix: "leave --output out, or use --accessible"})
	}
	return can && !c.accessible && (c.output == "auto" || c.output == "tui"), nil
}

// journey is a setup with a person there: on the full screen, or line by line.
func (c *command) journey(ctx context.Context, l loaded, o setupOptions) error {
	full, err := c.fullScreen()
	if err != nil {
		return err
	}
	lines := plain.NewLines(c.io.In, c.io.Out, plain.LinesOptions{Echo: c.io.Echo})
	err = c.trusted(l, func(q state.Question) bool {
		a, err := lines.Ask(ctx, guide.Asking{Question: q, First: true})
		return err == nil && a.Do == guide.Next && state.Yes(a.Value)
	})
	if err != nil {
		return err
	}
	if len(state.Required(l.said)) == 0 {
		if err := l.complete(); err != nil {
			return err
		}
	}
	d := &desk{c: c, l: l, o: o}
	if err := d.checkOnly(ctx); err != nil {
		return err
	}
	g := guide.Guide{Desk: d, Dir: l.dir.Root, Past: d.past(), Rehearsal: c.rehearsal, Opens: o.open, Hints: c.hints}
	g.Here, _ = os.Hostname()
	var out guide.Outcome
	if full {
		out, err = c.onScreen(ctx, g, d)
	} else {
		g.Face, d.face = lines, lines
		out, err = g.Lead(ctx)
	}
	return c.arrived(ctx, d, out, err)
}

// atOnce is how long a run that the person does not want to wait for any more
// may take to end by itself.
const atOnce = time.Second

// onScreen leads the person through the full screen. What is said meanwhile on
// stderr comes after it.
func (c *command) onScreen(ctx context.Context, g guide.Guide, d *desk) (guide.Outcome, error) {
	screen := wizard.NewScreen()
	g.Face, d.face = screen, screen
	type end struct {
		out guide.Outcome
		err error
	}
	ended := make(chan end, 1)
	leading, stop := context.WithCancel(ctx)
	defer stop()
	c.talk.hold()
	go func() {
		out, err := g.Lead(leading)
		ended <- end{out, err}
		screen.Leave()
	}()
	look := tui.Look{NoColor: c.noColour, Mouse: true}
	look.Theme.ASCII = theme.ASCII(c.io.Env)
	err := tui.Run(ctx, tui.Options{
		Look: look, In: c.io.In, Out: c.io.Out, Env: c.io.Env, First: screen.First(), Events: screen.Messages(),
		Report: filepath.Join(os.TempDir(), fmt.Sprintf("nixwright-report-%d.txt", os.Getpid())),
	})
	screen.Over()
	c.talk.release()
	stop()
	patience := make(chan struct{})
	if ctx.Err() == nil { // the person left: twice, where a run was on
		go func() {
			_ = steps.RealClock().Sleep(context.WithoutCancel(ctx), atOnce)
			close(patience)
		}()
	}
	var e end
	select {
	case e = <-ended:
	case <-patience:
		e.err = guide.ErrLeft
		e.out.Report.Interrupted = true
	}
	if err != nil {
		e.err = err
	}
	return e.out, e.err
}

// goOn leads from the wizard into the console. The tokens that were pasted on
// the way go along.
func (c *command) goOn(ctx context.Context, d *desk) error {
	if c.enliven != nil {
		c.enliven(ctx)
	}
	c.carried = d.l.answers.Set
	return c.console(ctx, consoleOptions{})
}

// arrived says how the journey ended, and makes its exit code.
func (c *command) arrived(ctx context.Context, d *desk, out guide.Outcome, err error) error {
	c.last = out.Report
	left := errors.Is(err, guide.ErrLeft) || errors.Is(err, context.Canceled) && ctx.Err() == nil
	switch {
	case err != nil && !left:
		return err
	case len(out.Report.Rows) > 0:
		c.afterSetup(d.ours(), out.Report, out.Human)
	case !out.Report.Interrupted:
		c.note("Nothing was begun. Start nixwright again to go on.")
	}
	switch {
	case out.Watch && err == nil:
		return c.goOn(ctx, d)
	case out.Report.Interrupted:
		return said(codeInterrupted)
	case len(out.Report.Rows) == 0:
		return said(codeWaits)
	}
	return said(codeOf(out.Report))
}
