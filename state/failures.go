package state

import (
	"slices"
	"strings"
)

// Severity says how bad a failure is.
type Severity string

// The severities.
const (
	Broken Severity = "broken" // it does not work now
	Risk   Severity = "risk"   // it will not, or it is unsafe
	Note   Severity = "note"
)

// The areas of the failure table.
const (
	areaGitHub  = "GitHub"
	areaLogin   = "Login"
	areaCache   = "Cloudflare and niks3"
	areaSecrets = "Secrets and NixOS"
	areaRunning = "Running"
)

// Failure is a row of the table of what goes wrong with this stack: shared by
// the wizard, doctor, console, explain and the documentation.
type Failure struct {
	ID       string   `json:"id"` // F17
	Title    string   `json:"title"`
	Severity Severity `json:"severity"`
	Area     string   `json:"area"`
	Why      string   `json:"why"`  // a paragraph: what happens and how it comes about
	Seen     string   `json:"seen"` // exactly how it is recognised
	Fix      string   `json:"fix"`  // a command or a page
	// Prevented says that a set-up made by the wizard cannot have it.
	Prevented bool `json:"prevented"`
}

// Failures lists the whole table, F1 to F50.
func Failures() []Failure {
	return slices.Concat(gitHubFailures, loginFailures[:6], cacheFailures, secretFailures, runningFailures, loginFailures[6:])
}

// FailureByID finds a row by its id, in any case.
func FailureByID(id string) (Failure, bool) {
	all := Failures()
	i := slices.IndexFunc(all, func(f Failure) bool { return strings.EqualFold(f.ID, strings.TrimSpace(id)) })
	if i < 0 {
		return Failure{}, false
	}
	return all[i], true
}

// Problem makes a Problem of the failure: what was seen here and why. Where
// either is empty the table's own words stand in; the fix is the table's.
func (f Failure) Problem(what, why string) Problem {
	if what == "" {
		what = f.Title
	}
	if why == "" {
		why = f.Why
	}
	return Problem{ID: f.ID, What: what, Why: why, Fix: f.Fix}
}
