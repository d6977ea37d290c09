package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/plain"
)

// RoleCommand makes this program a part of the pretend world: its ssh, its
// deploy command, its person at a browser.
const RoleCommand = "world-role"

// scenarioDone is fresh after setup and deployment.
const scenarioDone = "done"

// scenarios are the states that the pretend world can begin in.
var scenarios = []string{"fresh", "half-done", scenarioDone}

// personWait is how long the pretend person is waited for.
const personWait = time.Minute

// tokenCost is the Cloudflare token's page, which a rehearsal has no need of.
var tokenCost = state.Cost{Pages: 1, Clicks: 3, Pastes: 1}

func (c *command) rehearseCommand() *cobra.Command {
	var serve, console bool
	var life Life
	scenario := "fresh"
	cmd := &cobra.Command{
		Use: "rehearse", Short: "Do all of it on a built-in world: no accounts, no network", Args: cobra.NoArgs,
		Long: "rehearse runs the whole set-up on a pretend GitHub, Cloudflare, S3, DNS and host on\n" +
			"loopback. With --serve the world stays up, and --dir becomes an ordinary infra\n" +
			"repository on which the ordinary commands work, in another terminal.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := c.outputIs("tui"); err != nil {
				return err
			}
			if !slices.Contains(scenarios, scenario) {
				return wrongUse(state.Problem{What: "there is no scenario " + state.CleanText(scenario, 40), Fix: "use " + strings.Join(scenarios, ", ")})
			}
			if console {
				return c.liveWorld(cmd.Context(), life)
			}
			if serve {
				return c.serveWorld(cmd.Context(), scenario, life)
			}
			if c.interactive() {
				return c.tryOut(cmd.Context(), scenario)
			}
			return c.rehearse(cmd.Context(), scenario)
		},
	}
	cmd.Flags().BoolVar(&serve, "serve", false, "keep the world up until interrupted")
	cmd.Flags().StringVar(&scenario, "scenario", scenario, strings.Join(scenarios, ", "))
	cmd.Flags().BoolVar(&console, "console", false, "show the console on a world that is alive")
	lifeFlags(cmd, &life)
	return cmd
}

// worldDir is --dir, or a temporary directory of its own.
func (c *command) worldDir() (dir string, temporary bool, err error) {
	if c.dir == "" {
		dir, err = os.MkdirTemp("", "nixwright-rehearsal-")
		return dir, true, err
	}
	dir = c.dir
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(c.io.Dir, dir)
	}
	_, noAnswers := os.Stat(filepath.Join(dir, state.ConfigName))
	_, noWorld := os.Stat(filepath.Join(dir, ".nixwright", "world", "state.json"))
	if noAnswers == nil && noWorld != nil {
		return "", false, wrongUse(state.Problem{
			What: dir + " is a set-up of its own", Why: "its " + state.ConfigName + " leads to the real world, and a rehearsal must not", Fix: "rehearse in another directory",
		})
	}
	return dir, false, os.MkdirAll(dir, 0o755)
}

// openWorld starts the world and returns a command that lives in it.
// blank: nothing is answered there.
func (c *command) openWorld(ctx context.Context, scenario string, blank bool) (World, *command, func(), error) {
	dir, temporary, err := c.worldDir()
	if err != nil {
		return World{}, nil, nil, err
	}
	remove := func() {
		if temporary {
			_ = os.RemoveAll(dir)
		}
	}
	world, err := c.app.World(ctx, WorldRequest{Dir: dir, Scenario: scenario, Blank: blank})
	if err != nil {
		remove()
		return World{}, nil, nil, err
	}
	inner := &command{app: c.app, io: c.io, dir: dir, output: c.output, nonInteractive: true, noColour: c.noColour, verbose: c.verbose, logFile: c.logFile, set: c.set, talk: c.talk, rehearsal: true}
	inner.io.Terminal, inner.io.Env = false, worldEnv(world, dir, c.io.Env)
	return world, inner, func() { world.Close(); remove() }, nil
}

// worldEnv is the world's own environment: the person's tokens and identities
// stay out of a rehearsal.
func worldEnv(w World, dir string, env func(string) string) func(string) string {
	kept := []string{"PATH", "TERM", "LANG", "LC_ALL", "LC_CTYPE", "NO_COLOR", "TMPDIR"}
	return func(name string) string {
		if v, ok := w.Env[name]; ok {
			return v
		}
		if name == "HOME" {
			return filepath.Join(dir, ".nixwright", "world", "home")
		}
		if slices.Contains(kept, name) {
			return env(name)
		}
		return ""
	}
}

// rehearse is the main job on the pretend world, by the code of the real one.
func (c *command) rehearse(ctx context.Context, scenario string) error {
	begin := time.Now()
	_, inner, done, err := c.openWorld(ctx, scenario, false)
	if err != nil {
		return err
	}
	defer done()
	o := setupOptions{wait: personWait, open: true}
	if err := inner.setup(ctx, o); err != nil || c.output == "json" || c.output == "quiet" {
		return err
	}
	r := inner.last
	_, _ = fmt.Fprintln(c.io.Out)
	plain.WriteStatus(c.io.Out, r)
	_, _ = fmt.Fprintf(c.io.Out, "\nIn the real world you would have done: %s.\n", plain.Cost(r.Human.Plus(tokenCost)))
	_, _ = fmt.Fprintf(c.io.Out, "That was a rehearsal on a pretend world, in %s; it is gone. Keep one with: nixwright rehearse --serve --dir DIR\n", plain.Took(time.Since(begin)))
	if r.TrueLines() < len(r.Lines()) {
		return said(codeWaits)
	}
	return nil
}

// tryOut is the wizard on the pretend world: the person answers, and presses
// the buttons of its pages in a browser of their own. Where there is none, the
// world's person presses them when asked to, and the Cloudflare token, which
// somebody has to copy, is there already.
func (c *command) tryOut(ctx context.Context, scenario string) error {
	world, inner, done, err := c.openWorld(ctx, scenario, scenario == "fresh")
	if err != nil {
		return err
	}
	defer done()
	inner.enliven = func(ctx context.Context) { world.Live(ctx, Life{}.whole()) }
	inner.hints = map[string]string{"host.ssh": world.Hints["host.ssh"]} // what nobody can know who is new here
	inner.nonInteractive, inner.accessible, inner.io.Terminal = false, c.accessible, c.io.Terminal
	env, own := inner.io.Env, c.io.Env("BROWSER") != "" || c.io.Env("DISPLAY") != "" || c.io.Env("WAYLAND_DISPLAY") != ""
	inner.io.Env = func(name string) string {
		switch {
		case name == "CLOUDFLARE_API_TOKEN" && own && scenario == "fresh": // its page is part of it
			return ""
		case own && slices.Contains([]string{"BROWSER", "DISPLAY", "WAYLAND_DISPLAY"}, name):
			return c.io.Env(name)
		}
		return env(name)
	}
	err = inner.setup(ctx, setupOptions{wait: time.Hour, open: own})
	_, _ = fmt.Fprintln(c.io.Out, "That was a rehearsal on a pretend world in "+world.Dir+".")
	return err
}
