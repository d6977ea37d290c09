package nix

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nixwright/nixwright/providers/runner"
	"github.com/nixwright/nixwright/state"
)

// The files that say what the inputs are.
const (
	flakeName  = "flake.nix"
	pinProgram = "npins"
)

// Host looks what the infra repository has of a machine's inputs and modules,
// and makes the text of flake.nix with what lacks, where that is plain. What is
// imported is read from the files that the machine's list of modules leads to,
// or, where there is no such list, from all of the repository. Nothing is
// written.
func (n *Nix) Host(ctx context.Context, want state.NixHost) (state.NixLook, error) {
	have, err := n.Inputs(ctx)
	if err != nil {
		return state.NixLook{}, err
	}
	look := state.NixLook{Inputs: have}
	if have.Kind == "flake" {
		text, found, err := state.ReadFile(filepath.Join(n.root, flakeName))
		if err != nil {
			return look, fmt.Errorf("read %s: %w", flakeName, err)
		}
		if found {
			return n.flake(ctx, string(text), want, look, true)
		}
	}
	for _, in := range want.Inputs {
		if slices.Contains(have.Have, in.Name) {
			continue
		}
		look.Lacks = append(look.Lacks, in.Name)
		argv := []string{pinProgram, "add", "github", in.Owner, in.Name}
		if in.Branch != "" {
			argv = append(argv, "--branch", in.Branch)
		}
		look.Commands = append(look.Commands, argv)
	}
	if have.Kind != pinProgram && len(look.Commands) > 0 {
		look.Commands = slices.Insert(look.Commands, 0, []string{pinProgram, "init"})
	}
	_, err = exec.LookPath(pinProgram)
	look.Runs = err == nil && have.Kind == pinProgram
	lacks := n.all(want, "").lacks(want.Modules)
	look.Imports = short(lacks)
	if len(lacks) > 0 {
		var lines []string
		for _, m := range lacks {
			lines = append(lines, pinned(m, n.entry(want)))
		}
		look.Adds = []state.NixAdd{{File: n.entry(want), To: "imports", Text: strings.Join(lines, " ")}}
	}
	return look, nil
}

// flake looks into flake.nix. check: see that the text with the additions
// leaves nothing to add.
func (n *Nix) flake(ctx context.Context, text string, want state.NixHost, look state.NixLook, check bool) (state.NixLook, error) {
	f, err := readFlake(text)
	have, locked := look.Have, len(look.Have) > 0
	if err == nil {
		have = f.has() // the lock file may be an older one's
	}
	var lacks []state.NixInput
	var bring []string
	for _, in := range want.Inputs {
		bring = append(bring, in.Name)
		switch {
		case !slices.Contains(have, in.Name):
			lacks, look.Lacks = append(lacks, in), append(look.Lacks, in.Name)
		case !slices.Contains(look.Have, in.Name) || !locked:
			look.Unlocked = append(look.Unlocked, in.Name)
		}
	}
	slices.Sort(have)
	look.Have = slices.Compact(have)
	if err != nil {
		look.Why = "flake.nix is not as others are: " + err.Error()
		modules := n.all(want, text).lacks(want.Modules)
		look.Imports = short(modules)
		look.Adds = (&flakeFile{outputs: &node{lambda: head{name: "inputs"}}}).told(want, lacks, modules)
		return look, ctx.Err()
	}
	modules, list, why := n.imports(f, want)
	look.Imports = short(modules)
	used := inputsOf(modules)
	if why != nil && len(modules) > 0 {
		look.Why, used = why.Error(), nil
	}
	if h := f.outputs.lambda; !h.more && h.set { // what is not in its list is refused by Nix
		used = bring
	}
	all := f.addInputs(lacks, used)
	if why == nil && len(modules) > 0 {
		all = append(all, f.addModules("modules of "+want.Name, list, f.words(modules)))
	}
	if len(all) > 0 {
		look.Flake = apply(text, all)
	}
	for _, in := range all {
		in.add.File = flakeName
		look.Adds = append(look.Adds, in.add)
	}
	if why != nil && len(modules) > 0 {
		look.Adds = append(look.Adds, f.told(want, nil, modules)...)
	}
	if check && look.Flake != "" {
		again, err := n.flake(ctx, look.Flake, want, state.NixLook{Inputs: state.Inputs{Kind: look.Kind, Have: look.Have}}, false)
		if err != nil {
			return look, err
		}
		if again.Flake != "" {
			look.Flake, look.Why = "", "flake.nix would not be right after it"
		}
	}
	return look, ctx.Err()
}

