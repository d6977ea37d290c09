package console

import (
	"strconv"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/widget"
)

// buildAbout is the overlay with all that is known of a build, nothing of it
// cut: the row whole.
type buildAbout struct {
	scene scene
	id    int64
	top   int // rows that are scrolled away
}

func newAbout(id int64, s scene) tui.Page { return buildAbout{scene: s, id: id} }

// Title implements tui.Page.
func (buildAbout) Title() string { return "" }

// Keys implements tui.Page.
func (buildAbout) Keys() []key.Binding {
	return []key.Binding{bind(true, "↑↓", "scroll", "up", "down", "k", "j"), bind(true, "esc", "close", "esc", "z", "i", "q", "enter")}
}

// Update implements tui.Page.
func (a buildAbout) Update(msg tea.Msg, env tui.Env) (tui.Page, tea.Cmd) {
	switch msg := msg.(type) {
	case Told:
		a.scene.snap = msg.Snapshot
	case tea.KeyPressMsg:
		switch msg.String() {
		case "up", "k":
			a.top = max(0, a.top-1)
		case "down", "j":
			a.top = min(a.top+1, max(0, len(a.rows(env))-env.Height))
		default:
			return a, env.Close()
		}
	}
	return a, nil
}

// View implements tui.Page.
func (a buildAbout) View(env tui.Env) string {
	rows := a.rows(env)
	return widget.Fit(strings.Join(rows[min(a.top, len(rows)-1):], "\n"), env.Width, env.Height)
}

func (a buildAbout) rows(env tui.Env) []string {
	const all = 1000
	b := a.scene.snap.Build(a.id)
	if b == nil {
		return []string{" This build is not known any more."}
	}
	var pairs []widget.Pair
	add := func(name, value string) {
		if value != "" {
			pairs = append(pairs, widget.Pair{Key: name, Value: value})
		}
	}
	mark := theme.MarkOf(b.Status().String())
	pairs = append(pairs, widget.Pair{Key: "Status", Mark: mark, Value: strings.TrimSpace(mark.Word + " " + strings.TrimPrefix(b.State, mark.Word+" "))})
	add("Builds", b.Attr)
	add("From", source(b))
	add("Commit", b.Commit)
	add("Message", b.Message)
	add("Author", b.Author)
	add("Worker", workerOf(a.scene, b))
	add("Started", a.at(b.Started))
	add("Ended", a.at(b.Finished))
	if took, usual := tookOf(b, a.scene); usual != "" {
		add("Took", took+", usually "+usual)
	} else {
		add("Took", took)
	}
	add("Output", b.OutPath)
	if b.Kind == live.KindAttr {
		add("In cache", string(b.Cached()))
	}
	if on := a.scene.snap.Builder(b.Builder); on != nil {
		add("Builder", on.Name)
	}
	add("Number", "build "+strconv.FormatInt(b.ID, 10)+", "+strconv.Itoa(int(b.Number))+" of its builder")
	if b.Parent != 0 {
		add("Asked by", "build "+strconv.FormatInt(b.Parent, 10))
	}
	pairs = append(pairs, a.changes(b)...)
	return strings.Split(widget.Pairs{Pairs: pairs}.View(env.Theme, env.Width, all), "\n")
}

func (a buildAbout) at(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(a.scene.now.Location()).Format("Mon 2 Jan 15:04:05")
}

// changes are those of its commit.
func (a buildAbout) changes(b *live.Build) []widget.Pair {
	var out []widget.Pair
	for c := range a.scene.snap.Changes() {
		if b.Commit == "" || c.Revision != b.Commit {
			continue
		}
		out = append(out, widget.Pair{Key: "Change", Value: strings.TrimSpace(c.Author + ": " + c.Comments)})
		if len(c.Files) > 0 {
			out = append(out, widget.Pair{Key: "Files", Value: strings.Join(c.Files, " ")})
		}
	}
	return out
}
