package guide

import (
	"context"
	"errors"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
)

// Desk does the work of the journey. Its calls may take as long as the network
// does, within their own limits.
type Desk interface {
	// Around looks at what is here, in about two seconds at most.
	Around(ctx context.Context) state.Around
	// Said is what was said before: in the file of answers, the environment, on
	// the command line.
	Said() state.Config
	// Lacks are the tokens that are nowhere: github.token, cloudflare.token.
	Lacks(ctx context.Context) []string
	// Check looks up whether a token will do; Take keeps it for this process.
	Check(ctx context.Context, key string, token state.Secret) error
	Take(key string, token state.Secret)
	// Repos lists the repositories of the token's user.
	Repos(ctx context.Context) ([]state.RepoListing, error)
	// Browse shows a page in the browser; Far says that it is on another
	// computer.
	Browse(ctx context.Context, url string) error
	Far() bool
	// Save writes the answers into the file, where they are others than Said.
	Save(said state.Config) error
	// Open makes the steps of the answers. It opens no connection.
	Open(ctx context.Context, said state.Config) (Work, error)
}

// Work is the set-up that follows from the answers. What it finds and does is
// told to the Face.
type Work interface {
	Infos() []steps.Info
	// Look asks every step what is true and what it would do.
	Look(ctx context.Context) steps.Report
	// Setup does it, with a person at hand.
	Setup(ctx context.Context) steps.Report
	// Answer, Skip and Again are those of Run.
	Answer(key string, value state.Secret)
	Skip(step string) bool
	Again(step string) bool
	// Finish is the last thing of a run in which all was done that it may do.
	Finish(ctx context.Context) error
	// Done says what there is and what is left.
	Done(r steps.Report) Done
	Close()
}

// Guide is one journey.
type Guide struct {
	Face  Face
	Desk  Desk
	Dir   string // the infra repository
	Here  string // this machine's ssh destination; empty: unknown
	Past  *Past  // earlier runs here; nil: there were none
	Opens bool   // the pages of a run open by themselves
	// Hints are what a newcomer may answer on the built-in world, by key.
	Hints map[string]string
	// Rehearsal says that the world is the built-in one.
	Rehearsal bool
}

// Outcome is how the journey ended.
type Outcome struct {
	Report steps.Report // of the last run; no rows: nothing was begun
	Human  state.Cost   // what was asked of a person
	Asked  int          // questions that were answered
	Watch  bool         // they want to go on into the console
}

// ErrLeft is how the journey ends where the person leaves it.
var ErrLeft = errors.New("the person left")

// whole is what a whole set-up asks of a person: a Cloudflare token, two Apps,
// one installation.
var whole = tokenCost["cloudflare.token"].Plus(state.Cost{Pages: 3, Clicks: 5})

// tokenCost is what a token asks of a person: its page, filled in; the buttons
// there, with the one that copies; a paste.
var tokenCost = map[string]state.Cost{
	"github.token":     {Pages: 1, Clicks: 2, Pastes: 1},
	"cloudflare.token": {Pages: 1, Clicks: 3, Pastes: 1},
}

// Lead leads the person from where they are to the end. It ends with ErrLeft
// when they leave, and with the context.
func (g Guide) Lead(ctx context.Context) (Outcome, error) {
	j := &journey{Guide: g, said: g.Desk.Said()}
	err := j.lead(ctx)
	if j.work != nil {
		j.work.Close()
	}
	return Outcome{Report: j.report, Human: j.human, Asked: j.asked, Watch: j.watch}, err
}

// journey is a Guide on its way.
type journey struct {
	Guide

	said   state.Config
	around state.Around
	human  state.Cost // what was asked of a person before the run that is on
	asked  int
	wanted []string // keys of questions, in order
	pasted bool     // a Cloudflare token was
	work   Work
	plan   state.Cost   // what was to come when go was given
	report steps.Report // of the last run
	watch  bool         // the console is to follow
}

// stage is a part of the way. It returns the one that follows; nil: the end.
type stage func(ctx context.Context) (stage, error)

// lead goes from stage to stage.
func (j *journey) lead(ctx context.Context) error {
	at := stage(j.welcome)
	if j.Past != nil && len(state.Required(j.said)) == 0 {
		at = j.questions // the tokens alone are left to ask
	}
	for at != nil {
		next, err := at(ctx)
		if err != nil {
			return err
		}
		at = next
	}
	return nil
}