// imports are the modules that the host does not import, and the list to which
// they can be added; why: there is none.
func (n *Nix) imports(f *flakeFile, want state.NixHost) (modules []state.NixModule, list *node, why error) {
	l, open, why := f.list(want.Name)
	if why != nil || open {
		modules = n.all(want, f.text).lacks(want.Modules)
	} else {
		modules = n.reached(want, f.text[l.node.from:l.node.to]).lacks(want.Modules)
	}
	if why != nil {
		return modules, nil, why
	}
	for _, name := range f.uses(inputsOf(modules)) {
		if slices.Contains(l.bound, name) {
			why = errors.New(name + " means another thing where the modules of " + want.Name + " are listed")
		}
	}
	return modules, l.node, why
}

// inputsOf are the inputs that modules come from.
func inputsOf(all []state.NixModule) []string {
	var out []string
	for _, m := range all {
		if m.Input != "" && !slices.Contains(out, m.Input) {
			out = append(out, m.Input)
		}
	}
	return out
}

// told is what is to be added by hand.
func (f *flakeFile) told(want state.NixHost, lacks []state.NixInput, modules []state.NixModule) []state.NixAdd {
	var out []state.NixAdd
	var lines []string
	for _, in := range lacks {
		lines = append(lines, "inputs."+in.Name+`.url = "github:`+in.Owner+"/"+in.Name+`";`)
	}
	if len(lines) > 0 {
		out = append(out, state.NixAdd{File: flakeName, To: "inputs", Text: strings.Join(lines, " ")})
	}
	if len(modules) > 0 {
		out = append(out, state.NixAdd{File: flakeName, To: "modules of " + want.Name, Text: strings.Join(f.words(modules), " ")})
	}
	return out
}

// short names modules in short.
func short(all []state.NixModule) []string {
	var out []string
	for _, m := range all {
		switch {
		case m.Input != "":
			out = append(out, m.Input+"'s "+m.Attr)
		case m.Path != "":
			out = append(out, m.Path)
		default:
			out = append(out, m.Text)
		}
	}
	return out
}

// pinned is a module as a file beside the host's facts imports it from a pin.
func pinned(m state.NixModule, entry string) string {
	switch {
	case m.Input != "":
		return `(sources.` + m.Input + ` + "/` + m.File + `")`
	case m.Path != "":
		rel, err := filepath.Rel(filepath.FromSlash(path.Dir(entry)), filepath.FromSlash(m.Path))
		if rel = filepath.ToSlash(rel); err == nil && strings.HasPrefix(rel, "../") && plainPath.MatchString(strings.ReplaceAll(rel, "../", "")) {
			return rel
		}
		return nixPath(m.Path)
	}
	return m.Text
}

// entry is the file in which a machine's configuration begins, as far as its
// name can tell.
func (n *Nix) entry(want state.NixHost) string {
	for _, name := range []string{"default.nix", "configuration.nix"} {
		at := path.Join(want.Dir, name)
		if _, err := os.Stat(filepath.Join(n.root, filepath.FromSlash(at))); err == nil {
			return at
		}
	}
	return path.Join(want.Dir, "default.nix")
}

// seen is the text of files, in tokens that are no comments.
type seen []string

// maxFiles is how many files are read for what they import.
const maxFiles = 2000

// all reads every Nix file of the repository but the module itself; flake.nix
// is the text.
func (n *Nix) all(want state.NixHost, flake string) seen {
	var files []string
	_ = filepath.WalkDir(n.root, func(at string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil //nolint:nilerr // what cannot be read imports nothing
		case d.IsDir() && at != n.root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules"):
			return fs.SkipDir
		case len(files) >= maxFiles:
			return fs.SkipAll
		case d.Type().IsRegular() && strings.HasSuffix(d.Name(), ".nix"):
			files = append(files, at)
		}
		return nil
	})
	text, _ := spelled(flake)
	out := seen{text}
	for _, file := range files {
		if !n.ours(want, file) && file != filepath.Join(n.root, flakeName) {
			text, _ := words(file)
			out = append(out, text)
		}
	}
	return out
}

