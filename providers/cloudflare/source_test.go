package cloudflare_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/cloudflare"
	"github.com/nixwright/nixwright/providers/fake"
	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
)

// watched is what a source told in some rounds, and the snapshot of it.
type watched struct {
	snap   live.Snapshot
	links  []live.Link
	pauses []time.Duration
	err    error
}

func (w watched) note() string {
	if len(w.links) == 0 {
		return ""
	}
	return w.links[len(w.links)-1].Note
}

// watch lets a source look so many times; between says what happens meanwhile.
func watch(t *testing.T, c *cloudflare.Client, o cloudflare.SourceOptions, rounds int, between func()) watched {
	t.Helper()
	var w watched
	now := figuresTo
	o.Clock = live.Clock{
		Now: func() time.Time { return now },
		Sleep: func(_ context.Context, d time.Duration) error {
			w.pauses, now = append(w.pauses, d), now.Add(d)
			if len(w.pauses) == rounds {
				return context.Canceled
			}
			between()
			return nil
		},
	}
	src := cloudflare.NewSource(c, o)
	w.snap = live.New()
	w.err = src.Watch(t.Context(), func(u live.Update) {
		if u.At.IsZero() {
			u.At = now
		}
		u.Source = src.Name()
		if link, is := u.News.(live.Link); is {
			w.links = append(w.links, link)
		}
		w.snap = live.Reduce(w.snap, u)
	})
	return w
}

// readerOf is a client with a token of the console's permissions, less some.
func (l *lab) readerOf(t *testing.T, without ...string) *cloudflare.Client {
	t.Helper()
	all := append([]string{"Account API Tokens Write", "API Tokens Write", "Workers R2 Storage Write", "Account Settings Read", "DNS Write"}, without...)
	return l.as(t, l.policies(t, all...)).client(quiet())
}

func TestSource(t *testing.T) {
	t.Parallel()
	const lacks = "the Cloudflare token lacks "
	for name, tt := range map[string]struct {
		without []string
		account string
		bucket  string        // empty: the one of the lab
		from    live.SizeFrom // zero: live.FromGraphQL
		size    bool
		traffic bool
		notes   []string
		silent  bool // there is no note at all
	}{
		"all of it":                      {account: account, size: true, traffic: true, silent: true},
		"the account is the zone's":      {size: true, traffic: true, silent: true},
		"not counted yet":                {account: account, bucket: "new-and-empty", traffic: true, notes: []string{"has not counted the bucket yet"}},
		"no analytics of the account":    {without: []string{"Account Analytics Read"}, account: account, from: live.FromR2, size: true, traffic: true, notes: []string{lacks + "Account Analytics Read", "all buckets"}},
		"nothing of the account":         {without: []string{"Account Analytics Read", "Workers R2 Storage Read"}, account: account, traffic: true, notes: []string{lacks + "Account Analytics Read"}},
		"no analytics of the zone":       {without: []string{"Analytics Read"}, account: account, size: true, traffic: true, notes: []string{"no hits and misses: " + lacks + "Analytics Read"}},
		"the zone is not seen":           {without: []string{"Zone Read"}, account: account, size: true, traffic: true, notes: []string{"no hits and misses: "}},
		"neither account nor zone":       {without: []string{"Zone Read"}, notes: []string{"account is not known", "no hits and misses"}},
		"nothing at all, and it goes on": {without: []string{"Account Analytics Read", "Workers R2 Storage Read", "Zone Read"}, account: account, notes: []string{lacks}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, "fresh")
			l.furnish(t)
			b := l.bucket()
			b.Account = tt.account
			if tt.bucket != "" {
				b.Name = tt.bucket
			}
			c := l.readerOf(t, tt.without...)
			before := l.writes()
			w := watch(t, c, cloudflare.SourceOptions{Bucket: b, Domain: domain}, 2, func() {
				if err := l.w.PutObject(l.bucket().Name, "y.narinfo", []byte("seven b"), "text/plain", ""); err != nil {
					t.Error(err)
				}
			})
			if !errors.Is(w.err, context.Canceled) || len(w.pauses) != 2 || w.pauses[0] != 3*time.Minute || l.writes() != before {
				t.Errorf("ended with %v after %v; wrote %d", w.err, w.pauses, l.writes()-before)
			}
			if len(w.links) != 1 || !w.links[0].Up || (w.note() == "") != tt.silent {
				t.Errorf("links %+v", w.links)
			}
			for _, one := range tt.notes {
				if !strings.Contains(w.note(), one) {
					t.Errorf("note %q, want %q", w.note(), one)
				}
			}
			size, known := w.snap.Sizes[max(tt.from, live.FromGraphQL)].Get()
			if known != tt.size || known && (size.Objects != 2 || size.Stored != 19) {
				t.Errorf("size %+v, %v", size, known)
			}
			if part := w.snap.Sizes[live.FromGraphQL]; part != nil && !part.At.Equal(figuresTo) {
				t.Errorf("the size is of %s, told with %s", figuresTo, part.At)
			}
			if traffic, known := w.snap.Traffic.Get(); known != tt.traffic || known && !traffic.From.Equal(figuresFrom.Add(3*time.Minute)) {
				t.Errorf("traffic %+v, %v", traffic, known)
			}
		})
	}
}

