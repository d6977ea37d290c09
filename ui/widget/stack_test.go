package widget_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/widget"
)

func TestFacts(t *testing.T) {
	ok := theme.MarkOf("up")
	d := widget.Facts{Facts: []widget.Fact{
		{Name: "Size", Parts: []widget.Part{{Text: "31,204 objects"}, {Text: "48.2 GB\x1b[2J stored"}}},
		{Name: "Growth", Parts: []widget.Part{{Text: "+1 GB/week"}, {Drawn: "▂▃▄"}}},
		{Name: "Signature", Parts: []widget.Part{{Mark: ok, Text: "the key that all of the clients trust since long"}}},
		{Name: "Empty"},
	}}
	for w, want := range map[int]string{
		62: " Size       31,204 objects · 48.2 GB[2J stored\n Growth     +1 GB/week · ▂▃▄\n Signature  ✓ the key that all of the clients trust since long\n Empty      ",
		40: " Size       31,204 objects\n            48.2 GB[2J stored\n Growth     +1 GB/week · ▂▃▄\n Signature  ✓ the key that all of the\n              clients trust since long\n Empty      ",
	} {
		if got := d.View(bare, w, 20); got != want {
			t.Errorf("%d columns:\n%s\nwant\n%s", w, got, want)
		}
	}
	if got := (widget.Facts{Facts: []widget.Fact{{Parts: []widget.Part{{Mark: ok, Text: "all"}}}}}).View(bare, 20, 1); got != " ✓ all" {
		t.Errorf("without a name: %q", got)
	}
}

// TestShortFacts: each fact has one line, and says where that is not all of it.
func TestShortFacts(t *testing.T) {
	d := widget.Facts{Short: true, Facts: []widget.Fact{
		{Name: "Size", Parts: []widget.Part{{Text: "31,204 objects"}, {Text: "48.2 GB stored"}}}, {Name: "Key", Parts: []widget.Part{{Text: "the key that clients trust since long"}}},
	}}
	if got, want := d.View(bare, 30, 9), " Size  31,204 objects …\n Key   the key that clients …"; got != want {
		t.Errorf("\n%s\nwant\n%s", got, want)
	}
	if got := widget.Clip(bare, []string{"abcdefgh", "i"}, 8, 1); got[0] != "abcdefg…" || len(got) != 1 {
		t.Errorf("clipped: %q", got)
	}
}

// TestWhatIsWhere: what a click hits is what is drawn there.
func TestWhatIsWhere(t *testing.T) {
	table := widget.Table{Columns: []widget.Column{{Title: "NAME"}}, Cursor: 5}
	for i := range 9 {
		table.Rows = append(table.Rows, []widget.Cell{{Text: "row " + strconv.Itoa(i)}})
	}
	stack := widget.Stack{widget.Of("truth", 1), {Want: 10, Least: 3, Draw: func(h int) string { return table.View(bare, 40, h) }}, widget.Of("one\ntwo", 1)}
	for h := range 20 {
		for y, line := range strings.Split(stack.View(40, h), "\n") {
			got := ""
			if block, n := stack.At(y, 40, h); block == 1 {
				if row := table.At(n, stack.Height(1, h)); row >= 0 {
					got = table.Rows[row][0].Text
				}
			}
			if right := strings.HasSuffix(strings.TrimRight(line, " "), got) && (got != "") == strings.Contains(line, "row"); !right {
				t.Errorf("%d lines, line %d is %q, a click hits %q", h, y, line, got)
			}
		}
	}
}

// TestStack: blank lines go first, then what can be spared, last the end.
func TestStack(t *testing.T) {
	list := func(n, least int) widget.Block {
		return widget.Block{Want: n, Least: least, Draw: func(h int) string { return strings.TrimSuffix(strings.Repeat("list\n", h), "\n") }}
	}
	stack := widget.Stack{widget.Of("truth", 1), {}, list(4, 2), widget.Of("one\ntwo\nthree", 1)}
	for h, want := range map[int]string{
		20: "truth||list|list|list|list||one|two|three",
		9:  "truth||list|list|list|list|one|two|three",
		8:  "truth|list|list|list|list|one|two|three",
		6:  "truth|list|list|list|one|two",
		4:  "truth|list|list|one",
		2:  "truth|list",
		0:  "",
	} {
		if got := strings.ReplaceAll(stack.View(20, h), "\n", "|"); got != want {
			t.Errorf("%d lines: %s, want %s", h, got, want)
		}
	}
}
