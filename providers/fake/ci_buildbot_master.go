package fake

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/nixwright/nixwright/state"
)

// master is the running buildbot: its rows, in memory, and who is told of
// their changes. What the world remembers (builders, first builds, changes) is
// taken over from its state; what runs is gone when the world stops.
type master struct {
	w   *World
	ctx context.Context //nolint:containedctx // of the builds, which outlive the request that asked for them
	end func()

	mu        sync.RWMutex
	tables    map[string]*table
	buildsBy  map[int][]any // by builder
	stepsOf   map[int][]any // by build
	logsOf    map[int][]any // by step
	triggered map[int][]any // builds, by the build that triggered them
	lines     map[int][]string
	waiting   []*bbRequest               // unclaimed, the oldest first
	running   map[int]context.CancelFunc // by build
	told      int                        // events, those of steps once
	opened    int                        // connections of listeners, ever
	listeners map[*listener]struct{}
	taken     struct{ builders, builds, changes int }
	life      *Living
}

func newMaster(w *World) *master {
	m := &master{
		w: w, buildsBy: map[int][]any{}, stepsOf: map[int][]any{}, logsOf: map[int][]any{}, triggered: map[int][]any{},
		lines: map[int][]string{}, running: map[int]context.CancelFunc{}, listeners: map[*listener]struct{}{},
	}
	m.ctx, m.end = context.WithCancel(context.Background()) //nolint:gosec // called when the world stops
	m.tables = map[string]*table{}
	for kind, like := range map[string]any{
		"builders": bbBuilder{}, "builds": bbBuild{}, "steps": bbStep{}, "logs": bbLog{}, "buildrequests": bbRequest{}, "buildsets": bbSet{}, "workers": bbWorker{},
		"changes": bbChange{}, "masters": bbMaster{}, "projects": bbProject{}, "forceschedulers": bbScheduler{},
	} {
		m.tables[kind] = newTable(kind, like, kind == "builds" || kind == "buildrequests" || kind == "buildsets")
		m.tables[kind].props = m.propsOf
	}
	return m
}

// put adds or changes a row and tells everybody; it is the one place where
// events come from. Call it with the lock held.
func (m *master) put(what string, row any) {
	switch r := row.(type) {
	case *bbBuild:
		if m.add("builds", r.ID, r) {
			m.buildsBy[r.Builder] = append(m.buildsBy[r.Builder], r)
		}
		bare := *r
		bare.Properties = map[string]any{} // in events there are none
		m.tell("builds", r.ID, what, &bare)
	case *bbStep:
		if m.add("steps", r.ID, r) {
			m.stepsOf[r.Build] = append(m.stepsOf[r.Build], r)
		}
		m.send([]string{"builds", strconv.Itoa(r.Build), "steps", strconv.Itoa(r.ID), what}, r)
		m.tell("steps", r.ID, what, r)
	case *bbLog:
		if m.add("logs", r.ID, r) {
			m.logsOf[r.Step] = append(m.logsOf[r.Step], r)
		}
		m.tell("logs", r.ID, what, r)
	case *bbRequest:
		m.add("buildrequests", r.ID, r)
		m.tell("buildrequests", r.ID, what, r)
		m.putSet(what, r)
	case *bbWorker:
		m.add("workers", r.ID, r)
		m.tell("workers", r.ID, what, r)
	case *bbChange:
		m.add("changes", r.ID, r)
		m.tell("changes", r.ID, what, r)
	case *bbBuilder:
		m.add("builders", r.ID, r)
		m.tell("builders", r.ID, what, r)
	}
}

// putSet adds or changes the buildset of a request, which is its only one.
// These events are not counted: nothing is shown of them.
func (m *master) putSet(what string, r *bbRequest) {
	switch set, _ := m.tables["buildsets"].at(r.Set).(*bbSet); {
	case what == "new" && set == nil:
		set = setOf(r)
		m.add("buildsets", set.ID, set)
		m.send([]string{"buildsets", strconv.Itoa(set.ID), what}, set)
	case what == "complete" && set != nil:
		*set = *setOf(r)
		m.send([]string{"buildsets", strconv.Itoa(set.ID), what}, set)
	}
}

// setOf is the buildset of a request.
func setOf(r *bbRequest) *bbSet {
	set := &bbSet{ID: r.Set, Complete: r.Complete, CompleteAt: r.CompleteAt, Reason: r.order.reason, Submitted: r.Submitted, Stamps: []bbStamp{}}
	if parent := r.order.parent; parent != 0 {
		relation := "Triggered from"
		set.Parent, set.Relation = &parent, &relation
	}
	if r.Complete {
		set.Results = &r.Results
	}
	return set
}

func (m *master) tell(kind string, id int, what string, row any) {
	m.told++
	m.send([]string{kind, strconv.Itoa(id), what}, row)
}

// add appends a row that is new.
func (m *master) add(kind string, id int, row any) bool {
	t := m.tables[kind]
	if id <= t.len() {
		return false
	}
	t.rows = append(t.rows, row)
	return true
}

