package plain

import (
	"bytes"
	"io"
)

// maxLine is how much of a line is kept, in bytes: any paste that is of use is
// shorter.
const maxLine = 64 << 10

// lineReader reads lines when they are wanted, a byte at a time, so that what
// follows a line stays for others. A read that was given up is the next one's.
type lineReader struct {
	in   io.Reader
	got  chan typed
	busy bool  // a line is being read, or was and nobody took it
	end  error // the input has ended
}

// typed is a line without its end, or why there is none.
type typed struct {
	text string
	err  error
}

func newLineReader(in io.Reader) *lineReader { return &lineReader{in: in, got: make(chan typed, 1)} }

// want has a line read; took must follow where one was received.
func (r *lineReader) want() <-chan typed {
	switch {
	case r.busy:
	case r.end != nil:
		r.busy = true
		r.got <- typed{err: r.end}
	default:
		r.busy = true
		go func() { r.got <- r.read() }()
	}
	return r.got
}

// took says that the line was received.
func (r *lineReader) took() { r.busy = false }

// read reads a line. One that the end of input cuts is a line.
func (r *lineReader) read() typed {
	var line bytes.Buffer
	one := make([]byte, 1)
	for nothing := 0; ; {
		n, err := r.in.Read(one)
		switch {
		case n == 1 && one[0] == '\n':
			return typed{text: line.String()}
		case n == 1 && line.Len() < maxLine:
			line.WriteByte(one[0])
		}
		if nothing++; n > 0 {
			nothing = 0
		}
		if err == nil && nothing > 100 {
			err = io.ErrNoProgress
		}
		if err != nil {
			r.end = err
			if line.Len() > 0 {
				err = nil
			}
			return typed{text: line.String(), err: err}
		}
	}
}
