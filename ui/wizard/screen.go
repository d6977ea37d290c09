package wizard

import (
	"context"
	"sync"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/ui/guide"
	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/widget"
)

// Screen is the guide's face on the full screen. It shows one page after
// another and waits for the choice that the person makes there; a page that
// was left has no say any more.
type Screen struct {
	messages chan tea.Msg
	over     chan struct{} // closed when nobody reads messages any more
	ended    sync.Once

	mu    sync.Mutex
	board Board // what was told, for a page that comes later
}

// NewScreen is a face whose program is still to be run with First and Messages.
func NewScreen() *Screen {
	return &Screen{messages: make(chan tea.Msg, 64), over: make(chan struct{})}
}

// First is the page to begin with, until the guide has shown one.
func (s *Screen) First() tui.Page { return blank{} }

// Messages are for the program.
func (s *Screen) Messages() <-chan tea.Msg { return s.messages }

// Over says that the program has ended.
func (s *Screen) Over() { s.ended.Do(func() { close(s.over) }) }

// Leave ends the program.
func (s *Screen) Leave() { s.send(tea.QuitMsg{}) }

func (s *Screen) send(msg tea.Msg) {
	select {
	case s.messages <- msg:
	case <-s.over:
	}
}

// giver is how a page makes its choice known.
type giver = func(guide.Choice) tea.Cmd

// choice shows what show sends and waits for the first choice that is made
// with the giver.
func (s *Screen) choice(ctx context.Context, show func(give giver)) (guide.Choice, error) {
	chosen := make(chan guide.Choice, 1)
	show(func(c guide.Choice) tea.Cmd {
		return func() tea.Msg {
			select {
			case chosen <- c:
			default: // one was made already
			}
			return nil
		}
	})
	select {
	case c := <-chosen:
		return c, nil
	case <-ctx.Done():
		return guide.Choice{}, ctx.Err()
	}
}

// Welcome implements guide.Face.
func (s *Screen) Welcome(ctx context.Context, w guide.Welcome) (guide.Choice, error) {
	return s.choice(ctx, func(give giver) { s.send(tui.Show(NewWelcome(w, give))) })
}

// Ask implements guide.Face.
func (s *Screen) Ask(ctx context.Context, a guide.Asking) (guide.Choice, error) {
	return s.choice(ctx, func(give giver) {
		switch {
		case a.Question.Kind == state.KindSecret:
			s.send(tui.Show(NewTokenMoment(a, give)))
		case a.Repos != nil:
			s.send(tui.Show(NewRepos(a, give)))
		default:
			s.send(tui.Show(NewAsk(a, give)))
		}
	})
}

// Review implements guide.Face.
func (s *Screen) Review(ctx context.Context, said state.Config) (state.Config, guide.Choice, error) {
	changed := make(chan state.Config, 1)
	c, err := s.choice(ctx, func(give giver) {
		s.send(tui.Show(NewReview(said, func(now state.Config, c guide.Choice) tea.Cmd {
			return func() tea.Msg {
				select {
				case changed <- now:
					return give(c)()
				default:
					return nil
				}
			}
		})))
	})
	if err != nil {
		return said, c, err
	}
	return <-changed, c, nil
}

// Plan implements guide.Face.
func (s *Screen) Plan(ctx context.Context, p guide.Plan) (guide.Choice, error) {
	return s.choice(ctx, func(give giver) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.board = NewBoard(p.Infos)
		if p.Past != nil {
			s.send(tui.Show(NewResume(p, give)))
			return
		}
		s.send(tui.Show(NewCourse(p, give)))
	})
}

// Run implements guide.Face. It begins with what was told before.
func (s *Screen) Run(ctx context.Context, r guide.Run) (guide.Choice, error) {
	return s.choice(ctx, func(give giver) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.board.Lines) == 0 {
			s.board = NewBoard(r.Infos)
		}
		s.board.Result, s.board.Human = nil, state.Cost{} // those of the run before
		page := NewCourse(guide.Plan{Infos: r.Infos, Human: r.Human}, give)
		page.Board = s.board
		s.send(tui.Show(page))
		s.send(Running{r})
	})
}

// Done implements guide.Face.
func (s *Screen) Done(ctx context.Context, d guide.Done) (guide.Choice, error) {
	return s.choice(ctx, func(give giver) { s.send(tui.Show(NewDone(d, give))) })
}

// Tell implements guide.Face.
func (s *Screen) Tell(e steps.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.board = s.board.Take(e)
	s.send(Told{e})
}

// Note implements guide.Face.
func (s *Screen) Note(text string) { s.send(tui.Say(text)()) }

// blank is what stands there before there is anything to show.
type blank struct{}

func (blank) Title() string       { return "nixwright setup" }
func (blank) Keys() []key.Binding { return nil }

func (m blank) Update(tea.Msg, tui.Env) (tui.Page, tea.Cmd) { return m, nil }

func (blank) View(env tui.Env) string { return widget.Text(env.Theme, "One moment.", env.Width, 1) }

var _ guide.Face = (*Screen)(nil)
