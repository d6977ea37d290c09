package fake

import (
	"encoding/base64"
	"encoding/xml"
	"net/http"
	"strings"
	"time"
)

// serveBucket describes a bucket, lists its objects and deletes many of them.
func (w *World) serveBucket(r *http.Request, bucket string, content []byte) (s3Answer, error) {
	q := r.URL.Query()
	switch {
	case r.Method == http.MethodHead:
		return s3Answer{status: http.StatusOK}, nil
	case r.Method == http.MethodPost && q.Has("delete"):
		return w.deleteObjects(bucket, content)
	case r.Method != http.MethodGet:
		return s3Answer{}, s3Errors("NotImplemented")
	case q.Has("location"):
		return xmlAnswer(struct {
			XMLName xml.Name `xml:"LocationConstraint"`
			Region  string   `xml:",chardata"`
		}{Region: "auto"})
	case q.Get("list-type") == "2":
		return w.listObjects(r, bucket)
	}
	return s3Answer{}, s3Errors("NotImplemented")
}

// s3Page is how many objects are listed or deleted at once, at most.
const s3Page = 1000

// s3List is the answer to ListObjectsV2.
type s3List struct {
	XMLName               xml.Name `xml:"ListBucketResult"`
	Name                  string
	Prefix                string
	Delimiter             string `xml:",omitempty"`
	EncodingType          string `xml:",omitempty"`
	KeyCount              int
	MaxKeys               int
	IsTruncated           bool
	NextContinuationToken string `xml:",omitempty"`
	Contents              []s3Entry
	CommonPrefixes        []s3Prefix
}

type s3Entry struct {
	Key          string
	LastModified string
	ETag         string
	Size         int
	StorageClass string
}

type s3Prefix struct{ Prefix string }

// listObjects answers a page; the continuation token is its last entry, which
// is not meant to be read.
func (w *World) listObjects(r *http.Request, bucket string) (s3Answer, error) {
	q := r.URL.Query()
	prefix, delimiter := q.Get("prefix"), q.Get("delimiter")
	token, err := base64.URLEncoding.DecodeString(q.Get("continuation-token"))
	if err != nil {
		return s3Answer{}, s3Errors("InvalidArgument")
	}
	after := max(q.Get("start-after"), string(token))
	all, err := w.objects(bucket)
	if l := w.living(); l != nil && bucket == l.bucket {
		all = l.page(all, prefix, after)
	}
	if err != nil {
		return s3Answer{}, err
	}
	out := s3List{
		Name: bucket, EncodingType: q.Get("encoding-type"), MaxKeys: min(queryNumber(r, "max-keys", s3Page), s3Page),
	}
	name := func(s string) string {
		if out.EncodingType == "url" {
			return escapeAWS(s)
		}
		return s
	}
	out.Prefix, out.Delimiter = name(prefix), name(delimiter)
	last := ""
	for _, o := range all {
		rest, within := strings.CutPrefix(o.Key, prefix)
		entry := o.Key
		if i := strings.Index(rest, delimiter); delimiter != "" && i >= 0 {
			entry = prefix + rest[:i+len(delimiter)]
		}
		if !within || entry <= after || entry == last {
			continue
		}
		if out.KeyCount == out.MaxKeys {
			out.IsTruncated = true
			out.NextContinuationToken = base64.URLEncoding.EncodeToString([]byte(last))
			break
		}
		last = entry
		out.KeyCount++
		if entry != o.Key {
			out.CommonPrefixes = append(out.CommonPrefixes, s3Prefix{name(entry)})
			continue
		}
		out.Contents = append(out.Contents, s3Entry{
			name(o.Key), o.Modified.Format(time.RFC3339), o.ETag, o.Size, "STANDARD",
		})
	}
	return xmlAnswer(out)
}

// deleteObjects deletes those that the body names; one that is not there is
// deleted too (docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html).
func (w *World) deleteObjects(bucket string, content []byte) (s3Answer, error) {
	type named struct {
		Key string `xml:"Key"`
	}
	var in struct {
		XMLName xml.Name `xml:"Delete"`
		Object  []named  `xml:"Object"`
		Quiet   bool     `xml:"Quiet"`
	}
	if err := xml.Unmarshal(content, &in); err != nil || len(in.Object) == 0 || len(in.Object) > s3Page {
		return s3Answer{}, s3Errors("MalformedXML")
	}
	for _, o := range in.Object {
		if err := w.deleteObject(bucket, o.Key); err != nil {
			return s3Answer{}, err
		}
	}
	if in.Quiet {
		in.Object = nil
	}
	return xmlAnswer(struct {
		XMLName xml.Name `xml:"DeleteResult"`
		Deleted []named
	}{Deleted: in.Object})
}
