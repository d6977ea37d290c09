package shape

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/state"
)

// cookies are the values that oauth2-proxy was started with, and the name of
// the recording of what it said.
func cookies() []struct{ recording, value string } {
	b := []byte(strings.Repeat("\xfb\xff\xbe", 16)) // all - and _ in base64
	std, safe := base64.StdEncoding, base64.URLEncoding
	return []struct{ recording, value string }{
		{"urlsafe-base64-32", safe.EncodeToString(b[:32])},
		{"urlsafe-base64-32-nopad", base64.RawURLEncoding.EncodeToString(b[:32])},
		{"std-base64-32", std.EncodeToString(b[:32])},
		{"base64-48", safe.EncodeToString(b[:48])},
		{"hex-16bytes", strings.Repeat("0f", 16)},
		{"hex-32bytes", strings.Repeat("0f", 32)},
		{"raw-16", "abcdefghijklmno!"},
		{"raw-20", "abcdefghijklmnopqrs!"},
		{"trailing-newline", safe.EncodeToString(b[:32]) + "\n"},
		{"empty", ""},
	}
}

func TestCookieAcceptedAsRecorded(t *testing.T) {
	root := os.Getenv("NIXWRIGHT_TESTDATA")
	if root == "" {
		t.Skip("NIXWRIGHT_TESTDATA does not name the recorded answers")
	}
	for _, tt := range cookies() {
		t.Run(tt.recording, func(t *testing.T) {
			log, err := os.ReadFile(filepath.Join(root, "captures", "oauth2-proxy", "cookie-"+tt.recording+".txt"))
			if err != nil {
				t.Fatal(err)
			}
			started := strings.Contains(string(log), "OAuthProxy configured")
			if got := CookieAccepted(state.NewSecret(tt.value)); got != started {
				t.Errorf("accepted %v, oauth2-proxy started %v", got, started)
			}
		})
	}
}

func TestCookieAccepted(t *testing.T) {
	right := map[string]bool{
		"urlsafe-base64-32": true, "urlsafe-base64-32-nopad": true, "std-base64-32": false, "base64-48": false, "hex-16bytes": true,
		"hex-32bytes": false, "raw-16": true, "raw-20": false, "trailing-newline": false, "empty": false,
	}
	for _, tt := range cookies() {
		if got := CookieAccepted(state.NewSecret(tt.value)); got != right[tt.recording] {
			t.Errorf("%s: %v", tt.recording, got)
		}
	}
	for _, value := range []string{strings.Repeat("a", 43) + "\n", strings.Repeat("a", 31) + "\r"} {
		if CookieAccepted(state.NewSecret(value)) {
			t.Errorf("%q is accepted", value)
		}
	}
}
