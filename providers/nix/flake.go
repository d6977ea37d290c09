package nix

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/nixwright/nixwright/state"
)

// flakeFile is a flake.nix that is understood: a set of inputs that are written
// out, and outputs that are a function written there.
type flakeFile struct {
	text    string
	root    *node
	inputs  *node  // inputs = { … }; nil: they are lines inputs.x = …
	lines   []bind // those lines
	outputs *node  // the lambda
}

// insertion is text that goes to a byte of the file.
type insertion struct {
	at   int
	text string
	add  state.NixAdd
}

// readFlake understands a flake.nix, or says why not.
func readFlake(text string) (*flakeFile, error) {
	root, err := parse(text)
	if err != nil {
		return nil, err
	}
	f := &flakeFile{text: text, root: root}
	if root.kind != nodeSet || root.rec {
		return nil, errors.New("it is no plain { … }")
	}
	for _, b := range root.binds {
		switch {
		case len(b.path) == 0 || b.path[0] != "outputs" && b.path[0] != "inputs":
		case b.path[0] == "outputs" && len(b.path) == 1 && f.outputs == nil:
			if f.outputs, _ = inner(b.value, nil); f.outputs.kind != nodeLambda {
				return nil, errors.New("its outputs are no function that is written there")
			}
		case b.path[0] == "inputs" && len(b.path) == 1 && f.inputs == nil && b.value.kind == nodeSet && !b.value.rec:
			f.inputs = b.value
		case b.path[0] == "inputs" && len(b.path) > 1:
			f.lines = append(f.lines, b)
		default:
			return nil, fmt.Errorf("its %s are not written out", b.path[0])
		}
	}
	switch {
	case f.outputs == nil:
		return nil, errors.New("it has no outputs")
	case f.inputs == nil && len(f.lines) == 0:
		return nil, errors.New("it has no inputs")
	}
	return f, nil
}

