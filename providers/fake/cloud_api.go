package fake

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// cloudBase is the path of Cloudflare's REST API.
const cloudBase = "/client/v4"

// The permissions of R2's operations, any one of which is enough
// (x-api-token-group of the operations in Cloudflare's OpenAPI).
func readR2() []string  { return []string{"Workers R2 Storage Read", "Workers R2 Storage Write"} }
func writeR2() []string { return []string{"Workers R2 Storage Write"} }

// cloudOp is one operation of the REST API.
type cloudOp struct {
	method, path string
	groups       []string // permission groups, one of which is needed; none: any live token
	counts       bool     // a GET that changes the state
	asks         bool     // a POST that does not
	run          func(*cloudCall) cloudAnswer
}

// cloudCall is one request while the state is locked.
type cloudCall struct {
	s     *State
	cloud *CloudState
	r     *http.Request
	op    cloudOp
	body  []byte
	token CloudToken
	now   time.Time
}

// cloudAnswer is what is answered; a refusal has errors and no result.
type cloudAnswer struct {
	status   int
	whole    any // in place of the envelope; nil: that
	result   any
	info     any // result_info
	messages []cloudMessage
	errors   []cloudMessage
	other    int // the code with CloudKnobs.OtherCodes; 0: the same
	wait     int // seconds of Retry-After; 0: none
}

// cloudMessage is an entry of errors and messages.
type cloudMessage struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func cloudOK(result any) cloudAnswer { return cloudAnswer{status: http.StatusOK, result: result} }

func cloudRefuse(status, code int, text string) cloudAnswer {
	return cloudAnswer{status: status, errors: []cloudMessage{{code, text}}}
}

// or is a refusal whose code may as well be the other one.
func (a cloudAnswer) or(code int) cloudAnswer {
	a.other = code
	return a
}

// cloudDenied is the answer to a token that lacks the permission: 10000 as in
// Cloudflare's Terraform docs, "403 Authentication error when creating DNS
// records"; others have seen 9109 ("Unauthorized to access requested
// resource"), and R2 docs, Error codes, have 10003.
func cloudDenied() cloudAnswer {
	return cloudRefuse(http.StatusForbidden, 10000, "Authentication error").or(9109)
}

// cloudBad refuses what is not well formed. Few of these codes are documented.
func cloudBad(code int, text string) cloudAnswer {
	return cloudRefuse(http.StatusBadRequest, code, text).or(code + 50000)
}

// cloudLimited is the answer above 1200 requests in five minutes: the status
// and retry-after of Fundamentals docs, Rate limits. The code is documented
// nowhere.
func cloudLimited(seconds int) cloudAnswer {
	a := cloudRefuse(http.StatusTooManyRequests, 10429, "Please wait and consider throttling your request rate").or(10058)
	a.wait = max(1, seconds)
	return a
}

// cloudflareHandler serves the REST API. Every request other than GET and
// HEAD is counted in State.Writes, in the same write as what it changed.
func (w *World) cloudflareHandler() http.Handler {
	mux, rays := http.NewServeMux(), new(atomic.Uint64)
	ops := slices.Concat(zoneOps(), r2Ops(), tokenOps(), w.figureOps())
	for _, op := range ops {
		mux.HandleFunc(op.method+" "+cloudBase+op.path, func(rw http.ResponseWriter, r *http.Request) {
			w.serveCloud(rw, r, op)
		})
	}
	w.cloudPages(mux)
	mux.HandleFunc("/", func(rw http.ResponseWriter, r *http.Request) {
		w.serveCloud(rw, r, cloudOp{run: func(c *cloudCall) cloudAnswer {
			return cloudRefuse(http.StatusNotFound, 7003, "Could not route to "+
				strings.TrimPrefix(c.r.URL.Path, cloudBase)+", perhaps your object identifier is invalid?")
		}})
	})
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Cf-Ray", fmt.Sprintf("%016x-AMS", rays.Add(1)))
		rw.Header().Set("Date", w.opts.Now().UTC().Format(http.TimeFormat))
		mux.ServeHTTP(rw, r)
	})
}

// serveCloud runs an operation on the locked state and answers when that is
// on disk.
func (w *World) serveCloud(rw http.ResponseWriter, r *http.Request, op cloudOp) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	var out []byte
	var a cloudAnswer
	run := func(s *State) error {
		c := &cloudCall{s: s, cloud: &s.Cloud, r: r, op: op, body: body, now: w.opts.Now().UTC()}
		if c.limited() {
			a = cloudLimited(s.Cloud.Knobs.LimitedFor)
		} else {
			a = c.run()
			if !op.asks {
				s.recordWrite("cloudflare", r, a.status)
			}
		}
		if s.Cloud.Knobs.OtherCodes && a.other != 0 {
			a.errors[0].Code = a.other
		}
		var err error
		out, err = a.encode()
		return err
	}
	limited := false
	w.Look(func(s *State) { limited = s.Cloud.Knobs.Limited > 0 })
	if op.counts || limited || !op.asks && r.Method != http.MethodGet && r.Method != http.MethodHead {
		err = w.Update(run)
	} else {
		w.Look(func(s *State) { err = run(s) })
	}
	if err != nil {
		http.Error(rw, err.Error(), http.StatusInternalServerError)
		return
	}
	rw.Header().Set("Content-Type", "application/json")
	if a.wait > 0 {
		rw.Header().Set("Retry-After", strconv.Itoa(a.wait))
	}
	rw.WriteHeader(a.status)
	_, _ = rw.Write(out)
}

