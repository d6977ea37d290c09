package httpx_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
)

// script answers one request after the other; nil stands for a broken connection.
type script struct {
	answers []*http.Response
	bodies  []string
	agents  []string
}

func (s *script) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		b, _ := io.ReadAll(req.Body)
		s.bodies = append(s.bodies, string(b))
	} else {
		s.bodies = append(s.bodies, "")
	}
	s.agents = append(s.agents, req.Header.Get("User-Agent"))
	a := s.answers[min(len(s.bodies), len(s.answers))-1]
	if a == nil {
		return nil, io.EOF
	}
	return a, nil
}

func answer(status int, headers ...string) *http.Response {
	h := http.Header{}
	for i := 0; i < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader("x"))}
}

func TestRetry(t *testing.T) {
	now := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // when synctest's clock starts
	epoch := func(d time.Duration) string { return strconv.FormatInt(now.Add(d).Unix(), 10) }
	cases := []struct {
		name     string
		method   string
		mark     func(context.Context) context.Context
		answers  []*http.Response
		status   int // 0: an error
		attempts int
		waited   time.Duration
	}{
		{"ok", "GET", nil, []*http.Response{answer(200)}, 200, 1, 0},
		{"not found", "GET", nil, []*http.Response{answer(404)}, 404, 1, 0},
		{"denied", "GET", nil, []*http.Response{answer(403)}, 403, 1, 0},
		{"500 is not tried again", "GET", nil, []*http.Response{answer(500)}, 500, 1, 0},
		{"get 502", "GET", nil, []*http.Response{answer(502), answer(200)}, 200, 2, time.Second},
		{"get broken", "GET", nil, []*http.Response{nil, nil, answer(200)}, 200, 3, 3 * time.Second},
		{"get broken for good", "HEAD", nil, []*http.Response{nil}, 0, 4, 7 * time.Second},
		{"post 503", "POST", nil, []*http.Response{answer(503)}, 503, 1, 0},
		{"post broken", "POST", nil, []*http.Response{nil}, 0, 1, 0},
		{"put 503", "PUT", nil, []*http.Response{answer(503)}, 503, 1, 0},
		{"put 503 marked", "PUT", httpx.Idempotent, []*http.Response{answer(503), answer(200)}, 200, 2, time.Second},
		{"delete broken, marked", "DELETE", httpx.Idempotent, []*http.Response{nil, answer(200)}, 200, 2, time.Second},
		{"get 503 in seconds", "GET", nil, []*http.Response{answer(503, "Retry-After", "9"), answer(200)}, 200, 2, 9 * time.Second},
		{"post limited", "POST", nil, []*http.Response{answer(429, "Retry-After", "5"), answer(201)}, 201, 2, 5 * time.Second},
		{"post limited, once", "POST", httpx.Once, []*http.Response{answer(429, "Retry-After", "5")}, 429, 1, 0},
		{"get once", "GET", httpx.Once, []*http.Response{nil}, 0, 1, 0},
		{"limited, date", "GET", nil, []*http.Response{answer(429, "Retry-After", now.Add(10*time.Second).Format(http.TimeFormat)), answer(200)}, 200, 2, 11 * time.Second},
		{"403 limit, epoch", "PUT", nil, []*http.Response{answer(403, "X-Ratelimit-Remaining", "0", "X-Ratelimit-Reset", epoch(20*time.Second)), answer(200)}, 200, 2, 21 * time.Second},
		{"429 with a reset date", "GET", nil, []*http.Response{answer(429, "X-Ratelimit-Reset", now.Add(3*time.Second).Format(http.TimeFormat)), answer(200)}, 200, 2, 4 * time.Second},
		{"429 says nothing", "GET", nil, []*http.Response{answer(429), answer(429), answer(200)}, 200, 3, 3 * time.Second},
		{"too long", "GET", nil, []*http.Response{answer(403, "X-Ratelimit-Remaining", "0", "X-Ratelimit-Reset", epoch(time.Hour))}, 403, 1, 0},
		{"too long in seconds", "GET", nil, []*http.Response{answer(429, "Retry-After", "61")}, 429, 1, 0},
		{"reset in the past", "GET", nil, []*http.Response{answer(429, "X-Ratelimit-Reset", epoch(-time.Hour)), answer(200)}, 200, 2, time.Second},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{answers: c.answers}
				hc := httpx.New(httpx.Options{Base: s, UserAgent: "nixwright/test"})
				ctx := t.Context()
				if c.mark != nil {
					ctx = c.mark(ctx)
				}
				req, err := http.NewRequestWithContext(ctx, c.method, "https://api.example/x", strings.NewReader("body"))
				if err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				resp, err := hc.Do(req)
				if c.status == 0 {
					if !errors.Is(httpx.Kind(resp, err), state.ErrOffline) {
						t.Fatalf("kind %v, want offline", err)
					}
				} else {
					if err != nil || resp.StatusCode != c.status {
						t.Fatalf("got %v, %v, want %d", resp, err, c.status)
					}
					_ = resp.Body.Close()
				}
				if len(s.bodies) != c.attempts || time.Since(start) != c.waited {
					t.Errorf("%d attempts in %v, want %d in %v", len(s.bodies), time.Since(start), c.attempts, c.waited)
				}
				for i, b := range s.bodies {
					if b != "body" || s.agents[i] != "nixwright/test" {
						t.Errorf("attempt %d sent %q as %q", i+1, b, s.agents[i])
					}
				}
			})
		})
	}
}

func TestCancelledWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hc := httpx.New(httpx.Options{Base: &script{answers: []*http.Response{answer(429, "Retry-After", "30")}}})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		start := time.Now()
		_, err := get(ctx, hc, "https://api.example/x")
		if !errors.Is(httpx.Kind(nil, err), context.Canceled) || time.Since(start) != time.Second {
			t.Errorf("got %v after %v, want a cancellation at once", err, time.Since(start))
		}
	})
}

func TestNoWaitBeyondTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hc := httpx.New(httpx.Options{Base: &script{answers: []*http.Response{answer(429, "Retry-After", "30")}}})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()
		resp, err := get(ctx, hc, "https://api.example/x")
		if err != nil || resp.StatusCode != http.StatusTooManyRequests || time.Since(start) != 0 {
			t.Errorf("got %v, %v after %v, want the refusal at once", resp, err, time.Since(start))
		}
	})
}

// stuck never answers.
type stuck struct{}

func (stuck) RoundTrip(req *http.Request) (*http.Response, error) {
	<-req.Context().Done()
	return nil, req.Context().Err()
}

func TestTimeoutPerAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hc := httpx.New(httpx.Options{Base: stuck{}, Timeout: 5 * time.Second, Attempts: 2})
		start := time.Now()
		_, err := get(t.Context(), hc, "https://api.example/x")
		if !errors.Is(httpx.Kind(nil, err), state.ErrOffline) || time.Since(start) != 11*time.Second {
			t.Errorf("got %v after %v, want offline after 11s", err, time.Since(start))
		}
	})
}

func get(ctx context.Context, hc *http.Client, to string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, to, nil)
	if err != nil {
		return nil, err
	}
	resp, err := hc.Do(req)
	if resp != nil {
		_ = resp.Body.Close()
	}
	return resp, err
}

func TestLogHoldsNoSecret(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cf-Ray", "8a-FRA")
	}))
	defer srv.Close()
	var lines []httpx.Line
	hc := httpx.New(httpx.Options{Log: func(l httpx.Line) { lines = append(lines, l) }})
	ctx := httpx.Hide(t.Context(), state.NewSecret("a/cce$s"))
	u, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := get(ctx, hc, "http://me:pass@"+u.Host+"/tokens/"+url.PathEscape("a/cce$s")+"/value?code=123"); err != nil {
		t.Fatal(err)
	}
	if len(lines) != 1 || lines[0].URL != srv.URL+"/tokens/[sealed]/value" || lines[0].Status != 200 || lines[0].RequestID != "8a-FRA" {
		t.Errorf("lines: %+v", lines)
	}
}

func TestBodyLimit(t *testing.T) {
	for _, size := range []int{16 << 20, 16<<20 + 1} {
		resp := answer(200)
		resp.Body = io.NopCloser(io.LimitReader(zeros{}, int64(size)))
		hc := httpx.New(httpx.Options{Base: &script{answers: []*http.Response{resp}}})
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://api.example/x", nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := hc.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(got.Body)
		_ = got.Body.Close()
		if tooLarge := size > 16<<20; errors.Is(err, state.ErrService) != tooLarge || len(b) != 16<<20 {
			t.Errorf("%d bytes: read %d, %v", size, len(b), err)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestUpgrade: a switched connection is the caller's, to read and to write.
func TestUpgrade(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = conn.Close() }()
		_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		_ = rw.Flush()
		line, _ := rw.ReadString('\n')
		_, _ = rw.WriteString(line)
		_ = rw.Flush()
	}))
	defer srv.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", "echo")
	resp, err := httpx.New(httpx.Options{}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	both, ok := resp.Body.(io.ReadWriter)
	if !ok {
		t.Fatal("the connection cannot be written to")
	}
	if _, err := io.WriteString(both, "hello\n"); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(both); err != nil || string(got) != "hello\n" {
		t.Errorf("got %q, %v", got, err)
	}
}
