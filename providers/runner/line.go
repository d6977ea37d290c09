package runner

import (
	"bytes"
	"sync"

	"github.com/nixwright/nixwright/state"
)

// lineLimit is the length at which a line is cut, in characters.
const lineLimit = 4096

// lineSink cuts streams into clean lines and hands them on one at a time.
type lineSink struct {
	mu   sync.Mutex
	emit func(string)
}

// stream is one of the streams that feed the sink.
func (s *lineSink) stream() *lineStream { return &lineStream{sink: s} }

// lineStream holds the line that is not complete yet.
type lineStream struct {
	sink *lineSink
	part []byte
}

// Write implements io.Writer; a carriage return, as progress bars use it,
// ends a line too.
func (l *lineStream) Write(p []byte) (int, error) {
	n := len(p)
	if l.sink.emit == nil {
		return n, nil
	}
	for len(p) > 0 {
		i := bytes.IndexAny(p, "\r\n")
		if i < 0 {
			l.part = append(l.part, p...)
			break
		}
		l.part = append(l.part, p[:i]...)
		l.flush()
		p = p[i+1:]
	}
	if len(l.part) > 4*lineLimit {
		l.flush()
	}
	return n, nil
}

// flush hands on what there is, unless it is blank.
func (l *lineStream) flush() {
	text := state.CleanText(string(l.part), lineLimit)
	l.part = l.part[:0]
	if text == "" || l.sink.emit == nil {
		return
	}
	l.sink.mu.Lock()
	defer l.sink.mu.Unlock()
	l.sink.emit(text)
}

// tee writes to both; neither fails.
type tee struct {
	kept  *keeper
	lines *lineStream
}

// Write implements io.Writer.
func (t tee) Write(p []byte) (int, error) {
	_, _ = t.kept.Write(p)
	return t.lines.Write(p)
}
