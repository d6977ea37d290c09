package live

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nixwright/nixwright/state"
)

// hookAlerts judge the newest delivery through each hook.
func hookAlerts(s *Snapshot, _ time.Time) []Alert {
	type hook struct {
		repo string
		app  bool
	}
	var out []Alert
	seen := map[hook]bool{}
	for d := range s.Deliveries() {
		h := hook{d.Repo, d.App}
		if seen[h] {
			continue
		}
		seen[h] = true
		f := ""
		switch {
		case d.Status == 301, d.Status == 302, d.Status == 504, d.Took > 10*time.Second:
			f = "F9"
		case d.Status == 400:
			f = "F6"
		case d.Status >= 300:
			f = "F1"
		}
		if f != "" {
			out = append(out, failure(f, fmt.Sprintf("the last delivery of %s was answered %d after %.1fs", cmp.Or(d.Repo, "the App"), d.Status, d.Took.Seconds()), "", d.At, Place{PageHooks, fmt.Sprint(d.ID)}))
		}
	}
	return out
}

func gitHubAlerts(s *Snapshot, now time.Time) []Alert {
	g, known := s.GitHub.Get()
	if !known {
		return nil
	}
	var out []Alert
	to := Place{PageHooks, ""}
	say := func(f, what string) {
		a := failure(f, what, "", s.GitHub.At, to)
		a.URL = g.Page
		out = append(out, a)
	}
	if len(g.Lacks) > 0 {
		say("F2", "the App lacks "+permissions(g.Lacks))
	}
	if len(g.Unsettled) > 0 {
		say("F3", "the installation did not accept "+permissions(g.Unsettled))
	}
	if len(g.Absent) > 0 {
		say("F4", "the App is not installed on "+strings.Join(g.Absent, ", "))
	}
	if g.Limit > 0 && g.Left*20 < g.Limit && g.Reset.After(now) || g.Refused > 0 {
		say("F10", fmt.Sprintf("%d of %d requests left, %d statuses refused", g.Left, g.Limit, g.Refused))
	}
	return out
}

func permissions(all map[string]string) string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		out = append(out, name+" "+all[name])
	}
	return strings.Join(out, ", ")
}

// gcTimer is the timer of niks3's module.
const gcTimer = "niks3-gc.timer"

// collection is F28. A timer that waits for its first run is a note.
func collection(s *Snapshot, now time.Time) []Alert {
	to := Place{PageGC, ""}
	var out []Alert
	gc, _ := s.GC.Get()
	if gc.State == state.GCFailed {
		out = append(out, failure("F28", "the last collection failed", gc.Error, cmp.Or(gc.Finished, gc.Started, s.GC.At), to))
	}
	timers, known := s.Timers.Get()
	if !known {
		return out
	}
	i := slices.IndexFunc(timers, func(t state.Timer) bool { return t.Unit.Name == gcTimer })
	if i < 0 || timers[i].Unit.Load == "not-found" {
		return append(out, failure("F28", "there is no "+gcTimer, "", s.Timers.At, to))
	}
	t := timers[i]
	collecting := t.Unit.Sub == "running" || gc.State == state.GCRunning
	last := "it never ran"
	if !t.Last.IsZero() {
		last = "last collection " + span(now.Sub(t.Last)) + " ago"
	}
	switch {
	case t.Unit.Active != "active":
		out = append(out, failure("F28", last+"; the timer is "+t.Unit.Active, "", cmp.Or(t.Last, s.Timers.At), to))
	case t.Next.IsZero() && !collecting:
		out = append(out, failure("F28", last+"; there is no next run", "", cmp.Or(t.Last, s.Timers.At), to))
	case !t.Next.IsZero() && now.Sub(t.Next) > time.Hour:
		out = append(out, failure("F28", last+", one was due "+span(now.Sub(t.Next))+" ago", "", t.Next, to))
	case t.Last.IsZero() && !collecting && gc.State == "":
		a := failure("F28", "no collection ran yet", "", s.Timers.At, to)
		if a.Severity, a.Fix = state.Note, "nothing has to be done: the timer starts it"; !t.Next.IsZero() {
			a.What += ", the first comes " + t.Next.In(now.Location()).Format("Mon 15:04")
		}
		out = append(out, a)
	}
	return out
}

