package httpx

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/nixwright/nixwright/state"
)

// textLimit is how many runes of a service's own words are kept.
const textLimit = 300

// Kind names what went wrong, as one of the state.Err kinds, or
// context.Canceled where the caller gave up. resp is the answer, or nil where
// there was none; err is what went wrong besides its status, or nil. It
// returns nil for an answer of 2xx without an error.
func Kind(resp *http.Response, err error) error {
	if errors.Is(err, context.Canceled) {
		return context.Canceled
	}
	if resp == nil || resp.StatusCode/100 == 2 {
		return failure(err)
	}
	switch code := resp.StatusCode; {
	case limited(resp):
		return state.ErrLimited
	case code == http.StatusUnauthorized:
		return state.ErrUnauthorized
	case code == http.StatusForbidden:
		return state.ErrDenied
	case code == http.StatusNotFound:
		return state.ErrNotFound
	case code == http.StatusConflict:
		return state.ErrExists
	case code >= 400 && code < 500:
		return state.ErrInvalid
	}
	return state.ErrService
}

// failure names an error that came without a status: no answer from the
// network, or an answer that is not what it should be.
func failure(err error) error {
	var (
		call *state.CallError
		cert *tls.CertificateVerificationError
		loop *url.Error
		wire net.Error
	)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &call):
		return call.Kind
	case errors.Is(err, state.ErrLimited):
		return state.ErrLimited
	case errors.Is(err, state.ErrService), errors.As(err, &cert):
		return state.ErrService
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &loop), errors.As(err, &wire), errors.Is(err, net.ErrClosed):
		return state.ErrOffline
	}
	return state.ErrService
}

// Cause is an error's text for a state.CallError: without the URL, whose path
// or query may hold a secret, cleaned and cut.
func Cause(err error) string {
	if err == nil {
		return ""
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	return state.CleanText(err.Error(), textLimit)
}

// RequestID is the id by which the service's support finds the request:
// GitHub's x-github-request-id, Cloudflare's cf-ray, S3's x-amz-request-id.
func RequestID(h http.Header) string {
	for _, name := range []string{"X-Github-Request-Id", "Cf-Ray", "X-Amz-Request-Id"} {
		if v := h.Get(name); v != "" {
			return state.CleanText(v, 64)
		}
	}
	return ""
}

// CleanBody makes the body of a refusal that is not in the service's own
// format fit for an error's text: one line, cut; of a page only its title.
func CleanBody(body []byte) string {
	if start := bytes.TrimSpace(body); len(start) == 0 || start[0] != '<' {
		return state.CleanText(string(body), textLimit)
	}
	lower := strings.ToLower(string(body))
	from := strings.Index(lower, "<title>")
	to := strings.Index(lower, "</title>")
	if from < 0 || to < from || len(lower) != len(body) {
		return "a page in place of an answer"
	}
	return "a page in place of an answer: " + state.CleanText(string(body[from+len("<title>"):to]), textLimit)
}
