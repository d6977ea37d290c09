package state

import (
	"slices"
	"strings"
	"testing"
)

func TestSetAndValue(t *testing.T) {
	tests := []struct{ key, set, want string }{
		{"cache.r2.bucket", " phlip9-nix-cache ", "phlip9-nix-cache"},
		{"ci.users", "phlip9, lexe-agent,,", "phlip9,lexe-agent"},
		{"ci.eval_workers", "4", "4"},
		{"adopt.app_id", "2746100", "2746100"},
		{"secrets.create_identity", "yes", "true"},
		{"secrets.create_identity", "no", ""},
		{"workers", "omnara1=10, build2=8,lazy", "omnara1=10,build2=8,lazy"},
		{"deploy.command", "nixos-rebuild,switch", "nixos-rebuild,switch"},
		{"gc.schedule", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.key, func(t *testing.T) {
			var c Config
			if err := c.Set(tt.key, tt.set); err != nil {
				t.Fatal(err)
			}
			if got, said := c.Value(tt.key); got != tt.want || said != (tt.want != "") {
				t.Errorf("Value %q, %v", got, said)
			}
		})
	}
}

func TestSetRefuses(t *testing.T) {
	tests := []struct{ key, value, want string }{
		{"cache.r2.bukket", "x", "did you mean cache.r2.bucket?"},
		{"schema", "2", "unknown key schema"},
		{"ci.eval_workers", "four", "is not a number"},
		{"secrets.create_identity", "perhaps", "is not true or false"},
		{"workers", "a=many", "omnara1=10,build2=8"},
		{"github.token", "ghp_0123456789", "NIXWRIGHT_GITHUB_TOKEN"},
	}
	for _, tt := range tests {
		t.Run(tt.key, func(t *testing.T) {
			var c Config
			err := c.Set(tt.key, tt.value)
			if err == nil {
				t.Fatal("accepted")
			}
			p := AsProblem(err)
			if text := p.What + p.Why + p.Fix; !strings.Contains(text, tt.want) || strings.Contains(text, "ghp_") {
				t.Errorf("%+v lacks %q", p, tt.want)
			}
		})
	}
}

func TestConfigKeysAreTheFilesKeys(t *testing.T) {
	keys := ConfigKeys()
	if len(keys) != len(slices.Compact(slices.Sorted(slices.Values(keys)))) {
		t.Error("a key stands twice")
	}
	for _, want := range []string{"host.name", "workers", "cache.r2.account", "endpoints.cache"} {
		if !slices.Contains(keys, want) {
			t.Errorf("lacks %s", want)
		}
	}
	if _, said := (Config{}).Value("nonsense"); said {
		t.Error("an unknown key has a value")
	}
}

func TestSuggest(t *testing.T) {
	tests := []struct{ word, want string }{
		{"cache.r2.bukket", "cache.r2.bucket"},
		{"cache.r2.bucket", "cache.r2.bucket"},
		{"cach.domain", "cache.domain"},
		{"host.nmae", "host.name"},
		{"r2.token_name", "cache.r2.token_name"},
		{"bucket", "cache.r2.bucket"},
		{"domain", ""},
		{"x", ""},
		{"", ""},
		{strings.Repeat("long", 100), ""},
	}
	for _, tt := range tests {
		if got := Suggest(tt.word, ConfigKeys()); got != tt.want {
			t.Errorf("Suggest(%q) = %q, want %q", tt.word, got, tt.want)
		}
	}
}
