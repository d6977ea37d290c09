package sops

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/getsops/sops/v3/config"
)

// These tests make rules as people write them, let them be edited, and let
// sops' own loader say which rule matches which file before and after.

// generated is the text of a .sops.yaml: comments, blank lines, several rules,
// every shape of recipients, and now and then anchors or flow style.
func generated(rng *rand.Rand) string {
	var b strings.Builder
	one := func(of ...string) string { return of[rng.IntN(len(of))] }
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	noise := func(pad string) {
		for rng.IntN(4) == 0 {
			line("%s", one("", "  ", pad+"# a comment", pad+"# path_regex: secrets/ci.yaml", "# at the edge", pad+"   # deep"))
		}
	}
	key := func() string { return one(one1, one2, one3) }
	anchors := rng.IntN(6) == 0
	noise("")
	if anchors {
		line("keys:\n  - &me %s\n  - &host %s\n  - &both {age: [%s]}", key(), key(), key())
		key = func() string { return one(one1, "*me", "*host") }
	}
	stores := func() { line("stores:%s\n  yaml:\n    indent: %d", one("", " # how", "  "), 2+2*rng.IntN(2)) }
	first := rng.IntN(3) == 0
	if first {
		stores()
		noise("")
	}
	if rng.IntN(12) == 0 {
		return b.String()
	}
	line("creation_rules:%s", one("", "", " # the rules", " "))
	pad := one("", "  ", "    ")
	for range rng.IntN(5) {
		noise(pad)
		in := pad + "  "
		pattern := one("other/.*", "^hosts/", `secrets/ci\.yaml$`, "^secrets/ci.yaml$", `'^secrets/ci\.yaml$'`, `"^secrets/ci\\.yaml$"`, "secrets/.*", "[^/]+[.]json", "x", "")
		if anchors && rng.IntN(4) == 0 {
			line("%s- <<: *both\n%spath_regex: %s", pad, in, pattern)
			continue
		}
		if pattern == "" {
			line("%s- unencrypted_suffix: _x", pad)
		} else {
			line("%s- path_regex: %s%s", pad, pattern, one("", " # which"))
		}
		if rng.IntN(3) == 0 {
			line("%s%s", in, one("encrypted_regex: ^data$", "mac_only_encrypted: true", "pgp: 85D77543B3D624B63CEA9E6DBC17301B491B3F21", "# inside"))
		}
		shape := rng.IntN(8)
		if anchors {
			shape = rng.IntN(2)
		}
		switch shape {
		case 0:
			line("%skey_groups:\n%s  - age:\n%s      - %s%s\n%s      - %s", in, in, in, key(), one("", " # me"), in, key())
		case 1:
			line("%sage:\n%s  - %s\n%s  # and\n%s  - %s", in, in, key(), in, in, key())
		case 2:
			line("%sage: %s", in, key())
		case 3:
			line("%sage: %q", in, key()+","+key())
		case 4:
			line("%sage: >-\n%s  %s,\n%s  %s", in, in, key(), in, key())
		case 5:
			line("%sage: [%s]", in, key())
		case 6:
			line("%sshamir_threshold: 2\n%skey_groups:\n%s  - age:\n%s    - %s\n%s  - age:\n%s    - %s", in, in, in, in, key(), in, in, key())
		case 7:
			line("%skey_groups:\n%s- age:\n%s  - %s\n%s  pgp:\n%s  - 85D77543B3D624B63CEA9E6DBC17301B491B3F21", in, in, in, key(), in, in)
		}
		noise(in)
	}
	if !first && rng.IntN(2) == 0 {
		noise("")
		stores()
	}
	if noise(""); rng.IntN(4) == 0 {
		return strings.TrimSuffix(b.String(), "\n")
	}
	return b.String()
}

// Recipients that are real: sops checks them.
const (
	one1 = "age17044m9wgakla6pzftf4srtl3h5mcsr85jysgt5fg23zpnta8sfdqhzn452"
	one2 = "age1pa3t6c94xl4z6k02rt0lw2za7e7tdjsse46xjh8y7tluy59qu5tqaqgauq"
	one3 = "age1hjm3aujg9e79f5yth8a2cejzdjg5n9vnu96l05p70uvfpeltnpms7yy3pp"
)

