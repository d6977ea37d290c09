package fake

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/state"
)

// The page that is filled in makes a token that may exactly what it says.
func TestCloudTokenPage(t *testing.T) {
	t.Parallel()
	w := startWorld(t, "fresh", Options{})
	api := w.Endpoints().CloudflareAPI
	for _, own := range []bool{false, true} {
		read, err := PersonReads(t.Context(), http.DefaultClient, state.CloudflareTokenURL(api, own))
		if err != nil || len(read["token"]) != 40 {
			t.Fatalf("read %v, %v", read, err)
		}
		var made CloudToken
		var want []CloudPolicy
		w.Look(func(s *State) {
			made = *find(s.Cloud.Tokens, func(t *CloudToken) bool { return t.Hash == hashAPIToken(read["token"]) })
			want = s.bootstrapPolicies(own)
		})
		if made.Name != "nixwright" || (made.Account == theAccount) != own || len(made.Policies) != len(want) {
			t.Fatalf("made %+v", made)
		}
		for i, p := range made.Policies {
			if !slices.Equal(p.Groups, want[i].Groups) {
				t.Errorf("policy %+v, want %+v", p, want[i])
			}
			for resource := range want[i].Resources {
				if p.Resources[resource] != "*" {
					t.Errorf("policy %+v, want %+v", p, want[i])
				}
			}
		}
		path := "/user/tokens/verify"
		if own {
			path = "/accounts/" + theAccount + "/tokens/verify"
		}
		if got := fetch(t, "GET", api+path, http.Header{"Authorization": {"Bearer " + read["token"]}}, ""); got.status != http.StatusOK {
			t.Errorf("own %v: %d %s", own, got.status, got.body)
		}
	}
}

func TestCloudTokenPageRefuses(t *testing.T) {
	t.Parallel()
	w := startWorld(t, "fresh", Options{})
	site := w.url("cloudflare")
	before := w.writes()
	for _, c := range []struct {
		name, path string
		keys       string
		token      string
		says       string
	}{
		{"no name", userTokensPage, `[{"key":"dns","type":"edit"}]`, " ", "token name is required"},
		{"nothing", userTokensPage, `[]`, "x", "at least one permission"},
		{"no JSON", userTokensPage, `[{`, "x", "at least one permission"},
		{"unknown ones", userTokensPage, `[{"key":"stars","type":"edit"},{"key":"dns","type":"shine"}]`, "x", "at least one permission"},
		{"the user's, for the account", ownTokensPage, `[{"key":"api_tokens","type":"edit"}]`, "x", "at least one permission"},
	} {
		p := openSheet(t, site+c.path+"?"+url.Values{templateKeys: {c.keys}, "name": {c.token}}.Encode())
		p, err := send(t, p, "/summary", nil)
		if err == nil || !strings.Contains(p.title, c.says) || len(p.forms) != 1 {
			t.Errorf("%s: %v, %+v", c.name, err, p)
		}
		if _, err := sendForm(t.Context(), http.DefaultClient, webPage{at: p.at, forms: []webForm{{
			action: c.path, method: http.MethodPost, fields: url.Values{templateKeys: {c.keys}, "name": {c.token}},
		}}}); err == nil {
			t.Errorf("%s: made without the summary", c.name)
		}
	}
	if w.writes() != before {
		t.Error("something was made")
	}
}

// The list of tokens leads to the page that deletes one.
func TestCloudTokenList(t *testing.T) {
	t.Parallel()
	w := startWorld(t, "fresh", Options{})
	list := state.CloudflareTokensURL(w.Endpoints().CloudflareAPI, true)
	if p := openSheet(t, list); len(p.forms) != 0 || p.title != "API Tokens" {
		t.Errorf("page %+v", p)
	}
	var id string
	w.Look(func(s *State) { id = s.Cloud.Tokens[0].ID })
	if err := Person(t.Context(), http.DefaultClient, w.url("cloudflare")+userTokensPage+"/"+id+"/delete"); err == nil {
		t.Error("the account's token is deleted as the user's")
	}
	if err := Person(t.Context(), http.DefaultClient, w.url("cloudflare")+ownTokensPage+"/"+id+"/delete"); err != nil {
		t.Error(err)
	}
	w.Look(func(s *State) {
		if s.Cloud.tokenByID(id) != nil {
			t.Error("it is still there")
		}
	})
}
