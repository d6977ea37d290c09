package console

import (
	"fmt"
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/widget"
)

// press answers the page's own keys; mine is false for those of the log.
func (b build) press(msg tea.KeyPressMsg, env tui.Env) (next build, cmd tea.Cmd, mine bool) {
	if b.Typing() {
		return b, nil, false
	}
	one, url := b.one(), b.scene.opts.Desk.BuildURL(b.id)
	switch pressed := msg.String(); {
	case pressed == "enter" && b.culprit() != nil:
		return b, env.Push(newBuild(b.culprit().ID, true, b.scene)), true
	case pressed == "o":
		return b, b.scene.open(url), true
	case pressed == "y":
		return b, copied(url, "Copied: the link to the build."), true
	case pressed == "i":
		return b, env.Open(newAbout(b.id, b.scene)), true
	case pressed == "r" && b.fault != nil:
		b.fault, b.asking, b.known = nil, true, fingerprint(b.scene.snap.Steps(b.id))
		return b, b.ask(), true
	case pressed == "r" && one != nil:
		return b, confirm(restart(one, b.scene)), true
	case pressed == "s" && one != nil:
		return b, confirm(stop(one, b.scene)), true
	case pressed == "esc" && b.log == nil:
		return b, env.Pop(), true
	}
	return b, nil, false
}

// Keys implements tui.Page.
func (b build) Keys() []key.Binding {
	var keys []key.Binding
	if b.log != nil {
		if keys = b.view.Keys(); b.Typing() {
			return keys
		}
	} else {
		keys = []key.Binding{bind(true, "esc", "back", "esc")}
	}
	link := b.scene.opts.Desk.BuildURL(b.id) != ""
	again := bind(offRestart(b.one(), b.scene, b.doing) == "", "r", "restart", "r")
	if b.fault != nil {
		again = bind(true, "r", "try again", "r")
	}
	if red := b.culprit(); red != nil {
		keys = slices.Concat([]key.Binding{bind(true, "enter", "to "+state.CleanText(labelOf(red), 0), "enter")}, keys)
	}
	return append(keys, again, bind(offStop(b.one(), b.scene, b.doing) == "", "s", "stop", "s"),
		bind(link, "o", "open", "o"), bind(link, "y", "copy link", "y"), bind(true, "i", "about it", "i"))
}

// Why implements tui.Reasoner.
func (b build) Why(pressed string) string {
	switch pressed {
	case "r":
		return offRestart(b.one(), b.scene, b.doing)
	case "s":
		return offStop(b.one(), b.scene, b.doing)
	case "o", "y":
		return "this build has no address for a browser"
	}
	return b.view.Why(pressed)
}

// culprit is the build that made this one fail, where it is another; else nil.
func (b build) culprit() *live.Build {
	if red := culprit(b.scene, b.one()); red != nil && red.ID != b.id {
		return red
	}
	return nil
}

// Typing implements tui.Typist.
func (b build) Typing() bool { return b.log != nil && b.view.Typing() }

// Title implements tui.Page.
func (b build) Title() string {
	p := pen{Theme: b.scene.theme}
	parts := []string{"2 Builds"}
	if one := b.one(); one != nil {
		from := source(one)
		if c := short(one.Commit); c != "" {
			from += " " + c
		}
		parts = append(parts, from, labelOf(one), workerOf(b.scene, one))
	} else {
		parts = append(parts, fmt.Sprint("build ", b.id))
	}
	var out []string
	for _, one := range parts {
		if one = p.clean(one); one != "" {
			out = append(out, one)
		}
	}
	return head(b.scene) + "\n" + strings.Join(out, p.dot())
}

// WindowTitle implements tui.Titled.
func (b build) WindowTitle() string {
	return b.scene.opts.Host + " " + verdict(b.scene) + ": " + b.what()
}

// what is what it builds, in a word.
func (b build) what() string {
	if one := b.one(); one != nil && labelOf(one) != "" {
		return labelOf(one)
	}
	return "build"
}

// head is what the build came to.
func (b build) head() string {
	one := b.one()
	if one == nil {
		return ""
	}
	status := one.Status()
	out := pen{Theme: b.scene.theme}.mark(theme.MarkOf(status.String()))
	switch took := one.Took(b.scene.now); {
	case !one.Done:
		out += " for " + coarse(took)
		if usual, of := b.scene.snap.Usual(one); of > 0 {
			out += ", usually " + widget.Duration(usual)
		}
	case took > 0:
		out += " after " + widget.Duration(took)
	}
	e, found := b.scene.snap.Evaluation(b.id)
	switch step := b.failedStep(); {
	case found && one.Kind == live.KindEval && e.Counts.Red() > 0:
		out += ": " + widget.Count(int64(e.Counts.Red())) + " of " + counted(e.Counts.Total(), "build") + " failed"
	case step != "" && status.Red():
		out += " in step " + step
	}
	if cached := one.Cached(); status.Green() && one.Kind == live.KindAttr {
		out += ", " + string(cached)
	}
	return out
}

// failedStep is the first step that failed.
func (b build) failedStep() string {
	for _, t := range b.tabs {
		if t.step.Done && (t.step.Result == state.ResultFailure || t.step.Result == state.ResultException) {
			return state.CleanText(t.step.Name, 0)
		}
	}
	return ""
}

// View implements tui.Page.
func (b build) View(env tui.Env) string {
	switch {
	case b.fault != nil:
		panel := widget.ErrorPanel{Mark: theme.MarkOf("failed"), What: "the steps of this build did not come", Why: b.fault.What, Do: b.fault.Fix, Link: b.fault.URL}
		if b.fault.Why != "" {
			panel.Why += ": " + b.fault.Why
		}
		if b.fault.ID != "" {
			panel.IDs = []string{b.fault.ID}
		}
		return panel.View(env.Theme, env.Width, env.Height)
	case b.log != nil:
		return b.view.View(env)
	case b.asked.IsZero() || b.asking:
		return b.quiet("Asking for the steps of this build …", env)
	}
	if one := b.one(); one != nil && one.Done {
		return b.quiet("No steps of this build are kept.", env)
	}
	return b.quiet("This build has no steps yet. They appear here as it begins.", env)
}

func (b build) quiet(text string, env tui.Env) string {
	p := pen{Theme: env.Theme}
	return " " + ansi.Truncate(b.head(), max(env.Width-2, 0), p.Signs(theme.More)) + "\n\n " + p.raw(theme.Quiet, p.cut(text, env.Width-2))
}
