// Package s3 tries a pair of S3 keys on a bucket: one signed request, or a
// reserved object that is put, read and deleted again; and counts what a
// bucket holds. R2 takes every region of its own and both ways to name a
// bucket; the region auto and the bucket in the path spare the question where
// the bucket is (https://developers.cloudflare.com/r2/api/s3/api).
package s3

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
)

// probeKey is the reserved key, and probe what is put there; niks3 names its
// objects otherwise.
const (
	probeKey = ".nixwright/probe"
	probe    = "written by nixwright to see whether these keys work\n"
)

// cleanTime is how long the deletion of the probe may take when nobody waits
// for it any more.
const cleanTime = 2 * time.Second

// Client tries keys on the buckets of one S3 service.
type Client struct {
	hc       *http.Client
	endpoint string
}

// New returns a client. endpoint is the address of the service with its
// scheme, https or http; empty: https and the bucket's own endpoint. hc comes
// from httpx.New.
func New(hc *http.Client, endpoint string) *Client {
	return &Client{hc: hc, endpoint: strings.TrimRight(endpoint, "/")}
}

// HeadBucket asks for the bucket with one signed request (HeadBucket of the S3
// API). Its answer has no body, so only the status speaks: an access key that
// R2 does not know is 401 and state.ErrUnauthorized; a wrong secret and keys
// that may not look at this bucket are both 403 and state.ErrDenied, as is an
// unknown key of other S3 services. No bucket is state.ErrNotFound, a clock
// that is too far off state.ErrInvalid.
func (c *Client) HeadBucket(ctx context.Context, b state.Bucket, k state.S3Keys) error {
	_, err := c.do(ctx, request{
		op: "look at bucket " + b.Name + " with the S3 keys", method: http.MethodHead, bucket: b, keys: k,
	})
	return err
}

// Exercise puts the reserved key .nixwright/probe, reads it back, compares and
// deletes it; it is deleted also when something before went wrong or ctx ended.
func (c *Client) Exercise(ctx context.Context, b state.Bucket, k state.S3Keys) error {
	put := request{op: "put " + probeKey + " in bucket " + b.Name, method: http.MethodPut, bucket: b, keys: k, key: probeKey, body: probe}
	if err := ctx.Err(); err != nil {
		return put.failed(err)
	}
	used := c.exchange(ctx, put)
	end, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(cleanTime, cancel) })()
	_, gone := c.do(httpx.Idempotent(end), request{
		op: "delete " + probeKey + " in bucket " + b.Name, method: http.MethodDelete, bucket: b, keys: k, key: probeKey,
		want: http.StatusNoContent,
	})
	if used != nil {
		return used
	}
	return gone
}

// exchange puts the probe and reads it back.
func (c *Client) exchange(ctx context.Context, put request) error {
	if _, err := c.do(ctx, put); err != nil {
		return err
	}
	get := put
	get.op, get.method, get.body = "get "+probeKey+" from bucket "+put.bucket.Name, http.MethodGet, ""
	got, err := c.do(ctx, get)
	if err == nil && string(got) != probe {
		err = get.wrong("what came back is not what was put there")
	}
	return err
}
