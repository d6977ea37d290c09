package console

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/tui/tuitest"
)

// asker is a page whose key asks about an action.
type asker struct {
	action action
	doing  doing
	heard  *[]string
}

func (a asker) Title() string       { return "asker" }
func (a asker) Keys() []key.Binding { return []key.Binding{bind(!a.doing.has("it"), "a", "ask", "a")} }
func (asker) Why(string) string     { return underWay }
func (asker) View(tui.Env) string   { return "below" }

func (a asker) Update(msg tea.Msg, _ tui.Env) (tui.Page, tea.Cmd) {
	a.doing = a.doing.hear(msg)
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		return a, confirm(a.action)
	case acting, acted:
		*a.heard = append(*a.heard, strings.Join(a.doing, ","))
		_ = msg
	}
	return a, nil
}

func ask(t *testing.T, name string, err error) (s *tuitest.Story, did *int, heard *[]string) {
	t.Helper()
	did, heard = new(int), new([]string)
	return tuitest.New(t, asker{heard: heard, action: action{
		id: "it", verb: "do it", title: "Do \x1b[2Jit", lines: []string{"Goes   all of it", "Stays  the\u202erest"}, name: name,
		do: func(context.Context) (string, error) {
			*did++
			return "It is done.", err
		},
	}}), did, heard
}

func TestConfirm(t *testing.T) {
	s, did, heard := ask(t, "", nil)
	s.Press("a").Has("┃ Do [2Jit", "┃ Goes   all of it", "┃ Stays  therest").Press("y").Has("Do [2Jit")
	if *did != 0 {
		t.Fatal("a key typed ahead was an answer")
	}
	s.Advance(time.Second).Press("n").Lacks("Goes").Press("a").Advance(time.Second).Press("esc").Lacks("Goes")
	if *did != 0 {
		t.Fatal("no did it")
	}
	s.Press("a").Advance(time.Second).Press("y").Has("It is done.").Lacks("Goes")
	if *did != 1 || strings.Join(*heard, "|") != "it|" {
		t.Errorf("done %d times; under way %q", *did, *heard)
	}
}

func TestWhatFails(t *testing.T) {
	s, _, heard := ask(t, "", state.Problem{ID: "F99", What: "the server is asleep", Why: "it is late", Fix: "wake it", URL: "https://example.org/wake"})
	s.Press("a").Advance(time.Second).Press("y").Has("failed: Do", "the server is asleep: it is late", "wake it", "https://example.org/wake", "F99").Press("y").Has("asleep")
	s.Advance(time.Second).Press("esc").Lacks("asleep")
	if strings.Join(*heard, "|") != "it|" {
		t.Errorf("under way %q", *heard)
	}
	s, _, _ = ask(t, "", errors.New("ask buildbot: connection\x1b]52;c;eA==\x07 refused"))
	s.Press("a").Advance(time.Second).Press("y").Has("ask buildbot: connection]52;c;eA== refused")
}

// TestTypedName: only the exact name and then enter; neither what was typed
// ahead nor a paste.
func TestTypedName(t *testing.T) {
	s, did, _ := ask(t, "bucket", nil)
	s.Press("a").Type("bucket").Press("enter").Has("Type bucket:").Lacks("▸ bucket")
	s.Advance(time.Second).Paste("bucket").Press("enter").Has("do it: the name is not complete").Type("bucke").Press("enter")
	s.Type("x").Press("enter", "backspace").Has("▸ bucke▏").Press("y", "enter").Has("bucket:")
	if *did != 0 {
		t.Fatal("it was done without its name")
	}
	s.Press("ctrl+u").Type("bucket").Press("enter").Has("It is done.").Lacks("Type bucket")
	if *did != 1 {
		t.Errorf("done %d times", *did)
	}
	s.Press("a").Advance(time.Second).Type(strings.Repeat("long", 20)).Press("esc").Lacks("Type")
}

func TestActionIsOffWhileItIsUnderWay(t *testing.T) {
	s, _, _ := ask(t, "", nil)
	s.Send(acting{"it"}).Press("a").Has("ask: it is under way").Send(acted{"it"}).Press("a").Has("Goes")
	if d := (doing{"a", "b"}).hear(acted{"c"}).hear(acted{"a"}); strings.Join(d, "") != "b" {
		t.Error(d)
	}
}
