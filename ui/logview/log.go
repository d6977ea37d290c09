package logview

import (
	"context"
	"fmt"
	"sync"
)

// Size is how long a log is.
type Size struct {
	Lines int  // so far
	Done  bool // there will be no more
}

// Source is where the lines of a log are read, as buildbot's REST offers it
// (GET /logs/ID and /logs/ID/contents?offset&limit). Its methods are called by
// commands, several at a time.
type Source interface {
	// Size is how long the log is now.
	Size(ctx context.Context) (Size, error)
	// Lines are at most n lines from the line number from on, counted from 0,
	// raw or cleaned; fewer if the source gives no more at a time.
	Lines(ctx context.Context, from, n int) ([]string, error)
}

// The measures of a Log.
const (
	pageLines = 256
	mostKept  = 16 << 20 // bytes of lines in memory, unless one page is more
	overhead  = 16       // bytes of a line besides its text
	mostAsked = 2000     // lines of one call of a source
	mostAsks  = 256      // calls of one Load

	blockLines = 1000   // that a search reads at once
	stepLines  = 20_000 // that it looks at in one command
)

// page is up to pageLines lines, from a multiple of pageLines on.
type page struct {
	lines []Line
	bytes int
	used  uint64 // when it was last looked at
}

// Log is the lines of a log, of which it keeps the last used ones. With a
// Source it reads the others again; without, lines are appended, and the oldest
// are forgotten. All methods may be called from any goroutine; all but Open and
// Load return at once.
type Log struct {
	source Source

	mu      sync.Mutex
	clean   Cleaner // of what is appended
	size    Size
	first   int // the oldest line that can still be had
	pages   map[int]*page
	bytes   int
	used    uint64
	waiting bool // a viewer was told that there is more, and has not looked
	partial bool // the last line is not ended yet
}

// NewLog is a log that is read from a source; nil: one that is appended to.
func NewLog(s Source) *Log { return &Log{source: s, pages: map[int]*page{}} }

// Append takes the next raw bytes of a log without a source. It says whether
// the viewer is to be told, with a Grown; until that has looked, it is told
// only once.
func (l *Log) Append(raw []byte) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.size.Done {
		return false
	}
	l.shut()
	l.clean.Write(raw, l.add)
	if open, ok := l.clean.Open(); ok {
		l.add(open)
		l.partial = true
	}
	return l.tell()
}

// End says that nothing more is appended; its result is that of Append.
func (l *Log) End() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.shut()
	l.clean.Close(l.add)
	l.size.Done = true
	return l.tell()
}

// Grow says how long a log with a source is by now; its result is that of
// Append.
func (l *Log) Grow(s Size) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.grow(s) {
		return false
	}
	return l.tell()
}

// Size is how long the log is, and the number of its oldest line.
func (l *Log) Size() (s Size, first int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.size, l.first
}

// Line is a line that is in memory, by its number from 0.
func (l *Log) Line(n int) (Line, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.line(n)
}

// Open asks the source how long the log is and reads its last lines.
func (l *Log) Open(ctx context.Context) error {
	if l.source == nil {
		return nil
	}
	s, err := l.source.Size(ctx)
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	l.mu.Lock()
	l.grow(s)
	lines := l.size.Lines
	l.mu.Unlock()
	return l.Load(ctx, lines-pageLines, lines)
}

// Load reads the lines from a number up to another, not included, that are not
// in memory, and those beside them.
func (l *Log) Load(ctx context.Context, from, to int) error {
	from = max(0, from)
	for range mostAsks {
		l.mu.Lock()
		at, ok := l.missing(from, min(to, l.size.Lines))
		limit := min(pageLines-at%pageLines, l.size.Lines-at)
		l.mu.Unlock()
		if !ok || l.source == nil {
			return nil
		}
		lines, err := l.ask(ctx, at, limit)
		if err != nil {
			return err
		}
		l.mu.Lock()
		for i, line := range lines {
			l.put(at+i, line)
		}
		l.mu.Unlock()
		from = at + len(lines)
	}
	return nil
}

// read are some lines from a number on, at least one, without a place in
// memory for them; none: the log ends there.
func (l *Log) read(ctx context.Context, from, n int) ([]Line, error) {
	var out []Line
	l.mu.Lock()
	n = min(n, l.size.Lines-from)
	for len(out) < n {
		p, i := l.pages[(from+len(out))/pageLines], (from+len(out))%pageLines
		if p == nil || i >= len(p.lines) {
			break
		}
		out = append(out, p.lines[i:min(len(p.lines), i+n-len(out))]...)
	}
	l.mu.Unlock()
	if len(out) > 0 || n <= 0 || l.source == nil {
		return out, nil
	}
	return l.ask(ctx, from, min(n, mostAsked))
}

