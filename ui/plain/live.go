package plain

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/ui/widget"
)

// dash stands for what is not known, or is not there.
const dash = "-"

func orDash(s string) string {
	if s = state.CleanText(s, 0); s == "" {
		return dash
	}
	return s
}

// commitWidth is how much of a commit is shown.
const commitWidth = 7

func short(commit string) string { return orDash(commit[:min(len(commit), commitWidth)]) }

// branchOf is a branch, or the pull request.
func branchOf(b *live.Build) string {
	if b.PR > 0 {
		return fmt.Sprintf("PR %d", b.PR)
	}
	return orDash(b.Branch)
}

// yesNo is the answer to "is it cached?" in the column's word.
func yesNo(c live.Cached) string {
	if c == live.CacheServed {
		return "yes"
	}
	if c == live.CacheMissing || c == live.CacheNotPushed {
		return "no"
	}
	return string(c)
}

// WriteBuilds writes builds as a table.
func WriteBuilds(w io.Writer, builds []*live.Build, now time.Time) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "ID\tSTATUS\tREPOSITORY\tBRANCH\tCOMMIT\tATTRIBUTE\tTOOK\tCACHED")
	for _, b := range builds {
		attr := b.Attr
		if attr == "" && b.Kind == live.KindEval {
			attr = "(evaluation)"
		}
		_, _ = fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", b.ID, b.Status(), orDash(b.Repo), branchOf(b), short(b.Commit), orDash(attr), took(b, now), yesNo(b.Cached()))
	}
	_ = t.Flush()
}

func took(b *live.Build, now time.Time) string {
	if b.Started.IsZero() {
		return dash
	}
	return Took(b.Took(now))
}

// BuildDoc is a build with its steps and their logs: builds show.
type BuildDoc struct {
	Kind   string      `json:"kind"` // build
	Build  *live.Build `json:"build"`
	Status live.Status `json:"status"`
	Cached live.Cached `json:"cached"`
	URL    string      `json:"url,omitempty"`
	Steps  []BuildStep `json:"steps"`
}

// BuildStep is a step with its logs.
type BuildStep struct {
	state.BuildStep

	Logs []state.BuildLog `json:"logs"`
}

// WriteBuild writes a build with its steps.
func WriteBuild(w io.Writer, d BuildDoc, now time.Time) {
	b := d.Build
	_, _ = fmt.Fprintf(w, "build %d: %s %s %s, %s\n", b.ID, orDash(b.Repo), branchOf(b), short(b.Commit), orDash(b.Attr))
	_, _ = fmt.Fprintf(w, "%s, %s, cached: %s\n", d.Status, took(b, now), d.Cached)
	if b.Message != "" {
		_, _ = fmt.Fprintf(w, "%q by %s\n", state.CleanText(b.Message, 0), orDash(b.Author))
	}
	if d.URL != "" {
		_, _ = fmt.Fprintln(w, d.URL)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "\nSTEP\tRESULT\tTOOK\tLOGS")
	for _, s := range d.Steps {
		var logs []string
		for _, l := range s.Logs {
			logs = append(logs, fmt.Sprintf("%s (%d lines)", state.CleanText(l.Slug, 0), l.Lines))
		}
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", orDash(s.Name), stepResult(s.BuildStep), stepTook(s.BuildStep, now), orDash(strings.Join(logs, ", ")))
	}
	_ = t.Flush()
}

func stepResult(s state.BuildStep) string {
	switch {
	case s.Done:
		return s.Result.String()
	case s.Started.IsZero():
		return "to come"
	}
	return "running"
}

func stepTook(s state.BuildStep, now time.Time) string {
	switch {
	case s.Started.IsZero():
		return dash
	case s.Done:
		now = s.At
	}
	return Took(now.Sub(s.Started))
}

// WriteCache writes the cache's figures, each with who told it and when.
func WriteCache(w io.Writer, s *live.Snapshot, now time.Time) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(name, text, source string, at time.Time) {
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\n", name, text, told(source, at, now))
	}
	size := false
	for _, p := range s.Sizes {
		if p == nil {
			continue
		}
		size = true
		var parts []string
		if p.Value.Objects > 0 {
			parts = append(parts, widget.Count(p.Value.Objects)+" objects")
		}
		if p.Value.Logical > 0 {
			parts = append(parts, widget.Size(p.Value.Logical)+" logical")
		}
		if p.Value.Stored > 0 {
			parts = append(parts, widget.Size(p.Value.Stored)+" stored")
		}
		line("size", orDash(strings.Join(parts, ", ")), p.Value.From.String(), p.At)
	}
	if !size {
		line("size", "not known", "", time.Time{})
	}
	if u, known := s.Uploads.Get(); known {
		line("uploads", fmt.Sprintf("%d pending", u.Pending), s.Uploads.Source, s.Uploads.At)
	}
	if tr, known := s.Traffic.Get(); known {
		line("requests", fmt.Sprintf("class A %s, class B %s", widget.Count(tr.ClassA), widget.Count(tr.ClassB)), s.Traffic.Source, s.Traffic.At)
	}
	if pins, known := s.Pins.Get(); known {
		var names []string
		for _, p := range pins {
			names = append(names, state.CleanText(p.Name, 0))
		}
		line("pins", orDash(strings.Join(names, ", ")), s.Pins.Source, s.Pins.At)
	}
	_ = t.Flush()
	writeSources(w, s)
}

