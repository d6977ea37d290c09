package niks3_test

import (
	"crypto/rand"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/nixwright/nixwright/providers/niks3/niks3test"
	"github.com/nixwright/nixwright/providers/realtest"
)

// TestReal: niks3 v1.7.0 on PostgreSQL and gofakes3.
func TestReal(t *testing.T) {
	t.Parallel()
	niks3test.Conformance(t, func(t *testing.T) niks3test.World {
		t.Helper()
		s3, refuse := refusing(t, realtest.Gofakes3(t))
		n := realtest.StartNiks3(t, s3)
		return niks3test.World{
			Base: n.Base, Token: n.Token, CacheURL: n.CacheURL, PublicKey: n.PublicKey,
			Offers: niks3test.Offers{Config: true, Status: true, Pins: true},
			Hold: func(t *testing.T) func() {
				t.Helper()
				return n.Database.Hold(t, "LOCK TABLE pending_closures, multipart_uploads IN ACCESS EXCLUSIVE MODE")
			},
			Refuse: func(_ *testing.T, on bool) { refuse.Store(on) },
			Push: func(t *testing.T) string {
				t.Helper()
				return n.PushText(t, "demo-hello", rand.Text())
			},
			Restart: func(*testing.T) { n.Restart(t) }, // it outlives the part that asks
		}
	})
}

// refusing puts a gate before an S3 server that refuses everything, as S3 does
// keys that were revoked, while it is set.
func refusing(t *testing.T, s realtest.S3) (realtest.S3, *atomic.Bool) {
	t.Helper()
	to, err := url.Parse(s.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	refuse, through := new(atomic.Bool), httputil.NewSingleHostReverseProxy(to)
	gate := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !refuse.Load() {
			through.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, "<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")
	}))
	t.Cleanup(gate.Close)
	s.Host = strings.TrimPrefix(gate.URL, "http://")
	return s, refuse
}
