package niks3_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/providers/niks3"
	"github.com/nixwright/nixwright/state"
)

const token = "a-token-of-more-than-36-characters-0123456789"

// recordings is the directory of what real servers answered.
func recordings(t *testing.T) string {
	t.Helper()
	data := os.Getenv("NIXWRIGHT_TESTDATA")
	if data == "" {
		t.Skip("NIXWRIGHT_TESTDATA is not set: no recorded answers")
	}
	return filepath.Join(data, "captures", "niks3")
}

// recorded reads an answer of the real server: status, content type and body.
func recorded(t *testing.T, name string) (status int, kind, body string) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(recordings(t), name))
	if err != nil {
		t.Fatal(err)
	}
	head, body, _ := strings.Cut(strings.ReplaceAll(string(raw), "\r\n", "\n"), "\n\n")
	status, err = strconv.Atoi(strings.Fields(head)[1])
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(head) {
		if value, ok := strings.CutPrefix(line, "Content-Type: "); ok {
			kind = strings.TrimSpace(value)
		}
	}
	return status, kind, body
}

// serve answers everything with one answer, and wants this request.
func serve(t *testing.T, want string, status int, kind, body string) *niks3.Client {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got := r.Method + " " + r.URL.String(); got != want {
			t.Errorf("asked %s, want %s", got, want)
		}
		public := strings.HasPrefix(r.URL.Path, "/api/cache-") || r.URL.Path == "/metrics" || r.URL.Path == "/health"
		if got := r.Header.Get("Authorization"); public && got != "" || !public && got != "Bearer "+token {
			t.Errorf("%s: the token is sent: %v", want, got != "")
		}
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return niks3.New(s.Client(), s.URL+"/")
}

// TestAsked: what a policy becomes. Force is sent only where it is asked for.
func TestAsked(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]state.GCPolicy{
		"DELETE /api/closures?older-than=720h":                              {OlderThan: "720h"},
		"DELETE /api/closures?failed-uploads-older-than=6h&older-than=720h": {OlderThan: "720h", UploadsOlderThan: "6h"},
		"DELETE /api/closures?force=true&older-than=0s":                     {OlderThan: "0s", Force: true},
		"DELETE /api/closures?older-than=1h%26force%3Dtrue":                 {OlderThan: "1h&force=true"},
	} {
		if _, started, err := serve(t, want, 202, "application/json", `{"state":"running"}`).StartGC(t.Context(), state.NewSecret(token), p); err != nil || !started {
			t.Errorf("%s: %v, %v", want, started, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	page := "<html><head><title>502 Bad Gateway</title></head></html>"
	for _, c := range []struct {
		name   string
		status int
		kind   string
		body   string
		want   error
	}{
		{"a proxy", 502, "text/html", page, state.ErrService},
		{"a proxy's 404", 404, "text/html", page, state.ErrNotFound},
		{"a proxy's 404 in niks3's words", 404, "text/html", "404 page not found", state.ErrNotFound},
		{"a cut 404", 404, "text/plain; charset=utf-8", "404 page", state.ErrService},
		{"a page", 200, "text/html", page, state.ErrService},
		{"no state", 200, "application/json", "{}", state.ErrService},
		{"a redirect", 302, "text/html", "", state.ErrService},
		{"no time", 200, "application/json", `{"state":"running","started_at":"yesterday"}`, state.ErrService},
	} {
		_, err := serve(t, "GET /api/gc/status", c.status, c.kind, c.body).GC(t.Context(), state.NewSecret(token))
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), token) {
			t.Errorf("%s: the error shows the token", c.name)
		}
	}
	s := httptest.NewServer(nil)
	s.Close()
	if _, err := niks3.New(http.DefaultClient, s.URL).GC(t.Context(), state.NewSecret(token)); !errors.Is(err, state.ErrOffline) {
		t.Errorf("nobody there: %v", err)
	}
}

// TestHostileText: what niks3 repeats of others does not reach a terminal.
func TestHostileText(t *testing.T) {
	t.Parallel()
	body := `{"state":"failed","error":"no\u001b[31m space\n` + strings.Repeat("x", 400000) + `"}`
	got, err := serve(t, "GET /api/gc/status", 200, "application/json", body).GC(t.Context(), state.NewSecret(token))
	if err != nil || !strings.HasPrefix(got.Error, "no[31m space x") || len([]rune(got.Error)) > 301 {
		t.Errorf("%d %.60q, %v", len(got.Error), got.Error, err)
	}
}
