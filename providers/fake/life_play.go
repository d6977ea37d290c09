package fake

import (
	"slices"
	"strconv"
	"time"
)

// play is a build of life while it runs. All of it is under the master's lock.
type play struct {
	l        *Living
	r        *bbRequest
	b        *bbBuild
	j        *job
	stages   []stage
	step     *bbStep
	log      *bbLog
	worker   string
	children []*bbRequest
	pending  int // of the children
	over     bool
	goes     int // counts what was begun, so that what is late is not done
}

// begin starts the build of a request that was claimed, in the order of a real
// 4.3.0: the first step is told before its build.
func (l *Living) begin(r *bbRequest, worker int) {
	m, mine := l.m, *r.order.job
	j := &mine
	l.freshen(j)
	builder := r.Builder
	if j.attr >= 0 {
		if l.builderOf(j.attr) == 0 {
			l.attrOf[j.attr] = l.addAttr(j.attr).ID
		}
		builder = l.builderOf(j.attr)
		m.put("update", m.tables["builders"].at(builder))
	}
	b := &bbBuild{
		ID: m.next("builds"), Builder: builder, Request: r.ID, Master: 1, Worker: worker, Number: m.buildsOn(builder).n + 1,
		Started: *m.now(), State: "starting",
	}
	p := &play{l: l, r: r, b: b, j: j, worker: l.workerName(worker)}
	p.stages = l.stages(j, p.worker)
	m.running[b.ID] = func() { l.halt(b.ID) }
	l.plays[b.ID], l.jobs[b.ID] = p, j
	l.remember(p)
	p.open(0)
	m.put("update", b)
	m.put("new", b)
	if parent := r.order.parent; parent != 0 {
		m.triggered[parent] = append(m.triggered[parent], b)
	}
	p.says("preparing worker")
	p.says("pinging worker")
	p.after(80*time.Millisecond, func() {
		p.close()
		p.says("building")
		p.run(1)
	})
}

