package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"syscall"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/term"
)

// ErrNoTerminal says that there is no screen to draw on; nothing was written.
var ErrNoTerminal = errors.New("no terminal: input and output must both be one, and TERM must not be dumb")

// Options are one run of the program.
type Options struct {
	// Look is how it draws. The colour profile is found from Env; until the
	// terminal tells its background it is taken for dark.
	Look Look
	// In and Out are the terminal.
	In  io.Reader
	Out io.Writer
	// Env looks up one environment variable; TERM, NO_COLOR and their like are
	// read.
	Env func(name string) string
	// First is the page to begin with.
	First Page
	// Events are messages from outside, given to every page in order. It may
	// be nil, and is never closed by the program.
	Events <-chan tea.Msg
	// Report is the file that a panic's stack is written to.
	Report string
}

// frames is how many frames a second are drawn at most, where something
// changes. A key waits up to a whole one for its answer: at bubbletea's usual 60
// that is 16.7 ms, and this is the most that it takes.
const frames = 120

// Terminal says whether the full screen can be drawn.
func Terminal(in io.Reader, out io.Writer, env func(string) string) bool {
	kind := env("TERM")
	return isTerminal(in) && isTerminal(out) && kind != "" && kind != "dumb"
}

func isTerminal(stream any) bool {
	file, ok := stream.(interface{ Fd() uintptr })
	return ok && term.IsTerminal(file.Fd())
}

// Run shows the program until it quits, the context ends or a SIGINT,
// SIGTERM or SIGHUP comes: nil, and the terminal as it was. It is ErrNoTerminal
// without a terminal and *BrokenError after a panic.
func Run(ctx context.Context, o Options) error {
	if !Terminal(o.In, o.Out, o.Env) {
		return ErrNoTerminal
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()

	environ := environment(o.Env)
	profile := colorprofile.Detect(o.Out, environ)
	if o.Look.NoColor {
		profile = colorprofile.ASCII
	}
	o.Look.NoColor = o.Look.NoColor || profile <= colorprofile.ASCII
	o.Look.Theme.Profile, o.Look.Theme.Dark = profile, true
	root := NewRoot(o.First, o.Look)
	root.crash = newCrash()
	program := tea.NewProgram(root, tea.WithInput(o.In), tea.WithOutput(o.Out), tea.WithEnvironment(environ),
		tea.WithColorProfile(profile), tea.WithoutSignalHandler(), tea.WithFPS(frames))

	ended := make(chan struct{})
	defer close(ended)
	go pump(ctx, program, root.crash, o.Events, ended)
	last, err := program.Run()
	if r, ok := last.(Root); ok {
		left(r.pages)
		left(r.overlays)
	}
	switch {
	case root.crash.happened():
		return root.crash.write(o.Report)
	case err != nil:
		return fmt.Errorf("run the screen: %w", err)
	default:
		return nil
	}
}

// pump is the one goroutine that sends into the program from outside.
func pump(ctx context.Context, program *tea.Program, c *crash, events <-chan tea.Msg, ended <-chan struct{}) {
	for {
		select {
		case <-ended:
			return
		case <-ctx.Done():
			program.Quit()
			return
		case <-c.came:
			program.Quit()
			return
		case msg, more := <-events:
			if !more {
				events = nil
				continue
			}
			program.Send(msg)
		}
	}
}

// environment is what bubbletea and its colours read of the environment.
func environment(env func(string) string) []string {
	names := []string{
		"TERM", "COLORTERM", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "TERM_PROGRAM", "TERM_PROGRAM_VERSION",
		"SSH_TTY", "WT_SESSION", "TMUX", "STY", "GOOGLE_CLOUD_SHELL", "COLUMNS", "LINES",
	}
	var all []string
	for _, name := range names {
		if value := env(name); value != "" {
			all = append(all, name+"="+value)
		}
	}
	return all
}
