package fake

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
)

// s3Answer is an answer of the S3 service.
type s3Answer struct {
	status int
	header http.Header
	body   []byte
}

// s3Error is an error of S3, and how it is answered.
type s3Error struct {
	status     int
	code, text string
}

func (e s3Error) Error() string { return e.code + ": " + e.text }

// s3Errors are the errors of R2's S3 API
// (developers.cloudflare.com/r2/api/error-codes). Missing, unknown and expired
// keys are Unauthorized; only a known key's wrong secret is
// SignatureDoesNotMatch. Parts of an upload must all have one size but the
// last, which S3 does not ask for.
func s3Errors(code string) s3Error {
	return map[string]s3Error{
		"Unauthorized":          {http.StatusUnauthorized, "Unauthorized", "Unauthorized"},
		"InvalidRegionName":     {http.StatusBadRequest, "InvalidRegionName", "The region name is not valid."},
		"SignatureDoesNotMatch": {http.StatusForbidden, "SignatureDoesNotMatch", "The request signature does not match."},
		"ExpiredRequest":        {http.StatusBadRequest, "ExpiredRequest", "The request signature has expired."},
		"AccessDenied":          {http.StatusForbidden, "AccessDenied", "Access Denied"},
		"NoSuchBucket":          {http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist."},
		"NoSuchKey":             {http.StatusNotFound, "NoSuchKey", "The specified key does not exist."},
		"NoSuchUpload":          {http.StatusNotFound, "NoSuchUpload", "The specified multipart upload does not exist."},
		"InvalidPart":           {http.StatusBadRequest, "InvalidPart", "One or more of the parts could not be found."},
		"UnevenParts":           {http.StatusBadRequest, "InvalidPart", "All non-trailing parts must have the same length."},
		"EntityTooSmall":        {http.StatusBadRequest, "EntityTooSmall", "The proposed upload is smaller than the minimum allowed object size."},
		"MalformedXML":          {http.StatusBadRequest, "MalformedXML", "The XML you provided was not well formed."},
		"InvalidArgument":       {http.StatusBadRequest, "InvalidArgument", "Invalid Argument"},
		"BadDigest":             {http.StatusBadRequest, "BadDigest", "The content does not match its signature."},
		"NotImplemented":        {http.StatusNotImplemented, "NotImplemented", "Not implemented."},
	}[code]
}

// accessLength is how long R2's access keys are; it says so to all others
// (github.com/grafana/loki/issues/9224).
const accessLength = 32

func wrongLength(access string) s3Error {
	e := s3Errors("InvalidArgument")
	e.text = fmt.Sprintf("Credential access key has length %d, should be %d", len(access), accessLength)
	return e
}

// s3Handler serves buckets by path (/bucket/key), signed in the header or the
// query with the keys that tokens are: access key = token id, secret = SHA-256
// of its value (developers.cloudflare.com/r2/api/tokens). All but GET and HEAD
// are counted in State.Writes, refused ones too.
func (w *World) s3Handler() http.Handler {
	var rays atomic.Uint64
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Cf-Ray", ray(rays.Add(1)))
		rw.Header().Set("Date", w.opts.Now().UTC().Format(http.TimeFormat))
		a, err := w.serveS3(r)
		if e, ok := errors.AsType[s3Error](err); ok {
			a, err = xmlAnswer(struct {
				XMLName xml.Name `xml:"Error"`
				Code    string
				Message string
			}{Code: e.code, Message: e.text})
			a.status = e.status
		}
		if err == nil {
			err = w.recordWrite("s3", r, a.status)
		}
		if err != nil {
			http.Error(rw, err.Error(), http.StatusInternalServerError)
			return
		}
		maps.Copy(rw.Header(), a.header)
		rw.WriteHeader(a.status)
		_, _ = rw.Write(a.body)
	})
}

// ray is the id that Cloudflare gives a request
// (developers.cloudflare.com/fundamentals/reference/cloudflare-ray-id).
func ray(n uint64) string { return fmt.Sprintf("%016x-AMS", n) }

func xmlAnswer(v any) (s3Answer, error) {
	b, err := xml.Marshal(v)
	return s3Answer{
		status: http.StatusOK,
		header: http.Header{"Content-Type": {"application/xml"}},
		body:   append([]byte(xml.Header), b...),
	}, err
}

