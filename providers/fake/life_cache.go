package fake

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"sort"
	"strings"
	"time"
)

// lifeCache is what niks3 has in its bucket. Its store paths are numbered; a
// path's hash follows from its number, and the number from the hash, so that
// nothing of them is stored but what was pushed since life began.
type lifeCache struct {
	from   int // paths before this one were collected
	start  int // so many were there when life began
	spread int // the hashes of two neighbours are so far apart
	first  int // the path of the first build of the past; can be below 0

	pushed  map[int]bool // of those after start
	objects int
	bytes   int
	pending int

	gc                 *ciGC
	gcLast             time.Time
	succeeded, deleted int
}

// hashSpace is how many beginnings of a hash there are: six digits.
const hashSpace = 1 << 30

func (l *Living) fillCache(builds int) {
	c := &l.cache
	c.pushed = map[int]bool{}
	lost := 0
	for k := range builds {
		if k%groupSize == 0 || !stays(fateOf(l.draw(drawPast, k))) {
			lost++
		}
	}
	c.start = l.life.Objects/2 + lost
	c.first = c.start - builds
	if l.life.Objects == 0 { // nothing of the past is left
		c.from = c.start
	}
	c.spread = hashSpace / (4 * max(c.start, 1<<16))
	l.paths = c.start
	for p := c.from; p < c.start; p++ {
		if c.holds(l, p) {
			c.objects += 2
			c.bytes += narBytes(l.textSize(p))
		}
	}
}

// stays says whether what ended so is in the cache.
func stays(fate int) bool { return fate == bbSuccess }

// holds says whether the cache has a path.
func (c *lifeCache) holds(l *Living, p int) bool {
	if p < c.from {
		return false
	}
	if p >= c.start {
		return c.pushed[p]
	}
	k := p - c.first
	return k < 0 || k%groupSize > 0 && stays(fateOf(l.draw(drawPast, k)))
}

func (l *Living) textSize(p int) int { return 1024 + below(l.draw(drawSize, p), 64<<10) }

// narBytes is the size of the archive of a text of so many bytes.
func narBytes(n int) int { return 112 + (n+7)/8*8 }

const base32Digits = "0123456789abcdfghijklmnpqrsvwxyz"

func digits(n uint64, count int) string {
	out := make([]byte, count)
	for i := count - 1; i >= 0; i-- {
		out[i] = base32Digits[n&31]
		n >>= 5
	}
	return string(out)
}

// base32Of is 32 digits.
func base32Of(a, b uint64) string { return digits(a, 6) + digits(b, 13) + digits(mixed(a^b), 13) }

// storeHash is that of a path; those of greater paths are greater.
func (l *Living) storeHash(p int) string {
	n := l.draw(drawPath, p)
	place := uint64(hashSpace - 1)
	if p >= 0 && p < hashSpace/l.cache.spread {
		place = uint64(p*l.cache.spread + below(n, l.cache.spread)) //nolint:gosec // below the space
	}
	return base32Of(place, mixed(n))
}

// pathOf is whose hash it is; -1: of none.
func (l *Living) pathOf(hash string) int {
	if len(hash) != 32 {
		return -1
	}
	place := 0
	for _, c := range hash[:6] {
		i := strings.IndexRune(base32Digits, c)
		if i < 0 {
			return -1
		}
		place = place<<5 | i
	}
	if p := place / l.cache.spread; l.storeHash(p) == hash {
		return p
	}
	return -1
}

// keyed is a path whose object has the key, "HASH.narinfo" or
// "nar/HASH.nar.zst"; the latter's hash is here that of the path.
func (l *Living) keyed(key string) (p int, nar bool) {
	if hash, ok := strings.CutSuffix(key, ".narinfo"); ok {
		return l.pathOf(hash), false
	}
	hash, ok := strings.CutSuffix(strings.TrimPrefix(key, "nar/"), ".nar.zst")
	if !ok || !strings.HasPrefix(key, "nar/") {
		return -1, false
	}
	return l.pathOf(hash), true
}

// object makes an object of the cache.
func (l *Living) object(key string) (o s3Object, found bool, err error) {
	p, nar := l.keyed(key)
	l.mu.Lock()
	held := p >= 0 && l.cache.holds(l, p)
	l.mu.Unlock()
	if !held || l.key.key == nil {
		return s3Object{}, false, nil
	}
	hash := l.storeHash(p)
	text := make([]byte, 0, l.textSize(p)+8)
	for n := uint64(0); len(text) < l.textSize(p); n++ {
		text = append(text, digits(mixed(l.draw(drawText, p)+n), 8)...)
	}
	all, err := packed("/nix/store/"+hash+"-"+l.pathName(p), string(text[:l.textSize(p)]), l.key)
	if err != nil {
		return s3Object{}, false, err
	}
	for _, one := range all {
		switch {
		case nar && strings.HasPrefix(one.key, "nar/"):
			o = l.w.newObject(key, one.body, one.kind, one.encoding)
		case !nar && strings.HasSuffix(one.key, ".narinfo"):
			o = l.w.newObject(key, l.renamed(one.body, "nar/"+hash+".nar.zst"), one.kind, one.encoding)
		}
	}
	o.Modified = l.begun.UTC().Truncate(time.Second)
	return o, true, nil
}

// pathName is what follows a path's hash.
func (l *Living) pathName(p int) string {
	if k := p - l.cache.first; p < l.cache.start && k >= 0 && k < l.life.Builds && k%groupSize > 0 {
		return l.short(&job{attr: k/groupSize%l.blocks*blockSize + k%groupSize - 1})
	}
	l.m.mu.RLock()
	defer l.m.mu.RUnlock()
	for _, j := range l.jobs {
		if j.attr >= 0 && j.path == p {
			return l.short(j)
		}
	}
	return fmt.Sprintf("source-%d", p)
}

// uploading counts the uploads that go on.
func (l *Living) uploading(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cache.pending += n
}

// uploaded ends an upload; what went well is in the cache.
func (l *Living) uploaded(j *job) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cache.pending--
	if stays(j.fate) && !l.cache.holds(l, j.path) {
		l.cache.pushed[j.path] = true
		l.cache.objects += 2
		l.cache.bytes += narBytes(l.textSize(j.path))
	}
}

func (l *Living) size() (objects, bytes int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cache.objects, l.cache.bytes
}

// page adds to a bucket's stored objects those of the cache that a page of a
// listing can have: of a kind at most a thousand, and one more.
func (l *Living) page(all []s3Object, prefix, after string) []s3Object {
	l.mu.Lock()
	defer l.mu.Unlock()
	top := l.paths + 1
	for _, form := range []struct{ before, behind string }{{"", ".narinfo"}, {"nar/", ".nar.zst"}} {
		key := func(p int) string { return form.before + l.storeHash(p) + form.behind }
		p := l.cache.from + sort.Search(max(0, top-l.cache.from), func(i int) bool {
			k := key(l.cache.from + i)
			return k > after && k >= prefix
		})
		for n := 0; p < top && n <= s3Page; p++ {
			k := key(p)
			if !strings.HasPrefix(k, prefix) {
				break
			}
			if l.cache.holds(l, p) {
				size := 320
				if form.before != "" {
					size = narBytes(l.textSize(p))
				}
				all = append(all, s3Object{Key: k, Size: size, ETag: `"` + url.PathEscape(base64.RawURLEncoding.EncodeToString([]byte(k[:16]))) + `"`, Modified: l.begun})
				n++
			}
		}
	}
	slices.SortFunc(all, func(a, b s3Object) int { return strings.Compare(a.Key, b.Key) })
	return all
}
