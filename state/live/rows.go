package live

import (
	"cmp"
	"math"
	"strings"
	"time"

	"github.com/nixwright/nixwright/state"
)

// The tables, and what else changes with a row of each. What has no limit here
// is limited by what a CI has.
const (
	buildLimit    = 100_000
	requestLimit  = 20_000
	stepLimit     = 8_192
	changeLimit   = 500
	deliveryLimit = 500
)

var (
	builderRows = edit[state.Builder]{
		id: func(b *state.Builder) int64 { return b.ID }, changed: builderChanged, limit: math.MaxInt,
	}
	buildRows = edit[Build]{
		id: func(b *Build) int64 { return b.ID }, merge: Build.with, same: func(a, b *Build) bool { return *a == *b }, changed: buildChanged, limit: buildLimit,
		keep:  func(b *Build) bool { return !b.Done },
		ended: func(b Build) Build { b.Done, b.Result = true, state.ResultNone; return b },
	}
	stepRows = edit[state.BuildStep]{
		id: func(b *state.BuildStep) int64 { return b.ID }, merge: mergeStep, changed: stepChanged, limit: stepLimit, fresh: 10 * time.Minute,
	}
	requestRows = edit[state.BuildRequest]{
		id: func(r *state.BuildRequest) int64 { return r.ID }, merge: mergeRequest, changed: requestChanged, limit: requestLimit,
		keep: func(r *state.BuildRequest) bool { return !r.Done },
	}
	workerRows   = edit[state.BuildWorker]{id: func(w *state.BuildWorker) int64 { return w.ID }, limit: math.MaxInt}
	changeRows   = edit[state.BuildChange]{id: func(c *state.BuildChange) int64 { return c.ID }, limit: changeLimit}
	deliveryRows = edit[Delivery]{id: func(d *Delivery) int64 { return d.ID }, limit: deliveryLimit, fresh: time.Minute}
)

func mergeStep(old, now state.BuildStep, newer bool) state.BuildStep {
	if now.Done && !old.Done || newer && now.Done == old.Done {
		return now
	}
	return old
}

func mergeRequest(old, now state.BuildRequest, newer bool) state.BuildRequest {
	if now.Done && !old.Done || newer && now.Done == old.Done {
		return now
	}
	return old
}

func requestChanged(s *Snapshot, old, now *state.BuildRequest) {
	if now == nil || now == old || now.Claimed || now.Done {
		s.waiting = s.waiting.drop(id(cmp.Or(old, now).ID))
		return
	}
	s.waiting = s.waiting.put(id(now.ID), struct{}{})
}

// uploadStep is the step that pushes to the cache (buildbot-nix).
const uploadStep = "Upload to niks3"

func stepChanged(s *Snapshot, old, now *state.BuildStep) {
	if now == nil || now == old {
		s.ofBuild = s.ofBuild.drop(key{old.Build, old.ID})
		return
	}
	if old == nil {
		s.ofBuild = s.ofBuild.put(key{now.Build, now.ID}, struct{}{})
	}
	was, found := s.builds.rows.get(id(now.Build))
	if upload := uploadOf(now); found && upload > was.v.Upload {
		next := *was
		next.v.Upload = upload
		buildRows.set(s, &s.builds, was, &next)
	}
}

func uploadOf(step *state.BuildStep) Upload {
	switch {
	case !strings.EqualFold(step.Name, uploadStep):
		return NoUpload
	case !step.Done && step.Started.IsZero():
		return NoUpload
	case !step.Done:
		return Uploading
	case step.Result == state.ResultSuccess:
		return Uploaded
	case step.Result == state.ResultSkipped:
		return NoUpload
	}
	return UploadFailed
}

func (s *Snapshot) served(n Served, at time.Time) {
	was, found := s.builds.rows.get(id(n.Build))
	if !found || at.UnixNano() < was.v.looked {
		return
	}
	next := *was
	next.v.looked = at.UnixNano()
	if next.v.Served = Missing; n.Found {
		next.v.Served = Present
	}
	buildRows.set(s, &s.builds, was, &next)
}

// builderChanged gives the builds of a builder what its name says.
func builderChanged(s *Snapshot, old, now *state.Builder) {
	if now == nil || old != nil && old.Name == now.Name {
		return
	}
	for k := range s.byBuilder.up(key{now.ID, math.MinInt64}, key{now.ID, math.MaxInt64}) {
		if was, found := s.builds.rows.get(id(k.lo)); found {
			next := *was
			buildRows.set(s, &s.builds, was, &next)
		}
	}
}

