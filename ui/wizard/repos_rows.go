package wizard

import (
	"slices"
	"strings"

	"github.com/nixwright/nixwright/state"
)

// repoRow is a repository to choose.
type repoRow struct {
	state.RepoListing

	byHand bool // typed, so nothing is known of it
}

// typed are the names in what is typed, where they are legal and not all of
// them are shown.
func (r Repos) typed() []string {
	names := repoNames(r.filter)
	if len(names) == 0 || r.illegal(strings.Join(names, ",")) != "" {
		return nil
	}
	for _, name := range names {
		if !slices.ContainsFunc(r.shown, func(i int) bool { return strings.EqualFold(r.rows[i].Name, name) }) {
			return names
		}
	}
	return nil
}

// onTyped says whether the cursor is on what is typed.
func (r Repos) onTyped() bool { return r.cursor == len(r.shown) && len(r.typed()) > 0 }

// refusal is why there is no answer yet; empty: there is one.
func (r Repos) refusal() string {
	if len(r.chosen) == 0 {
		return "choose a repository with space"
	}
	return r.illegal(strings.Join(r.chosen, ","))
}

func (r Repos) illegal(answer string) string {
	if r.Asking.Question.Accept == nil {
		return ""
	}
	if err := r.Asking.Question.Accept(state.Answer{Value: state.NewSecret(answer), From: "you"}); err != nil {
		return state.AsProblem(err).What
	}
	return ""
}

// closed is why nobody here can have the repository built.
func (row repoRow) closed() string {
	switch {
	case row.byHand:
	case row.Archived:
		return "archived: cannot be built"
	case !row.Admin:
		return "you do not administer it"
	}
	return ""
}

// off is why a repository cannot be chosen now; empty: it can.
func (r Repos) off(row repoRow) string {
	if reason := row.closed(); reason != "" || len(r.chosen) == 0 {
		return reason
	}
	owner, _, _ := strings.Cut(r.chosen[0], "/")
	if mine, _, _ := strings.Cut(row.Name, "/"); !strings.EqualFold(mine, owner) {
		return "not of " + owner + ": all must have one owner"
	}
	return ""
}
