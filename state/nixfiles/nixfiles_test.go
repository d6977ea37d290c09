package nixfiles_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/state/nixfiles"
)

// example is a CI with one login, its lists in no order.
func example() nixfiles.Facts {
	return nixfiles.Facts{
		Access:       "fully-private",
		Admins:       []string{"phlip9"},
		App:          nixfiles.App{ID: 2746100, Slug: "phlip9-buildbot-ci"},
		BuildSystems: []string{"x86_64-linux"},
		Cache: nixfiles.Cache{
			Domain:    "cache.phlip9.com",
			KeyName:   "cache.phlip9.com-1",
			PublicKey: "cache.phlip9.com-1:XKElS8qFXxVXcXIGFjRkGpyxiernJzHeQhMJ59VUdf4=",
			URL:       "https://cache.phlip9.com",
		},
		Domain:      "ci.phlip9.com",
		EvalMemory:  3072,
		EvalWorkers: 4,
		GC:          nixfiles.GC{OlderThan: "720h", Schedule: "daily"},
		Login:       nixfiles.Login{Kind: "github-app", ProxyClientID: "Iv23proxy"},
		OutputsPath: "/var/www/buildbot/nix-outputs/",
		Owner:       "phlip9",
		Repos:       []string{"phlip9/dotfiles"},
		S3:          nixfiles.S3{Bucket: "phlip9-nix-cache", Endpoint: "0123.r2.cloudflarestorage.com", Region: "auto"},
		SecretsFile: "./secrets.yaml",
		Topic:       "buildbot-phlip9",
		Users:       []string{"phlip9", "lexe-agent"},
		Webhook:     nixfiles.Webhook{BaseURL: "https://ci.phlip9.com/"},
		Workers:     []nixfiles.Worker{{Name: "omnara1", Cores: 10}},
	}
}

func TestFactsJSON(t *testing.T) {
	t.Parallel()
	f := example()
	f.Workers = []nixfiles.Worker{{Name: "omnara2", Cores: 4}, {Name: "omnara1", Cores: 10}}
	got := f.JSON()

	if !strings.HasSuffix(got, "}\n") || !strings.Contains(got, "\n  \"schema\": 1,\n") {
		t.Errorf("indent, schema or last newline missing:\n%s", got)
	}
	var generic map[string]any
	if err := json.Unmarshal([]byte(got), &generic); err != nil {
		t.Fatal(err)
	}
	// Maps are written in the order of their names, so this is the sorted text.
	sorted, err := json.MarshalIndent(generic, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if string(sorted)+"\n" != got {
		t.Errorf("names are not sorted:\n%s", got)
	}

	again := f
	again.Users = []string{"lexe-agent", "phlip9", "phlip9"}
	again.Workers = []nixfiles.Worker{f.Workers[1], f.Workers[0]}
	again.Schema = 7
	if again.JSON() != got {
		t.Error("equal facts in another order give another text")
	}
	if f.Users[0] != "phlip9" || f.Workers[0].Name != "omnara2" {
		t.Error("JSON changed the facts that it was called on")
	}
	var empty nixfiles.Facts
	if strings.Contains(empty.JSON(), "null") {
		t.Errorf("an empty list became null:\n%s", empty.JSON())
	}
}

func TestShipped(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		nixfiles.ModuleName:    nixfiles.Module(),
		nixfiles.ClientName:    nixfiles.Client(),
		nixfiles.RepoFlakeName: nixfiles.RepoFlake(),
	} {
		if !nixfiles.Shipped(name, text) {
			t.Errorf("%s was changed: put its new SHA-256 into versions.go", name)
		}
		if nixfiles.Shipped(name, text+"\n") {
			t.Errorf("%s: an edited text counts as ours", name)
		}
	}
	if nixfiles.Shipped(nixfiles.ClientName, nixfiles.Module()) || nixfiles.Shipped("other.nix", "") {
		t.Error("a text counts as ours under another name")
	}
}

// The format of the facts file is what the modules of every release read: it
// changes only on purpose, and then the schema with it where something is gone.
func TestFactsHaveTheirFormat(t *testing.T) {
	t.Parallel()
	golden := filepath.Join("testdata", "ci-facts.golden.json")
	got := example().JSON()
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the facts are written as\n%s\nand not as in %s; go test -update writes it anew", got, golden)
	}
}

var update = flag.Bool("update", false, "write the goldens anew")
