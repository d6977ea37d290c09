package console

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nixwright/nixwright/state/live"
)

// filter is which builds are shown. The zero filter shows all.
type filter struct {
	text     string // as typed
	statuses []live.Status
	repo     string
	branch   string
	attr     string
	worker   string
	words    []string // each must be somewhere
}

// filterWords are the words that a filter knows, as the field says them.
const filterWords = "status: repo: branch: attr: worker: or any text"

// allStatuses are the statuses by their words.
var allStatuses = []live.Status{live.Failed, live.Exception, live.Warnings, live.Running, live.Lost, live.Cancelled, live.Retry, live.Success, live.Skipped}

// parseFilter reads a filter as it is typed; its error says which word is
// wrong.
func parseFilter(text string) (filter, error) {
	f := filter{text: strings.TrimSpace(text)}
	for word := range strings.FieldsSeq(strings.ToLower(text)) {
		name, value, named := strings.Cut(word, ":")
		if !named || strings.Contains(name, "/") {
			f.words = append(f.words, word)
			continue
		}
		if value == "any" {
			value = ""
		}
		switch name {
		case "status":
			statuses, err := statusesOf(value)
			if err != nil {
				return f, err
			}
			f.statuses = append(f.statuses, statuses...)
		case "repo":
			f.repo = value
		case "branch":
			f.branch = value
		case "attr":
			f.attr = value
		case "worker":
			f.worker = value
		default:
			return f, fmt.Errorf("no word %s: there are %s", name, filterWords)
		}
	}
	return f, nil
}

// statusesOf are the statuses that a word begins, or red or green; of an empty
// one none, which means all.
func statusesOf(word string) ([]live.Status, error) {
	var out []live.Status
	var names []string
	for _, s := range allStatuses {
		names = append(names, s.String())
		switch {
		case word == "":
		case word == "red" && s.Red(), word == "green" && s.Green(), strings.HasPrefix(s.String(), word):
			out = append(out, s)
		}
	}
	if word != "" && len(out) == 0 {
		return nil, fmt.Errorf("no status %s: there are red, green, %s", word, strings.Join(names, ", "))
	}
	return out, nil
}

// all says whether it shows all.
func (f filter) all() bool {
	return len(f.statuses) == 0 && f.repo == "" && f.branch == "" && f.attr == "" && f.worker == "" && len(f.words) == 0
}

// matches says whether a build is shown.
func (f filter) matches(s *live.Snapshot, b *live.Build) bool {
	if len(f.statuses) > 0 && !slices.Contains(f.statuses, b.Status()) || !has(b.Repo, f.repo) || !has(b.Attr, f.attr) {
		return false
	}
	if f.branch != "" && !has(b.Branch, f.branch) && !has(pullRequest(b), strings.TrimPrefix(f.branch, "pr")) {
		return false
	}
	if f.worker != "" && !has(workerName(s, b), f.worker) {
		return false
	}
	for _, w := range f.words {
		if !has(b.Attr, w) && !has(b.Repo, w) && !has(b.Branch, w) && !has(b.Message, w) && !has(b.Author, w) && !has(b.Commit, w) && !has(b.State, w) && !has(workerName(s, b), w) {
			return false
		}
	}
	return true
}

func pullRequest(b *live.Build) string {
	if b.PR == 0 {
		return ""
	}
	return fmt.Sprint(b.PR)
}

func workerName(s *live.Snapshot, b *live.Build) string {
	if w := s.Worker(b.Worker); w != nil {
		return w.Name
	}
	return ""
}

// has says whether a text has a part, which is in small letters, whatever its
// own letters are.
func has(text, part string) bool {
	if part == "" {
		return true
	}
	for i := 0; i+len(part) <= len(text); i++ {
		if strings.EqualFold(text[i:i+len(part)], part) {
			return true
		}
	}
	return false
}

// mostHits is how many evaluations a filter finds; the others are older.
const mostHits = 2000

// find are the evaluations with a build that matches, the newest first, and
// whether there are more.
func (f filter) find(s *live.Snapshot) (ids []int64, more bool) {
	seen := map[int64]bool{}
	look := func(b *live.Build) bool {
		group := b.Parent
		if group == 0 || b.Kind == live.KindEval {
			group = b.ID
		}
		if b.Kind != live.KindEval && b.Kind != live.KindAttr || seen[group] || !f.matches(s, b) {
			return true
		}
		if len(ids) == mostHits {
			more = true
			return false
		}
		seen[group] = true
		ids = append(ids, group)
		return true
	}
	if len(f.statuses) == 0 {
		s.Builds(0)(look)
	}
	for _, status := range f.statuses {
		s.ByStatus(status, 0)(look)
	}
	slices.Sort(ids)
	slices.Reverse(ids)
	return ids, more
}
