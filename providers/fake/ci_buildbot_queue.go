package fake

import (
	"context"
	"slices"
	"strconv"
	"strings"
)

// bbOrder is what a request is for.
type bbOrder struct {
	reason string
	repo   string
	attr   string // x86_64-linux.hello; empty: not of one attribute
	past   *ciBuild
	parent int      // build that triggered it
	done   chan int // gets the result
	job    *job     // of a living world; nil: a tale
}

// asked makes a request for a build of a builder and returns what buildbot
// answers: [buildset, {builder: request}].
func (m *master) asked(builder string, o bbOrder) any {
	m.mu.Lock()
	b, ok := m.tables["builders"].get(builder).(*bbBuilder)
	if !ok {
		m.mu.Unlock()
		return nil
	}
	r := m.request(b, o)
	m.waiting = append(m.waiting, r)
	m.mu.Unlock()
	m.claim()
	return []any{r.Set, map[string]int{strconv.Itoa(b.ID): r.ID}}
}

// request makes the row of a request. Call it with the lock held.
func (m *master) request(b *bbBuilder, o bbOrder) *bbRequest {
	if parts := strings.Split(b.Name, "/"); len(parts) > 2 {
		o.repo = parts[0] + "/" + parts[1]
	}
	r := &bbRequest{ID: m.next("buildrequests"), Builder: b.ID, Set: m.next("buildsets"), Results: -1, Submitted: *m.now(), WaitedFor: o.parent != 0, order: o}
	m.put("new", r)
	return r
}

// claim begins what waits, as long as there are workers for it.
func (m *master) claim() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.claimAll()
}

// claimAll is claim with the lock held.
func (m *master) claimAll() {
	full := map[int]bool{} // builders that have no worker left
	for i := 0; i < len(m.waiting); {
		r, one := m.waiting[i], 1
		worker := 0
		if !full[r.Builder] {
			worker = m.freeWorker(r.Builder)
		}
		if worker == 0 {
			full[r.Builder] = true
			i++
			continue
		}
		m.waiting = slices.Delete(m.waiting, i, i+1)
		i = 0 // what begins may change the queue
		r.Claimed, r.ClaimedAt, r.ClaimedBy = true, m.now(), &one
		m.put("claimed", r)
		if r.order.job != nil {
			m.life.begin(r, worker)
			continue
		}
		ctx, cancel := context.WithCancel(m.ctx)
		b := m.build(r, worker)
		m.running[b.ID] = cancel
		go m.tale(ctx, r, b)
	}
}

// freeWorker is one that is not paused, with the fewest builds; 0: there is
// none. In a living world, as in the real one, a builder builds one thing on a
// worker at a time.
func (m *master) freeWorker(builder int) int {
	busy, taken := map[int]int{}, map[int]bool{}
	for id := range m.running {
		if b, ok := m.tables["builds"].at(id).(*bbBuild); ok {
			busy[b.Worker]++
			if r, ok := m.tables["buildrequests"].at(b.Request).(*bbRequest); ok && r.Builder == builder {
				taken[b.Worker] = m.life != nil
			}
		}
	}
	best := 0
	for _, row := range m.tables["workers"].rows {
		if w, ok := row.(*bbWorker); ok && !w.Paused && len(w.Connected) > 0 && w.Name != janitorName && !taken[w.ID] && (best == 0 || busy[w.ID] < busy[best]) {
			best = w.ID
		}
	}
	return best
}

