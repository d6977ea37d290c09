package nixcache_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/providers/nixcache"
	"github.com/nixwright/nixwright/state/live"
)

// stage is a cache in a synctest bubble, and when it was asked.
type stage struct {
	mu    sync.Mutex
	key   ed25519.PrivateKey
	held  map[int]bool // paths
	body  string       // in place of every answer
	down  string       // "refused", "hangs", "503"
	asked []time.Time
}

const signer = "cache.phlip9.com-1"

func newStage() *stage {
	return &stage{key: ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)), held: map[int]bool{}}
}

func (s *stage) public() string {
	public, _ := s.key.Public().(ed25519.PublicKey)
	return signer + ":" + base64.StdEncoding.EncodeToString(public)
}

func outPath(n int) string { return fmt.Sprintf("/nix/store/%032d-p%d", n, n) }

// RoundTrip implements http.RoundTripper.
func (s *stage) RoundTrip(req *http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.asked = append(s.asked, time.Now())
	n, status, text := 0, http.StatusNotFound, "none"
	_, _ = fmt.Sscanf(req.URL.Path, "/%d.narinfo", &n)
	switch {
	case s.held[n]:
		status, text = http.StatusOK, s.narinfo(outPath(n))
	case req.URL.Path == "/nix-cache-info":
		status, text = http.StatusOK, "StoreDir: /nix/store\n"
	}
	if s.body != "" {
		status, text = http.StatusOK, s.body
	}
	down := s.down
	s.mu.Unlock()
	switch down {
	case "refused":
		return nil, io.ErrUnexpectedEOF
	case "hangs":
		<-req.Context().Done()
		return nil, req.Context().Err()
	case "503":
		status = http.StatusServiceUnavailable
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(text)), Request: req}, nil
}

func (s *stage) narinfo(path string) string {
	const hash, size = "sha256:0sm0hb161mq6n22bf4lknc3kqprqx3420sm0hb161mq6n22bf4lk", 120
	sig := ed25519.Sign(s.key, fmt.Appendf(nil, "1;%s;%s;%d;", path, hash, size))
	return fmt.Sprintf("StorePath: %s\nURL: nar/x.nar\nNarHash: %s\nNarSize: %d\nSig: %s:%s\n", path, hash, size, signer, base64.StdEncoding.EncodeToString(sig))
}

// change changes the stage.
func (s *stage) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// calls are how long after from it was asked, in whole seconds.
func (s *stage) calls(from time.Time) (out []int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, at := range s.asked {
		out = append(out, int(at.Sub(from).Seconds()))
	}
	s.asked = nil
	return out
}

// story runs a source in a bubble over what is known, which its answers change;
// begin is how the cache is at first.
func story(t *testing.T, begin func(*stage), tell func(t *testing.T, s *stage, src *nixcache.Source, w *watched)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newStage()
		begin(s)
		var src *nixcache.Source
		w := watch(t.Context(), func(w *watched) live.Source {
			src = nixcache.NewSource(nixcache.New(httpx.New(httpx.Options{Base: s}), "https://cache"), nixcache.SourceOptions{
				PublicKey: s.public(), Clock: clock(1), Newest: func() []live.Build { s := w.now(); return nixcache.Unseen(&s) },
			})
			return src
		}, clock(1))
		tell(t, s, src, w)
		w.end()
	}) // it fails where a goroutine is left
}

func asItIs(*stage) {}

func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// built tells of green builds that end now, with these numbers, which are those
// of their paths too.
func (w *watched) built(upload live.Upload, all ...int) {
	for _, n := range all {
		w.take(live.Update{Source: "buildbot", At: time.Now(), News: live.Builds{All: []live.Build{{
			ID: int64(n), Builder: 2, Done: true, Finished: time.Now(), OutPath: outPath(n), Upload: upload,
		}}}})
	}
}

func (w *watched) served(n int) live.Seen {
	s := w.now()
	return s.Build(int64(n)).Served
}

func (w *watched) link() live.Origin {
	s := w.now()
	link, _ := s.Source("cache")
	return link
}

func equal(a, b []int) bool { return fmt.Sprint(a) == fmt.Sprint(b) }

