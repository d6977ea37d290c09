package nixcache

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
)

const (
	pace      = time.Second      // between two requests
	lookLimit = 10 * time.Second // for one
	recheck   = 15 * time.Minute // until the newest path is read again, and the longest pause before one that is missing
	firstWait = 2 * time.Second  // before a missing path is looked for again; doubled each time
	grace     = time.Minute      // what a path may take from its build's end until it is served
	kept      = 10               // paths that are told
)

// SourceOptions are what a Source needs besides its cache.
type SourceOptions struct {
	PublicKey string // that clients trust, "NAME:BASE64"
	// Newest are the builds whose output is to be looked for, the newest first, as
	// Unseen gives them. It is called once a second and must not wait.
	Newest func() []live.Build
	Clock  live.Clock
}

// Source tells whether the newest store paths are served, and are signed by the
// key that clients trust. It asks for one narinfo a second at most: for each new
// path until it is there, later and later, and for the newest one again after a
// quarter of an hour.
type Source struct {
	c    *Cache
	o    SourceOptions
	rung atomic.Bool
	seen map[string]*seen // by store path
}

// seen is a store path and what is known of it.
type seen struct {
	check live.PathCheck
	known bool          // check is to be told
	again time.Time     // it is not looked for before
	wait  time.Duration // the last pause
	err   error         // of the last look
	told  map[int64]bool
}

// NewSource returns the live.Source "cache" of a cache.
func NewSource(c *Cache, o SourceOptions) *Source {
	return &Source{c: c, o: o, seen: map[string]*seen{}}
}

// Name is "cache".
func (s *Source) Name() string { return "cache" }

// Look makes it look for the newest path, and for those that are missing, now.
// It does not wait, and may be called from anywhere.
func (s *Source) Look() { s.rung.Store(true) }

// Watch implements live.Source: it looks until ctx ends or the cache does not
// answer.
func (s *Source) Watch(ctx context.Context, emit func(live.Update)) error {
	if _, err := parseKey(s.o.PublicKey); err != nil {
		return err
	}
	up, said := false, ""
	for {
		looked, err := s.round(ctx, emit)
		if err == nil && !looked && !up { // nothing to look for: does it answer?
			call, end := context.WithTimeout(httpx.Once(ctx), lookLimit)
			_, _, err = s.c.Info(call)
			end()
		}
		if err != nil {
			return cmp.Or(ctx.Err(), err)
		}
		if note := s.note(); !up || note != said {
			emit(live.Update{News: live.Link{Up: true, Via: "polling", Note: note}})
			said = note
		}
		if !up || looked {
			s.tell(emit)
		}
		up = true
		if err := s.o.Clock.Sleep(ctx, pace); err != nil {
			return err
		}
	}
}

// round looks for one path, where one is due.
func (s *Source) round(ctx context.Context, emit func(live.Update)) (looked bool, err error) {
	builds := s.o.Newest()
	s.take(builds, emit)
	newest := s.newest()
	if s.rung.Swap(false) {
		for _, p := range s.seen {
			if p == newest || !p.check.Found {
				p.again, p.wait = time.Time{}, 0
			}
			if !p.known {
				p.check.At = time.Time{}
			}
		}
	}
	now := s.o.Clock.Now()
	for _, b := range builds {
		p := s.seen[b.OutPath]
		pushed := b.Upload == live.Uploaded // of another it is looked for once: nobody knows that it was
		if !p.check.Found && !now.Before(p.again) && (pushed || p.check.At.IsZero()) {
			return true, s.look(ctx, p, builds, emit)
		}
	}
	if newest != nil && !now.Before(newest.again) {
		return true, s.look(ctx, newest, builds, emit)
	}
	return false, nil
}

