package fake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ghCall is one request to the REST API, with the state under the lock.
type ghCall struct {
	ghBase

	s    *State
	r    *http.Request
	body []byte
	who  ghWho
	now  time.Time
	hour ghHour // of the one who asks
}

// ghAnswer is what is answered. after runs when the state is safe and the
// lock is free, before the answer goes out: deliveries are sent there.
type ghAnswer struct {
	status int
	body   any
	header http.Header
	after  func(ctx context.Context)
}

type ghFunc func(c *ghCall) *ghAnswer

// githubHandler serves the REST API at the root, as api.github.com does. The
// paths are those of GitHub's OpenAPI document.
func (w *World) githubHandler() http.Handler {
	mux, meter := http.NewServeMux(), &ghMeter{hours: map[string]*ghHour{}}
	for pattern, f := range w.githubRoutes() {
		mux.HandleFunc(pattern, func(rw http.ResponseWriter, r *http.Request) { w.githubServe(rw, r, meter, f) })
	}
	mux.HandleFunc("/repositories/", w.byID(mux))
	mux.HandleFunc("/", func(rw http.ResponseWriter, r *http.Request) {
		w.githubServe(rw, r, meter, func(*ghCall) *ghAnswer { return fail(http.StatusNotFound, "Not Found") })
	})
	return mux
}

func (w *World) githubRoutes() map[string]ghFunc {
	const repo, app = "/repos/{owner}/{repo}", "/app/hook"
	return map[string]ghFunc{
		"GET /user":                                            getUser,
		"GET /user/orgs":                                       userOrgs,
		"GET /user/repos":                                      userRepos,
		"GET /users/{login}":                                   getAccount,
		"GET /orgs/{login}":                                    getAccount,
		"GET /rate_limit":                                      rateLimit,
		"GET " + repo:                                          getRepo,
		"GET " + repo + "/topics":                              getTopics,
		"PUT " + repo + "/topics":                              putTopics,
		"GET " + repo + "/contents/{path...}":                  getContents,
		"PUT " + repo + "/contents/{path...}":                  putContents,
		"GET " + repo + "/branches/{branch...}":                getBranch,
		"GET " + repo + "/git/ref/{ref...}":                    getRef,
		"POST " + repo + "/git/refs":                           postRef,
		"POST " + repo + "/statuses/{sha}":                     postStatus,
		"GET /orgs/{login}/members":                            orgMembers,
		"GET /user/emails":                                     userEmails,
		"GET " + repo + "/pulls":                               listPulls,
		"POST " + repo + "/pulls":                              postPull,
		"GET " + repo + "/pulls/{number}":                      getPull,
		"GET " + repo + "/hooks":                               listHooks,
		"POST " + repo + "/hooks":                              w.postHook,
		"GET " + repo + "/hooks/{id}":                          getHook,
		"PATCH " + repo + "/hooks/{id}":                        patchHook,
		"DELETE " + repo + "/hooks/{id}":                       deleteHook,
		"POST " + repo + "/hooks/{id}/pings":                   w.pingHook("ping"),
		"POST " + repo + "/hooks/{id}/tests":                   w.pingHook("push"),
		"GET " + repo + "/hooks/{id}/deliveries":               repoDeliveries,
		"GET " + repo + "/hooks/{id}/deliveries/{d}":           repoDeliveries,
		"POST " + repo + "/hooks/{id}/deliveries/{d}/attempts": w.redeliverRepo,
		"GET " + repo + "/installation":                        repoInstallation,
		"GET /app":                                             getApp,
		"GET /app/installations":                               appInstallations,
		"GET /app/installations/{id}":                          appInstallations,
		"POST /app/installations/{id}/access_tokens":           accessTokens,
		"GET " + app + "/config":                               getHookConfig,
		"PATCH " + app + "/config":                             patchHookConfig,
		"GET " + app + "/deliveries":                           appDeliveries,
		"GET " + app + "/deliveries/{d}":                       appDeliveries,
		"POST " + app + "/deliveries/{d}/attempts":             w.redeliverApp,
		"GET /apps/{slug}":                                     getAppBySlug,
		"POST /app-manifests/{code}/conversions":               convertManifest,
		"GET /user/installations":                              userInstallations,
		"PUT /user/installations/{id}/repositories/{repo}":     addToInstallation,
		"DELETE /user/installations/{id}/repositories/{repo}":  removeFromInstallation,
		"GET /installation/repositories":                       installationRepos,
		"POST /applications/{client}/token":                    checkToken,
		"POST /graphql":                                        graphql,
	}
}

