package console

import (
	"fmt"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/ui/tui"
)

// target is something that a jump leads to.
type target struct {
	kind, name, note string
	mark             string // the word of its status
	do               tea.Cmd
	page             tui.Page // that is opened, in place of do
}

// How far a jump looks: so many are shown of each kind, and so many of the
// newest builds are looked at.
const (
	mostTargets = 12
	mostLooked  = 5000
)

// targets are what an input names.
func targets(s scene, input string) []target {
	words := strings.Fields(strings.ToLower(input))
	if len(words) > 1 && (words[0] == "log" || words[0] == "build" || words[0] == "host" || words[0] == "unit") {
		words = words[1:]
	}
	var out []target
	for _, part := range [][]target{pageTargets(words), numberTarget(s, words), failureTargets(s, words), unitTargets(s, words), buildTargets(s, words)} {
		out = append(out, part...)
	}
	return out
}

// fits says whether a name has all words.
func fits(words []string, texts ...string) bool {
	for _, w := range words {
		found := false
		for _, t := range texts {
			found = found || has(t, w)
		}
		if !found {
			return false
		}
	}
	return true
}

func pageTargets(words []string) []target {
	var out []target
	for i, n := range numbers() {
		if n.make != nil && fits(words, n.name) {
			out = append(out, target{kind: "page", name: n.name, note: strconv.Itoa(i + 1), do: lead(live.Place{Page: n.page})})
		}
	}
	if len(words) > 0 && fits(words, "quit") {
		out = append(out, target{kind: "quit", name: "quit", do: tea.Quit})
	}
	return out
}

// numberTarget is the build of a number.
func numberTarget(s scene, words []string) []target {
	if len(words) != 1 {
		return nil
	}
	n, err := strconv.ParseInt(words[0], 10, 64)
	if err != nil {
		return nil
	}
	if b := s.snap.Build(n); b != nil {
		return []target{buildTarget(s, b)}
	}
	return nil
}

func buildTarget(s scene, b *live.Build) target {
	at := b.Finished
	if at.IsZero() {
		at = b.Started
	}
	note := strings.TrimSpace(branchOf(b) + " " + short(b.Commit))
	if !at.IsZero() {
		note += ", " + before(s, at)
	}
	return target{
		kind: "build", name: labelOf(b), note: note, mark: b.Status().String(),
		do: lead(live.Place{Page: live.PageBuild, ID: strconv.FormatInt(b.ID, 10)}),
	}
}

// failureTargets are rows of the failure table by their id.
func failureTargets(s scene, words []string) []target {
	if len(words) != 1 || !strings.HasPrefix(words[0], "f") {
		return nil
	}
	f, known := state.FailureByID(strings.ToUpper(words[0]))
	if !known {
		return nil
	}
	page := newExplain(live.Alert{ID: f.ID, What: f.Title + " (not so now)", Why: f.Why, Fix: f.Fix}, s)
	note := f.Title + ", not so now"
	for _, a := range s.alerts {
		if a.ID == f.ID {
			page, note = newExplain(a, s), a.What
			break
		}
	}
	return []target{{kind: "failure", name: f.ID, note: note, page: page}}
}

func unitTargets(s scene, words []string) []target {
	units, _ := s.snap.Units.Get()
	var out []target
	for _, u := range units {
		if len(words) > 0 && len(out) < mostTargets && fits(words, u.Name) {
			out = append(out, target{kind: "unit", name: u.Name, note: u.Active, do: lead(live.Place{Page: live.PageHost, ID: u.Name})})
		}
	}
	return out
}

// buildTargets are builds by name, branch or commit, of the newest ones, each
// name once for a branch.
func buildTargets(s scene, words []string) []target {
	if len(words) == 0 {
		return nil
	}
	var out []target
	seen := map[string]bool{}
	n := 0
	for b := range s.snap.Builds(0) {
		if n++; n > mostLooked || len(out) == mostTargets {
			break
		}
		if b.Kind == live.KindOther || !fits(words, shortAttr(b.Attr), branchOf(b), b.Commit, b.Repo) {
			continue
		}
		if one := fmt.Sprint(b.Repo, b.Attr, branchOf(b)); !seen[one] {
			seen[one] = true
			out = append(out, buildTarget(s, b))
		}
	}
	return out
}
