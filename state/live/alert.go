package live

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nixwright/nixwright/state"
)

// Alert is something that wants a person.
type Alert struct {
	ID       string         `json:"id,omitempty"` // of the failure table: F28
	Severity state.Severity `json:"severity"`
	What     string         `json:"what"`
	Why      string         `json:"why,omitempty"`
	Fix      string         `json:"fix,omitempty"`
	URL      string         `json:"url,omitempty"`
	Since    time.Time      `json:"since,omitzero"`
	To       Place          `json:"to"`
}

// Place is where enter leads: a page, and what of it.
type Place struct {
	Page Page   `json:"page"`
	ID   string `json:"id,omitempty"` // a number, a unit's or a step's name
}

// Page is a page of the console.
type Page string

// The pages.
const (
	PageOverview  Page = "overview"
	PageBuilds    Page = "builds"
	PageBuild     Page = "build"
	PageQueue     Page = "queue"
	PageCache     Page = "cache"
	PageGC        Page = "gc"
	PageHooks     Page = "hooks"
	PageHost      Page = "host"
	PageChecklist Page = "checklist"
	PageJournal   Page = "journal"
)

// rules are what alerts are derived by. The checklist comes last: it adds only
// what the sources do not see themselves.
var rules = []func(*Snapshot, time.Time) []Alert{
	redBranches, notCached, stuck,
	hookAlerts, gitHubAlerts, doubled,
	collection, cacheAlerts,
	unitAlerts, diskAlerts, memoryAlerts, certificateAlerts,
}

// Alerts are what wants a person at a time, the worst first and of these the
// newest. It looks at the last few hundred builds and at no source.
func (s *Snapshot) Alerts(now time.Time) []Alert {
	var all []Alert
	for _, rule := range rules {
		all = append(all, rule(s, now)...)
	}
	all = append(all, s.findings(all)...)
	slices.SortStableFunc(all, func(a, b Alert) int {
		return cmp.Or(cmp.Compare(rank(a.Severity), rank(b.Severity)), b.Since.Compare(a.Since))
	})
	return all
}

func rank(s state.Severity) int {
	return slices.Index([]state.Severity{state.Broken, state.Risk, state.Note}, s)
}

// failure is an alert of a row of the failure table; what is empty is the
// table's.
func failure(id, what, why string, since time.Time, to Place) Alert {
	f, _ := state.FailureByID(id)
	return Alert{ID: id, Severity: f.Severity, What: cmp.Or(what, f.Title), Why: cmp.Or(why, f.Why), Fix: f.Fix, Since: since, To: to}
}

// findings are the problems of the checklist that no source sees.
func (s *Snapshot) findings(seen []Alert) []Alert {
	var out []Alert
	list, _ := s.Checklist.Get()
	for _, line := range list {
		for _, p := range line.Problems {
			if p.ID != "" && slices.ContainsFunc(seen, func(a Alert) bool { return a.ID == p.ID }) || s.mended(p) {
				continue
			}
			a := Alert{ID: p.ID, Severity: state.Note, What: p.What, Why: p.Why, Fix: p.Fix, URL: p.URL, Since: s.Checklist.At, To: Place{PageChecklist, line.Step}}
			if f, found := state.FailureByID(p.ID); found {
				a.Severity, a.Why, a.Fix = f.Severity, cmp.Or(p.Why, f.Why), cmp.Or(p.Fix, f.Fix)
			} else if !line.True() {
				a.Severity = state.Risk
			}
			out = append(out, a)
		}
	}
	return out
}

// mended says that a problem of the checklist is one of a unit that has been seen
// up since.
func (s *Snapshot) mended(p state.Problem) bool {
	units, known := s.Units.Get()
	if !known || s.Units.At.Before(s.Checklist.At) || p.ID != "F45" && p.ID != "F48" {
		return false
	}
	return slices.ContainsFunc(units, func(u Unit) bool { return u.Active == "active" && strings.Contains(p.What, u.Name) })
}

