package httpx

import (
	"context"
	"net/http"
	"time"
)

// The limits that hold where Options say nothing.
const (
	defaultTimeout  = 20 * time.Second
	defaultAttempts = 4
	defaultMax      = time.Minute
	maxBody         = 16 << 20
	maxRedirects    = 5
)

// Options are the seams and limits of a client. The zero value is good.
type Options struct {
	UserAgent string        // in place of what an SDK calls itself; empty: left alone
	Timeout   time.Duration // of one attempt, the body's reading included; 0: 20 s
	Attempts  int           // the first one included; 0: 4
	Max       time.Duration // the longest wait that a service may ask for; 0: 60 s

	Remember int             // bytes of answers that are kept, to be asked for by their ETag; 0: none
	Paces    map[string]Pace // by host, with its port where the URL has one; nil: what the services publish

	Sleep func(ctx context.Context, d time.Duration) error // nil: a timer that ctx ends
	Now   func() time.Time                                 // nil: time.Now
	Log   func(Line)                                       // told of every attempt, from any goroutine; nil: nobody
	Base  http.RoundTripper                                // nil: a transport of its own
}

// Line describes one attempt of a request. It holds no header, no query, no
// body and none of the values hidden by Hide.
type Line struct {
	Method    string
	URL       string // scheme, host and path
	Status    int    // 0: no answer
	Took      time.Duration
	RequestID string // the service's, as RequestID finds it
}

// New returns a client whose transport retries, waits, limits and logs. A host
// that asked to be left alone is not asked before, whoever of the client's users
// wants to; where that is longer than Max, or than the request's context lasts,
// the request ends in an error of kind state.ErrLimited. It
// follows redirects only within the same scheme and host, at most five; any
// other redirect is handed to the caller as the answer. A body of more than
// 16 MiB ends in an error of kind state.ErrService.
func New(o Options) *http.Client {
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.Attempts <= 0 {
		o.Attempts = defaultAttempts
	}
	if o.Max <= 0 {
		o.Max = defaultMax
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = func(Line) {}
	}
	if o.Base == nil {
		o.Base = newTransport()
	}
	t := &transport{o: o, turns: newTurnstile(o.Paces), store: newStore(o.Remember)}
	return &http.Client{Transport: t, CheckRedirect: sameHost}
}

// newTransport is Go's default transport without what others may have done to
// the shared one.
func newTransport() http.RoundTripper {
	if t, ok := http.DefaultTransport.(*http.Transport); ok {
		return t.Clone()
	}
	return &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}
}

// sameHost stops at a redirect that leaves the host: a 307 would carry the
// body there, and the body may hold a client secret.
func sameHost(req *http.Request, via []*http.Request) error {
	first := via[0].URL
	if len(via) > maxRedirects || req.URL.Host != first.Host || req.URL.Scheme != first.Scheme {
		return http.ErrUseLastResponse
	}
	return nil
}

// sleep waits for d or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
