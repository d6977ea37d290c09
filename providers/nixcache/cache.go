// Package nixcache reads a binary cache over its public URL, as a Nix client
// does: nix-cache-info, narinfos with their signatures, archives.
//
// niks3 stores narinfos compressed, with Content-Encoding: zstd, and R2 hands
// them over as they are stored, so they are decoded here.
package nixcache

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
)

// textLimit is how long a narinfo may be, decoded, in bytes. That of a system
// with all its references takes some ten thousand.
const textLimit = 1 << 20

// service is its name in errors.
const service = "the cache"

// userAgent is what Nix says of itself: some firewalls treat it in their own
// way, which is to be seen.
const userAgent = "curl/8.12.1 Nix/2.28.3"

// Cache is a binary cache.
type Cache struct {
	hc   *http.Client
	base string
}

// New returns the cache at base ("https://cache.example").
func New(hc *http.Client, base string) *Cache {
	return &Cache{hc: hc, base: strings.TrimRight(base, "/")}
}

// Info reads nix-cache-info; found is false where the cache has none.
func (c *Cache) Info(ctx context.Context) (i state.CacheInfo, found bool, err error) {
	const op = "read nix-cache-info"
	text, _, found, err := c.get(ctx, op, "/nix-cache-info")
	if err != nil || !found {
		return state.CacheInfo{}, false, err
	}
	for key, value := range fields(text) {
		switch key {
		case "StoreDir":
			i.StoreDir = value
		case "Priority":
			i.Priority, _ = strconv.Atoi(value)
		}
	}
	if i.StoreDir == "" {
		return state.CacheInfo{}, false, c.wrong(op, text)
	}
	return i, true, nil
}

// Narinfo reads that of a store path ("/nix/store/HASH-NAME") and checks its
// signatures against the published key ("NAME:BASE64"): Verified is true where
// one of that name fits what the narinfo says. found is false where the cache
// does not have the path.
func (c *Cache) Narinfo(ctx context.Context, storePath, publicKey string) (n state.Narinfo, found bool, err error) {
	n, _, found, err = c.narinfo(ctx, storePath, publicKey)
	return n, found, err
}

// narinfo is Narinfo, with the size of the archive as it is unpacked, in bytes.
func (c *Cache) narinfo(ctx context.Context, storePath, publicKey string) (n state.Narinfo, size int64, found bool, err error) {
	op := "read narinfo of " + storePath
	key, err := parseKey(publicKey)
	if err != nil {
		return n, 0, false, err
	}
	hash, _, ok := strings.Cut(path.Base(storePath), "-")
	if !ok || !path.IsAbs(storePath) {
		return n, 0, false, fmt.Errorf("%s: it is not a store path", op)
	}
	text, h, found, err := c.get(ctx, op, "/"+hash+".narinfo")
	if err != nil || !found {
		return n, 0, false, err
	}
	i := parseNarinfo(text)
	switch {
	case i.storePath == "" || i.url == "" || i.narHash == "" || i.narSize == "":
		return n, 0, false, c.wrong(op, text)
	case !strings.HasSuffix(text, "\n"): // Nix takes no line without its end either
		return n, 0, false, c.wrong(op, "it breaks off")
	}
	if i.storePath != storePath {
		return n, 0, false, c.wrong(op, "it is that of "+i.storePath)
	}
	n = state.Narinfo{
		StorePath: i.storePath,
		URL:       i.url,
		Verified:  i.verify(key),
		Edge:      state.CleanText(h.Get("Cf-Cache-Status"), 40),
	}
	for _, sig := range i.sigs {
		name, _, _ := strings.Cut(sig, ":")
		n.SignedBy = append(n.SignedBy, name)
	}
	size, _ = strconv.ParseInt(i.narSize, 10, 64)
	return n, size, true, nil
}

