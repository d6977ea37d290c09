package plain

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/ui/guide"
)

// LinesOptions are what Lines needs of the machine.
type LinesOptions struct {
	// Echo switches off and on again that the terminal shows what is typed, for
	// secrets and the addresses that GitHub leads back to; nil: it cannot be.
	Echo func(on bool)
	// Clock bounds the time in which many changes become a count; zero: the
	// machine's.
	Clock steps.Clock
}

// Lines is the guide's face line by line, for screen readers, for terminals
// that cannot move their cursor, and for people who like it so: sentences, one
// a line, and a prompt. Nothing is ever drawn again, no colour and no escape
// sequence is written, and no secret. Where the input ends, the person has
// left.
type Lines struct {
	in    *lineReader
	echo  func(on bool)
	clock steps.Clock
	wake  chan struct{} // something was told that a run may have to act on

	greeted, hidden bool // what is typed is hidden

	mu       sync.Mutex // what follows: Tell and Note come from anywhere
	out      io.Writer
	open     bool // a prompt was written, and nothing after it
	rec      record
	news     []change // not said yet
	gathered bool     // a time in which changes are gathered is on
	running  bool     // a run is shown, so that changes are said
}

var _ guide.Face = (*Lines)(nil)

// NewLines reads lines from in, never more than are asked for, and writes to
// out.
func NewLines(in io.Reader, out io.Writer, o LinesOptions) *Lines {
	if o.Clock.Sleep == nil {
		o.Clock = steps.RealClock()
	}
	return &Lines{
		in: newLineReader(in), out: out, echo: o.Echo, clock: o.Clock,
		wake: make(chan struct{}, 1), rec: newRecord(),
	}
}

// Note implements guide.Face.
func (l *Lines) Note(text string) { l.say(stop(text)) }

// say writes sentences, each on a line of its own, safe for a terminal.
func (l *Lines) say(sentences ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.write(sentences)
}

// write is say for who holds the lock.
func (l *Lines) write(sentences []string) {
	for _, s := range sentences {
		if s = state.CleanText(s, 0); s == "" {
			continue
		}
		if l.open {
			l.open = false
			s = "\n" + s
		}
		_, _ = fmt.Fprintln(l.out, s) // a terminal that is gone is noticed where it is read
	}
}

// prompt writes the prompt, once.
func (l *Lines) prompt() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.open {
		l.open = true
		_, _ = io.WriteString(l.out, "> ")
	}
}

// unprompt ends the line of the prompt; typed: the person has ended it, which
// is seen where what they type is.
func (l *Lines) unprompt(typed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open && (!typed || l.hidden) {
		_, _ = io.WriteString(l.out, "\n")
	}
	l.open = false
}

// hide hides what is typed, or shows it again.
func (l *Lines) hide(on bool) {
	if l.echo == nil || l.hidden == on {
		return
	}
	l.echo(!on)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hidden = on
}

// begin is the beginning of whatever is shown: what was found before is not
// what will be found now.
func (l *Lines) begin() {
	if !l.greeted {
		l.greeted = true
		l.say("nixwright setup. Commands at any prompt: help, back, status, quit.")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rec.age()
}

// place is where a person is: what the commands of every prompt say there.
type place struct {
	where  string   // one sentence
	help   []string // what can be typed there
	hidden bool     // what is typed is not shown
	first  bool     // there is no way back
	// until ends the wait for a line with errWoken; nil: nothing does.
	until <-chan struct{}
}

// errWoken is why no line is waited for any more: something else has come.
var errWoken = errors.New("something has come")

// read reads a line that is no command of every prompt; or what the person
// wants instead, Back or Quit. What is typed stays hidden, where it is, until
// the caller shows it again.
func (l *Lines) read(ctx context.Context, p place) (text string, do guide.Do, err error) {
	l.hide(p.hidden)
	for {
		l.prompt()
		text, err := l.next(ctx, p.until)
		if err != nil {
			return "", guide.Quit, err
		}
		switch strings.ToLower(text) {
		case "help", "?":
			l.say(append(p.help, everywhere...)...)
		case "status":
			l.say(p.where, l.standing())
		case "quit":
			return "", guide.Quit, nil
		case "back":
			if !p.first {
				return "", guide.Back, nil
			}
			l.say("There is nothing before this to go back to.")
		default:
			return text, "", nil
		}
	}
}

// everywhere are the commands of every prompt.
var everywhere = []string{
	"Everywhere: help says this, back goes back, status says how it stands, quit leaves.",
	"An answer that is also a command is put into double quotes.",
}

// next waits for a line. At the end of input the error is io.EOF.
func (l *Lines) next(ctx context.Context, until <-chan struct{}) (string, error) {
	if ctx.Err() == nil {
		select {
		case t := <-l.in.want():
			return l.took(t)
		case <-until:
			return "", errWoken
		case <-ctx.Done():
		}
	}
	l.unprompt(false)
	return "", ctx.Err()
}

// took is the line that was read.
func (l *Lines) took(t typed) (string, error) {
	l.in.took()
	l.unprompt(t.err == nil)
	if t.err != nil && !errors.Is(t.err, io.EOF) {
		return "", fmt.Errorf("read answer: %w", t.err)
	}
	return strings.TrimSpace(t.text), t.err
}

// leaves is the choice of a person who goes, or goes back. The end of input is
// no error: the person has left.
func (l *Lines) leaves(do guide.Do, err error) (guide.Choice, error) {
	if errors.Is(err, io.EOF) {
		l.say("The input ended.")
		do, err = guide.Quit, nil
	}
	if do == guide.Quit && err == nil {
		l.say(l.farewell())
	}
	return guide.Choice{Do: do}, err
}

// farewell is what is said to who leaves.
func (l *Lines) farewell() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.rec.ran {
		return "Stopped. Nothing was set up. Start nixwright again to go on."
	}
	return fmt.Sprintf("Stopped. %s and %s so. Start nixwright again to go on.", areTrue(l.rec.true()), verb(l.rec.true(), "stays", "stay"))
}

// standing says how the set-up stands.
func (l *Lines) standing() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rec.standing()
}