// TestTrafficStaysWhileOneHalfFails: what could not be read this time is not
// told as none.
func TestTrafficStaysWhileOneHalfFails(t *testing.T) {
	t.Parallel()
	var down atomic.Value
	down.Store("")
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		half, _ := down.Load().(string)
		switch {
		case err != nil:
			t.Error(err)
		case r.URL.Path == "/zones":
			good(w, `[{"id":"`+zoneID+`","name":"phlip9.com","account":{"id":"`+account+`"}}]`)
		case half != "" && strings.Contains(string(body), half):
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			_, _ = w.Write([]byte(`{"data":{"viewer":{
				"accounts":[{"r2OperationsAdaptiveGroups":[{"sum":{"requests":5},"dimensions":{"actionType":"PutObject"}}]}],
				"zones":[{"httpRequestsAdaptiveGroups":[{"count":7,"dimensions":{"cacheStatus":"hit","edgeResponseStatus":200}}]}]}}}`))
		}
	}))
	t.Cleanup(srv.Close)
	for _, half := range []string{"zoneTag", "accountTag"} {
		down.Store("")
		w := watch(t, cloudflare.New(quiet(), srv.URL, state.NewSecret(token)), cloudflare.SourceOptions{Bucket: bucket(), Domain: "cache.phlip9.com"}, 3, func() { down.Store(half) })
		if traffic, _ := w.snap.Traffic.Get(); traffic.Hits != 7 || traffic.ClassA != 5 {
			t.Errorf("without %s: %+v, %v, %q", half, traffic, w.err, w.note())
		}
	}
}

func TestSourceFails(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		kind   error
	}{
		"the token is none":     {func(w http.ResponseWriter, _ *http.Request) { refuse(w, 401, 9109, "Invalid access token") }, state.ErrUnauthorized},
		"Cloudflare is down":    {func(w http.ResponseWriter, _ *http.Request) { refuse(w, 503, 0, "down") }, state.ErrService},
		"too many questions":    {func(w http.ResponseWriter, _ *http.Request) { refuse(w, 429, 10429, "wait") }, state.ErrLimited},
		"a page, not an answer": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>hello")) }, state.ErrService},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := client(t, tt.answer)
			w := watch(t, c, cloudflare.SourceOptions{Bucket: bucket(), Domain: "cache.phlip9.com"}, 2, func() {})
			if !errors.Is(w.err, tt.kind) || len(w.links) > 0 {
				t.Errorf("%v; links %+v", w.err, w.links)
			}
		})
	}
}

// TestGraphQLErrors are what errors of GraphQL mean, which come with status 200
// and in words alone.
func TestGraphQLErrors(t *testing.T) {
	t.Parallel()
	for body, kind := range map[string]error{
		`{"data":null,"errors":[{"message":"not authorized for that account","path":["viewer","accounts"]}]}`:      state.ErrDenied,
		`{"data":null,"errors":[{"message":"zone 'x' does not have access to the path. Refer to ..."}]}`:           state.ErrDenied,
		`{"data":null,"errors":[{"message":"Unauthorized"}]}`:                                                      state.ErrUnauthorized,
		`{"data":null,"errors":[{"message":"rate limiter budget depleted, try again after 5 minutes"}]}`:           state.ErrLimited,
		`{"data":null,"errors":[{"message":"zone 'x' cannot request a time range wider than 1d"}]}`:                state.ErrInvalid,
		`{"data":null,"errors":[{"message":"Internal server error"}]}`:                                             state.ErrService,
		`{"data":{"viewer":{"accounts":[]}},"errors":null}`:                                                        state.ErrDenied,
		`{"data":{"viewer":{"accounts":[{"r2StorageAdaptiveGroups":[{"max":{"objectCount":7}}]}]}},"errors":null}`: state.ErrService,
		`{"data":null,"errors":null}`: state.ErrDenied,
		`{"data":7,"errors":[]}`:      state.ErrService,
		`7`:                           state.ErrService,
	} {
		c, _ := client(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) })
		if _, err := c.BucketFigures(t.Context(), bucket(), figuresFrom, figuresTo); !errors.Is(err, kind) || !strings.Contains(err.Error(), "read analytics of bucket phlip9-nix-cache") {
			t.Errorf("%s: %v, want %v", body, err, kind)
		}
	}
}

