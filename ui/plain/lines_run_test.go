package plain_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/ui/guide"
	"github.com/nixwright/nixwright/ui/plain"
)

// driver is the other side of a run: it notes what the person wants.
type driver struct {
	t     *testing.T
	wants chan string
	value chan state.Secret
}

func newDriver(t *testing.T) *driver {
	t.Helper()
	return &driver{t: t, wants: make(chan string, 10), value: make(chan state.Secret, 10)}
}

// run is a run of the checklist.
func (d *driver) run() guide.Run {
	return guide.Run{
		Infos:  checklist(),
		Answer: func(key string, v state.Secret) { d.value <- v; d.wants <- "answer " + key },
		Skip:   func(step string) bool { d.wants <- "skip " + step; return true },
		Again:  func(step string) bool { d.wants <- "again " + step; return step == "r2-bucket" },
		Open:   func(_ context.Context, url string) error { d.wants <- "open " + url; return nil },
		Stop:   func() { d.wants <- "stop" },
		To:     state.Cost{Pages: 4},
	}
}

func (d *driver) wanted(what string) {
	d.t.Helper()
	select {
	case got := <-d.wants:
		if got != what {
			d.t.Fatalf("wanted %q instead of %q", got, what)
		}
	case <-time.After(patience):
		d.t.Fatalf("nobody wanted %q", what)
	}
}

// createApp is the question for a page that leads back.
func createApp() *state.Question {
	return &state.Question{
		Key: "github.app_return", Kind: state.KindPage, Ask: "create the GitHub App phlip9-buildbot-ci", Why: "only a person can",
		How: []string{`Press "Create GitHub App for phlip9"`}, URL: "http://localhost:8976/app", File: "/home/you/create-app.html",
		Asks: []state.Permission{{Name: "Contents", Level: "read", Why: "builds what you push"}}, Form: &state.Form{},
		Cost: state.Cost{Pages: 1, Clicks: 1},
		Accept: func(a state.Answer) error {
			if !a.Value.Equal(state.NewSecret("http://localhost:8976/back?code=c0deC0de&state=st4te")) {
				return state.Problem{What: "the address is of another page", Why: "its state is not ours", Fix: "paste the one of this page"}
			}
			return nil
		},
	}
}

