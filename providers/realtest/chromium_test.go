package realtest_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/nixwright/nixwright/providers/realtest"
)

// The browser shows what is on loopback, and reaches nothing else.
func TestChromiumStaysHere(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("<h1>Here</h1>"))
	}))
	defer srv.Close()
	tab := realtest.Chromium(t)
	for _, at := range []string{srv.URL, strings.Replace(srv.URL, "127.0.0.1", "localhost", 1)} {
		tab.Open(at)
		tab.Await("Here")
	}
	for _, at := range []string{"http://example.com/", "https://192.0.2.1/", "http://[2001:db8::1]/"} {
		ctx, done := context.WithTimeout(tab.Context, 10*time.Second)
		err := chromedp.Do(ctx, chromedp.Navigate(at))
		done()
		if err == nil || !strings.Contains(err.Error(), "ERR_NAME_NOT_RESOLVED") {
			t.Errorf("%s: %v", at, err)
		}
	}
}
