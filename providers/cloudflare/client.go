package cloudflare

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/cloudflare/cloudflare-go/v7/accounts"
	"github.com/cloudflare/cloudflare-go/v7/dns"
	"github.com/cloudflare/cloudflare-go/v7/option"
	"github.com/cloudflare/cloudflare-go/v7/packages/pagination"
	"github.com/cloudflare/cloudflare-go/v7/r2"
	"github.com/cloudflare/cloudflare-go/v7/user"
	"github.com/cloudflare/cloudflare-go/v7/zones"

	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
)

// service is how errors name whom they are from.
const service = "Cloudflare"

// publicAPI is Cloudflare's address.
const publicAPI = "https://api.cloudflare.com/client/v4"

// perPage is the most that lists of tokens, accounts and zones give at once.
const perPage = 50

// Client asks one Cloudflare with one token.
type Client struct {
	at         string       // the address of the API
	hc         *http.Client // without the token
	signed     *http.Client
	buckets    *r2.BucketService
	userTokens *user.TokenService
	ownTokens  *accounts.TokenService
	accounts   *accounts.AccountService
	zones      *zones.ZoneService
	records    *dns.RecordService
}

// New returns a client. base is the address of the API with its path; empty:
// https://api.cloudflare.com/client/v4. The token goes to that host alone. hc
// comes from httpx.New, which also repeats what may be repeated.
func New(hc *http.Client, base string, token state.Secret) *Client {
	if base == "" {
		base = publicAPI
	}
	base = strings.TrimRight(base, "/") + "/"
	host := ""
	if u, err := url.Parse(base); err == nil {
		host = u.Host
	}
	signed := *hc
	signed.Transport = httpx.WithToken(hc.Transport, host, token)
	opts := []option.RequestOption{
		option.WithBaseURL(base),
		option.WithHTTPClient(&signed),
		option.WithMaxRetries(0), // it would repeat a POST after a 409
		option.WithMiddleware(check),
	}
	return &Client{
		at:         base,
		hc:         hc,
		signed:     &signed,
		buckets:    r2.NewBucketService(opts...),
		userTokens: user.NewTokenService(opts...),
		ownTokens:  accounts.NewTokenService(opts...),
		accounts:   accounts.NewAccountService(opts...),
		zones:      zones.NewZoneService(opts...),
		records:    dns.NewRecordService(opts...),
	}
}

// all reads a list to its end. A page that is not full is the last one, so
// that the usual list costs one request; how many are a full page the answer
// says, which may be fewer than were asked for. An entry that good does not
// take, and a page other than the one that was asked for, are state.ErrService.
func all[T any](op string, get func(page float64) (*pagination.V4PagePaginationArray[T], error), good func(T) bool) ([]T, error) {
	var out []T
	for page := int64(1); page <= maxPages; page++ {
		got, err := get(float64(page))
		if err != nil {
			return nil, failed(op, err)
		}
		if at := got.ResultInfo.Page; at != 0 && at != page {
			return nil, nonsense(op, "the answer is another page than the one that was asked for")
		}
		for _, one := range got.Result {
			if !good(one) {
				return nil, nonsense(op, "an entry of the list lacks what it must have")
			}
		}
		out = append(out, got.Result...)
		full := int(got.ResultInfo.PerPage)
		if full == 0 {
			full = perPage
		}
		if len(got.Result) < full {
			return out, nil
		}
	}
	return nil, nonsense(op, "the list has no end")
}

// maxPages ends a list that does not end by itself; an account has at most 500
// tokens (Cloudflare's page on API limits).
const maxPages = 200

// clean is text from outside as it enters: names, words for states.
func clean(s string) string { return state.CleanText(s, 0) }
