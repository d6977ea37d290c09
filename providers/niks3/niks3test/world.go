// Package niks3test is what every niks3 has to do for the adapter: the real
// one and the pretend one, in each of its versions. What they may differ in is
// data of World.
package niks3test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/providers/niks3"
	"github.com/nixwright/nixwright/state"
)

// World is a niks3 that was just started and has collected nothing.
type World struct {
	Base      string       // "http://127.0.0.1:PORT"
	Token     state.Secret // of its API
	CacheURL  string       // the substituter that it names
	PublicKey string       // "NAME:BASE64", of the key that it signs with
	Offers    Offers

	// Hold keeps collections that start from now on going, until release.
	Hold func(t *testing.T) (release func())
	// Refuse has S3 refuse to remove objects, or take that back.
	Refuse func(t *testing.T, refuse bool)
	// Push puts a closure into the cache and returns its store path.
	Push func(t *testing.T) (storePath string)
	// Restart starts niks3 anew, at the same address.
	Restart func(t *testing.T)
}

// Offers is what depends on the version.
type Offers struct {
	Config  bool // since v1.5.0
	Status  bool // since v1.5.0: collections go on by themselves, and are remembered
	Pins    bool // since v1.7.0
	Stats   bool // after v1.7.0
	Metrics bool // after v1.7.0
}

// patience is how long a collection may take.
const patience = 20 * time.Second

func (w World) client() *niks3.Client {
	return niks3.New(httpx.New(httpx.Options{Timeout: patience, Attempts: 1}), w.Base)
}

// settled says whether no collection is running.
func settled(s state.GCStatus) bool { return s.State != state.GCRunning }

// await looks at the collection until it is as wanted.
func (w World) await(t *testing.T, wanted func(state.GCStatus) bool) state.GCStatus {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		s, err := w.client().GC(ctx, w.Token)
		if err != nil {
			t.Fatal(err)
		}
		if wanted(s) {
			return s
		}
		select {
		case <-ctx.Done():
			t.Fatalf("the collection stays as it is: %+v", s)
		case <-tick.C:
		}
	}
}

// ask makes a request as it is, past the adapter.
func (w World) ask(t *testing.T, method, path, body string) (status int, h http.Header, text string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, w.Base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+w.Token.Reveal())
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(raw)
}

// counter counts the collections that were started through it.
type counter struct {
	base   http.RoundTripper
	writes atomic.Int64
}

// RoundTrip implements http.RoundTripper.
func (c *counter) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := c.base.RoundTrip(req)
	if err == nil && req.Method != http.MethodGet && resp.StatusCode/100 == 2 {
		c.writes.Add(1)
	}
	return resp, err
}
