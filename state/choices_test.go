package state_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/state"
)

// derived is a configuration of which all follows.
func derived() state.Config {
	return state.Config{
		Host:   state.HostConf{SSH: "omnara1.example.org"},
		CI:     state.CIConf{Domain: "ci.example.org"},
		GitHub: state.GitHubConf{Repos: []string{"octo/dotfiles"}},
	}.Derive()
}

func TestChoose(t *testing.T) {
	for _, q := range state.Questions() {
		t.Run(q.Key, func(t *testing.T) {
			all := state.Choose(q.Key)
			var values []string
			for i, c := range all {
				if c.Recommended != (i == 0) {
					t.Errorf("%q: recommended is not the first, and it alone", c.Value)
				}
				if c.Means == "" || strings.HasSuffix(c.Means, ".") {
					t.Errorf("%q means %q", c.Value, c.Means)
				}
				if c.Value == "" {
					continue
				}
				values = append(values, c.Value)
				if err := q.Accept(state.Answer{Value: state.NewSecret(c.Value)}); err != nil {
					t.Errorf("%q is not legal: %v", c.Value, err)
				}
			}
			slices.Sort(values)
			if distinct := slices.Compact(slices.Clone(values)); len(distinct) != len(values) {
				t.Errorf("a value stands twice: %q", values)
			}
			want := slices.Sorted(slices.Values(q.Choices))
			if len(want) > 1 && !slices.Equal(values, want) {
				t.Errorf("the choices are %q, the question's %q", values, want)
			}
			if have, said := derived().Value(q.Key); len(all) > 0 && said && have != all[0].Value {
				t.Errorf("%q is recommended, and %q is what follows by itself", all[0].Value, have)
			}
		})
	}
}

func TestProposeDomain(t *testing.T) {
	for ssh, want := range map[string]string{
		"omnara1.phlip9.com":                     "ci.phlip9.com",
		"root@omnara1.phlip9.com":                "ci.phlip9.com",
		"ssh://me@Omnara1.Phlip9.com:2222":       "ci.phlip9.com",
		"omnara1.phlip9.com:22":                  "ci.phlip9.com",
		"a.b.phlip9.com":                         "ci.b.phlip9.com",
		"phlip9.com":                             "ci.phlip9.com",
		"example.co.uk":                          "ci.example.co.uk",
		"omnara1.example.co.uk":                  "ci.example.co.uk",
		"omnara1":                                "",
		"root@omnara1":                           "",
		"192.0.2.7":                              "",
		"root@[2001:db8::9]:22":                  "",
		"2001:db8::9":                            "",
		"omnara1.local":                          "",
		"omnara1.lan":                            "",
		"omnara1.tail1234.ts.net":                "",
		"omnara1.home.arpa":                      "",
		"":                                       "",
		".":                                      "",
		"a..b":                                   "",
		"omnara1.under_score.com":                "",
		strings.Repeat("a.", 130) + "phlip9.com": "",
	} {
		if got := state.ProposeDomain(ssh); got != want {
			t.Errorf("%q: got %q, want %q", ssh, got, want)
		}
	}
}

func TestProblemOffers(t *testing.T) {
	p := state.Problem{Choices: "0123 phlip9's account\n4567\n89ab work"}
	want := []state.Choice{{Value: "0123", Means: "phlip9's account"}, {Value: "4567"}, {Value: "89ab", Means: "work"}}
	if got := p.Offers(); !slices.Equal(got, want) {
		t.Errorf("got %+v", got)
	}
	if got := (state.Problem{}).Offers(); got != nil {
		t.Errorf("of none: %+v", got)
	}
}

func TestIllegalAnswersNameTheirKey(t *testing.T) {
	c := derived()
	c.CI.Domain, c.GC.OlderThan, c.CI.EvalWorkers = "not a domain", "30d", -1
	c.Workers = []state.Worker{{Name: "a b", Cores: -1}}
	c.Cache.Domain = "cache\x00"
	var keys []string
	for _, p := range c.Check() {
		keys = append(keys, p.Key)
	}
	slices.Sort(keys)
	if want := []string{"cache.domain", "ci.domain", "ci.eval_workers", "gc.older_than", "workers", "workers"}; !slices.Equal(keys, want) {
		t.Errorf("got %q, want %q", keys, want)
	}
}