// has are the names of the inputs.
func (f *flakeFile) has() []string {
	var all []string
	for _, b := range f.lines {
		all = append(all, b.path[1])
	}
	if f.inputs != nil {
		for _, b := range f.inputs.binds {
			if len(b.path) > 0 {
				all = append(all, b.path[0])
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// addInputs are the insertions that bring the inputs, and their names into the
// arguments of outputs where these are listed.
func (f *flakeFile) addInputs(lacks []state.NixInput, used []string) []insertion {
	var all []insertion
	if len(lacks) > 0 {
		var lines, lone []string
		for _, in := range lacks {
			line := in.Name + `.url = "github:` + in.Owner + "/" + in.Name + `";`
			lines, lone = append(lines, line), append(lone, "inputs."+line)
		}
		at, binds := 0, f.lines
		if f.inputs == nil {
			lines = lone
		} else {
			at, binds = f.inputs.from+1, f.inputs.binds
		}
		first := at
		if len(binds) > 0 {
			first, at = binds[len(binds)-1].from, binds[len(binds)-1].to
		}
		all = append(all, f.insert("inputs", first, at, len(binds) > 0, lines))
	}
	h := f.outputs.lambda
	var names []string
	for _, name := range used {
		if h.set && !slices.Contains(h.names, name) && (h.name == "" || !h.more) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return all
	}
	list := strings.Join(names, ", ")
	text, at := ", "+list, h.last
	switch {
	case h.last == 0 && h.more:
		text, at = list+", ", h.moreAt
	case h.last == 0:
		text, at = " "+list, h.open
	}
	return append(all, insertion{at, text, state.NixAdd{Line: f.line(at), To: "the arguments of outputs", Text: list}})
}

// insert puts lines behind the byte at, which ends what begins at first: each
// on a line of its own where that stands on one, else in the same line.
func (f *flakeFile) insert(to string, first, at int, behind bool, lines []string) insertion {
	add := state.NixAdd{To: to, Line: f.line(at), Text: strings.Join(lines, " ")}
	begin := strings.LastIndexByte(f.text[:first], '\n') + 1
	indent := f.text[begin:first]
	if !behind || strings.Trim(indent, " \t") != "" {
		return insertion{at, " " + add.Text, add}
	}
	newline := "\n"
	if begin > 1 && f.text[begin-2] == '\r' {
		newline = "\r\n"
	}
	between := newline + indent
	return insertion{f.endOfLine(at), between + strings.Join(lines, between), add}
}

// endOfLine is where the line ends on which the byte is, where only white
// space and comments follow; else the byte.
func (f *flakeFile) endOfLine(at int) int {
	for i := at; i < len(f.text); i++ {
		switch rest := f.text[i:]; {
		case rest[0] == ' ' || rest[0] == '\t':
		case rest[0] == '\n', strings.HasPrefix(rest, "\r\n"):
			return i
		case rest[0] == '#':
			end := strings.IndexAny(rest, "\r\n")
			if end < 0 {
				return at
			}
			return i + end
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest, "*/")
			if end < 0 || strings.Contains(rest[:end], "\n") {
				return at
			}
			i += end + 1
		default:
			return at
		}
	}
	return at
}

func (f *flakeFile) line(at int) int { return 1 + strings.Count(f.text[:at], "\n") }

// addModules is the insertion that brings the modules into the host's list.
func (f *flakeFile) addModules(to string, list *node, lines []string) insertion {
	if len(list.kids) > 0 {
		last := list.kids[len(list.kids)-1]
		if in := f.insert(to, last.from, last.to, true, lines); strings.ContainsRune(in.text, '\n') {
			return in
		}
	}
	// The list stands on one line: it is opened behind what is in it.
	at := list.from + 1
	if len(list.kids) > 0 {
		at = list.kids[len(list.kids)-1].to
	}
	add := state.NixAdd{To: to, Line: f.line(at), Text: strings.Join(lines, " ")}
	begin := strings.LastIndexByte(f.text[:at], '\n') + 1
	indent := f.text[begin : begin+len(f.text[begin:at])-len(strings.TrimLeft(f.text[begin:at], " \t"))]
	newline := "\n"
	if begin > 1 && f.text[begin-2] == '\r' {
		newline = "\r\n"
	}
	between := newline + indent + "  "
	text := between + strings.Join(lines, between) + newline + indent
	if f.text[at] == ' ' { // which stands before the bracket
		text = strings.TrimSuffix(text, " ")
	}
	return insertion{at, text, add}
}

// refer is how the outputs' text calls an input.
func (f *flakeFile) refer(input string) string {
	if name := f.outputs.lambda.name; name != "" {
		return name + "." + input
	}
	return input
}

// uses are the names of the outputs' arguments that such a text rests on.
func (f *flakeFile) uses(inputs []string) []string {
	if name := f.outputs.lambda.name; name != "" {
		return []string{name}
	}
	return inputs
}

// words writes the modules as they are written in flake.nix.
func (f *flakeFile) words(all []state.NixModule) []string {
	var out []string
	for _, m := range all {
		switch {
		case m.Input != "":
			out = append(out, f.refer(m.Input)+".nixosModules."+m.Attr)
		case m.Path != "":
			out = append(out, nixPath(m.Path))
		default:
			out = append(out, m.Text)
		}
	}
	return out
}

// plainPath is what Nix takes as a path without quotes.
var plainPath = regexp.MustCompile(`^[A-Za-z0-9._+-]+(/[A-Za-z0-9._+-]+)*$`)

// nixPath is a file of the repository as flake.nix names it.
func nixPath(path string) string {
	if plainPath.MatchString(path) {
		return "./" + path
	}
	return `(./. + "` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "\n", `\n`, "\r", `\r`).Replace("/"+path) + `")`
}

// apply makes the text with all insertions in it.
func apply(text string, all []insertion) string {
	slices.SortStableFunc(all, func(a, b insertion) int { return cmp.Compare(a.at, b.at) })
	var out strings.Builder
	from := 0
	for _, in := range all {
		_, _ = out.WriteString(text[from:in.at] + in.text)
		from = in.at
	}
	_, _ = out.WriteString(text[from:])
	return out.String()
}