func (n *Nix) ours(want state.NixHost, file string) bool {
	return slices.ContainsFunc(want.Modules, func(m state.NixModule) bool {
		return m.Path != "" && filepath.Join(n.root, filepath.FromSlash(m.Path)) == file
	})
}

// reached reads a list of modules and every file that paths in it lead to.
func (n *Nix) reached(want state.NixHost, list string) seen {
	text, paths := spelled(list)
	out := seen{text}
	known := map[string]bool{}
	var files []string
	follow := func(dir string, paths []string) {
		for _, p := range paths {
			at := filepath.Join(dir, filepath.FromSlash(p))
			if info, err := os.Stat(at); err == nil && info.IsDir() {
				at = filepath.Join(at, "default.nix")
			}
			if !known[at] && len(known) < maxFiles {
				known[at], files = true, append(files, at)
			}
		}
	}
	follow(n.root, paths)
	for len(files) > 0 {
		file := files[0]
		if files = files[1:]; n.ours(want, file) {
			continue
		}
		text, paths := words(file)
		out = append(out, text)
		follow(filepath.Dir(file), paths)
	}
	return out
}

// words reads a file's tokens with one blank between, and the paths in it that
// begin with a dot; a file that cannot be read is empty.
func words(file string) (text string, paths []string) {
	b, _, err := state.ReadFile(file)
	if err != nil {
		return "", nil
	}
	return spelled(string(b))
}

func spelled(text string) (all string, paths []string) {
	tokens, err := tokens(text)
	if err != nil {
		return text, nil
	}
	var out []string
	for _, t := range tokens {
		out = append(out, t.text)
		if t.kind == tokenPath && strings.HasPrefix(t.text, ".") && !strings.Contains(t.text, "${") {
			paths = append(paths, t.text)
		}
	}
	return strings.Join(out, " "), paths
}

// lacks are the modules that no file mentions.
func (s seen) lacks(all []state.NixModule) []state.NixModule {
	var out []state.NixModule
	for _, m := range all {
		marks := []string{m.Marks}
		switch {
		case m.Input != "":
			marks = []string{m.Input + " . nixosModules . " + m.Attr + " ", "/" + m.File + `"`}
			if m.Attr == m.Input || strings.HasPrefix(m.Input, m.Attr+"-") { // the input's only one
				marks = append(marks, m.Input+" . nixosModules . default ")
			}
		case m.Path != "":
			marks = []string{"/" + path.Base(m.Path), `"` + path.Base(m.Path) + `"`}
		}
		if !slices.ContainsFunc(s, func(text string) bool {
			return slices.ContainsFunc(marks, func(mark string) bool { return strings.Contains(text+" ", mark) })
		}) {
			out = append(out, m)
		}
	}
	return out
}

// Pin runs one of the commands that add pins, in the repository.
func (n *Nix) Pin(ctx context.Context, argv []string, line func(string)) error {
	r, err := n.run.Run(ctx, runner.Cmd{Argv: argv, Dir: n.root, Line: line})
	if err != nil {
		return fmt.Errorf("add pin: %w", err)
	}
	if r.Exit != 0 {
		return state.Problem{
			What: strings.Join(argv, " ") + " failed", Why: state.CleanText(r.Stderr, 300), Fix: "mend what it says, or run it yourself",
		}
	}
	return nil
}

// release is where a machine says what system it runs (os-release(5)).
const release = "/etc/os-release"

// Release is the NixOS of this machine: 25.11; empty where it runs another
// system.
func (n *Nix) Release() string {
	text, _, err := state.ReadFile(release)
	if err != nil {
		return ""
	}
	return releaseOf(string(text))
}

func releaseOf(text string) string {
	has := map[string]string{}
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		has[key] = strings.Trim(value, `"'`)
	}
	if has["ID"] != "nixos" {
		return ""
	}
	return has["VERSION_ID"]
}