// NAR says whether the archive that a narinfo names is there.
func (c *Cache) NAR(ctx context.Context, n state.Narinfo) (bool, error) {
	op := "look for archive of " + n.StorePath
	if strings.Contains(n.URL, "://") || strings.Contains("/"+n.URL+"/", "/../") || n.URL == "" {
		return false, c.wrong(op, "its URL "+n.URL+" is not within the cache")
	}
	resp, err := c.do(ctx, op, http.MethodHead, "/"+strings.TrimPrefix(n.URL, "/"))
	if err != nil {
		return false, err
	}
	_ = resp.Body.Close()
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	switch {
	case resp.StatusCode == http.StatusOK && kind == "text/html":
		return false, c.wrong(op, "a page in place of an answer")
	case resp.StatusCode == http.StatusOK:
		return true, nil
	case resp.StatusCode == http.StatusNotFound:
		return false, nil
	}
	return false, c.refused(op, resp, "")
}

// get reads a text, decoded; found is false on 404.
func (c *Cache) get(ctx context.Context, op, path string) (text string, h http.Header, found bool, err error) {
	resp, err := c.do(ctx, op, http.MethodGet, path)
	if err != nil {
		return "", nil, false, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode == http.StatusNotFound {
		return "", nil, false, nil
	}
	b, err := decoded(resp)
	if resp.StatusCode != http.StatusOK {
		return "", nil, false, c.refused(op, resp, httpx.CleanBody(b))
	}
	if err != nil {
		return "", nil, false, &state.CallError{Service: service, Op: op, Status: resp.StatusCode, Kind: httpx.Kind(nil, err), Text: httpx.Cause(err)}
	}
	return string(b), resp.Header, true, nil
}

// do makes a request as Nix does.
func (c *Cache) do(ctx context.Context, op, method, path string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	req.Header.Set("User-Agent", userAgent)
	req.Header.Set("Accept-Encoding", "gzip, zstd")
	resp, err := c.hc.Do(req)
	if err != nil {
		return nil, &state.CallError{Service: service, Op: op, Kind: httpx.Kind(nil, err), Text: httpx.Cause(err)}
	}
	return resp, nil
}

// decoded reads a body through its Content-Encoding, at most textLimit bytes.
func decoded(resp *http.Response) ([]byte, error) {
	body := io.LimitReader(resp.Body, textLimit+1)
	switch encoding := strings.ToLower(resp.Header.Get("Content-Encoding")); encoding {
	case "", "identity":
	case "gzip":
		z, err := gzip.NewReader(body)
		if err != nil {
			return nil, fmt.Errorf("decode gzip: %w", err)
		}
		body = z
	case "zstd":
		z, err := zstd.NewReader(body, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20))
		if err != nil {
			return nil, fmt.Errorf("decode zstd: %w", err)
		}
		defer z.Close()
		body = z
	default:
		return nil, fmt.Errorf("decode body: unknown Content-Encoding %q", encoding)
	}
	b, err := io.ReadAll(io.LimitReader(body, textLimit+1))
	if err != nil {
		return b, fmt.Errorf("read body: %w", err)
	}
	if len(b) > textLimit {
		return nil, fmt.Errorf("read body: it is longer than %d bytes", textLimit)
	}
	return b, nil
}

// refused is the error of a status that a cache should not give.
func (c *Cache) refused(op string, resp *http.Response, text string) error {
	kind := httpx.Kind(resp, nil)
	if kind == nil { // a status of success that is not what a cache answers
		kind = state.ErrService
	}
	return &state.CallError{
		Service: service, Op: op, Status: resp.StatusCode, Kind: kind,
		Text: text, Request: httpx.RequestID(resp.Header),
	}
}

// wrong is the error of an answer that is not what it should be: a challenge
// page in place of a narinfo, a narinfo of something else.
func (c *Cache) wrong(op, text string) error {
	return &state.CallError{Service: service, Op: op, Status: http.StatusOK, Kind: state.ErrService, Text: httpx.CleanBody([]byte(text))}
}