// serveS3 checks signature and permission, then the request is believed.
func (w *World) serveS3(r *http.Request) (s3Answer, error) {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	raw, err := io.ReadAll(io.LimitReader(r.Body, 1<<28))
	if err != nil {
		return s3Answer{}, err
	}
	g, ok := parseSigV4(r)
	switch {
	case !ok:
		return s3Answer{}, s3Errors("Unauthorized")
	case len(g.access) != accessLength:
		return s3Answer{}, wrongLength(g.access)
	case !slices.Contains(s3Regions(), strings.ToLower(g.region)):
		return s3Answer{}, s3Errors("InvalidRegionName")
	case !g.holds(w.opts.Now()):
		return s3Answer{}, s3Errors("ExpiredRequest")
	}
	token, found, err := w.s3Token(g.access)
	switch {
	case err != nil:
		return s3Answer{}, err
	case !found:
		return s3Answer{}, s3Errors("Unauthorized")
	case !g.valid(r, token.Hash):
		return s3Answer{}, s3Errors("SignatureDoesNotMatch")
	}
	content, ok := g.body(raw, token.Hash)
	if !ok {
		return s3Answer{}, s3Errors("BadDigest")
	}
	write := r.Method != http.MethodGet && r.Method != http.MethodHead
	allowed, exists := w.mayUse(token, bucket, write)
	switch {
	case !allowed:
		return s3Answer{}, s3Errors("AccessDenied")
	case !exists:
		return s3Answer{}, s3Errors("NoSuchBucket")
	}
	w.countS3(r, bucket, key)
	if key == "" {
		return w.serveBucket(r, bucket, content)
	}
	return w.serveObject(r, bucket, key, content)
}

// s3Regions are those that R2 takes (developers.cloudflare.com/r2/api/s3/api).
func s3Regions() []string {
	return []string{"auto", "", "us-east-1", "wnam", "enam", "weur", "eeur", "apac", "oc"}
}

// s3Token finds the live token whose id is the access key. One that is fresh
// is not known yet, for its number of requests.
func (w *World) s3Token(access string) (t CloudToken, found bool, err error) {
	w.Look(func(s *State) {
		if p := s.Cloud.tokenByID(access); p != nil && p.status(w.opts.Now()) == "active" {
			t, found = *p, true
		}
	})
	if t.Refusals == 0 {
		return t, found, nil
	}
	return t, false, w.Update(func(s *State) error {
		if p := s.Cloud.tokenByID(access); p != nil && p.Refusals > 0 {
			p.Refusals--
		}
		return nil
	})
}

// mayUse says whether the token may use the bucket of that name, and whether
// there is one. A token for single buckets is not told which others exist.
func (w *World) mayUse(t CloudToken, bucket string, write bool) (allowed, exists bool) {
	w.Look(func(s *State) {
		if t.status(w.opts.Now()) != "active" {
			return
		}
		for _, b := range s.Cloud.Buckets {
			if b.Name == bucket {
				exists = true
				allowed = allowed || t.mayObjects(b.Account, b.Jurisdiction, b.Name, write)
			}
		}
		for _, a := range s.Cloud.Accounts {
			allowed = allowed || !exists && t.mayObjects(a.ID, "default", bucket, write)
		}
	})
	return allowed, exists
}

// KeysWork says whether a pair of S3 keys reads or writes the bucket; the
// delay of fresh keys is not counted.
func (w *World) KeysWork(bucket string, access, secret string, write bool) bool {
	var t CloudToken
	w.Look(func(s *State) {
		if p := s.Cloud.tokenByID(access); p != nil {
			t = *p
		}
	})
	allowed, exists := w.mayUse(t, bucket, write)
	return t.ID != "" && t.Hash == secret && allowed && exists
}

// serveObject puts, gets, describes and deletes an object, in one piece or in
// the parts of an upload.
func (w *World) serveObject(r *http.Request, bucket, key string, content []byte) (s3Answer, error) {
	q := r.URL.Query()
	switch {
	case q.Has("uploads"), q.Has("uploadId"):
		return w.serveUpload(r, bucket, key, content)
	case r.Header.Get("X-Amz-Copy-Source") != "":
		return s3Answer{}, s3Errors("NotImplemented")
	}
	for name := range q {
		if !strings.HasPrefix(name, "X-Amz-") && name != "x-id" {
			return s3Answer{}, s3Errors("NotImplemented")
		}
	}
	switch r.Method {
	case http.MethodPut:
		err := w.PutObject(bucket, key, content, r.Header.Get("Content-Type"), contentEncoding(r))
		if err != nil {
			return s3Answer{}, err
		}
		o, _, err := w.object(bucket, key)
		return s3Answer{status: http.StatusOK, header: http.Header{"Etag": {o.ETag}}}, err
	case http.MethodDelete:
		return s3Answer{status: http.StatusNoContent}, w.deleteObject(bucket, key)
	case http.MethodGet, http.MethodHead:
		o, found, err := w.object(bucket, key)
		if err == nil && !found {
			err = s3Errors("NoSuchKey")
		}
		return s3Answer{status: http.StatusOK, header: o.headers(), body: o.content}, err
	}
	return s3Answer{}, s3Errors("NotImplemented")
}

// contentEncoding is that of an object which is put; that it is sent in chunks
// is not part of it.
func contentEncoding(r *http.Request) string {
	var encodings []string
	for e := range strings.SplitSeq(r.Header.Get("Content-Encoding"), ",") {
		if e = strings.TrimSpace(e); e != "" && e != "aws-chunked" {
			encodings = append(encodings, e)
		}
	}
	return strings.Join(encodings, ",")
}
