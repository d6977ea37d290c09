package s3_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/providers/s3"
	"github.com/nixwright/nixwright/state"
)

const access, secret = "ed17574386854bf78a67040be0a770b0", "5f2a8e0c5f2a8e0c5f2a8e0c5f2a8e0c5f2a8e0c5f2a8e0c5f2a8e0c5f2a8e0c"

// store is a bucket that notes what is asked of it.
type store struct {
	mu      sync.Mutex
	objects map[string][]byte
	asked   []string
	refuse  map[string]http.HandlerFunc // by method
}

func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, r.Method+" "+r.URL.RequestURI())
	if !strings.Contains(r.Header.Get("Authorization"), "Credential="+access+"/") || !strings.Contains(r.Header.Get("Authorization"), "/auto/s3/") {
		xmlError(w, 401, "Unauthorized", "none "+access)
		return
	}
	if h := s.refuse[r.Method]; h != nil {
		h(w, r)
		return
	}
	switch r.Method {
	case http.MethodHead:
	case http.MethodPut:
		s.objects[r.URL.Path] = unchunked(r)
		w.Header().Set("ETag", `"x"`)
	case http.MethodGet:
		w.Header().Set("Last-Modified", "Mon, 23 Nov 2026 01:02:03 GMT")
		w.Header().Set("ETag", `"x"`)
		_, _ = w.Write(s.objects[r.URL.Path])
	case http.MethodDelete:
		delete(s.objects, r.URL.Path)
		w.WriteHeader(http.StatusNoContent)
	}
}

// seen is what was asked so far.
func (s *store) seen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// unchunked is the body, also where it comes in signed chunks, as over http.
func unchunked(r *http.Request) []byte {
	raw, _ := io.ReadAll(r.Body)
	if !strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING") {
		return raw
	}
	in := bufio.NewReader(bytes.NewReader(raw))
	line, _ := in.ReadString('\n')
	size, _, _ := strings.Cut(line, ";")
	n, _ := strconv.ParseInt(size, 16, 32)
	out := make([]byte, n)
	_, _ = io.ReadFull(in, out)
	return out
}

func xmlError(w http.ResponseWriter, status int, code, text string) {
	w.Header().Set("Content-Type", "application/xml")
	w.Header().Set("X-Amz-Request-Id", "R1")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message></Error>", code, text)
}

func keys() state.S3Keys {
	return state.S3Keys{Access: state.NewSecret(access), Secret: state.NewSecret(secret)}
}

func bucket() state.Bucket { return state.Bucket{Name: "phlip9-nix-cache"} }

func open(t *testing.T, s *store) *s3.Client {
	t.Helper()
	s.objects = map[string][]byte{}
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	return s3.New(httpx.New(httpx.Options{Sleep: func(context.Context, time.Duration) error { return nil }}), srv.URL)
}

func TestHeadBucket(t *testing.T) {
	status := func(n int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(n) }
	}
	cases := []struct {
		name   string
		answer http.HandlerFunc
		kind   error
		tries  int
	}{
		{"there", nil, nil, 1},
		{"absent", status(404), state.ErrNotFound, 1},
		{"denied", status(403), state.ErrDenied, 1},
		{"unauthorized", status(401), state.ErrUnauthorized, 1},
		{"limited", status(429), state.ErrLimited, 4},
		{"5xx", status(503), state.ErrService, 4},
		{"500", status(500), state.ErrService, 1},
		{"hung up", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, state.ErrOffline, 4},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := &store{refuse: map[string]http.HandlerFunc{http.MethodHead: c.answer}}
			err := open(t, s).HeadBucket(t.Context(), bucket(), keys())
			if call, ok := errors.AsType[*state.CallError](err); ok && call.Status != 0 && call.Code+call.Text != "" {
				t.Errorf("words that the service did not say: %v", err)
			}
			if !errors.Is(err, c.kind) || len(s.seen()) != c.tries || s.seen()[0] != "HEAD /phlip9-nix-cache" {
				t.Errorf("%v after %q", err, s.seen())
			}
			fit(t, err)
		})
	}
}

// fit checks that an error can be shown.
func fit(t *testing.T, err error) {
	t.Helper()
	if err != nil && (strings.Contains(err.Error(), access) || strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "\n")) {
		t.Errorf("unfit to show: %q", err)
	}
}

func TestOwnEndpoint(t *testing.T) {
	s := &store{}
	srv := httptest.NewTLSServer(s)
	defer srv.Close()
	b := bucket()
	b.Endpoint = strings.TrimPrefix(srv.URL, "https://")
	s.objects = map[string][]byte{}
	c := s3.New(httpx.New(httpx.Options{Base: srv.Client().Transport}), "")
	if err := c.HeadBucket(t.Context(), b, keys()); err != nil {
		t.Error(err)
	}
	if err := c.Exercise(t.Context(), b, keys()); err != nil || len(s.objects) != 0 {
		t.Errorf("%v, left %d", err, len(s.objects))
	}
}

