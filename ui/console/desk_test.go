package console

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"charm.land/bubbles/v2/key"

	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/logview"
	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/tui/tuitest"
)

// storyEnv is an Env as pages get it.
func storyEnv(t *testing.T) tui.Env {
	t.Helper()
	var env tui.Env
	tuitest.New(t, catch{&env}, tuitest.At(monday)).Settle()
	return env
}

// catch is a page that keeps the Env that it gets.
type catch struct{ env *tui.Env }

func (c catch) Update(_ tea.Msg, env tui.Env) (tui.Page, tea.Cmd) {
	*c.env = env
	return c, nil
}

func (catch) View(tui.Env) string { return "" }

func (catch) Keys() []key.Binding { return nil }

func (catch) Title() string { return "catch" }

// runAll runs a command and all that follow from it, each on its own, as the
// program does, and hands their messages to take.
func runAll(cmd tea.Cmd, take func(tea.Msg)) {
	if cmd == nil {
		return
	}
	go func() {
		msg := cmd()
		if batch, is := msg.(tea.BatchMsg); is {
			for _, c := range batch {
				runAll(c, take)
			}
			return
		}
		take(msg)
	}()
}

// desk answers what tests ask for, and notes it.
type desk struct {
	mu    sync.Mutex
	asked []string
	err   error // of everything that can fail
	steps []Step
	logs  map[int64][]string
	grown chan logview.Size // what Follow tells; nil: nothing
	left  chan struct{}     // closed when a Follow has ended
	waits bool              // Follow goes on until its context ends
}

func (d *desk) note(what string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = append(d.asked, what)
}

// notes is what was asked for.
func (d *desk) notes() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(d.asked, " ")
}

func (d *desk) Steps(context.Context, int64) ([]Step, error) {
	d.note("steps")
	return d.steps, d.err
}

func (d *desk) Log(l state.BuildLog) logview.Source { return lines{d.logs[l.ID], l.Done} }

func (d *desk) Follow(ctx context.Context, _ state.BuildLog, grown func(logview.Size)) error {
	d.note("follow")
	if d.left != nil {
		defer close(d.left)
	}
	for {
		select {
		case s := <-d.grown:
			grown(s)
			if s.Done {
				return nil
			}
		default:
			if !d.waits {
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		}
	}
}

func (d *desk) Save(_ context.Context, _ state.BuildLog, name string) (string, error) {
	d.note("save:" + name)
	return "/tmp/" + name, d.err
}

func (d *desk) Unit(_ context.Context, unit string, told func(raw []byte)) error {
	d.note("unit:" + unit)
	told([]byte("started " + unit + "\n"))
	return d.err
}

func (d *desk) Open(_ context.Context, url string) error {
	d.note("open:" + url)
	return d.err
}

func (*desk) BuildURL(int64) string { return "https://ci.phlip9.com/#/builders/2/builds/9" }

func (d *desk) Look(context.Context) error {
	d.note("look")
	return d.err
}

func (d *desk) Check(context.Context) error {
	d.note("check")
	return d.err
}

func (d *desk) Count(context.Context) error {
	d.note("count")
	return d.err
}

func (d *desk) Restart(context.Context, int64) (string, error) {
	d.note("restart")
	return "asked for build 1291", d.err
}

func (d *desk) Stop(context.Context, int64) (string, error) {
	d.note("stop")
	return "asked it to stop", d.err
}

func (d *desk) Collect(context.Context) (string, error) {
	d.note("collect")
	return "started", d.err
}

// lines are a log that is all there.
type lines struct {
	all  []string
	done bool
}

func (l lines) Size(context.Context) (logview.Size, error) {
	return logview.Size{Lines: len(l.all), Done: l.done}, nil
}

func (l lines) Lines(_ context.Context, from, n int) ([]string, error) {
	return l.all[min(from, len(l.all)):min(from+n, len(l.all))], nil
}

var _ Desk = (*desk)(nil)

// failed are the steps of the build that failed, with its log.
func failed() *desk {
	step := func(n int, name string, took time.Duration, r state.BuildResult) Step {
		s := Step{BuildStep: state.BuildStep{ID: int64(n) + 1, Build: buildRed, Number: n, Name: name, Done: true, Result: r, Started: ago(minute), At: ago(minute - took)}}
		s.Logs = []state.BuildLog{{ID: int64(n) + 1, Step: s.ID, Name: "stdio", Slug: "stdio", Kind: "s", Done: true}}
		return s
	}
	long := make([]string, 0, 4133)
	for range 4120 {
		long = append(long, "evaluating")
	}
	long = append(long,
		"building '/nix/store/abc-nixos-system-omnara1-26.05.drv'", "checking module options", "… while evaluating the option `environment.systemPackages'",
		"… in nixos/omnara1/default.nix", "… while calling the 'map' builtin", "",
		"\x1b[31;1merror:\x1b[0m attribute 'nvimPlugins' missing", "  at /nix/store/abc-source/nixos/mods/editor.nix:31:9:", "      30|     (pkgs.neovim.override {",
		"      31|       inherit (pkgs) nvimPlugins;", "        |       ^", "  Did you mean vimPlugins?", "builder exited with code 1",
	)
	return &desk{
		steps: []Step{
			step(0, "Prepare", 2*time.Second, state.ResultSuccess), step(1, "Build", 169*time.Second, state.ResultFailure),
			step(2, "Upload to niks3", 0, state.ResultSkipped), step(3, "Register gcroot", 0, state.ResultSkipped),
		},
		logs: map[int64][]string{1: {"prepared"}, 2: long, 3: {}, 4: {}},
	}
}
