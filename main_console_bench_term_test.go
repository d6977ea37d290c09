package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
)

// gauge is a program on a terminal of 80 columns and 24 rows that notes when
// what was shown. A frame is what a read of the terminal ended with, where the
// program does not say itself where its frames begin and end.
type gauge struct {
	b      *testing.B
	cmd    *exec.Cmd
	master *os.File
	begun  time.Time

	mu     sync.Mutex
	vt     vt10x.Terminal
	tail   []byte // the end of what came, for sequences that a read has cut
	half   bool   // a frame is being drawn
	sent   int    // bytes, ever
	shown  string
	frames []shown // the latest ones, where they are kept
	keeps  bool
	wanted func(screen string) bool
	when   chan time.Time
}

// shown is a frame.
type shown struct {
	at     time.Time
	screen string
}

// asks are what programs ask a terminal for; the answer of a terminal that is
// dark and can synchronize its output.
var asks = map[string]string{
	"\x1b[c": "\x1b[?62;22c", "\x1b[0c": "\x1b[?62;22c", "\x1b[6n": "\x1b[1;1R",
	"\x1b]11;?": "\x1b]11;rgb:0000/0000/0000\x1b\\", "\x1b]10;?": "\x1b]10;rgb:ffff/ffff/ffff\x1b\\", askSync: canSync,
}

// patient is how long a figure is waited for.
const patient = 5 * time.Minute

// gauged starts a program, which is ended with the benchmark at the latest.
func gauged(b *testing.B, cmd *exec.Cmd) *gauge {
	b.Helper()
	cmd.Env = append(cmd.Environ(), "TERM=xterm-256color", "COLORTERM=", "NO_COLOR=", "LANG=C.UTF-8", "LC_ALL=C.UTF-8", "DISPLAY=", "SSH_CONNECTION=", "SSH_TTY=")
	g := &gauge{b: b, cmd: cmd, vt: vt10x.New(vt10x.WithSize(80, 24)), begun: time.Now()}
	master, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: 80, Rows: 24})
	if err != nil {
		b.Fatal(err)
	}
	g.master = master
	go g.read()
	b.Cleanup(g.end)
	return g
}

func (g *gauge) end() {
	if g.cmd.ProcessState == nil {
		_ = g.cmd.Process.Kill()
		_ = g.cmd.Wait()
		_ = g.master.Close()
	}
}

func (g *gauge) read() {
	buf := make([]byte, 1<<16)
	for {
		n, err := g.master.Read(buf)
		if err != nil {
			return
		}
		at := time.Now()
		g.mu.Lock()
		g.sent += n
		_, _ = g.vt.Write(buf[:n])
		g.marks(buf[:n])
		if !g.half {
			g.frame(at)
		}
		g.mu.Unlock()
	}
}

// marks answers what the program asks, and notes whether a frame is half drawn.
func (g *gauge) marks(now []byte) {
	const longest = 16
	before := len(g.tail)
	all := slices.Concat(g.tail, now)
	for ask, answer := range asks {
		if at := bytes.LastIndex(all, []byte(ask)); at >= 0 && at+len(ask) > before {
			_, _ = g.master.WriteString(answer)
		}
	}
	begin, end := bytes.LastIndex(all, []byte(frameBegin)), bytes.LastIndex(all, []byte(frameEnd))
	if begin != end {
		g.half = begin > end
	}
	g.tail = bytes.Clone(all[max(0, len(all)-longest):])
}

// frame notes what stands there now.
func (g *gauge) frame(at time.Time) {
	g.shown = g.vt.String()
	if g.keeps {
		g.frames = append(g.frames, shown{at, g.shown})
	}
	if g.wanted != nil && g.wanted(g.shown) {
		g.wanted = nil
		g.when <- at
	}
}

// on is a channel that tells when a frame was as wanted for the first time from
// now on.
func (g *gauge) on(wanted func(screen string) bool) <-chan time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.when = make(chan time.Time, 1)
	if g.wanted = wanted; wanted(g.vt.String()) {
		g.wanted = nil
		g.when <- time.Now()
	}
	return g.when
}

// until is when a frame is as wanted.
func (g *gauge) until(what string, wanted func(screen string) bool) time.Time {
	g.b.Helper()
	select {
	case at := <-g.on(wanted):
		return at
	case <-time.After(patient):
		g.b.Fatalf("no %s:\n%s", what, g.screen())
	}
	return time.Time{}
}

// sees is until with a pattern.
func (g *gauge) sees(pattern string) time.Time {
	g.b.Helper()
	return g.until(pattern, regexp.MustCompile(pattern).MatchString)
}

func (g *gauge) screen() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.vt.String()
}

// face is what stands there with its colours: of many programs nothing else
// shows which row is chosen. Call it with the lock held.
func (g *gauge) face() []vt10x.Glyph {
	cols, rows := g.vt.Size()
	out := make([]vt10x.Glyph, cols*rows)
	for i := range out {
		out[i] = g.vt.Cell(i%cols, i/cols)
	}
	return out
}

