package fake

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// authorizePage is where people who sign in to the CI land; a callback that
// is not registered is refused, and nobody is sent back (GitHub docs, "Authorizing OAuth apps", and
// "Troubleshooting authorization request errors").
func (w *World) authorizePage(rw http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	p := notFound()
	w.Look(func(s *State) {
		c, ok := s.GitHub.client(q.Get("client_id"))
		switch {
		case !ok:
		case !c.takes(q.Get("redirect_uri")):
			p = sheet{Site: onGitHub, Status: http.StatusBadRequest, Heading: "The redirect_uri is not associated with this application."}
		default:
			p = sheet{
				Site: onGitHub, Heading: "Authorize " + c.name,
				Text: []string{
					c.name + " wants to access your " + s.GitHub.SignedIn + " account.",
					"The sign-in ends here: it would lead back to an address that only the real world has.",
				},
				Facts: []sheetFact{{"Asks for", q.Get("scope")}, {"Leads back to", q.Get("redirect_uri")}},
				Off:   "Authorize " + s.GitHub.SignedIn,
			}
		}
	})
	p.write(rw)
}

// takes says whether the callback is one of the App's: a GitHub App wants one
// exactly, an OAuth App the same host and a path below its own (GitHub docs,
// "Authorizing OAuth apps", redirect URLs). None given: the first is meant.
func (c ghClient) takes(callback string) bool {
	if callback == "" {
		return true
	}
	got, err := url.Parse(callback)
	return err == nil && slices.ContainsFunc(c.callbacks, func(have string) bool {
		u, err := url.Parse(have)
		if c.exact || err != nil {
			return have == callback
		}
		return u.Host == got.Host && (got.Path == u.Path || strings.HasPrefix(got.Path, strings.TrimSuffix(u.Path, "/")+"/"))
	})
}

// exchange is POST /login/oauth/access_token. No code is ever right here; the
// error says what else is not (GitHub docs, "Troubleshooting OAuth app access
// token request errors", for the errors and their words; what is not stated
// there is in GitHubKnobs).
func (w *World) exchange(rw http.ResponseWriter, r *http.Request) {
	in := map[string]string{}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		if json.NewDecoder(r.Body).Decode(&in) != nil {
			in = map[string]string{}
		}
	} else {
		for _, k := range []string{"client_id", "client_secret", "redirect_uri", "code"} {
			in[k] = r.FormValue(k)
		}
	}
	code, text, status := "incorrect_client_credentials", "The client_id and/or client_secret passed are incorrect.", http.StatusOK
	w.Look(func(s *State) {
		k := s.GitHub.Knobs
		status = cmp.Or(k.ExchangeStatus, status)
		c, ok := s.GitHub.client(in["client_id"])
		switch {
		case !ok && k.UnknownClientNotFound:
			code, text, status = "Not Found", "", http.StatusNotFound
		case !ok || !c.has(in["client_secret"]):
		case !c.takes(in["redirect_uri"]) && !k.CodeFirst:
			code, text = "redirect_uri_mismatch", "The redirect_uri MUST match the registered callback URL for this application."
		default:
			code, text = "bad_verification_code", "The code passed is incorrect or expired."
		}
	})
	out := map[string]string{"error": code, "error_description": text, "error_uri": "https://docs.github.com"}
	if raw, err := json.Marshal(out); err == nil && strings.Contains(r.Header.Get("Accept"), "json") {
		rw.Header().Set("Content-Type", "application/json; charset=utf-8")
		rw.WriteHeader(status)
		_, _ = rw.Write(raw)
		return
	}
	v := url.Values{}
	for k, s := range out {
		v.Set(k, s)
	}
	rw.Header().Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	rw.WriteHeader(status)
	_, _ = rw.Write([]byte(v.Encode()))
}
