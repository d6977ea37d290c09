package httpx

import (
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

func until(at, now time.Time) time.Duration {
	return max(0, at.Sub(now)) + time.Second
}
