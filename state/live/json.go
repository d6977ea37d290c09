package live

import (
	"encoding/json"
	"iter"
	"time"

	"github.com/nixwright/nixwright/state"
)

// MarshalJSON writes everything that is known: times in RFC 3339 UTC, lists the
// newest first. Alerts depend on the time as well: Document has them.
func (s Snapshot) MarshalJSON() ([]byte, error) { return json.Marshal(s.document(0)) }

// Document is a Snapshot as --output json prints it, with the truth and the
// alerts of a time, and at most so many builds, evaluations and builders (0: all); their total
// says how many there are. It is to be marshalled and to nothing else.
func (s *Snapshot) Document(now time.Time, builds int) any {
	d := s.document(builds)
	alerts := s.Alerts(now)
	truth := s.Truth(alerts, now)
	at := now.UTC()
	d.At, d.Truth, d.Alerts = &at, &truth, alerts
	return d
}

// list is a table with who told it last, and when.
type list[T any] struct {
	Source string    `json:"source"`
	At     time.Time `json:"at"`
	Total  int       `json:"total"`
	Rows   []T       `json:"rows"`
}

type buildRow struct {
	*Build

	Status Status `json:"status"`
	Cached Cached `json:"cached"`
}

type evaluationRow struct {
	ID     int64          `json:"id"`
	Status Status         `json:"status"`
	Repo   string         `json:"repo,omitempty"`
	Branch string         `json:"branch,omitempty"`
	Commit string         `json:"commit,omitempty"`
	Counts map[Status]int `json:"counts"`
}

type document struct {
	Kind    string     `json:"kind"`
	At      *time.Time `json:"at,omitempty"`
	Truth   *Truth     `json:"truth,omitempty"`
	Alerts  []Alert    `json:"alerts,omitempty"`
	Sources []*Origin  `json:"sources"`

	Evaluations []evaluationRow            `json:"evaluations"`
	Builds      *list[buildRow]            `json:"builds"`
	Builders    *list[*state.Builder]      `json:"builders"`
	Queue       *list[*state.BuildRequest] `json:"queue"`
	Workers     *list[*state.BuildWorker]  `json:"workers"`
	Changes     *list[*state.BuildChange]  `json:"changes"`
	Deliveries  *list[*Delivery]           `json:"deliveries"`

	Health       *Part[Health]             `json:"health"`
	Config       *Part[state.Niks3Config]  `json:"config"`
	GC           *Part[state.GCStatus]     `json:"gc"`
	Metrics      *Part[state.Niks3Metrics] `json:"metrics"`
	Pins         *Part[Pins]               `json:"pins"`
	Sizes        []*Part[Size]             `json:"sizes"`
	Traffic      *Part[Traffic]            `json:"traffic"`
	Paths        *Part[Paths]              `json:"paths"`
	Uploads      *Part[Uploads]            `json:"uploads"`
	Hooks        *Part[Hooks]              `json:"hooks"`
	GitHub       *Part[GitHub]             `json:"github"`
	Host         *Part[Host]               `json:"host"`
	Units        *Part[Units]              `json:"units"`
	Timers       *Part[Timers]             `json:"timers"`
	Disks        *Part[Disks]              `json:"disks"`
	Memory       *Part[Memory]             `json:"memory"`
	Sockets      *Part[Sockets]            `json:"sockets"`
	Certificates *Part[Certificates]       `json:"certificates"`
	Checklist    *Part[Checklist]          `json:"checklist"`

	BuildsPerHour Ring `json:"builds_per_hour"`
	StoredBytes   Ring `json:"stored_bytes"`
	DiskUsed      Ring `json:"disk_used_bytes"`
	StoreBytes    Ring `json:"store_bytes"`
	Finished      Ring `json:"finished_per_day"`
	Green         Ring `json:"green_per_day"`
}

func (s *Snapshot) document(limit int) document {
	d := document{
		Kind: "snapshot", Sources: s.Sources,
		Health: s.Health, Config: s.Config, GC: s.GC, Metrics: s.Metrics, Pins: s.Pins, Traffic: s.Traffic, Paths: s.Paths,
		Uploads: s.Uploads, Hooks: s.Hooks, GitHub: s.GitHub, Host: s.Host, Units: s.Units, Timers: s.Timers, Disks: s.Disks,
		Memory: s.Memory, Sockets: s.Sockets, Certificates: s.Certificates, Checklist: s.Checklist,
		BuildsPerHour: s.BuildsPerHour, StoredBytes: s.StoredBytes, DiskUsed: s.DiskUsed, StoreBytes: s.StoreBytes,
		Finished: s.finished, Green: s.green,
		Builders:   listed(&s.builders, newest(s.builders.rows, 0), limit),
		Queue:      listed(&s.requests, s.Waiting(), 0),
		Workers:    listed(&s.workers, s.Workers(), 0),
		Changes:    listed(&s.changes, s.Changes(), 0),
		Deliveries: listed(&s.deliveries, s.Deliveries(), 0),
	}
	for _, p := range s.Sizes {
		if p != nil {
			d.Sizes = append(d.Sizes, p)
		}
	}
	for e := range s.Evaluations(0) {
		if limit > 0 && len(d.Evaluations) == limit {
			break
		}
		r := evaluationRow{e.ID, e.Status(), e.Head.Repo, e.Head.Branch, e.Head.Commit, map[Status]int{}}
		for status, n := range e.Counts {
			if n > 0 {
				r.Counts[Status(status)] = int(n)
			}
		}
		d.Evaluations = append(d.Evaluations, r)
	}
	if !s.builds.at.IsZero() {
		d.Builds = &list[buildRow]{Source: s.builds.source, At: s.builds.at, Total: s.builds.rows.len(), Rows: []buildRow{}}
		for b := range s.Builds(0) {
			if limit > 0 && len(d.Builds.Rows) == limit {
				break
			}
			d.Builds.Rows = append(d.Builds.Rows, buildRow{b, b.Status(), b.Cached()})
		}
	}
	return d
}

// listed is a table as a list; nil where nothing was told of it.
func listed[T any](t *table[T], rows iter.Seq[*T], limit int) *list[*T] {
	if t.at.IsZero() {
		return nil
	}
	out := &list[*T]{Source: t.source, At: t.at, Rows: []*T{}}
	for r := range rows {
		if out.Total++; limit == 0 || out.Total <= limit {
			out.Rows = append(out.Rows, r)
		}
	}
	return out
}
