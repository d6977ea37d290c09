package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/nixwright/nixwright/state"
)

// benchProgram names a program that is built already, with which
// BenchmarkConsole does not build one.
const benchProgram = "NIXWRIGHT_BENCH_PROGRAM"

// How much there is in the large CI, and how often something is looked at.
const (
	firstFrames = 7
	keyPresses  = 420
	stormKeys   = 180
	openings    = 15
	restTime    = 20 * time.Second
	stormTime   = 120 * time.Second
)

// figures is what the overview shows of a source on the host: of buildbot, or
// of systemd.
const figures = `\d of \d+ slots busy|\d of \d+ up `

// BenchmarkConsole measures the budgets of the console on a real terminal, and
// the same of other programs where they are installed:
//
//	go test -run '^$' -bench Console -benchtime 1x -timeout 30m .
func BenchmarkConsole(b *testing.B) {
	if testing.Short() {
		b.Skip("it takes minutes")
	}
	program := builtProgram(b)
	quiet := []string{"--rate", "0.001", "--builders", "10000", "--builds", "100000", "--objects", "1000000"}
	large := newBenchCI(b, program, quiet...)
	all := []string{"--builds", "100000"}

	b.Run("FirstFrame", func(b *testing.B) { firstFrame(b, func() *gauge { return large.console(b) }) })
	b.Run("FirstFrameOnHost", func(b *testing.B) {
		enter := large.onHost(b)
		firstFrame(b, func() *gauge { return large.enter(b, enter, "console", "-C", large.dir) })
	})
	b.Run("Keys", func(b *testing.B) {
		g := large.console(b, all...)
		g.loaded()
		g.rested(b, "at-rest-")
		g.walk(b, keyPresses, "")
		g.settled()
		g.rested(b, "later-")
	})
	b.Run("Log", func(b *testing.B) { large.logs(b) })
	b.Run("Rest", func(b *testing.B) {
		g := large.console(b)
		g.sees(`Building +nothing`) // a duration that counts is no rest
		g.settled()
		g.rest(restTime)
		g.rested(b, "")
	})
	storm := newBenchCI(b, program, append([]string{"--rate", "100"}, quiet[2:]...)...)
	b.Run("Events", func(b *testing.B) { storm.events(b, storm.console(b, all...)) })
	b.Run("Peers", peers)
}

