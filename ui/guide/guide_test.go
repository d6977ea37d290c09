package guide_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/ui/guide"
)

// script is a face and a desk: what a person answers, one line a turn, and what
// came of it, line by line.
type script struct {
	t       *testing.T
	turns   []string // "ask host.ssh: omnara1.phlip9.com", "plan: next", ...
	mu      sync.Mutex
	log     []string
	said    state.Config
	lacks   []string
	reports []steps.Report // one for each Setup
	asked   []guide.Asking
	done    guide.Done
}

func (s *script) notef(format string, a ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = append(s.log, fmt.Sprintf(format, a...))
}

// turn is what the person does at a place: the rest of the next line, which
// must be about it. A line that ends there is one where they close the window.
func (s *script) turn(at string) (guide.Choice, error) {
	if len(s.turns) == 0 {
		return guide.Choice{}, context.Canceled
	}
	place, does, _ := strings.Cut(s.turns[0], ": ")
	if place != at {
		s.t.Fatalf("at %q, the script is at %q\n%s", at, s.turns[0], strings.Join(s.log, "\n"))
	}
	s.turns = s.turns[1:]
	s.notef("%s", at)
	verb, key, _ := strings.Cut(does, " ")
	switch guide.Do(verb) {
	case guide.Next, guide.Back, guide.Quit, guide.Review, guide.Change:
		return guide.Choice{Do: guide.Do(verb), Key: key}, nil
	}
	return guide.Choice{Do: guide.Next, Value: state.NewSecret(does)}, nil
}

func (s *script) Welcome(_ context.Context, w guide.Welcome) (guide.Choice, error) {
	<-w.Around
	return s.turn("welcome")
}

func (s *script) Ask(_ context.Context, a guide.Asking) (guide.Choice, error) {
	s.asked = append(s.asked, a)
	c, err := s.turn("ask " + a.Question.Key)
	if c.Value.Equal(state.NewSecret("default")) {
		c.Value = state.NewSecret(a.Question.Default)
	}
	return c, err
}

func (s *script) Review(_ context.Context, said state.Config) (state.Config, guide.Choice, error) {
	c, err := s.turn("review")
	if c.Value.Equal(state.NewSecret("another bucket")) {
		said.Cache.R2.Bucket = "another"
	}
	return said, c, err
}

func (s *script) Plan(context.Context, guide.Plan) (guide.Choice, error) { return s.turn("plan") }

func (s *script) Run(ctx context.Context, r guide.Run) (guide.Choice, error) {
	c, err := s.turn("run")
	if c.Value.Equal(state.NewSecret("stop")) {
		r.Stop()
		<-ctx.Done()
		return guide.Choice{}, ctx.Err()
	}
	return c, err
}

func (s *script) Done(_ context.Context, d guide.Done) (guide.Choice, error) {
	s.done = d
	return s.turn("done")
}

func (s *script) Tell(steps.Event) {}
func (s *script) Note(string)      {}

func (s *script) Around(context.Context) state.Around { return state.Around{} }
func (s *script) Said() state.Config                  { return s.said }
func (s *script) Lacks(context.Context) []string      { return s.lacks }
func (s *script) Far() bool                           { return false }

func (s *script) Check(context.Context, string, state.Secret) error { return nil }
func (s *script) Take(key string, _ state.Secret) {
	s.notef("took %s", key)
	s.lacks = slices.DeleteFunc(slices.Clone(s.lacks), func(k string) bool { return k == key })
}

func (s *script) Repos(context.Context) ([]state.RepoListing, error) { return nil, nil }
func (s *script) Browse(context.Context, string) error               { return nil }

func (s *script) Save(said state.Config) error {
	s.notef("saved %s %s %s", said.Host.SSH, said.CI.Domain, said.Cache.R2.Bucket)
	return nil
}

func (s *script) Open(_ context.Context, said state.Config) (guide.Work, error) {
	s.notef("opened %s", said.Host.SSH)
	return &work{s}, nil
}

type work struct{ *script }