func (w *World) githubServe(rw http.ResponseWriter, r *http.Request, meter *ghMeter, f ghFunc) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 4<<20))
	if err != nil {
		return
	}
	var out *ghAnswer
	var head http.Header
	serve := func(s *State) {
		c := &ghCall{ghBase: w.githubBase(), s: s, r: r, body: body, now: w.opts.Now().UTC().Truncate(time.Second)}
		c.who, out = s.GitHub.whoAsks(r, c.now)
		c.hour = meter.hour(c)
		if r.UserAgent() == "" { // GitHub docs, "Troubleshooting the REST API", User agent required
			out = fail(http.StatusForbidden, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header.")
		} else if over := c.overLimit(c.hour); over != nil {
			out = over
		} else if out == nil {
			out = f(c)
		}
		if out.body != nil { // encoded while the lock is held
			raw, err := json.Marshal(out.body)
			if err != nil {
				out, raw = fail(http.StatusInternalServerError, ""), []byte(`{"message":"answer not written"}`)
			}
			out.body = json.RawMessage(raw)
		}
		c.unchanged(out)
		if !c.free(out) && c.hour.used < c.hour.limit {
			meter.count(c, c.hour.resource)
			c.hour.used++
		}
		head = c.hour.headers()
		head.Set("X-Github-Request-Id", requestID(s, r))
		if c.who.token != nil && c.who.token.Classic {
			head.Set("X-Oauth-Scopes", strings.Join(c.who.token.Scopes, ", "))
		}
		if !strings.HasSuffix(r.URL.Path, "/access_tokens") && r.URL.Path != "/graphql" { // these only ask
			s.recordWrite("github", r, out.status)
		}
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		w.Look(serve)
	} else if err := w.Update(func(s *State) error { serve(s); return nil }); err != nil {
		out = ghReply(http.StatusInternalServerError, nil)
	}
	if out.after != nil {
		out.after(context.WithoutCancel(r.Context()))
	}
	w.githubAnswer(rw, out, head)
}

// githubAnswer writes the headers that every answer has: the request's id, the
// limits (GitHub docs, "Rate limits for the REST API") and, for a classic
// token only, its scopes ("Scopes for OAuth apps").
func (w *World) githubAnswer(rw http.ResponseWriter, out *ghAnswer, head http.Header) {
	h := rw.Header()
	maps.Copy(h, head)
	h.Set("X-Github-Media-Type", "github.v3; format=json")
	h.Set("X-Github-Api-Version-Selected", "2022-11-28")
	h.Set("Date", w.opts.Now().UTC().Format(http.TimeFormat))
	maps.Copy(h, out.header)
	raw, ok := out.body.(json.RawMessage)
	if ok {
		h.Set("Content-Type", "application/json; charset=utf-8")
	}
	rw.WriteHeader(out.status)
	_, _ = rw.Write(raw)
}

// requestID follows from the seed and the request; it uses no Make, since how
// often someone looks must not change what is made later.
func requestID(s *State, r *http.Request) string {
	sum := sha256.Sum256([]byte(s.Seed + r.Method + r.URL.RequestURI() + strconv.Itoa(s.Count)))
	return strings.ToUpper(hex.EncodeToString(sum[:10]))
}

func ghReply(status int, body any) *ghAnswer { return &ghAnswer{status: status, body: body} }

// fail is basic-error of GitHub's OpenAPI document.
func fail(status int, text string) *ghAnswer {
	return ghReply(status, map[string]any{
		"message": text, "documentation_url": "https://docs.github.com/rest", "status": strconv.Itoa(status),
	})
}

// invalid is validation-error of GitHub's OpenAPI document.
func invalid(resource, field, code, text string) *ghAnswer {
	return ghReply(http.StatusUnprocessableEntity, map[string]any{
		"message": "Validation Failed", "documentation_url": "https://docs.github.com/rest", "status": "422",
		"errors": []map[string]any{{"resource": resource, "field": field, "code": code, "message": text}},
	})
}

// repo finds the request's repository and checks the permission on it.
func (c *ghCall) repo(perm, level string) (*ghRepo, *ghAnswer) {
	g := &c.s.GitHub
	r := g.repo(c.r.PathValue("owner"), c.r.PathValue("repo"))
	if r == nil {
		if a := c.moved(); a != nil {
			return nil, a
		}
		return nil, fail(http.StatusNotFound, "Not Found")
	}
	return r, g.may(c.who, r, perm, level)
}

// user is the login of the request's user; the answer is a 401 where there is
// none, a 403 for an installation.
func (c *ghCall) user() (string, *ghAnswer) {
	switch {
	case c.who.token == nil:
		return "", fail(http.StatusUnauthorized, "Requires authentication")
	case c.who.token.Install != 0:
		return "", fail(http.StatusForbidden, "Resource not accessible by integration")
	}
	return c.who.token.Login, nil
}

func (c *ghCall) id(name string) int64 {
	n, _ := strconv.ParseInt(c.r.PathValue(name), 10, 64)
	return n
}

// parse reads the JSON body; an empty one is an empty object.
func (c *ghCall) parse(into any) *ghAnswer {
	if len(c.body) == 0 {
		return nil
	}
	if err := json.Unmarshal(c.body, into); err != nil {
		return fail(http.StatusBadRequest, "Problems parsing JSON")
	}
	return nil
}
