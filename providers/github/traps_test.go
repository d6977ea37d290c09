package github_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/state"
)

// What google/go-github does otherwise than one would think. The rest of it is
// elsewhere: 202 is an error there (TestEveryOperationIsInTheContract, redeliver),
// 429 is no limit (TestEveryOperationUnderALimit), an App has no client id and
// loses permissions (TestAppSignsIn), ids are larger than 2^53 (TestToTheLastPage).

// TestWhatRequestsSay is that none asks for a preview of long ago, as
// go-github's own call for topics does, and all say which version they mean.
func TestWhatRequestsSay(t *testing.T) {
	t.Parallel()
	asked := 0
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		asked++
		if a := r.Header.Get("Accept"); strings.Contains(a, "preview") || !strings.Contains(a, "json") {
			t.Errorf("%s accepts %q", r.URL.Path, a)
		}
		if r.Header.Get("X-Github-Api-Version") != "2022-11-28" || r.UserAgent() == "" {
			t.Errorf("%s: %v", r.URL.Path, r.Header)
		}
		write(w, 200, `{"names":["ci"],"login":"x","id":1}`)
	})
	_, user := c.User(t.Context())
	_, topics := c.Topics(t.Context(), "o/r")
	if err := errors.Join(user, topics, c.SetTopics(t.Context(), "o/r", []string{"ci"})); err != nil || asked != 3 {
		t.Errorf("%d requests, %v", asked, err)
	}
}

// TestWordsOfRefusals are GitHub's own, in each of the forms that its document
// and its practice have for errors.
func TestWordsOfRefusals(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status       int
		answer, says string
		kind         error
	}{
		"basic-error":             {403, `{"message":"Resource not accessible by integration"}`, "Resource not accessible by integration", state.ErrDenied},
		"validation-error":        {422, `{"message":"Validation Failed","errors":[{"resource":"Hook","field":"url","code":"invalid"}]}`, "Validation Failed; url invalid", state.ErrInvalid},
		"validation-error-simple": {422, `{"message":"Validation Failed","errors":["Topics must start with a letter"]}`, "Validation Failed; Topics must start with a letter", state.ErrInvalid},
		"errors is a text":        {422, `{"message":"Validation Failed","errors":"no such thing"}`, "no such thing", state.ErrInvalid},
		"a version that is gone":  {410, `{"message":"This version of the API is no longer supported"}`, "no longer supported", state.ErrInvalid},
		"a second factor":         {401, `{"message":"Must specify two-factor authentication OTP code."}`, "two-factor", state.ErrUnauthorized},
		"an account suspended":    {403, `{"message":"Sorry. Your account was suspended."}`, "suspended", state.ErrDenied},
		"blocked for legal":       {451, `{"message":"Repository access blocked","block":{"reason":"dmca"}}`, "access blocked", state.ErrInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := client(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Github-Otp", "required; app") // go-github has a type of its own for this
				write(w, tc.status, tc.answer)
			})
			var e *state.CallError
			if _, err := c.User(t.Context()); !errors.As(err, &e) || !errors.Is(err, tc.kind) || !strings.Contains(e.Text, tc.says) || e.Status != tc.status {
				t.Errorf("got %v", err)
			}
		})
	}
}
