package state

import (
	"slices"
	"testing"
)

func TestQuestionsCoverTheFile(t *testing.T) {
	var keys, secrets []string
	for _, q := range Questions() {
		if q.Ask == "" || q.Why == "" || q.Kind == "" {
			t.Errorf("%s is incomplete", q.Key)
		}
		if q.Kind == KindSecret {
			secrets = append(secrets, q.Key)
			continue
		}
		keys = append(keys, q.Key)
		if q.Accept == nil {
			t.Errorf("%s accepts anything", q.Key)
		}
		for _, choice := range q.Choices {
			if err := q.Accept(Answer{Value: NewSecret(choice)}); err != nil {
				t.Errorf("%s refuses its own choice: %v", q.Key, err)
			}
		}
	}
	if !slices.Equal(keys, ConfigKeys()) {
		t.Errorf("questions %v\nkeys %v", keys, ConfigKeys())
	}
	want := []string{"github.app_return", "github.proxy_login_client_secret", "github.buildbot_login_client_secret", "github.token", "cloudflare.token"}
	if !slices.Equal(secrets, want) {
		t.Errorf("secret answers %v", secrets)
	}
	for _, key := range want {
		if !SecretAnswer(key) {
			t.Errorf("%s is not secret", key)
		}
	}
	if SecretAnswer("ci.domain") || SecretAnswer("nonsense") {
		t.Error("too much is secret")
	}
}

func TestRequired(t *testing.T) {
	tests := []struct {
		name string
		set  map[string]string
		want []string
	}{
		{"nothing said", nil, []string{"host.ssh", "ci.domain", "github.repos"}},
		{"all said", map[string]string{"host.ssh": "h", "ci.domain": "a.b", "github.repos": "o/r"}, nil},
		{"a host by name", map[string]string{"host.name": "h", "ci.domain": "a.b", "github.repos": "o/r"}, nil},
		{"a host by address", map[string]string{"host.ssh": "192.0.2.1", "ci.domain": "a.b", "github.repos": "o/r"}, []string{"host.name"}},
		{"one of three", map[string]string{"ci.domain": "a.b"}, []string{"host.ssh", "github.repos"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var c Config
			for k, v := range tt.set {
				if err := c.Set(k, v); err != nil {
					t.Fatal(err)
				}
			}
			var got []string
			for _, q := range Required(c) {
				got = append(got, q.Key)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestEnvName(t *testing.T) {
	if got := EnvName("cache.r2.token_name"); got != "NIXWRIGHT_CACHE_R2_TOKEN_NAME" {
		t.Error(got)
	}
	seen := map[string]bool{}
	for _, q := range Questions() {
		if n := EnvName(q.Key); seen[n] {
			t.Errorf("%s answers two keys", n)
		} else {
			seen[n] = true
		}
	}
}
