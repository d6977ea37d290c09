package systemd

import "bytes"

// The most that is kept of a command's output, and of a line of a log, in bytes.
const (
	mostOutput = 1 << 20
	mostLine   = 64 << 10
)

// head keeps the first of what is written.
type head struct{ *bytes.Buffer }

// Write implements io.Writer and takes everything.
func (h head) Write(p []byte) (int, error) {
	_, _ = h.Buffer.Write(p[:min(len(p), max(0, mostOutput-h.Len()))])
	return len(p), nil
}

// cutter hands over what is written line by line.
type cutter struct {
	lines func(string)
	line  []byte
}

// Write implements io.Writer.
func (c *cutter) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		part, after, ended := bytes.Cut(rest, []byte("\n"))
		c.line = append(c.line, part[:min(len(part), mostLine-len(c.line))]...)
		if ended {
			c.lines(string(c.line))
			c.line = c.line[:0]
		}
		rest = after
	}
	return len(p), nil
}

// flush hands over a last line that has no end.
func (c *cutter) flush() {
	if len(c.line) > 0 {
		c.lines(string(c.line))
		c.line = nil
	}
}