// welcome says what is to come while it is looked what is here.
func (j *journey) welcome(ctx context.Context) (stage, error) {
	looking, stop := context.WithCancel(ctx)
	defer stop()
	shown, known := make(chan state.Around, 1), make(chan state.Around, 1)
	go func() {
		found := j.Desk.Around(looking)
		shown <- found
		known <- found
	}()
	c, err := j.Face.Welcome(ctx, Welcome{
		Dir: j.Dir, Questions: len(state.Required(j.said)), Cost: whole, Around: shown, Rehearsal: j.Rehearsal,
	})
	if err != nil || c.Do == Quit {
		return nil, left(err)
	}
	select {
	case j.around = <-known:
	default: // it takes its time, and nobody waits for it
	}
	return j.questions, nil
}

// left is the error of a person who left, where there is no other.
func left(err error) error {
	if err == nil {
		return ErrLeft
	}
	return err
}

// review shows all answers, and changes them.
func (j *journey) review(ctx context.Context) (stage, error) {
	said, c, err := j.Face.Review(ctx, j.said)
	if err != nil || c.Do == Quit {
		return nil, left(err)
	}
	j.said = said
	if c.Do == Back {
		return j.welcome, nil
	}
	return j.look, nil
}

// open makes the steps of the answers anew.
func (j *journey) open(ctx context.Context) error {
	if j.work != nil {
		j.work.Close()
		j.work = nil
	}
	work, err := j.Desk.Open(ctx, j.said)
	if err != nil {
		return err
	}
	j.work = work
	return nil
}

// look shows the plan while every step is looked at.
func (j *journey) look(ctx context.Context) (stage, error) {
	if err := j.open(ctx); err != nil {
		return nil, err
	}
	looking, stop := context.WithCancel(ctx)
	defer stop()
	looked := make(chan steps.Report, 1)
	go func() { looked <- j.work.Look(looking) }()
	c, err := j.Face.Plan(ctx, Plan{Infos: j.work.Infos(), Past: j.Past, Human: j.human})
	if c.Do != Next {
		stop()
	}
	report := <-looked
	switch {
	case err != nil || c.Do == Quit:
		return nil, left(err)
	case c.Do == Change:
		return j.change(c.Key, j.look), nil
	case c.Do != Next:
		return j.review, nil
	}
	for _, row := range report.Rows {
		j.plan = j.plan.Plus(row.Cost())
	}
	j.plan = j.plan.Plus(j.human)
	return j.run, j.Desk.Save(j.said)
}

// run does what was planned until it is done, or the person wants otherwise.
func (j *journey) run(ctx context.Context) (stage, error) {
	running, stop := context.WithCancel(ctx)
	defer stop()
	facing, leave := context.WithCancel(ctx)
	defer leave()
	ended := make(chan steps.Report, 1)
	go func() {
		report := j.work.Setup(running)
		if report.Interrupted {
			leave() // the person stopped it: there is nothing left to choose
		}
		ended <- report
	}()
	c, err := j.Face.Run(facing, Run{
		Infos: j.work.Infos(), Human: j.human, To: j.plan,
		Answer: j.work.Answer, Skip: j.work.Skip, Again: j.work.Again, Open: j.Desk.Browse,
		Stop: stop, Opens: j.Opens, Far: j.Desk.Far(), Here: j.Here,
	})
	stop()
	j.report = <-ended
	j.human = j.human.Plus(j.report.Human)
	switch {
	case err != nil && ctx.Err() == nil && facing.Err() != nil, err == nil && c.Do == Quit:
		return nil, ErrLeft
	case err != nil:
		return nil, err
	case c.Do == Change:
		return j.change(c.Key, j.run), nil
	case c.Do == Review:
		return j.review, nil
	case j.report.Outcome().Status != steps.Ready:
		return j.run, nil
	}
	return j.done, j.work.Finish(ctx)
}

// done says what there is, and goes on where a deployment was waited for.
func (j *journey) done(ctx context.Context) (stage, error) {
	d := j.work.Done(j.report)
	d.Human, d.Asked, d.Pasted = j.human, j.asked, j.pasted
	c, err := j.Face.Done(ctx, d)
	switch {
	case err != nil:
		return nil, err
	case c.Do == Watch:
		j.watch = true
	case c.Do == Next && (d.Deploy != "" || j.report.TrueLines() < len(j.report.Lines())):
		return j.run, nil
	}
	return nil, nil //nolint:nilnil // the end
}
