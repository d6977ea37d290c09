package fake

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // what buildbot checks
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// changeHook is buildbot's /change_hook/github with strict signatures.
func (w *World) changeHook(rw http.ResponseWriter, r *http.Request, secret string) {
	say := func(status int, text string) {
		rw.Header().Set("Content-Type", "text/html")
		rw.WriteHeader(status)
		_, _ = io.WriteString(rw, text) //nolint:gosec // as buildbot does, to tests only
	}
	if d := strings.TrimPrefix(r.URL.Path, "/change_hook/"); strings.HasPrefix(r.URL.Path, "/change_hook/") && d != "github" {
		say(http.StatusBadRequest, fmt.Sprintf("The dialect specified, '%s', wasn't whitelisted in change_hook", d))
		return
	}
	raw, err := io.ReadAll(io.LimitReader(r.Body, 25<<20))
	if err != nil {
		return
	}
	// Of GitHub's two signatures buildbot looks at the older one alone
	// (www/hooks/github.py, _get_payload).
	kind, sum, whole := strings.Cut(r.Header.Get("X-Hub-Signature"), "=")
	switch {
	case kind == "":
		say(http.StatusBadRequest, "Request has no required signature")
		return
	case !whole || strings.Contains(sum, "="):
		say(http.StatusBadRequest, "Wrong signature format: "+r.Header.Get("X-Hub-Signature"))
		return
	case kind != "sha1":
		say(http.StatusBadRequest, "Unknown hash type: "+kind)
		return
	case !hmac.Equal([]byte(sum), []byte(hubMAC(sha1.New, secret, string(raw)))):
		say(http.StatusBadRequest, "Hash mismatch")
		return
	}
	body := raw
	switch kind := r.Header.Get("Content-Type"); kind {
	case "application/json":
	case "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(raw))
		if err != nil {
			say(http.StatusBadRequest, "payload is not valid")
			return
		}
		body = []byte(form.Get("payload"))
	default:
		say(http.StatusBadRequest, "Unknown content type: b'"+html.EscapeString(kind)+"'")
		return
	}
	switch event := r.Header.Get("X-Github-Event"); event {
	case "ping":
		say(http.StatusOK, "no change found")
	case "push", "pull_request":
		say(w.takeChange(body))
	default:
		say(http.StatusBadRequest, "Unknown event: "+html.EscapeString(event))
	}
}

func (w *World) takeChange(body []byte) (status int, text string) {
	var in struct {
		Ref        string `json:"ref"`
		After      string `json:"after"`
		Repository struct {
			FullName string `json:"full_name"`
		} `json:"repository"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return http.StatusBadRequest, "payload is not valid"
	}
	err := w.Update(func(s *State) error {
		s.CI.Changes = append(s.CI.Changes, ciChange{
			ID: len(s.CI.Changes) + 1, Repo: in.Repository.FullName, Branch: strings.TrimPrefix(in.Ref, "refs/heads/"), Commit: in.After, At: w.now(),
		})
		return nil
	})
	if err != nil {
		return http.StatusInternalServerError, err.Error()
	}
	return http.StatusOK, "1 change found"
}
