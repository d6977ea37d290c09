package httpx_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
)

// counter notes when requests come, and answers as it is told to.
type counter struct {
	answer func(n int, req *http.Request) *http.Response

	mu    sync.Mutex
	times []time.Time
}

func (c *counter) RoundTrip(req *http.Request) (*http.Response, error) {
	c.mu.Lock()
	c.times = append(c.times, time.Now())
	n := len(c.times)
	c.mu.Unlock()
	if c.answer == nil {
		return answer(200), nil
	}
	return c.answer(n, req), nil
}

// most is the largest number of requests in any window of this length.
func (c *counter) most(d time.Duration) int {
	slices.SortFunc(c.times, time.Time.Compare)
	most, from := 0, 0
	for to, at := range c.times {
		for at.Sub(c.times[from]) >= d {
			from++
		}
		most = max(most, to-from+1)
	}
	return most
}

// TestPace: however the requests come, no window of five minutes holds more
// than Cloudflare allows, and no minute more than GitHub does.
func TestPace(t *testing.T) {
	cases := []struct {
		name, url, method string
		workers, each     int
		idle              time.Duration // of every worker after every hundredth request
		window            time.Duration
		limit             int
		least             int // requests in the fullest window: the limit is used, not only kept
	}{
		{"one after the other", "https://api.cloudflare.com/client/v4/zones", "GET", 1, 3000, 0, 5 * time.Minute, 1200, 1190},
		{"twelve at once", "https://api.cloudflare.com/client/v4/zones", "GET", 12, 300, 0, 5 * time.Minute, 1200, 1190},
		{"in bursts", "https://api.cloudflare.com/client/v4/zones", "POST", 3, 1000, 70 * time.Second, 5 * time.Minute, 1200, 1000},
		{"GitHub, reads", "https://api.github.com/user", "GET", 12, 300, 0, time.Minute, 900, 890},
		{"GitHub, writes", "https://api.github.com/user", "PUT", 1, 400, 0, time.Minute, 180, 175},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				seen := &counter{}
				hc := httpx.New(httpx.Options{Base: seen})
				var wg sync.WaitGroup
				for range c.workers {
					wg.Go(func() {
						for i := range c.each {
							if resp, err := send(t.Context(), hc, c.method, c.url); err != nil {
								t.Errorf("got %v, %v", resp, err)
								return
							}
							if i%100 == 99 {
								time.Sleep(c.idle)
							}
						}
					})
				}
				wg.Wait()
				if got := seen.most(c.window); got > c.limit || got < c.least {
					t.Errorf("%d requests in %v, want %d to %d", got, c.window, c.least, c.limit)
				}
			})
		})
	}
}

func send(ctx context.Context, hc *http.Client, method, to string, headers ...string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, to, nil)
	if err != nil {
		return nil, err
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := hc.Do(req)
	if err != nil {
		return nil, err
	}
	return resp, resp.Body.Close()
}

// TestFewRequestsDoNotWait: what a set-up needs goes at once.
func TestFewRequestsDoNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hc, start := httpx.New(httpx.Options{Base: &counter{}}), time.Now()
		for range 200 {
			if _, err := send(t.Context(), hc, "GET", "https://api.cloudflare.com/x"); err != nil {
				t.Fatal(err)
			}
		}
		if d := time.Since(start); d != 0 {
			t.Errorf("waited %v", d)
		}
	})
}

// TestPaceTooLong: who cannot wait that long is told so at once, and takes no
// turn from others.
func TestPaceTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := &counter{}
		hc := httpx.New(httpx.Options{Base: seen, Paces: map[string]httpx.Pace{"slow.example": {Points: 3, Per: time.Minute, Burst: 1, Write: 1}}})
		if _, err := send(t.Context(), hc, "GET", "https://slow.example/"); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()
		if _, err := send(ctx, hc, "GET", "https://slow.example/"); !errors.Is(httpx.Kind(nil, err), state.ErrLimited) || time.Since(start) != 0 {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
		if _, err := send(t.Context(), hc, "GET", "https://slow.example/"); err != nil || time.Since(start).Round(time.Second) != time.Minute/2 {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
		if _, err := send(t.Context(), hc, "GET", "https://other.example/"); err != nil || len(seen.times) != 3 {
			t.Errorf("another host: %v, %d requests", err, len(seen.times))
		}
	})
}

