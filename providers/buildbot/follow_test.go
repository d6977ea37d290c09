package buildbot_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/providers/buildbot"
	"github.com/nixwright/nixwright/providers/realtest"
	"github.com/nixwright/nixwright/state"
)

// TestFollow follows the log of a build of the real program until its upload
// fails, which leaves it green with warnings.
func TestFollow(t *testing.T) {
	t.Parallel()
	m := realtest.Buildbot(t, realtest.BuildbotOptions{UploadFails: true})
	c := buildbot.New(http.DefaultClient, m.URL)
	s, err := c.Login(t.Context(), m.Options.Admins[0], state.NewSecret(m.Options.Password))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Force(t.Context(), s, "phlip9-dotfiles-force", ""); err != nil {
		t.Fatal(err)
	}
	var slow state.Build
	var l state.BuildLog
	m.Await(t, func(ctx context.Context) error {
		builds, err := c.Builds(ctx, buildbot.BuildQuery{Properties: []string{"attr"}})
		for _, b := range builds {
			if b.Attr == "x86_64-linux.slow" {
				slow = b
			}
		}
		if err != nil || slow.ID == 0 {
			return fmt.Errorf("slow is not there: %w", err)
		}
		l, err = logOf(ctx, c, slow.ID, "Build flake attr")
		if err != nil || !holds(ctx, t, c, l, "waiting") {
			return fmt.Errorf("it does not wait yet: %w", err)
		}
		return nil
	})
	if holds(t.Context(), t, c, l, "released") || l.Done {
		t.Errorf("before it is released: %+v", l)
	}
	grown := make(chan state.BuildLog, 100)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	watch := buildbot.Watch{Paths: []string{fmt.Sprintf("logs/%d/*", l.ID)}, Listening: func() { m.Release(t) }}
	go func() {
		_ = c.Watch(ctx, watch, func(e state.BuildEvent) {
			grown <- *e.Log
			if e.What() == "finished" {
				close(grown)
			}
		})
	}()
	last := l
	for now := range grown {
		if now.ID != l.ID || now.Lines < last.Lines {
			t.Errorf("after %+v came %+v", last, now)
		}
		last = now
	}
	if last.Lines <= l.Lines || !last.Done || !holds(t.Context(), t, c, last, "released") {
		t.Errorf("at the end %+v", last)
	}
	m.Await(t, func(ctx context.Context) error {
		slow, err = c.Build(ctx, slow.ID)
		if err != nil || !slow.Done {
			return fmt.Errorf("slow is not complete: %w", err)
		}
		return nil
	})
	upload, err := logOf(t.Context(), c, slow.ID, "Upload to niks3")
	if err != nil || !holds(t.Context(), t, c, upload, "the server says 502") {
		t.Errorf("upload: %+v, %v", upload, err)
	}
	if slow.Result != state.ResultWarnings || !slow.Result.Green() || !strings.HasPrefix(slow.State, "warnings ") {
		t.Errorf("with a failed upload: %+v", slow)
	}
}

func logOf(ctx context.Context, c *buildbot.Client, build int64, step string) (state.BuildLog, error) {
	steps, err := c.Steps(ctx, build)
	for _, s := range steps {
		if s.Name != step {
			continue
		}
		logs, err := c.Logs(ctx, s.ID)
		if err != nil || len(logs) != 1 {
			return state.BuildLog{}, fmt.Errorf("logs %v: %w", logs, err)
		}
		return logs[0], nil
	}
	return state.BuildLog{}, fmt.Errorf("no step %q: %w", step, err)
}

// holds says whether a line of the log is the text.
func holds(ctx context.Context, t *testing.T, c *buildbot.Client, l state.BuildLog, text string) bool {
	t.Helper()
	lines, err := c.Lines(ctx, l, 0, 1000)
	if err != nil {
		t.Error(err)
	}
	for _, one := range lines {
		if one.Text == text && one.Stream != 'h' {
			return true
		}
	}
	return false
}
