package github

import (
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// meter counts requests, and reads from the answers how many more there may be
// (x-ratelimit-*: docs.github.com, "Rate limits for the REST API").
type meter struct {
	*readings

	next http.RoundTripper
	now  func() time.Time
}

// readings are what a meter shows.
type readings struct {
	mu          sync.Mutex
	count       int         // of all
	asked       []time.Time // in the last hour
	limit, left int         // of the credential that has least left; limit 0: not told
	reset       time.Time
}

// over is an HTTP client whose requests are counted.
func (r *readings) over(hc *http.Client, now func() time.Time) *http.Client {
	out := *hc
	out.Transport = meter{next: hc.Transport, now: now, readings: r}
	return &out
}

// RoundTrip implements http.RoundTripper.
func (m meter) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := m.next.RoundTrip(req)
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	m.count++
	m.asked = append(m.asked, now)
	if resp == nil {
		return resp, err
	}
	limit, e1 := strconv.Atoi(resp.Header.Get("X-Ratelimit-Limit"))
	left, e2 := strconv.Atoi(resp.Header.Get("X-Ratelimit-Remaining"))
	reset, e3 := strconv.ParseInt(resp.Header.Get("X-Ratelimit-Reset"), 10, 64)
	if e1 == nil && e2 == nil && e3 == nil && (m.limit == 0 || !now.Before(m.reset) || left <= m.left) {
		m.limit, m.left, m.reset = limit, left, time.Unix(reset, 0).UTC()
	}
	return resp, err
}

// total is how often was asked.
func (r *readings) total() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.count
}

// lately is how often was asked in the last hour.
func (r *readings) lately(now time.Time) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = slices.DeleteFunc(r.asked, func(at time.Time) bool { return now.Sub(at) > time.Hour })
	return len(r.asked)
}

// rate is the limit as it was last told.
func (r *readings) rate() (limit, left int, reset time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.limit, r.left, r.reset
}
