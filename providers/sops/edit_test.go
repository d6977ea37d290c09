package sops

import (
	"errors"
	"strings"
	"testing"
)

const (
	one   = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
	two   = "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg"
	three = "age1t62lqr52hvy66hmlfj59l7h5ae7zmhkccqz6vg3w5zqhdt6gnqgqqqqqqq"
	path  = "secrets/ci.yaml"
)

const ours = `  - path_regex: ^secrets/ci\.yaml$
    key_groups:
      - age:
          - ` + one + `
          - ` + two + `
`

func TestAddRecipients(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, before, after string }{
		{"no file", "", "creation_rules:\n" + ours},
		{"only comments", "# who reads what\n", "# who reads what\ncreation_rules:\n" + ours},
		{"empty key", "creation_rules:\nstores:\n  yaml:\n    indent: 2\n", "creation_rules:\n" + ours + "stores:\n  yaml:\n    indent: 2\n"},
		{"other keys only", "stores:\n  yaml:\n    indent: 2\n", "stores:\n  yaml:\n    indent: 2\ncreation_rules:\n" + ours},
		{"no newline at the end", "creation_rules:\n  - path_regex: x$\n    age: " + one, "creation_rules:\n  - path_regex: x$\n    age: " + one + "\n" + ours},
		{
			"after the last rule, comments stay",
			"# top\ncreation_rules:\n  # others\n  - path_regex: other/.*   # all\n    pgp: ABC\n  # end of rules\n\n# stores\nstores: {yaml: {indent: 2}}\n",
			"# top\ncreation_rules:\n  # others\n  - path_regex: other/.*   # all\n    pgp: ABC\n  # end of rules\n" + ours + "\n# stores\nstores: {yaml: {indent: 2}}\n",
		},
		{
			"rules without indentation",
			"creation_rules:\n- path_regex: other\n  age: >-\n    " + one + ",\n    " + two + "\n",
			"creation_rules:\n- path_regex: other\n  age: >-\n    " + one + ",\n    " + two + "\n" + outdent(ours),
		},
		{"there already", "creation_rules:\n" + ours + "# end\n", "creation_rules:\n" + ours + "# end\n"},
		{"there already, in any shape", "creation_rules: [{age: [" + one + ", &a " + two + "]}]\n", "creation_rules: [{age: [" + one + ", &a " + two + "]}]\n"},
		{"list lacks one", "creation_rules:\n" + without(ours) + "# end", "creation_rules:\n" + ours + "# end"},
		{
			"list under age, PGP kept",
			"creation_rules:\n  - path_regex: secrets/ci.yaml\n    age:\n    - " + one + " # me\n    pgp: ABC\n",
			"creation_rules:\n  - path_regex: secrets/ci.yaml\n    age:\n    - " + one + " # me\n    - " + two + "\n    pgp: ABC\n",
		},
		{
			"commas",
			"creation_rules:\n  - path_regex: secrets/ci\\.yaml$\n    age: " + one + " # me\n",
			"creation_rules:\n  - path_regex: secrets/ci\\.yaml$\n    age: " + one + "," + two + " # me\n",
		},
		{
			"commas in quotes",
			"creation_rules:\n  - path_regex: \"^secrets/ci.yaml\"\n    age: \"" + one + "\"\n",
			"creation_rules:\n  - path_regex: \"^secrets/ci.yaml\"\n    age: \"" + one + "," + two + "\"\n",
		},
		{
			"commas, folded",
			"creation_rules:\n  - path_regex: secrets/ci.yaml\n    age: >-\n      " + three + ",\n      " + one + "\n\n  - age: " + one + "\n",
			"creation_rules:\n  - path_regex: secrets/ci.yaml\n    age: >-\n      " + three + ",\n      " + one + ",\n      " + two + "\n\n  - age: " + one + "\n",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := addRecipients(c.before, path, []string{one, two})
			if err != nil {
				t.Fatal(err)
			}
			if got != c.after {
				t.Errorf("got\n%s\nwant\n%s", got, c.after)
			}
			if again, err := addRecipients(got, path, []string{two, one}); err != nil || again != got {
				t.Errorf("a second time: %v\n%s", err, again)
			}
		})
	}
}

func TestAddRecipientsLeavesTheUnusual(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]string{
		"anchors":              "keys:\n  - &me " + one + "\ncreation_rules:\n  - path_regex: x/.*\n    key_groups:\n      - age:\n          - *me\n",
		"flow list":            "creation_rules:\n  - path_regex: secrets/ci.yaml\n    age: [" + one + "]\n",
		"flow rules":           "creation_rules: []\n",
		"catch-all":            "creation_rules:\n  - age: " + one + "\n",
		"rule for more files":  "creation_rules:\n  - path_regex: secrets/.*\n    age: " + one + "\n",
		"tabs":                 "creation_rules:\n  - path_regex: x\n    age:\t" + one + "\n",
		"carriage returns":     "creation_rules:\r\n  - path_regex: x\r\n    age: " + one + "\r\n",
		"two documents":        "creation_rules:\n  - path_regex: x\n    age: " + one + "\n---\na: 1\n",
		"end of document":      "creation_rules:\n  - path_regex: x\n    age: " + one + "\n...\n",
		"several groups":       "creation_rules:\n  - path_regex: secrets/ci.yaml\n    key_groups:\n      - age:\n          - " + one + "\n      - pgp:\n          - ABC\n",
		"no age list":          "creation_rules:\n  - path_regex: secrets/ci.yaml\n    pgp: ABC\n",
		"commas over lines":    "creation_rules:\n  - path_regex: secrets/ci.yaml\n    age: " + one + ",\n      " + three + "\n",
		"not a list":           "creation_rules: no\n",
		"rules that are texts": "creation_rules:\n  - no\n",
	} {
		got, err := addRecipients(before, path, []string{one, two})
		if _, ok := errors.AsType[unusual](err); !ok {
			t.Errorf("%s: %v\n%s", name, err, got)
		}
	}
}

func FuzzAddRecipients(f *testing.F) {
	f.Add("creation_rules:\n" + ours)
	f.Add("creation_rules:\n  - path_regex: x\n    age: |\n      a,\n      # b\n# c\nd: e\n")
	f.Fuzz(func(t *testing.T, before string) {
		got, err := addRecipients(before, path, []string{one, two})
		if err != nil {
			return
		}
		if again, err := addRecipients(got, path, []string{one, two}); err != nil || again != got {
			t.Errorf("a second time: %v\nbefore %q\nonce  %q\ntwice %q", err, before, got, again)
		}
	})
}

func outdent(s string) string {
	return strings.ReplaceAll(strings.TrimPrefix(s, "  "), "\n  ", "\n")
}

func without(s string) string { return strings.Replace(s, "          - "+two+"\n", "", 1) }