// buildChanged keeps the indexes and the histories of builds.
func buildChanged(s *Snapshot, old, now *Build) {
	if now != nil && now != old {
		if old == nil {
			now.Upload = max(now.Upload, s.uploaded(now.ID))
		}
		*now = s.shared(now.derived(s.builders.get(now.Builder)))
	}
	was, is := placesOf(old), placesOf(now)
	gone := now == nil || now == old
	if gone {
		is = places{}
	}
	if was.status != is.status {
		s.byStatus = moved(s.byStatus, was.status, is.status)
	}
	if was.builder != is.builder {
		s.byBuilder = moved(s.byBuilder, was.builder, is.builder)
	}
	if was.group != is.group {
		s.byGroup = moved(s.byGroup, was.group, is.group)
		s.count(old, was, -1)
		s.count(now, is, 1)
	}
	if now != old && (was.ended != is.ended || was.green != is.green || was.attr != is.attr) {
		s.ended(was, -1)
		s.ended(is, 1)
	}
}

// uploaded is what the steps of a build say of its upload.
func (s *Snapshot) uploaded(build int64) (u Upload) {
	for k := range s.ofBuild.up(key{build, math.MinInt64}, key{build, math.MaxInt64}) {
		if step := s.steps.get(k.lo); step != nil {
			u = max(u, uploadOf(step))
		}
	}
	return u
}

// shared is b with the texts of its evaluation and its builder where they are
// the same, so that a hundred thousand builds do not hold each its own copy.
// The past is told backwards: a build comes before its evaluation and before
// the builder's last one, and after its sisters and the builder's next one.
func (s *Snapshot) shared(b Build) Build {
	near := s.builds.get(b.Parent)
	for k := range s.byGroup.up(key{b.Parent, 0}, key{b.Parent, math.MaxInt64}) {
		if near == nil && b.Parent != 0 {
			near = s.builds.get(k.lo & (1<<idBits - 1))
		}
		break
	}
	if near != nil {
		share(&b.Repo, near.Repo)
		share(&b.Branch, near.Branch)
		share(&b.Commit, near.Commit)
		share(&b.Message, near.Message)
		share(&b.Author, near.Author)
	}
	if like := s.beside(&b); like != nil {
		share(&b.State, like.State)
	}
	return b
}

// beside is the build of the same builder before one, else the one after it.
func (s *Snapshot) beside(b *Build) *Build {
	for k := range s.byBuilder.down(key{b.Builder, b.ID - 1}, key{b.Builder, math.MinInt64}) {
		return s.builds.get(k.lo)
	}
	for k := range s.byBuilder.up(key{b.Builder, b.ID + 1}, key{b.Builder, math.MaxInt64}) {
		return s.builds.get(k.lo)
	}
	return nil
}

func share(s *string, with string) {
	if *s == with {
		*s = with
	}
}

// places are where a build is in the indexes; the zero keys: nowhere.
type places struct {
	status, builder, group key
	ended                  time.Time // the zero time: it is not counted
	green, attr            bool
}

const idBits = 48 // of a build's number in byGroup, below its status

func placesOf(b *Build) (p places) {
	if b == nil {
		return p
	}
	status := b.Status()
	p.status, p.builder = key{int64(status) + 1, b.ID}, key{b.Builder, b.ID}
	switch group := b.Parent; {
	case b.Kind == KindEval:
		p.group = key{b.ID, int64(statuses) << idBits} // the evaluation itself: after its builds
	case b.Kind == KindAttr && group == 0:
		p.group = key{b.ID, int64(status)<<idBits | b.ID}
	case b.Kind == KindAttr:
		p.group = key{group, int64(status)<<idBits | b.ID}
	}
	if b.Kind != KindUnknown && (status.Green() || status.Red()) {
		p.ended, p.green, p.attr = b.Finished, status.Green(), b.Kind == KindAttr
	}
	return p
}

func moved(t tree[struct{}], from, to key) tree[struct{}] {
	if from != (key{}) {
		t = t.drop(from)
	}
	if to != (key{}) {
		t = t.put(to, struct{}{})
	}
	return t
}

func (s *Snapshot) count(b *Build, p places, by int32) {
	if p.group == (key{}) {
		return
	}
	k := id(p.group.hi)
	c, _ := s.counts.get(k)
	if b.Kind == KindAttr {
		c[b.Status()] += by
	}
	for range s.byGroup.up(key{k.lo, math.MinInt64}, key{k.lo, math.MaxInt64}) {
		s.counts = s.counts.put(k, c)
		return
	}
	s.counts = s.counts.drop(k)
}

// ended counts a build in the histories, or takes it out.
func (s *Snapshot) ended(p places, by float64) {
	if p.ended.IsZero() {
		return
	}
	s.BuildsPerHour = s.BuildsPerHour.counted(p.ended, by)
	if !p.attr {
		return
	}
	s.finished = s.finished.counted(p.ended, by)
	if p.green {
		s.green = s.green.counted(p.ended, by)
	}
}
