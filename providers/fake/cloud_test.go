package fake

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"github.com/nixwright/nixwright/state"
)

const (
	cfAccount = "30faeb30dcb2a77a72fdc0948c99de62"
	cfOther   = "0123456789abcdef0123456789abcdef"
	cfBucket  = "phlip9-nix-cache"
)

// cloudWorld is a world with two accounts, three zones and a bootstrap token,
// whose value it returns.
func cloudWorld(t *testing.T, own bool) (*World, string) {
	t.Helper()
	w, err := Open(t.TempDir(), "test", "seed", state.Config{Cache: state.CacheConf{Domain: "cache.phlip9.com"}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	value := ""
	err = w.Update(func(s *State) error {
		s.addAccount(cfAccount, "phlip9")
		s.addAccount(cfOther, "other")
		s.addZone(cfAccount, "phlip9.com", "full")
		s.addZone(cfAccount, "partial.example", "partial")
		s.addZone(cfOther, "other.example", "full")
		owner := ""
		if own {
			owner = cfAccount
		}
		_, value = s.addToken(CloudToken{
			Account: owner, Name: "bootstrap", Policies: s.bootstrapPolicies(own),
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return w, value
}

func zoneID(w *World, name string) (id string) {
	w.Look(func(s *State) {
		for _, z := range s.Cloud.Zones {
			if z.Name == name {
				id = z.ID
			}
		}
	})
	return id
}

// cloudClient asks the REST API; with a router every request and answer is
// checked against the contract.
type cloudClient struct {
	t      *testing.T
	base   string
	token  string
	header http.Header
	router routers.Router
	seen   map[string]bool // operations that were answered with 200
}

type cloudReply struct {
	Status  int
	Header  http.Header
	Success bool
	Errors  []cloudMessage
	Result  json.RawMessage
	Info    struct {
		Page       int
		TotalCount int `json:"total_count"`
		Cursor     string
	} `json:"result_info"`
}

func newCloudClient(t *testing.T, w *World, token string) *cloudClient {
	t.Helper()
	srv := httptest.NewServer(w.cloudflareHandler())
	t.Cleanup(srv.Close)
	return &cloudClient{t: t, base: srv.URL + cloudBase, token: token, header: http.Header{}, seen: map[string]bool{}}
}

func (c *cloudClient) do(method, path, body string) cloudReply {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.base+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header = c.header.Clone()
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	input := c.checkRequest(req)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	if input != nil {
		if err := openapi3filter.ValidateResponse(c.t.Context(), &openapi3filter.ResponseValidationInput{
			RequestValidationInput: input, Status: res.StatusCode, Header: res.Header,
			Body: io.NopCloser(bytes.NewReader(b)), Options: input.Options,
		}); err != nil {
			c.t.Errorf("%s %s answers %d: %v", method, path, res.StatusCode, err)
		}
		if res.StatusCode == http.StatusOK {
			c.seen[cloudOperation(method, input.Route.Path)] = true
		}
	}
	out := cloudReply{Status: res.StatusCode, Header: res.Header}
	if err := json.Unmarshal(b, &out); err != nil {
		c.t.Fatalf("%s %s: %v in %s", method, path, err, b)
	}
	if out.Header.Get("Cf-Ray") == "" {
		c.t.Errorf("%s %s: no cf-ray", method, path)
	}
	return out
}

func (c *cloudClient) checkRequest(req *http.Request) *openapi3filter.RequestValidationInput {
	c.t.Helper()
	if c.router == nil {
		return nil
	}
	route, params, err := c.router.FindRoute(req)
	if err != nil {
		c.t.Fatalf("%s %s: %v", req.Method, req.URL, err)
	}
	in := &openapi3filter.RequestValidationInput{
		Request: req, PathParams: params, Route: route,
		Options: &openapi3filter.Options{
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true,
		},
	}
	if err := openapi3filter.ValidateRequest(c.t.Context(), in); err != nil {
		c.t.Errorf("%s %s: %v", req.Method, req.URL, err)
	}
	return in
}

func cloudOperation(method, path string) string {
	return method + " " + regexp.MustCompile(`{[^}]*}`).ReplaceAllString(path, "{}")
}

// want fails the test where the answer has another status or code.
func (r cloudReply) want(t *testing.T, status, code int) cloudReply {
	t.Helper()
	got := 0
	if len(r.Errors) > 0 {
		got = r.Errors[0].Code
	}
	if r.Status != status || got != code || r.Success != (status < 300) {
		t.Fatalf("answers %d, code %d (%s), want %d, %d", r.Status, got, r.Result, status, code)
	}
	return r
}

// field reads a field of the result, or the result itself without a name.
func (r cloudReply) field(t *testing.T, names ...string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal(r.Result, &v); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	s, _ := v.(string)
	return s
}

// cloudContract reads Cloudflare's OpenAPI document and makes it meant for a
// server on loopback.
func cloudContract(t *testing.T, base string) routers.Router {
	t.Helper()
	dir := os.Getenv("NIXWRIGHT_TESTDATA")
	if dir == "" {
		t.Skip("NIXWRIGHT_TESTDATA is not set: no contract to check against")
	}
	doc, err := openapi3.NewLoader().LoadFromFile(filepath.Join(dir, "contracts", "cloudflare.openapi.json"))
	if err != nil {
		t.Fatal(err)
	}
	doc.Servers = openapi3.Servers{{URL: base}}
	router, err := legacy.NewRouter(doc, openapi3.DisableExamplesValidation())
	if err != nil {
		t.Fatal(err)
	}
	return router
}

func bucketToken(name, resource string) string {
	return `{"name":"` + name + `","policies":[{"effect":"allow","permission_groups":[` +
		`{"id":"2efd5506f9c8494dacb1fa10a3e7d5b6"}],"resources":{"` + resource + `":"*"}}]}`
}

// TestCloudContract drives every operation, well and badly, through the
// contract, as a user's token and as an account's.
func TestCloudContract(t *testing.T) {
	seen := map[string]bool{}
	for name, tokens := range map[string]string{"user": "/user", "account": "/accounts/" + cfAccount} {
		t.Run(name, func(t *testing.T) {
			w, value := cloudWorld(t, name == "account")
			c := newCloudClient(t, w, value)
			c.seen, c.router = seen, cloudContract(t, c.base)
			driveCloud(t, w, c, tokens+"/tokens")
		})
	}
	for _, op := range slices.Concat(zoneOps(), r2Ops(), tokenOps(), (&World{}).figureOps()[:1]) {
		if !seen[cloudOperation(op.method, op.path)] && os.Getenv("NIXWRIGHT_TESTDATA") != "" {
			t.Errorf("%s %s was not driven", op.method, op.path)
		}
	}
}

func driveCloud(t *testing.T, w *World, c *cloudClient, tokens string) {
	t.Helper()
	buckets := "/accounts/" + cfAccount + "/r2/buckets"
	bucket := buckets + "/" + cfBucket
	zone := zoneID(w, "phlip9.com")

	c.do("GET", tokens+"/verify", "").want(t, 200, 0)
	c.do("GET", "/accounts?per_page=5", "").want(t, 200, 0)
	if r := c.do("GET", "/zones?name=phlip9.com", "").want(t, 200, 0); r.Info.TotalCount != 1 {
		t.Errorf("zones by name: %d", r.Info.TotalCount)
	}
	record := `{"type":"A","name":"ci.phlip9.com","content":"192.0.2.7","ttl":1,"proxied":false}`
	c.do("POST", "/zones/"+zone+"/dns_records", record).want(t, 200, 0)
	c.do("POST", "/zones/"+zone+"/dns_records", record).want(t, 400, 81058)
	c.do("POST", "/zones/"+zone+"/dns_records",
		`{"type":"AAAA","name":"ci","content":"2001:db8::7","comment":"the host"}`).want(t, 200, 0)
	c.do("POST", "/zones/"+zone+"/dns_records", `{"type":"A","name":"x","content":"nowhere"}`).want(t, 400, 9005)
	if r := c.do("GET", "/zones/"+zone+"/dns_records?name=ci.phlip9.com", "").want(t, 200, 0); r.Info.TotalCount != 2 {
		t.Errorf("records by name: %d", r.Info.TotalCount)
	}

	c.do("GET", bucket, "").want(t, 404, 10006)
	create := `{"name":"` + cfBucket + `","locationHint":"weur","storageClass":"Standard"}`
	c.do("POST", buckets, create).want(t, 200, 0)
	c.do("POST", buckets, create).want(t, 409, 10004)
	c.do("GET", bucket, "").want(t, 200, 0)
	c.do("GET", buckets, "").want(t, 200, 0)
	c.do("GET", bucket+"/domains/custom", "").want(t, 200, 0)
	c.do("GET", bucket+"/domains/custom/cache.phlip9.com", "").want(t, 404, 10053)
	domain := `{"domain":"cache.phlip9.com","enabled":true,"zoneId":"` + zone + `","minTLS":"1.2"}`
	c.do("POST", bucket+"/domains/custom", domain).want(t, 200, 0)
	c.do("POST", bucket+"/domains/custom", domain).want(t, 409, 10055)
	for _, want := range []string{"pending", "pending", "active", "active"} {
		r := c.do("GET", bucket+"/domains/custom/cache.phlip9.com", "").want(t, 200, 0)
		if got := r.field(t, "status", "ownership"); got != want {
			t.Errorf("ownership is %s, want %s", got, want)
		}
	}
	c.do("GET", bucket+"/domains/custom", "").want(t, 200, 0)
	c.do("GET", "/zones/"+zone+"/dns_records?type=CNAME", "").want(t, 200, 0)
	c.do("GET", bucket+"/domains/managed", "").want(t, 200, 0)
	c.do("PUT", bucket+"/domains/managed", `{"enabled":true}`).want(t, 200, 0)
	c.do("GET", bucket+"/cors", "").want(t, 404, 10059)
	c.do("PUT", bucket+"/cors", `{"rules":[{"allowed":{"methods":["GET"],"origins":["*"]}}]}`).want(t, 200, 0)
	c.do("GET", bucket+"/cors", "").want(t, 200, 0)
	c.do("GET", bucket+"/lifecycle", "").want(t, 200, 0)
	c.do("PUT", bucket+"/lifecycle",
		`{"rules":[{"id":"a","enabled":true,"conditions":{"prefix":"tmp/"}}]}`).want(t, 200, 0)
	c.do("GET", bucket+"/lifecycle", "").want(t, 200, 0)

	c.do("GET", "/accounts/"+cfAccount+"/r2/metrics", "").want(t, 200, 0)

	group := c.do("GET", tokens+"/permission_groups?scope=com.cloudflare.edge.r2.bucket&name="+
		url.QueryEscape(itemWrite), "").want(t, 200, 0)
	if !strings.Contains(string(group.Result), "2efd5506f9c8494dacb1fa10a3e7d5b6") || group.Info.TotalCount != 1 {
		t.Errorf("permission group: %s", group.Result)
	}
	made := c.do("POST", tokens, bucketToken("niks3-omnara1", bucketResource+cfAccount+"_default_"+cfBucket))
	made.want(t, 200, 0)
	id, value := made.field(t, "id"), made.field(t, "value")
	c.do("POST", tokens, bucketToken("wrong", accountResource+cfAccount)).want(t, 400, 1001)
	if r := c.do("GET", tokens+"/"+id, "").want(t, 200, 0); r.field(t, "value") != "" {
		t.Error("a token's value is told again")
	}
	c.do("GET", tokens, "").want(t, 200, 0)
	rolled := c.do("PUT", tokens+"/"+id+"/value", `{}`).want(t, 200, 0)
	if v := rolled.field(t); v == value || v == "" {
		t.Errorf("rolled to %q", v)
	}
	c.do("DELETE", tokens+"/"+id, "").want(t, 200, 0)
	c.do("GET", tokens+"/"+id, "").want(t, 404, 1003)
}