func cacheAlerts(s *Snapshot, now time.Time) []Alert {
	to := Place{PageCache, ""}
	var out []Alert
	if h, known := s.Health.Get(); known && !h.OK {
		out = append(out, Alert{Severity: state.Broken, What: "niks3 does not answer", Why: h.Text, Fix: "look at its unit", Since: s.Health.At, To: Place{PageHost, "niks3.service"}})
	}
	if u, known := s.Uploads.Get(); known && u.Pending > 0 && !u.Oldest.IsZero() && now.Sub(u.Oldest) > time.Hour {
		out = append(out, failure("F29", fmt.Sprintf("%s pending, the oldest for %s", counted(int(u.Pending), "upload"), span(now.Sub(u.Oldest))), "", u.Oldest, to))
	}
	paths, _ := s.Paths.Get()
	for _, p := range paths {
		if p.Narinfo == nil {
			continue
		}
		if !p.Narinfo.Verified {
			out = append(out, failure("F26", p.Path+" is not signed by the key that clients trust", "", p.At, Place{PageCache, p.Path}))
		}
		if strings.EqualFold(p.Narinfo.Edge, "DYNAMIC") {
			out = append(out, failure("F24", "", "", p.At, to))
		}
		break // the newest one that was read
	}
	return out
}

// settled is how long a unit that was started again and again has to be up for
// it to be said that it is.
const settled = 2 * time.Minute

// unitAlerts are units that do not start (F48), among them niks3 before the
// network (F27), and those that start again and again (F45).
func unitAlerts(s *Snapshot, now time.Time) []Alert {
	var out []Alert
	units, _ := s.Units.Get()
	for _, u := range units {
		name := strings.TrimSuffix(u.Name, ".service")
		var f string
		switch {
		case u.Streak >= 3 && now.Sub(u.Rose) <= quiet:
			f = "F45"
		case u.Active == "failed", u.Load == "not-found":
			f = "F48"
		default:
			continue
		}
		a := failure(f, name+" does not start", u.LastError, cmp.Or(u.Since, s.Units.At), Place{PageHost, u.Name})
		a.Fix = strings.ReplaceAll(a.Fix, "UNIT", u.Name)
		if f == "F45" {
			a.What = fmt.Sprintf("%s was started again %d times", name, u.Streak)
			if u.Active == "active" && !u.Since.IsZero() && now.Sub(u.Since) >= settled {
				a.What, a.Severity = fmt.Sprintf("%s is up again since %s, it was started %d times", name, u.Since.In(now.Location()).Format("15:04"), u.Streak), state.Risk
			}
		}
		if name == "niks3" && strings.Contains(u.LastError, "no such host") {
			n, _ := state.FailureByID("F27")
			a.ID, a.Fix, a.What = n.ID, n.Fix, "niks3 starts before the network: "+u.LastError
			a.Why = n.Why
		}
		out = append(out, a)
	}
	return out
}

// The parts of a file system from which it is a risk, and broken.
const (
	tight = 0.90
	full  = 0.97
)

func diskAlerts(s *Snapshot, _ time.Time) []Alert {
	var out []Alert
	disks, _ := s.Disks.Get()
	for _, d := range disks {
		for _, one := range []struct {
			what      string
			used, all int64
		}{{d.Mount + " is %d %% full", d.Used, d.Bytes}, {"inodes of " + d.Mount + " are %d %% used", d.InodesUsed, d.Inodes}} {
			if one.all <= 0 {
				continue
			}
			part := float64(one.used) / float64(one.all)
			if part < tight {
				continue
			}
			a := failure("F42", fmt.Sprintf(one.what, int(part*100)), "", s.Disks.At, Place{PageHost, d.Mount})
			if part < full {
				a.Severity = state.Risk
			}
			out = append(out, a)
		}
	}
	return out
}

func memoryAlerts(s *Snapshot, now time.Time) []Alert {
	m, known := s.Memory.Get()
	if !known || m.LastKill.IsZero() || now.Sub(m.LastKill) > 24*time.Hour {
		return nil
	}
	return []Alert{failure("F41", cmp.Or(m.Killed, "a process")+" was killed for memory", "", m.LastKill, Place{PageHost, "memory"})}
}

// certificateAlerts are F40: a certificate that should have been renewed.
func certificateAlerts(s *Snapshot, now time.Time) []Alert {
	const soon = 14 * 24 * time.Hour
	var out []Alert
	all, _ := s.Certificates.Get()
	for _, c := range all {
		left := c.Ends.Sub(now)
		if left > soon {
			continue
		}
		a := failure("F40", fmt.Sprintf("the certificate of %s ends in %s", c.Name, span(left)), "", s.Certificates.At, Place{PageHost, c.Name})
		if a.Severity = state.Risk; left <= 0 {
			a.Severity, a.What, a.Since = state.Broken, "the certificate of "+c.Name+" has ended", c.Ends
		}
		out = append(out, a)
	}
	return out
}
