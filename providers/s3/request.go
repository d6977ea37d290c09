package s3

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/minio/minio-go/v7/pkg/signer"

	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
)

// service is its name in errors, and region the one that R2 has.
const (
	service = "R2"
	region  = "auto"
)

// maxSkew is how far the clock of a signature may be off
// (docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html,
// RequestTimeTooSkewed).
const maxSkew = 15 * time.Minute

// request is one request of the S3 API, made with a pair of keys.
type request struct {
	op     string // what an error says was tried
	method string
	bucket state.Bucket
	keys   state.S3Keys
	key    string // of an object; empty: the bucket itself
	query  url.Values
	body   string
	want   int // the status of success; 0: 200
}

// do signs and sends a request and returns the body of its answer.
func (c *Client) do(ctx context.Context, r request) ([]byte, error) {
	req, err := r.signed(ctx, c.endpoint)
	if err != nil {
		return nil, r.failed(err)
	}
	resp, err := c.hc.Do(req)
	if err != nil {
		return nil, r.failed(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if resp.StatusCode/100 != 2 {
		return nil, r.refused(req, resp, body)
	}
	if err != nil {
		return nil, r.failed(err)
	}
	if resp.StatusCode != cmp.Or(r.want, http.StatusOK) {
		return nil, r.wrong(resp.Status)
	}
	if kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); kind == "text/html" {
		return nil, r.wrong(httpx.CleanBody(body))
	}
	return body, nil
}

// signed is the request as it is sent: the bucket in the path, the body's hash
// and the keys' signature in the header.
func (r request) signed(ctx context.Context, endpoint string) (*http.Request, error) {
	if endpoint == "" {
		endpoint = "https://" + r.bucket.Endpoint
	}
	to, err := url.Parse(endpoint + "/" + url.PathEscape(r.bucket.Name))
	if err != nil {
		return nil, err
	}
	if r.key != "" {
		to.Path += "/" + r.key
	}
	to.RawQuery = r.query.Encode()
	req, err := http.NewRequestWithContext(ctx, r.method, to.String(), strings.NewReader(r.body))
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256([]byte(r.body))
	req.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(hash[:]))
	if r.body != "" {
		req.Header.Set("Content-Type", "text/plain")
	}
	return signer.SignV4(*req, r.keys.Access.Reveal(), r.keys.Secret.Reveal(), "", region), nil
}

// failed is the error of a request without an answer, or whose answer broke off.
func (r request) failed(err error) *state.CallError {
	return r.sealed(&state.CallError{Service: service, Op: r.op, Kind: httpx.Kind(nil, err), Text: httpx.Cause(err)})
}

// wrong is the error of an answer that is not what it should be.
func (r request) wrong(text string) *state.CallError {
	return r.sealed(&state.CallError{Service: service, Op: r.op, Kind: state.ErrService, Text: text})
}

// refused is the error of a refusal, by its status: R2's 401 Unauthorized is
// an unknown key (developers.cloudflare.com/r2/api/error-codes). Where there is
// a body, its code says more: other services answer 403 for unknown keys too
// (docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html), R2 answers
// 400 InvalidArgument to an access key of another length than its own
// (github.com/grafana/loki/issues/9224).
func (r request) refused(req *http.Request, resp *http.Response, body []byte) *state.CallError {
	e := &state.CallError{
		Service: service, Op: r.op, Status: resp.StatusCode, Kind: httpx.Kind(resp, nil), Request: httpx.RequestID(resp.Header),
	}
	var said struct {
		XMLName   xml.Name `xml:"Error"`
		Code      string   `xml:"Code"`
		Message   string   `xml:"Message"`
		RequestID string   `xml:"RequestId"`
	}
	if err := xml.Unmarshal(body, &said); err != nil {
		e.Text = httpx.CleanBody(body)
	} else {
		e.Code, e.Text = state.CleanText(said.Code, 64), httpx.CleanBody([]byte(said.Message))
		if e.Request == "" {
			e.Request = state.CleanText(said.RequestID, 64)
		}
	}
	switch {
	case said.Code == "InvalidAccessKeyId", said.Code == "SignatureDoesNotMatch",
		said.Code == "InvalidArgument" && strings.Contains(said.Message, "access key"):
		e.Kind = state.ErrUnauthorized
	case said.Code == "SlowDown":
		e.Kind = state.ErrLimited
	case errors.Is(e.Kind, state.ErrDenied), errors.Is(e.Kind, state.ErrInvalid), errors.Is(e.Kind, state.ErrUnauthorized):
		if by := skew(req, resp); by.Abs() > maxSkew {
			e.Kind, e.Text = state.ErrInvalid, "the clock here is off by "+by.Abs().Round(time.Minute).String()
		}
	}
	return r.sealed(e)
}

// skew is by how much this clock is ahead of the service's; 0 where it does not
// say what time it has.
func skew(req *http.Request, resp *http.Response) time.Duration {
	there, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return 0
	}
	signed, err := time.Parse("20060102T150405Z", req.Header.Get("X-Amz-Date"))
	if err != nil {
		return 0
	}
	return signed.Sub(there)
}

// sealed takes the keys out of an error.
func (r request) sealed(e *state.CallError) *state.CallError {
	for _, s := range []state.Secret{r.keys.Access, r.keys.Secret} {
		if !s.Empty() {
			e.Text = strings.ReplaceAll(e.Text, s.Reveal(), s.String())
		}
	}
	return e
}
