package logview

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/tui"
)

// Tab is one of the logs, or steps, that the view goes through.
type Tab struct {
	Mark theme.Mark
	Name string
	Note string // behind the name: how long it took
}

// About is what stands around a log. Texts are cleaned.
type About struct {
	Title string // the header: one line or two
	Head  string // what the build came to
	Tabs  []Tab
	Tab   int  // the one whose log it is
	Saves bool // somebody listens for Save
}

// Grown tells the view that its log is longer, or done. It is sent where
// Append, Grow or End says so.
type Grown struct{ Log *Log }

// Turned is what the view answers [ and ] with: another tab is wanted.
type Turned struct{ Tab int }

// Save is what the view answers S with: the log is to be written to a file.
type Save struct{ Log *Log }

// View is the page of a log; one Log has one View.
type View struct {
	log   *Log
	about About
	size  Size // that is shown
	next  Size // that will be, once its last lines are there
	first int

	follow bool // the end is shown
	wrap   bool
	at     int // the line of the first row
	skip   int // and how many of its rows are above
	left   int // columns that are scrolled away

	mark   int // the line that was found, or -1
	failed int // the first line that fails, or -1
	clear  int // no line before it fails
	search search
	scan   scan

	loading  bool
	unopened bool   // opening it has failed
	fault    string // why a line is not there
	looked   time.Time
	ticking  bool
}

// NewView is the page of a log, at its end, which it follows until it is
// scrolled, or at the first line that fails.
func NewView(l *Log, about About, atError bool) View {
	v := View{log: l, about: about, follow: true, mark: -1, failed: -1}
	v.scan.opening = atError
	return v
}

// With is the view with something else around its log.
func (v View) With(about About) View {
	v.about = about
	return v
}

type (
	opened struct {
		log *Log
		err error
	}
	loaded struct {
		log  *Log
		size Size // of which the lines were asked for
		err  error
	}
	due   struct{ log *Log }
	retry struct{ log *Log }
)

// Start implements tui.Starter.
func (v View) Start(tui.Env) tea.Cmd {
	l := v.log
	return func() tea.Msg { return opened{l, l.Open(context.Background())} }
}

// Update implements tui.Page.
func (v View) Update(msg tea.Msg, env tui.Env) (tui.Page, tea.Cmd) {
	next, cmd := v.answer(msg, env)
	next, more := next.need(env)
	return next, tea.Batch(cmd, more)
}

func (v View) answer(msg tea.Msg, env tui.Env) (View, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		v.fault = ""
		if v.search.typing {
			return v.typed(msg, env)
		}
		return v.press(msg, env)
	case tea.PasteMsg:
		if v.search.typing {
			return v.sought(v.search.input+string(Clean(msg.Content)), env)
		}
	case tea.MouseWheelMsg:
		const notch = 3
		if msg.Button == tea.MouseWheelUp {
			return v.moved(-notch, env), nil
		}
		return v.moved(notch, env), nil
	case tea.WindowSizeMsg:
		v.skip = 0
	case opened:
		if msg.log == v.log {
			return v.opened(msg.err, env)
		}
	case retry:
		if msg.log == v.log && v.unopened {
			v.fault = ""
		}
	case Grown:
		if msg.Log == v.log {
			return v.grown(env)
		}
	case due:
		if msg.log == v.log {
			v.ticking = false
			return v.look(env), nil
		}
	case loaded:
		if msg.log == v.log {
			v.loading = false
			if msg.err != nil {
				v.fault = msg.err.Error()
			} else if v.follow {
				v.size = msg.size
			}
		}
	case scanned:
		if msg.log == v.log && msg.id == v.scan.id {
			return v.scanned(msg, env)
		}
	}
	return v, nil
}

// openAgain is after which time a log that could not be opened is tried again;
// a key does it at once.
const openAgain = 5 * time.Second

// opened shows the log as it is at first.
func (v View) opened(err error, env tui.Env) (View, tea.Cmd) {
	v = v.look(env)
	v.size, v.loading, v.unopened = v.next, false, err != nil
	switch {
	case err != nil:
		v.fault = err.Error()
		l := v.log
		return v, env.Tick(openAgain, func(time.Time) tea.Msg { return retry{l} })
	case v.scan.opening:
		return v.firstError(env)
	}
	return v, nil
}

// grown looks at once, or when a whole screen may be written again.
func (v View) grown(env tui.Env) (View, tea.Cmd) {
	wait := pause(env) - env.Now.Sub(v.looked)
	switch {
	case v.ticking:
		return v, nil
	case wait <= 0:
		return v.look(env), nil
	}
	v.ticking = true
	l := v.log
	return v, env.Tick(wait, func(time.Time) tea.Msg { return due{l} })
}

// pause is the least time between two looks at a log that grows: a whole screen
// each time is no more than 4 kB a second.
func pause(env tui.Env) time.Duration {
	const bytesPerSecond, least = 4000, 100 * time.Millisecond
	whole := time.Duration(env.Width*env.Height) * time.Second / bytesPerSecond
	return min(max(whole, least), time.Second)
}

// look takes note of how long the log is. What is followed is shown once its
// last lines are there.
func (v View) look(env tui.Env) View {
	s, first := v.log.look()
	v.looked, v.fault, v.next, v.first = env.Now, "", s, first
	if !v.follow || v.log.has(s.Lines-env.Height, s.Lines) {
		v.size = s
	}
	return v
}

// need asks for the lines that are wanted and not there.
func (v View) need(env tui.Env) (View, tea.Cmd) {
	if v.loading || v.fault != "" || env.Height <= 0 {
		return v, nil
	}
	if v.unopened {
		v.loading = true
		return v, v.Start(env)
	}
	s := v.next
	from, to := s.Lines-env.Height, s.Lines
	if !v.follow {
		top := v.top(env)
		from, to = top.line, min(top.line+env.Height, s.Lines)
	}
	if v.log.has(from, to) {
		return v, nil
	}
	v.loading = true
	l, around := v.log, env.Height
	return v, func() tea.Msg {
		return loaded{l, s, l.Load(context.Background(), from-around, min(to+around, s.Lines))}
	}
}
