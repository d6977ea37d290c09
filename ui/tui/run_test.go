package tui_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/term"
	"github.com/creack/pty"

	"github.com/nixwright/nixwright/ui/tui"
)

// childEnv makes the test binary the tiny program of these tests.
const childEnv = "NIXWRIGHT_TUI_CHILD"

func TestMain(m *testing.M) {
	if report := os.Getenv(childEnv); report != "" {
		os.Exit(child(report))
	}
	os.Exit(m.Run())
}

// child runs one page whose keys end the program in every way there is.
func child(report string) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	events := make(chan tea.Msg, 1)
	events <- "hello"
	close(events)
	boom := func() tea.Msg { panic("boom in a command") }
	page := notes{name: "child", on: map[string]func(tui.Env) tea.Cmd{
		"o": func(tui.Env) tea.Cmd { panic("boom in update") },
		"c": func(tui.Env) tea.Cmd { return boom },
		"b": func(tui.Env) tea.Cmd { return tea.Batch(tui.Say("x"), tea.Sequence(tui.Say("y"), boom)) },
		"v": func(env tui.Env) tea.Cmd {
			return env.Push(notes{name: "V", view: func(tui.Env) string { panic("boom in view") }})
		},
		"i":     func(env tui.Env) tea.Cmd { return env.Push(starts{}) },
		"e":     func(tui.Env) tea.Cmd { return func() tea.Msg { cancel(); return nil } },
		"enter": func(tui.Env) tea.Cmd { return tea.Quit },
	}}
	err := tui.Run(ctx, tui.Options{
		In: os.Stdin, Out: os.Stdout, Env: os.Getenv, First: page, Events: events, Report: report,
		Look: tui.Look{Mouse: true},
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// starts is a page that cannot even begin.
type starts struct{ notes }

func (starts) Start(tui.Env) tea.Cmd { panic("boom in start") }

// terminal is a pty with the child on it.
type terminal struct {
	t      *testing.T
	master *os.File
	slave  *os.File
	cmd    *exec.Cmd
	stderr bytes.Buffer
	report string

	mu   sync.Mutex
	out  bytes.Buffer
	more chan struct{}
}

func start(t *testing.T) *terminal {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Skip("no pty:", err)
	}
	t.Cleanup(func() { master.Close(); slave.Close() })
	if err := pty.Setsize(master, &pty.Winsize{Rows: 24, Cols: 80}); err != nil {
		t.Fatal(err)
	}
	p := &terminal{t: t, master: master, slave: slave, more: make(chan struct{}, 1), report: filepath.Join(t.TempDir(), "report")}
	p.cmd = exec.Command(os.Args[0])
	p.cmd.Env = append(os.Environ(), childEnv+"="+p.report, "TERM=xterm-256color", "NO_COLOR=1")
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = slave, slave, &p.stderr
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	go p.read()
	return p
}

func (p *terminal) read() {
	buf := make([]byte, 4096)
	for {
		n, err := p.master.Read(buf)
		p.mu.Lock()
		p.out.Write(buf[:n])
		p.mu.Unlock()
		select {
		case p.more <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

func (p *terminal) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

// await returns when a text has come out of the terminal.
func (p *terminal) await(text string) {
	p.t.Helper()
	limit := time.After(20 * time.Second)
	for !strings.Contains(p.text(), text) {
		select {
		case <-p.more:
		case <-limit:
			p.t.Fatalf("never saw %q in %q", text, p.text())
		}
	}
}

// run starts the child, ends it by do, and checks the terminal afterwards.
func (p *terminal) run(do func()) error {
	p.t.Helper()
	before, err := term.GetState(p.slave.Fd())
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.await("got [hello]")
	do()
	limit := time.AfterFunc(20*time.Second, func() { _ = p.cmd.Process.Kill() })
	err = p.cmd.Wait()
	limit.Stop()
	p.await("\x1b[?1049l")
	after, stateErr := term.GetState(p.slave.Fd())
	if stateErr != nil || *before != *after {
		p.t.Errorf("the terminal's settings are not restored: %v", stateErr)
	}
	for what, mode := range map[string]string{
		"alternate screen": "1049", "bracketed paste": "2004", "mouse": "1002", "focus": "1004",
	} {
		on, off := strings.LastIndex(p.text(), "\x1b[?"+mode+"h"), strings.LastIndex(p.text(), "\x1b[?"+mode+"l")
		if on < 0 || off < on {
			p.t.Errorf("%s: set at %d, reset at %d", what, on, off)
		}
	}
	if hidden, shown := strings.LastIndex(p.text(), "\x1b[?25l"), strings.LastIndex(p.text(), "\x1b[?25h"); shown < hidden {
		p.t.Errorf("cursor hidden at %d, shown at %d", hidden, shown)
	}
	return err
}

func (p *terminal) send(keys string) func() {
	return func() {
		if _, err := p.master.WriteString(keys); err != nil {
			p.t.Error(err)
		}
	}
}

func (p *terminal) signal(s syscall.Signal) func() {
	return func() {
		if err := p.cmd.Process.Signal(s); err != nil {
			p.t.Error(err)
		}
	}
}

func TestTerminalIsLeftAsItWas(t *testing.T) {
	for name, end := range map[string]func(*terminal) func(){
		"page quits": func(p *terminal) func() { return p.send("\r") },
		"q":          func(p *terminal) func() { return p.send("q") },
		"ctrl+c":     func(p *terminal) func() { return p.send("\x03") },
		"context":    func(p *terminal) func() { return p.send("e") },
		"SIGTERM":    func(p *terminal) func() { return p.signal(syscall.SIGTERM) },
		"SIGINT":     func(p *terminal) func() { return p.signal(syscall.SIGINT) },
		"SIGHUP":     func(p *terminal) func() { return p.signal(syscall.SIGHUP) },
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t)
			if err := p.run(end(p)); err != nil || p.stderr.Len() > 0 {
				t.Errorf("%v, stderr %q", err, p.stderr.String())
			}
			if _, err := os.Stat(p.report); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("a report without a panic: %v", err)
			}
		})
	}
}

