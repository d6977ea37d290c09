package cli

import (
	"bytes"
	"io"
	"sync"
)

// maxHeld is how much talk is kept while the screen is up.
const maxHeld = 1 << 20

// talk is stderr. While the screen is up it is held back, so that nothing
// stands across the pages; it comes afterwards.
type talk struct {
	to   io.Writer
	mu   sync.Mutex
	held *bytes.Buffer // nil: nothing is held back
}

// Write implements io.Writer.
func (t *talk) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.to == nil:
		return len(b), nil
	case t.held == nil:
		return t.to.Write(b)
	case t.held.Len()+len(b) <= maxHeld:
		return t.held.Write(b)
	}
	return len(b), nil
}

// holds says whether it is held back now.
func (t *talk) holds() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.held != nil
}

func (t *talk) hold() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.held = &bytes.Buffer{}
}

func (t *talk) release() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.held != nil && t.to != nil {
		_, _ = t.held.WriteTo(t.to)
	}
	t.held = nil
}