// encode makes the envelope that all of Cloudflare's operations answer with.
func (a cloudAnswer) encode() ([]byte, error) {
	if a.whole != nil {
		return json.Marshal(a.whole)
	}
	envelope := struct {
		Result     any            `json:"result"`
		ResultInfo any            `json:"result_info,omitempty"`
		Success    bool           `json:"success"`
		Errors     []cloudMessage `json:"errors"`
		Messages   []cloudMessage `json:"messages"`
	}{a.result, a.info, len(a.errors) == 0, a.errors, a.messages}
	if envelope.Errors == nil {
		envelope.Errors = []cloudMessage{}
	}
	if envelope.Messages == nil {
		envelope.Messages = []cloudMessage{}
	}
	return json.Marshal(envelope)
}

// limited says whether the request is one of those that the rate limit refuses.
func (c *cloudCall) limited() bool {
	if c.cloud.Knobs.Limited <= 0 {
		return false
	}
	c.cloud.Knobs.Limited--
	return true
}

// run checks the token and runs the operation.
func (c *cloudCall) run() cloudAnswer {
	value, found := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer ")
	if !found {
		return cloudBad(9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers")
	}
	verify := strings.HasSuffix(c.op.path, "/tokens/verify")
	hash := hashAPIToken(value)
	for _, t := range c.cloud.Tokens {
		if t.Hash == hash {
			c.token = t
		}
	}
	switch {
	case c.token.ID == "" && verify:
		return invalidToken()
	case c.token.ID == "", !verify && c.token.status(c.now) != "active":
		return cloudRefuse(http.StatusUnauthorized, 9109, "Invalid access token").or(10002)
	case len(c.op.groups) > 0 && !c.mayRun():
		return cloudDenied()
	}
	return c.op.run(c)
}

// invalidToken is the answer of verify to a token that it does not know, which
// no page of Cloudflare's shows; code and text are as callers have seen them.
func invalidToken() cloudAnswer {
	return cloudRefuse(http.StatusUnauthorized, 1000, "Invalid API Token").or(9109)
}

// mayRun says whether the token has one of the operation's permissions on what
// the path names; where it names nothing, on anything of that kind.
func (c *cloudCall) mayRun() bool {
	groups := c.op.groups
	switch {
	case strings.HasPrefix(c.op.path, "/user/"):
		return c.token.mayUser(c.cloud.User, groups)
	case c.r.PathValue("account") != "":
		a := c.cloud.account(c.r.PathValue("account"))
		return a != nil && c.token.mayAccount(a.ID, groups)
	case c.r.PathValue("zone") != "":
		z := c.cloud.zone(c.r.PathValue("zone"))
		return z != nil && c.token.mayZone(*z, groups)
	case c.op.path == "/zones":
		return len(c.zones()) > 0
	}
	return len(c.accounts()) > 0
}

// decode reads the request's JSON body.
func (c *cloudCall) decode(v any) (cloudAnswer, bool) {
	if err := json.Unmarshal(c.body, v); err != nil {
		return cloudBad(6007, "Malformed JSON in request body"), false
	}
	return cloudAnswer{}, true
}

// cloudPageInfo is the result_info of lists in pages.
type cloudPageInfo struct {
	Page       int `json:"page"`
	PerPage    int `json:"per_page"`
	Count      int `json:"count"`
	TotalCount int `json:"total_count"`
	TotalPages int `json:"total_pages"`
}

// cloudPages is how a list is cut: what per_page is without being asked for,
// and between which bounds it may be asked for (the parameter per_page of the
// operation in Cloudflare's OpenAPI).
type cloudPages struct{ usual, least, most int }

// page answers the page of the list that the query asks for. The bounds are the
// contract's; that a size out of them is refused, and with which code, is
// assumed.
func (c *cloudCall) page(all []any, of cloudPages) cloudAnswer {
	page, perPage := pageNumber(c.r, "page", 1), pageNumber(c.r, "per_page", of.usual)
	if page < 1 || perPage < of.least || perPage > of.most {
		return cloudBad(1001, "Invalid page or per_page")
	}
	if size := c.cloud.Knobs.PageSize; size > 0 {
		perPage = min(perPage, size)
	}
	from := min((page-1)*perPage, len(all))
	part := all[from:min(from+perPage, len(all))]
	a := cloudOK(part)
	a.info = cloudPageInfo{page, perPage, len(part), len(all), (len(all) + perPage - 1) / perPage}
	return a
}

// queryNumber is a number of the query above zero, or what is meant without it.
func queryNumber(r *http.Request, name string, without int) int {
	if n, err := strconv.Atoi(r.URL.Query().Get(name)); err == nil && n > 0 {
		return n
	}
	return without
}

// pageNumber is the same, but -1 where the query holds something else.
func pageNumber(r *http.Request, name string, without int) int {
	n := queryNumber(r, name, -1)
	if n < 0 && r.URL.Query().Get(name) == "" {
		return without
	}
	return n
}
