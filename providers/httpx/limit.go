package httpx

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"time"
)

// limited says whether an answer refuses for a rate limit: 429, or GitHub's
// 403 with retry-after or with nothing remaining (docs.github.com, "Rate
// limits for the REST API").
func limited(resp *http.Response) bool {
	switch resp.StatusCode {
	case http.StatusTooManyRequests:
		return true
	case http.StatusForbidden:
		return resp.Header.Get("Retry-After") != "" || resp.Header.Get("X-Ratelimit-Remaining") == "0"
	}
	return false
}

// askedWait is how long the service wants to be left alone: Retry-After in
// seconds or as a date, else x-ratelimit-reset as epoch seconds (GitHub) or as
// a date (Cloudflare), which counts only where nothing remains. A second is
// added to a point in time, whose fraction is not told.
func askedWait(h http.Header, now time.Time) (time.Duration, bool) {
	if v := h.Get("Retry-After"); v != "" {
		if s, err := strconv.ParseInt(v, 10, 32); err == nil {
			return max(0, time.Duration(s)*time.Second), true
		}
		if at, err := http.ParseTime(v); err == nil {
			return until(at, now), true
		}
	}
	if left := h.Get("X-Ratelimit-Remaining"); left != "" && left != "0" {
		return 0, false
	}
	v := h.Get("X-Ratelimit-Reset")
	if s, err := strconv.ParseInt(v, 10, 64); err == nil {
		return until(time.Unix(s, 0), now), true
	}
	if at, err := http.ParseTime(v); err == nil {
		return until(at, now), true
	}
	return 0, false
}

// until is how long it is to a point in time, at most a year: a date far away
// must not overflow.
func until(at, now time.Time) time.Duration {
	return min(max(0, at.Sub(now)), 365*24*time.Hour) + time.Second
}

const (
	// leastSecondary is how many seconds GitHub wants to be left alone after a
	// refusal for a secondary limit that says no time (docs.github.com, "Best
	// practices for using the REST API").
	leastSecondary = "60"
	// peeked is how much of a refusal is read to see that it is one.
	peeked = 4 << 10
)

// secondary gives a refusal of GitHub for a secondary limit, where it has no
// header that says so, the Retry-After that it means: its body alone says what
// it is.
func secondary(resp *http.Response) {
	h := resp.Header
	if resp.StatusCode != http.StatusForbidden && resp.StatusCode != http.StatusTooManyRequests ||
		h.Get("Retry-After") != "" || h.Get("X-Ratelimit-Remaining") == "0" {
		return
	}
	start, _ := io.ReadAll(io.LimitReader(resp.Body, peeked)) // an error comes again for who reads on
	resp.Body = &rest{Reader: io.MultiReader(bytes.NewReader(start), resp.Body), Closer: resp.Body}
	if bytes.Contains(bytes.ToLower(start), []byte("secondary rate limit")) {
		h.Set("Retry-After", leastSecondary)
	}
}

// rest is a body of which something was read already.
type rest struct {
	io.Reader
	io.Closer
}
