package fake

import (
	"encoding/xml"
	"net/http"
	"strings"
	"time"
)

// serveBucket describes a bucket and lists its objects.
func (w *World) serveBucket(r *http.Request, bucket string) (s3Answer, error) {
	q := r.URL.Query()
	switch {
	case r.Method == http.MethodHead:
		return s3Answer{status: http.StatusOK}, nil
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

// listObjects answers a page; the continuation token is its last entry.
func (w *World) listObjects(r *http.Request, bucket string) (s3Answer, error) {
	q := r.URL.Query()
	prefix, delimiter := q.Get("prefix"), q.Get("delimiter")
	after := max(q.Get("start-after"), q.Get("continuation-token"))
	all, err := w.objects(bucket)
	if err != nil {
		return s3Answer{}, err
	}
	out := s3List{
		Name: bucket, Prefix: prefix, Delimiter: delimiter, EncodingType: q.Get("encoding-type"),
		MaxKeys: min(queryNumber(r, "max-keys", 1000), 1000),
	}
	name := func(s string) string {
		if out.EncodingType == "url" {
			return escapeAWS(s)
		}
		return s
	}
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
			out.IsTruncated, out.NextContinuationToken = true, last
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
