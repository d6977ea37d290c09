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
	b, ok := m.tables["builders"].at(builder).(*bbBuilder)
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
