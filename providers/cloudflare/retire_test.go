package cloudflare_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nixwright/nixwright/state"
)

// TestRetire: a token that Cloudflare goes on taking for a while is looked at
// again until it is refused, and told where it never is.
func TestRetire(t *testing.T) {
	verified := `{"id":"` + tokenID + `","status":"active"}`
	for name, c := range map[string]struct {
		takes  int // looks after the deletion for which it is still taken
		sleeps int
		says   string
	}{
		"refused at once":  {0, 0, ""},
		"after a while":    {3, 3, ""},
		"never refused":    {1000, 30, "is still taken"},
		"cannot be looked": {-1, 30, "see that the deleted token is refused"},
	} {
		deleted, looks := false, 0
		cf, _ := client(t, func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Method == http.MethodDelete:
				deleted = true
				good(w, `{"id":"`+tokenID+`"}`)
			case strings.HasSuffix(r.URL.Path, "/user/tokens/verify") && deleted && c.takes < 0:
				w.WriteHeader(http.StatusInternalServerError)
			case strings.HasSuffix(r.URL.Path, "/user/tokens/verify"):
				if deleted {
					looks++
				}
				if deleted && looks > c.takes {
					refuse(w, http.StatusUnauthorized, 1000, "Invalid API Token")
					return
				}
				good(w, verified)
			case deleted && c.takes < 0:
				w.WriteHeader(http.StatusInternalServerError)
			default:
				refuse(w, http.StatusUnauthorized, 1000, "Invalid API Token")
			}
		})
		sleeps := 0
		err := cf.Retire(t.Context(), account, func(context.Context, time.Duration) error { sleeps++; return nil })
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) || sleeps != c.sleeps || !deleted {
			t.Errorf("%s: %v after %d pauses", name, err, sleeps)
		}
		var p state.Problem
		if c.takes == 1000 && (!errors.As(err, &p) || p.Why == "" || p.Fix == "" || p.URL == "") {
			t.Errorf("%s: %+v", name, p)
		}
	}
}