func TestExercise(t *testing.T) {
	const path = "/phlip9-nix-cache/.nixwright/probe"
	cases := []struct {
		name   string
		method string
		answer http.HandlerFunc
		kind   error
		asked  string
	}{
		{"works", "", nil, nil, "PUT GET DELETE"},
		{"put denied", http.MethodPut, func(w http.ResponseWriter, _ *http.Request) { xmlError(w, 403, "AccessDenied", "no") }, state.ErrDenied, "PUT DELETE"},
		{"put with unknown keys, elsewhere", http.MethodPut, func(w http.ResponseWriter, _ *http.Request) {
			xmlError(w, 403, "InvalidAccessKeyId", "no "+access)
		}, state.ErrUnauthorized, "PUT DELETE"},
		{"put signed wrongly", http.MethodPut, func(w http.ResponseWriter, _ *http.Request) {
			xmlError(w, 403, "SignatureDoesNotMatch", "no "+access)
		}, state.ErrUnauthorized, "PUT DELETE"},
		{"put with a key that is none of R2's", http.MethodPut, func(w http.ResponseWriter, _ *http.Request) {
			xmlError(w, 400, "InvalidArgument", "Credential access key has length 40, should be 32")
		}, state.ErrUnauthorized, "PUT DELETE"},
		{"another argument", http.MethodPut, func(w http.ResponseWriter, _ *http.Request) { xmlError(w, 400, "InvalidArgument", "no") }, state.ErrInvalid, "PUT DELETE"},
		{"too fast", http.MethodPut, func(w http.ResponseWriter, _ *http.Request) { xmlError(w, 503, "SlowDown", "no") }, state.ErrLimited, "PUT DELETE"},
		{"a clock that is off", http.MethodPut, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", "Mon, 23 Nov 2020 01:02:03 GMT")
			xmlError(w, 403, "RequestTimeTooSkewed", "no")
		}, state.ErrInvalid, "PUT DELETE"},
		{"deleted, it says, but not so", http.MethodDelete, func(http.ResponseWriter, *http.Request) {}, state.ErrService, "PUT GET DELETE"},
		{"no bucket", http.MethodPut, func(w http.ResponseWriter, _ *http.Request) { xmlError(w, 404, "NoSuchBucket", "no") }, state.ErrNotFound, "PUT DELETE"},
		{"page", http.MethodPut, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = w.Write([]byte("<html><title>Oops</title></html>"))
		}, state.ErrService, "PUT DELETE"},
		{"get denied", http.MethodGet, func(w http.ResponseWriter, _ *http.Request) { xmlError(w, 403, "AccessDenied", "no") }, state.ErrDenied, "PUT GET DELETE"},
		{"other content", http.MethodGet, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Last-Modified", "Mon, 23 Nov 2026 01:02:03 GMT")
			_, _ = w.Write([]byte("other"))
		}, state.ErrService, "PUT GET DELETE"},
		{"truncated", http.MethodGet, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Last-Modified", "Mon, 23 Nov 2026 01:02:03 GMT")
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte("writ"))
		}, state.ErrService, "PUT GET DELETE"},
		{"delete denied", http.MethodDelete, func(w http.ResponseWriter, _ *http.Request) { xmlError(w, 403, "AccessDenied", "no") }, state.ErrDenied, "PUT GET DELETE"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := &store{refuse: map[string]http.HandlerFunc{c.method: c.answer}}
			err := open(t, s).Exercise(t.Context(), bucket(), keys())
			var seen []string
			for _, a := range s.seen() {
				method, to, _ := strings.Cut(a, " ")
				if to != path {
					t.Errorf("asked %s", a)
				}
				seen = append(seen, method)
			}
			if !errors.Is(err, c.kind) || strings.Join(seen, " ") != c.asked {
				t.Errorf("%v after %q", err, seen)
			}
			fit(t, err)
		})
	}
}

// TestUsage reads pages that are not what they should be; those of real servers
// are counted in TestConformance.
func TestUsage(t *testing.T) {
	const one = "<Contents><Key>k</Key><Size>7</Size></Contents>"
	cases := []struct {
		name    string
		page    string
		objects int64
		size    int64
		kind    error
		says    string
	}{
		{"empty", "<ListBucketResult/>", 0, 0, nil, ""},
		{"two", "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">" + one + one + "</ListBucketResult>", 2, 14, nil, ""},
		{"another list", "<ListAllMyBucketsResult/>", 0, 0, state.ErrService, "not a list of objects"},
		{"broken off", "<ListBucketResult>" + one, 0, 0, state.ErrService, "not a list of objects"},
		{"a size that is none", "<ListBucketResult><Contents><Size>x</Size></Contents></ListBucketResult>", 0, 0, state.ErrService, "not a list of objects"},
		{"no token", "<ListBucketResult><IsTruncated>true</IsTruncated>" + one + "</ListBucketResult>", 0, 0, state.ErrService, "where the next one begins"},
		{"always the same token", "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>" + one + "</ListBucketResult>", 1, 7, state.ErrService, "where the next one begins"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := &store{refuse: map[string]http.HandlerFunc{http.MethodGet: func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/xml")
				_, _ = io.WriteString(w, c.page)
			}}}
			objects, size, err := open(t, s).Usage(t.Context(), bucket(), keys(), nil)
			if objects != c.objects || size != c.size || !errors.Is(err, c.kind) || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("%d, %d, %v", objects, size, err)
			}
			fit(t, err)
		})
	}
}

// TestExerciseCancelled: the probe goes although nobody waits any more.
func TestExerciseCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := &store{refuse: map[string]http.HandlerFunc{http.MethodGet: func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}}}
	err := open(t, s).Exercise(ctx, bucket(), keys())
	if !errors.Is(err, context.Canceled) || len(s.objects) != 0 || len(s.seen()) != 3 {
		t.Errorf("%v after %q, left %d", err, s.seen(), len(s.objects))
	}
}

func TestUnknownKeys(t *testing.T) {
	s := &store{}
	c := open(t, s)
	other := state.S3Keys{Access: state.NewSecret("other"), Secret: state.NewSecret(secret)}
	if err := c.Exercise(t.Context(), bucket(), other); !errors.Is(err, state.ErrUnauthorized) {
		t.Errorf("exercise: %v", err)
	}
	if err := c.HeadBucket(t.Context(), bucket(), other); !errors.Is(err, state.ErrUnauthorized) {
		t.Errorf("head: %v", err)
	}
}
