package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/ui/plain"
)

type setupOptions struct {
	only   []string
	yes    bool
	revoke bool
	wait   time.Duration
	open   bool
}

func (c *command) setupCommand() *cobra.Command {
	var o setupOptions
	cmd := &cobra.Command{
		Use: "setup", Short: "Set up the CI, or go on where it stopped", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if c.io.Terminal && !c.nonInteractive {
				if !cmd.Flags().Changed("wait") {
					o.wait = time.Hour
				}
				o.open = o.open || !cmd.Flags().Changed("open")
			}
			return c.setup(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&o.only, "only", nil, "do these steps only")
	f.BoolVar(&o.yes, "yes", false, "say yes to what is only offered")
	f.BoolVar(&o.revoke, "revoke-bootstrap-token", false, "delete the Cloudflare token of this run when all is done")
	f.DurationVar(&o.wait, "wait", 0, "how long each human step is waited for")
	f.BoolVar(&o.open, "open", false, "open the pages of human steps in $BROWSER")
	return cmd
}

// interactive says whether there is a person to ask here.
func (c *command) interactive() bool { return c.io.Terminal && !c.nonInteractive && c.output != "json" }

// setup is the main job: with a person there it is a journey, else a run.
func (c *command) setup(ctx context.Context, o setupOptions) error {
	if err := c.outputIs("tui"); err != nil {
		return err
	}
	l, err := c.load()
	if err != nil {
		return err
	}
	if c.interactive() {
		return c.journey(ctx, l, o)
	}
	if err := c.trusted(l, nil); err != nil {
		return err
	}
	if err := l.complete(); err != nil {
		return err
	}
	run, err := c.start(ctx, l, o, person{})
	if err != nil {
		return err
	}
	defer run.close()
	if err := checkOnly(o.only, run.engine.Infos()); err != nil {
		return err
	}
	r := run.engine.Setup(ctx)
	c.last = r
	c.afterSetup(run.written(), r, r.Human)
	code := codeOf(r)
	if code != codeDone && o.revoke {
		c.note("the Cloudflare token is kept: not all is done")
	}
	if code == codeDone {
		if err := run.revoke(ctx); err != nil {
			return err
		}
	}
	return said(code)
}

// revoke deletes the Cloudflare token of this run, where that was asked for.
func (r *running) revoke(ctx context.Context) error {
	if !r.revokes {
		return nil
	}
	if err := r.session.Revoke(ctx); err != nil {
		return err
	}
	r.emit(steps.Event{
		At: time.Now(), Run: r.engine.Run, Kind: steps.KindChange, Step: "preflight",
		Text: "the Cloudflare token is deleted, and refused now; another run that looks at Cloudflare needs a new one",
	})
	return nil
}

// running is an engine at work in a directory that is locked.
type running struct {
	c       *command
	engine  *steps.Engine
	session Session
	dir     state.Dir
	files   []string // ours, for a commit
	journal *state.Journal
	mute    bool // the journal cannot be written
	lock    *state.Lock
	sink    steps.Sink
	revokes bool // the Cloudflare token is deleted when all is done
}

func (r *running) close() {
	r.session.Close()
	_ = r.journal.Close()
	_ = r.lock.Release()
}

// request is what a session is made from here. The log, one line per request,
// goes to stderr, to a file, or to both.
func (c *command) request(l loaded) (Request, error) {
	r := Request{Config: l.config, Dir: l.dir, Env: c.io.Env, Tokens: l.answers.Set, Added: l.added, Left: l.left, Gone: l.gone}
	var to []io.Writer
	if c.verbose {
		to = append(to, c.io.Err)
	}
	if c.log != nil {
		to = append(to, c.log)
	}
	if c.logFile != "" && c.log == nil {
		path := c.logFile
		if !filepath.IsAbs(path) {
			path = filepath.Join(c.io.Dir, path)
		}
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			return r, wrongUse(state.Problem{What: "cannot write the log to " + c.logFile, Why: err.Error(), Fix: "give another --log-file"})
		}
		c.log = f
		to = append(to, f)
	}
	if len(to) > 0 {
		var mu sync.Mutex
		w := io.MultiWriter(to...)
		r.Log = func(line string) {
			mu.Lock()
			defer mu.Unlock()
			_, _ = fmt.Fprintln(w, line)
		}
	}
	return r, nil
}

// person is the one that a run has at hand; the zero value: nobody.
type person struct {
	read     steps.Reader
	note     func(string)
	emit     steps.Sink // nil: the output mode's
	patience time.Duration
}