// ask reads lines from the source and cleans them.
func (l *Log) ask(ctx context.Context, from, n int) ([]Line, error) {
	raw, err := l.source.Lines(ctx, from, n)
	switch {
	case err != nil:
		return nil, fmt.Errorf("read lines of log: %w", err)
	case len(raw) == 0:
		return nil, fmt.Errorf("read lines of log: it does not give line %d", from+1)
	}
	out := make([]Line, 0, n)
	for _, one := range raw[:min(n, len(raw))] {
		out = append(out, Clean(one))
	}
	return out, nil
}

// find looks for a line from the number at on, forwards up to end or backwards
// down to end, which is not looked at; at most some lines (found: none), of
// which rest is the first that was not looked at.
func (l *Log) find(ctx context.Context, match func(Line) bool, at, end int) (found, rest int, err error) {
	found = -1
	for looked := 0; at != end && looked < stepLines; {
		from, n := at, min(blockLines, end-at)
		if end < at {
			n = min(blockLines, at-end)
			from = at + 1 - n
		}
		block, err := l.block(ctx, from, n)
		if err != nil {
			return -1, at, err
		}
		for i := range block {
			if end < at {
				i = len(block) - 1 - i
			}
			if match(block[i]) {
				return from + i, from + i, nil
			}
		}
		if looked += n; end < at {
			at -= n
		} else {
			at += n
		}
	}
	return found, at, nil
}

// block are exactly n lines.
func (l *Log) block(ctx context.Context, from, n int) ([]Line, error) {
	var out []Line
	for len(out) < n {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		more, err := l.read(ctx, from+len(out), n-len(out))
		switch {
		case err != nil:
			return nil, err
		case len(more) == 0: // they are forgotten: nothing is found in them
			more = make([]Line, n-len(out))
		}
		out = append(out, more...)
	}
	return out, nil
}

// has says whether a span is in memory.
func (l *Log) has(from, to int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.source == nil {
		return true
	}
	_, no := l.missing(max(0, from), to)
	return !no
}

// tell says whether a viewer is to be told. The caller holds the lock, as for
// all below.
func (l *Log) tell() bool {
	was := l.waiting
	l.waiting = true
	return !was
}

// look takes note that the viewer looks.
func (l *Log) look() (s Size, first int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = false
	return l.size, l.first
}

func (l *Log) grow(s Size) bool {
	if l.source == nil || s.Lines <= l.size.Lines && (l.size.Done || !s.Done) {
		return false
	}
	l.size = Size{Lines: max(s.Lines, l.size.Lines), Done: s.Done || l.size.Done}
	return true
}

// shut takes the line that was not ended off.
func (l *Log) shut() {
	if !l.partial {
		return
	}
	l.partial = false
	l.size.Lines--
	n := l.size.Lines / pageLines
	p := l.pages[n]
	last := len(p.lines) - 1
	l.weigh(p, -len(p.lines[last])-overhead)
	if p.lines = p.lines[:last]; last == 0 {
		delete(l.pages, n)
	}
}

// add appends a line.
func (l *Log) add(line Line) {
	l.size.Lines++
	l.put(l.size.Lines-1, line)
}

// put places a line, if it is the next one of its page.
func (l *Log) put(n int, line Line) {
	p := l.pages[n/pageLines]
	if p == nil {
		p = &page{}
		l.pages[n/pageLines] = p
	}
	if n%pageLines != len(p.lines) {
		return
	}
	p.lines = append(p.lines, line)
	l.touch(p)
	l.weigh(p, len(line)+overhead)
	for l.bytes > mostKept && len(l.pages) > 1 {
		l.forget(n / pageLines)
	}
}

func (l *Log) weigh(p *page, bytes int) {
	p.bytes += bytes
	l.bytes += bytes
}

func (l *Log) touch(p *page) {
	l.used++
	p.used = l.used
}

// forget drops the page that is needed least: with a source the one that was
// not looked at for longest, else the oldest.
func (l *Log) forget(but int) {
	least := -1
	for n, p := range l.pages {
		switch {
		case n == but:
		case least < 0, l.source == nil && n < least, l.source != nil && p.used < l.pages[least].used:
			least = n
		}
	}
	l.bytes -= l.pages[least].bytes
	delete(l.pages, least)
	if l.source == nil {
		l.first = (least + 1) * pageLines
	}
}

func (l *Log) line(n int) (Line, bool) {
	if n < 0 {
		return "", false
	}
	p, i := l.pages[n/pageLines], n%pageLines
	if p == nil || i >= len(p.lines) {
		return "", false
	}
	l.touch(p)
	return p.lines[i], true
}

// missing is the first line that can be read next to make a span whole. It
// lies behind what its page has.
func (l *Log) missing(from, to int) (at int, ok bool) {
	for n := from / pageLines; n*pageLines < to; n++ {
		have := 0
		if p := l.pages[n]; p != nil {
			have = len(p.lines)
		}
		if next := n*pageLines + have; have < pageLines && next < to {
			return next, true
		}
	}
	return 0, false
}
