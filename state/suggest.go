package state

import "strings"

// Suggest finds the word that was probably meant: the nearest by edit
// distance (a swap of neighbours counts as one), where near enough; else the
// only one with the same last part after a dot. Empty: none.
func Suggest(word string, among []string) string {
	best, bestDist := "", 0
	for _, w := range among {
		if d := editDistance(word, w); best == "" || d < bestDist {
			best, bestDist = w, d
		}
	}
	if best != "" && 3*bestDist <= len(word)+1 {
		return best
	}
	last, found := lastPart(word), ""
	for _, w := range among {
		switch {
		case lastPart(w) != last:
		case found != "":
			return ""
		default:
			found = w
		}
	}
	return found
}

func lastPart(key string) string { return key[strings.LastIndexByte(key, '.')+1:] }

// maxCompared bounds the work on a word that came from outside.
const maxCompared = 64

// editDistance counts the insertions, deletions, replacements and swaps of
// neighbours that turn one word into the other (optimal string alignment).
func editDistance(from, to string) int {
	a, b := []rune(from), []rune(to)
	if len(a) > maxCompared {
		return len(a)
	}
	before, row, next := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		next[0] = i + 1
		for j := range b {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next[j+1] = min(row[j]+cost, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row, next = row, next, before
	}
	return row[len(b)]
}
