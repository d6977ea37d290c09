package setup

import (
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
)

// The sizes of a deployment's log: how many lines may wait to be told, and how
// long one is, in characters.
const (
	logWaits = 1000
	logLine  = 500
)

// deployLog hands the lines of a command on: cleaned, without what looks like a
// secret, and without ever holding the command up. Where more lines come than
// can be told, the oldest of those that wait are left out and counted.
type deployLog struct {
	out   steps.Out
	mu    sync.Mutex
	more  *sync.Cond
	lines []string
	left  int
	over  bool
	ended chan struct{}

	done, total int64
}

// newDeployLog begins; tell takes a line, end waits until all are told.
func newDeployLog(out steps.Out) (tell func(string), end func()) {
	l := &deployLog{out: out, ended: make(chan struct{})}
	l.more = sync.NewCond(&l.mu)
	go l.run()
	return l.take, func() {
		l.mu.Lock()
		l.over = true
		l.more.Signal()
		l.mu.Unlock()
		<-l.ended
	}
}

func (l *deployLog) take(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.lines) >= logWaits {
		l.lines = l.lines[1:]
		l.left++
	}
	l.lines = append(l.lines, line)
	l.more.Signal()
}

func (l *deployLog) run() {
	defer close(l.ended)
	for {
		l.mu.Lock()
		for len(l.lines) == 0 && !l.over {
			l.more.Wait()
		}
		lines, left, over := l.lines, l.left, l.over
		l.lines, l.left = nil, 0
		l.mu.Unlock()
		if left > 0 {
			l.out.Logf("… %d lines left out", left)
		}
		for _, line := range lines {
			l.say(line)
		}
		if over && len(lines) == 0 {
			return
		}
	}
}

func (l *deployLog) say(line string) {
	clean := state.Redact(state.CleanText(line, logLine))
	if clean == "" {
		return
	}
	l.out.Logf("%s", clean)
	if l.counts(clean) {
		l.out.Progress(min(l.done, l.total), l.total)
	}
}

// What nix-build and nix build say: how much there is to do, and each piece.
var (
	announced = regexp.MustCompile(`^(?:these (\d+)|this) (?:derivations?|paths?) will be (?:built|fetched)`)
	begun     = []string{"building '/nix/store/", "copying path '/nix/store/"}
)

// counts notes what a line says of progress.
func (l *deployLog) counts(line string) bool {
	if m := announced.FindStringSubmatch(line); m != nil {
		n, err := strconv.ParseInt(m[1], 10, 32)
		if err != nil {
			n = 1
		}
		l.total += n
		return true
	}
	for _, b := range begun {
		if strings.HasPrefix(line, b) && l.done < l.total {
			l.done++
			return true
		}
	}
	return false
}
