package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
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

// setup is the main job.
func (c *command) setup(ctx context.Context, o setupOptions) error {
	if err := c.outputIs(); err != nil {
		return err
	}
	l, err := c.load()
	if err != nil {
		return err
	}
	var prompt *plain.Prompter
	asked := false
	if c.interactive() {
		prompt = plain.NewPrompter(c.io.In, c.io.Err)
		prompt.Hidden = c.io.Hidden
	}
	if err := c.trusted(ctx, l, prompt); err != nil {
		return err
	}
	if prompt != nil {
		if asked, err = c.askRequired(ctx, &l, prompt); err != nil {
			return err
		}
	}
	if err := l.complete(); err != nil {
		return err
	}
	run, err := c.start(ctx, l, o, prompt)
	if err != nil {
		return err
	}
	defer run.close()
	if err := run.checkOnly(o.only); err != nil {
		return err
	}
	if prompt != nil {
		if err := c.confirm(ctx, run, prompt, l, asked); err != nil {
			return err
		}
	}
	r := run.engine.Setup(ctx)
	c.last = r
	c.afterSetup(run, r)
	code := codeOf(r)
	switch {
	case !o.revoke:
	case code != codeDone:
		c.note("the Cloudflare token is kept: not all is done")
	default:
		if err := run.session.Revoke(ctx); err != nil {
			return err
		}
		run.emit(steps.Event{
			At: time.Now(), Run: run.engine.Run, Kind: steps.KindChange, Step: "preflight",
			Text: "the Cloudflare token is deleted, and refused now; another run that looks at Cloudflare needs a new one",
		})
	}
	return said(code)
}

// confirm shows the plan and waits for "go"; the file of answers is written
// only then, and only where something was asked.
func (c *command) confirm(ctx context.Context, run *running, prompt *plain.Prompter, l loaded, asked bool) error {
	r := run.lookQuietly(ctx)
	plain.WritePlan(c.io.Err, r, c.style())
	v, err := prompt.Ask(ctx, state.Question{Ask: "Nothing is written before you type go."})
	if err != nil {
		return err
	}
	if !v.Equal(state.NewSecret("go")) {
		return &exit{code: codeWaits, err: state.Problem{What: "stopped before anything was written", Fix: "run this again and type go"}}
	}
	if asked && l.isNew {
		return l.dir.Write(state.ConfigName, l.said.TOML())
	}
	return nil
}

// askRequired asks what nothing can be derived without.
func (c *command) askRequired(ctx context.Context, l *loaded, prompt *plain.Prompter) (bool, error) {
	asked := false
	for _, q := range state.Required(l.said) {
		for {
			v, err := prompt.Ask(ctx, q)
			if err != nil {
				return asked, wrongUse(fmt.Errorf("ask %s: %w", q.Key, err))
			}
			if err := l.answer(q, v); err == nil {
				break
			} else {
				plain.Problems(c.io.Err, problemsOf(err))
			}
		}
		asked = true
	}
	l.config = l.said.Derive()
	l.dir.Paths = l.config.Paths
	l.answers.Config = l.said
	return asked, nil
}

// running is an engine at work in a directory that is locked.
type running struct {
	c       *command
	engine  *steps.Engine
	session Session
	files   []string // ours, for a commit
	journal *state.Journal
	mute    bool // the journal cannot be written
	lock    *state.Lock
	sink    steps.Sink
}

func (r *running) close() {
	r.session.Close()
	_ = r.journal.Close()
	_ = r.lock.Release()
}

// request is what a session is made from here. The log, one line per request,
// goes to stderr, to a file, or to both.
func (c *command) request(l loaded) (Request, error) {
	r := Request{Config: l.config, Dir: l.dir, Env: c.io.Env, Tokens: l.answers.Set}
	var to []io.Writer
	if c.verbose {
		to = append(to, c.io.Err)
	}
	if c.logFile != "" {
		path := c.logFile
		if !filepath.IsAbs(path) {
			path = filepath.Join(c.io.Dir, path)
		}
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			return r, wrongUse(state.Problem{What: "cannot write the log to " + c.logFile, Why: err.Error(), Fix: "give another --log-file"})
		}
		c.closeLog = f.Close
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

// start takes the lock and makes the engine, with its sinks.
func (c *command) start(ctx context.Context, l loaded, o setupOptions, prompt *plain.Prompter) (*running, error) {
	lock, err := takeLock(ctx, l.dir)
	if err != nil {
		return nil, err
	}
	req, err := c.request(l)
	if err != nil {
		_ = lock.Release()
		return nil, err
	}
	req.Yes, req.Listen = o.yes, o.wait > 0
	if prompt != nil {
		req.Ask = prompt.Ask
	}
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
	r := &running{c: c, engine: engine, session: session, lock: lock, journal: state.NewJournal(l.dir), sink: c.sink()}
	p := l.config.Paths
	r.files = []string{state.ConfigName, ".sops.yaml", p.Module, p.Client, p.Facts, p.Secrets}
	engine.Run = fmt.Sprintf("%x", time.Now().UnixMilli())
	engine.Only, engine.Keep, engine.Given, engine.Emit = o.only, session.Keep, l.answers.Given, r.emit
	people := steps.People{Browser: session.Browser, Opens: o.open, Wait: o.wait, Clock: engine.Clock, Note: c.note}
	if prompt != nil {
		people.Read = prompt.Ask
	}
	engine.Ask = steps.NewPeople(people).Ask
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

// lookQuietly looks without telling: the plan is shown instead.
func (r *running) lookQuietly(ctx context.Context) steps.Report {
	emit := r.engine.Emit
	r.engine.Emit = func(steps.Event) {}
	defer func() { r.engine.Emit = emit }()
	return r.engine.Look(ctx)
}

func (r *running) checkOnly(only []string) error {
	known := map[string]bool{}
	var ids []string
	for _, i := range r.engine.Infos() {
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
func (c *command) afterSetup(run *running, r steps.Report) {
	if c.output == "json" || c.output == "quiet" {
		return
	}
	o := r.Outcome()
	verb := "done"
	if o.Status != steps.Ready {
		verb = "stopped: " + o.Err
	}
	_, _ = fmt.Fprintf(c.io.Out, "%s; %s. %d of %d lines true. Asked of you: %s.\n", verb, o.Text, r.TrueLines(), len(r.Lines()), plain.Cost(r.Human))
	if o.Status != steps.Ready {
		_, _ = fmt.Fprintln(c.io.Out, "Run it again to go on; what is done stays done.")
	}
	module, _ := r.Row("nix-module")
	if row, ok := r.Row("deploy"); ok && row.Status() == steps.Waiting && module.Status() == steps.Ready {
		_, _ = fmt.Fprintln(c.io.Out, "next: git add "+strings.Join(run.files, " ")+" && git commit -m 'ci: buildbot-nix, niks3'; then "+strings.TrimPrefix(row.Finding.Hint, "commit, then "))
	}
}

// answer takes one answer into what was said.
func (l *loaded) answer(q state.Question, v state.Secret) error {
	if v.Empty() {
		return errors.New("an answer is needed")
	}
	if q.Accept != nil {
		if err := q.Accept(state.Answer{Value: v}); err != nil {
			return err
		}
	}
	return l.said.SetAnswer(q.Key, v)
}
