package httpx

import (
	"bytes"
	"crypto/sha256"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// largestKept is the size of the largest answer that is kept.
const largestKept = 1 << 20

// store keeps answers to GET that came with an ETag, so that asking again with
// If-None-Match costs little: a 304 of GitHub's REST API does not count for the
// primary limit (docs.github.com, "Best practices for using the REST API").
// Answers that the service forbids to keep, long ones, and those to requests
// that hide a value are not kept.
type store struct {
	most int // bytes

	mu   sync.Mutex
	all  []kept // the one that was used last is last
	size int
}

// kept is one answer. key stands for what the answer depends on; it holds a
// digest of the credential, not the credential.
type kept struct {
	key    [sha256.Size]byte
	etag   string
	header http.Header
	body   []byte
}

func newStore(most int) *store { return &store{most: most} }

// ask makes the request conditional where an answer to it is kept. It returns
// that answer, one without an ETag where the next answer is to be kept, or nil.
func (s *store) ask(req *http.Request, m marks) *kept {
	h := req.Header
	if s.most <= 0 || req.Method != http.MethodGet || m.stream || m.once || len(m.hidden) > 0 ||
		h.Get("If-None-Match") != "" || h.Get("If-Modified-Since") != "" || h.Get("Range") != "" {
		return nil
	}
	k := kept{key: keyOf(req)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := s.find(k.key); i >= 0 {
		k = s.all[i]
		s.all = append(slices.Delete(s.all, i, i+1), k)
		h.Set("If-None-Match", k.etag)
	}
	return &k
}

// keyOf is a digest of all that an answer depends on: the URL, and the headers
// that GitHub's Vary names, and its version of the API.
func keyOf(req *http.Request) [sha256.Size]byte {
	parts := []string{req.URL.String()}
	for _, name := range []string{"Accept", "Authorization", "Cookie", "X-Github-Otp", "X-Github-Api-Version"} {
		parts = append(parts, strings.Join(req.Header.Values(name), ","))
	}
	return sha256.Sum256([]byte(strings.Join(parts, "\x00")))
}

func (s *store) find(key [sha256.Size]byte) int {
	return slices.IndexFunc(s.all, func(k kept) bool { return k.key == key })
}

// answer gives the kept answer in place of a 304, and keeps one that may be
// kept as soon as it was read to its end.
func (s *store) answer(k *kept, resp *http.Response) *http.Response {
	switch {
	case k == nil:
	case resp.StatusCode == http.StatusNotModified && k.etag != "":
		return k.again(resp)
	case resp.StatusCode == http.StatusOK && resp.Header.Get("ETag") != "" &&
		resp.ContentLength <= largestKept && !strings.Contains(strings.ToLower(resp.Header.Get("Cache-Control")), "no-store"):
		next := kept{key: k.key, etag: resp.Header.Get("ETag"), header: resp.Header.Clone()}
		resp.Body = &copied{ReadCloser: resp.Body, whole: func(b []byte) {
			next.body = b
			s.keep(next)
		}}
	}
	return resp
}

// again is the kept answer, with what the 304 says anew in its headers
// (RFC 9111, section 4.3.4).
func (k *kept) again(resp *http.Response) *http.Response {
	_, _ = io.CopyN(io.Discard, resp.Body, drained)
	_ = resp.Body.Close()
	out := *resp
	out.Status, out.StatusCode = "200 OK", http.StatusOK
	out.Header = k.header.Clone()
	for name, v := range resp.Header {
		if name != "Content-Length" && name != "Content-Encoding" && name != "Content-Type" {
			out.Header[name] = v
		}
	}
	out.Body, out.ContentLength = io.NopCloser(bytes.NewReader(k.body)), int64(len(k.body))
	return &out
}

// keep adds the answer, and drops those that were not used for the longest
// time until all fit.
func (s *store) keep(k kept) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := s.find(k.key); i >= 0 {
		s.drop(i)
	}
	s.all = append(s.all, k)
	s.size += k.bytes()
	for s.size > s.most {
		s.drop(0)
	}
}

func (s *store) drop(i int) {
	s.size -= s.all[i].bytes()
	s.all = slices.Delete(s.all, i, i+1)
}

// bytes is about how much memory the answer takes.
func (k *kept) bytes() int {
	n := len(k.body) + len(k.key)
	for name, values := range k.header {
		n += len(name)
		for _, v := range values {
			n += len(v)
		}
	}
	return n
}

// copied hands over a copy of a body that was read to its end.
type copied struct {
	io.ReadCloser

	so    []byte
	over  bool // it is too long, was handed over, or is broken
	whole func([]byte)
}

// Read implements io.Reader.
func (c *copied) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	if c.over {
		return n, err
	}
	c.so = append(c.so, p[:n]...)
	switch {
	case len(c.so) > largestKept:
		c.over, c.so = true, nil
	case err == io.EOF:
		c.over = true
		c.whole(c.so)
	case err != nil:
		c.over, c.so = true, nil
	}
	return n, err
}

// Close implements io.Closer. Who decodes one value does not see the end that
// follows it.
func (c *copied) Close() error {
	if !c.over {
		_, _ = io.CopyN(io.Discard, c, drained)
	}
	return c.ReadCloser.Close()
}
