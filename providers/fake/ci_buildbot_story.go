package fake

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The builds that are asked for: what they do is a story, told without delay
// except where it waits. It is that of three attributes: hello succeeds, bad
// fails, slow waits.

// slowTime is how long slow takes where nobody stops it.
const slowTime = time.Minute

// The results of builds, as in buildbot/process/results.py.
const (
	bbSuccess   = 0
	bbFailure   = 2
	bbCancelled = 6
)

// bbOrder is what a request is for.
type bbOrder struct {
	reason string
	repo   string
	attr   string // x86_64-linux.hello; empty: not of one attribute
	past   *ciBuild
	parent int      // build that triggered it
	done   chan int // gets the result
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
	m.sets++
	r := &bbRequest{ID: m.next("buildrequests"), Builder: b.ID, Set: m.sets, Results: -1, Submitted: *m.now(), WaitedFor: o.parent != 0, order: o}
	m.put("new", r)
	return r
}

// claim begins what waits, as long as there are workers for it.
func (m *master) claim() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for worker := m.freeWorker(); worker != 0 && len(m.waiting) > 0; worker = m.freeWorker() {
		r, one := m.waiting[0], 1
		m.waiting = m.waiting[1:]
		r.Claimed, r.ClaimedAt, r.ClaimedBy = true, m.now(), &one
		m.put("claimed", r)
		ctx, cancel := context.WithCancel(m.ctx)
		b := m.build(r, worker)
		m.running[b.ID] = cancel
		go m.tale(ctx, r, b)
	}
}

