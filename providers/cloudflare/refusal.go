package cloudflare

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/cloudflare/cloudflare-go/v7/option"

	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
)

// Cloudflare's own codes that mean more than their status
// (developers.cloudflare.com/r2/api/error-codes and
// /fundamentals/api/troubleshooting).
const (
	codeBadToken       = "1000"
	codeBadHeaders     = "6003" // a token that is not even shaped like one
	codeNoRoute        = "7003"
	codeBucketExists   = "10004"
	codeNoDomain       = "10053"
	codeR2Off          = "10042"
	codeRecordExists   = "81057"
	codeRecordTheSame  = "81058"
	codeRecordHostUsed = "81053"
)

// envelope is what every answer is wrapped in.
type envelope struct {
	Success bool `json:"success"`
	Errors  []struct {
		Code    int64  `json:"code"`
		Message string `json:"message"`
	} `json:"errors"`
	Result json.RawMessage `json:"result"`
}

// sound says whether the texts in a result are texts: cloudflare-go makes a
// text of a number, and would take 7 for a name.
func (e envelope) sound() bool {
	var v any
	if json.Unmarshal(e.Result, &v) != nil {
		return false
	}
	_, number := v.(float64)
	return !number && textsAreTexts(v)
}

// textsAreTexts looks at the fields that this package reads as texts.
func textsAreTexts(v any) bool {
	switch v := v.(type) {
	case []any:
		for _, one := range v {
			if !textsAreTexts(one) {
				return false
			}
		}
	case map[string]any:
		for name, one := range v {
			switch name {
			case "id", "name", "value", "domain", "zoneId", "minTLS", "type", "content", "location", "jurisdiction", "storage_class", "ownership", "ssl":
				if _, text := one.(string); !text && one != nil {
					return false
				}
			case "data", "meta", "settings", "resources": // others' words, not read here
			default:
				if _, number := one.(float64); name == "status" && number || !textsAreTexts(one) {
					return false
				}
			}
		}
	}
	return true
}

// isText is the middleware of operations whose result is a text and nothing
// else: cloudflare-go would make a text of an object.
func isText(req *http.Request, next option.MiddlewareNext) (*http.Response, error) {
	resp, err := next(req)
	if err != nil || resp.StatusCode/100 != 2 {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	var env struct {
		Success bool `json:"success"`
		Result  any  `json:"result"`
	}
	read := json.Unmarshal(body, &env) == nil // what cannot be read is for check to say
	if _, text := env.Result.(string); read && env.Success && !text {
		return nil, nonsense("", "the result is no text")
	}
	return resp, nil
}

// check is the middleware that turns everything that is not a good answer into
// a *state.CallError, before cloudflare-go makes an error of it.
func check(req *http.Request, next option.MiddlewareNext) (*http.Response, error) {
	resp, err := next(req)
	if err != nil {
		if _, known := errors.AsType[*state.CallError](err); known {
			return nil, err
		}
		return nil, &state.CallError{Service: service, Kind: httpx.Kind(nil, err), Text: httpx.Cause(err)}
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	var env envelope
	var badJSON error
	if err == nil {
		badJSON = json.Unmarshal(body, &env)
	}
	if err == nil && badJSON == nil && env.Success && resp.StatusCode/100 == 2 && env.sound() {
		resp.Body = io.NopCloser(bytes.NewReader(body))
		resp.Header.Set("Content-Type", "application/json")
		return resp, nil
	}
	e := &state.CallError{
		Service: service, Status: resp.StatusCode, Request: httpx.RequestID(resp.Header), Kind: httpx.Kind(resp, err),
	}
	switch {
	case err != nil:
		e.Text = httpx.Cause(err)
	case badJSON != nil || len(env.Errors) == 0:
		e.Text = httpx.CleanBody(body)
	default:
		e.Code = strconv.FormatInt(env.Errors[0].Code, 10)
		said := make([]string, 0, len(env.Errors))
		for _, one := range env.Errors {
			said = append(said, one.Message)
		}
		e.Text = httpx.CleanBody([]byte(strings.Join(said, "; ")))
	}
	if e.Kind == nil { // 2xx, and no good all the same
		e.Kind = state.ErrService
		if badJSON != nil || env.Success {
			e.Text = "the answer is not the JSON that it should be"
		}
	}
	switch e.Code {
	case codeBadToken, codeBadHeaders:
		e.Kind = state.ErrUnauthorized
	case codeNoDomain:
		e.Kind = state.ErrNotFound
	case codeBucketExists, codeRecordExists, codeRecordTheSame, codeRecordHostUsed:
		e.Kind = state.ErrExists
	}
	return nil, e
}

// failed names the operation in an error. One of cloudflare-go itself is not
// shown: it may quote the answer.
func failed(op string, err error) error {
	var e *state.CallError
	if !errors.As(err, &e) {
		e = &state.CallError{Service: service, Kind: httpx.Kind(nil, err), Text: "the answer is not what it should be"}
		if !errors.Is(e.Kind, state.ErrService) {
			e.Text = httpx.Cause(err)
		}
	}
	if e.Code == codeR2Off {
		return state.Problem{
			ID: codeR2Off, What: "R2 is not switched on for this account", Why: e.Text,
			Fix: "switch R2 on in Cloudflare's dashboard, then run this again",
			URL: "https://dash.cloudflare.com/?to=/:account/r2/overview",
		}
	}
	e.Op = op
	return e
}

// during puts the operation before that of an error, which is a part of it.
func during(op string, err error) error {
	if e, ok := errors.AsType[*state.CallError](err); ok {
		part := *e
		part.Op = op + ": " + e.Op
		return &part
	}
	return err
}

// nonsense is the error for an answer that lacks what it must have.
func nonsense(op, text string) error {
	return &state.CallError{Service: service, Op: op, Kind: state.ErrService, Text: text}
}

// absent says whether the error is that there is no such thing, in Cloudflare's
// own words. An address that leads nowhere (a wrong account id), and a 404 that
// is not Cloudflare's, are not that.
func absent(err error) bool {
	e, ok := errors.AsType[*state.CallError](err)
	return ok && errors.Is(e.Kind, state.ErrNotFound) && e.Code != "" && e.Code != codeNoRoute
}
