package s3

import (
	"context"
	"encoding/xml"
	"net/http"
	"net/url"

	"github.com/nixwright/nixwright/state"
)

// page is an answer of ListObjectsV2, as far as it is counted.
type page struct {
	XMLName     xml.Name `xml:"ListBucketResult"`
	IsTruncated bool     `xml:"IsTruncated"`
	Next        string   `xml:"NextContinuationToken"`
	Contents    []struct {
		Size int64 `xml:"Size"`
	} `xml:"Contents"`
}

// Usage counts the objects of a bucket and their bytes, as they are stored. A
// bucket is listed in pages of a thousand objects, each one request that R2
// bills as class A (developers.cloudflare.com/r2/pricing); each, if not nil, is
// told the sums after every page. What is returned with an error, ctx's end
// among them, is what was counted until then.
func (c *Client) Usage(ctx context.Context, b state.Bucket, k state.S3Keys, each func(objects, bytes int64)) (objects, bytes int64, err error) {
	r := request{op: "list bucket " + b.Name, method: http.MethodGet, bucket: b, keys: k}
	r.query = url.Values{"list-type": {"2"}, "encoding-type": {"url"}}
	for {
		p, err := c.page(ctx, r)
		if err != nil {
			return objects, bytes, err
		}
		for _, o := range p.Contents {
			objects++
			bytes += o.Size
		}
		if each != nil {
			each(objects, bytes)
		}
		if !p.IsTruncated {
			return objects, bytes, nil
		}
		r.query.Set("continuation-token", p.Next)
	}
}

// page asks for one page. One that does not say how to go on would be asked
// for again and again.
func (c *Client) page(ctx context.Context, r request) (page, error) {
	body, err := c.do(ctx, r)
	if err != nil {
		return page{}, err
	}
	var p page
	if err := xml.Unmarshal(body, &p); err != nil {
		return page{}, r.wrong("it is not a list of objects: " + err.Error())
	}
	if p.IsTruncated && (p.Next == "" || p.Next == r.query.Get("continuation-token")) {
		return page{}, r.wrong("a page does not say where the next one begins")
	}
	return p, nil
}
