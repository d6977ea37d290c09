package edge_test

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/providers/edge"
	"github.com/nixwright/nixwright/state"
)

// recorded serves an answer as nginx gave it.
func recorded(t *testing.T, name string) *edge.Edge {
	t.Helper()
	data := os.Getenv("NIXWRIGHT_TESTDATA")
	if data == "" {
		t.Skip("NIXWRIGHT_TESTDATA is not set: no recorded answers")
	}
	raw, err := os.ReadFile(filepath.Join(data, "captures", "nginx", name))
	if err != nil {
		t.Fatal(err)
	}
	// The body was written down decoded.
	text := strings.Replace(strings.ReplaceAll(string(raw), "\r\n", "\n"), "Transfer-Encoding: chunked\n", "", 1)
	head, body, _ := strings.Cut(text, "\n\n")
	resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(head+"\n\n")), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	resp.Header.Del("Content-Length")
	resp.Header.Del("Connection")
	return serve(t, func(w http.ResponseWriter, _ *http.Request) {
		maps.Copy(w.Header(), resp.Header)
		w.WriteHeader(resp.StatusCode)
		_, _ = io.WriteString(w, body)
	})
}

func serve(t *testing.T, h http.HandlerFunc) *edge.Edge {
	t.Helper()
	s := httptest.NewTLSServer(h)
	t.Cleanup(s.Close)
	return edge.New(s.Client(), s.URL+"/")
}

func TestRecordedPages(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file, path string
		status     int
		location   string // its beginning
		kind       string
		body       string // what is in it
		cookies    int
	}{
		{file: "seed-get_.txt", path: "/", status: 302, location: "https://github.com/login/oauth/authorize?", kind: "text/html; charset=utf-8", body: "Found", cookies: 1},
		{file: "seed-get_nix-outputs_.txt", path: "/nix-outputs/", status: 302, location: "https://github.com/", kind: "text/html; charset=utf-8", cookies: 1},
		{file: "seed-get_ping.txt", path: "/ping", status: 200, kind: "text/plain; charset=utf-8", body: "OK"},
		{file: "priv-get_.txt", path: "/", status: 403, kind: "text/html; charset=utf-8", body: "<title>Sign In</title>"},
		{file: "priv-get_ws.txt", path: "/ws", status: 401, kind: "application/json", body: "{}"},
		{file: "priv-get_nix-outputs_.txt", path: "/nix-outputs/", status: 200, kind: "text/html; charset=utf-8", body: "Index of /nix-outputs/"},
	} {
		t.Run(c.file, func(t *testing.T) {
			t.Parallel()
			p, err := recorded(t, c.file).Get(t.Context(), c.path)
			if err != nil {
				t.Fatal(err)
			}
			if p.Status != c.status || !strings.HasPrefix(p.Location, c.location) || p.Type != c.kind || !strings.Contains(p.Body, c.body) || len(p.Cookies) != c.cookies || p.Leaks {
				t.Errorf("got %d %q %q, %d cookies, leaks %v, want %+v", p.Status, p.Location, p.Type, len(p.Cookies), p.Leaks, c)
			}
		})
	}
}

func TestRecordedHooks(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]state.Page{
		"priv-webhook-good.txt":      {Status: 200, Type: "text/html", Body: "no change found"},
		"priv-webhook-no-sig.txt":    {Status: 400, Type: "text/html", Body: "Request has no required signature"},
		"priv-webhook-wrong-sig.txt": {Status: 400, Type: "text/html", Body: "Hash mismatch"},
		"seed-webhook-good.txt":      {Status: 502, Type: "text/html"},
	} {
		p, err := recorded(t, file).Hook(t.Context(), "/change_hook/github", nil)
		if err != nil || p.Status != want.Status || p.Type != want.Type || !strings.HasPrefix(p.Body, want.Body) {
			t.Errorf("%s: %+v, %v", file, p, err)
		}
	}
}

