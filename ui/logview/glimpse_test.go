package logview

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

// long is a log of so many lines, some of which are others.
type long struct {
	lines int
	other map[int]string
	err   error
}

func (l long) Size(context.Context) (Size, error) {
	return Size{Lines: l.lines, Done: true}, l.err
}

func (l long) Lines(_ context.Context, from, n int) ([]string, error) {
	var out []string
	for i := from; i < min(from+n, l.lines); i++ {
		if text, is := l.other[i]; is {
			out = append(out, text)
			continue
		}
		out = append(out, fmt.Sprint("line ", i))
	}
	return out, nil
}

func TestPeek(t *testing.T) {
	failing := "nvim> \x1b[31merror:\x1b[0m no such thing\x1b]0;title\x07"
	for name, test := range map[string]struct {
		log     long
		from, n int
		failing bool
		cause   string
	}{
		"nothing":     {long{}, 0, 0, false, ""},
		"green":       {long{lines: 40}, 36, 4, false, ""},
		"short":       {long{lines: 2}, 0, 2, false, ""},
		"red":         {long{lines: 40, other: map[int]string{7: failing}}, 7, 4, true, "no such thing"},
		"at its end":  {long{lines: 40, other: map[int]string{39: failing}}, 39, 1, true, "no such thing"},
		"a trace":     {long{lines: 40, other: map[int]string{3: "error:", 9: "       error: attribute 'x' missing", 12: "error: other"}}, 3, 4, true, "attribute 'x' missing"},
		"no word":     {long{lines: 40, other: map[int]string{3: "error:"}}, 3, 4, true, "line 4"},
		"other words": {long{lines: 40, other: map[int]string{3: "a> src/x.c:1:2: error: no"}}, 3, 4, true, "src/x.c:1:2: error: no"},
		"long":        {long{lines: 1e6, other: map[int]string{1e6 - 3: failing}}, 1e6 - 3, 3, true, "no such thing"},
		"in between":  {long{lines: 1e6, other: map[int]string{500_000: failing}}, 1e6 - 4, 4, false, ""},
		"middle size": {long{lines: 30_000, other: map[int]string{20_001: failing}}, 20_001, 4, true, "no such thing"},
	} {
		got, err := Peek(t.Context(), test.log, 4)
		if err != nil || got.From != test.from || len(got.Lines) != test.n || got.Failing != test.failing {
			t.Errorf("%s: %+v, %v", name, got, err)
			continue
		}
		if got.Cause != test.cause {
			t.Errorf("%s: cause %q", name, got.Cause)
		}
	}
	no := errors.New("no")
	if _, err := Peek(t.Context(), long{err: no}, 4); !errors.Is(err, no) {
		t.Errorf("error: %v", err)
	}
}