// loaded is what sops makes of the rules for a path: its keys and threshold,
// or that it has none.
func loaded(t *testing.T, dir, text, path string) (summary string, ages []string) {
	t.Helper()
	rules := filepath.Join(dir, rulesName)
	if err := os.WriteFile(rules, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	conf, err := config.LoadCreationRuleForFile(rules, filepath.Join(dir, path), nil)
	if err != nil && !strings.Contains(err.Error(), "no matching creation rules") {
		return "error", nil
	}
	if conf == nil {
		return "no rule", nil
	}
	for _, group := range conf.KeyGroups {
		var all []string
		for _, key := range group {
			all = append(all, keyName(key))
			if isAge(key) {
				ages = append(ages, key.ToString())
			}
		}
		slices.Sort(all)
		summary += strings.Join(all, " ") + "; "
	}
	return fmt.Sprint(summary, conf.ShamirThreshold, conf.EncryptedRegex, conf.UnencryptedSuffix, conf.MACOnlyEncrypted), ages
}

// edits adds to rules for the two recipients, and checks all that must hold; it
// says whether they were edited.
func edits(t *testing.T, dir, before string, want []string) (bool, error) {
	t.Helper()
	was, already := loaded(t, dir, before, path)
	if was == "error" { // AddRule lets sops itself judge
		return false, nil
	}
	after, err := addRecipients(before, path, want)
	if err != nil {
		return false, err
	}
	_, ages := loaded(t, dir, after, path)
	for _, recipient := range append(already, want...) {
		if !slices.Contains(ages, recipient) {
			t.Errorf("sops does not see %s for %s\nbefore\n%s\nafter\n%s", recipient, path, before, after)
		}
	}
	for _, other := range []string{"other/a.yaml", "hosts/b.yaml", "secrets/c.yaml", "d.json", "x.yaml", "secrets/cid.yaml", "hosts/ci.yaml"} {
		a, _ := loaded(t, dir, before, other)
		if b, _ := loaded(t, dir, after, other); a != b {
			t.Errorf("%s: sops reads %s, and after the edit %s\nbefore\n%s\nafter\n%s", other, a, b, before, after)
		}
	}
	// All other lines are there, in their order: one at most has grown.
	lines, grown := strings.Split(after, "\n"), 0
	for line := range strings.SplitSeq(before, "\n") {
		i := slices.IndexFunc(lines, func(l string) bool { return l == line || strings.Contains(line, "age1") && grew(line, l) })
		if i >= 0 && lines[i] != line {
			grown++
		}
		if i < 0 || grown > 1 {
			t.Errorf("the line %q is another\nbefore\n%s\nafter\n%s", line, before, after)
			break
		}
		lines = lines[i+1:]
	}
	return true, nil
}

// grew says whether a line is another with recipients put in.
func grew(line, now string) bool {
	i := 0
	for i < len(line) && i < len(now) && line[i] == now[i] {
		i++
	}
	return strings.HasSuffix(now[i:], line[i:]) && strings.HasPrefix(now[i:], ",")
}

func TestEditedRulesAreAsSopsReadsThem(t *testing.T) {
	t.Parallel()
	dir, edited, all := t.TempDir(), 0, 300
	for i := range all {
		rng := rand.New(rand.NewPCG(uint64(i), 7))
		text := generated(rng)
		done, err := edits(t, dir, text, []string{one1, one2})
		if done {
			edited++
		}
		if _, told := errors.AsType[unusual](err); err != nil && !told {
			t.Errorf("sops reads it, we do not: %v\n%s", err, text)
		}
		if t.Failed() {
			t.Fatalf("of seed %d", i)
		}
	}
	if edited < all/3 {
		t.Errorf("only %d of %d were edited", edited, all)
	}
	t.Logf("%d of %d were edited, the others left to a person", edited, all)
}

// The same for whatever text there is, where sops reads it.
func FuzzRulesAsSopsReadsThem(f *testing.F) {
	for i := range uint64(40) {
		f.Add(generated(rand.New(rand.NewPCG(i, 9))))
	}
	f.Fuzz(func(t *testing.T, before string) {
		_, _ = edits(t, t.TempDir(), before, []string{one1, one2})
	})
}

// What sops says matches is what we say matches.
func TestMatchIsSops(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i := range 300 {
		text := generated(rand.New(rand.NewPCG(uint64(i), 11)))
		for _, name := range []string{path, "other/a.yaml", "d.json"} {
			want, ages := loaded(t, dir, text, name)
			r, err := parseRules(text)
			if err != nil {
				if want != "error" {
					t.Fatalf("%v\n%s", err, text)
				}
				continue
			}
			n, err := r.match(name)
			if want == "error" { // of the rule that matches
				continue
			}
			if found := err == nil && n >= 0; found == (want == "no rule") {
				t.Fatalf("%s: found %v, %v, sops says %s\n%s", name, found, err, want, text)
			} else if found && !sameSet(ruleAges(r.items()[n]), ages) {
				t.Fatalf("%s: recipients %v, sops says %v\n%s", name, ruleAges(r.items()[n]), ages, text)
			}
		}
	}
}
