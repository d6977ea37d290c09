package buildbot_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/buildbot"
	"github.com/nixwright/nixwright/providers/realtest"
	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
)

// cable is a TCP way that a test pulls out and puts in again.
type cable struct {
	ln net.Listener
	to string

	mu    sync.Mutex
	out   bool
	conns []net.Conn
}

func newCable(t *testing.T, to string) *cable {
	t.Helper()
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	k := &cable{ln: ln, to: strings.TrimPrefix(to, "http://")}
	t.Cleanup(func() { _ = ln.Close(); k.pull(true) })
	go func() {
		for {
			a, err := ln.Accept()
			if err != nil {
				return
			}
			b, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", k.to)
			k.mu.Lock()
			if k.out || err != nil {
				_ = a.Close()
				k.mu.Unlock()
				continue
			}
			k.conns = append(k.conns, a, b)
			k.mu.Unlock()
			go func() { _, _ = io.Copy(a, b); _ = a.Close() }()
			go func() { _, _ = io.Copy(b, a); _ = b.Close() }()
		}
	}()
	return k
}

func (k *cable) url() string { return "http://" + k.ln.Addr().String() }

func (k *cable) pull(out bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.out = out
	for _, c := range k.conns {
		_ = c.Close()
	}
	k.conns = nil
}

// scene is the real program with one evaluation, a source that sees it, and a
// cable between the two.
type scene struct {
	m          *realtest.BuildbotMaster
	c          *buildbot.Client // past the cable
	k          *cable
	r          *reader
	eval, slow int64
}

func (x *scene) wait(t *testing.T, what string, is func(live.Snapshot, live.Link) error) {
	t.Helper()
	x.r.await(t, what, func() {}, is)
}

// linked waits for the link by WebSocket, or for its end.
func (x *scene) linked(t *testing.T, up bool) {
	t.Helper()
	x.wait(t, "the link", func(_ live.Snapshot, link live.Link) error {
		if link.Up != up || up && (link.Via != "WebSocket" || link.Note != "") || !up && link.Err == "" {
			return fmt.Errorf("link %+v", link)
		}
		return nil
	})
}

// runs says whether hello and bad have ended and slow runs, all with what the
// pages show of them.
func (x *scene) runs(snap live.Snapshot, _ live.Link) error {
	got := map[string]live.Build{}
	for b := range snap.Builds(0) {
		got[b.Kind.String()+b.Attr] = *b
	}
	eval, slow := got["evaluation"], got["attributex86_64-linux.slow"]
	hello, bad := got["attributex86_64-linux.hello"], got["attributex86_64-linux.bad"]
	x.eval, x.slow = eval.ID, slow.ID
	steps := snap.Steps(slow.ID)
	switch {
	case eval.ID == 0 || eval.Repo != repo || eval.Done:
		return fmt.Errorf("evaluation %+v", eval)
	case hello.Status() != live.Success || hello.Parent != eval.ID || hello.Upload != live.Uploaded || hello.OutPath == "" || hello.Repo != repo:
		return fmt.Errorf("hello %+v", hello)
	case bad.Status() != live.Failed || bad.Parent != eval.ID || bad.State == "":
		return fmt.Errorf("bad %+v", bad)
	case slow.Status() != live.Running || slow.Parent != eval.ID || len(steps) < 2 || steps[1].Done || steps[1].Name != "Build flake attr":
		return fmt.Errorf("slow %+v, %+v", slow, steps)
	}
	return nil
}

// over says whether all of it has ended, and how.
func (x *scene) over(snap live.Snapshot, link live.Link) error {
	eval, slow := snap.Build(x.eval), snap.Build(x.slow)
	if !link.Up || eval.Status() != live.Failed || slow.Status() != live.Success || slow.Upload != live.Uploaded {
		return fmt.Errorf("%+v, %+v", eval, slow)
	}
	for _, s := range snap.Steps(x.slow) {
		if !s.Done {
			return fmt.Errorf("step %+v", s)
		}
	}
	if e, _ := snap.Evaluation(x.eval); e.Counts.Total() != 3 || e.Counts.Red() != 1 {
		return fmt.Errorf("evaluation %+v", e)
	}
	return nil
}

// TestSourceOfBuildbot watches the real program evaluate, build, upload and
// fail, and misses the end of a build while the cable is out; a log is followed
// meanwhile.
func TestSourceOfBuildbot(t *testing.T) {
	t.Parallel()
	x := &scene{m: realtest.Buildbot(t, realtest.BuildbotOptions{})}
	x.c, x.k = buildbot.New(http.DefaultClient, x.m.URL), newCable(t, x.m.URL)
	through := buildbot.New(&http.Client{Transport: &http.Transport{}}, x.k.url())
	x.r = reading(t, buildbot.NewSource(through, buildbot.SourceOptions{}), realTime())
	s, err := x.c.Login(t.Context(), x.m.Options.Admins[0], state.NewSecret(x.m.Options.Password))
	if err != nil {
		t.Fatal(err)
	}
	x.linked(t, true)
	if _, err := x.c.Force(t.Context(), s, "phlip9-dotfiles-force", ""); err != nil {
		t.Fatal(err)
	}
	x.wait(t, "what runs", x.runs)
	l, err := logOf(t.Context(), x.c, x.slow, "Build flake attr")
	if err != nil {
		t.Fatal(err)
	}
	end, last := make(chan error, 1), l
	go func() {
		end <- through.Follow(t.Context(), l, func(now state.BuildLog) {
			if now.Lines < last.Lines {
				t.Errorf("after %+v came %+v", last, now)
			}
			last = now
		})
	}()

	x.k.pull(true)
	x.linked(t, false)
	x.m.Release(t)
	x.m.Await(t, func(ctx context.Context) error {
		if b, err := x.c.Build(ctx, x.eval); err != nil || !b.Done {
			return errors.Join(errors.New("the evaluation runs"), err)
		}
		return nil
	})
	if snap, _, _ := x.r.now(); snap.Build(x.slow).Done {
		t.Error("it knows what it cannot know")
	}
	x.k.pull(false)
	x.wait(t, "what was missed", x.over)
	if err := <-end; err != nil || !last.Done {
		t.Errorf("follow: %v, %+v", err, last)
	}
	if lines, err := x.c.RawLines(t.Context(), l, 0, 100); err != nil || !strings.Contains(strings.Join(lines, "\n"), "waiting\nreleased") {
		t.Errorf("%q, %v", lines, err)
	}
	if _, err := x.c.Rebuild(t.Context(), s, x.slow); err != nil {
		t.Fatal(err)
	}
	x.wait(t, "a rebuild", func(snap live.Snapshot, _ live.Link) error {
		for b := range snap.OfBuilder(snap.Build(x.slow).Builder, 0) {
			if b.ID > x.slow && b.Status() == live.Success && b.Upload == live.Uploaded && b.Parent == x.eval {
				return nil
			}
		}
		return errors.New("it is not there")
	})
}

func realTime() live.Clock {
	return live.Clock{Now: time.Now, Sleep: func(ctx context.Context, d time.Duration) error {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
			return nil
		}
	}}
}
