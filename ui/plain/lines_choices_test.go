package plain

import (
	"testing"

	"github.com/nixwright/nixwright/state"
)

func TestLinesAnswers(t *testing.T) {
	for name, tc := range map[string]struct{ key, text, want, refused string }{
		"a choice by number":            {"ci.access", "2", state.TwoLogins, ""},
		"a choice by itself":            {"ci.access", "Two-Logins", state.TwoLogins, ""},
		"a choice by its beginning":     {"ci.access", "fully", state.FullyPrivate, ""},
		"no choice":                     {"ci.access", "3", "", "that is none of the choices"},
		"a number that is a value":      {"ci.eval_workers", "2", "2", ""},
		"another number":                {"ci.eval_workers", "3", "3", ""},
		"no number":                     {"ci.eval_workers", "many", "", "ci.eval_workers: \"many\" is not a number"},
		"an offer by number":            {"gc.older_than", "2", "168h", ""},
		"what is not offered":           {"gc.older_than", "100h", "100h", ""},
		"nothing, where that is one":    {"cache.r2.location", "1", "", ""},
		"a command in quotes":           {"cache.r2.bucket", "\"status\"", "status", ""},
		"an id that looks like another": {"cache.r2.account", "0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef", ""},
		"a private key":                 {"cache.r2.bucket", "-----BEGIN PRIVATE KEY-----", "", "that is a private key"},
		"neither yes nor no":            {"secrets.create_identity", "perhaps", "", "that is neither yes nor no"},
		"yes":                           {"secrets.create_identity", "yes", "yes", ""},
	} {
		t.Run(name, func(t *testing.T) {
			q, _ := state.QuestionFor(tc.key)
			v, err := answerTo(q, tc.text)
			if tc.refused != "" {
				if err == nil || state.AsProblem(parts(err)[0]).What != tc.refused {
					t.Errorf("refused with %v", err)
				}
				return
			}
			if err != nil || !v.Equal(state.NewSecret(tc.want)) {
				t.Errorf("%v, want %q", err, tc.want)
			}
		})
	}
}
