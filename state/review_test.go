package state

import (
	"slices"
	"strings"
	"testing"
)

// smallest is a configuration of the three answers that all follows from.
func smallest(t *testing.T) Config {
	t.Helper()
	var c Config
	for key, v := range map[string]string{"host.ssh": "root@omnara1.phlip9.com", "ci.domain": "ci.phlip9.com", "github.repos": "phlip9/dotfiles"} {
		if err := c.Set(key, v); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func TestReviewTellsWhatWasSaidAndWhy(t *testing.T) {
	said := smallest(t)
	_ = said.Set("cache.r2.bucket", "my-own-bucket")
	derived := said.Derive()
	mine := []string{"host.ssh", "ci.domain", "github.repos", "cache.r2.bucket"}
	all := Review(said)
	for _, r := range all {
		if v, _ := derived.Value(r.Key); v != r.Value {
			t.Errorf("%s is %q, want %q", r.Key, r.Value, v)
		}
		if r.Said != slices.Contains(mine, r.Key) || r.Said != (r.Why == "you") {
			t.Errorf("%s: said %v, %q", r.Key, r.Said, r.Why)
		}
		if r.Why == "" || r.Name == "" || strings.Contains(r.Why, "%") {
			t.Errorf("%s has no reason: %+v", r.Key, r)
		}
		if q, ok := QuestionFor(r.Key); !ok || !slices.Equal(q.Choices, r.Choices) {
			t.Errorf("%s offers %v", r.Key, r.Choices)
		}
		// Each can be changed, and what is changed is then said.
		changed := said
		if err := changed.Set(r.Key, r.Value); err != nil && r.Value != "" {
			t.Errorf("%s does not take %q: %v", r.Key, r.Value, err)
		}
	}
	for key, why := range map[string]string{"github.app_name": "named after the owner; 18 of 34 characters", "ci.access": "recommended: one login for all pages"} {
		if i := slices.IndexFunc(all, func(r Reviewed) bool { return r.Key == key }); i < 0 || all[i].Why != why {
			t.Errorf("%s is not because %q", key, why)
		}
	}
}

func TestReviewHasTheSecondLoginWhereThereIsOne(t *testing.T) {
	has := func(c Config) bool {
		return slices.ContainsFunc(Review(c), func(r Reviewed) bool { return r.Key == "github.buildbot_login_app" })
	}
	c := smallest(t)
	if has(c) {
		t.Error("fully-private has a second login")
	}
	_ = c.Set("ci.access", TwoLogins)
	if !has(c) {
		t.Error("two-logins has no second login")
	}
}

// TestReviewOfNothing: before anything is said, nothing is made up.
func TestReviewOfNothing(t *testing.T) {
	for _, r := range Review(Config{}) {
		if r.Said || strings.Contains(r.Key, "domain") && r.Value != "" {
			t.Errorf("%+v", r)
		}
	}
}

// TestReviewOnAHostShowsTheArithmetic: what follows from the host's size is
// filled in where it is known, and what a person said stays.
func TestReviewOnAHostShowsTheArithmetic(t *testing.T) {
	row := func(all []Reviewed, key string) Reviewed {
		return all[slices.IndexFunc(all, func(r Reviewed) bool { return r.Key == key })]
	}
	c := smallest(t)
	seen := Host{Threads: 12, Memory: 67_323_000_000}
	all := ReviewOn(c, seen)
	if r := row(all, "workers"); r.Value != "omnara1=10" || r.Why != "12 threads less 2" || r.Said {
		t.Errorf("%+v", r)
	}
	if r := row(all, "ci.eval_workers"); r.Value != "4" || !strings.HasPrefix(r.Why, "fits 62.7 GiB: 4 x 4 GiB + 8 GiB for builds") || r.Said {
		t.Errorf("%+v", r)
	}
	if r := row(Review(c), "ci.eval_workers"); r.Value != "" || r.Why != "as many at once as the host's memory has room for" {
		t.Errorf("of a host unseen: %+v", r)
	}
	_ = c.Set("workers", "omnara1=3")
	_ = c.Set("ci.eval_workers", "2")
	all = ReviewOn(c, seen)
	for key, want := range map[string]string{"workers": "omnara1=3", "ci.eval_workers": "2"} {
		if r := row(all, key); r.Value != want || !r.Said || r.Why != "you" {
			t.Errorf("%+v", r)
		}
	}
	if c.Workers[0].Cores != 3 || smallest(t).Derive().Workers[0].Cores != 0 {
		t.Error("a review changed the configuration")
	}
}
