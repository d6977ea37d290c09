// Package s3 tries a pair of S3 keys on a bucket: one signed request, or a
// reserved object that is put, read and deleted again. R2 takes every region
// and both ways to name a bucket; the region auto and the bucket in the path
// spare the question where the bucket is
// (https://developers.cloudflare.com/r2/api/s3/api).
package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
)

// probeKey is the reserved key, and probe what is put there; niks3 names its
// objects otherwise.
const (
	probeKey = ".nixwright/probe"
	probe    = "written by nixwright to see whether these keys work\n"
)

// cleanTime is how long the deletion of the probe may take.
const cleanTime = 10 * time.Second

// Client tries keys on the buckets of one S3 service.
type Client struct {
	hc       *http.Client
	endpoint string
}

// New returns a client. endpoint is the address of the service with its
// scheme, https or http; empty: https and the bucket's own endpoint. hc comes
// from httpx.New.
func New(hc *http.Client, endpoint string) *Client {
	return &Client{hc: hc, endpoint: endpoint}
}

// open returns minio's client for the bucket's service and the keys.
func (c *Client) open(b state.Bucket, k state.S3Keys) (*minio.Core, error) {
	address := c.endpoint
	if address == "" {
		address = "https://" + b.Endpoint
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("read the S3 endpoint: %w", err)
	}
	m, err := minio.NewCore(u.Host, &minio.Options{
		Creds:        credentials.NewStaticV4(k.Access.Reveal(), k.Secret.Reveal(), ""),
		Secure:       u.Scheme != "http",
		Transport:    c.hc.Transport,
		Region:       "auto",
		BucketLookup: minio.BucketLookupPath,
		MaxRetries:   1,
	})
	if err != nil {
		return nil, fmt.Errorf("read the S3 endpoint: %w", err)
	}
	return m, nil
}

// HeadBucket asks for the bucket with one signed request (HeadBucket of the S3
// API). Its answer has no body, so only the status speaks: an access key that
// R2 does not know is 401 and state.ErrUnauthorized; a wrong secret and keys
// that may not look at this bucket are both 403 and state.ErrDenied, as is an
// unknown key of other S3 services. No bucket is state.ErrNotFound.
func (c *Client) HeadBucket(ctx context.Context, b state.Bucket, k state.S3Keys) error {
	m, err := c.open(b, k)
	if err != nil {
		return err
	}
	op := "look at bucket " + b.Name + " with the S3 keys"
	found, err := m.BucketExists(ctx, b.Name)
	if err != nil {
		e := refusal(op, k, err)
		if e.Status != 0 {
			e.Code, e.Text = "", "" // minio's guess, not the service's words
		}
		return e
	}
	if !found {
		return &state.CallError{Service: "R2", Op: op, Status: http.StatusNotFound, Kind: state.ErrNotFound}
	}
	return nil
}

// Exercise puts the reserved key .nixwright/probe, reads it back, compares and
// deletes it; it is deleted also when something before went wrong or ctx ended.
func (c *Client) Exercise(ctx context.Context, b state.Bucket, k state.S3Keys) error {
	m, err := c.open(b, k)
	if err != nil {
		return err
	}
	used := exchange(ctx, m, b, k)
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanTime)
	defer cancel()
	gone := m.RemoveObject(httpx.Idempotent(end), b.Name, probeKey, minio.RemoveObjectOptions{})
	if used != nil {
		return used
	}
	if gone != nil {
		return refusal("delete "+probeKey+" in bucket "+b.Name, k, gone)
	}
	return nil
}

// exchange puts the probe and reads it back.
func exchange(ctx context.Context, m *minio.Core, b state.Bucket, k state.S3Keys) error {
	_, err := m.PutObject(ctx, b.Name, probeKey, bytes.NewReader([]byte(probe)), int64(len(probe)), "", "",
		minio.PutObjectOptions{ContentType: "text/plain", DisableMultipart: true})
	if err != nil {
		return refusal("put "+probeKey+" in bucket "+b.Name, k, err)
	}
	op := "get " + probeKey + " from bucket " + b.Name
	body, _, _, err := m.GetObject(ctx, b.Name, probeKey, minio.GetObjectOptions{})
	if err != nil {
		return refusal(op, k, err)
	}
	defer func() { _ = body.Close() }()
	got, err := io.ReadAll(body)
	if err != nil {
		return refusal(op, k, err)
	}
	if string(got) != probe {
		return &state.CallError{Service: "R2", Op: op, Kind: state.ErrService, Text: "what came back is not what was put there"}
	}
	return nil
}

// refusal is the error of a request, by its status: R2's 401 Unauthorized is an
// unknown key (developers.cloudflare.com/r2/api/error-codes). Under 403 a
// refused GET or PUT says in its code whether the keys are known at all
// (docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).
func refusal(op string, k state.S3Keys, err error) *state.CallError {
	e := &state.CallError{Service: "R2", Op: op, Kind: httpx.Kind(nil, err), Text: httpx.Cause(err)}
	var said minio.ErrorResponse
	if errors.As(err, &said) && said.StatusCode != 0 {
		e.Kind = httpx.Kind(&http.Response{StatusCode: said.StatusCode}, nil)
		if e.Kind == nil {
			e.Kind = state.ErrService
		}
		e.Status, e.Code = said.StatusCode, state.CleanText(said.Code, 64)
		e.Text, e.Request = httpx.CleanBody([]byte(said.Message)), state.CleanText(said.RequestID, 64)
		switch said.Code {
		case minio.InvalidAccessKeyID, minio.SignatureDoesNotMatch:
			e.Kind = state.ErrUnauthorized
		}
	}
	for _, s := range []state.Secret{k.Access, k.Secret} {
		if !s.Empty() {
			e.Text = strings.ReplaceAll(e.Text, s.Reveal(), s.String())
		}
	}
	return e
}