func TestPanicRestoresTheTerminal(t *testing.T) {
	for key, what := range map[string]string{
		"o": "boom in update", "c": "boom in a command", "b": "boom in a command", "v": "boom in view", "i": "boom in start",
	} {
		t.Run(what+" "+key, func(t *testing.T) {
			p := start(t)
			err := p.run(p.send(key))
			want := "nixwright broke. The terminal is restored, the next start goes on. Report: " + p.report + "\n"
			if err == nil || p.stderr.String() != want {
				t.Errorf("%v, stderr %q", err, p.stderr.String())
			}
			report, err := os.ReadFile(p.report)
			if err != nil || !strings.Contains(string(report), "panic: "+what) || !strings.Contains(string(report), "run_test.go") {
				t.Errorf("report %v: %s", err, report)
			}
			if info, err := os.Stat(p.report); err == nil && info.Mode().Perm() != 0o600 {
				t.Errorf("the report has mode %v", info.Mode())
			}
		})
	}
}

func TestPastedTextOnATerminal(t *testing.T) {
	p := start(t)
	err := p.run(func() {
		p.send("\x1b[200~qo\x1b[201~")()
		p.await("paste:qo")
		p.send("q")()
	})
	if err != nil {
		t.Error(err, p.stderr.String())
	}
}

func TestNoTerminal(t *testing.T) {
	for name, o := range map[string]tui.Options{
		"pipes": {In: strings.NewReader("q"), Out: &bytes.Buffer{}, Env: func(string) string { return "xterm" }},
		"dumb":  {In: os.Stdin, Out: os.Stdout, Env: func(string) string { return "dumb" }},
	} {
		o.First = notes{name: "A"}
		if err := tui.Run(context.Background(), o); !errors.Is(err, tui.ErrNoTerminal) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReportThatCannotBeWritten(t *testing.T) {
	if got := (&tui.BrokenError{}).Error(); !strings.HasSuffix(got, "goes on. The report could not be written.") {
		t.Error(got)
	}
}
