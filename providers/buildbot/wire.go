package buildbot

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/nixwright/nixwright/state"
)

// The rows as buildbot writes them (buildbot/spec/types/*.raml). Of these fields
// the adapter keeps all but those that its test lists.

// valueLimit is how many runes of a line of a property's value are kept.
const valueLimit = 4000

// epoch is a time in seconds since 1970, with or without a fraction, or null.
type epoch struct{ time.Time }

// UnmarshalJSON implements json.Unmarshaler.
func (e *epoch) UnmarshalJSON(b []byte) error {
	var s *float64
	if err := json.Unmarshal(b, &s); err != nil || s == nil {
		return err
	}
	e.Time = time.UnixMilli(int64(math.Round(*s * 1000))).UTC()
	return nil
}

// verdict is a result; null and -1 are none yet.
type verdict struct{ n *int }

// UnmarshalJSON implements json.Unmarshaler.
func (v *verdict) UnmarshalJSON(b []byte) error { return json.Unmarshal(b, &v.n) }

func (v verdict) result() state.BuildResult {
	if v.n == nil {
		return state.ResultNone
	}
	return state.BuildResult(*v.n)
}

// properties are {name: [value, source]}.
type properties map[string][]json.RawMessage

// text is the value of a property that is a text.
func (p properties) text(name string) string {
	var s string
	if pair := p[name]; len(pair) == 0 || json.Unmarshal(pair[0], &s) != nil {
		return ""
	}
	return line(s)
}

func (p properties) list() []state.BuildProperty {
	var all []state.BuildProperty
	for name, pair := range p {
		one := state.BuildProperty{Name: line(name)}
		if len(pair) > 0 && json.Unmarshal(pair[0], &one.Value) != nil {
			one.Value = string(pair[0])
		}
		lines := strings.Split(one.Value, "\n")
		for i, l := range lines {
			lines[i] = state.CleanLogLine(l, valueLimit)
		}
		one.Value = strings.Join(lines, "\n")
		if len(pair) > 1 && json.Unmarshal(pair[1], &one.Source) == nil {
			one.Source = line(one.Source)
		}
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b state.BuildProperty) int { return strings.Compare(a.Name, b.Name) })
	return all
}

func line(s string) string { return state.CleanText(s, textLimit) }

func lines(all []string) []string {
	var out []string
	for _, s := range all {
		out = append(out, line(s))
	}
	return out
}

type wireBuild struct {
	ID         int64      `json:"buildid"`
	Number     int        `json:"number"`
	Builder    int64      `json:"builderid"`
	Request    int64      `json:"buildrequestid"`
	Worker     int64      `json:"workerid"`
	Master     int64      `json:"masterid"`
	Started    epoch      `json:"started_at"`
	Complete   bool       `json:"complete"`
	CompleteAt epoch      `json:"complete_at"`
	Locks      float64    `json:"locks_duration_s"`
	Results    verdict    `json:"results"`
	State      string     `json:"state_string"`
	Properties properties `json:"properties"`
}

func (w wireBuild) key() int64 { return w.ID }

func (w wireBuild) value() state.Build {
	repo := w.Properties.text("projectname")
	if parts := strings.Split(w.Properties.text("buildername"), "/"); len(parts) > 2 {
		repo = parts[0] + "/" + parts[1]
	}
	return state.Build{
		ID: w.ID, Number: w.Number, Builder: w.Builder, Request: w.Request, Worker: w.Worker, Master: w.Master,
		Repo: repo, Attr: w.Properties.text("attr"), OutPath: w.Properties.text("out_path"),
		Result: w.Results.result(), State: line(w.State), Started: w.Started.Time, At: w.CompleteAt.Time,
		Locked: time.Duration(w.Locks * float64(time.Second)), Done: w.Complete, Properties: w.Properties.list(),
	}
}

type wireBuilder struct {
	ID          int64    `json:"builderid"`
	Name        string   `json:"name"`
	Description *string  `json:"description"`
	Project     *int64   `json:"projectid"`
	Tags        []string `json:"tags"`
	Masters     []int64  `json:"masterids"`
}

func (w wireBuilder) key() int64 { return w.ID }

func (w wireBuilder) value() state.Builder {
	return state.Builder{
		ID: w.ID, Name: line(w.Name), Description: line(deref(w.Description)), Project: deref(w.Project), Tags: lines(w.Tags), Masters: w.Masters,
	}
}

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

type wireStep struct {
	ID         int64   `json:"stepid"`
	Build      int64   `json:"buildid"`
	Number     int     `json:"number"`
	Name       string  `json:"name"`
	State      string  `json:"state_string"`
	Results    verdict `json:"results"`
	Complete   bool    `json:"complete"`
	Hidden     bool    `json:"hidden"`
	Started    epoch   `json:"started_at"`
	Locks      epoch   `json:"locks_acquired_at"`
	CompleteAt epoch   `json:"complete_at"`
	URLs       []struct {
		Name string `json:"name"`
		URL  string `json:"url"`
	} `json:"urls"`
}

func (w wireStep) key() int64 { return w.ID }

func (w wireStep) value() state.BuildStep {
	s := state.BuildStep{
		ID: w.ID, Build: w.Build, Number: w.Number, Name: line(w.Name), State: line(w.State), Result: w.Results.result(),
		Done: w.Complete, Hidden: w.Hidden, Started: w.Started.Time, Locks: w.Locks.Time, At: w.CompleteAt.Time,
	}
	for _, u := range w.URLs {
		s.Links = append(s.Links, state.BuildLink{Name: line(u.Name), URL: line(u.URL)})
	}
	return s
}

type wireLog struct {
	ID       int64  `json:"logid"`
	Step     int64  `json:"stepid"`
	Name     string `json:"name"`
	Slug     string `json:"slug"`
	Kind     string `json:"type"`
	Lines    int    `json:"num_lines"`
	Complete bool   `json:"complete"`
}

func (w wireLog) key() int64 { return w.ID }

func (w wireLog) value() state.BuildLog {
	return state.BuildLog{ID: w.ID, Step: w.Step, Name: line(w.Name), Slug: line(w.Slug), Kind: line(w.Kind), Lines: w.Lines, Done: w.Complete}
}

type wireChunk struct {
	Log     int64  `json:"logid"`
	First   *int   `json:"firstline"`
	Content string `json:"content"`
}
