package state

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
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
		case old == now && had == has && (f.takes() != aWorkers || slices.Equal(from.Workers, to.Workers)):
		case f.takes() == aWorkers:
			text = withWorkers(text, from.Workers, to.Workers)
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

// withWorkers is the text with other tables of workers: those that are wanted
// still are where they were, new ones come behind the last. Where the order is another
// one, all of them are written again at the end.
func withWorkers(text string, from, to []Worker) string {
	if _, inline := findPlaces([]byte(text))["workers"]; inline {
		text, from = withKey(text, "workers", ""), nil
	}
	kept := slices.DeleteFunc(slices.Clone(from), func(w Worker) bool { return indexWorker(to, w.Name) < 0 })
	if len(kept) > len(to) || slices.ContainsFunc(kept, func(w Worker) bool { return indexWorker(kept, w.Name) != indexWorker(to, w.Name) }) {
		text, kept = withoutTables(text, func(int) bool { return true }), nil
	} else {
		text = withoutTables(text, func(i int) bool { return i < len(from) && indexWorker(to, from[i].Name) < 0 })
	}
	for i, w := range kept {
		if to[i] != w {
			text = withTable(text, i, to[i])
		}
	}
	lines := ended(strings.SplitAfter(text, "\n"))
	last := 0
	for path, at := range findPlaces([]byte(text)) {
		if strings.HasPrefix(path, "workers[") {
			end, _ := valueEnd(lines, at.line-1)
			last = max(last, end)
		}
	}
	if last == 0 {
		last = len(lines)
	}
	var b strings.Builder
	for _, w := range to[len(kept):] {
		b.WriteString("\n" + workerTable(w))
	}
	return strings.Join(slices.Insert(lines, last, b.String()), "")
}

func indexWorker(all []Worker, name string) int {
	return slices.IndexFunc(all, func(w Worker) bool { return w.Name == name })
}

// withoutTables is the text without some tables of workers, each with the blank
// line before it. Comments in and around them stay.
func withoutTables(text string, drop func(i int) bool) string {
	lines := ended(strings.SplitAfter(text, "\n"))
	dropped := map[int]bool{}
	for path, at := range findPlaces([]byte(text)) {
		number, _, _ := strings.Cut(strings.TrimPrefix(path, "workers["), "]")
		i, err := strconv.Atoi(number)
		if !strings.HasPrefix(path, "workers[") || err != nil || !drop(i) {
			continue
		}
		from := at.line - 1
		end, _ := valueEnd(lines, from)
		for n := from; n < end; n++ {
			dropped[n] = true
		}
		if header := !strings.Contains(path, "."); header && from > 0 && strings.TrimSpace(lines[from-1]) == "" {
			dropped[from-1] = true
		}
	}
	var b strings.Builder
	for n, line := range lines {
		if !dropped[n] {
			b.WriteString(line)
		}
	}
	return b.String()
}

// withTable is the text with the i-th table of workers saying something else.
func withTable(text string, i int, w Worker) string {
	for _, key := range []struct{ name, line string }{
		{"cores", fmt.Sprintf("cores = %d", w.Cores)},
		{"recipient", "recipient = " + tomlText(w.Recipient)},
		{"password", "password = " + tomlText(w.Password)},
	} {
		path := fmt.Sprintf("workers[%d].%s", i, key.name)
		if key.name == "recipient" && w.Recipient == "" || key.name == "password" && w.Password == "" {
			key.line = ""
		}
		if _, said := findPlaces([]byte(text))[path]; said || key.line != "" {
			text = withKey(text, path, key.line)
		}
	}
	return text
}
