package main

import (
	"strings"
	"testing"

	"github.com/nixwright/nixwright/providers/fake"
)

// The console's token is made where the answers ask for it, is sealed, reaches
// the host, only reads, and is made once.
func TestTheConsolesTokenIsMadeOnlyWhereItIsAskedFor(t *testing.T) {
	t.Parallel()
	const token, secret = "nixwright-console-omnara1", "nixwright-cloudflare-read"
	l := newLab(t, "fresh")
	see := func() (tokens []fake.CloudToken, onHost bool) {
		world := l.world()
		for _, one := range world.Cloud.Tokens {
			if one.Name == token {
				tokens = append(tokens, one)
			}
		}
		_, onHost = world.Host.Secrets[secret]
		return tokens, onHost
	}
	l.setup()
	if tokens, onHost := see(); len(tokens) > 0 || onHost || strings.Contains(l.read("nixos/omnara1/secrets.yaml"), secret) {
		t.Error("it was made without being asked for")
	}
	l.write("nixwright.toml", l.read("nixwright.toml")+"\n[console]\ncloudflare_token = true\n")
	plan := l.must(4, "plan").out
	for _, want := range []string{"console-token", "create API token " + token + ", which only reads", "seal " + secret} {
		if !strings.Contains(plan, want) {
			t.Errorf("the plan does not say %q:\n%s", want, plan)
		}
	}
	l.setup()
	tokens, onHost := see()
	if len(tokens) != 1 || !onHost || !strings.Contains(l.read("nixos/omnara1/secrets.yaml"), secret+": ENC[") {
		t.Fatalf("%d tokens, on the host: %v", len(tokens), onHost)
	}
	if len(tokens[0].Policies) != 2 || l.status().True != 15 {
		t.Errorf("policies %+v; %d lines are true", tokens[0].Policies, l.status().True)
	}
	writes := len(l.writes())
	l.setup()
	if n := len(l.writes()); n != writes {
		t.Errorf("one more run made %d write requests", n-writes)
	}
	// Who deletes it gets another one.
	l.cloudflare("DELETE", "/accounts/"+tokens[0].Account+"/tokens/"+tokens[0].ID, "", nil)
	l.setup()
	if again, _ := see(); len(again) != 1 || again[0].ID == tokens[0].ID {
		t.Errorf("after it was deleted: %+v", again)
	}
}