// start takes the lock and makes the engine, with its sinks.
func (c *command) start(ctx context.Context, l loaded, o setupOptions, p person) (*running, error) {
	lock, err := takeLock(ctx, l.dir)
	if err != nil {
		return nil, err
	}
	req, err := c.request(l)
	if err != nil {
		_ = lock.Release()
		return nil, err
	}
	req.Yes, req.Listen, req.Asks = o.yes, o.wait > 0, p.read != nil
	session, err := c.app.Open(ctx, req)
	if err != nil {
		_ = lock.Release()
		return nil, err
	}
	engine, err := steps.New(session.Steps, steps.RealClock())
	if err != nil {
		session.Close()
		_ = lock.Release()
		return nil, err
	}
	r := &running{c: c, dir: l.dir, engine: engine, session: session, lock: lock, journal: state.NewJournal(l.dir), sink: p.emit, revokes: o.revoke}
	if r.sink == nil {
		r.sink = c.sink()
	}
	if p.note == nil {
		p.note = c.note
	}
	paths := l.config.Paths
	r.files = []string{state.ConfigName, ".sops.yaml", paths.Module, paths.Client, paths.Facts, paths.Secrets}
	engine.Run = fmt.Sprintf("%x", time.Now().UnixMilli())
	engine.Only, engine.Keep, engine.Given, engine.Emit, engine.Patience = o.only, session.Keep, l.answers.Given, r.emit, p.patience
	engine.Ask = steps.NewPeople(steps.People{Browser: session.Browser, Opens: o.open, Wait: o.wait, Clock: engine.Clock, Note: p.note, Read: p.read}).Ask
	return r, nil
}

// takeLock takes the directory's lock. A run that was killed a moment ago may
// still be dying, so it is tried for a second.
func takeLock(ctx context.Context, dir state.Dir) (*state.Lock, error) {
	clock := steps.RealClock()
	for tries := 0; ; tries++ {
		lock, err := state.TakeLock(dir, clock.Now())
		var taken state.Problem
		if err == nil || tries == 20 || !errors.As(err, &taken) || clock.Sleep(ctx, 50*time.Millisecond) != nil {
			return lock, err
		}
	}
}

// emit hands an event to the screen and to the journal. A journal that cannot
// be written is said once and stops nothing: it decides nothing.
func (r *running) emit(e steps.Event) {
	r.sink(e)
	if r.mute {
		return
	}
	if err := r.journal.Append(e, e.Durable()); err != nil {
		_, _ = fmt.Fprintln(r.c.io.Err, "the journal is not written: "+err.Error())
		r.mute = true
	}
}

// note says what is no event: it is about this machine, not about a step.
func (c *command) note(text string) {
	if c.output != "quiet" {
		_, _ = fmt.Fprintln(c.io.Err, text)
	}
}

func checkOnly(only []string, infos []steps.Info) error {
	known := map[string]bool{}
	var ids []string
	for _, i := range infos {
		known[i.ID] = true
		ids = append(ids, i.ID)
	}
	for _, id := range only {
		if !known[id] {
			return wrongUse(state.Problem{What: "there is no step " + state.CleanText(id, 40), Fix: "did you mean " + state.Suggest(id, ids) + "? The steps: " + strings.Join(ids, ", ")})
		}
	}
	return nil
}

// sink is the output mode's.
func (c *command) sink() steps.Sink {
	switch c.output {
	case "json":
		return plain.JSON(c.io.Out)
	case "quiet":
		return c.commandsOnly
	}
	talk := c.io.Err
	if talk == nil {
		talk = io.Discard
	}
	return plain.Text(c.io.Out, talk, c.style())
}

// commandsOnly says the one thing that no output mode leaves out: the command
// that is about to be run.
func (c *command) commandsOnly(e steps.Event) {
	if e.Kind == steps.KindChange && e.Step == "deploy" {
		_, _ = fmt.Fprintln(c.io.Err, e.Text)
	}
}

// codeOf is a run's exit code.
func codeOf(r steps.Report) int {
	status := r.Outcome().Status
	if status == steps.Ready {
		return codeDone
	}
	if status == steps.Failed {
		return codeFailed
	}
	return codeWaits
}

// afterSetup says how it ended.
func (c *command) afterSetup(files []string, r steps.Report, human state.Cost) {
	if c.output == "json" || c.output == "quiet" {
		return
	}
	o := r.Outcome()
	verb := "done"
	if o.Status != steps.Ready {
		verb = "stopped: " + o.Err
	}
	_, _ = fmt.Fprintf(c.io.Out, "%s; %s. %d of %d lines true. Asked of you: %s.\n", verb, o.Text, r.TrueLines(), len(r.Lines()), plain.Cost(human))
	if o.Status != steps.Ready {
		_, _ = fmt.Fprintln(c.io.Out, "Run it again to go on; what is done stays done.")
	}
	module, _ := r.Row("nix-module")
	if row, ok := r.Row("deploy"); ok && row.Status() == steps.Waiting && module.Status() == steps.Ready {
		_, _ = fmt.Fprintln(c.io.Out, "next: "+commitLine(files)+"; then "+strings.TrimPrefix(row.Finding.Hint, "commit, then "))
	}
}

// commitLine is the command that commits our files.
func commitLine(files []string) string {
	return "git add " + strings.Join(files, " ") + " && git commit -m 'ci: buildbot-nix, niks3'"
}

// written are our files that are there.
func (r *running) written() []string {
	return slices.DeleteFunc(slices.Clone(r.files), func(f string) bool {
		_, err := os.Stat(r.dir.Abs(f))
		return err != nil
	})
}
