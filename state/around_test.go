package state_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"github.com/nixwright/nixwright/state"
)

func TestAroundLines(t *testing.T) {
	a := state.Around{
		Git:        state.Sight{Found: true, Word: "~/dev/dotfiles, branch ma\x1b[31mster, clean"},
		Cloudflare: state.Sight{Word: "no token", Hint: "the page that makes one is prepared"},
		Host:       state.Sight{Hint: "give an ssh destination"},
		Hosts:      []string{"omnara1"},
	}
	want := []state.AroundLine{
		{"ready", "git", "~/dev/dotfiles, branch ma[31mster, clean"},
		{"unknown", "GitHub", "not looked at"},
		{"missing", "Cloudflare", "no token; the page that makes one is prepared"},
		{"unknown", "age", "not looked at"},
		{"unknown", ".sops.yaml", "not looked at"},
		{"missing", "SSH", "give an ssh destination"},
		{"unknown", "set-up", "not looked at"},
	}
	if got := a.Lines(); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	raw, err := json.Marshal(a)
	var back state.Around
	if err != nil || json.Unmarshal(raw, &back) != nil || !reflect.DeepEqual(back, a) {
		t.Errorf("%s, %v", raw, err)
	}
}
