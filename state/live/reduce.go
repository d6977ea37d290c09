package live

import (
	"cmp"
	"slices"
	"time"

	"github.com/nixwright/nixwright/state"
)

// Reduce is the snapshot after an update. It is pure: s stays as it was, and
// the same s and u give the same snapshot. Updates that are older than what is
// known change nothing but what was not known.
func Reduce(s Snapshot, u Update) Snapshot {
	u.At = u.At.UTC()
	s.heard(u)
	switch n := u.News.(type) {
	case Link: // heard
	case Builders:
		builderRows.take(&s, &s.builders, u, Rows[state.Builder](n))
	case Builds:
		buildRows.take(&s, &s.builds, u, Rows[Build](n))
	case Steps:
		stepRows.take(&s, &s.steps, u, Rows[state.BuildStep]{All: n.All})
	case Requests:
		requestRows.take(&s, &s.requests, u, Rows[state.BuildRequest](n))
	case Workers:
		workerRows.take(&s, &s.workers, u, Rows[state.BuildWorker](n))
	case Changes:
		changeRows.take(&s, &s.changes, u, Rows[state.BuildChange](n))
	case Deliveries:
		deliveryRows.take(&s, &s.deliveries, u, Rows[Delivery](n))
	case Served:
		s.served(n, u.At)
	default:
		s.figure(u)
	}
	return s
}

// figure takes what is told whole.
func (s *Snapshot) figure(u Update) {
	switch n := u.News.(type) {
	case Tell[Health]:
		told(&s.Health, u, n)
	case Tell[state.Niks3Config]:
		told(&s.Config, u, n)
	case Tell[state.GCStatus]:
		told(&s.GC, u, n)
	case Tell[state.Niks3Metrics]:
		told(&s.Metrics, u, n)
	case Tell[Pins]:
		told(&s.Pins, u, n)
	case Tell[Size]:
		s.size(u, n)
	case Tell[Traffic]:
		told(&s.Traffic, u, n)
	case Tell[Paths]:
		told(&s.Paths, u, n)
	case Tell[Uploads]:
		told(&s.Uploads, u, n)
	case Tell[Hooks]:
		told(&s.Hooks, u, n)
	case Tell[GitHub]:
		told(&s.GitHub, u, n)
	case Tell[Host]:
		if told(&s.Host, u, n) && n.Value.Store > 0 {
			s.StoreBytes = s.StoreBytes.told(u.At, float64(n.Value.Store))
		}
	case Tell[Units]:
		n.Value = n.Value.after(s.Units, u.At)
		told(&s.Units, u, n)
	case Tell[Timers]:
		told(&s.Timers, u, n)
	case Tell[Disks]:
		if told(&s.Disks, u, n) && len(n.Value) > 0 {
			s.DiskUsed = s.DiskUsed.told(u.At, float64(n.Value[0].Used))
		}
	case Tell[Memory]:
		told(&s.Memory, u, n)
	case Tell[Sockets]:
		told(&s.Sockets, u, n)
	case Tell[Certificates]:
		told(&s.Certificates, u, n)
	case Tell[Checklist]:
		told(&s.Checklist, u, n)
	}
}

// told puts a figure in its part, where it is not older than what is there.
func told[T Figure](part **Part[T], u Update, n Tell[T]) bool {
	if p := *part; p != nil && u.At.Before(p.At) {
		return false
	}
	*part = &Part[T]{u.Source, u.At, n.Value}
	return true
}

func (s *Snapshot) size(u Update, n Tell[Size]) {
	if n.Value.From >= sizesFrom || !told(&s.Sizes[n.Value.From], u, n) {
		return
	}
	if size, _ := s.Size(); size.Stored > 0 && size.Stored == n.Value.Stored {
		s.StoredBytes = s.StoredBytes.told(u.At, float64(size.Stored))
	}
}

// heard notes that a source told something.
func (s *Snapshot) heard(u Update) {
	i, found := slices.BinarySearchFunc(s.Sources, u.Source, func(o *Origin, name string) int { return cmp.Compare(o.Name, name) })
	next := &Origin{Name: u.Source}
	if found {
		one := *s.Sources[i]
		next = &one
		s.Sources = slices.Clone(s.Sources)
		s.Sources[i] = next
	} else {
		s.Sources = inserted(s.Sources, i, next)
	}
	if link, is := u.News.(Link); is {
		if u.At.Before(next.linked) {
			return
		}
		if link.Up == next.Up && !next.linked.IsZero() {
			link.Since = next.Since
		} else if link.Since.IsZero() {
			link.Since = u.At
		}
		link.Since, link.Retry = link.Since.UTC(), link.Retry.UTC()
		next.Link, next.linked = link, u.At
		return
	}
	if u.At.After(next.At) {
		next.At = u.At
	}
}

// quiet is how long a unit that was started again must stay up to be left in
// peace.
const quiet = 10 * time.Minute

// after is the units with how often they were started again lately.
func (all Units) after(before *Part[Units], now time.Time) Units {
	old, _ := before.Get()
	out := slices.Clone(all)
	for i := range out {
		n := &out[i]
		at := slices.IndexFunc(old, func(u Unit) bool { return u.Name == n.Name })
		if at < 0 || n.Restarts < old[at].Restarts {
			continue
		}
		n.Streak, n.Rose = old[at].Streak, old[at].Rose
		if now.Sub(n.Rose) > quiet {
			n.Streak = 0
		}
		if more := n.Restarts - old[at].Restarts; more > 0 {
			n.Streak, n.Rose = n.Streak+more, now
		}
	}
	return out
}
