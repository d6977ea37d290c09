package fake

import "time"

// The past: builds that were made before life began. Each is made when
// somebody asks for it, and is the same each time. It goes in groups of one
// evaluation and the builds of a block of attributes, ten minutes apart.

const (
	groupSize = 1 + blockSize
	groupSpan = 10 * time.Minute
	stepSlots = 8 // numbers of steps that a build of the past has
	logSlots  = 4 // numbers of logs, those of the steps after the first
)

// fill puts the past behind the rows that are there.
func (l *Living) fill() {
	n, m := l.life.Builds, l.m
	l.fillCache(n)
	if n == 0 {
		return
	}
	tables := m.tables
	set := func(kind string, n int, row func(int) any, order func(int) int) {
		tables[kind].past = &past{from: tables[kind].len(), n: n, row: row, order: order}
	}
	set("changes", l.groups(), l.pastChange, nil)
	set("builds", n, l.pastRow, l.byEnd)
	set("buildrequests", n, l.pastRequest, l.byEnd)
	set("buildsets", n, l.pastSet, l.byEnd)
	set("steps", n*stepSlots, l.pastStep, nil)
	set("logs", n*logSlots, l.pastLog, nil)
}

func (l *Living) groups() int { return (l.life.Builds + groupSize - 1) / groupSize }

// byEnd is which build of the past is at a place by its end: an evaluation
// ends after its builds.
func (l *Living) byEnd(place int) int {
	first := place / groupSize * groupSize
	last := min(first+groupSize, l.life.Builds) - 1
	if place == last {
		return first
	}
	return place + 1
}

// isPast says whether a build is of the past, and which.
func (l *Living) isPast(build int) (k int, ok bool) {
	p := l.m.tables["builds"].past
	if p == nil || build <= p.from || build > p.from+p.n {
		return 0, false
	}
	return build - p.from - 1, true
}

// pastJob is what build k was for.
func (l *Living) pastJob(k int) *job {
	group, i := k/groupSize, k%groupSize
	block := group % l.blocks
	n := l.draw(drawCommit, group)
	j := &job{
		n: n, repo: block % len(l.repos), attr: -1, commit: commitOf(n), branch: "master", change: l.m.tables["changes"].past.from + group + 1,
		path: -1,
	}
	if i > 0 {
		j.n = l.draw(drawPast, k)
		j.attr, j.fate, j.path = block*blockSize+i-1, fateOf(j.n), l.cache.first+k
		return j
	}
	for i := 1; i < groupSize && k+i < l.life.Builds; i++ {
		j.attrs = append(j.attrs, block*blockSize+i-1)
		j.fates = append(j.fates, fateOf(l.draw(drawPast, k+i)))
	}
	j.fate = worst(j.fates)
	return j
}

// pastTimes are when build k began and ended.
func (l *Living) pastTimes(k int) (from, to int) {
	group, i := k/groupSize, k%groupSize
	start := int(l.begun.Add(-time.Duration(l.groups()-group) * groupSpan).Unix())
	if i == 0 {
		return start, start + 30 + 22*groupSize
	}
	return start + 20 + i, start + 40 + 20*i + below(l.draw(drawPast, k), 9)
}

func (l *Living) pastChange(group int) any {
	j := l.pastJob(group * groupSize)
	from, _ := l.pastTimes(group * groupSize)
	return l.changeRow(j, time.Unix(int64(from-3), 0))
}

func (l *Living) pastRow(k int) any {
	j := l.pastJob(k)
	from, to := l.pastTimes(k)
	builder := l.kinds[j.repo]["nix-eval"]
	if j.attr >= 0 {
		builder = l.builderOf(j.attr)
	}
	return &bbBuild{
		ID: l.m.tables["builds"].past.from + k + 1, Builder: builder, Request: l.m.tables["buildrequests"].past.from + k + 1,
		Complete: true, CompleteAt: &to, Master: 1, Number: l.pastNumber(k), Results: &j.fate, Started: from, State: j.words(), Worker: l.pastWorker(k),
	}
}

func (l *Living) pastWorker(k int) int {
	if len(l.workers) == 0 {
		return 1
	}
	return l.workers[k%len(l.workers)].ID
}

// pastNumber counts the builds of one builder. Group g is of block g mod
// blocks, whose repository is that mod repositories.
func (l *Living) pastNumber(k int) int {
	group := k / groupSize
	if k%groupSize > 0 {
		return group/l.blocks + 1
	}
	block, repo := group%l.blocks, group%l.blocks%len(l.repos)
	return group/l.blocks*l.blocksOf(repo) + block/len(l.repos) + 1
}

func (l *Living) blocksOf(repo int) int {
	return (l.blocks - repo + len(l.repos) - 1) / len(l.repos)
}

// pastOf is how many builds of the past a builder has.
func (l *Living) pastOf(builder int) int {
	if l.life.Builds == 0 {
		return 0
	}
	if a := builder - l.attr0 - 1; a >= 0 && a < l.attrs {
		n := l.groups() / l.blocks
		if l.pastBuild(builder, n) <= l.m.tables["builds"].past.from+l.life.Builds {
			n++
		} else if n > 0 && l.pastBuild(builder, n-1) > l.m.tables["builds"].past.from+l.life.Builds {
			n--
		}
		return n
	}
	for repo, kinds := range l.kinds {
		if kinds["nix-eval"] == builder {
			n, groups := l.groups()/l.blocks*l.blocksOf(repo), l.groups()%l.blocks
			return n + max(0, groups-repo+len(l.repos)-1)/len(l.repos)
		}
	}
	return 0
}