// freshen makes a job of the past, or one that is done again, one of now.
func (l *Living) freshen(j *job) {
	if j.took < time.Millisecond {
		j.took = l.pace()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if j.attr >= 0 && j.path < l.cache.start && !l.cache.holds(l, j.path) {
		j.path = l.paths
		l.paths++
	}
}

// after goes on later, unless the build has been stopped until then.
func (p *play) after(d time.Duration, do func()) {
	p.goes++
	mine := p.goes
	p.l.after(d, func() {
		if !p.over && p.goes == mine {
			do()
		}
	})
}

func (p *play) says(words string) {
	p.b.State = words
	p.l.m.put("update", p.b)
}

// open begins a step.
func (p *play) open(n int) {
	m, s := p.l.m, p.stages[n]
	st := &bbStep{ID: m.next("steps"), Build: p.b.ID, Name: s.name, Number: n, State: "pending", URLs: []bbLink{}}
	p.step, p.log = st, nil
	m.put("new", st)
	st.Started = m.now()
	if n == 0 {
		st.Locks = m.now()
	}
	m.put("started", st)
	if n > 0 {
		st.Locks = m.now()
		m.put("updated", st)
	}
	m.own(p.b, "started", s.event, nil)
	if s.log != "" {
		p.log = &bbLog{ID: m.next("logs"), Name: s.log, Slug: s.log, Step: st.ID, Type: "s"}
		p.l.logs[p.log.ID] = logOf{job: p.j, stage: n, worker: p.worker}
		m.put("new", p.log)
	}
}

// grow shows so many lines of the log.
func (p *play) grow(lines int) {
	if p.log != nil && lines > p.log.Lines {
		p.log.Lines = lines
		p.l.m.put("append", p.log)
	}
}

// close ends the step, as its stage says.
func (p *play) close() {
	m, s := p.l.m, p.stages[p.step.Number]
	result := s.result
	m.own(p.b, "finished", s.event, &result)
	if p.log != nil {
		p.log.Complete = true
		m.put("finished", p.log)
	}
	p.step.State = s.state
	m.put("updated", p.step)
	p.step.Complete, p.step.CompleteAt, p.step.Results = true, m.now(), &result
	m.put("finished", p.step)
}

// run goes through the steps from one on.
func (p *play) run(n int) {
	if n == len(p.stages) {
		p.end()
		return
	}
	p.open(n)
	took := 60 * time.Millisecond
	switch {
	case n == p.j.main() && p.j.attr < 0:
		p.trigger()
		return
	case n == p.j.main(), p.stages[n].event != "":
		took = p.j.took
	case p.stages[n].name == "Upload to niks3":
		took = max(p.j.took/5, 200*time.Millisecond)
		p.l.uploading(1)
	}
	if p.log == nil {
		p.after(took, func() { p.close(); p.run(n + 1) })
		return
	}
	all := len(p.l.text(p.log.ID))
	p.write(n, all, max(1, min(all/6, 12)), 1, took)
}

// write shows the log piece by piece.
func (p *play) write(n, all, pieces, piece int, took time.Duration) {
	p.after(took/time.Duration(pieces), func() {
		p.grow(all * piece / pieces)
		if piece < pieces {
			p.write(n, all, pieces, piece+1, took)
			return
		}
		if p.stages[n].name == "Upload to niks3" {
			p.l.uploaded(p.j)
		}
		p.close()
		p.run(n + 1)
	})
}

// trigger asks for the builds of an evaluation, and waits for them.
func (p *play) trigger() {
	l, m := p.l, p.l.m
	p.j.fates, p.j.done = nil, nil
	p.pending = len(p.j.attrs)
	for _, a := range p.j.attrs {
		j := l.newJob(a)
		j.commit, j.branch, j.pr, j.change = p.j.commit, p.j.branch, p.j.pr, p.j.change
		on, ok := m.tables["builders"].at(l.kinds[j.repo][j.kind()]).(*bbBuilder)
		if !ok {
			continue
		}
		r := m.request(on, bbOrder{job: j, parent: p.b.ID})
		p.children = append(p.children, r)
		m.waiting = append(m.waiting, r)
		p.step.URLs = append(p.step.URLs, bbLink{Name: on.Name + " #" + strconv.Itoa(r.ID), URL: "https://" + l.domain + "/#/buildrequests/" + strconv.Itoa(r.ID)})
		m.put("updated", p.step)
	}
	p.grow(len(l.scheduled(p.j)))
	m.claimAll()
	if p.pending == 0 {
		p.triggered()
	}
}

// newJob is a new build of an attribute.
func (l *Living) newJob(a int) *job {
	l.draws++
	j := &job{n: l.draw(drawLive, int(l.draws)), repo: l.repoOf(a), attr: a, path: l.paths} //nolint:gosec // a count
	l.paths++
	j.fate = fateOf(j.n)
	if l.missing > 0 {
		l.missing--
		j.fate = bbWarnings
	}
	j.took = l.pace()/2 + time.Duration(below(mixed(j.n+3), 1000))*l.pace()/1000
	return j
}

// ended is told by a build that this one triggered.
func (p *play) ended(attr, fate int) {
	p.j.fates, p.j.done = append(p.j.fates, fate), append(p.j.done, attr)
	p.pending--
	p.grow(len(p.l.scheduled(p.j)))
	if p.pending == 0 {
		p.triggered()
	}
}

func (p *play) triggered() {
	p.j.fate = worst(p.j.fates)
	p.stages = p.l.stages(p.j, p.worker)
	p.close()
	p.run(p.j.main() + 1)
}

// stop ends the build before its time: cancelled, or tried again elsewhere.
func (p *play) stop(fate int) {
	l, m := p.l, p.l.m
	p.goes++
	children := p.children
	p.children = nil
	for _, r := range children {
		l.withdraw(r)
	}
	n := p.step.Number
	if p.stages[n].name == "Upload to niks3" {
		l.uploading(-1)
	}
	mark := map[int]string{bbCancelled: " (cancelled)", bbRetry: " (retry)"}[fate]
	p.stages[n].result, p.stages[n].state = fate, "'"+p.stages[n].name+"'"+mark
	if p.log != nil {
		of := l.logs[p.log.ID]
		shown := m.linesOf(p.log)
		m.lines[p.log.ID] = append(slices.Clone(shown), "hcommand interrupted, attempting to kill")
		delete(l.logs, p.log.ID)
		of.more = nil
		p.grow(len(m.lines[p.log.ID]))
	}
	p.close()
	ending := *p.j
	ending.fate = fate
	if p.j.attr >= 0 || fate == bbRetry {
		p.finish(fate, map[int]string{bbCancelled: p.stages[n].state, bbRetry: "retry lost connection"}[fate])
		return
	}
	p.finish(fate, ending.words())
}

func (p *play) end() { p.finish(p.j.fate, p.j.words()) }

func (p *play) finish(fate int, words string) {
	l, m := p.l, p.l.m
	p.over = true
	delete(m.running, p.b.ID)
	delete(l.plays, p.b.ID)
	p.says(words)
	p.b.Complete, p.b.CompleteAt, p.b.Results = true, m.now(), &fate
	m.put("finished", p.b)
	l.record(p, fate)
	if fate == bbRetry {
		p.r.Claimed, p.r.ClaimedAt, p.r.ClaimedBy = false, nil, nil
		m.put("unclaimed", p.r)
		m.waiting = slices.Insert(m.waiting, 0, p.r)
		return
	}
	p.r.Complete, p.r.CompleteAt, p.r.Results = true, m.now(), fate
	m.put("complete", p.r)
	l.told(p.r, fate)
	if fate == bbFailure && p.j.attr >= 0 && below(mixed(p.j.n+5), 4) == 0 {
		l.after(30*time.Second, func() { l.retry(p.j) })
	}
	m.claimAll()
}

// retry is somebody who asks for a build again.
func (l *Living) retry(old *job) {
	j := l.newJob(old.attr)
	j.commit, j.branch, j.pr, j.change = old.commit, old.branch, old.pr, old.change
	if on, ok := l.m.tables["builders"].at(l.kinds[j.repo][j.kind()]).(*bbBuilder); ok {
		l.m.waiting = append(l.m.waiting, l.m.request(on, bbOrder{job: j}))
		l.m.claimAll()
	}
}

// withdraw takes a request back, or stops its build.
func (l *Living) withdraw(r *bbRequest) {
	m := l.m
	if r.Complete {
		return
	}
	if r.Claimed {
		for _, id := range sortedKeys(l.plays) {
			if p := l.plays[id]; p != nil && p.r == r {
				p.stop(bbCancelled)
			}
		}
		return
	}
	m.waiting = without(m.waiting, r)
	one := 1
	r.Claimed, r.ClaimedAt, r.ClaimedBy = true, m.now(), &one
	r.Complete, r.CompleteAt, r.Results = true, m.now(), bbCancelled
	m.put("cancel", r)
	m.put("complete", r)
}

// cancelled tells the build that waits for a request which was taken back.
func (l *Living) cancelled(r *bbRequest) { l.told(r, bbCancelled) }

// told has the build that waits for a request go on.
func (l *Living) told(r *bbRequest, fate int) {
	if parent := l.plays[r.order.parent]; parent != nil && slices.Contains(parent.children, r) {
		parent.ended(r.order.job.attr, fate)
	}
}

// halt has a build stopped at the next step of life.
func (l *Living) halt(build int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.halts = append(l.halts, build)
}

func (l *Living) stopHalted() {
	l.mu.Lock()
	halts := l.halts
	l.halts = nil
	l.mu.Unlock()
	for _, id := range halts {
		if p := l.plays[id]; p != nil {
			p.stop(bbCancelled)
		}
	}
}
