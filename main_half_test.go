package main

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestHalfDoneIsAdoptedAndFinished(t *testing.T) {
	t.Parallel()
	l := newLab(t, "half-done")
	before, secrets, world := l.status(), l.decrypt(), l.world()
	if before.True != 9+0 { // nine boxes; 4 and 5 are two of them
		t.Errorf("%d lines are true at first: %+v", before.True, before.Lines)
	}
	for _, line := range before.Lines {
		if open := line.Number == 6 || line.Number == 11 || line.Number >= 12; line.True == open {
			t.Errorf("line %d is true=%v (%s)", line.Number, line.True, line.Status)
		}
	}
	l.setup()
	after := l.status()
	if after.True != 15 {
		t.Errorf("%d lines are true: %+v", after.True, after.Lines)
	}
	if got := after.problems("github-app"); !slices.Contains(got, "F2") {
		t.Errorf("line 4 says %v, not F2", got)
	}
	// No secret that was there is another; only what no API gives back is new.
	now := l.decrypt()
	for name, v := range secrets {
		if now[name] != v {
			t.Errorf("%s changed", name)
		}
	}
	for name := range now {
		if _, ok := secrets[name]; !ok && name != "nixwright-identities" {
			t.Errorf("%s is new", name)
		}
	}
	// No remote object of the nine boxes was touched.
	for _, w := range l.writes() {
		if !strings.Contains(w, "/topics") {
			t.Errorf("a write to what was there: %s", w)
		}
	}
	then := l.world()
	for what, pair := range map[string][2]any{
		"the Apps": {len(world.GitHub.Apps), len(then.GitHub.Apps)}, "the OAuth Apps": {world.GitHub.OAuthApps, then.GitHub.OAuthApps},
		"the tokens": {world.Cloud.Tokens, then.Cloud.Tokens}, "the buckets": {world.Cloud.Buckets, then.Cloud.Buckets}, "the zones": {world.Cloud.Records, then.Cloud.Records},
	} {
		if a, b := asJSON(t, pair[0]), asJSON(t, pair[1]); a != b {
			t.Errorf("%s are others:\n%s\n%s", what, a, b)
		}
	}
	if id := then.GitHub.Apps[0].ID; id != 2746100 {
		t.Errorf("the App is %d", id)
	}
	l.nowhere(now)
	before2, writes := l.files(journalAside...), len(l.writes())
	l.setup()
	same(t, "second run", before2, l.files(journalAside...))
	if len(l.writes()) != writes {
		t.Errorf("the second run wrote %v", l.writes()[writes:])
	}
	l.must(0, "plan")
}

// owned is what the world held that is not ours: everything but what setup
// may make.
func (l *lab) owned() map[string]string {
	l.t.Helper()
	out := map[string]string{}
	w := l.world()
	for _, b := range w.Cloud.Buckets {
		out["bucket "+b.Name] = asJSON(l.t, b)
	}
	for _, r := range w.Cloud.Records {
		out["record "+r.Name+" "+r.Content] = asJSON(l.t, r)
	}
	for _, r := range w.GitHub.Repos {
		for _, h := range r.Hooks {
			out["hook "+h.URL] = h.URL + h.Secret
		}
		for _, topic := range r.Topics {
			out["topic "+r.Name+" "+topic] = topic
		}
	}
	return out
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestForeignThingsSurvive(t *testing.T) {
	t.Parallel()
	for _, scenario := range []string{"fresh", "half-done"} {
		t.Run(scenario, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, scenario)
			rules := l.read(".sops.yaml") + "\n# a last word\n"
			l.write(".sops.yaml", rules)
			if scenario == "half-done" {
				l.lifecycle("phlip9-nix-cache")
			}
			before := l.owned()
			l.setup()
			after := l.owned()
			for name, was := range before {
				if after[name] != was {
					t.Errorf("%s is another: %s, was %s", name, after[name], was)
				}
			}
			left := l.read(".sops.yaml")
			for line := range strings.Lines(rules) {
				kept := strings.TrimSpace(line)
				if i := strings.Index(kept, "age1"); i >= 0 { // ours has one more recipient
					kept = kept[:i]
				}
				if !strings.Contains(left, kept) {
					t.Errorf(".sops.yaml lost %q", line)
				}
			}
		})
	}
}

// lifecycle gives a bucket a setting that nixwright does not know of.
func (l *lab) lifecycle(bucket string) {
	l.t.Helper()
	body := `{"rules":[{"id":"theirs","enabled":true,"conditions":{"prefix":"tmp/"},"abortMultipartUploadsTransition":{"condition":{"type":"Age","maxAge":86400}}}]}`
	l.cloudflare(http.MethodPut, "/accounts/30faeb30dcb2a77a72fdc0948c99de62/r2/buckets/"+bucket+"/lifecycle", body, nil)
}
