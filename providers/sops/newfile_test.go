package sops_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A new file of ours has the metadata that the CLI would give it by the same
// rule.
func TestANewFileIsAsTheCLIMakesIt(t *testing.T) {
	t.Parallel()
	for _, rule := range []string{
		"", "unencrypted_suffix: _x", "encrypted_suffix: n", "encrypted_regex: ^token", "unencrypted_regex: ^port$", "unencrypted_comment_regex: clear", "mac_only_encrypted: true",
		"mac_only_encrypted: true\n    encrypted_regex: ^token", "shamir_threshold: 2\n    key_groups: [{age: [ME]}, {age: [ME]}, {age: [ME]}]", "key_groups: [{age: [ME]}, {age: [ME]}]",
	} {
		w := newWorld(t)
		w.write(w.rules(), "creation_rules:\n  - path_regex: .*\n    age: "+w.me+"\n    "+strings.ReplaceAll(rule, "ME", w.me)+"\n")
		w.keep("token", "x")
		theirs := filepath.Join(w.root, "secrets", "theirs.yaml")
		w.write(theirs, "token: x\n")
		w.judge("encrypt", "--in-place", theirs)
		if a, b := metadata(w.read(w.path())), metadata(w.read(theirs)); !slices.Equal(a, b) {
			t.Errorf("%s: ours has\n%s\nthe CLI's\n%s", rule, strings.Join(a, "\n"), strings.Join(b, "\n"))
		}
	}
}

// metadata are the lines under the key sops, but for what is random.
func metadata(text string) []string {
	_, below, _ := strings.Cut(text, "\nsops:\n")
	var all []string
	sealed := false
	for line := range strings.Lines(below) {
		word := strings.TrimSpace(line)
		sealed = sealed || strings.HasPrefix(word, "-----BEGIN")
		if !sealed && !strings.HasPrefix(word, "mac: ") && !strings.HasPrefix(word, "lastmodified: ") {
			all = append(all, strings.TrimRight(line, "\n"))
		}
		sealed = sealed && !strings.HasPrefix(word, "-----END")
	}
	return all
}
