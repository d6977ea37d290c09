package fake

import (
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
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
// SignatureDoesNotMatch.
func s3Errors(code string) s3Error {
	return map[string]s3Error{
		"Unauthorized":          {http.StatusUnauthorized, "Unauthorized", "Unauthorized"},
		"InvalidRegionName":     {http.StatusBadRequest, "InvalidRegionName", "The region name is not valid."},
		"SignatureDoesNotMatch": {http.StatusForbidden, "SignatureDoesNotMatch", "The request signature does not match."},
		"AccessDenied":          {http.StatusForbidden, "AccessDenied", "Access Denied"},
		"NoSuchBucket":          {http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist."},
		"NoSuchKey":             {http.StatusNotFound, "NoSuchKey", "The specified key does not exist."},
		"BadDigest":             {http.StatusBadRequest, "BadDigest", "The content does not match its signature."},
		"NotImplemented":        {http.StatusNotImplemented, "NotImplemented", "Not implemented."},
	}[code]
}

// s3Handler serves buckets by path (/bucket/key), signed in the header with
// the keys that tokens are: access key = token id, secret = SHA-256 of its
// value (developers.cloudflare.com/r2/api/tokens). PUT and DELETE are counted
// in State.Writes, refused ones too.
func (w *World) s3Handler() http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
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
	case !slices.Contains(s3Regions(), strings.ToLower(g.region)):
		return s3Answer{}, s3Errors("InvalidRegionName")
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
	case key == "":
		return w.serveBucket(r, bucket)
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

// serveObject puts, gets, describes and deletes an object.
func (w *World) serveObject(r *http.Request, bucket, key string, content []byte) (s3Answer, error) {
	switch r.Method {
	case http.MethodPut:
		if r.Header.Get("X-Amz-Copy-Source") != "" || r.URL.RawQuery != "" {
			return s3Answer{}, s3Errors("NotImplemented")
		}
		var encodings []string
		for e := range strings.SplitSeq(r.Header.Get("Content-Encoding"), ",") {
			if e = strings.TrimSpace(e); e != "" && e != "aws-chunked" {
				encodings = append(encodings, e)
			}
		}
		err := w.PutObject(bucket, key, content, r.Header.Get("Content-Type"), strings.Join(encodings, ","))
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
