package httpx

import (
	"net/http"

	"github.com/nixwright/nixwright/state"
)

// bearer adds a token to the requests for one host.
type bearer struct {
	base  http.RoundTripper
	host  string
	token state.Secret
}

// WithToken returns a transport that sends "Authorization: Bearer <token>" to
// this host (with its port, as in url.URL.Host) and to no other, wherever a
// redirect leads. An Authorization header that is there already stays; an
// empty token adds nothing. A nil base is Go's default transport.
func WithToken(base http.RoundTripper, host string, token state.Secret) http.RoundTripper {
	if base == nil {
		base = http.DefaultTransport
	}
	return &bearer{base: base, host: host, token: token}
}

// RoundTrip implements http.RoundTripper.
func (b *bearer) RoundTrip(req *http.Request) (*http.Response, error) {
	if b.token.Empty() || req.URL.Host != b.host || req.Header.Get("Authorization") != "" {
		return b.base.RoundTrip(req)
	}
	with := req.Clone(req.Context())
	with.Header.Set("Authorization", "Bearer "+b.token.Reveal())
	resp, err := b.base.RoundTrip(with)
	if resp != nil {
		resp.Request = req // not the one that holds the token
	}
	return resp, err
}
