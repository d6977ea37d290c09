package fake

import (
	"bytes"
	"crypto/md5" //nolint:gosec // An ETag of S3 is the MD5.
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// s3Object is what a bucket holds under a key: one file of the world, its first
// line this header as JSON, the rest the content, so that one rename puts both.
type s3Object struct {
	Key      string    `json:"key"`
	Type     string    `json:"type"`
	Encoding string    `json:"encoding,omitempty"`
	ETag     string    `json:"etag"` // quoted, as in the header
	Size     int       `json:"size"`
	Modified time.Time `json:"modified"`
	content  []byte
}

const objectSuffix = ".object"

// objectsDir is the folder of a bucket that exists.
func (w *World) objectsDir(bucket string) string { return filepath.Join(w.dir, "objects", bucket) }

func (w *World) objectFile(bucket, key string) string {
	return filepath.Join(w.objectsDir(bucket), url.PathEscape(key)+objectSuffix)
}

// PutObject stores an object, past the permissions: what a service of the
// world does with keys that work. It is an error if no such bucket exists.
func (w *World) PutObject(bucket, key string, body []byte, contentType, encoding string) error {
	if !w.hasBucket(bucket) {
		return fmt.Errorf("put object %s: no bucket %s", key, bucket)
	}
	if err := w.writeObject(w.objectFile(bucket, key), w.newObject(key, body, contentType, encoding)); err != nil {
		return fmt.Errorf("put object %s: %w", key, err)
	}
	return nil
}

// newObject is an object that is made now.
func (w *World) newObject(key string, body []byte, contentType, encoding string) s3Object {
	if contentType == "" {
		contentType = "application/octet-stream"
	}
	sum := md5.Sum(body) //nolint:gosec // An ETag of S3 is the MD5.
	return s3Object{
		Key: key, Type: contentType, Encoding: encoding, ETag: strconv.Quote(hex.EncodeToString(sum[:])),
		Size: len(body), Modified: w.opts.Now().UTC().Truncate(time.Second), content: body,
	}
}

func (w *World) writeObject(file string, o s3Object) error {
	head, err := json.Marshal(o)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(file), "*.new")
	if err != nil {
		return err
	}
	_, err = tmp.Write(slices.Concat(head, []byte("\n"), o.content))
	if err = errors.Join(err, tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), file)
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
	}
	return err
}

// HasObject says whether the bucket holds the key.
func (w *World) HasObject(bucket, key string) bool {
	_, found, err := w.object(bucket, key)
	return found && err == nil
}

// object reads an object; no such object is no error.
func (w *World) object(bucket, key string) (o s3Object, found bool, err error) {
	if l := w.living(); l != nil && bucket == l.bucket {
		if o, found, err := l.object(key); found || err != nil {
			return o, found, err
		}
	}
	return readObject(w.objectFile(bucket, key))
}

func readObject(file string) (o s3Object, found bool, err error) {
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return s3Object{}, false, nil
	}
	if err != nil {
		return s3Object{}, false, err
	}
	head, content, _ := bytes.Cut(b, []byte("\n"))
	if err := json.Unmarshal(head, &o); err != nil {
		return s3Object{}, false, fmt.Errorf("read object %s: %w", file, err)
	}
	o.content = content
	return o, true, nil
}

// deleteObject is no error where there is no such object.
func (w *World) deleteObject(bucket, key string) error {
	if err := os.Remove(w.objectFile(bucket, key)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// objects lists a bucket by key.
func (w *World) objects(bucket string) ([]s3Object, error) {
	files, err := filepath.Glob(filepath.Join(w.objectsDir(bucket), "*"+objectSuffix))
	if err != nil {
		return nil, err
	}
	var out []s3Object
	for _, file := range files {
		o, found, err := readObject(file)
		if err != nil {
			return nil, err
		}
		if found {
			o.content = nil
			out = append(out, o)
		}
	}
	slices.SortFunc(out, func(a, b s3Object) int { return strings.Compare(a.Key, b.Key) })
	return out, nil
}

func (w *World) hasBucket(name string) bool {
	found := false
	w.Look(func(s *State) {
		found = slices.ContainsFunc(s.Cloud.Buckets, func(b CloudBucket) bool { return b.Name == name })
	})
	return found
}

// headers are those of an answer with the object, encoded as it was stored.
func (o s3Object) headers() http.Header {
	h := http.Header{}
	h.Set("Content-Type", o.Type)
	h.Set("Content-Length", strconv.Itoa(o.Size))
	h.Set("ETag", o.ETag)
	h.Set("Last-Modified", o.Modified.Format(http.TimeFormat))
	if o.Encoding != "" {
		h.Set("Content-Encoding", o.Encoding)
	}
	return h
}