// next is the number of the next row.
func (m *master) next(kind string) int { return m.tables[kind].len() + 1 }

func (m *master) now() *int {
	now := int(m.w.now().Unix())
	if m.life != nil {
		now = int(m.life.now.Unix())
	}
	return &now
}

// refresh takes over what is new in the world's state.
func (m *master) refresh() {
	m.w.Look(func(s *State) {
		m.mu.Lock()
		defer m.mu.Unlock()
		if len(m.tables["masters"].rows) == 0 {
			m.begin(s)
		}
		for _, b := range s.CI.Builders[m.taken.builders:] {
			m.takeBuilder(b)
		}
		for _, b := range s.CI.Builds[m.taken.builds:] {
			m.past(s, b)
		}
		for _, c := range s.CI.Changes[m.taken.changes:] {
			m.put("new", m.changeRow(c))
		}
		m.takeWorkers(s)
		m.taken.builders, m.taken.builds, m.taken.changes = len(s.CI.Builders), len(s.CI.Builds), len(s.CI.Changes)
	})
}

// begin makes the rows of the master itself and of its workers.
func (m *master) begin(s *State) {
	m.tables["masters"].rows = []any{&bbMaster{ID: 1, Active: true, Seen: *m.now(), Name: s.Host.Name + ":/var/lib/buildbot/master"}}
	cores := 1
	if i := slices.IndexFunc(s.Config.Workers, func(w state.Worker) bool { return w.Name == s.Host.Name }); i >= 0 {
		cores = s.Config.Workers[i].Cores
	}
	names := []string{}
	for i := range cores {
		n := strconv.Itoa(i)
		names = append(names, s.Host.Name+"-"+strings.Repeat("0", max(0, 3-len(n)))+n)
	}
	for i, name := range append(names, janitorName) { // it shows up as a connected worker in the real one too
		m.put("connected", &bbWorker{ID: i + 1, Configured: []bbConfigured{}, Connected: []bbConnected{{1}}, Name: name, Info: bbInfo{Version: "4.3.0"}})
	}
	m.addScheduler("__Janitor_force", janitorName)
	m.addScheduler("reload-github-projects", "reload-github-projects")
}

// takeWorkers adds those of the deployed list that are new. They are of further
// machines, on which nothing is deployed here: none of them is connected.
func (m *master) takeWorkers(s *State) {
	var all []ciWorker
	if json.Unmarshal([]byte(s.CI.Secrets["buildbot-nix-workers"]), &all) != nil {
		return
	}
	known := map[string]bool{}
	for _, row := range m.tables["workers"].rows {
		if w, ok := row.(*bbWorker); ok {
			known[w.Name] = true
		}
	}
	for _, w := range all {
		for i := range w.Cores {
			if name := fmt.Sprintf("%s-%03d", w.Name, i); w.Name != s.Host.Name && !known[name] {
				m.put("new", &bbWorker{ID: m.next("workers"), Configured: []bbConfigured{}, Connected: []bbConnected{}, Name: name})
			}
		}
	}
}

const janitorName = "__Janitor"

func (m *master) addScheduler(name, builder string) {
	t := m.tables["forceschedulers"]
	t.rows = append(t.rows, &bbScheduler{Name: name, Fields: []any{}, Builders: []string{builder}, Button: name, Enabled: true, Label: name})
}

func (m *master) takeBuilder(b ciBuilder) {
	row := &bbBuilder{ID: m.next("builders"), Masters: []int{1}, Name: b.Name, Tags: []string{}}
	if b.Virtual {
		row.Masters = []int{}
	}
	if b.Project != 0 {
		row.Project = &b.Project
	}
	m.put("update", row)
	if repo, ok := strings.CutSuffix(b.Name, "/nix-eval"); ok {
		t := m.tables["projects"]
		t.rows = append(t.rows, &bbProject{ID: b.Project, Name: repo, Slug: repo})
		m.addScheduler(strings.ReplaceAll(repo, "/", "-")+"-force", b.Name)
	}
	for _, w := range m.tables["workers"].rows {
		if w, ok := w.(*bbWorker); ok && !b.Virtual && (w.Name == janitorName) == (b.Name == janitorName) {
			w.Configured = append(w.Configured, bbConfigured{Builder: row.ID, Master: 1})
		}
	}
}

func (m *master) changeRow(c ciChange) *bbChange {
	c.ID = m.next("changes")
	at, page := int(c.At.Unix()), "https://github.com/"+c.Repo
	const somebody = "Somebody <somebody@example.com>"
	return &bbChange{
		ID: c.ID, Project: c.Repo, Branch: c.Branch, Revision: c.Commit, Repository: page, Author: somebody, Committer: somebody,
		Category: "push", Comments: "a commit", Files: []string{}, Parents: []int{}, Properties: map[string]any{"event": []any{"push", "Change"}},
		Link: page + "/commit/" + c.Commit, When: at,
		Stamp: bbStamp{ID: c.ID, Branch: c.Branch, Revision: c.Commit, Project: c.Repo, Repository: page, Created: at},
	}
}