// build makes the row of a request's build; of an attribute, on its virtual
// builder.
func (m *master) build(r *bbRequest, worker int) *bbBuild {
	o, builder := r.order, r.Builder
	props := map[string]any{}
	if on, ok := m.tables["builders"].at(builder).(*bbBuilder); ok {
		props["buildername"] = []any{on.Name, "Builder"}
	}
	if o.repo != "" {
		props["projectname"] = []any{o.repo, "Builder"}
		props["project"] = []any{o.repo, "Build"}
		props["repository"] = []any{"https://github.com/" + o.repo, "Build"}
	}
	if o.reason != "" {
		props["reason"] = []any{o.reason, "Force Build Form"}
	}
	if o.attr != "" {
		m.attrProps(props, o)
		if v, ok := m.tables["builders"].get(virtualName(o)).(*bbBuilder); ok {
			builder = v.ID
		}
	}
	b := &bbBuild{
		ID: m.next("builds"), Builder: builder, Request: r.ID, Master: 1, Worker: worker, Number: m.buildsOn(builder).n + 1,
		Properties: props, Started: *m.now(), State: "starting",
	}
	props["buildnumber"] = []any{b.Number, "Build"}
	if w, ok := m.tables["workers"].at(worker).(*bbWorker); ok {
		props["workername"] = []any{w.Name, "Worker"}
	}
	m.put("update", b)
	m.put("new", b)
	if o.parent != 0 {
		m.triggered[o.parent] = append(m.triggered[o.parent], b)
	}
	return b
}

func virtualName(o bbOrder) string { return "github:" + o.repo + "#checks." + o.attr }

// attrProps are the properties that buildbot-nix sets on a build of nix-build.
func (m *master) attrProps(props map[string]any, o bbOrder) {
	const eval = "nix-eval-nix"
	system, name, _ := strings.Cut(o.attr, ".")
	out := "/nix/store/" + strings.Repeat("0", 32) + "-ci-" + name
	drv := out + ".drv"
	if o.past != nil {
		out, drv = o.past.OutPath, o.past.DrvPath
		props["branch"], props["revision"] = []any{o.past.Branch, "Build"}, []any{o.past.Commit, "Build"}
		props["default_branch"], props["event"] = []any{o.past.Branch, eval}, []any{"push", "Change"}
	}
	for name, value := range map[string]string{
		"attr": o.attr, "out_path": out, "drv_path": drv, "system": system, "cacheStatus": "notBuilt",
		"virtual_builder_name": virtualName(o), "status_name": "nix-build " + virtualName(o),
	} {
		props[name] = []any{value, eval}
	}
}

// again asks for a build like this one.
func (m *master) again(b *bbBuild) any {
	m.mu.RLock()
	var o bbOrder
	name := ""
	if r, ok := m.tables["buildrequests"].at(b.Request).(*bbRequest); ok {
		o = r.order
		o.done, o.parent = nil, 0
		if on, ok := m.tables["builders"].at(r.Builder).(*bbBuilder); ok {
			name = on.Name
		}
	}
	m.mu.RUnlock()
	return m.asked(name, o)
}

// stopBuild stops a build that runs; to any other the answer is yes as well.
func (m *master) stopBuild(id int) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if stop := m.running[id]; stop != nil {
		stop()
	}
}

// cancelRequest takes a request out of the queue, or stops its build.
func (m *master) cancelRequest(id int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.tables["buildrequests"].get(strconv.Itoa(id)).(*bbRequest)
	if !ok || r.Complete {
		return
	}
	if !r.Claimed {
		m.waiting = slices.DeleteFunc(m.waiting, func(o *bbRequest) bool { return o == r })
		one := 1
		r.Claimed, r.ClaimedAt, r.ClaimedBy = true, m.now(), &one
		r.Complete, r.CompleteAt, r.Results = true, m.now(), bbCancelled
		m.put("cancel", r)
		m.put("complete", r)
		if m.life != nil {
			m.life.cancelled(r)
		}
		return
	}
	for build, stop := range m.running {
		if b, ok := m.tables["builds"].at(build).(*bbBuild); ok && b.Request == id {
			stop()
		}
	}
}

func (m *master) pause(w *bbWorker, paused bool, reason string) {
	m.mu.Lock()
	w.Paused, w.Reason = paused, nil
	if paused {
		w.Reason = &reason
	}
	m.put("state_updated", w)
	m.mu.Unlock()
	m.claim()
}
