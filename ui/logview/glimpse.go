package logview

import (
	"context"
	"strings"
)

// Glimpse is a few lines of a log: from the first one on that fails, else the
// last ones.
type Glimpse struct {
	From    int // the number of the first of them, from 0
	Lines   []Line
	Failing bool   // the first of them fails
	Cause   string // what it says; empty where none fails
}

// reach is how many lines below a failure may name its cause.
const reach = 200

// Peek reads at most n lines of a log for a Glimpse. It looks through the first
// 20,000 lines, and where none of them fails through as many of the last ones;
// ctx ends it.
func Peek(ctx context.Context, s Source, n int) (Glimpse, error) {
	l := NewLog(s)
	if err := l.Open(ctx); err != nil {
		return Glimpse{}, err
	}
	size, _ := l.Size()
	at, rest, err := l.find(ctx, Failing, 0, size.Lines)
	if from := max(rest, size.Lines-stepLines); err == nil && at < 0 && from < size.Lines {
		at, _, err = l.find(ctx, Failing, from, size.Lines)
	}
	if err != nil {
		return Glimpse{}, err
	}
	out := Glimpse{From: at, Failing: at >= 0}
	if !out.Failing {
		out.From = max(0, size.Lines-n)
	}
	lines, err := l.block(ctx, out.From, min(max(n, reach), size.Lines-out.From))
	if err != nil {
		return Glimpse{}, err
	}
	if out.Lines = lines[:min(n, len(lines))]; out.Failing {
		out.Cause = cause(lines)
	}
	return out, nil
}

// cause is what the first of some lines says of a failure, without its colours,
// the name of its derivation and the word error. Where it has no more than that
// word, the line below it that begins with it tells more: Nix writes the trace
// between them.
func cause(lines []Line) string {
	const word = "error:"
	var first string
	for i, l := range lines {
		said := begin(plain(l))
		rest, is := strings.CutPrefix(said, word)
		switch rest = strings.TrimSpace(rest); {
		case i == 0 && !is:
			return said
		case is && rest != "":
			return rest
		case first == "":
			first = rest
		}
	}
	return first
}