// Truth is the one sentence that stands above everything, and how bad it is:
// empty where all is green.
type Truth struct {
	Severity state.Severity `json:"severity,omitempty"`
	Known    bool           `json:"known"` // false: too little is known to say
	Text     string         `json:"text"`
	Broken   int            `json:"broken"`
	Risks    int            `json:"risks"`
}

// Truth says how all of it stands, of the alerts of the same time. Clock times
// in it are in now's zone.
func (s *Snapshot) Truth(alerts []Alert, now time.Time) Truth {
	t := Truth{Known: true}
	for _, a := range alerts {
		switch a.Severity {
		case state.Broken:
			t.Broken++
		case state.Risk:
			t.Risks++
		case state.Note:
		}
	}
	from, down := s.Source(s.builds.source)
	down = down && !from.Up
	seen := s.builds.at
	if down && !from.Since.IsZero() {
		seen = from.Since // who tells what changes was right until then
	}
	switch {
	case t.Broken > 0:
		t.Severity, t.Text = state.Broken, s.brokenText(alerts, t.Broken, now)
		if down {
			t.Text = fmt.Sprintf("%s is down; %s ago: %s", from.Name, span(now.Sub(seen)), t.Text)
		}
	case s.builds.at.IsZero():
		t.Known, t.Text = false, "Not known yet: nothing was heard of the builds."
	case down:
		t.Known, t.Text = false, fmt.Sprintf("Not known: %s is down, builds were last seen %s ago.", from.Name, span(now.Sub(seen)))
	case t.Risks > 0:
		t.Severity, t.Text = state.Risk, "It works. "+counted(t.Risks, "risk")+": "+firstOf(alerts, state.Risk).What+"."
	default:
		t.Text = "All green." + s.lastCached(now)
	}
	return t
}

func (s *Snapshot) brokenText(alerts []Alert, broken int, now time.Time) string {
	branches, newest := 0, ""
	for _, a := range alerts {
		if a.ID == "" && a.To.Page == PageBuild && a.Severity == state.Broken {
			var n int64
			if _, err := fmt.Sscan(a.To.ID, &n); err != nil {
				continue
			}
			if b := s.Build(n); b != nil {
				if branches++; branches == 1 {
					newest = fmt.Sprintf("%s does not build since %s", s.branch(b), a.Since.In(now.Location()).Format("15:04"))
				}
			}
		}
	}
	switch {
	case branches == 2:
		return newest + ", and 1 more branch does not."
	case branches > 1:
		return fmt.Sprintf("%s, and %d more branches do not.", newest, branches-1)
	case branches == 1:
		return newest + "."
	}
	text := firstOf(alerts, state.Broken).What
	if broken > 1 {
		text += ", and " + fmt.Sprint(broken-1) + " more"
	}
	return text + "."
}

func firstOf(alerts []Alert, severity state.Severity) Alert {
	for _, a := range alerts {
		if a.Severity == severity {
			return a
		}
	}
	return Alert{}
}

// lastCached is the sentence about the last green build that clients get.
func (s *Snapshot) lastCached(now time.Time) string {
	n := 0
	for b := range s.ByStatus(Success, 0) {
		if n++; n > usualLook {
			break
		}
		if b.Cached() == CacheServed && !b.Finished.IsZero() {
			if now.Sub(b.Finished) < time.Minute {
				return " The last green build was cached just now."
			}
			return " The last green build was cached " + span(now.Sub(b.Finished)) + " ago."
		}
	}
	return ""
}

// counted is a number of things.
func counted(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprint(n, " ", thing)
}

// span is a time in words as the pages write them: 8s, 4 min, 3h05m, 12d.
func span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", max(0, int(d.Seconds())))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%dd", int(d.Hours())/24)
}

// short is a commit or an attribute as sentences name it.
func short(b *Build) (attr, commit string) {
	attr = b.Attr
	if i := strings.IndexByte(attr, '.'); i >= 0 && i+1 < len(attr) {
		attr = attr[i+1:]
	}
	return cmp.Or(attr, "the evaluation"), b.Commit[:min(7, len(b.Commit))]
}
