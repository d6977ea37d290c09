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
