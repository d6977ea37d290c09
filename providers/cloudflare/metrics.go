package cloudflare

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/cloudflare/cloudflare-go/v7/r2"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
)

// BucketFigures are what Cloudflare's analytics say of a bucket.
type BucketFigures struct {
	Size   live.Size
	At     time.Time // what the size is of; zero: nothing is known of it
	ClassA int64     // requests since From, by R2's classes
	ClassB int64
}

// storageBack is how far back the newest size is looked for: an idle bucket's
// is not written often. Analytics of R2 keep 31 days.
const storageBack = 7 * 24 * time.Hour

// bucketQuery is that of developers.cloudflare.com/r2/platform/metrics-analytics.
const bucketQuery = `query($account: string!, $bucket: string!, $back: Time!, $from: Time!, $to: Time!) {
  viewer { accounts(filter: {accountTag: $account}) {
    r2StorageAdaptiveGroups(limit: 1, filter: {datetime_geq: $back, datetime_leq: $to, bucketName: $bucket}, orderBy: [datetime_DESC]) {
      max { objectCount payloadSize metadataSize } dimensions { datetime }
    }
    r2OperationsAdaptiveGroups(limit: 1000, filter: {datetime_geq: $from, datetime_leq: $to, bucketName: $bucket}) {
      sum { requests } dimensions { actionType }
    }
  } }
}`

// bucketAnswer is its data, in GraphQL's names but for their capitals. Sizes
// are bytes.
type bucketAnswer struct {
	Viewer struct{ Accounts []bucketGroups }
}

type bucketGroups struct {
	R2StorageAdaptiveGroups []struct {
		Max        struct{ ObjectCount, PayloadSize, MetadataSize int64 }
		Dimensions struct{ Datetime time.Time }
	}
	R2OperationsAdaptiveGroups []struct {
		Sum        struct{ Requests int64 }
		Dimensions struct{ ActionType string }
	}
}

// BucketFigures asks for the newest size of a bucket and for its requests in a
// time (POST /graphql: r2StorageAdaptiveGroups, r2OperationsAdaptiveGroups).
// The token needs Account Analytics Read; without it: state.ErrDenied.
func (c *Client) BucketFigures(ctx context.Context, b state.Bucket, from, to time.Time) (BucketFigures, error) {
	op := "read analytics of bucket " + b.Name
	name := b.Name
	if b.Jurisdiction != "" {
		name = b.Jurisdiction + "_" + name
	}
	var got bucketAnswer
	err := c.graphql(ctx, op, bucketQuery, map[string]any{
		"account": b.Account, "bucket": name, "back": stamp(to.Add(-storageBack)), "from": stamp(from), "to": stamp(to),
	}, &got)
	if err != nil {
		return BucketFigures{}, err
	}
	if len(got.Viewer.Accounts) == 0 {
		return BucketFigures{}, unseen(op, "the account")
	}
	out := BucketFigures{Size: live.Size{From: live.FromGraphQL}}
	groups := got.Viewer.Accounts[0]
	if len(groups.R2StorageAdaptiveGroups) > 0 {
		newest := groups.R2StorageAdaptiveGroups[0]
		if out.At = newest.Dimensions.Datetime; out.At.IsZero() {
			return BucketFigures{}, nonsense(op, "a size has no time")
		}
		out.Size.Objects, out.Size.Stored = newest.Max.ObjectCount, newest.Max.PayloadSize+newest.Max.MetadataSize
	}
	for _, one := range groups.R2OperationsAdaptiveGroups {
		if one.Dimensions.ActionType == "" {
			return BucketFigures{}, nonsense(op, "an operation has no name")
		}
		switch operationClass(one.Dimensions.ActionType) {
		case 'A':
			out.ClassA += one.Sum.Requests
		case 'B':
			out.ClassB += one.Sum.Requests
		}
	}
	return out, nil
}

// operationClass is how R2 bills an operation: A, B, or 0 where it is free
// (developers.cloudflare.com/r2/pricing).
func operationClass(action string) byte {
	switch action {
	case "ListBuckets", "PutBucket", "ListObjects", "PutObject", "CopyObject", "CompleteMultipartUpload", "CreateMultipartUpload",
		"LifecycleStorageTierTransition", "ListMultipartUploads", "UploadPart", "UploadPartCopy", "ListParts",
		"PutBucketEncryption", "PutBucketCors", "PutBucketLifecycleConfiguration":
		return 'A'
	case "HeadBucket", "HeadObject", "GetObject", "UsageSummary", "GetBucketEncryption", "GetBucketLocation", "GetBucketCors", "GetBucketLifecycleConfiguration":
		return 'B'
	}
	return 0
}

