package shape

import (
	"encoding/base64"
	"fmt"
	"io"
	"strings"

	"github.com/nixwright/nixwright/state"
)

// makeCookie makes a cookie secret of 32 letters and digits: they count as
// they are, and as base64 they would be 24 bytes, which is right too.
func makeCookie(rand io.Reader, _ state.Config) (state.Secret, error) {
	return randomText(rand, letters, cookieLength)
}

// CookieAccepted says whether oauth2-proxy takes the value as its cookie
// secret: URL-safe base64, with or without padding, of 16, 24 or 32 bytes;
// else a text of such a length (oauth2-proxy pkg/encryption/utils.go and
// pkg/validation/cookie.go). A line end is refused wherever it stands, while
// oauth2-proxy's decoder passes over one inside of base64.
func CookieAccepted(v state.Secret) bool {
	s := v.Reveal()
	return !strings.ContainsAny(s, "\r\n") && aesLength(cookieBytes(s))
}

// cookieBytes counts what oauth2-proxy makes of a cookie secret.
func cookieBytes(s string) int {
	if b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(s, "=")); err == nil && aesLength(len(b)) {
		return len(b)
	}
	return len(s)
}

func aesLength(n int) bool { return n == 16 || n == 24 || n == 32 }

func acceptCookie(v state.Secret, _ state.Config) error {
	s := v.Reveal()
	switch {
	case s == "":
		return refuse("F18", "is empty", "oauth2-proxy does not start without a cookie secret")
	case strings.ContainsAny(s, "\r\n"):
		return refuse("F18", "has a line end", "oauth2-proxy counts it as part of the value")
	case strings.ContainsAny(s, "+/"):
		return refuse("F18", "is standard base64", "oauth2-proxy reads the URL-safe one, with - and _ in place of + and /")
	case !CookieAccepted(v):
		return refuse("F18", "has the wrong length", fmt.Sprintf("oauth2-proxy counts %d bytes of it and wants 16, 24 or 32", cookieBytes(s)))
	}
	return spliced(v)
}