// WriteGC writes the state of garbage collection.
func WriteGC(w io.Writer, s *live.Snapshot, now time.Time) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	gc, known := s.GC.Get()
	switch {
	case !known:
		_, _ = fmt.Fprintln(t, "state\tnot known")
	case !gc.Offered:
		_, _ = fmt.Fprintln(t, "state\t"+state.Niks3Needs(state.Niks3GCStatus))
	case gc.State == "":
		_, _ = fmt.Fprintf(t, "state\tnever ran\t%s\n", told(s.GC.Source, s.GC.At, now))
	default:
		_, _ = fmt.Fprintf(t, "state\t%s\t%s\n", gc.State, told(s.GC.Source, s.GC.At, now))
		if gc.Phase != "" {
			_, _ = fmt.Fprintln(t, "phase\t"+gc.Phase)
		}
		if gc.Error != "" {
			_, _ = fmt.Fprintln(t, "error\t"+gc.Error)
		}
		_, _ = fmt.Fprintf(t, "started\t%s ago\n", widget.Age(now.Sub(gc.Started)))
		if !gc.Finished.IsZero() {
			_, _ = fmt.Fprintf(t, "took\t%s\n", Took(gc.Finished.Sub(gc.Started)))
		}
		_, _ = fmt.Fprintf(t, "policy\tolder than %s\n", orDash(gc.Policy.OlderThan))
	}
	timers, _ := s.Timers.Get()
	for _, timer := range timers {
		next := "none"
		if !timer.Next.IsZero() {
			next = "in " + widget.Age(timer.Next.Sub(now))
		}
		_, _ = fmt.Fprintf(t, "%s\tnext %s\t%s\n", state.CleanText(timer.Unit.Name, 0), next, told(s.Timers.Source, s.Timers.At, now))
	}
	_ = t.Flush()
	writeSources(w, s)
}

func told(source string, at, now time.Time) string {
	if source == "" {
		return ""
	}
	return "(" + source + ", " + widget.Age(now.Sub(at)) + " ago)"
}

// writeSources says which sources are down, and what one that is up cannot tell.
func writeSources(w io.Writer, s *live.Snapshot) {
	for _, o := range s.Sources {
		switch {
		case o.Err != "":
			_, _ = fmt.Fprintln(w, o.Name+" is down: "+state.CleanText(o.Err, 0))
		case o.Note != "":
			_, _ = fmt.Fprintln(w, o.Name+": "+state.CleanText(o.Note, 0))
		}
	}
}

// WriteTruth writes the sentence of truth and the alerts below it.
func WriteTruth(w io.Writer, s *live.Snapshot, alerts []live.Alert, now time.Time, style Style) {
	mark := func(word string) string { return style.glyph(word) + " " + word }
	truth := s.Truth(alerts, now)
	word := "ok"
	switch {
	case !truth.Known:
		word = "unknown"
	case truth.Severity != "":
		word = string(truth.Severity)
	}
	_, _ = fmt.Fprintf(w, "%s %s  %s\n", now.Format("15:04:05"), mark(word), truth.Text)
	for _, a := range alerts {
		_, _ = fmt.Fprintf(w, "         %s\n", strings.Join(strings.Fields(mark(string(a.Severity))+" "+a.ID+" "+a.What), " "))
		if a.Fix != "" {
			_, _ = fmt.Fprintln(w, "           do "+a.Fix)
		}
	}
}

// BuildName is what a build builds, in a few words.
func BuildName(b *live.Build) string {
	what := b.Attr
	if what == "" {
		what = b.Kind.String()
	}
	return strings.Join([]string{orDash(b.Repo), branchOf(b), short(b.Commit), orDash(what)}, " ")
}

// WriteBuildLine writes that a build stands otherwise now.
func WriteBuildLine(w io.Writer, b *live.Build, now time.Time, style Style) {
	status := b.Status().String()
	_, _ = fmt.Fprintf(w, "%s %s %d  %s  %s\n", now.Format("15:04:05"), style.mark(status), b.ID, BuildName(b), took(b, now))
}
