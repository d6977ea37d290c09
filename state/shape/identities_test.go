package shape

import (
	"crypto/rand"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/state"
)

func TestIdentitiesKeepUnknownFields(t *testing.T) {
	const before = `{"app":{"id":2746100,"slug":"old","since":12345678901234567890},"logins":{"proxy":{"client_id":"Ov23","x":[1]},"other":{"y":{}}},"z":null}`
	ids, err := ParseIdentities(state.NewSecret(before))
	if err != nil {
		t.Fatal(err)
	}
	if ids.App.ID != 2746100 || ids.Logins[ProxyLogin].ClientID != "Ov23" {
		t.Errorf("read %+v", ids)
	}
	ids.App.Slug = "new"
	sealed, err := ids.Seal()
	if err != nil {
		t.Fatal(err)
	}
	const after = `{"app":{"id":2746100,"since":12345678901234567890,"slug":"new"},"logins":{"other":{"y":{}},"proxy":{"client_id":"Ov23","x":[1]}},"z":null}`
	if sealed.Name != IdentitiesName || sealed.Value.Reveal() != after {
		t.Errorf("wrote %s", sealed.Value.Reveal())
	}
}

func TestIdentitiesRoundTrip(t *testing.T) {
	ids := Identities{
		App: &AppIdentity{ID: 1 << 60, Slug: "s", Name: "n", ClientID: "c"},
		Logins: map[string]LoginIdentity{
			ProxyLogin:    {Name: "p", Kind: state.ViaGitHubApp, ClientID: "i", Slug: "p"},
			BuildbotLogin: {Name: "b", Kind: state.ViaOAuthApp, ClientID: "j"},
		},
	}
	sealed, err := ids.Seal()
	if err != nil {
		t.Fatal(err)
	}
	if !json.Valid([]byte(sealed.Value.Reveal())) {
		t.Error("not JSON")
	}
	back, err := ParseIdentities(sealed.Value)
	if err != nil || !reflect.DeepEqual(back, ids) {
		t.Errorf("read %+v, %v", back, err)
	}
	none, err := ParseIdentities(state.Secret{})
	if err != nil || !reflect.DeepEqual(none, Identities{}) {
		t.Errorf("nothing reads %+v, %v", none, err)
	}
}

func TestLoginSecrets(t *testing.T) {
	secret := state.NewSecret(strings.Repeat("0f", 20))
	tests := []struct {
		access, role string
		want         []state.SecretName
	}{
		{state.FullyPrivate, ProxyLogin, []state.SecretName{ProxyClientSecretName}},
		{state.TwoLogins, ProxyLogin, []state.SecretName{ProxyEnvName}},
		{state.FullyPrivate, BuildbotLogin, nil},
		{state.TwoLogins, BuildbotLogin, []state.SecretName{OAuthSecretName}},
	}
	for _, tt := range tests {
		if got := LoginSecrets(tt.access, tt.role); !slices.Equal(got, tt.want) {
			t.Errorf("%s of %s: %v", tt.role, tt.access, got)
		}
		sealed, err := SealLogin(tt.access, tt.role, secret, rand.Reader)
		if len(tt.want) == 0 {
			if err == nil {
				t.Error("sealed where nothing is")
			}
			continue
		}
		if err != nil || sealed.Name != tt.want[0] || !ClientSecret(sealed.Name, sealed.Value).Equal(secret) {
			t.Errorf("%s of %s: sealed %s, %v", tt.role, tt.access, sealed.Name, err)
		}
		spec, _ := ByName(sealed.Name)
		if err := spec.Accept(sealed.Value, config(tt.access)); err != nil {
			t.Error(err)
		}
	}
	if v := ClientSecret(ProxyEnvName, state.NewSecret("garbage")); v.Empty() || v.Reveal() == "garbage" {
		t.Error("a malformed file gives a client secret")
	}
	if v := ClientSecret(ProxyEnvName, state.Secret{}); !v.Empty() {
		t.Error("no file gives a client secret")
	}
}

func TestAnswers(t *testing.T) {
	answer := func(s string) state.Answer { return state.Answer{Value: state.NewSecret(s)} }
	hex40 := strings.Repeat("0f", 20)
	for _, id := range []string{"Ov23liO4sP0FzyZ3QmO5", " Iv23liE6dM8w5D4JF7Qz\n", "Iv1.0123456789abcdef", "0123456789abcdef0123"} {
		if err := AcceptClientID(answer(id)); err != nil || ClientIDOf(answer(id)) != strings.TrimSpace(id) {
			t.Errorf("%q: %v", id, err)
		}
	}
	for _, id := range []string{"", "a b", hex40, "https://github.com"} {
		if AcceptClientID(answer(id)) == nil {
			t.Errorf("client id %q is accepted", id)
		}
	}
	if err := AcceptClientSecret(answer(hex40)); err != nil {
		t.Error(err)
	}
	for _, s := range []string{"", hex40 + "\n", "Ov23liO4sP0FzyZ3QmO5", `"` + hex40 + `"`} {
		if AcceptClientSecret(answer(s)) == nil {
			t.Errorf("client secret %q is accepted", s)
		}
	}
	for s, yes := range map[string]bool{"yes": true, "true": true, "no": false, "": false, "perhaps": false} {
		if err := AcceptYes(answer(s)); (err == nil) != yes {
			t.Errorf("%q: %v", s, err)
		}
	}
	code, pageState, err := ParseReturn(state.NewSecret(" http://localhost:8976/?code=a180b1a3d263c81bc6441d7b990bae27d4c10679&state=5ca1e\n"))
	if err != nil || code.Reveal() != "a180b1a3d263c81bc6441d7b990bae27d4c10679" || pageState != "5ca1e" {
		t.Error(pageState, err)
	}
	for _, s := range []string{"", "nonsense", "http://localhost:8976/", "http://h/?code=x", "http://h/?state=x", "file:///x?code=a&state=b", "http://h/?code=../x&state=b"} {
		if _, _, err := ParseReturn(state.NewSecret(s)); err == nil {
			t.Errorf("address %q is accepted", s)
		}
	}
}