// take notes new paths, forgets old ones, and tells at once of builds whose
// path was found already.
func (s *Source) take(builds []live.Build, emit func(live.Update)) {
	wanted := map[string]bool{}
	for _, b := range builds {
		wanted[b.OutPath] = true
		p := s.seen[b.OutPath]
		if p == nil {
			p = &seen{check: live.PathCheck{Path: b.OutPath}, told: map[int64]bool{}}
			s.seen[b.OutPath] = p
		}
		p.check.Build = max(p.check.Build, b.ID)
		if p.check.Found && !p.told[b.ID] {
			p.told[b.ID] = true
			emit(live.Update{At: p.check.At, News: live.Served{Build: b.ID, Found: true}})
		}
	}
	paths := s.paths()
	for path := range s.seen {
		if !wanted[path] && !slices.ContainsFunc(paths, func(c live.PathCheck) bool { return c.Path == path }) {
			delete(s.seen, path)
		}
	}
}

// look reads a path's narinfo and tells of its builds. Its error means that the
// cache does not answer.
func (s *Source) look(ctx context.Context, p *seen, builds []live.Build, emit func(live.Update)) error {
	call, end := context.WithTimeout(httpx.Once(ctx), lookLimit)
	defer end()
	n, size, found, err := s.c.narinfo(call, p.check.Path, s.o.PublicKey)
	if silent(err) || ctx.Err() != nil {
		return cmp.Or(ctx.Err(), err)
	}
	now := s.o.Clock.Now()
	p.err = err
	if err != nil || !found {
		p.wait = min(max(2*p.wait, firstWait), recheck)
		p.again = now.Add(p.wait)
	}
	if err != nil {
		return nil
	}
	late := p.check.Found // it was there, and is not any more
	p.check.Found, p.check.At, p.check.Narinfo = found, now, nil
	if found {
		p.wait, p.again, p.known = 0, now.Add(recheck), true
		p.check.Narinfo, p.check.Bytes = &n, size
	}
	if late && !found {
		p.told = map[int64]bool{}
		emit(live.Update{News: live.Served{Build: p.check.Build}})
	}
	for _, b := range builds {
		switch {
		case b.OutPath != p.check.Path:
		case found:
			p.told[b.ID] = true
			emit(live.Update{News: live.Served{Build: b.ID, Found: true}})
		case b.Upload == live.Uploaded && now.Sub(b.Finished) >= grace:
			p.known = true
			emit(live.Update{News: live.Served{Build: b.ID}})
		}
	}
	return nil
}

// silent says whether an error means that the cache does not answer at all, and
// not that it answers something strange for one path.
func silent(err error) bool {
	call, is := errors.AsType[*state.CallError](err)
	return is && (call.Status == 0 || call.Status >= 500 || errors.Is(err, state.ErrLimited) || errors.Is(err, state.ErrOffline))
}

// newest is the path of the newest build that was found.
func (s *Source) newest() (newest *seen) {
	for _, p := range s.seen {
		if p.check.Found && (newest == nil || p.check.Build > newest.check.Build) {
			newest = p
		}
	}
	return newest
}

// paths are the newest ones of which something is known.
func (s *Source) paths() live.Paths {
	out := live.Paths{}
	for _, p := range s.seen {
		if p.known {
			out = append(out, p.check)
		}
	}
	slices.SortFunc(out, func(a, b live.PathCheck) int {
		return cmp.Or(cmp.Compare(b.Build, a.Build), cmp.Compare(a.Path, b.Path))
	})
	return out[:min(len(out), kept)]
}

func (s *Source) tell(emit func(live.Update)) {
	if paths := s.paths(); len(paths) > 0 {
		emit(live.Update{News: live.Tell[live.Paths]{Value: paths}})
	}
}

// note is what went wrong with the newest path with which something did.
func (s *Source) note() string {
	var worst *seen
	for _, p := range s.seen {
		if p.err != nil && (worst == nil || p.check.Build > worst.check.Build) {
			worst = p
		}
	}
	if worst == nil {
		return ""
	}
	return worst.err.Error()
}
