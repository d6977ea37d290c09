package plain

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/nixwright/nixwright/state"
)

// Prompter asks the questions line by line. Lines are read by one goroutine,
// so a question that is given up does not swallow the next answer.
type Prompter struct {
	out   io.Writer
	lines chan string
	in    io.Reader
	// Hidden reads a line that is not echoed; nil: as any other.
	Hidden func() (string, error)
}

// NewPrompter reads from in and writes to out.
func NewPrompter(in io.Reader, out io.Writer) *Prompter { return &Prompter{in: in, out: out} }

// start begins to read at the first question.
func (p *Prompter) start() {
	if p.lines != nil {
		return
	}
	p.lines = make(chan string)
	go func() {
		defer close(p.lines)
		scan := bufio.NewScanner(p.in)
		for scan.Scan() {
			p.lines <- scan.Text()
		}
	}()
}

// Ask writes the question and reads a line; an empty one is the default. At
// the end of input it returns state.ErrNoAnswer.
func (p *Prompter) Ask(ctx context.Context, q state.Question) (state.Secret, error) {
	_, _ = fmt.Fprintln(p.out, q.Ask)
	if q.Why != "" {
		_, _ = fmt.Fprintln(p.out, "  "+q.Why)
	}
	if q.URL != "" {
		_, _ = fmt.Fprintln(p.out, "  open "+q.URL)
	}
	if len(q.Choices) > 0 {
		_, _ = fmt.Fprintln(p.out, "  one of: "+strings.Join(q.Choices, ", "))
	}
	if q.Default != "" {
		_, _ = fmt.Fprint(p.out, "["+q.Default+"] ")
	}
	_, _ = fmt.Fprint(p.out, "> ")
	if q.Kind == state.KindSecret && p.Hidden != nil && p.lines == nil {
		line, err := p.Hidden()
		_, _ = fmt.Fprintln(p.out)
		return state.NewSecret(strings.TrimSpace(line)), err
	}
	p.start()
	select {
	case line, ok := <-p.lines:
		if line = strings.TrimSpace(line); ok && line == "" {
			line = q.Default
		}
		if !ok {
			return state.Secret{}, state.ErrNoAnswer
		}
		return state.NewSecret(line), nil
	case <-ctx.Done():
		_, _ = fmt.Fprintln(p.out)
		return state.Secret{}, ctx.Err()
	}
}