// builtProgram is the program's path.
func builtProgram(b *testing.B) string {
	b.Helper()
	if path := os.Getenv(benchProgram); path != "" {
		return path
	}
	path := filepath.Join(b.TempDir(), "nixwright")
	if out, err := exec.CommandContext(b.Context(), "go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	return path
}

// benchCI is a world that is alive in a process of its own.
type benchCI struct {
	program, dir string
	env          []string
	ends         state.Endpoints
}

func newBenchCI(b *testing.B, program string, flags ...string) benchCI {
	b.Helper()
	c := benchCI{program: program, dir: b.TempDir()}
	cmd := exec.CommandContext(b.Context(), program, append([]string{"rehearse", "--serve", "--scenario", "done", "--output", "json", "-C", c.dir}, flags...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = cmd.Process.Signal(os.Interrupt); _ = cmd.Wait() })
	lines := bufio.NewReader(out)
	line, err := lines.ReadBytes('\n')
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	var world struct {
		Env       map[string]string `json:"env"`
		Endpoints state.Endpoints   `json:"endpoints"`
	}
	if err := errors.Join(err, json.Unmarshal(line, &world)); err != nil {
		b.Fatal(err)
	}
	for k, v := range world.Env {
		c.env = append(c.env, k+"="+v)
	}
	c.ends = world.Endpoints
	return c
}

// console is the console on that world.
func (c benchCI) console(b *testing.B, flags ...string) *gauge {
	b.Helper()
	return c.enter(b, nil, append([]string{"console", "-C", c.dir}, flags...)...)
}

// enter starts the program behind a command.
func (c benchCI) enter(b *testing.B, before []string, args ...string) *gauge {
	b.Helper()
	argv := slices.Concat(before, []string{c.program}, args)
	cmd := exec.CommandContext(b.Context(), argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = c.dir, append(os.Environ(), c.env...)
	return gauged(b, cmd)
}

// onHost is a command behind which this machine is the CI host: the facts are
// in /etc, and the services' ports are the world's. No systemd is needed.
func (c benchCI) onHost(b *testing.B) []string {
	b.Helper()
	if os.Geteuid() != 0 {
		b.Skip("only root may have an /etc of its own")
	}
	etc, config := filepath.Join(b.TempDir(), "etc"), filepath.Join(c.dir, state.ConfigName)
	facts, err := os.ReadFile(filepath.Join(c.dir, "nixos/omnara1/ci-facts.json"))
	if err != nil {
		b.Fatal(err)
	}
	text, err := os.ReadFile(config)
	if err != nil {
		b.Fatal(err)
	}
	local := regexp.MustCompile(`(?m)^ssh = \[.*\n`).ReplaceAll(text, nil)
	own := filepath.Join(b.TempDir(), state.ConfigName)
	for path, text := range map[string][]byte{own: local, filepath.Join(etc, "nixwright/ci-facts.json"): facts} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, text, 0o600)); err != nil {
			b.Fatal(err)
		}
	}
	// The namespace lives as long as the cat in it.
	const mounts = `mount --make-rprivate / && mount -t overlay -o lowerdir="$1":/etc overlay /etc && mount --bind "$2" "$3" && echo ready && exec cat`
	cmd := exec.CommandContext(b.Context(), "unshare", "--mount", "sh", "-c", mounts, "sh", etc, own, config)
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err := errors.Join(err1, err2, cmd.Start()); err != nil {
		b.Skip(err)
	}
	b.Cleanup(func() { _ = in.Close(); _ = cmd.Wait() })
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "ready\n" {
		b.Skip("no mount namespace here")
	}
	return []string{"nsenter", "--target", strconv.Itoa(cmd.Process.Pid), "--mount", "--"}
}

// firstFrame measures until figures are seen; the first start warms.
func firstFrame(b *testing.B, start func() *gauge) {
	b.Helper()
	var begun, useful []time.Duration
	for i := range 1 + firstFrames {
		g := start()
		some := g.sees(`\S`)
		all := g.sees(figures)
		g.end()
		if i > 0 {
			begun, useful = append(begun, some.Sub(g.begun)), append(useful, all.Sub(g.begun))
		}
	}
	report(b, "any-", begun, 50)
	report(b, "useful-", useful, 50)
}

// loaded waits until all builds are there.
func (g *gauge) loaded() {
	g.b.Helper()
	begin := time.Now()
	g.sees(figures)
	g.key("2")
	last := ""
	for still := 0; still < 4; {
		time.Sleep(time.Second)
		now := regexp.MustCompile(`[\d,]+ builds in`).FindString(g.screen())
		if now == last && now != "" {
			still++
		} else {
			last, still = now, 0
		}
		if time.Since(begin) > patient {
			g.b.Fatal("the builds do not come: " + g.screen())
		}
	}
	g.settled()
}

// rested reports the memory.
func (g *gauge) rested(b *testing.B, name string) {
	b.Helper()
	now, most := g.memory()
	b.ReportMetric(now, name+"RSS-MB")
	b.ReportMetric(most, name+"HWM-MB")
}

// walk presses the keys of somebody who looks around: each changes the screen.
func (g *gauge) walk(b *testing.B, n int, name string) {
	b.Helper()
	const pgdn = "\x1b[6~"
	took, unseen := g.keys(n, "1", "2", "j", "j", "k", pgdn, "j", "k", pgdn, "k", "tab", "tab")
	report(b, name+"key-", took, 50, 99)
	b.ReportMetric(float64(unseen), name+"unseen")
}

