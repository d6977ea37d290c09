package fake

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// r2Ops are the operations on buckets (r2-list-buckets, r2-create-bucket,
// r2-get-bucket, r2-*-custom-domain*, r2-*-bucket-public-policy, r2-*-cors-*,
// r2-*-lifecycle-*). The bucket's jurisdiction comes in a header.
func r2Ops() []cloudOp {
	const buckets = "/accounts/{account}/r2/buckets"
	const domains = buckets + "/{bucket}/domains"
	return slices.Concat([]cloudOp{
		{method: "GET", path: buckets, groups: readR2(), run: needR2(listBuckets)},
		{method: "POST", path: buckets, groups: writeR2(), run: needR2(createBucket)},
		{method: "GET", path: buckets + "/{bucket}", groups: readR2(), run: onBucket(getBucket)},
		{method: "GET", path: domains + "/custom", groups: readR2(), run: onBucket(listDomains)},
		{method: "POST", path: domains + "/custom", groups: writeR2(), run: onBucket(createDomain)},
		{
			method: "GET", path: domains + "/custom/{domain}", groups: readR2(), run: onBucket(getDomain),
			counts: true,
		},
		{method: "GET", path: domains + "/managed", groups: readR2(), run: onBucket(getDevURL)},
		{method: "PUT", path: domains + "/managed", groups: writeR2(), run: onBucket(putDevURL)},
	}, settingOps(buckets+"/{bucket}/", "cors"), settingOps(buckets+"/{bucket}/", "lifecycle"))
}

// settingOps read and replace one setting of a bucket.
func settingOps(bucket, name string) []cloudOp {
	return []cloudOp{
		{
			method: "GET", path: bucket + name, groups: readR2(),
			run: onBucket(func(_ *cloudCall, b *CloudBucket) cloudAnswer { return getSetting(b, name) }),
		},
		{
			method: "PUT", path: bucket + name, groups: writeR2(),
			run: onBucket(func(c *cloudCall, b *CloudBucket) cloudAnswer { return putSetting(c, b, name) }),
		},
	}
}

// needR2 refuses an account that has not enabled R2 (R2 docs, Error codes:
// 10042), and a jurisdiction that there is not, with a code that no page names.
func needR2(run func(*cloudCall) cloudAnswer) func(*cloudCall) cloudAnswer {
	return func(c *cloudCall) cloudAnswer {
		if !c.cloud.account(c.r.PathValue("account")).R2 {
			return cloudRefuse(http.StatusForbidden, 10042, "Please enable R2 through the Cloudflare Dashboard.")
		}
		if !slices.Contains([]string{"default", "eu", "fedramp"}, c.jurisdiction()) {
			return cloudBad(10001, "The jurisdiction is not valid.")
		}
		return run(c)
	}
}

// onBucket finds the bucket that path and header name (R2 docs, Error codes:
// 10006).
func onBucket(run func(*cloudCall, *CloudBucket) cloudAnswer) func(*cloudCall) cloudAnswer {
	return needR2(func(c *cloudCall) cloudAnswer {
		b := c.cloud.bucket(c.r.PathValue("account"), c.jurisdiction(), c.r.PathValue("bucket"))
		if b == nil {
			return cloudRefuse(http.StatusNotFound, 10006, "The specified bucket does not exist.")
		}
		return run(c, b)
	})
}

// jurisdiction is the header's; without it, default.
func (c *cloudCall) jurisdiction() string {
	if j := c.r.Header.Get("Cf-R2-Jurisdiction"); j != "" {
		return j
	}
	return "default"
}

// describeBucket is a bucket as it is answered.
func describeBucket(b CloudBucket) map[string]any {
	return map[string]any{
		"name": b.Name, "creation_date": b.Created, "location": b.Location,
		"jurisdiction": b.Jurisdiction, "storage_class": b.StorageClass,
	}
}

// listBuckets pages by cursor, which here is the last name of the page before.
func listBuckets(c *cloudCall) cloudAnswer {
	q := c.r.URL.Query()
	after := max(q.Get("start_after"), q.Get("cursor"))
	all := slices.DeleteFunc(slices.Clone(c.cloud.Buckets), func(b CloudBucket) bool {
		return b.Account != c.r.PathValue("account") || b.Jurisdiction != c.jurisdiction() ||
			b.Name <= after || !strings.Contains(b.Name, q.Get("name_contains"))
	})
	slices.SortFunc(all, func(a, b CloudBucket) int { return strings.Compare(a.Name, b.Name) })
	perPage := pageNumber(c.r, "per_page", 20)
	if perPage < 1 || perPage > 1000 {
		return cloudBad(1001, "Invalid per_page")
	}
	if size := c.cloud.Knobs.PageSize; size > 0 {
		perPage = min(perPage, size)
	}
	info := map[string]any{"per_page": perPage}
	if len(all) > perPage {
		all = all[:perPage]
		info["cursor"] = all[perPage-1].Name
	}
	out := make([]any, 0, len(all))
	for _, b := range all {
		out = append(out, describeBucket(b))
	}
	a := cloudOK(map[string]any{"buckets": out})
	a.info = info
	return a
}

// createBucket refuses as R2 docs, Error codes, say; only for a name that is
// taken they say 10073, and callers of this API have seen 10004.
func createBucket(c *cloudCall) cloudAnswer {
	var in struct{ Name, LocationHint, StorageClass string }
	if a, ok := c.decode(&in); !ok {
		return a
	}
	account := c.r.PathValue("account")
	switch {
	case !bucketName().MatchString(in.Name):
		return cloudBad(10005, "The specified bucket name is not valid.")
	case c.cloud.bucket(account, c.jurisdiction(), in.Name) != nil:
		return cloudRefuse(http.StatusConflict, 10004, "The bucket you tried to create already exists, and you own it.").or(10073)
	}
	return cloudOK(describeBucket(c.s.addBucket(CloudBucket{
		Account: account, Name: in.Name, Jurisdiction: c.jurisdiction(), Location: in.LocationHint,
		StorageClass: in.StorageClass, Created: c.now.Truncate(time.Millisecond),
	})))
}

// bucketName is the pattern of the schema r2_bucket_name, with its lengths.
func bucketName() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,62}[a-z0-9]$`) }

func getBucket(_ *cloudCall, b *CloudBucket) cloudAnswer { return cloudOK(describeBucket(*b)) }

func getDevURL(_ *cloudCall, b *CloudBucket) cloudAnswer {
	return cloudOK(map[string]any{"bucketId": b.ID, "domain": "pub-" + b.ID + ".r2.dev", "enabled": b.DevURL})
}

func putDevURL(c *cloudCall, b *CloudBucket) cloudAnswer {
	var in struct{ Enabled bool }
	if a, ok := c.decode(&in); !ok {
		return a
	}
	b.DevURL = in.Enabled
	return getDevURL(c, b)
}

// getSetting answers what was put; a bucket without CORS rules answers an error.
func getSetting(b *CloudBucket, name string) cloudAnswer {
	set, ok := b.Other[name]
	switch {
	case ok:
		return cloudOK(set)
	case name == "cors":
		return cloudRefuse(http.StatusNotFound, 10059, "The CORS configuration does not exist.")
	}
	return cloudOK(map[string]any{"rules": []any{}})
}

func putSetting(c *cloudCall, b *CloudBucket, name string) cloudAnswer {
	var in struct{ Rules []json.RawMessage }
	if a, ok := c.decode(&in); !ok {
		return a
	}
	if b.Other == nil {
		b.Other = map[string]json.RawMessage{}
	}
	b.Other[name] = slices.Clone(c.body)
	return cloudOK(map[string]any{})
}
