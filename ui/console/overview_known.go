package console

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/ui/widget"
)

// The facts of the overview, each of what one source tells.

func aboutQueue(s scene) about {
	a := about{name: "Queue", worth: 9, source: "buildbot", pages: []live.Page{live.PageQueue}, ids: []string{"F43"}}
	_, at := s.snap.Told(live.TableWorkers)
	if a.at = at; at.IsZero() {
		return a
	}
	const most = 1000
	waiting, slots := 0, 0
	for range s.snap.Waiting() {
		if waiting++; waiting == most {
			break
		}
	}
	for w := range s.snap.Workers() {
		if w.Connected && !w.Paused {
			slots++
		}
	}
	busy := map[int64]bool{}
	for _, b := range building(s, most) {
		busy[b.Worker] = true
	}
	more := ""
	if waiting == most {
		more = " and more"
	}
	a.parts = []string{widget.Count(int64(waiting)) + more + " waiting", fmt.Sprintf("%d of %d slots busy", len(busy), slots)}
	hours := points(s.snap.BuildsPerHour, s.now, 24)
	for i, v := range hours {
		if math.IsNaN(v) { // none ended
			hours[i] = 0
		}
	}
	a.spark, a.label, a.span = widget.Spark{Values: hours, Zero: true}, "builds/h", "24 h"
	return a
}

func aboutHooks(s scene) about {
	a := about{name: "Hooks", worth: 6, source: "GitHub", pages: []live.Page{live.PageHooks}, ids: []string{"F1", "F2", "F3", "F4", "F6", "F8", "F9", "F10"}}
	_, at := s.snap.Told(live.TableDeliveries)
	if a.at = at; at.IsZero() {
		return a
	}
	a.parts = []string{"no delivery yet"}
	for d := range s.snap.Deliveries() {
		a.parts = []string{fmt.Sprintf("last %s %s, %d in %.1fs", d.Event, before(s, d.At), d.Status, d.Took.Seconds())}
		break
	}
	if hooks, told := s.snap.Hooks.Get(); told && hooks.App == "" {
		a.small = "once per push"
	}
	return a
}

func aboutCache(s scene) about {
	a := about{name: "Cache", worth: 10, source: "niks3", pages: []live.Page{live.PageCache}, ids: []string{"F32", "F24", "F26", "F29"}}
	size, told := s.snap.Size()
	if !told {
		return a
	}
	for _, part := range s.snap.Sizes {
		if part != nil {
			a.source, a.at = part.Source, part.At
			break
		}
	}
	switch {
	case size.Stored > 0:
		a.parts = append(a.parts, widget.Size(size.Stored)+", "+widget.Count(size.Objects)+" objects")
	case size.Logical > 0:
		a.parts = append(a.parts, widget.Size(size.Logical)+" before compression, "+widget.Count(size.Objects)+" objects")
	default:
		a.parts = append(a.parts, widget.Count(size.Objects)+" objects")
	}
	if h, told := s.snap.Health.Get(); told && !h.OK {
		a.broken, a.end = true, "niks3 does not answer"
	}
	if missing := missing(s); missing > 0 {
		a.parts = append(a.parts, fmt.Sprintf("%d not cached", missing))
	}
	const days = 30
	if per, told := s.snap.StoredBytes.Growth(s.now, days); told {
		a.small = signed(int64(per*7)) + "/week"
	}
	a.spark, a.label, a.span = widget.Spark{Values: points(s.snap.StoredBytes, s.now, days)}, "stored", "30 d"
	return a
}

// missing is how many of the newest paths were looked for and not found.
func missing(s scene) int {
	n := 0
	paths, _ := s.snap.Paths.Get()
	for _, p := range paths {
		if !p.Found {
			n++
		}
	}
	return n
}

// aboutTrust is the second line of the cache.
func aboutTrust(s scene) about {
	a := about{worth: 2, source: "niks3", ids: []string{"F26", "F29"}}
	paths, read := s.snap.Paths.Get()
	if i := slices.IndexFunc(paths, func(p live.PathCheck) bool { return p.Narinfo != nil }); read && i >= 0 {
		a.source, a.at = s.snap.Paths.Source, s.snap.Paths.At
		if a.parts = []string{"signatures right"}; !paths[i].Narinfo.Verified {
			a.parts = []string{"signature wrong"}
		}
	}
	if u, told := s.snap.Uploads.Get(); told {
		if len(a.parts) == 0 {
			a.source, a.at = s.snap.Uploads.Source, s.snap.Uploads.At
		}
		a.parts = append(a.parts, widget.Count(u.Pending)+" uploads pending")
	}
	return a
}

