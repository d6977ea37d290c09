package fake

import (
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
)

// cacheHandler serves the cache's public custom domain: anonymous GET and HEAD
// of the objects of the bucket that has it, encoded as they were stored. The
// first answer of an object is a cache miss, the next ones are hits
// (developers.cloudflare.com/cache/concepts/cache-responses). What is not there
// is answered with a page
// (developers.cloudflare.com/r2/api/s3/presigned-urls, "public buckets").
func (w *World) cacheHandler() http.Handler {
	var mu sync.Mutex
	var rays atomic.Uint64
	seen := map[string]bool{}
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Cf-Ray", ray(rays.Add(1)))
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.Error(rw, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		bucket, dynamic := w.publicBucket()
		status, code := "dynamic", http.StatusNotFound
		defer func() { w.countEdge(status, code) }()
		key := strings.TrimPrefix(r.URL.Path, "/")
		if bucket == "" || key == "" {
			notHere(rw)
			return
		}
		o, found, err := w.object(bucket, key)
		switch {
		case err != nil:
			http.Error(rw, err.Error(), http.StatusInternalServerError)
			return
		case !found:
			notHere(rw)
			return
		}
		mu.Lock()
		status, code = "MISS", http.StatusOK
		if seen[key+o.ETag] {
			status = "HIT"
		}
		seen[key+o.ETag] = true
		mu.Unlock()
		if dynamic && strings.HasSuffix(key, ".narinfo") {
			status = "DYNAMIC"
		}
		maps.Copy(rw.Header(), o.headers())
		rw.Header().Set("Cf-Cache-Status", status)
		_, _ = rw.Write(o.content)
	})
}

func notHere(rw http.ResponseWriter) {
	rw.Header().Set("Content-Type", "text/html")
	rw.WriteHeader(http.StatusNotFound)
	_, _ = io.WriteString(rw, "<!DOCTYPE html><html><head><title>Not Found</title></head><body><h1>Object not found</h1></body></html>\n")
}

// publicBucket is the bucket that the cache's domain serves now; dynamic says
// whether its narinfo files are not cached.
func (w *World) publicBucket() (bucket string, dynamic bool) {
	w.Look(func(s *State) {
		dynamic = s.Cloud.Knobs.DynamicNarinfo
		for _, b := range s.Cloud.Buckets {
			for _, d := range b.Domains {
				if d.Domain == s.Config.Cache.Domain && d.live() {
					bucket = b.Name
				}
			}
		}
	})
	return bucket, dynamic
}
