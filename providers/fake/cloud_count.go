package fake

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// cloudCounts is what Cloudflare counts of requests, in memory and by the
// minute: those that R2 was asked for, and those at the edge.
type cloudCounts struct {
	mu  sync.Mutex
	all map[tally]int
}

// tally is what is counted together. On is a bucket for R2's, a host name
// for the edge's; what is the operation or the cache's status.
type tally struct {
	minute   int64
	edge     bool
	on, what string
	status   int
}

// cloudStorage is how much a bucket holds.
type cloudStorage struct{ objects, bytes int }

func (c *cloudCounts) add(at time.Time, one tally) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all == nil {
		c.all = map[tally]int{}
	}
	one.minute = at.Unix() / 60
	c.all[one]++
}

// sum is what was counted in a time, by what and status.
func (c *cloudCounts) sum(edge bool, on string, from, to time.Time) map[tally]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := map[tally]int{}
	for one, n := range c.all {
		if one.edge == edge && one.on == on && one.minute >= from.Unix()/60 && one.minute <= to.Unix()/60 {
			out[tally{what: one.what, status: one.status}] += n
		}
	}
	return out
}

// countS3 counts a request for an object or a bucket by R2's name for it.
func (w *World) countS3(r *http.Request, bucket, key string) {
	q := r.URL.Query()
	action := map[string]string{"GET": "GetObject", "HEAD": "HeadObject", "PUT": "PutObject", "DELETE": "DeleteObject"}[r.Method]
	switch {
	case q.Has("uploads"):
		action = "CreateMultipartUpload"
	case q.Has("uploadId"):
		action = map[string]string{"PUT": "UploadPart", "POST": "CompleteMultipartUpload", "DELETE": "AbortMultipartUpload"}[r.Method]
	case key == "" && r.Method == http.MethodPost:
		action = "DeleteObject"
	case key == "" && r.Method == http.MethodHead:
		action = "HeadBucket"
	case key == "" && q.Has("location"):
		action = "GetBucketLocation"
	case key == "":
		action = "ListObjects"
	}
	w.counts.add(w.opts.Now(), tally{on: bucket, what: action})
}

// countEdge counts a request for the cache's domain by Cf-Cache-Status.
func (w *World) countEdge(status string, code int) {
	var host string
	w.Look(func(s *State) { host = s.Config.Cache.Domain })
	w.counts.add(w.opts.Now(), tally{edge: true, on: host, what: strings.ToLower(status), status: code})
}

// holds is what a bucket holds.
func (w *World) holds(bucket string) (cloudStorage, error) {
	all, err := w.objects(bucket)
	out := cloudStorage{objects: len(all)}
	for _, o := range all {
		out.bytes += o.Size
	}
	if l := w.living(); l != nil && l.bucket == bucket {
		objects, bytes := l.size()
		out.objects, out.bytes = out.objects+objects, out.bytes+bytes
	}
	return out, err
}

// trafficDraw is the kind of draws that the traffic of a life follows from.
const trafficDraw = 1000

// liveTraffic adds to the counts what a life's clients ask for: each minute a
// few dozen requests at the edge, most of which its cache answers, and for each
// path that was pushed two PutObject.
func (l *Living) liveTraffic(sum map[tally]int, edge bool, from, to time.Time) {
	for minute := from.Unix() / 60; minute <= to.Unix()/60; minute++ {
		n := l.draw(trafficDraw, int(minute))
		hits, misses, lacks := 20+below(n, 20), below(n>>16, 4), below(n>>32, 3)
		if !edge {
			sum[tally{what: "GetObject"}] += misses + lacks
			continue
		}
		sum[tally{what: "hit", status: 200}] += hits
		sum[tally{what: "miss", status: 200}] += misses
		sum[tally{what: "dynamic", status: 404}] += lacks
	}
	if !edge {
		l.mu.Lock()
		defer l.mu.Unlock()
		sum[tally{what: "PutObject"}] += 2 * len(l.cache.pushed)
	}
}

// inOrder lists counts, so that an answer is always the same.
func inOrder(sum map[tally]int) []tally {
	return slices.SortedFunc(maps.Keys(sum), func(a, b tally) int {
		return cmp.Or(cmp.Compare(a.what, b.what), cmp.Compare(a.status, b.status))
	})
}