func (g *gauge) bytes() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.sent
}

func (g *gauge) types(text string) {
	g.b.Helper()
	if _, err := g.master.WriteString(text); err != nil {
		g.b.Fatal(err)
	}
}

// key is how long it takes from a key to the first frame that looks different;
// 0: nothing changed within a second.
func (g *gauge) key(text string) time.Duration {
	g.b.Helper()
	g.mu.Lock()
	before := g.face()
	g.mu.Unlock()
	when := g.on(func(string) bool { return !slices.Equal(g.face(), before) })
	begin := time.Now()
	g.types(text)
	select {
	case at := <-when:
		return max(time.Nanosecond, at.Sub(begin))
	case <-time.After(time.Second):
		return 0
	}
}

// keys presses keys one after another, some 30 ms apart, so that they come
// anywhere between two frames, and returns how long each took to be seen.
func (g *gauge) keys(n int, texts ...string) (took []time.Duration, unseen int) {
	g.b.Helper()
	for i := range n {
		text := texts[i%len(texts)]
		if long, known := keys[text]; known {
			text = long
		}
		one := g.key(text)
		if one > 0 {
			took = append(took, one)
		} else {
			unseen++
		}
		time.Sleep(30*time.Millisecond + time.Duration(i*7919%17000)*time.Microsecond)
	}
	return took, unseen
}

// process is what Linux knows of a process.
type process struct {
	at    time.Time
	ticks float64 // of the processor, in hundredths of a second
	wakes int     // context switches of all its threads
	sent  int
}

func (g *gauge) process() process {
	g.b.Helper()
	dir := "/proc/" + strconv.Itoa(g.cmd.Process.Pid)
	p := process{at: time.Now(), sent: g.bytes()}
	text, err := os.ReadFile(dir + "/stat")
	if err != nil {
		g.b.Fatal(err)
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	for _, f := range fields[11:13] { // utime, stime (proc(5))
		n, _ := strconv.ParseFloat(f, 64)
		p.ticks += n
	}
	threads, _ := os.ReadDir(dir + "/task")
	for _, t := range threads {
		p.wakes += ofStatus(dir+"/task/"+t.Name(), "voluntary_ctxt_switches") + ofStatus(dir+"/task/"+t.Name(), "nonvoluntary_ctxt_switches")
	}
	return p
}

// ofStatus is a number of a process's status file.
func ofStatus(dir, name string) int {
	text, _ := os.ReadFile(dir + "/status")
	for line := range strings.Lines(string(text)) {
		if key, value, _ := strings.Cut(line, ":"); key == name {
			n, _ := strconv.Atoi(strings.Fields(value)[0])
			return n
		}
	}
	return 0
}

// memory is what a process holds now, and at most held, in MB.
func (g *gauge) memory() (now, most float64) {
	dir := "/proc/" + strconv.Itoa(g.cmd.Process.Pid)
	return float64(ofStatus(dir, "VmRSS")) / 1024, float64(ofStatus(dir, "VmHWM")) / 1024
}

// rest measures a program that nothing is done with.
func (g *gauge) rest(d time.Duration) {
	g.b.Helper()
	before := g.process()
	time.Sleep(d)
	after := g.process()
	seconds := after.at.Sub(before.at).Seconds()
	g.b.ReportMetric(float64(after.sent-before.sent)/seconds, "B/s")
	g.b.ReportMetric((after.ticks-before.ticks)/seconds, "%core")
	g.b.ReportMetric(float64(after.wakes-before.wakes)/seconds, "wakes/s")
}

// settled waits until a program has nothing more to do.
func (g *gauge) settled() {
	g.b.Helper()
	const quiet = 5 // percent of a core
	for begin := time.Now(); time.Since(begin) < patient; {
		before := g.process()
		time.Sleep(time.Second)
		if g.process().ticks-before.ticks < quiet {
			return
		}
	}
	g.b.Fatal("it does not come to rest")
}

// report reports percentiles.
func report(b *testing.B, name string, all []time.Duration, percent ...int) {
	b.Helper()
	if len(all) == 0 {
		b.Fatal("nothing was measured: " + name)
	}
	slices.Sort(all)
	for _, p := range percent {
		at := min(len(all)-1, (len(all)*p+99)/100-1)
		b.ReportMetric(float64(all[max(0, at)].Microseconds())/1000, fmt.Sprintf("%sp%d-ms", name, p))
	}
}

// atTop goes to the first row, again and again.
func (g *gauge) atTop(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			_, _ = g.master.WriteString("g")
		}
	}
}

// keep keeps all frames from now on.
func (g *gauge) keep() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.keeps = true
}

// first is when a text was first shown, from a time on.
func (g *gauge) first(from time.Time, text string) (time.Time, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, f := range g.frames {
		if !f.at.Before(from) && strings.Contains(f.screen, text) {
			return f.at, true
		}
	}
	return time.Time{}, false
}
