package widget

import "strings"

// Stack is blocks below each other, each with a blank line after it where there
// is room.
type Stack []Block

// Block draws itself on the lines that it gets: Want of them, or fewer, but not
// fewer than Least as long as there is room at all.
type Block struct {
	Want, Least int
	Draw        func(h int) string
}

// Of is the block of what was drawn already; it loses lines from its end.
func Of(drawn string, least int) Block {
	if drawn == "" {
		return Block{}
	}
	n := strings.Count(drawn, "\n") + 1
	return Block{Want: n, Least: min(least, n), Draw: func(int) string { return drawn }}
}

// View draws the blocks. Where they are too tall the blank lines go, the last
// one first, then what the blocks can spare, of the one that can spare most.
func (d Stack) View(w, h int) string {
	lines, _ := d.lines(w, h)
	return fit(lines, w, h)
}

// At is the block that drew a line of View(w, h), and the line within it; block
// is -1 where none did.
func (d Stack) At(y, w, h int) (block, line int) {
	_, from := d.lines(w, h)
	if y >= 0 && y < len(from) {
		return from[y].block, from[y].line
	}
	return -1, 0
}

// drawnBy says which block drew a line, and which of its lines that is.
type drawnBy struct{ block, line int }

func (d Stack) lines(w, h int) (lines []string, from []drawnBy) {
	heights, blanks := d.heights(h)
	for i, b := range d {
		if heights[i] == 0 {
			continue
		}
		if len(lines) > 0 && blanks > 0 {
			lines, from, blanks = append(lines, ""), append(from, drawnBy{-1, 0}), blanks-1
		}
		for n, line := range strings.Split(Fit(b.Draw(heights[i]), w, heights[i]), "\n") {
			lines, from = append(lines, line), append(from, drawnBy{i, n})
		}
	}
	return lines, from
}

// Height is how many lines a block of the stack gets.
func (d Stack) Height(block, h int) int {
	heights, _ := d.heights(h)
	return heights[block]
}

// heights is how many lines each block gets, and how many blank ones there are.
func (d Stack) heights(h int) (heights []int, blanks int) {
	h = max(h, 0)
	total := 0
	for _, b := range d {
		heights, total = append(heights, b.Want), total+b.Want
		if b.Want > 0 {
			blanks++
		}
	}
	blanks = min(max(0, blanks-1), max(0, h-total))
	for over := total - h; over > 0; over-- {
		spare := 0
		for i, b := range d {
			if heights[i]-b.Least > heights[spare]-d[spare].Least {
				spare = i
			}
		}
		if heights[spare] <= d[spare].Least { // the last one loses
			for spare = len(d) - 1; spare > 0 && heights[spare] == 0; spare-- {
				continue
			}
		}
		heights[spare]--
	}
	return heights, blanks
}
