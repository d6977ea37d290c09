package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/ui/plain"
)

// look asks every step and changes nothing: no lock, no journal.
func (c *command) look(ctx context.Context, yes bool) (steps.Report, error) {
	l, err := c.load()
	if err != nil {
		return steps.Report{}, err
	}
	if err := c.trusted(l, nil); err != nil {
		return steps.Report{}, err
	}
	if err := l.complete(); err != nil {
		return steps.Report{}, err
	}
	return c.lookAt(ctx, l, yes, nil)
}

// lookAt is a look by answers that are loaded; through a station, if one is up.
func (c *command) lookAt(ctx context.Context, l loaded, yes bool, through Station) (steps.Report, error) {
	req, err := c.request(l)
	if err != nil {
		return steps.Report{}, err
	}
	req.Yes, req.Station = yes, through
	session, err := c.app.Open(ctx, req)
	if err != nil {
		return steps.Report{}, err
	}
	defer session.Close()
	engine, err := steps.New(session.Steps, steps.RealClock())
	if err != nil {
		return steps.Report{}, err
	}
	return engine.Look(ctx), nil
}

func (c *command) planCommand() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "plan", Short: "Show what setup would do, and write nothing", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := c.outputIs(); err != nil {
				return err
			}
			r, err := c.look(cmd.Context(), yes)
			if err != nil {
				return err
			}
			switch c.output {
			case "json":
				if err := plain.WriteDocument(c.io.Out, plain.Plan(r)); err != nil {
					return err
				}
			case "quiet":
			default:
				plain.WritePlan(c.io.Out, r, c.style())
			}
			return said(planCode(r))
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "say yes to what is only offered")
	return cmd
}

// planCode is 4 where setup would do something or a person must.
func planCode(r steps.Report) int {
	code := codeDone
	for _, row := range r.Rows {
		switch {
		case row.Status() == steps.Failed:
			return codeFailed
		case plain.Undone(row), row.Status() == steps.Blocked:
			code = codeToDo
		}
	}
	return code
}

func (c *command) statusCommand() *cobra.Command {
	var exitCode, watch bool
	var host string
	cmd := &cobra.Command{
		Use: "status", Short: "Show the checklist with today's truth", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if watch {
				return c.watchStatus(cmd.Context(), host)
			}
			if err := c.outputIs("markdown"); err != nil {
				return err
			}
			r, err := c.look(cmd.Context(), false)
			if err != nil {
				return err
			}
			switch c.output {
			case "json":
				err = plain.WriteDocument(c.io.Out, plain.Status(r))
			case "markdown":
				plain.WriteMarkdown(c.io.Out, r)
			case "quiet":
			default:
				plain.WriteStatus(c.io.Out, r)
			}
			if err == nil && exitCode && r.TrueLines() < len(r.Lines()) {
				return said(codeToDo)
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&exitCode, "exit-code", false, "exit 4 unless all 15 lines are true")
	cmd.Flags().BoolVar(&watch, "watch", false, "go on, and say what changes: builds, cache, collection, host, checklist")
	cmd.Flags().StringVar(&host, "host", "", "with --watch: through this ssh destination")
	return cmd
}

func (c *command) renderCommand() *cobra.Command {
	return &cobra.Command{
		Use: "render", Short: "Write the NixOS files again from what is known", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := c.outputIs(); err != nil {
				return err
			}
			l, err := c.load()
			if err != nil {
				return err
			}
			if err := c.trusted(l, nil); err != nil {
				return err
			}
			if err := l.complete(); err != nil {
				return err
			}
			run, err := c.start(cmd.Context(), l, setupOptions{only: []string{"nix-module"}}, person{})
			if err != nil {
				return err
			}
			defer run.close()
			return said(codeOf(run.engine.Setup(cmd.Context())))
		},
	}
}

func (c *command) explainCommand() *cobra.Command {
	return &cobra.Command{
		Use: "explain ID", Short: "Explain a failure: what F17 is, how it is seen and mended", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			f, found := state.FailureByID(args[0])
			if !found {
				return wrongUse(state.Problem{What: "there is no failure " + state.CleanText(args[0], 20), Why: "they are called F1 to F50", Fix: "nixwright explain F17"})
			}
			if c.output == "json" {
				return plain.WriteDocument(c.io.Out, f)
			}
			plain.WriteFailure(c.io.Out, f)
			return nil
		},
	}
}

func (c *command) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Show the version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := c.io.Out.Write([]byte("nixwright " + c.app.Version + "\n"))
			return err
		},
	}
}
