package httpx

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/nixwright/nixwright/state"
)

// Pace is how much a service allows one client: Points in any Per. A request
// costs one point, and Write where it is neither GET nor HEAD. Burst points may
// be spent at once; the others come back evenly.
type Pace struct {
	Points int
	Per    time.Duration
	Burst  int
	Write  int
}

// paces are what the services allow by host, each the lowest of its limits:
// Cloudflare's page "Rate limits" (1200 requests in five minutes for a token),
// GitHub's "Rate limits for the REST API", secondary limits (900 points in a
// minute; a write is five).
var paces = map[string]Pace{
	"api.cloudflare.com": {Points: 1200, Per: 5 * time.Minute, Burst: 200, Write: 1},
	"api.github.com":     {Points: 900, Per: time.Minute, Burst: 300, Write: 5},
}

// turnstile lets requests through at the pace of their hosts, and none to a
// host that asked this credential to stay away.
type turnstile struct {
	paces map[string]Pace

	mu     sync.Mutex
	levels map[string]level
	closed map[[sha256.Size]byte]time.Time
}

// level is how many of a host's points are left at a time, which lies ahead
// where requests wait for their turn.
type level struct {
	points float64
	at     time.Time
}

func newTurnstile(of map[string]Pace) *turnstile {
	if of == nil {
		of = paces
	}
	return &turnstile{paces: of, levels: map[string]level{}, closed: map[[sha256.Size]byte]time.Time{}}
}

// wait takes the request's points, and says how long it has to wait for its
// turn. Where that is more than longest it takes nothing, and returns an error
// of kind state.ErrLimited.
func (t *turnstile) wait(req *http.Request, now time.Time, longest time.Duration) (time.Duration, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	turn := now
	if until := t.closed[credential(req)]; until.After(turn) {
		turn = until
	}
	after := t.levels[req.URL.Host]
	p, paced := t.paces[req.URL.Host]
	if paced {
		turn, after = p.turn(after, req.Method, turn)
	}
	if d := turn.Sub(now); d > longest {
		return 0, fmt.Errorf("%s may be asked again at %s: %w", req.URL.Host, turn.UTC().Format(time.RFC3339), state.ErrLimited)
	}
	if paced {
		t.levels[req.URL.Host] = after
	}
	return turn.Sub(now), nil
}

// turn is when a request may go, no sooner than from, and what is left then.
func (p Pace) turn(l level, method string, from time.Time) (time.Time, level) {
	if l.at.IsZero() {
		l = level{points: float64(p.Burst), at: from}
	}
	back := float64(p.Points-p.Burst) / p.Per.Seconds() // points a second
	if from.After(l.at) {
		l.points = min(float64(p.Burst), l.points+back*from.Sub(l.at).Seconds())
		l.at = from
	}
	if method == http.MethodGet || method == http.MethodHead {
		l.points--
	} else {
		l.points -= float64(p.Write)
	}
	if l.points < 0 {
		l.at = l.at.Add(time.Duration(-l.points/back*float64(time.Second)).Truncate(time.Millisecond) + time.Millisecond)
		l.points = 0
	}
	return l.at, l
}

// close keeps the request's credential from its host for a while.
func (t *turnstile) close(req *http.Request, now time.Time, d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for k, until := range t.closed {
		if until.Before(now) {
			delete(t.closed, k)
		}
	}
	k := credential(req)
	if until := now.Add(d); until.After(t.closed[k]) {
		t.closed[k] = until
	}
}

// credential stands for a host and who asks it.
func credential(req *http.Request) [sha256.Size]byte {
	return sha256.Sum256([]byte(req.URL.Host + "\x00" + req.Header.Get("Authorization")))
}
