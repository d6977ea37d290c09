// Package cli is the command line: one file per command, options in, exit code
// out. It opens nothing itself: main passes in what makes a session, and a
// command calls it when it knows that it is needed, so help and version touch
// nothing.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/spf13/cobra"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/ui/plain"
)

// The exit codes.
const (
	codeDone        = 0
	codeFailed      = 1
	codeWrongUse    = 2
	codeWaits       = 3
	codeToDo        = 4
	codeInterrupted = 130
)

// Streams are the process's ends.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
	Env      func(name string) string
	Dir      string        // working directory
	Terminal bool          // in and out are terminals
	Echo     func(on bool) // of what is typed; nil: it cannot be switched
}

// App is what main passes in.
type App struct {
	Version string
	Self    string // this executable
	// Open makes the session of a run: providers, and the steps over them.
	Open func(ctx context.Context, r Request) (Session, error)
	// Watch makes the station of a host. It opens no connection.
	Watch func(ctx context.Context, r Request, w Watching) (Station, error)
	// OnHost is what this machine says of the CI that it runs; found is false
	// where it runs none.
	OnHost func() (c state.Config, found bool)
	// World starts the built-in world in a directory.
	World func(ctx context.Context, r WorldRequest) (World, error)
	// Role runs this program as a part of the pretend world.
	Role func(ctx context.Context, args []string, s Streams) int
}

// Request is what a session is made from.
type Request struct {
	Config state.Config // derived
	Dir    state.Dir
	Env    func(name string) string
	Tokens map[string]state.Secret // github.token, cloudflare.token, where answered
	Listen bool                    // people are waited for: listen for their browsers
	Yes    bool
	Asks   bool              // a person answers questions
	Log    func(line string) // one line per request; nil: none

	// Station is the one through which the host is reached; nil: none is up.
	Station Station

	// What a command is about, beyond the configuration: a repository that was
	// added, one that leaves, a machine that builds no more.
	Added, Left, Gone string
}

// Session is a run's steps and what they seal and ask through.
type Session struct {
	Steps   []steps.Step
	Keep    steps.Keeper
	Browser steps.Browser
	Revoke  func(ctx context.Context) error // the bootstrap token
	Lacks   []string                        // tokens that are nowhere: github.token, cloudflare.token
	Far     bool                            // no browser can be opened here
	// Around looks at what is here; Judge says whether a token will do; Repos
	// lists the repositories to choose from.
	Around func(ctx context.Context) state.Around
	Judge  func(ctx context.Context, key string) error
	Repos  func(ctx context.Context) ([]state.RepoListing, error)
	More   More
	Close  func()
}

// More is what is asked about further repositories and machines; it writes
// nothing.
type More struct {
	Repos    func(ctx context.Context) state.RepoSights
	JoinRepo func(ctx context.Context, name string) (state.Repo, error)
	Workers  func(ctx context.Context) state.WorkerSights
	Join     func(ctx context.Context, j state.Joining) (state.Worker, error)
}

// WorldRequest asks for a pretend world.
type WorldRequest struct {
	Dir, Scenario string
	Blank         bool // nothing is answered in its directory
}

// World is the pretend world, served.
type World struct {
	Dir       string            `json:"dir"`
	Env       map[string]string `json:"env"`
	Endpoints state.Endpoints   `json:"endpoints"`
	Hints     map[string]string `json:"-"` // what may be answered on it, by key
	Close     func()            `json:"-"`
	// Live gives it life until ctx ends, once it is set up. The result makes
	// something go wrong there, by its name; nothing any more by none.
	Live func(ctx context.Context, l Life) (fault func(name string) error) `json:"-"`
}

// Life is what happens in a pretend world by itself.
type Life struct {
	Rate                      float64 // events a second, about; 0: none
	Builders, Builds, Objects int     // that are there when it begins
	Faults                    bool    // something goes wrong now and then
	Seed                      string
}

// exit is an error with its code; quiet: everything was said already.
type exit struct {
	code  int
	err   error
	quiet bool
}

func (e *exit) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit %d", e.code)
	}
	return e.err.Error()
}

func (e *exit) Unwrap() error { return e.err }

func wrongUse(err error) error { return &exit{code: codeWrongUse, err: err} }

// said is an exit code after everything was shown.
func said(code int) error {
	if code == codeDone {
		return nil
	}
	return &exit{code: code, quiet: true}
}

// command is one invocation: the flags that all commands have, and the ends.
type command struct {
	app App
	io  Streams

	dir, file, output, logFile string
	set                        []string
	nonInteractive, noColour   bool
	accessible, verbose, trust bool

	carried   map[string]state.Secret // answers of the wizard that went before
	last      steps.Report            // of the setup that ran
	log       io.WriteCloser
	talk      *talk
	rehearsal bool                  // on the built-in world
	hints     map[string]string     // what may be answered there
	enliven   func(context.Context) // lets the world live, before it is watched
	served    atomic.Bool           // it was up until it was ended
}

