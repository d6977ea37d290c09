package plain_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/plain"
)

func TestPromptShowsTheQuestion(t *testing.T) {
	var out bytes.Buffer
	p := plain.NewPrompter(strings.NewReader("two-logins\n"), &out)
	v, err := p.Ask(t.Context(), state.Question{
		Ask: "How do people sign in?", Why: "One login, or two.", Choices: []string{"fully-private", "two-logins"},
		Default: "fully-private", URL: "https://example.org/", File: ".nixwright/create-app.html",
	})
	if err != nil || v.Reveal() != "two-logins" {
		t.Fatal(v.Reveal(), err)
	}
	same(t, out.String(), `How do people sign in?
  One login, or two.
  open https://example.org/
  or take .nixwright/create-app.html to the computer with your browser, open it there,
  and paste the address that the browser ends on
  one of: fully-private, two-logins
[fully-private] > `)
}

func TestPromptAnswers(t *testing.T) {
	for name, tc := range map[string]struct {
		in, byDefault, want string
		err                 error
	}{
		"a line":                  {in: "ci.example.org\n", want: "ci.example.org"},
		"blanks around":           {in: "  a b \r\n", want: "a b"},
		"an empty line":           {in: "\n", byDefault: "d", want: "d"},
		"an empty line, no more":  {in: "\n", want: ""},
		"a line without its end":  {in: "last", byDefault: "d", want: "last"},
		"the end":                 {in: "", err: state.ErrNoAnswer},
		"the end is no default":   {in: "", byDefault: "d", err: state.ErrNoAnswer},
		"only the first of lines": {in: "one\ntwo\n", want: "one"},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := plain.NewPrompter(strings.NewReader(tc.in), io.Discard).Ask(t.Context(), state.Question{Default: tc.byDefault})
			if !errors.Is(err, tc.err) || v.Reveal() != tc.want {
				t.Errorf("%q, %v", v.Reveal(), err)
			}
		})
	}
}

func TestPromptTellsAReadThatFails(t *testing.T) {
	_, err := plain.NewPrompter(io.MultiReader(broken{}), io.Discard).Ask(t.Context(), state.Question{})
	if err == nil || errors.Is(err, state.ErrNoAnswer) {
		t.Error(err)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("the terminal is gone") }

func TestAPromptThatIsGivenUpSwallowsNoAnswer(t *testing.T) {
	r, w := io.Pipe()
	p := plain.NewPrompter(r, io.Discard)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Ask(ctx, state.Question{Ask: "first"}); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	go func() { _, _ = io.WriteString(w, "mine\nthe next\n") }()
	for _, want := range []string{"mine", "the next"} {
		v, err := p.Ask(t.Context(), state.Question{Ask: "second"})
		if err != nil || v.Reveal() != want {
			t.Errorf("%q, %v, want %q", v.Reveal(), err, want)
		}
	}
}

func TestASecretIsReadHidden(t *testing.T) {
	var out bytes.Buffer
	p := plain.NewPrompter(strings.NewReader("omnara1\nshown\n"), &out)
	p.Hidden = func() (string, error) { return "s3cret\n", nil }
	for _, tc := range []struct {
		kind state.Kind
		want string
	}{{state.KindText, "omnara1"}, {state.KindSecret, "s3cret"}, {state.KindText, "shown"}} {
		v, err := p.Ask(t.Context(), state.Question{Ask: "?", Kind: tc.kind})
		if err != nil || v.Reveal() != tc.want {
			t.Errorf("%s: %q, %v", tc.kind, v.Reveal(), err)
		}
	}
	if strings.Contains(out.String(), "s3cret") || strings.Count(out.String(), "nothing will be shown") != 1 {
		t.Error(out.String())
	}
}

func TestAHiddenReadAtTheEnd(t *testing.T) {
	p := plain.NewPrompter(strings.NewReader(""), io.Discard)
	p.Hidden = func() (string, error) { return "", io.EOF }
	if _, err := p.Ask(t.Context(), state.Question{Kind: state.KindSecret}); !errors.Is(err, state.ErrNoAnswer) {
		t.Error(err)
	}
}