func aboutGC(s scene) about {
	a := about{name: "GC", worth: 5, source: "systemd", pages: []live.Page{live.PageGC}, ids: []string{"F28"}}
	last := time.Time{}
	if timers, told := s.snap.Timers.Get(); told {
		a.at = s.snap.Timers.At
		next := "next: none"
		for _, t := range timers {
			if t.Unit.Name == gcTimer {
				last = t.Last
				if !t.Next.IsZero() {
					next = "next " + stamp(s, t.Next)
				}
			}
		}
		a.end = next
	}
	gc, told := s.snap.GC.Get()
	switch {
	case told && gc.State == state.GCRunning:
		a.source, a.at = s.snap.GC.Source, s.snap.GC.At
		a.parts, a.end = []string{"running for " + coarse(s.now.Sub(gc.Started))}, ""
	case told && !gc.Finished.IsZero():
		a.source, a.at = s.snap.GC.Source, s.snap.GC.At
		a.parts = []string{"last " + stamp(s, gc.Started) + ", " + widget.Duration(gc.Finished.Sub(gc.Started))}
	case !last.IsZero():
		a.parts = []string{"last " + stamp(s, last)}
	case s.snap.Timers != nil:
		a.parts = []string{"never ran"}
	}
	return a
}

// stamp is a time as people say it: today 00:14, Tue 00:00, 2 Jan.
func stamp(s scene, at time.Time) string {
	at = at.In(s.now.Location())
	const week = 6 * 24 * time.Hour
	switch d := at.Sub(s.now); {
	case at.YearDay() == s.now.YearDay() && at.Year() == s.now.Year():
		return "today " + at.Format("15:04")
	case d.Abs() < week:
		return at.Format("Mon 15:04")
	}
	return at.Format("2 Jan")
}

func aboutDisk(s scene) about {
	a := about{name: "Disk", worth: 8, source: "systemd", ids: []string{"F42"}}
	disks, told := s.snap.Disks.Get()
	if !told || len(disks) == 0 || disks[0].Bytes <= 0 {
		return a
	}
	a.at = s.snap.Disks.At
	d := disks[0]
	a.parts = []string{fmt.Sprintf("%s %d %% of %s", d.Mount, d.Used*100/d.Bytes, widget.Size(d.Bytes))}
	if d.Inodes > 0 {
		a.parts = append(a.parts, fmt.Sprintf("inodes %d %%", d.InodesUsed*100/d.Inodes))
	}
	const days = 30
	if per, told := s.snap.StoreBytes.Growth(s.now, days); told {
		a.small = "store " + signed(int64(per)) + "/day"
	}
	a.spark, a.label, a.span = widget.Spark{Values: points(s.snap.DiskUsed, s.now, days)}, "used", "30 d"
	return a
}

func aboutUnits(s scene) about {
	a := about{name: "Units", worth: 7, source: "systemd", ids: []string{"F27", "F45", "F48"}}
	units, told := s.snap.Units.Get()
	if !told {
		return a
	}
	a.at = s.snap.Units.At
	up, all, restarts := 0, 0, 0
	for _, u := range units {
		if strings.HasSuffix(u.Name, ".timer") {
			continue
		}
		if all++; u.Active == "active" {
			up++
		}
		restarts += u.Restarts
	}
	a.parts = []string{fmt.Sprintf("%d of %d up", up, all), counted(restarts, "restart")}
	if h, told := s.snap.Host.Get(); told && !h.Boot.IsZero() {
		a.small = "booted " + before(s, h.Boot)
	}
	return a
}

func aboutExpiry(s scene) about {
	a := about{name: "Expiry", worth: 3, source: "certificates", ids: []string{"F40"}}
	all, told := s.snap.Certificates.Get()
	if !told || len(all) == 0 {
		return a
	}
	a.at = s.snap.Certificates.At
	first := slices.MinFunc(all, func(x, y live.Certificate) int { return x.Ends.Compare(y.Ends) })
	if a.parts = []string{"certificate of " + first.Name + " in " + coarse(first.Ends.Sub(s.now))}; first.Ends.Before(s.now) {
		a.parts = []string{"certificate of " + first.Name + " ended " + before(s, first.Ends)}
	}
	return a
}

func aboutList(s scene) about {
	a := about{name: "List", worth: 4, source: "checklist", pages: []live.Page{live.PageChecklist}}
	list, told := s.snap.Checklist.Get()
	if !told {
		return a
	}
	a.source, a.at = s.snap.Checklist.Source, s.snap.Checklist.At
	right, all := 0, 0
	for _, l := range list {
		if l.Number == 0 {
			continue
		}
		if all++; l.True() {
			right++
		}
	}
	a.parts = []string{fmt.Sprintf("%d of %d true", right, all)}
	if _, stale := s.old(a.source, a.at); !stale {
		a.parts[0] += ", looked " + before(s, a.at)
	}
	return a
}
