package buildbot

import (
	"fmt"
	"slices"

	"github.com/nixwright/nixwright/state"
)

// janitor is the worker of buildbot's own that shows up as connected and builds
// nothing (buildbot/configurators/janitor.py).
const janitor = "__Janitor"

type wireRequest struct {
	ID        int64   `json:"buildrequestid"`
	Set       int64   `json:"buildsetid"`
	Builder   int64   `json:"builderid"`
	Priority  int     `json:"priority"`
	Claimed   bool    `json:"claimed"`
	Master    *int64  `json:"claimed_by_masterid"`
	Complete  bool    `json:"complete"`
	Results   verdict `json:"results"`
	WaitedFor bool    `json:"waited_for"`
	Submitted epoch   `json:"submitted_at"`
	ClaimedAt epoch   `json:"claimed_at"`
	At        epoch   `json:"complete_at"`
}

func (w wireRequest) key() int64 { return w.ID }

func (w wireRequest) value() state.BuildRequest {
	return state.BuildRequest{
		ID: w.ID, Set: w.Set, Builder: w.Builder, Priority: w.Priority, Claimed: w.Claimed, Master: deref(w.Master), Done: w.Complete,
		Result: w.Results.result(), WaitedFor: w.WaitedFor, Submitted: w.Submitted.Time, ClaimedAt: w.ClaimedAt.Time, At: w.At.Time,
	}
}

type wireWorker struct {
	ID        int64          `json:"workerid"`
	Name      string         `json:"name"`
	Paused    bool           `json:"paused"`
	Reason    *string        `json:"pause_reason"`
	Graceful  bool           `json:"graceful"`
	Info      map[string]any `json:"workerinfo"`
	Connected []struct {
		Master int64 `json:"masterid"`
	} `json:"connected_to"`
	Configured []struct {
		Builder int64 `json:"builderid"`
	} `json:"configured_on"`
}

func (w wireWorker) key() int64 { return w.ID }

func (w wireWorker) value() state.BuildWorker {
	v := state.BuildWorker{
		ID: w.ID, Name: line(w.Name), Paused: w.Paused, Reason: line(deref(w.Reason)), Stopping: w.Graceful,
		Connected: len(w.Connected) > 0, Janitor: w.Name == janitor,
	}
	for _, m := range w.Connected {
		v.Masters = append(v.Masters, m.Master)
	}
	for _, b := range w.Configured {
		v.Builders = append(v.Builders, b.Builder)
	}
	for name, value := range w.Info {
		if value != nil {
			v.Info = append(v.Info, line(fmt.Sprint(name, " ", value)))
		}
	}
	slices.Sort(v.Info)
	return v
}

type wireChange struct {
	ID         int64      `json:"changeid"`
	Parents    []int64    `json:"parent_changeids"`
	Project    string     `json:"project"`
	Repository string     `json:"repository"`
	Codebase   string     `json:"codebase"`
	Branch     *string    `json:"branch"`
	Revision   *string    `json:"revision"`
	Author     string     `json:"author"`
	Committer  *string    `json:"committer"`
	Comments   string     `json:"comments"`
	Category   *string    `json:"category"`
	Link       *string    `json:"revlink"`
	Files      []string   `json:"files"`
	When       epoch      `json:"when_timestamp"`
	Properties properties `json:"properties"`
}

func (w wireChange) key() int64 { return w.ID }

func (w wireChange) value() state.BuildChange {
	return state.BuildChange{
		ID: w.ID, Parents: w.Parents, Repo: line(w.Project), Repository: line(w.Repository), Codebase: line(w.Codebase),
		Branch: line(deref(w.Branch)), Revision: line(deref(w.Revision)), Author: line(w.Author), Committer: line(deref(w.Committer)),
		Comments: line(w.Comments), Category: line(deref(w.Category)), Link: line(deref(w.Link)), Files: lines(w.Files),
		At: w.When.Time, Properties: w.Properties.list(),
	}
}

type wireMaster struct {
	ID     int64  `json:"masterid"`
	Name   string `json:"name"`
	Active bool   `json:"active"`
	Seen   epoch  `json:"last_active"`
}

func (w wireMaster) key() int64 { return w.ID }

func (w wireMaster) value() state.BuildMaster {
	return state.BuildMaster{ID: w.ID, Name: line(w.Name), Active: w.Active, Seen: w.Seen.Time}
}

type wireScheduler struct {
	Name     string   `json:"name"`
	Label    string   `json:"label"`
	Button   string   `json:"button_name"`
	Enabled  bool     `json:"enabled"`
	Builders []string `json:"builder_names"`
}

func (w wireScheduler) value() state.ForceScheduler {
	return state.ForceScheduler{Name: line(w.Name), Label: line(w.Label), Button: line(w.Button), Enabled: w.Enabled, Builders: lines(w.Builders)}
}