func (w *work) Infos() []steps.Info               { return nil }
func (w *work) Look(context.Context) steps.Report { return steps.Report{} }
func (w *work) Answer(string, state.Secret)       {}
func (w *work) Skip(string) bool                  { return false }
func (w *work) Again(string) bool                 { return false }
func (w *work) Finish(context.Context) error      { w.notef("finished"); return nil }
func (w *work) Done(r steps.Report) guide.Done {
	return guide.Done{Report: r, Deploy: r.Rows[0].Finding.Hint}
}
func (w *work) Close() { w.notef("closed") }
func (w *work) Setup(ctx context.Context) steps.Report {
	w.notef("set up")
	r := w.reports[0]
	if len(w.reports) > 1 {
		w.reports = w.reports[1:]
	}
	if r.Interrupted {
		<-ctx.Done()
	}
	return r
}

func report(status steps.Status, hint string) steps.Report {
	return steps.Report{
		Rows:  []steps.Row{{Info: steps.Info{ID: "deploy"}, Finding: steps.Finding{Status: status, Hint: hint}}},
		Human: state.Cost{Pages: 3, Clicks: 5},
	}
}

func lead(t *testing.T, s *script, past *guide.Past) (guide.Outcome, string, error) {
	t.Helper()
	s.t = t
	out, err := guide.Guide{Face: s, Desk: s, Past: past}.Lead(t.Context())
	if len(s.turns) > 0 && err == nil {
		t.Errorf("the journey ended before %q", s.turns)
	}
	return out, strings.Join(s.log, "; "), err
}

var questions = []string{"ask host.ssh: omnara1.phlip9.com", "ask ci.domain: default", "ask github.repos: phlip9/dotfiles"}

func TestAFreshJourney(t *testing.T) {
	t.Parallel()
	s := &script{lacks: []string{"cloudflare.token"}, reports: []steps.Report{report(steps.Ready, "")}}
	s.turns = slices.Concat([]string{"welcome: next"}, questions, []string{"ask cloudflare.token: x", "review: another bucket", "plan: next", "run: next", "done: next"})
	out, log, err := lead(t, s, nil)
	want := "welcome; ask host.ssh; ask ci.domain; ask github.repos; ask cloudflare.token; took cloudflare.token; review; " +
		"opened omnara1.phlip9.com; plan; saved omnara1.phlip9.com ci.phlip9.com another; "
	if err != nil || !strings.HasPrefix(log, want) || !strings.HasSuffix(log, "finished; done; closed") {
		t.Errorf("%v\n%s", err, log)
	}
	if cost := (state.Cost{Pages: 4, Clicks: 8, Pastes: 1}); out.Human != cost || out.Asked != 3 || s.done.Human != cost || !s.done.Pasted {
		t.Errorf("asked of the person: %+v, %d; shown %+v", out.Human, out.Asked, s.done)
	}
	for i, a := range s.asked[:3] {
		if a.N != i+1 || a.Of != 3 {
			t.Errorf("question %d of %d, want %d of 3", a.N, a.Of, i+1)
		}
	}
}

func TestNothingIsSavedBeforeGo(t *testing.T) {
	t.Parallel()
	s := &script{}
	s.turns = slices.Concat([]string{"welcome: next"}, questions, []string{"review: next", "plan: back", "review: next", "plan: quit"})
	_, log, err := lead(t, s, nil)
	if !errors.Is(err, guide.ErrLeft) || strings.Contains(log, "saved") || strings.Contains(log, "set up") {
		t.Errorf("%v\n%s", err, log)
	}
	if strings.Count(log, "opened") != strings.Count(log, "closed") {
		t.Errorf("a work is left open: %s", log)
	}
}

func TestBackThroughTheQuestions(t *testing.T) {
	t.Parallel()
	s := &script{lacks: []string{"github.token", "cloudflare.token"}}
	s.turns = []string{
		"welcome: next", "ask github.token: x", "ask host.ssh: a.phlip9.com", "ask ci.domain: back", "ask host.ssh: back", "ask github.token: back",
		"welcome: next", "ask host.ssh: default", "ask ci.domain: quit",
	}
	_, log, err := lead(t, s, nil)
	if !errors.Is(err, guide.ErrLeft) {
		t.Errorf("%v\n%s", err, log)
	}
	if last := s.asked[len(s.asked)-1]; last.N != 2 || last.Question.Default != "ci.phlip9.com" {
		t.Errorf("question %d, with %q for an answer", last.N, last.Question.Default)
	}
}