// TestLeftAlone: after a refusal nobody asks before its time, with that
// credential.
func TestLeftAlone(t *testing.T) {
	const text = `{"message":"You have exceeded a secondary rate limit."}`
	cases := []struct {
		name    string
		refuse  func() *http.Response
		pause   time.Duration // until the first one gets its answer; 0: it does not
		others  time.Duration // how long another one waits that comes in between
		other   int           // requests besides
		limited bool          // the other one is refused at once
	}{
		{"in seconds", func() *http.Response { return answer(429, "Retry-After", "30") }, 30 * time.Second, 30 * time.Second, 2, false},
		{"for long", func() *http.Response { return answer(429, "Retry-After", "300") }, 0, 0, 0, true},
		{"primary limit, for long", func() *http.Response {
			return answer(403, "X-Ratelimit-Remaining", "0", "X-Ratelimit-Reset", "32503680000", "X-Ratelimit-Resource", "core")
		}, 0, 0, 0, true},
		{"primary limit of another kind of request", func() *http.Response {
			return answer(403, "X-Ratelimit-Remaining", "0", "X-Ratelimit-Reset", "32503680000", "X-Ratelimit-Resource", "search")
		}, 0, 0, 1, false},
		{"secondary limit in words", func() *http.Response {
			r := answer(403)
			r.Body = io.NopCloser(strings.NewReader(text))
			return r
		}, time.Minute, time.Minute, 2, false},
		{"secondary limit in words, as 429", func() *http.Response {
			r := answer(429, "X-Ratelimit-Remaining", "12")
			r.Body = io.NopCloser(strings.NewReader(text))
			return r
		}, time.Minute, time.Minute, 2, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				seen := &counter{answer: func(n int, _ *http.Request) *http.Response {
					if n == 1 {
						return c.refuse()
					}
					return answer(200)
				}}
				hc, start := httpx.New(httpx.Options{Base: seen}), time.Now()
				var wg sync.WaitGroup
				wg.Go(func() {
					resp, err := send(t.Context(), hc, "GET", "https://api.example/x")
					if err != nil || (resp.StatusCode == http.StatusOK) != (c.pause > 0) || time.Since(start) != c.pause {
						t.Errorf("the first: %v, %v after %v", resp, err, time.Since(start))
					}
				})
				synctest.Wait()
				resp, err := send(t.Context(), hc, "POST", "https://api.example/y")
				switch {
				case c.limited && !errors.Is(httpx.Kind(resp, err), state.ErrLimited):
					t.Errorf("the second: %v, %v", resp, err)
				case !c.limited && (err != nil || time.Since(start) != c.others):
					t.Errorf("the second: %v after %v", err, time.Since(start))
				}
				wg.Wait()
				if len(seen.times) != 1+c.other {
					t.Errorf("%d requests, want %d", len(seen.times), 1+c.other)
				}
				before := time.Now()
				if _, err := send(t.Context(), hc, "GET", "https://api.example/y", "Authorization", "Bearer other"); err != nil || time.Since(before) != 0 {
					t.Errorf("somebody else: %v after %v", err, time.Since(before))
				}
			})
		})
	}
}

// TestRefusalIsReadWhole: what was looked at is there for the caller.
func TestRefusalIsReadWhole(t *testing.T) {
	text := strings.Repeat("x", 5000) + " secondary rate limit" // not where it is looked for
	resp := answer(403)
	resp.Body = io.NopCloser(strings.NewReader(text))
	hc := httpx.New(httpx.Options{Base: &script{answers: []*http.Response{resp}}})
	got, err := whole(t.Context(), hc)
	if err != nil || string(got) != text {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
}
