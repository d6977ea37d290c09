package fake

import (
	"crypto/md5" //nolint:gosec // An ETag of S3 is made of MD5s.
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// smallestPart is the least size of a part in bytes, but for the last one.
const smallestPart = 5 << 20

// serveUpload begins, fills, completes and aborts an upload in parts
// (docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html). Each part
// is a file of the world in the upload's folder, as an object is; the file of
// part 0 says what the object will be.
func (w *World) serveUpload(r *http.Request, bucket, key string, content []byte) (s3Answer, error) {
	q := r.URL.Query()
	if r.Method == http.MethodPost && q.Has("uploads") {
		return w.beginUpload(r, bucket, key)
	}
	id := q.Get("uploadId")
	begun, found, err := readObject(w.partFile(bucket, id, 0))
	switch {
	case err != nil:
		return s3Answer{}, err
	case !found || begun.Key != key:
		return s3Answer{}, s3Errors("NoSuchUpload")
	}
	switch r.Method {
	case http.MethodPut:
		n, err := strconv.Atoi(q.Get("partNumber"))
		if err != nil || n < 1 || n > 10_000 {
			return s3Answer{}, s3Errors("InvalidArgument")
		}
		part := w.newObject(key, content, "", "")
		return s3Answer{status: http.StatusOK, header: http.Header{"Etag": {part.ETag}}}, w.writeObject(w.partFile(bucket, id, n), part)
	case http.MethodPost:
		return w.completeUpload(bucket, id, begun, content)
	case http.MethodDelete:
		return s3Answer{status: http.StatusNoContent}, os.RemoveAll(filepath.Dir(w.partFile(bucket, id, 0)))
	}
	return s3Answer{}, s3Errors("NotImplemented")
}

// partFile is the file of a part; the id is one that beginUpload made, or else
// there is no such file.
func (w *World) partFile(bucket, id string, n int) string {
	return filepath.Join(w.dir, "uploads", bucket, filepath.Base(id), strconv.Itoa(n)+objectSuffix)
}

func (w *World) beginUpload(r *http.Request, bucket, key string) (s3Answer, error) {
	var id string
	err := w.Update(func(s *State) error { id = s.Make("upload", 32); return nil })
	if err != nil {
		return s3Answer{}, err
	}
	begun := w.newObject(key, nil, r.Header.Get("Content-Type"), contentEncoding(r))
	if err := w.writeObject(w.partFile(bucket, id, 0), begun); err != nil {
		return s3Answer{}, err
	}
	return xmlAnswer(struct {
		XMLName  xml.Name `xml:"InitiateMultipartUploadResult"`
		Bucket   string
		Key      string
		UploadID string `xml:"UploadId"`
	}{Bucket: bucket, Key: key, UploadID: id})
}

// completeUpload makes the object of the parts that the body lists.
func (w *World) completeUpload(bucket, id string, begun s3Object, list []byte) (s3Answer, error) {
	var in struct {
		XMLName xml.Name `xml:"CompleteMultipartUpload"`
		Part    []struct {
			PartNumber int    `xml:"PartNumber"`
			ETag       string `xml:"ETag"`
		} `xml:"Part"`
	}
	if err := xml.Unmarshal(list, &in); err != nil || len(in.Part) == 0 {
		return s3Answer{}, s3Errors("MalformedXML")
	}
	var whole, sums []byte
	size, before := 0, 0
	for i, p := range in.Part {
		part, found, err := readObject(w.partFile(bucket, id, p.PartNumber))
		sum, _ := hex.DecodeString(bareETag(part.ETag))
		switch last := i == len(in.Part)-1; {
		case err != nil:
			return s3Answer{}, err
		case !found || p.PartNumber <= before || bareETag(p.ETag) != bareETag(part.ETag):
			return s3Answer{}, s3Errors("InvalidPart")
		case i == 0:
			size = part.Size
		case part.Size != size && (!last || part.Size > size):
			return s3Answer{}, s3Errors("UnevenParts")
		}
		if i < len(in.Part)-1 && part.Size < smallestPart {
			return s3Answer{}, s3Errors("EntityTooSmall")
		}
		whole, sums, before = append(whole, part.content...), append(sums, sum...), p.PartNumber
	}
	o := w.newObject(begun.Key, whole, begun.Type, begun.Encoding)
	sum := md5.Sum(sums) //nolint:gosec // An ETag of S3 is made of MD5s.
	o.ETag = strconv.Quote(fmt.Sprintf("%x-%d", sum, len(in.Part)))
	if err := w.writeObject(w.objectFile(bucket, o.Key), o); err != nil {
		return s3Answer{}, err
	}
	if err := os.RemoveAll(filepath.Dir(w.partFile(bucket, id, 0))); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s3Answer{}, err
	}
	return xmlAnswer(struct {
		XMLName xml.Name `xml:"CompleteMultipartUploadResult"`
		Bucket  string
		Key     string
		ETag    string
	}{Bucket: bucket, Key: o.Key, ETag: o.ETag})
}

// bareETag takes the quotes off an ETag, which clients send with and without.
func bareETag(etag string) string { return strings.Trim(etag, `"`) }
