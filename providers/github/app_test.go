package github_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nixwright/nixwright/state"
)

func TestAppSignsIn(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	forms := map[string]*pem.Block{
		"PKCS#1": {Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)},
		"PKCS#8": {Type: "PRIVATE KEY", Bytes: pkcs8},
	}
	now := time.Unix(1_800_000_000, 0)
	for name, block := range forms {
		t.Run(name, func(t *testing.T) {
			c := client(t, func(w http.ResponseWriter, r *http.Request) {
				if err := verify(r.Header.Get("Authorization"), &key.PublicKey, now); err != nil {
					t.Error(err)
				}
				switch r.URL.Path {
				case "/app":
					write(w, 200, `{"id":12,"slug":"ci-app","name":"CI \u001b[1mapp","client_id":"Iv1.x","owner":{"login":"o","id":3,"type":"User"},
						"permissions":{"repository_hooks":"write","something_new":"read"},"events":["push"]}`)
				case "/app/hook/config":
					write(w, 404, `{"message":"Not Found"}`)
				case "/repos/o/r/installation":
					write(w, 200, `{"id":77,"account":{"login":"o"},"permissions":{"contents":"read"},"suspended_at":"2026-01-01T00:00:00Z"}`)
				default:
					write(w, 404, `{"message":"Not Found"}`)
				}
			})
			c.Now = func() time.Time { return now }
			auth := state.AppAuth{ID: 12, Key: state.NewSecret(string(pem.EncodeToMemory(block)))}
			a, err := c.App(t.Context(), auth)
			if err != nil {
				t.Fatal(err)
			}
			if a.ClientID != "Iv1.x" || a.Permissions["something_new"] != "read" || a.HookURL != "" || a.Name != "CI [1mapp" || a.Owner.ID != 3 {
				t.Errorf("got %+v", a)
			}
			i, found, err := c.Installation(t.Context(), auth, "o/r")
			if err != nil || !found || i.ID != 77 || i.Account != "o" || !i.Suspended {
				t.Errorf("got %+v, %v, %v", i, found, err)
			}
			if _, found, err := c.Installation(t.Context(), auth, "o/other"); found || err != nil {
				t.Errorf("not installed: %v, %v", found, err)
			}
		})
	}
}

// verify checks an App's token as GitHub does.
func verify(header string, key *rsa.PublicKey, now time.Time) error {
	text, ok := strings.CutPrefix(header, "Bearer ")
	parts := strings.Split(text, ".")
	if !ok || len(parts) != 3 {
		return fmt.Errorf("not a token: %q", header)
	}
	sig, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], sig); err != nil {
		return err
	}
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return err
	}
	var claims struct {
		Iat int64  `json:"iat"`
		Exp int64  `json:"exp"`
		Iss string `json:"iss"`
	}
	if err := json.Unmarshal(body, &claims); err != nil {
		return err
	}
	if claims.Iat != now.Unix()-60 || claims.Exp-claims.Iat > 600 || claims.Iss != "12" {
		return fmt.Errorf("claims %+v", claims)
	}
	return nil
}

func TestAppRefusals(t *testing.T) {
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	other, err := x509.MarshalPKCS8PrivateKey(curve)
	if err != nil {
		t.Fatal(err)
	}
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/app" {
			write(w, 401, `{"message":"A JSON web token could not be decoded"}`)
			return
		}
		write(w, 200, `{"url":"https://ci"}`)
	})
	bad := map[string]string{
		"empty": "", "text": "hello", "cut": "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n",
		"curve": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: other})),
	}
	for name, text := range bad {
		var p state.Problem
		_, err := c.App(t.Context(), state.AppAuth{ID: 1, Key: state.NewSecret(text)})
		if !errors.As(err, &p) || p.ID != "F13" || p.Fix == "" {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := c.App(t.Context(), state.AppAuth{ID: 1, Key: newKey(t)}); !errors.Is(err, state.ErrUnauthorized) {
		t.Errorf("wrong key: got %v", err)
	}
}

func TestAppBySlug(t *testing.T) {
	c, _ := routes(t, map[string]string{"GET /apps/ci-app": `200 {"id":12,"slug":"ci-app","client_id":"Iv1.x"}`})
	if a, found, err := c.AppBySlug(t.Context(), "ci-app"); err != nil || !found || a.ClientID != "Iv1.x" {
		t.Errorf("got %+v, %v, %v", a, found, err)
	}
	if _, found, err := c.AppBySlug(t.Context(), "none"); err != nil || found {
		t.Errorf("absent: %v, %v", found, err)
	}
}

func TestConvert(t *testing.T) {
	const reply = `{"id":12,"slug":"ci","client_id":"Iv1","client_secret":"cs","pem":"key","webhook_secret":%s,"permissions":{"contents":"read"}}`
	var n atomic.Int32
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		n.Add(1)
		if r.Header.Get("Authorization") != "" {
			t.Error("signed in")
		}
		switch r.URL.Path {
		case "/app-manifests/good/conversions":
			write(w, 201, fmt.Sprintf(reply, `"ws"`))
		case "/app-manifests/null/conversions":
			write(w, 201, fmt.Sprintf(reply, `null`))
		case "/app-manifests/limited/conversions":
			write(w, 429, `{"message":"slow down"}`)
		case "/app-manifests/lost/conversions":
			panic(http.ErrAbortHandler)
		default:
			write(w, 404, `{"message":"Not Found"}`)
		}
	})
	cases := []struct {
		code string
		hook string
		kind error
	}{
		{"good", "ws", nil}, {"null", "", nil}, {"spent", "", state.ErrNotFound},
		{"limited", "", state.ErrLimited}, {"lost", "", state.ErrOffline},
	}
	for _, tc := range cases {
		n.Store(0)
		got, err := c.Convert(t.Context(), state.NewSecret(tc.code))
		if !errors.Is(err, tc.kind) || n.Load() != 1 {
			t.Errorf("%s: %v after %d attempts", tc.code, err, n.Load())
		}
		if err == nil && (got.Key.Reveal() != "key" || got.ClientSecret.Reveal() != "cs" || got.HookSecret.Reveal() != tc.hook ||
			got.App.ID != 12 || got.App.Permissions["contents"] != "read") {
			t.Errorf("%s: got %+v", tc.code, got)
		}
		if err != nil && strings.Contains(err.Error(), tc.code+"/conv") {
			t.Errorf("the code is in the error: %v", err)
		}
	}
}