// events measures from an event of the master to what it says on the screen:
// the commit of a new evaluation, on the page of builds.
func (c benchCI) events(b *testing.B, g *gauge) {
	b.Helper()
	g.loaded()
	g.key("1")
	g.key("2")
	g.keep()
	ws, _, err := websocket.Dial(b.Context(), strings.Replace(c.ends.Buildbot, "http", "ws", 1)+"/ws", nil)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = ws.CloseNow() }()
	ws.SetReadLimit(1 << 24)
	if err := ws.Write(b.Context(), websocket.MessageText, []byte(`{"cmd":"startConsuming","path":"*/*/*","_id":1}`)); err != nil {
		b.Fatal(err)
	}
	before, told, evals := g.process(), 0, []evaluation{}
	ctx, stop := context.WithCancel(b.Context())
	defer stop()
	go g.atTop(ctx) // what is new comes above the row that is chosen
	for end := time.Now().Add(stormTime); time.Now().Before(end); told++ {
		_, data, err := ws.Read(b.Context())
		at := time.Now()
		if err != nil {
			b.Fatal(err)
		}
		if e, is := c.evaluation(b, data); is {
			e.at = at
			evals = append(evals, e)
		}
	}
	time.Sleep(time.Second)
	stop()
	after := g.process()
	var took, gets []time.Duration
	unseen := 0
	for _, e := range evals {
		gets = append(gets, e.get)
		if at, found := g.first(e.at, e.commit); found {
			took = append(took, at.Sub(e.at))
		} else {
			unseen++
		}
	}
	if len(took) == 0 {
		b.Fatalf("none of %d evaluations was seen:\n%s", len(evals), g.screen())
	}
	seconds := after.at.Sub(before.at).Seconds()
	b.ReportMetric(float64(told)/stormTime.Seconds(), "events/s")
	b.ReportMetric((after.ticks-before.ticks)/seconds, "%core")
	b.ReportMetric(float64(after.sent-before.sent)/seconds, "B/s")
	b.ReportMetric(float64(unseen), "unseen-of-"+strconv.Itoa(len(evals)))
	report(b, "", took, 50, 99)
	report(b, "get-", gets, 50, 99)
	g.walk(b, stormKeys, "")
	g.rested(b, "")
}

// evaluation is one that began.
type evaluation struct {
	at     time.Time
	get    time.Duration // that the request for its commit took
	commit string
}

// peers measures other programs.
func peers(b *testing.B) {
	repo, err := os.Getwd()
	if err != nil {
		b.Fatal(err)
	}
	for name, keys := range map[string][]string{"htop": {"\x1b[B", "\x1b[B", "\x1b[A"}, "btop": {"\x1b[B", "\x1b[B", "\x1b[A"}, "tig": {"j", "j", "k"}} {
		b.Run(name, func(b *testing.B) {
			path, err := exec.LookPath(name)
			if err != nil {
				b.Skip(err)
			}
			start := func() *gauge {
				cmd := exec.CommandContext(b.Context(), path)
				cmd.Dir = repo
				return gauged(b, cmd)
			}
			var useful []time.Duration
			for range firstFrames {
				g := start()
				useful = append(useful, g.until("half a screen", filled).Sub(g.begun))
				g.end()
			}
			report(b, "useful-", useful, 50)
			g := start()
			g.until("half a screen", filled)
			time.Sleep(2 * time.Second)
			g.rest(restTime)
			took, unseen := g.keys(stormKeys, keys...)
			report(b, "key-", took, 50, 99)
			b.ReportMetric(float64(unseen), "unseen")
			g.rested(b, "")
		})
	}
}

// filled says whether most rows have something in them.
func filled(screen string) bool {
	rows := 0
	for row := range strings.Lines(screen) {
		rows += min(1, len(strings.TrimSpace(row)))
	}
	return rows > 12
}