// TestFiguresAreAdded: R2's operations by what they cost, and the edge's
// answers by where they are from.
func TestFiguresAreAdded(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := make([]byte, 4096)
		n, _ := r.Body.Read(body)
		asked := string(body[:n])
		if strings.Contains(asked, "zoneTag") {
			_, _ = w.Write([]byte(`{"data":{"viewer":{"zones":[{"httpRequestsAdaptiveGroups":[
				{"count":1,"dimensions":{"cacheStatus":"hit","edgeResponseStatus":200}},{"count":10,"dimensions":{"cacheStatus":"revalidated","edgeResponseStatus":304}},
				{"count":100,"dimensions":{"cacheStatus":"miss","edgeResponseStatus":200}},{"count":1000,"dimensions":{"cacheStatus":"dynamic","edgeResponseStatus":200}},
				{"count":10000,"dimensions":{"cacheStatus":"hit","edgeResponseStatus":404}},{"count":100000,"dimensions":{"cacheStatus":"expired","edgeResponseStatus":200}}]}]}}}`))
			return
		}
		if !strings.Contains(asked, `"bucket":"eu_phlip9-nix-cache"`) {
			t.Errorf("asked %s", asked)
		}
		_, _ = w.Write([]byte(`{"data":{"viewer":{"accounts":[{"r2StorageAdaptiveGroups":[{"max":{"objectCount":5,"payloadSize":70,"metadataSize":3},"dimensions":{"datetime":"2026-11-23T08:55:00Z"}}],
			"r2OperationsAdaptiveGroups":[{"sum":{"requests":1},"dimensions":{"actionType":"PutObject"}},{"sum":{"requests":10},"dimensions":{"actionType":"GetObject"}},
			{"sum":{"requests":100},"dimensions":{"actionType":"DeleteObject"}},{"sum":{"requests":1000},"dimensions":{"actionType":"UploadPart"}},{"sum":{"requests":9},"dimensions":{"actionType":"SomethingNew"}}]}]}}}`))
	}))
	t.Cleanup(srv.Close)
	c, b := cloudflare.New(quiet(), srv.URL, state.NewSecret(token)), bucket()
	b.Jurisdiction = "eu"
	got, err := c.BucketFigures(t.Context(), b, figuresFrom, figuresTo)
	if want := (live.Size{From: live.FromGraphQL, Objects: 5, Stored: 73}); err != nil || got.Size != want || got.ClassA != 1001 || got.ClassB != 10 || got.At.Minute() != 55 {
		t.Errorf("%+v, %v", got, err)
	}
	edge, err := c.EdgeFigures(t.Context(), zoneID, "cache.phlip9.com", figuresFrom, figuresTo)
	if want := (live.Traffic{From: figuresFrom, Hits: 11, Misses: 101100, NotFound: 10000}); err != nil || edge != want {
		t.Errorf("%+v, %v", edge, err)
	}
}

// TestSourceOfALivingWorld: the figures are the world's, and move with it.
func TestSourceOfALivingWorld(t *testing.T) {
	t.Parallel()
	l := newLab(t, "fresh")
	var conf state.Config
	l.w.Look(func(s *fake.State) { conf = s.Config })
	err := l.client(quiet()).CreateBucket(t.Context(), state.Bucket{Name: conf.Cache.R2.Bucket, Account: account})
	if err == nil {
		err = l.w.RunBuildbot(state.FullyPrivate, "phlip9/dotfiles", state.NewSecret("hook-secret"), state.NewSecret("basic-password"))
	}
	if err != nil {
		t.Fatal(err)
	}
	life := l.w.Live(fake.Life{Seed: "figures", Rate: 50, Builders: 100, Builds: 200, Objects: 2000, Clock: func() time.Time { return figuresTo }})
	l.change(t, func(s *fake.State) { l.reads(s) })
	o := cloudflare.SourceOptions{Bucket: state.Bucket{Name: conf.Cache.R2.Bucket}, Domain: conf.Cache.Domain}
	before := int64(life.Truth().Objects)
	w := watch(t, l.client(httpx.New(httpx.Options{})), o, 2, func() {
		for life.Truth().Objects <= int(before) {
			life.Step()
		}
	})
	size, _ := w.snap.Sizes[live.FromGraphQL].Get()
	if now := int64(life.Truth().Objects); size.Objects < now || size.Objects > now+10 || size.Stored < int64(life.Truth().Bytes) || w.note() != "" {
		t.Errorf("%+v, want %d objects; note %q", size, now, w.note())
	}
	if traffic, _ := w.snap.Traffic.Get(); traffic.Hits == 0 || traffic.Misses == 0 || traffic.NotFound == 0 || traffic.ClassA == 0 || traffic.ClassB == 0 || traffic.Hits < traffic.Misses {
		t.Errorf("%+v", traffic)
	}
}
