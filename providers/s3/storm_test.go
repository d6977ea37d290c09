package s3_test

import (
	"context"
	"net/http"
	"sync"
	"testing"

	"github.com/nixwright/nixwright/providers/httpx/httpxtest"
	"github.com/nixwright/nixwright/providers/s3"
)

// storm is every operation under every fault. The bucket is full by now; the
// probe is put into the other one.
func (s service) storm(t *testing.T) {
	other := s.At()
	other.Name = s.Other
	httpxtest.Storm(t, func(*testing.T) (httpxtest.World, []httpxtest.Operation) {
		seen := &writes{seen: map[string]bool{}}
		return httpxtest.World{Base: seen, Writes: seen.count, Hidden: []string{s.owner.Access.Reveal(), s.owner.Secret.Reveal()}},
			[]httpxtest.Operation{
				// What GitHub says in a body cannot be said to a HEAD.
				{Name: "look at bucket " + s.Bucket, Fine: []string{"403 secondary limit"}, Call: func(ctx context.Context, hc *http.Client) (any, error) {
					return nil, s3.New(hc, s.Endpoint).HeadBucket(ctx, s.At(), s.owner)
				}},
				{Name: ".nixwright/probe", Call: func(ctx context.Context, hc *http.Client) (any, error) {
					return nil, s3.New(hc, s.Endpoint).Exercise(ctx, other, s.owner)
				}},
				{Name: "list bucket " + s.Bucket, Call: func(ctx context.Context, hc *http.Client) (any, error) {
					objects, size, err := s3.New(hc, s.Endpoint).Usage(ctx, s.At(), s.owner, nil)
					return [2]int64{objects, size}, err
				}},
			}
	})
}

// writes counts what was carried out, a repetition of the same once.
type writes struct {
	mu   sync.Mutex
	seen map[string]bool
}

// RoundTrip implements http.RoundTripper.
func (w *writes) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err == nil && resp.StatusCode/100 == 2 && req.Method != http.MethodGet && req.Method != http.MethodHead {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.seen[req.Method+" "+req.URL.Path] = true
	}
	return resp, err
}

func (w *writes) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.seen)
}