func TestHookIsSignedAsGitHubSigns(t *testing.T) {
	t.Parallel()
	key := state.NewSecret("webhook-secret")
	var header http.Header
	var body []byte
	e := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		header = r.Header
		body, _ = io.ReadAll(r.Body)
	})
	if _, err := e.Hook(t.Context(), "/change_hook/github", &key); err != nil {
		t.Fatal(err)
	}
	one, two := hmac.New(sha1.New, []byte("webhook-secret")), hmac.New(sha256.New, []byte("webhook-secret"))
	_, _ = one.Write(body)
	_, _ = two.Write(body)
	for name, want := range map[string]string{
		"X-GitHub-Event": "ping", "Content-Type": "application/json",
		"X-Hub-Signature": "sha1=" + hex.EncodeToString(one.Sum(nil)), "X-Hub-Signature-256": "sha256=" + hex.EncodeToString(two.Sum(nil)),
	} {
		if got := header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if !json.Valid(body) {
		t.Errorf("body %q is not JSON", body)
	}
	if _, err := e.Hook(t.Context(), "/", nil); err != nil || header.Get("X-Hub-Signature") != "" || header.Get("X-Hub-Signature-256") != "" {
		t.Errorf("unsigned: %v, %v", header, err)
	}
}

func TestUpgrade(t *testing.T) {
	t.Parallel()
	e := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 1 || r.Header.Get("Upgrade") != "websocket" || r.Header.Get("Sec-WebSocket-Version") != "13" || len(r.Header.Get("Sec-WebSocket-Key")) != 24 {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Upgrade", "websocket")
		w.WriteHeader(http.StatusSwitchingProtocols)
	})
	if p, err := e.Upgrade(t.Context(), "/ws"); err != nil || p.Status != http.StatusSwitchingProtocols {
		t.Errorf("got %+v, %v, want 101", p, err)
	}
	if p, err := recorded(t, "priv-get_ws.txt").Upgrade(t.Context(), "/ws"); err != nil || p.Status != http.StatusUnauthorized {
		t.Errorf("got %+v, %v, want 401", p, err)
	}
}

func TestAStreamHasNoEnd(t *testing.T) {
	t.Parallel()
	e := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		_, _ = io.WriteString(w, "event: handshake\n\n")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	if p, err := e.Get(t.Context(), "/sse/listen/builds/*/*"); err != nil || p.Status != http.StatusOK || p.Body != "" {
		t.Errorf("got %+v, %v", p, err)
	}
}

func TestAPathThatIsNone(t *testing.T) {
	t.Parallel()
	if _, err := edge.New(http.DefaultClient, "https://ci.example").Get(t.Context(), "/%zz"); !errors.Is(err, state.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}

func TestLeaksLimitsAndSilence(t *testing.T) {
	t.Parallel()
	asked := 0
	e := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked++
		if r.Header.Get("Cookie") != "" {
			t.Error("a cookie was sent")
		}
		w.Header().Set("Authorization", "Basic dTpw")
		w.Header().Add("Set-Cookie", "a=1; Secure")
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(http.StatusFound)
		_, _ = io.WriteString(w, strings.Repeat("x", 100<<10))
	})
	for range 2 {
		p, err := e.Get(t.Context(), "/")
		if err != nil || !p.Leaks || len(p.Body) != 64<<10 || p.Status != http.StatusFound {
			t.Errorf("got %d, leaks %v, %d bytes, %v", p.Status, p.Leaks, len(p.Body), err)
		}
	}
	if asked != 2 {
		t.Errorf("asked %d times, want 2: a redirect was followed", asked)
	}
	s := httptest.NewServer(nil)
	s.Close()
	if _, err := edge.New(http.DefaultClient, s.URL).Get(t.Context(), "/"); !errors.Is(err, state.ErrOffline) {
		t.Errorf("nobody there: %v", err)
	}
	tls := httptest.NewTLSServer(nil)
	defer tls.Close()
	if _, err := edge.New(&http.Client{Transport: &http.Transport{}}, tls.URL).Get(t.Context(), "/"); !errors.Is(err, state.ErrService) {
		t.Errorf("a certificate that nobody trusts: %v", err)
	}
}
