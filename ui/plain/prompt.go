package plain

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/nixwright/nixwright/state"
)

// Prompter asks the questions line by line. A line is read only when one is
// wanted, so an answer can be hidden; a question that is given up does not
// swallow the next answer. It is for one question at a time.
type Prompter struct {
	out   io.Writer
	in    *bufio.Reader
	lines chan lineRead
	plain bool // a line is being read, of a question that was given up
	// Hidden reads a line that is not echoed; nil: as any other.
	Hidden func() (string, error)
}

// lineRead is what a reader got.
type lineRead struct {
	text   string
	err    error
	hidden bool
}

// NewPrompter reads from in and writes to out.
func NewPrompter(in io.Reader, out io.Writer) *Prompter {
	return &Prompter{in: bufio.NewReader(in), out: out, lines: make(chan lineRead)}
}

// Ask writes the question and reads a line; an empty one is the default. At
// the end of input it returns state.ErrNoAnswer.
func (p *Prompter) Ask(ctx context.Context, q state.Question) (state.Secret, error) {
	p.show(q)
	hide := q.Kind == state.KindSecret && p.Hidden != nil
	switch {
	case hide:
		go p.readHidden()
	case !p.plain:
		go p.readPlain()
	}
	p.plain = p.plain || !hide
	select {
	case line := <-p.lines:
		if !line.hidden {
			p.plain = false
		}
		if hide {
			_, _ = fmt.Fprintln(p.out) // the line end was not echoed either
		}
		text := strings.TrimSpace(line.text)
		switch {
		case line.err != nil && !errors.Is(line.err, io.EOF):
			return state.Secret{}, fmt.Errorf("read answer: %w", line.err)
		case line.err != nil && text == "":
			return state.Secret{}, state.ErrNoAnswer
		case text == "":
			text = q.Default
		}
		return state.NewSecret(text), nil
	case <-ctx.Done():
		_, _ = fmt.Fprintln(p.out)
		return state.Secret{}, ctx.Err()
	}
}

// show writes what is asked, why, and how it can be answered.
func (p *Prompter) show(q state.Question) {
	_, _ = fmt.Fprintln(p.out, q.Ask)
	if q.Why != "" {
		_, _ = fmt.Fprintln(p.out, "  "+q.Why)
	}
	if q.URL != "" {
		_, _ = fmt.Fprintln(p.out, "  open "+q.URL)
	}
	for i, how := range q.How {
		_, _ = fmt.Fprintf(p.out, "  %d  %s\n", i+1, how)
	}
	for _, a := range q.Asks {
		_, _ = fmt.Fprintf(p.out, "  it may %s %s: %s\n", a.Level, a.Name, a.Why)
	}
	if q.File != "" {
		_, _ = fmt.Fprintln(p.out, "  or take "+q.File+" to the computer with your browser, open it there,\n  and paste the address that the browser ends on")
	}
	if len(q.Choices) > 0 {
		_, _ = fmt.Fprintln(p.out, "  one of: "+strings.Join(q.Choices, ", "))
	}
	if q.Kind == state.KindSecret && p.Hidden != nil {
		_, _ = fmt.Fprintln(p.out, "  nothing will be shown")
	}
	if q.Default != "" {
		_, _ = fmt.Fprint(p.out, "["+q.Default+"] ")
	}
	_, _ = fmt.Fprint(p.out, "> ")
}

func (p *Prompter) readPlain() {
	text, err := p.in.ReadString('\n')
	p.lines <- lineRead{text: text, err: err}
}

func (p *Prompter) readHidden() {
	text, err := p.Hidden()
	p.lines <- lineRead{text: text, err: err, hidden: true}
}
