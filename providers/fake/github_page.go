package fake

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// page cuts a list at page and per_page (30 unless said, at most 100) and
// links to the others (GitHub docs, "Using pagination in the REST API").
func (c *ghCall) page(all []any) ([]any, http.Header) {
	q := c.r.URL.Query()
	per, at := number(q, "per_page", 30, 100), number(q, "page", 1, 1<<30)
	last := max(1, (len(all)+per-1)/per)
	var links []string
	link := func(rel string, n int) {
		q.Set("page", strconv.Itoa(n))
		links = append(links, "<"+c.api+c.r.URL.EscapedPath()+"?"+q.Encode()+`>; rel="`+rel+`"`)
	}
	if at > 1 {
		link("prev", min(at-1, last))
	}
	if at < last {
		link("next", at+1)
		link("last", last)
	}
	if at > 1 {
		link("first", 1)
	}
	from, to := min(len(all), (at-1)*per), min(len(all), at*per)
	if len(links) == 0 {
		return all[from:to], nil
	}
	return all[from:to], http.Header{"Link": {strings.Join(links, ", ")}}
}

// list is the answer with one page of a list.
func (c *ghCall) list(all []any) *ghAnswer {
	part, header := c.page(all)
	return &ghAnswer{status: http.StatusOK, body: part, header: header}
}

// listIn is one page of a list in an object that tells how many there are.
func (c *ghCall) listIn(name string, all []any) *ghAnswer {
	part, header := c.page(all)
	return &ghAnswer{status: http.StatusOK, body: map[string]any{"total_count": len(all), name: part}, header: header}
}

func number(q url.Values, name string, otherwise, most int) int {
	n, err := strconv.Atoi(q.Get(name))
	if err != nil || n < 1 || n > most {
		return otherwise
	}
	return n
}

// moved is the answer for a repository under a name that it had before
// (GitHub docs, "Best practices for using the REST API", Follow redirects:
// 301, and 307 where the method must stay); nil: it never had it.
func (c *ghCall) moved() *ghAnswer {
	old := c.r.PathValue("owner") + "/" + c.r.PathValue("repo")
	r := find(c.s.GitHub.Repos, func(r *ghRepo) bool { return strings.EqualFold(r.Was, old) })
	if r == nil {
		return nil
	}
	to := c.api + "/repositories/" + strconv.FormatInt(r.ID, 10) + strings.TrimPrefix(c.r.URL.EscapedPath(), "/repos/"+old)
	if c.r.URL.RawQuery != "" {
		to += "?" + c.r.URL.RawQuery
	}
	status := http.StatusTemporaryRedirect
	if c.r.Method == http.MethodGet || c.r.Method == http.MethodHead {
		status = http.StatusMovedPermanently
	}
	a := ghReply(status, map[string]any{
		"message": map[int]string{301: "Moved Permanently", 307: "Temporary Redirect"}[status], "url": to,
		"documentation_url": "https://docs.github.com/rest/guides/best-practices-for-using-the-rest-api#follow-redirects",
	})
	a.header = http.Header{"Location": {to}}
	return a
}

// byID serves /repositories/{id}/..., where moved repositories are found.
func (w *World) byID(mux http.Handler) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		id, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.EscapedPath(), "/repositories/"), "/")
		n, _ := strconv.ParseInt(id, 10, 64)
		name := "nobody/nothing"
		w.Look(func(s *State) {
			if p := s.GitHub.repoID(n); p != nil {
				name = p.full()
			}
		})
		at := "/repos/" + name
		if rest != "" {
			at += "/" + rest
		}
		there := r.Clone(r.Context())
		if p, err := url.PathUnescape(at); err == nil {
			there.URL.Path, there.URL.RawPath = p, at
		}
		mux.ServeHTTP(rw, there)
	}
}