// Run runs one command line and returns its exit code.
func Run(ctx context.Context, app App, args []string, s Streams) int {
	if len(args) > 0 && args[0] == RoleCommand {
		return app.Role(ctx, args[1:], s)
	}
	c := &command{app: app, io: s, talk: &talk{to: s.Err}}
	c.io.Err = c.talk
	defer func() {
		if c.log != nil {
			_ = c.log.Close()
		}
	}()
	stopped := context.AfterFunc(ctx, func() {
		if c.served.Load() {
			return
		}
		if c.io.Terminal && !c.talk.holds() {
			_, _ = fmt.Fprintln(c.talk) // the cursor may stand behind a question, and behind ^C
		}
		_, _ = fmt.Fprintln(c.talk, "Stopping after this call. Again: at once. Both are safe.")
	})
	defer stopped()
	root := c.root()
	root.SetArgs(args)
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(c.io.Err)
	err := root.ExecuteContext(ctx)
	if strings.Contains(strings.Join(args, " ")+" ", "--output json ") || slices.Contains(args, "--output=json") {
		c.output = "json" // also where the line could not be read to its end
	}
	if ctx.Err() != nil && !c.served.Load() {
		_, _ = fmt.Fprintln(c.io.Err, "interrupted: what is done stays done; run it again to go on")
		if len(c.last.Rows) == 0 && c.output == "json" {
			_ = plain.WriteLine(s.Out, plain.ErrorDoc{Kind: "result", Status: steps.Failed, Err: "interrupted", Problems: []state.Problem{}})
		}
		return codeInterrupted
	}
	return c.report(err)
}

// report says an error that was not said yet, and gives its code.
func (c *command) report(err error) int {
	if err == nil {
		return codeDone
	}
	e, own := errors.AsType[*exit](err)
	if !own {
		e = &exit{code: codeFailed, err: err}
		_, problem := errors.AsType[state.Problem](err)
		_, trouble := errors.AsType[*state.Trouble](state.Explain(err))
		if !problem && !trouble { // cobra's: an unknown flag or command
			e.code = codeWrongUse
		}
	}
	if e.quiet {
		return e.code
	}
	problems := problemsOf(state.Explain(e.err))
	plain.Problems(c.io.Err, problems)
	if c.output == "json" {
		_ = plain.WriteLine(c.io.Out, plain.ErrorDoc{Kind: "result", Status: steps.Failed, Err: problems[0].Error(), Problems: problems})
	}
	return e.code
}

// problemsOf takes a joined error apart.
func problemsOf(err error) []state.Problem {
	if list, ok := errors.AsType[problemsError](err); ok {
		return list
	}
	return []state.Problem{state.AsProblem(err)}
}

// problemsError is several problems as one error.
type problemsError []state.Problem

func (l problemsError) Error() string { return fmt.Sprintf("%d problems", len(l)) }

func (c *command) root() *cobra.Command {
	root := &cobra.Command{
		Use: "nixwright", Short: "Set up your own Nix CI, prove that it works, and watch it",
		Long: "nixwright sets up a self-hosted Nix CI: buildbot-nix, the niks3 cache on Cloudflare R2,\n" +
			"oauth2-proxy and nginx, secrets in sops. It does by API all that has an API, makes the\n" +
			"rest one click, and proves that it works. Try it without accounts: nixwright rehearse",
		SilenceErrors: true, SilenceUsage: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !c.io.Terminal || c.nonInteractive {
				return cmd.Help()
			}
			return c.enter(cmd.Context())
		},
	}
	f := root.PersistentFlags()
	f.StringVarP(&c.dir, "dir", "C", "", "infra repository (default: upwards from here to "+state.ConfigName+")")
	f.StringVar(&c.file, "config", "", "file of answers (default: "+state.ConfigName+" in it)")
	f.StringArrayVar(&c.set, "set", nil, "answer a question: key=value; @FILE or @- reads the value")
	f.StringVar(&c.output, "output", "auto", "auto, tui, text, json or quiet")
	f.BoolVarP(&c.nonInteractive, "non-interactive", "n", false, "never ask")
	f.BoolVar(&c.noColour, "no-color", false, "no colour (also NO_COLOR)")
	f.BoolVar(&c.accessible, "accessible", false, "line by line, for screen readers")
	f.BoolVar(&c.trust, "trust-config", false, "use endpoints and programs that the file of answers names")
	f.StringVar(&c.logFile, "log-file", "", "write one line per request to this file")
	f.BoolVarP(&c.verbose, "verbose", "v", false, "one line per request on stderr")
	root.AddCommand(c.setupCommand(), c.planCommand(), c.statusCommand(), c.consoleCommand(), c.buildsCommand(), c.cacheCommand(), c.gcCommand(), c.renderCommand(), c.repoCommand(), c.workerCommand(), c.explainCommand(), c.rehearseCommand(), c.versionCommand())
	return root
}

// style is how text is drawn here.
func (c *command) style() plain.Style {
	s := plain.StyleOf(c.io.Env, c.io.Terminal)
	s.Colour = s.Colour && !c.noColour
	return s
}

// outputIs checks --output against what the command offers.
func (c *command) outputIs(offered ...string) error {
	if slices.Contains(append(offered, "auto", "text", "json", "quiet"), c.output) {
		return nil
	}
	return wrongUse(state.Problem{What: "unknown output " + state.CleanText(c.output, 40), Fix: "use auto, text, json or quiet"})
}