func TestSourcePaces(t *testing.T) {
	story(t, asItIs, func(t *testing.T, s *stage, src *nixcache.Source, w *watched) {
		t.Helper()
		begin := time.Now()
		pass(time.Hour)
		if got := s.calls(begin); !equal(got, []int{0}) {
			t.Errorf("without any build it asks at %v", got)
		}
		s.change(func() {
			for n := range 30 {
				s.held[n] = true
			}
		})
		begin = time.Now()
		w.built(live.Uploaded, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
		pass(time.Minute)
		if got := s.calls(begin); len(got) != 12 || got[11] > 12 || got[1] == got[0] {
			t.Errorf("for twelve builds it asks at %v", got)
		}
		paths, _ := w.now().Paths.Get()
		if len(paths) != 10 || paths[0].Path != outPath(12) || paths[0].Build != 12 || !paths[0].Found || !paths[0].Narinfo.Verified || paths[0].Bytes != 120 || w.served(1) != live.Present {
			t.Errorf("%d paths, %+v", len(paths), paths)
		}
		begin = time.Now()
		pass(31 * time.Minute)
		if got := s.calls(begin); len(got) != 2 {
			t.Errorf("in half an hour at rest it asks at %v", got)
		}
		begin = time.Now()
		src.Look()
		pass(2 * time.Second)
		if got := s.calls(begin); len(got) != 1 {
			t.Errorf("after Look it asks at %v", got)
		}
		w.built(live.Uploaded, 13)
		w.take(live.Update{Source: "buildbot", At: time.Now(), News: live.Builds{All: []live.Build{{ID: 14, Builder: 2, Done: true, Finished: time.Now(), OutPath: outPath(13), Upload: live.Uploaded}}}})
		begin = time.Now()
		pass(10 * time.Second)
		if got := s.calls(begin); len(got) != 1 || w.served(13) != live.Present || w.served(14) != live.Present {
			t.Errorf("for two builds of one path it asks at %v", got)
		}
		now := w.now()
		for _, b := range nixcache.Unseen(&now) {
			t.Errorf("build %d is served, and looked for", b.ID)
		}
		w.take(live.Update{Source: "buildbot", At: time.Now(), News: live.Builds{All: []live.Build{{ID: 15, Builder: 2, Done: true, Finished: time.Now(), OutPath: outPath(13)}}}})
		pass(2 * time.Second)
		if got := s.calls(begin); len(got) != 0 || w.served(15) != live.Present {
			t.Errorf("for one more it asks at %v", got)
		}
	})
}

// A path may come a little later than its build's end, or not at all.
func TestSourceMissing(t *testing.T) {
	story(t, asItIs, func(t *testing.T, s *stage, _ *nixcache.Source, w *watched) {
		t.Helper()
		pass(1500 * time.Millisecond)
		begin := time.Now()
		s.calls(begin)
		w.built(live.Uploaded, 1, 2)
		w.built(live.NoUpload, 3, 4)
		s.change(func() { s.held[4] = true })
		w.take(live.Update{Source: "buildbot", At: time.Now(), News: live.Builds{All: []live.Build{{
			ID: 5, Builder: 2, Done: true, Finished: time.Now().Add(-time.Hour), OutPath: outPath(5),
		}}}})
		pass(20 * time.Second)
		if w.served(1) != live.NotLooked || w.served(3) != live.NotLooked || w.served(4) != live.Present {
			t.Errorf("after a moment: %v, %v, %v", w.served(1), w.served(3), w.served(4))
		}
		s.change(func() { s.held[1] = true })
		pass(100 * time.Second)
		if w.served(1) != live.Present || w.served(2) != live.Missing || w.served(3) != live.NotLooked || w.served(5) != live.NotLooked {
			t.Errorf("after two minutes: %v, %v, %v, %v", w.served(1), w.served(2), w.served(3), w.served(5))
		}
		paths, _ := w.now().Paths.Get()
		if len(paths) != 3 || paths[0].Path != outPath(4) || paths[1].Path != outPath(2) || paths[1].Found {
			t.Errorf("%+v", paths)
		}
		if got := s.calls(begin); len(got) > 16 {
			t.Errorf("it asks at %v", got)
		}
		begin = time.Now()
		pass(time.Hour)
		if got := s.calls(begin); len(got) > 11 { // the missing one, and the newest
			t.Errorf("in the hour after that it asks at %v", got)
		}
		s.change(func() { delete(s.held, 4) })
		pass(16 * time.Minute)
		paths, _ = w.now().Paths.Get()
		if w.served(4) != live.Missing || paths[0].Found || paths[0].Narinfo != nil {
			t.Errorf("the newest one is gone: %v, %+v", w.served(4), paths[0])
		}
	})
}

func TestSourceDown(t *testing.T) {
	for _, how := range []string{"refused", "hangs", "503"} {
		t.Run(how, func(t *testing.T) {
			story(t, func(s *stage) { s.down = how; s.held[1], s.held[2] = true, true }, func(t *testing.T, s *stage, _ *nixcache.Source, w *watched) {
				t.Helper()
				pass(30 * time.Second)
				now := w.now()
				link := w.link()
				if told := w.told(); link.Up || link.Err == "" || now.Paths != nil || len(told) < 2 || told[0].Up {
					t.Errorf("down at start: %+v", told)
				}
				s.change(func() { s.down = "" })
				pass(2 * time.Minute)
				w.built(live.Uploaded, 1)
				pass(2 * time.Second)
				if link := w.link(); !link.Up || w.served(1) != live.Present {
					t.Errorf("up: %+v", link)
				}
				s.change(func() { s.down = how })
				was := w.now()
				w.built(live.Uploaded, 2)
				pass(20 * time.Minute)
				now = w.now()
				link = w.link()
				age, _ := now.Paths.Age(time.Now())
				if link.Up || w.served(1) != live.Present || w.served(2) != live.NotLooked || now.Paths != was.Paths || age < 20*time.Minute {
					t.Errorf("down later: %+v, paths %v old", link, age)
				}
				s.change(func() { s.down = "" })
				pass(2 * time.Minute)
				paths, _ := w.now().Paths.Get()
				if link := w.link(); !link.Up || w.served(2) != live.Present || len(paths) != 2 {
					t.Errorf("up again: %+v, %+v", link, paths)
				}
			})
		})
	}
}

// What is strange about one path is told, and hinders no other one.
func TestSourceStrange(t *testing.T) {
	page := func(s *stage) { s.body = "<html><head><title>Just a moment</title></head></html>" }
	story(t, page, func(t *testing.T, s *stage, _ *nixcache.Source, w *watched) {
		t.Helper()
		w.built(live.Uploaded, 1)
		pass(time.Minute)
		link := w.link()
		if !link.Up || !strings.Contains(link.Note, "a page in place of an answer: Just a moment") || w.served(1) != live.NotLooked {
			t.Errorf("%+v", link)
		}
		s.change(func() { s.body = ""; s.held[1] = true })
		pass(2 * time.Minute)
		if link = w.link(); link.Note != "" || w.served(1) != live.Present {
			t.Errorf("%+v", link)
		}
		// Signed by another key of that name.
		s.change(func() {
			s.key = ed25519.NewKeyFromSeed([]byte(strings.Repeat("x", ed25519.SeedSize)))
			s.held[2] = true
		})
		w.built(live.Uploaded, 2)
		pass(2 * time.Second)
		paths, _ := w.now().Paths.Get()
		if !paths[0].Found || paths[0].Narinfo.Verified {
			t.Errorf("%+v", paths[0])
		}
		found := false
		now := w.now()
		for _, a := range now.Alerts(time.Now()) {
			found = found || a.ID == "F26"
		}
		if !found {
			t.Error("nobody is alarmed")
		}
	})
}

func TestSourceWithoutKey(t *testing.T) {
	src := nixcache.NewSource(nixcache.New(http.DefaultClient, "http://127.0.0.1:1"), nixcache.SourceOptions{Clock: clock(1)})
	if err := src.Watch(t.Context(), func(live.Update) {}); err == nil || !strings.Contains(err.Error(), "public key") {
		t.Error(err)
	}
}
