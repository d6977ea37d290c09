package station

import (
	"context"
	"net/http"

	"github.com/nixwright/nixwright/providers/buildbot"
	"github.com/nixwright/nixwright/providers/cloudflare"
	"github.com/nixwright/nixwright/providers/edge"
	"github.com/nixwright/nixwright/providers/niks3"
	"github.com/nixwright/nixwright/providers/nixcache"
	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/state/shape"
)

// Ways are how the sources reach what they look at.
type Ways struct {
	HTTP          *http.Client
	CloudflareAPI string // empty: its own
	CacheURL      string // where Nix clients read
	Certificates  bool   // the names are served with TLS
	Builds        int    // so many are kept; 0: the usual number
	Host          live.Source
	GitHub        func(ctx context.Context, app state.AppAuth) live.Source
	Clock         live.Clock
}

// sources are all that there are.
func (s *Station) sources() []live.Source {
	w, c := s.o.Ways, s.o.Config
	all := []live.Source{
		buildbot.NewSource(s.o.Builds, buildbot.SourceOptions{Builds: w.Builds, Clock: w.Clock}),
		Later("niks3", func(ctx context.Context) (live.Source, error) {
			token, _ := s.o.Secret(ctx, shape.APITokenName)
			src := niks3.NewSource(s.o.Cache, niks3.SourceOptions{Token: token, Clock: w.Clock, Away: s.away})
			s.looksBy(src.Look)
			return src, nil
		}),
		w.Host,
		Later("Cloudflare", s.cloudflare),
		Later("GitHub", func(ctx context.Context) (live.Source, error) {
			key, _ := s.o.Secret(ctx, shape.AppKeyName)
			return w.GitHub(ctx, state.AppAuth{ID: s.o.Facts.App.ID, Key: key}), nil
		}),
		s.count,
	}
	if s.o.Facts.Cache.PublicKey != "" {
		src := nixcache.NewSource(nixcache.New(w.HTTP, w.CacheURL), nixcache.SourceOptions{
			PublicKey: s.o.Facts.Cache.PublicKey, Newest: s.unseen, Clock: w.Clock,
		})
		s.looksBy(src.Look)
		all = append(all, src)
	}
	if w.Certificates {
		all = append(all, edge.NewCertificates([]string{c.CI.Domain, c.Cache.Domain}, edge.CertificatesOptions{Clock: w.Clock}))
	}
	return all
}

func (s *Station) looksBy(look func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looks = append(s.looks, look)
}

// Check has the cache looked at again: niks3, and the newest path.
func (s *Station) Check() {
	s.mu.Lock()
	looks := s.looks
	s.mu.Unlock()
	for _, look := range looks {
		look()
	}
}

// cloudflare is the source of Cloudflare's figures, where there is a token.
func (s *Station) cloudflare(ctx context.Context) (live.Source, error) {
	token, found := s.o.Secret(ctx, shape.CloudflareReadName)
	if !found {
		return without{"Cloudflare", "no Cloudflare token here: the optional step console-token makes one"}, nil
	}
	c := s.o.Config
	return cloudflare.NewSource(cloudflare.New(s.o.Ways.HTTP, s.o.Ways.CloudflareAPI, token), cloudflare.SourceOptions{
		Bucket: s.bucket(), Domain: c.Cache.Domain, Clock: s.o.Ways.Clock,
	}), nil
}

// unseen are the builds whose output is still to be seen in the cache.
func (s *Station) unseen() []live.Build {
	if snap := s.seen.Load(); snap != nil {
		return nixcache.Unseen(snap)
	}
	return nil
}

// away says whether the way to the host is down, so that the silence of a
// service there says nothing of it.
func (s *Station) away() bool { return s.o.Stands != nil && !s.o.Stands() }

// without is a source that there is no credential for: it is up, and says what
// it cannot tell.
type without struct{ name, note string }

// Name implements live.Source.
func (w without) Name() string { return w.name }

// Watch implements live.Source.
func (w without) Watch(ctx context.Context, emit func(live.Update)) error {
	emit(live.Update{News: live.Link{Up: true, Note: w.note}})
	<-ctx.Done()
	return ctx.Err()
}
