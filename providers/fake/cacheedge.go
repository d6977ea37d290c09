package fake

import (
	"maps"
	"net/http"
	"strings"
	"sync"
)

// cacheHandler serves the cache's public custom domain: anonymous GET and HEAD
// of the objects of the bucket that has it, encoded as they were stored. The
// first answer of an object is a cache miss, the next ones are hits
// (developers.cloudflare.com/cache/concepts/cache-responses).
func (w *World) cacheHandler() http.Handler {
	var mu sync.Mutex
	seen := map[string]bool{}
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.Error(rw, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		bucket, dynamic := w.publicBucket()
		key := strings.TrimPrefix(r.URL.Path, "/")
		if bucket == "" || key == "" {
			http.NotFound(rw, r)
			return
		}
		o, found, err := w.object(bucket, key)
		switch {
		case err != nil:
			http.Error(rw, err.Error(), http.StatusInternalServerError)
			return
		case !found:
			http.NotFound(rw, r)
			return
		}
		mu.Lock()
		status := "MISS"
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