func TestLinesRun(t *testing.T) {
	d := newDriver(t)
	r := hearing(t, quick(), func(ctx context.Context, l *plain.Lines) error {
		looked(l)
		c, err := l.Run(ctx, d.run())
		if err := wantChoice(c, err, guide.Change, ""); err != nil || c.Key != "cache.r2.bucket" {
			return errors.Join(err, errors.New("changes "+c.Key))
		}
		return nil
	})
	tell := func(all ...steps.Event) {
		for _, e := range all {
			r.lines.Tell(e)
		}
	}
	r.hear("The run begins.")
	q := createApp()
	tell(steps.Event{Kind: steps.KindRun},
		steps.Event{Step: "github-app", Kind: steps.KindStart},
		steps.Event{Step: "github-app", Kind: steps.KindLog, Text: "listening\x1b[2J on localhost"},
		steps.Event{Step: "github-app", Kind: steps.KindQuestion, Question: q, Text: q.Ask})
	r.hear("Waiting for you. GitHub App: Create the GitHub App phlip9-buildbot-ci.")
	r.hear(`1. Press "Create GitHub App for phlip9".`)
	r.hear("It may read Contents: builds what you push.")
	r.hear("Open this page: http://localhost:8976/app")
	r.hear("What you type or paste is not shown.")
	r.hear("Or paste the address of the page you land on.")
	r.says("It takes 1 page, 1 click.", "open")
	d.wanted("open http://localhost:8976/app")
	r.says("The page is open in your browser.", "log github-app")
	r.says("listening[2J on localhost", "http://localhost:8976/back?code=c0deC0de&state=wr0ngstate")
	r.says("Not taken: the address is of another page.", "hello")
	r.says("Not taken: ", "ghp_"+strings.Repeat("Ab3", 12))
	r.says("that is a GitHub token, not the address", "skip")
	r.hear("Skipping GitHub App leaves it for later. 2 steps wait for it: App installed, Webhook.")
	r.says("Type yes to skip it.", "no")
	r.says("Not skipped.", "localhost:8976/back?code=c0deC0de&state=st4te")
	r.hear("GitHub App: it fits, and is being used.")
	d.wanted("answer github.app_return")
	if v := <-d.value; !v.Equal(state.NewSecret("http://localhost:8976/back?code=c0deC0de&state=st4te")) {
		t.Error("another value was answered")
	}
	tell(steps.Event{Step: "github-app", Kind: steps.KindAnswer, Text: "github.app_return from you"},
		steps.Event{Step: "github-app", Kind: steps.KindSealed, Text: "buildbot-github-app-secret-key"},
		steps.Event{Step: "github-app", Kind: steps.KindStep, Status: steps.Ready, Text: "phlip9-buildbot-ci, 2747106"})
	r.hear("GitHub App: ready, phlip9-buildbot-ci, 2747106. Sealed: buildbot-github-app-secret-key.")
	click := &state.Question{Key: "github.install", Kind: state.KindClick, Ask: "install it on phlip9/dotfiles", URL: "https://github.com/apps/x"}
	tell(steps.Event{Step: "github-install", Kind: steps.KindQuestion, Question: click, Text: click.Ask})
	r.says("This goes on by itself when it is done. There is nothing to type.", "pasted")
	r.says("Not taken: there is nothing to type or to paste for this.", "skip app installed")
	r.says("Skipping App installed leaves it for later. 1 step waits for it: Webhook.", "yes")
	d.wanted("skip github-install")
	tell(steps.Event{Step: "github-install", Kind: steps.KindStep, Status: steps.Waiting, Question: click})
	r.hear("App installed: left for later. Say retry App installed to be asked again.")

	problem := &state.Problem{ID: "F12", What: "the name is taken", Why: "names are one list", Fix: "choose another", URL: "https://dash.example/"}
	blocked := []steps.Event{
		{Step: "r2-bucket", Kind: steps.KindStart},
		{Step: "r2-bucket", Kind: steps.KindStep, Status: steps.Blocked, Text: "Cloudflare refused"},
		{Step: "r2-bucket", Kind: steps.KindLog, Problem: problem},
	}
	tell(blocked...)
	r.hear("R2 bucket: blocked, Cloudflare refused.")
	r.hear("R2 bucket: F12, the name is taken.")
	r.hear("Do: choose another.")
	r.says("Say retry R2 bucket, skip R2 bucket, change NAME, explain F12, open.", "explain")
	r.says("Why: ", "status")
	r.says("2 steps do not go on without you.", "retry")
	r.says("Which one? R2 bucket, App installed.", "retry bucket")
	d.wanted("again r2-bucket")
	tell(blocked...)
	r.hear("R2 bucket: blocked, Cloudflare refused.")
	r.says("R2 bucket: F12, the name is taken.", "retry webhook")
	d.wanted("again check-webhook")
	r.says("there is nothing to try again now", "change bucket")
	said := r.ends("c0deC0de", "st4te", "wr0ngstate", strings.Repeat("Ab3", 12))
	if n := strings.Count(said, "Create the GitHub App phlip9-buildbot-ci."); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

func TestLinesQuitARun(t *testing.T) {
	d := newDriver(t)
	r := hearing(t, quick(), func(ctx context.Context, l *plain.Lines) error {
		c, err := l.Run(ctx, d.run())
		return wantChoice(c, err, guide.Quit, "")
	})
	r.hear("The run begins.")
	r.lines.Tell(steps.Event{Kind: steps.KindRun})
	r.lines.Tell(steps.Event{Step: "github-app", Kind: steps.KindStep, Status: steps.Ready})
	r.lines.Tell(steps.Event{Step: "r2-bucket", Kind: steps.KindStep, Status: steps.Waiting, Text: "certificate pending"})
	r.hear("GitHub App: ready.")
	r.says("R2 bucket: waiting, certificate pending. Nothing to do.", "back")
	r.says("A run has no way back.", "quit")
	d.wanted("stop")
	r.hear("Stopping after this call.")
	r.lines.Tell(steps.Event{Kind: steps.KindResult, Status: steps.Waiting, Err: "interrupted"})
	r.hear("Stopped. 2 lines are true and stay so. Start nixwright again to go on.")
	r.ends()
}

func TestLinesARunThatStoppedIsBegunAgain(t *testing.T) {
	d := newDriver(t)
	r := hearing(t, quick(), func(ctx context.Context, l *plain.Lines) error {
		c, err := l.Run(ctx, d.run())
		if err := wantChoice(c, err, guide.Next, ""); err != nil {
			return err
		}
		c, err = l.Run(ctx, d.run())
		return wantChoice(c, err, guide.Next, "")
	})
	r.hear("The run begins.")
	r.lines.Tell(steps.Event{Kind: steps.KindRun})
	r.lines.Tell(steps.Event{Kind: steps.KindResult, Status: steps.Blocked, Err: "1 step waits for you", Text: "3 ready"})
	r.says("The run has stopped: 1 step waits for you, 3 ready.", "retry")
	r.hear("The run begins.")
	r.lines.Tell(steps.Event{Kind: steps.KindRun})
	r.lines.Tell(steps.Event{Kind: steps.KindResult, Status: steps.Ready, Text: "4 ready"})
	r.hear("The run has come to its end: 4 ready.")
	r.ends()
}

func TestLinesFarFromTheBrowser(t *testing.T) {
	d := newDriver(t)
	r := hearing(t, quick(), func(ctx context.Context, l *plain.Lines) error {
		run := d.run()
		run.Far, run.Here = true, "omnara1.phlip9.com"
		_, err := l.Run(ctx, run)
		return err
	})
	r.lines.Tell(steps.Event{Kind: steps.KindRun})
	r.lines.Tell(steps.Event{Step: "github-app", Kind: steps.KindQuestion, Question: createApp()})
	r.hear("Through a tunnel, on your computer: ssh -L 8976:localhost:8976 omnara1.phlip9.com")
	r.hear("Then open this page there: http://localhost:8976/app")
	r.hear("scp omnara1.phlip9.com:/home/you/create-app.html .")
	r.says("It takes 1 page, 1 click.", "open")
	r.says("The browser is on another computer.", "quit")
	r.says("Stopping after this call.", "quit")
	r.ends()
}

func TestLinesCountManyChanges(t *testing.T) {
	for _, many := range []int{9, 10, 14} {
		t.Run(fmt.Sprint(many), func(t *testing.T) {
			over := make(chan struct{})
			clock := quick()
			clock.Sleep = func(_ context.Context, d time.Duration) error {
				if d != 2*time.Second {
					t.Errorf("gathers for %s", d)
				}
				<-over
				return nil
			}
			d := newDriver(t)
			r := hearing(t, clock, func(ctx context.Context, l *plain.Lines) error {
				_, err := l.Run(ctx, d.run())
				return err
			})
			r.hear("The run begins.")
			r.lines.Tell(steps.Event{Kind: steps.KindRun})
			for i := range many {
				r.lines.Tell(steps.Event{Step: fmt.Sprintf("step-%d", i), Kind: steps.KindStep, Status: steps.Ready, Text: "fine"})
				r.lines.Tell(steps.Event{Step: fmt.Sprintf("step-%d", i), Kind: steps.KindStep, Status: steps.Ready, Text: "fine"}) // said once
			}
			if strings.Contains(r.said(), "fine") {
				t.Error("said before the time is over")
			}
			close(over)
			if many < 10 {
				r.hear("step-0: ready, fine.")
				r.hear("step-8: ready, fine.")
			} else {
				r.hear(fmt.Sprintf("%d changes: %d ready. Say list to hear every step.", many, many))
			}
			r.types("quit", "quit")
			said := r.ends()
			if many < 10 && strings.Count(said, "fine") != many || many >= 10 && strings.Contains(said, "fine") {
				t.Error(said)
			}
		})
	}
}

func TestLinesTellARehearsal(t *testing.T) {
	recorded, err := os.ReadFile("../wizard/testdata/rehearsal.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	clock := quick()
	clock.Sleep = func(context.Context, time.Duration) error { <-t.Context().Done(); return nil } // all of it within 2 s
	r := hearing(t, clock, func(ctx context.Context, l *plain.Lines) error {
		c, err := l.Run(ctx, guide.Run{Stop: func() { t.Error("stopped") }})
		return wantChoice(c, err, guide.Next, "")
	})
	r.hear("The run begins.")
	for line := range strings.Lines(string(recorded)) {
		var e steps.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		r.lines.Tell(e)
	}
	r.hear("12 changes: 4 ready, 1 not needed, 7 waiting. Say list to hear every step.")
	r.hear("repo-topic: ready, buildbot-phlip9.")
	r.hear("12 changes: 2 answered, 10 ready. Say list to hear every step.")
	r.hear("The run has come to its end: 20 ready, 1 later.")
	said := r.ends()
	for _, once := range []string{"dns: ready, ci.phlip9.com leads to omnara1.", "github-app: answered from the browser.", "Sealed: niks3-s3-access-key, niks3-s3-secret-key."} {
		if strings.Count(said, once) != 1 {
			t.Errorf("not said once: %s\n%s", once, said)
		}
	}
}

// FuzzLines types anything at every place of the journey.
func FuzzLines(f *testing.F) {
	for _, text := range []string{"", "\n\n\n", "go\nlist\nshow 1\nchange bucket\nquit\n", "help\nback\nstatus\nskip\nyes\nretry\nexplain F1\nopen\nlog 1\n", "\x1b[31m\n\x00\xff\n", "1\n2\nphlip9/\ndot\n", "\"\n\"\"\n\"quit\"\n"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, typed []byte) {
		for _, at := range []func(ctx context.Context, l *plain.Lines) error{
			func(ctx context.Context, l *plain.Lines) error {
				_, err := l.Welcome(ctx, guide.Welcome{})
				return err
			},
			func(ctx context.Context, l *plain.Lines) error {
				_, err := l.Ask(ctx, guide.Asking{Question: question("host.ssh")})
				return err
			},
			func(ctx context.Context, l *plain.Lines) error {
				_, err := l.Ask(ctx, guide.Asking{Question: question("cloudflare.token")})
				return err
			},
			func(ctx context.Context, l *plain.Lines) error {
				_, err := l.Ask(ctx, guide.Asking{Question: question("github.repos"), Repos: listed})
				return err
			},
			func(ctx context.Context, l *plain.Lines) error {
				_, _, err := l.Review(ctx, state.Config{})
				return err
			},
			func(ctx context.Context, l *plain.Lines) error {
				looked(l)
				_, err := l.Plan(ctx, guide.Plan{Infos: checklist()})
				return err
			},
			func(ctx context.Context, l *plain.Lines) error {
				l.Tell(steps.Event{Kind: steps.KindRun})
				l.Tell(steps.Event{Step: "github-app", Kind: steps.KindQuestion, Question: createApp()})
				l.Tell(steps.Event{Step: "r2-bucket", Kind: steps.KindStep, Status: steps.Blocked, Text: string(typed)})
				_, err := l.Run(ctx, guide.Run{
					Infos: checklist(), Stop: func() {}, Answer: func(string, state.Secret) {},
					Skip: func(string) bool { return true }, Again: func(string) bool { return true },
				})
				return err
			},
			func(ctx context.Context, l *plain.Lines) error {
				_, err := l.Done(ctx, guide.Done{})
				return err
			},
		} {
			var mu sync.Mutex
			var out strings.Builder
			w := writer(func(b []byte) (int, error) {
				mu.Lock()
				defer mu.Unlock()
				return out.Write(b)
			})
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			err := at(ctx, plain.NewLines(strings.NewReader(string(typed)), w, plain.LinesOptions{Clock: quick()}))
			cancel()
			if err != nil {
				t.Errorf("%q: %v", typed, err)
			}
			mu.Lock()
			if strings.Contains(out.String(), "\x1b") {
				t.Errorf("%q: an escape was written", typed)
			}
			mu.Unlock()
		}
	})
}

type writer func([]byte) (int, error)

func (w writer) Write(b []byte) (int, error) { return w(b) }
