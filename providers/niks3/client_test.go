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

// recorded reads an answer of the real server: status, content type and body.
func recorded(t *testing.T, name string) (status int, kind, body string) {
	t.Helper()
	data := os.Getenv("NIXWRIGHT_TESTDATA")
	if data == "" {
		t.Skip("NIXWRIGHT_TESTDATA is not set: no recorded answers")
	}
	raw, err := os.ReadFile(filepath.Join(data, "captures", "niks3", name))
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

func serve(t *testing.T, status int, kind, body string) *niks3.Client {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != "/api/gc/status" || r.Header.Get("Authorization") != "Bearer "+token {
			t.Errorf("asked %s %s", r.Method, r.URL)
		}
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return niks3.New(s.Client(), s.URL+"/")
}

func TestRecordedGC(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]state.GCStatus{
		"gc-status-none-yet.txt":              {Offered: true},
		"gc-status-running.txt":               {Offered: true, State: "running"},
		"gc-status-succeeded.txt":             {Offered: true, State: "succeeded"},
		"gc-status-succeeded-after-force.txt": {Offered: true, State: "succeeded"},
		"gc-status-failed.txt":                {Offered: true, State: "failed", Error: "another garbage collection is already running on this database"},
		"unknown-api.txt":                     {},
	} {
		status, kind, body := recorded(t, file)
		got, err := serve(t, status, kind, body).GC(t.Context(), state.NewSecret(token))
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v, want %+v", file, got, err, want)
		}
	}
	for _, file := range []string{"gc-status-bad-token.txt", "gc-status-no-auth.txt"} {
		status, kind, body := recorded(t, file)
		if _, err := serve(t, status, kind, body).GC(t.Context(), state.NewSecret(token)); !errors.Is(err, state.ErrUnauthorized) {
			t.Errorf("%s: %v", file, err)
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
		{"a page", 200, "text/html", page, state.ErrService},
		{"no state", 200, "application/json", "{}", state.ErrService},
		{"a redirect", 302, "text/html", "", state.ErrService},
	} {
		_, err := serve(t, c.status, c.kind, c.body).GC(t.Context(), state.NewSecret(token))
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
