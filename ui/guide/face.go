package guide

import (
	"context"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
)

// Face is what a person sees and answers through: the full screen, or lines.
// Every method but Tell and Note stays until the person has chosen, and ends
// with the context. One is at work at a time; Tell and Note may come from
// anywhere, at any moment, and never block for long.
type Face interface {
	// Welcome says what is to come and what was found here.
	Welcome(ctx context.Context, w Welcome) (Choice, error)
	// Ask asks one question: Next with its value, Back, or Quit.
	Ask(ctx context.Context, a Asking) (Choice, error)
	// Review shows all that was said and derived, and changes it: the answers
	// as they are wanted, with Next or Back.
	Review(ctx context.Context, said state.Config) (state.Config, Choice, error)
	// Plan shows what the steps found and would do, which Tell told: Next is
	// go, Change is another answer, Back is to the review.
	Plan(ctx context.Context, p Plan) (Choice, error)
	// Run shows the run that Tell tells of until it has ended well (Next), or
	// until the person wants another answer (Change), a new run (Next), or no
	// more (Quit).
	Run(ctx context.Context, r Run) (Choice, error)
	// Done says what there is now and what is left: Next is to look again, Watch
	// to go into the console.
	Done(ctx context.Context, d Done) (Choice, error)

	// Tell hands over an event of the look or of the run, in order.
	Tell(e steps.Event)
	// Note says a sentence that is about this machine, not about a step.
	Note(text string)
}

// Do is what a person wants.
type Do string

// The choices.
const (
	Next   Do = "next"   // on: begin, this answer, go, look again
	Back   Do = "back"   // to what was before
	Change Do = "change" // another answer to Key
	Review Do = "review" // all answers again
	Quit   Do = "quit"
	Watch  Do = "watch" // into the console
)

// Choice is what a person chose.
type Choice struct {
	Do    Do
	Key   string       // Change: the answer that is to be another
	Value state.Secret // Ask: the answer, in the form that Config.SetAnswer takes
}

// Welcome is the first thing that is shown.
type Welcome struct {
	Dir       string              // the infra repository
	Questions int                 // that are to come
	Cost      state.Cost          // what a whole set-up asks of a person at most
	Around    <-chan state.Around // what was found here: once, soon
	Rehearsal bool                // on the built-in world
}

// Asking is one question to ask.
type Asking struct {
	// Question has what is asked, why, the choices, what is proposed (Default),
	// and Accept, which is quick and refuses what is not legal.
	Question state.Question
	N, Of    int // question N of so many; 0: it is not counted
	// Check looks up whether a legal answer will do, which may take seconds;
	// nil: it will.
	Check func(ctx context.Context, v state.Secret) error
	// Repos lists the repositories to choose from; nil: the answer is typed.
	// Many are chosen; the answer is a comma-separated list.
	Repos func(ctx context.Context) ([]state.RepoListing, error)
	// Open shows the question's page in the browser; nil: none can be opened.
	Open func(ctx context.Context, url string) error
	Far  bool // the browser is on another computer
	// First says that there is nothing before it to go back to.
	First bool
}

// Past is what the journal tells of earlier runs here.
type Past struct {
	Ended time.Time  // of the last one: its last line
	In    string     // the title of the step in which it stopped; empty: it came to its end
	Human state.Cost // what was asked of a person so far
}

// Plan is the plan while it is looked over.
type Plan struct {
	Infos []steps.Info
	Past  *Past // an earlier run's; nil: this is the first one
	Human state.Cost
}

// Run is a run under way, as far as a person can act on it. Its functions
// return at once and may be called from anywhere.
type Run struct {
	Infos []steps.Info
	Human state.Cost // what was asked of a person before it
	To    state.Cost // what the whole set-up asks at most
	// Answer answers the open question of that key.
	Answer func(key string, value state.Secret)
	// Skip gives a step's question, or what blocks it, up for now; Again has it
	// tried now. false: there is nothing to skip or to try.
	Skip, Again func(step string) bool
	// Open shows a page in the browser.
	Open func(ctx context.Context, url string) error
	// Stop has the run begin nothing new; its result comes soon.
	Stop func()
	// Opens says that pages open by themselves; Far, that the browser is on
	// another computer, so that none can be opened here.
	Opens, Far bool
	Here       string // this machine's ssh destination; empty: unknown
}

// Done is the end, or where it waits for a deployment.
type Done struct {
	Report  steps.Report
	Files   []string   // ours, for a commit
	Commit  string     // the command that commits them; empty: no git here
	Deploy  string     // the command that deploys; empty: it is deployed
	Human   state.Cost // what was asked of a person in all
	Asked   int        // questions that were answered
	Pasted  bool       // a Cloudflare token was pasted that is not needed any more
	Revoked bool       // it was deleted
}