// freeWorker is one that is not paused, with the fewest builds; 0: there is
// none.
func (m *master) freeWorker() int {
	busy := map[int]int{}
	for id := range m.running {
		if b, ok := m.tables["builds"].rows[id-1].(*bbBuild); ok {
			busy[b.Worker]++
		}
	}
	best := 0
	for _, row := range m.tables["workers"].rows {
		if w, ok := row.(*bbWorker); ok && !w.Paused && w.Name != janitorName && (best == 0 || busy[w.ID] < busy[best]) {
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
	if on, ok := m.tables["builders"].rows[builder-1].(*bbBuilder); ok {
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
		ID: m.next("builds"), Builder: builder, Request: r.ID, Master: 1, Worker: worker, Number: len(m.buildsBy[builder]) + 1,
		Properties: props, Started: *m.now(), State: "starting",
	}
	props["buildnumber"] = []any{b.Number, "Build"}
	if w, ok := m.tables["workers"].rows[worker-1].(*bbWorker); ok {
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

// tale is a build from its beginning to its end.
func (m *master) tale(ctx context.Context, r *bbRequest, b *bbBuild) {
	result, words := bbSuccess, "build successful"
	for n, s := range m.plot(r, b) {
		got := m.step(ctx, b, n, s)
		if got == bbSuccess {
			continue
		}
		result, words = got, map[int]string{bbFailure: "failed '" + s.name + "' (failure)", bbCancelled: "'" + s.name + "' (cancelled)"}[got]
		break
	}
	m.finish(r, b, result, words)
}

func (m *master) finish(r *bbRequest, b *bbBuild, result int, words string) {
	m.mu.Lock()
	m.running[b.ID]()
	delete(m.running, b.ID)
	b.State = words
	m.put("update", b)
	b.Complete, b.CompleteAt, b.Results = true, m.now(), &result
	m.put("finished", b)
	r.Complete, r.CompleteAt, r.Results = true, m.now(), result
	m.put("complete", r)
	m.mu.Unlock()
	if r.order.done != nil {
		r.order.done <- result
	}
	m.claim()
}

// scene is what a step does.
type scene struct {
	name  string
	event string // buildbot-nix's own, around it
	lines []string
	wait  func(ctx context.Context) (result int) // nil: it succeeds at once
}

// plot is the steps of a build.
func (m *master) plot(r *bbRequest, b *bbBuild) []scene {
	fails := func(context.Context) int { return bbFailure }
	prepared := scene{name: "worker_preparation"}
	if m.isEval(r.Builder) {
		return []scene{
			prepared, {name: "git", lines: []string{"oHEAD is now at 6fd42d3"}},
			{name: "Evaluate flake", event: "nix-eval", lines: []string{"oevaluating"}},
			{name: "build flake", event: "nix-build", wait: func(ctx context.Context) int { return m.trigger(ctx, r.order.repo, b.ID) }},
		}
	}
	compile := scene{name: "Build flake attr"}
	switch r.order.attr {
	case "":
		return []scene{prepared, {name: "run", lines: []string{"odone"}}}
	case "x86_64-linux.bad":
		compile.lines, compile.wait = []string{"oabout to build", "eabout to fail"}, fails
	case "x86_64-linux.slow":
		compile.lines, compile.wait = []string{"owaiting"}, m.slow
	default:
		compile.lines = longLog()
	}
	return []scene{prepared, compile, {name: "Upload to niks3", lines: []string{"ouploading", "ouploaded"}}, {name: "Register gcroot", lines: []string{"orooted"}}}
}

func (m *master) isEval(builder int) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	b, ok := m.tables["builders"].rows[builder-1].(*bbBuilder)
	return ok && strings.HasSuffix(b.Name, "/nix-eval")
}

func longLog() []string {
	lines := []string{"obuilding", "ewarning"}
	for i := range 3000 {
		lines = append(lines, fmt.Sprintf("oline %d of a log that is longer than one chunk of it", i+1))
	}
	return lines
}

// slow waits until it is stopped, or its time is over.
func (m *master) slow(ctx context.Context) int {
	timer := time.NewTimer(slowTime)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return bbCancelled
	case <-timer.C:
		return bbSuccess
	}
}

// trigger asks for the builds of the attributes and waits for them.
func (m *master) trigger(ctx context.Context, repo string, parent int) int {
	attrs := []string{"hello", "bad", "slow"}
	done := make(chan int, len(attrs))
	var virtual []bbOrder
	for _, a := range attrs {
		virtual = append(virtual, bbOrder{repo: repo, attr: "x86_64-linux." + a, parent: parent, done: done})
	}
	err := m.w.Update(func(s *State) error {
		project := 0
		if b := find(s.CI.Builders, func(b *ciBuilder) bool { return b.Name == repo+"/nix-eval" }); b != nil {
			project = b.Project
		}
		for _, o := range virtual {
			s.builder(virtualName(o), project, true)
		}
		return nil
	})
	if err != nil {
		return bbFailure
	}
	m.refresh()
	for _, o := range virtual {
		m.asked(repo+"/nix-build", o)
	}
	worst := bbSuccess // what was stopped counts for worse than what failed
	for range attrs {
		select {
		case got := <-done:
			worst = max(worst, got)
		case <-ctx.Done():
			return bbCancelled
		}
	}
	return worst
}

// step is one step of a build, with its log.
func (m *master) step(ctx context.Context, b *bbBuild, number int, s scene) int {
	m.mu.Lock()
	st := &bbStep{ID: m.next("steps"), Build: b.ID, Name: s.name, Number: number, State: "pending", URLs: []bbLink{}}
	m.put("new", st)
	st.Started, st.Locks = m.now(), m.now()
	m.put("started", st)
	if number > 0 && b.State != "building" {
		b.State = "building"
		m.put("update", b)
	}
	m.own(b, "started", s.event, nil)
	var l *bbLog
	if len(s.lines) > 0 {
		l = &bbLog{ID: m.next("logs"), Name: "stdio", Slug: "stdio", Step: st.ID, Type: "s"}
		m.put("new", l)
		m.lines[l.ID] = slices.Concat([]string{"h'/bin/sh -c ...'"}, s.lines)
		l.Lines = len(m.lines[l.ID])
		m.put("append", l)
	}
	m.mu.Unlock()
	result := bbSuccess
	if s.wait != nil {
		result = s.wait(ctx)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if ctx.Err() != nil {
		result = bbCancelled
	}
	if l != nil {
		m.lines[l.ID] = append(m.lines[l.ID], "hprogram finished with exit code "+strconv.Itoa(result))
		l.Lines++
		m.put("append", l)
		l.Complete = true
		m.put("finished", l)
	}
	m.own(b, "finished", s.event, &result)
	st.State = "'" + s.name + "'" + map[int]string{bbFailure: " (failure)", bbCancelled: " (cancelled)"}[result]
	m.put("updated", st)
	st.Complete, st.CompleteAt, st.Results = true, m.now(), &result
	m.put("finished", st)
	return result
}

// own is an event of buildbot-nix's own on a build.
func (m *master) own(b *bbBuild, when, what string, result *int) {
	if what != "" {
		bare := *b
		bare.Properties, bare.Results, bare.EventType = map[string]any{}, result, when+"-"+what
		m.tell("builds", b.ID, bare.EventType, &bare)
	}
}

// past is a build that the world remembers as done: the same steps, at once.
func (m *master) past(s *State, c ciBuild) {
	name := c.Repo + "/nix-build"
	on, ok := m.tables["builders"].get(name).(*bbBuilder)
	if !ok {
		return
	}
	r := m.request(on, bbOrder{repo: c.Repo, attr: c.Attr, past: &c})
	one, end := 1, int(c.End.Unix())
	r.Claimed, r.ClaimedAt, r.ClaimedBy, r.Complete, r.CompleteAt, r.Results = true, &end, &one, true, &end, c.Results
	b := m.build(r, 1)
	b.Started = int(c.Start.Unix())
	for n, name := range []string{"worker_preparation", "Build flake attr", "Upload to niks3", "Register gcroot"} {
		st := &bbStep{
			ID: m.next("steps"), Build: b.ID, Name: name, Number: n, State: "'" + name + "'", URLs: []bbLink{},
			Started: &b.Started, Locks: &b.Started, Complete: true, CompleteAt: &end, Results: new(int),
		}
		m.put("finished", st)
		if n > 0 {
			l := &bbLog{ID: m.next("logs"), Name: "stdio", Slug: "stdio", Step: st.ID, Type: "s", Complete: true, Lines: 1}
			m.lines[l.ID] = []string{"o" + name + " on " + s.Host.Name}
			m.put("finished", l)
		}
	}
	b.State, b.Complete, b.CompleteAt, b.Results = "build successful", true, &end, &c.Results
	m.put("finished", b)
}

// again asks for a build like this one.
func (m *master) again(b *bbBuild) any {
	m.mu.RLock()
	var o bbOrder
	name := ""
	if r, ok := m.tables["buildrequests"].rows[b.Request-1].(*bbRequest); ok {
		o = r.order
		o.done, o.parent = nil, 0
		if on, ok := m.tables["builders"].rows[r.Builder-1].(*bbBuilder); ok {
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
		return
	}
	for build, stop := range m.running {
		if b, ok := m.tables["builds"].rows[build-1].(*bbBuild); ok && b.Request == id {
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
