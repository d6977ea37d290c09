package buildbot_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/nixwright/nixwright/providers/buildbot"
	"github.com/nixwright/nixwright/providers/buildbot/buildbottest"
	"github.com/nixwright/nixwright/providers/fake"
	"github.com/nixwright/nixwright/providers/httpx/httpxtest"
	"github.com/nixwright/nixwright/state"
)

// storm is one built-in master with a session, for all faults of an operation.
type storm struct {
	w       *fake.World
	at      buildbottest.World
	session buildbot.Session
	log     state.BuildLog
}

func newStorm(t *testing.T) *storm {
	t.Helper()
	x := &storm{}
	x.w, x.at = builtInWorld(t, state.FullyPrivate)
	c := buildbot.New(http.DefaultClient, x.at.URL)
	var err error
	if x.session, err = c.Login(t.Context(), x.at.Admin, x.at.Password); err != nil {
		t.Fatal(err)
	}
	reload, err := c.Force(t.Context(), x.session, "reload-github-projects", "a build")
	if err != nil {
		t.Fatal(err)
	}
	for {
		if r, err := c.Request(t.Context(), reload); err != nil {
			t.Fatal(err)
		} else if r.Done {
			break
		}
	}
	x.log, err = c.Log(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func (x *storm) writes() int {
	n := 0
	x.w.Look(func(s *fake.State) { n = len(s.Writes) })
	return n
}

// operations is every one of the adapter but the two that watch, which have no
// answer to be taken for a good one.
func (x *storm) operations() []httpxtest.Operation {
	const reload = "reload-github-projects"
	type call = func(ctx context.Context, c *buildbot.Client) (any, error)
	var all []httpxtest.Operation
	add := func(name string, f call) {
		all = append(all, httpxtest.Operation{Name: name, Call: func(ctx context.Context, hc *http.Client) (any, error) {
			return f(ctx, buildbot.New(hc, x.at.URL))
		}})
	}
	add("list builds", func(ctx context.Context, c *buildbot.Client) (any, error) {
		return c.Builds(ctx, buildbot.BuildQuery{Properties: []string{"*"}})
	})
	add("read build 1", func(ctx context.Context, c *buildbot.Client) (any, error) { return c.Build(ctx, 1) })
	add("list what was triggered by build 1", func(ctx context.Context, c *buildbot.Client) (any, error) { return c.Triggered(ctx, 1) })
	add("list steps of build 1", func(ctx context.Context, c *buildbot.Client) (any, error) { return c.Steps(ctx, 1) })
	add("list changes", func(ctx context.Context, c *buildbot.Client) (any, error) { return c.Changes(ctx, 0) })
	add("list changes of build 1", func(ctx context.Context, c *buildbot.Client) (any, error) { return c.BuildChanges(ctx, 1) })
	add("list builders", func(ctx context.Context, c *buildbot.Client) (any, error) { return c.Builders(ctx) })
	add("list logs of step 2", func(ctx context.Context, c *buildbot.Client) (any, error) { return c.Logs(ctx, 2) })
	add("read log 1", func(ctx context.Context, c *buildbot.Client) (any, error) { return c.Log(ctx, 1) })
	add("read lines of log 1", func(ctx context.Context, c *buildbot.Client) (any, error) { return c.Lines(ctx, x.log, 0, 100) })
	add("read lines of log 1", func(ctx context.Context, c *buildbot.Client) (any, error) { return c.RawLines(ctx, x.log, 0, 100) })
	add("log 1", func(ctx context.Context, c *buildbot.Client) (any, error) {
		var b bytes.Buffer
		_, err := c.Save(ctx, 1, &b)
		return b.String(), err
	})
	add("list queue", func(ctx context.Context, c *buildbot.Client) (any, error) { return c.Queue(ctx) })
	add("read request 1", func(ctx context.Context, c *buildbot.Client) (any, error) { return c.Request(ctx, 1) })
	add("list workers", func(ctx context.Context, c *buildbot.Client) (any, error) { return c.Workers(ctx) })
	add("list masters", func(ctx context.Context, c *buildbot.Client) (any, error) { return c.Masters(ctx) })
	add("list force schedulers", func(ctx context.Context, c *buildbot.Client) (any, error) { return c.ForceSchedulers(ctx) })
	add("sign in", func(ctx context.Context, c *buildbot.Client) (any, error) {
		return c.Login(ctx, x.at.Admin, x.at.Password)
	})
	add("ask how people sign in", func(ctx context.Context, c *buildbot.Client) (any, error) { return nil, c.Controllable(ctx) })
	add("force build with "+reload, func(ctx context.Context, c *buildbot.Client) (any, error) {
		id, err := c.Force(ctx, x.session, reload, "")
		return id > 0, err
	})
	add("rebuild build 1", func(ctx context.Context, c *buildbot.Client) (any, error) {
		id, err := c.Rebuild(ctx, x.session, 1)
		return id > 0, err
	})
	add("stop build 1", func(ctx context.Context, c *buildbot.Client) (any, error) { return nil, c.Stop(ctx, x.session, 1, "") })
	add("cancel request 1", func(ctx context.Context, c *buildbot.Client) (any, error) {
		return nil, c.Cancel(ctx, x.session, 1, "")
	})
	add("pause worker 1", func(ctx context.Context, c *buildbot.Client) (any, error) {
		return nil, c.Pause(ctx, x.session, 1, true, "")
	})
	add("unpause worker 1", func(ctx context.Context, c *buildbot.Client) (any, error) {
		return nil, c.Pause(ctx, x.session, 1, false, "")
	})
	return all
}

func TestStorm(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	worlds := map[string]*storm{}
	httpxtest.Storm(t, func(t *testing.T) (httpxtest.World, []httpxtest.Operation) {
		t.Helper()
		mu.Lock()
		defer mu.Unlock()
		x := worlds[t.Name()]
		if x == nil {
			x = newStorm(t)
			worlds[t.Name()] = x
		}
		ops := x.operations()
		for i := range ops {
			if ops[i].Name == "sign in" {
				// What is no JSON is what a page is.
				ops[i].Fine = []string{"truncated", "garbled", "cut", "replayed"}
			}
		}
		return httpxtest.World{Writes: x.writes, Hidden: []string{x.at.Password.Reveal(), "eyJ"}}, ops
	})
}

// TestPages reads more builds than fit on a page, all of them, once.
func TestPages(t *testing.T) {
	t.Parallel()
	x := newStorm(t)
	c := buildbot.New(http.DefaultClient, x.at.URL)
	const n = 450
	for range n {
		if _, err := c.Force(t.Context(), x.session, "reload-github-projects", ""); err != nil {
			t.Fatal(err)
		}
	}
	all, err := c.Builds(t.Context(), buildbot.BuildQuery{})
	for i, b := range all {
		if b.ID != int64(len(all)-i) {
			t.Fatalf("build %d is at %d", b.ID, i)
		}
	}
	if err != nil || len(all) != n+1 {
		t.Errorf("%d builds, %v", len(all), err)
	}
	if some, err := c.Builds(t.Context(), buildbot.BuildQuery{Limit: 250, Before: 300}); err != nil || len(some) != 250 || some[0].ID != 299 {
		t.Errorf("%d builds before 300, %v", len(some), err)
	}
	if strings.Contains(fmt.Sprintf("%v %+v %#v", x.session, x.session, x.session), "eyJ") {
		t.Error("a session can be printed")
	}
}
