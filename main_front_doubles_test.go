package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nixwright/nixwright/state"
)

// sender is GitHub as far as hooks go: it sends what it is asked to, signed
// with the secret that it knows, and notes what was answered.
type sender struct {
	hc     *http.Client
	secret state.Secret
	hook   *state.Hook
	app    bool
	pings  atomic.Int64
	sent   []state.Delivery
}

func (g *sender) RepoHooks(context.Context, string) ([]state.Hook, error) {
	if g.hook == nil {
		return nil, nil
	}
	return []state.Hook{*g.hook}, nil
}

func (g *sender) HookDeliveries(context.Context, string, int64) ([]state.Delivery, error) {
	return g.sent, nil
}

func (g *sender) AppDeliveries(context.Context, state.AppAuth) ([]state.Delivery, error) {
	return g.sent, nil
}

func (g *sender) Ping(ctx context.Context, _ string, _ int64) error {
	g.pings.Add(1)
	g.send(ctx, g.hook.URL)
	return nil
}

func (g *sender) send(ctx context.Context, to string) {
	body := url.Values{"payload": {`{"zen":"Keep it logically awesome.","hook_id":1}`}}.Encode()
	mac := hmac.New(sha1.New, []byte(g.secret.Reveal()))
	_, _ = mac.Write([]byte(body))
	d := state.Delivery{ID: int64(len(g.sent) + 1), Event: "ping", Status: http.StatusBadGateway, At: time.Now()}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, strings.NewReader(body))
	if err == nil {
		req.Header = http.Header{
			"Content-Type": {"application/x-www-form-urlencoded"}, "X-Github-Event": {"ping"}, "X-Hub-Signature": {"sha1=" + hex.EncodeToString(mac.Sum(nil))},
		}
		resp, err := g.hc.Do(req)
		if err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			d.Status = resp.StatusCode
			resp.Body.Close()
		}
	}
	g.sent = slices.Insert(g.sent, 0, d)
}

// vault is a secrets file that can be read.
type vault map[state.SecretName]state.Secret

func (v vault) Secret(_ context.Context, name state.SecretName) (s state.Secret, found bool, err error) {
	s, found = v[name]
	return s, found, nil
}
func (v vault) Names(context.Context) ([]state.SecretName, error) { return nil, nil }
func (v vault) Keep(context.Context, ...state.Sealed) error       { return state.ErrDenied }

// ear hears a running step and says nothing.
type ear struct{}

func (ear) Logf(string, ...any)   {}
func (ear) Progress(int64, int64) {}
func (ear) Ask(context.Context, state.Question) (state.Answer, error) {
	return state.Answer{}, state.ErrNoAnswer
}
func (ear) Keep(context.Context, ...state.Sealed) error { return state.ErrDenied }