// A host that is given by its address needs its name too.
func TestAnAddressNeedsAName(t *testing.T) {
	t.Parallel()
	s := &script{}
	s.turns = []string{"welcome: next", "ask host.ssh: root@192.0.2.7", "ask host.name: omnara1", "ask ci.domain: ci.phlip9.com", "ask github.repos: phlip9/dotfiles", "review: quit"}
	if _, log, err := lead(t, s, nil); !errors.Is(err, guide.ErrLeft) {
		t.Errorf("%v\n%s", err, log)
	}
	if last := s.asked[len(s.asked)-1]; last.N != 4 || last.Of != 4 {
		t.Errorf("question %d of %d", last.N, last.Of)
	}
}

func said(t *testing.T) state.Config {
	t.Helper()
	var c state.Config
	for key, v := range map[string]string{"host.ssh": "omnara1.phlip9.com", "ci.domain": "ci.phlip9.com", "github.repos": "phlip9/dotfiles"} {
		if err := c.Set(key, v); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func TestAnotherStartGoesOn(t *testing.T) {
	t.Parallel()
	s := &script{said: said(t), lacks: []string{"cloudflare.token"}, reports: []steps.Report{report(steps.Ready, "")}}
	s.turns = []string{"ask cloudflare.token: x", "plan: review", "review: next", "plan: next", "run: next", "done: quit"}
	if _, log, err := lead(t, s, &guide.Past{}); err != nil {
		t.Errorf("%v\n%s", err, log)
	}
	if !s.asked[0].First {
		t.Error("there is nothing before the first question")
	}
}

// Another answer in the middle of a run ends it, is saved, and goes on.
func TestAnotherAnswerInARun(t *testing.T) {
	t.Parallel()
	s := &script{said: said(t), reports: []steps.Report{report(steps.Blocked, ""), report(steps.Blocked, ""), report(steps.Ready, "")}}
	s.turns = []string{"plan: change cache.domain", "ask cache.domain: back", "plan: next", "run: change cache.r2.bucket", "ask cache.r2.bucket: other", "run: next", "run: next", "done: next"}
	out, log, err := lead(t, s, &guide.Past{})
	if err != nil || !strings.Contains(log, "ask cache.r2.bucket; saved omnara1.phlip9.com ci.phlip9.com other; closed; opened") || strings.Count(log, "set up") != 3 {
		t.Errorf("%v\n%s", err, log)
	}
	if out.Human.Pages != 9 {
		t.Errorf("the runs asked for %d pages in all", out.Human.Pages)
	}
}

func TestAStoppedRunEndsTheJourney(t *testing.T) {
	t.Parallel()
	stopped := report(steps.Waiting, "")
	stopped.Interrupted = true
	s := &script{said: said(t), reports: []steps.Report{stopped}}
	s.turns = []string{"plan: next", "run: stop"}
	out, log, err := lead(t, s, &guide.Past{})
	if !errors.Is(err, guide.ErrLeft) || !out.Report.Interrupted {
		t.Errorf("%v %+v\n%s", err, out.Report, log)
	}
}

// After a deployment by hand the same page goes on.
func TestDoneLooksAgainAfterADeployment(t *testing.T) {
	t.Parallel()
	s := &script{said: said(t), reports: []steps.Report{report(steps.Waiting, "deploy it"), report(steps.Ready, "")}}
	s.turns = []string{"plan: next", "run: next", "done: next", "run: next", "done: next"}
	if _, log, err := lead(t, s, &guide.Past{}); err != nil || strings.Count(log, "set up") != 2 {
		t.Errorf("%v\n%s", err, log)
	}
}

func TestAClosedWindowEndsTheJourneyAnywhere(t *testing.T) {
	t.Parallel()
	all := slices.Concat([]string{"welcome: next"}, questions, []string{"review: next", "plan: next", "run: next", "done: next"})
	for n := range all {
		s := &script{turns: slices.Clone(all[:n]), reports: []steps.Report{report(steps.Ready, "")}}
		if _, log, err := lead(t, s, nil); !errors.Is(err, context.Canceled) || strings.Count(log, "opened") != strings.Count(log, "closed") {
			t.Errorf("after %d: %v\n%s", n, err, log)
		}
	}
}
