package cloudflare_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/cloudflare"
	"github.com/nixwright/nixwright/providers/fake"
	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
)

// denied: a token that may do none of it.
func denied(t *testing.T, l *lab) {
	t.Helper()
	none := l.as(t, l.policies(t, "Account API Tokens Write", "API Tokens Write", "Workers R2 Storage Write", "Account Settings Read", "Zone Read", "DNS Write", "Account Analytics Read", "Analytics Read", "Workers R2 Storage Read"))
	for i, op := range l.operations() {
		_, err := none.operations()[i].Call(t.Context(), quiet())
		switch {
		case op.Name == "verify the token":
			// One of an account that may not list accounts is not found without its id.
			if l.own && i == 1 && errors.Is(err, state.ErrUnauthorized) {
				continue
			}
			if err != nil {
				t.Errorf("%s: %v", op.Name, err)
			}
		case !errors.Is(err, state.ErrDenied) || !strings.Contains(err.Error(), op.Name):
			t.Errorf("%s: %v", op.Name, err)
		}
	}
}

// notAccepted: a token that there is not.
func notAccepted(t *testing.T, l *lab) {
	t.Helper()
	wrong := *l
	wrong.token = "wrong"
	for _, op := range wrong.operations() {
		_, err := op.Call(t.Context(), quiet())
		if !errors.Is(err, state.ErrUnauthorized) || !strings.Contains(err.Error(), op.Name) {
			t.Errorf("%s: %v", op.Name, err)
		}
	}
}

// limited: who is asked to wait a little waits, and then does it; who is asked
// to wait for long says so at once.
func limited(t *testing.T, l *lab) {
	t.Helper()
	for i, op := range l.operations() {
		l.reset(t)
		l.change(t, func(s *fake.State) { s.Cloud.Knobs.Limited, s.Cloud.Knobs.LimitedFor = 1000, 300 })
		before := l.writes()
		if _, err := op.Call(t.Context(), quiet()); !errors.Is(err, state.ErrLimited) || !strings.Contains(err.Error(), op.Name) || l.writes() != before {
			t.Errorf("%s, for long: %v", op.Name, err)
		}
		l.change(t, func(s *fake.State) { s.Cloud.Knobs.Limited, s.Cloud.Knobs.LimitedFor = 1, 3 })
		var mu sync.Mutex
		var longest time.Duration
		hc := httpx.New(httpx.Options{Sleep: func(ctx context.Context, d time.Duration) error {
			mu.Lock()
			defer mu.Unlock()
			longest = max(longest, d)
			return ctx.Err()
		}})
		if _, err := l.operations()[i].Call(t.Context(), hc); err != nil || longest != 3*time.Second {
			t.Errorf("%s, for 3 seconds: %v after %v", op.Name, err, longest)
		}
	}
}

const bootstrap = "nixwright bootstrap"

// policies are those of the lab's token without these permissions.
func (l *lab) policies(t *testing.T, without ...string) []fake.CloudPolicy {
	t.Helper()
	var ids []string
	for _, name := range without {
		id, known := map[string]string{
			"Account API Tokens Write": "5bc3f8b21c554832afc660159ab75fa4", "API Tokens Write": "686d18d5ac6c441c867cbf6771e58a0a",
			"Workers R2 Storage Write": "bf7481a1826f439697cb59a20b22293e", "Account Settings Read": "c1fde68c7bcc44588cbb6ddbc16d6480",
			"Zone Read": "c8fed203ed3043cba015a93ad1616f1f", "DNS Write": "4755a26eedb94da69e1066d98aa820be",
			"Account Analytics Read": "b89a480218d04ceb98b4fe57ca29dc1f", "Analytics Read": "9c88f9c5bce24ce7af9a958ba9c504db", "Workers R2 Storage Read": "b4992e1108244f5d8bfbd5744320c2e1",
		}[name]
		if !known {
			t.Fatalf("no permission %q", name)
		}
		ids = append(ids, id)
	}
	var out []fake.CloudPolicy
	for _, p := range l.tokens(bootstrap)[0].Policies {
		p.Groups = slices.DeleteFunc(slices.Clone(p.Groups), func(id string) bool { return slices.Contains(ids, id) })
		out = append(out, p)
	}
	return out
}

// as is the lab asked with a token of these policies.
func (l *lab) as(t *testing.T, policies []fake.CloudPolicy) *lab {
	t.Helper()
	other := *l
	other.token = "a token with other policies"
	sum := sha256.Sum256([]byte(other.token))
	one := l.tokens(bootstrap)[0]
	one.ID, one.Name, one.Hash, one.Policies = strings.Repeat("f", 32), "other", hex.EncodeToString(sum[:]), policies
	l.change(t, func(s *fake.State) { s.Cloud.Tokens = append(s.Cloud.Tokens, one) })
	return &other
}

// TestAsFastAsAllowed: a client of Cloudflare's own address keeps to its pace.
func TestAsFastAsAllowed(t *testing.T) {
	last := time.Duration(0)
	hc := httpx.New(httpx.Options{
		Base:  answering(`{"success":true,"errors":[],"messages":[],"result":[]}`),
		Sleep: func(_ context.Context, d time.Duration) error { last = d; return nil },
	})
	c := cloudflare.New(hc, "", state.NewSecret(token))
	for range 300 {
		if _, err := c.Zones(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if last == 0 {
		t.Error("300 requests at once, and no wait")
	}
}

type answering string

func (a answering) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(a))), Request: req}, nil
}
