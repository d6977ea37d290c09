package fake

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Rate limits and conditional requests of the REST API. Sources: GitHub docs,
// "Rate limits for the REST API" (headers, 403 or 429, what a secondary limit
// may carry) and "Best practices for using the REST API" (ETag, 304).

// GitHubLimits make the pretend GitHub refuse.
type GitHubLimits struct {
	// Primary is how many requests an hour each user, installation, App and
	// the unnamed have; 0: GitHub's own 5000, and 60 for the unnamed; -1: none.
	Primary int `json:"primary,omitempty"`
	// Refuse is how many of the next requests run into a secondary limit.
	Refuse int `json:"refuse,omitempty"`
	// Says is what a secondary limit tells besides its words: "" a
	// retry-after of a minute, "reset" that nothing remains until a minute
	// from now, "nothing" neither.
	Says string `json:"says,omitempty"`
	// Status is 403 or 429: the documentation names both. 0: 403.
	Status int `json:"status,omitempty"`
}

func (l GitHubLimits) status() int {
	if l.Status == 0 {
		return http.StatusForbidden
	}
	return l.Status
}

// ghMeter counts the requests of the hour by who makes them. It is not part
// of the state: GitHub forgets them as well.
type ghMeter struct {
	mu    sync.Mutex
	hours map[string]*ghHour
}

// ghHour is one caller's window; until is whole seconds.
type ghHour struct {
	resource    string
	limit, used int
	until       time.Time
}

// hour is the caller's window now, a copy.
func (m *ghMeter) hour(c *ghCall) ghHour {
	m.mu.Lock()
	defer m.mu.Unlock()
	who, limit := c.caller()
	resource := "core"
	if strings.HasPrefix(c.r.URL.Path, "/app-manifests/") { // a limit of its own: schema rate-limit-overview
		resource, limit = "integration_manifest", 5000
	}
	if p := c.s.GitHub.Knobs.Limits.Primary; p != 0 {
		limit = max(0, p)
	}
	h := m.hours[resource+" "+who]
	if h == nil || !h.until.After(c.now) {
		h = &ghHour{resource: resource, until: c.now.Add(time.Hour)}
		m.hours[resource+" "+who] = h
	}
	h.limit = limit
	return *h
}

// count is one more request of the caller.
func (m *ghMeter) count(c *ghCall, resource string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	who, _ := c.caller()
	if h := m.hours[resource+" "+who]; h != nil {
		h.used++
	}
}

// caller is whose limit a request counts against, in GitHub's words: all of a
// user's tokens together, an installation, an App, an address.
func (c *ghCall) caller() (name string, limit int) {
	switch {
	case c.who.app != nil:
		return fmt.Sprintf("app ID %d", c.who.app.ID), 5000
	case c.who.token == nil:
		return "127.0.0.1", 60
	case c.who.token.Install != 0:
		return fmt.Sprintf("installation ID %d", c.who.token.Install), 5000
	}
	id := int64(0)
	if a := c.s.GitHub.account(c.who.token.Login); a != nil {
		id = a.ID
	}
	return fmt.Sprintf("user ID %d", id), 5000
}

// overLimit is the refusal of a request that comes too often; nil: it may go
// on. The words are those that many have posted, as in app-sre/github-mirror
// #62 (secondary) and KnpLabs/php-github-api #1070 (primary).
func (c *ghCall) overLimit(h ghHour) *ghAnswer {
	const docs = "https://docs.github.com/free-pro-team@latest/rest/overview/rate-limits-for-the-rest-api"
	k := &c.s.GitHub.Knobs.Limits
	if k.Refuse > 0 {
		k.Refuse--
		a := ghReply(k.status(), map[string]any{
			"message":           "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
			"documentation_url": docs + "#about-secondary-rate-limits",
		})
		switch k.Says {
		case "":
			a.header = http.Header{"Retry-After": {"60"}}
		case "reset":
			a.header = http.Header{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {strconv.FormatInt(c.now.Unix()+60, 10)}}
		}
		return a
	}
	if h.used < h.limit || c.r.URL.Path == "/rate_limit" {
		return nil
	}
	who, _ := c.caller()
	return ghReply(k.status(), map[string]any{"message": "API rate limit exceeded for " + who + ".", "documentation_url": docs})
}

// headers are those of every answer.
func (h ghHour) headers() http.Header {
	out := http.Header{}
	for name, n := range map[string]int64{
		"Limit": int64(h.limit), "Used": int64(h.used), "Remaining": int64(max(0, h.limit-h.used)), "Reset": h.until.Unix(),
	} {
		out.Set("X-Ratelimit-"+name, strconv.FormatInt(n, 10))
	}
	out.Set("X-Ratelimit-Resource", h.resource)
	return out
}

// unchanged gives a good answer to a GET its validator, and makes it a 304
// where the caller has this one. Another credential gets another validator
// for the same data (github/docs #34689), so an App, whose every token is
// new, never sees a 304.
func (c *ghCall) unchanged(a *ghAnswer) {
	raw, ok := a.body.(json.RawMessage)
	if c.r.Method != http.MethodGet || a.status != http.StatusOK || !ok || c.r.URL.Path == "/rate_limit" {
		return
	}
	sum := sha256.Sum256(append([]byte(c.r.Header.Get("Authorization")+"\n"), raw...))
	tag := `"` + hex.EncodeToString(sum[:]) + `"`
	h := http.Header{
		"Etag": {"W/" + tag}, "Vary": {"Accept, Authorization, Cookie, X-GitHub-OTP"}, "Cache-Control": {"private, max-age=60, s-maxage=60"},
	}
	if c.who.token == nil && c.who.app == nil {
		h.Set("Cache-Control", "public, max-age=60, s-maxage=60")
	}
	maps.Copy(h, a.header)
	a.header = h
	for have := range strings.SplitSeq(c.r.Header.Get("If-None-Match"), ",") {
		if strings.TrimPrefix(strings.TrimSpace(have), "W/") == tag {
			a.status, a.body = http.StatusNotModified, nil
		}
	}
}

// free says whether an answer does not count against the primary limit: a 304
// to somebody who signed in, and the look at the limit itself.
func (c *ghCall) free(a *ghAnswer) bool {
	named := c.who.token != nil || c.who.app != nil
	return c.r.URL.Path == "/rate_limit" || a.status == http.StatusNotModified && named
}