// pastBuild is the number of the i-th build of the past of a builder.
func (l *Living) pastBuild(builder, i int) int {
	from := l.m.tables["builds"].past.from + 1
	if a := builder - l.attr0 - 1; a >= 0 && a < l.attrs {
		return from + (i*l.blocks+a/blockSize)*groupSize + 1 + a%blockSize
	}
	for repo, kinds := range l.kinds {
		if of := l.blocksOf(repo); kinds["nix-eval"] == builder {
			return from + (i/of*l.blocks+i%of*len(l.repos)+repo)*groupSize
		}
	}
	return 0
}

func (l *Living) pastChildren(k int) rowset {
	if k%groupSize > 0 {
		return rowset{}
	}
	return rowset{n: min(groupSize, l.life.Builds-k) - 1, at: func(i int) any { return l.pastRow(k + 1 + i) }}
}

func (l *Living) pastRequest(k int) any {
	j := l.pastJob(k)
	from, to := l.pastTimes(k)
	one, kind := 1, "nix-eval"
	if j.attr >= 0 {
		kind = j.kind()
	}
	order := bbOrder{repo: l.repos[j.repo], job: j}
	if first := k / groupSize * groupSize; k > first {
		order.parent = l.m.tables["builds"].past.from + first + 1
	}
	p := l.m.tables["buildrequests"].past
	return &bbRequest{
		ID: p.from + k + 1, Builder: l.kinds[j.repo][kind], Set: l.m.tables["buildsets"].past.from + k + 1, Claimed: true, ClaimedAt: &from, ClaimedBy: &one,
		Complete: true, CompleteAt: &to, Results: j.fate, Submitted: from - 2, WaitedFor: j.attr >= 0, order: order,
	}
}

func (l *Living) pastSet(k int) any {
	r, ok := l.pastRequest(k).(*bbRequest)
	if !ok {
		return nil
	}
	return setOf(r)
}

func (l *Living) pastStep(slot int) any {
	k, n := slot/stepSlots, slot%stepSlots
	j := l.pastJob(k)
	stages := l.stages(j, l.workerName(l.pastWorker(k)))
	if n >= len(stages) {
		return nil
	}
	from, to := l.pastTimes(k)
	begin, end := from+n, from+n+1
	if n == j.main() {
		end = to - len(stages) + n
	}
	if n > j.main() {
		begin, end = to-len(stages)+n, to-len(stages)+n+1
	}
	return &bbStep{
		ID: l.m.tables["steps"].past.from + slot + 1, Build: l.m.tables["builds"].past.from + k + 1, Complete: true, CompleteAt: &end,
		Locks: &begin, Name: stages[n].name, Number: n, Results: &stages[n].result, Started: &begin, State: stages[n].state, URLs: []bbLink{},
	}
}

// pastLogs are the logs of the step of a slot: one or none.
func (l *Living) pastLogs(slot int) []any {
	n := slot % stepSlots
	if n < 1 || n > logSlots {
		return nil
	}
	if row := l.pastLog(slot/stepSlots*logSlots + n - 1); row != nil {
		return []any{row}
	}
	return nil
}

func (l *Living) pastLog(slot int) any {
	k, n := slot/logSlots, slot%logSlots+1
	j := l.pastJob(k)
	worker := l.workerName(l.pastWorker(k))
	stages := l.stages(j, worker)
	if n >= len(stages) || stages[n].log == "" {
		return nil
	}
	name := stages[n].log
	return &bbLog{
		ID: l.m.tables["logs"].past.from + slot + 1, Complete: true, Name: name, Slug: name, Type: "s", Lines: len(l.lines(j, n, worker)),
		Step: l.m.tables["steps"].past.from + k*stepSlots + n + 1,
	}
}

// text is all that a log says, or will say.
func (l *Living) text(log int) []string {
	p := l.m.tables["logs"].past
	if p != nil && log > p.from && log <= p.from+p.n {
		k, n := (log-p.from-1)/logSlots, (log-p.from-1)%logSlots+1
		return l.lines(l.pastJob(k), n, l.workerName(l.pastWorker(k)))
	}
	of, ok := l.logs[log]
	if !ok {
		return nil
	}
	return append(l.lines(of.job, of.stage, of.worker), of.more...)
}

func (l *Living) workerName(id int) string {
	if w, ok := l.m.tables["workers"].at(id).(*bbWorker); ok {
		return w.Name
	}
	return ""
}

// jobOf is what a build of life was for; nil: it is not one of life's.
func (l *Living) jobOf(build int) *job {
	if k, ok := l.isPast(build); ok {
		return l.pastJob(k)
	}
	return l.jobs[build]
}

// changeOf is the change that a build is of; 0: none.
func (l *Living) changeOf(build int) int {
	if j := l.jobOf(build); j != nil {
		return j.change
	}
	return 0
}