// edgeQuery asks a zone what became of the requests for one host name
// (developers.cloudflare.com/analytics/graphql-api, httpRequestsAdaptiveGroups).
// A free plan answers for a day at most.
const edgeQuery = `query($zone: string!, $host: string!, $from: Time!, $to: Time!) {
  viewer { zones(filter: {zoneTag: $zone}) {
    httpRequestsAdaptiveGroups(limit: 1000, filter: {datetime_geq: $from, datetime_leq: $to, clientRequestHTTPHost: $host, requestSource: "eyeball"}) {
      count dimensions { cacheStatus edgeResponseStatus }
    }
  } }
}`

// edgeAnswer is its data. A count is an estimate where it is sampled.
type edgeAnswer struct {
	Viewer struct{ Zones []edgeGroups }
}

type edgeGroups struct {
	HTTPRequestsAdaptiveGroups []struct {
		Count      int64
		Dimensions struct {
			CacheStatus        string
			EdgeResponseStatus int
		}
	}
}

// EdgeFigures asks what the edge made of the requests for a domain of a zone,
// by its id, in a time of at most a day. The token needs Analytics Read on the
// zone; without it: state.ErrDenied. The classes of R2 stay zero.
func (c *Client) EdgeFigures(ctx context.Context, zone, domain string, from, to time.Time) (live.Traffic, error) {
	op := "read analytics of " + domain
	var got edgeAnswer
	err := c.graphql(ctx, op, edgeQuery, map[string]any{"zone": zone, "host": domain, "from": stamp(from), "to": stamp(to)}, &got)
	if err != nil {
		return live.Traffic{}, err
	}
	if len(got.Viewer.Zones) == 0 {
		return live.Traffic{}, unseen(op, "the zone")
	}
	out := live.Traffic{From: from}
	for _, one := range got.Viewer.Zones[0].HTTPRequestsAdaptiveGroups {
		switch {
		case one.Dimensions.EdgeResponseStatus == 0:
			return live.Traffic{}, nonsense(op, "a request has no status")
		case one.Dimensions.EdgeResponseStatus == http.StatusNotFound:
			out.NotFound += one.Count
		case fromCache(one.Dimensions.CacheStatus):
			out.Hits += one.Count
		default:
			out.Misses += one.Count
		}
	}
	return out, nil
}

// fromCache says whether the edge answered from its cache
// (developers.cloudflare.com/cache/concepts/cache-responses); expired is not
// such an answer: the origin was asked.
func fromCache(status string) bool {
	switch status {
	case "hit", "stale", "updating", "revalidated":
		return true
	}
	return false
}

// AccountSize asks for the size of all buckets of an account together (GET
// /accounts/{account_id}/r2/metrics); it may be a while old. Uploads that are
// not complete are no part of it. The token needs Workers R2 Storage Read.
func (c *Client) AccountSize(ctx context.Context, account string) (live.Size, error) {
	var p r2.BucketMetricListParams
	p.AccountID.Value, p.AccountID.Present = account, true
	op := "read the size of all buckets"
	raw, err := c.buckets.Metrics.List(ctx, p)
	if err != nil {
		return live.Size{}, failed(op, err)
	}
	got, err := metrics(raw.JSON.RawJSON())
	if err != nil {
		return live.Size{}, nonsense(op, "the answer has no figures")
	}
	size := live.Size{From: live.FromR2}
	for _, one := range []class{got.Standard, got.InfrequentAccess} {
		size.Objects += or0(one.Published.Objects)
		size.Stored += or0(one.Published.PayloadSize) + or0(one.Published.MetadataSize)
	}
	return size, nil
}

// accountMetrics are the figures of an account, by storage class; what is nil
// was not told.
type accountMetrics struct{ Standard, InfrequentAccess class }

type class struct {
	Published struct{ Objects, PayloadSize, MetadataSize *int64 }
}

// metrics reads them, which cloudflare-go does badly: it takes a text, or
// nothing at all, for a zero.
func metrics(raw string) (accountMetrics, error) {
	var m accountMetrics
	if err := decode(raw, &m); err != nil {
		return m, err
	}
	if p := m.Standard.Published; p.Objects == nil || p.PayloadSize == nil {
		return m, errors.New("read metrics: figures are missing")
	}
	return m, nil
}

func decode(raw string, into any) error { return json.Unmarshal([]byte(raw), into) }

func or0(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}

// unseen is the error where analytics answer with nothing at all: so they do
// for what the token may not see.
func unseen(op, what string) error {
	return &state.CallError{Service: service, Op: op, Kind: state.ErrDenied, Text: "the token does not see " + what}
}

// stamp is GraphQL's Time.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
