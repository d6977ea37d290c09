package plain

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/nixwright/nixwright/state"
)

// leftOut is what a choice of nothing is called.
const leftOut = "left out"

// choicesOf are the answers to choose from, the recommended one first.
func choicesOf(q state.Question) []state.Choice {
	out := state.Choose(q.Key)
	if len(out) == 0 {
		for _, value := range q.Choices {
			out = append(out, state.Choice{Value: value})
		}
	}
	return out
}

// numbered says whether the choices go by numbers: not where they are numbers.
func numbered(all []state.Choice) bool {
	return !slices.ContainsFunc(all, func(c state.Choice) bool {
		_, err := strconv.Atoi(c.Value)
		return err == nil
	})
}

// choiceLines are the choices, each with what follows from it.
func choiceLines(q state.Question) []string {
	all := choicesOf(q)
	if len(all) == 0 {
		return nil
	}
	numbers := numbered(all)
	how := "Type one of these"
	if numbers {
		how = "Type a number, or the choice itself"
	}
	if len(q.Choices) == 0 {
		how += ", or another answer"
	}
	out := []string{how + "."}
	for i, c := range all {
		line := c.Value
		if line == "" {
			line = leftOut
		}
		if numbers {
			line = fmt.Sprintf("%d. %s", i+1, line)
		}
		if c.Recommended {
			line += ", recommended"
		}
		if c.Value != "" && c.Value == q.Default {
			line += ", as it is"
		}
		if c.Means != "" {
			line += ": " + c.Means
		}
		out = append(out, stop(line))
	}
	return out
}

// chosen is the choice that is meant: by itself, by its number, or, where
// there are no other answers, by a beginning or a part of it.
func chosen(q state.Question, text string) (value string, found bool) {
	all := choicesOf(q)
	names := make([][]string, 0, len(all))
	for _, c := range all {
		if strings.EqualFold(c.Value, text) {
			return c.Value, true
		}
		name := c.Value
		if name == "" {
			name = leftOut
		}
		names = append(names, []string{name})
	}
	i := -1
	switch {
	case len(q.Choices) > 0:
		i = pick(text, names)
	case numbered(all):
		i = numberOf(text, len(all)) - 1
	}
	if i < 0 {
		return "", false
	}
	return all[i].Value, true
}
