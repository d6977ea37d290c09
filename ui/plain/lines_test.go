package plain_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/ui/guide"
	"github.com/nixwright/nixwright/ui/plain"
)

// patience is how long a script waits for what it expects before it fails.
const patience = 20 * time.Second

// reader is a person who only hears lines and types answers.
type reader struct {
	t     *testing.T
	lines *plain.Lines
	keys  *io.PipeWriter
	end   chan error

	mu   sync.Mutex
	more *sync.Cond
	out  bytes.Buffer
	at   int // heard up to here
	over bool
	echo []bool
}

// Write hears.
func (r *reader) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer r.more.Broadcast()
	return r.out.Write(b)
}

// quick is a clock whose waits are over at once.
func quick() steps.Clock {
	return steps.Clock{
		Now:   func() time.Time { return time.Date(2026, 8, 24, 12, 0, 0, 0, time.UTC) },
		Sleep: func(context.Context, time.Duration) error { return nil },
	}
}

// hearing begins a journey with a person who hears.
func hearing(t *testing.T, clock steps.Clock, journey func(ctx context.Context, l *plain.Lines) error) *reader {
	t.Helper()
	in, keys := io.Pipe()
	r := &reader{t: t, keys: keys, end: make(chan error, 1)}
	r.more = sync.NewCond(&r.mu)
	r.lines = plain.NewLines(in, r, plain.LinesOptions{Clock: clock, Echo: func(on bool) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.echo = append(r.echo, on)
	}})
	go func() { r.end <- journey(t.Context(), r.lines) }()
	return r
}

// hear waits until a text is said, after what was heard before.
func (r *reader) hear(text string) {
	r.t.Helper()
	stop := time.AfterFunc(patience, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.over = true
		r.more.Broadcast()
	})
	defer stop.Stop()
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		if i := strings.Index(r.out.String()[r.at:], text); i >= 0 {
			r.at += i + len(text)
			return
		}
		if r.over {
			r.t.Fatalf("not heard: %q\nafter: %q\nall:\n%s", text, r.out.String()[r.at:], r.out.String())
		}
		r.more.Wait()
	}
}

// types writes lines, as a person does.
func (r *reader) types(lines ...string) {
	r.t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, line := range lines {
			_, _ = io.WriteString(r.keys, line+"\n")
		}
	}()
	select {
	case <-done:
	case <-time.After(patience):
		r.t.Fatalf("nobody reads %q; heard:\n%s", lines, r.said())
	}
}

// says waits for a text, then types a line.
func (r *reader) says(text, line string) {
	r.t.Helper()
	r.hear(text)
	r.types(line)
}

func (r *reader) said() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.out.String()
}

// ends waits for the end of the journey, and holds what is true of all.
func (r *reader) ends(secrets ...string) string {
	r.t.Helper()
	select {
	case err := <-r.end:
		if err != nil {
			r.t.Errorf("the journey: %v", err)
		}
	case <-time.After(patience):
		r.t.Fatalf("the journey does not end:\n%s", r.said())
	}
	said := r.said()
	for _, secret := range append(secrets, "\x1b", "\r", "\a") {
		if strings.Contains(said, secret) {
			r.t.Errorf("%q was written:\n%s", secret, said)
		}
	}
	if n := len(r.echo); n > 0 && !r.echo[n-1] {
		r.t.Error("what is typed stays hidden at the end")
	}
	return said
}

func question(key string) state.Question {
	q, _ := state.QuestionFor(key)
	return q
}

func wantChoice(c guide.Choice, err error, do guide.Do, value string) error {
	if err != nil || c.Do != do || value != "" && !c.Value.Equal(state.NewSecret(value)) {
		return errors.Join(err, errors.New("chose "+string(c.Do)+" "+c.Key+" instead of "+string(do)+" "+value))
	}
	return nil
}

func TestLinesJourneyOfQuestions(t *testing.T) {
	ghp := "ghp_" + strings.Repeat("Ab3", 12)
	found := make(chan state.Around, 1)
	found <- state.Around{Git: state.Sight{Found: true, Word: "~/dotfiles, branch master\x1b[31m"}, Cloudflare: state.Sight{Word: "no token"}}
	r := hearing(t, quick(), func(ctx context.Context, l *plain.Lines) error {
		c, err := l.Welcome(ctx, guide.Welcome{Dir: "/home/you/infra", Questions: 3, Cost: state.Cost{Pages: 4}, Around: found})
		if err := wantChoice(c, err, guide.Next, ""); err != nil {
			return err
		}
		host := question("host.ssh")
		host.Default = "omnara1.phlip9.com"
		if c, err = l.Ask(ctx, guide.Asking{Question: host, N: 1, Of: 3, First: true}); err != nil || c.Do != guide.Next {
			return wantChoice(c, err, guide.Next, "omnara1.phlip9.com")
		}
		c, err = l.Ask(ctx, guide.Asking{Question: question("ci.domain"), N: 2, Of: 3})
		if err := wantChoice(c, err, guide.Back, ""); err != nil {
			return err
		}
		c, err = l.Ask(ctx, guide.Asking{Question: question("ci.domain"), N: 2, Of: 3})
		if err := wantChoice(c, err, guide.Next, "ci.phlip9.com"); err != nil {
			return err
		}
		access := question("ci.access")
		access.Default = state.FullyPrivate
		c, err = l.Ask(ctx, guide.Asking{Question: access})
		if err := wantChoice(c, err, guide.Next, state.TwoLogins); err != nil {
			return err
		}
		checks := 0
		c, err = l.Ask(ctx, guide.Asking{Question: question("github.token"), Check: func(context.Context, state.Secret) error {
			if checks++; checks == 1 {
				return state.Problem{What: "the token " + ghp + " is too small", Why: "it may not write", Fix: "make another", URL: "https://example.org/"}
			}
			return nil
		}})
		return wantChoice(c, err, guide.Next, ghp)
	})
	r.hear("Commands at any prompt: help, back, status, quit.")
	r.hear("git: found, ~/dotfiles, branch master")
	r.hear("Cloudflare: missing, no token.")
	r.types("what")
	r.says("Press Enter to begin, or type help or quit.", "")
	r.hear("Question 1 of 3. Which host will run the CI? [omnara1.phlip9.com]")
	r.types("back")
	r.says("There is nothing before this to go back to.", "help")
	r.says("Everywhere: help says this", "")
	r.says("Question 2 of 3. Under which domain?", "back")
	r.says("Question 2 of 3. Under which domain?", "")
	r.says("Not taken: an answer is needed.", "-bad-")
	r.says("Not taken: ", ghp)
	r.hear("Not taken: that is a GitHub token.")
	r.says("Why: it is not an answer to this", "status")
	r.says("Question 2 of 3. Under which domain?", "ci.phlip9.com")
	r.hear("1. fully-private, recommended, as it is: one login")
	r.says("2. two-logins: people sign in", "3")
	r.says("that is none of the choices", "2")
	r.hear("What you type or paste is not shown.")
	r.types("ghp_short")
	r.says("Not taken: the token is not whole.", ghp)
	r.hear("Looking it up.")
	r.says("Not taken: the token [sealed] is too small.", ghp)
	r.ends(ghp)
	if len(r.echo) != 2 { // hidden once, for as long as the question was open
		t.Errorf("the echo was set %v", r.echo)
	}
}
