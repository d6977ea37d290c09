package state

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// EditConfig changes the text of nixwright.toml so that it says what to says,
// and touches no other line: comments, order and keys that stay are kept. A
// Problem where the text does not parse, or is written in a way that is not
// edited here (inline tables, dotted keys).
func EditConfig(text string, to Config) (string, error) {
	from, problems := ParseConfig(ConfigName, []byte(text))
	if len(problems) > 0 {
		return "", problems[0]
	}
	for _, f := range configFields() {
		old, had := from.Value(f.key)
		now, has := to.Value(f.key)
		switch {
		case old == now && had == has:
		case f.takes() == aWorkers:
			text = withWorkers(text, to.Workers)
		case has:
			_, name := split(f.key)
			text = withKey(text, f.key, name+" = "+tomlValue(reflect.ValueOf(to).FieldByIndex(f.at)))
		default:
			text = withKey(text, f.key, "")
		}
	}
	got, problems := ParseConfig(ConfigName, []byte(text))
	if got.Schema, to.Schema = 0, 0; len(problems) > 0 || got.TOML() != to.TOML() {
		return "", Problem{
			What: "cannot change " + ConfigName, Why: "it is written in a way that this program does not edit",
			Fix: "write the answer into it by hand, and start again",
		}
	}
	return text, nil
}

// split is a dotted key's table and its last part.
func split(key string) (table, name string) {
	dot := strings.LastIndexByte(key, '.')
	return key[:max(dot, 0)], key[dot+1:]
}

// withKey is the text with the key's line, or lines, replaced by one; an empty
// line takes the key out.
func withKey(text, key, line string) string {
	lines, places := strings.SplitAfter(text, "\n"), findPlaces([]byte(text))
	if at, said := places[key]; said {
		from := at.line - 1
		to, comment := valueEnd(lines, from)
		if line != "" {
			indent := lines[from][:at.column-1]
			line = strings.TrimRight(indent+line+" "+comment, " \n") + "\n"
		}
		return strings.Join(slices.Replace(lines, from, to, line), "")
	}
	table, _ := split(key)
	if at, there := places[table]; there && line != "" {
		return strings.Join(slices.Insert(ended(lines), at.line, line+"\n"), "")
	}
	return strings.Join(ended(lines), "") + "\n[" + table + "]\n" + line + "\n"
}

// ended are the lines, each with its line end.
func ended(lines []string) []string {
	if last := len(lines) - 1; lines[last] != "" {
		lines = slices.Clone(lines)
		lines[last] += "\n"
	}
	return lines
}

// valueEnd is the line after the expression that begins on line from, and the
// comment behind it.
func valueEnd(lines []string, from int) (to int, comment string) {
	for to = from + 1; to < len(lines) && !parses(strings.Join(lines[from:to], "")); {
		to++
	}
	last := lines[to-1]
	before := strings.Join(lines[from:to-1], "")
	for i, r := range last {
		if r == '#' && parses(before+last[:i]) {
			return to, last[i:]
		}
	}
	return to, ""
}

// withWorkers is the text with other tables of workers, at its end.
func withWorkers(text string, workers []Worker) string {
	if _, inline := findPlaces([]byte(text))["workers"]; inline {
		text = withKey(text, "workers", "")
	}
	lines := ended(strings.SplitAfter(text, "\n"))
	drop := map[int]bool{}
	for path, at := range findPlaces([]byte(text)) {
		if strings.HasPrefix(path, "workers[") {
			to, _ := valueEnd(lines, at.line-1)
			for i := at.line - 1; i < to; i++ {
				drop[i] = true
			}
		}
	}
	var b strings.Builder
	for i, line := range lines {
		if !drop[i] {
			b.WriteString(line)
		}
	}
	for _, w := range workers {
		fmt.Fprintf(&b, "\n[[workers]]\nname = %s\ncores = %d\n", tomlText(w.Name), w.Cores)
	}
	return b.String()
}
