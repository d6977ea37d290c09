package main

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/state"
)

// These are the stories of more repositories.

// repos is what repo list says.
func (l *lab) repos() state.RepoSights {
	l.t.Helper()
	var s state.RepoSights
	l.document("repos.json", &s, "repo", "list")
	return s
}

func (l *lab) repo(name string) state.RepoSight {
	l.t.Helper()
	all := l.repos().Repos
	i := slices.IndexFunc(all, func(r state.RepoSight) bool { return r.Name == name })
	if i < 0 {
		l.t.Fatalf("%s is not listed: %+v", name, all)
	}
	return all[i]
}

// since are the writes after the first n.
func (l *lab) since(n int) []string { l.t.Helper(); return l.writes()[n:] }

func TestASecondRepositoryComesAndGoes(t *testing.T) {
	t.Parallel()
	l := newLabWith(t, "lexe")
	l.answer(`['phlip9/dotfiles']`, `["phlip9/dotfiles"]`) // as it is written here
	l.setup()
	config, files := l.read("nixwright.toml"), l.files(journalAside...)

	n := len(l.writes())
	r := l.must(0, "repo", "add", "phlip9/lexe", "-n")
	if got := l.since(n); len(got) != 2 || !strings.HasSuffix(got[0], "/repositories/900") || got[1] != "github PUT /repos/phlip9/lexe/topics" {
		t.Errorf("it wrote %v", got)
	}
	for _, say := range []string{"next: git add nixwright.toml", "deploy omnara1", "nixwright repo add phlip9/lexe, which sees its hook"} {
		if !strings.Contains(r.out, say) {
			t.Errorf("%q is not said:\n%s", say, r.out)
		}
	}
	if s := l.repo("phlip9/lexe"); !s.Wanted || s.Installed != "yes" || s.Topic != "yes" || s.Listed != "yes" || s.Hook != "no" || s.Build != "none" {
		t.Errorf("before the deployment it is %+v", s)
	}
	if s := l.status(); s.True == 15 {
		t.Error("all lines are true before the deployment")
	}

	l.setup() // which deploys
	r = l.must(0, "repo", "add", "phlip9/lexe", "-n")
	if s := l.repo("phlip9/lexe"); s.Hook != "yes" || s.Build == "none" || s.Build == "unknown" {
		t.Errorf("after the deployment it is %+v\n%s", s, r.out)
	}
	if s := l.status(); s.True != 15 {
		t.Errorf("%d of 15 lines are true", s.True)
	}
	before, writes := l.files(journalAside...), len(l.writes())
	l.must(0, "repo", "add", "phlip9/LEXE", "-n")
	same(t, "adding it again", before, l.files(journalAside...))
	if got := l.since(writes); len(got) > 0 {
		t.Errorf("adding it again wrote %v", got)
	}

	// It goes: without a yes the App and the hook stay.
	writes = len(l.writes())
	l.must(0, "repo", "remove", "phlip9/lexe", "-n")
	if got := l.since(writes); !slices.Equal(got, []string{"github PUT /repos/phlip9/lexe/topics"}) {
		t.Errorf("removing it wrote %v", got)
	}
	if l.read("nixwright.toml") != config {
		t.Errorf("nixwright.toml is not what it was:\n%s", l.read("nixwright.toml"))
	}
	same(t, "removed", files, l.files(journalAside...))
	writes = len(l.writes())
	l.must(0, "repo", "remove", "phlip9/lexe", "-n", "--yes")
	got := l.since(writes)
	if len(got) != 2 || !slices.ContainsFunc(got, func(w string) bool { return strings.HasPrefix(w, "github DELETE /repos/phlip9/lexe/hooks/") }) ||
		!slices.ContainsFunc(got, func(w string) bool { return strings.HasPrefix(w, "github DELETE /user/installations/") }) {
		t.Errorf("removing it with --yes wrote %v", got)
	}
	writes = len(l.writes())
	l.must(0, "repo", "remove", "phlip9/lexe", "-n", "--yes")
	if got := l.since(writes); len(got) > 0 {
		t.Errorf("removing it again wrote %v", got)
	}
	l.setup()
	if s := l.status(); s.True != 15 {
		t.Errorf("%d of 15 lines are true", s.True)
	}
	if all := l.repos().Repos; len(all) != 1 || len(all[0].Problems) > 1 {
		t.Errorf("left are %+v", all)
	}
}

func TestRepositoriesThatCannotBeAdded(t *testing.T) {
	t.Parallel()
	l := newLabWith(t, "lexe")
	l.setup()
	before, writes := l.files(journalAside...), len(l.writes())
	for name, c := range map[string]struct {
		args []string
		say  string
	}{
		"unknown":         {[]string{"add", "phlip9/nothing"}, "there is no repository phlip9/nothing"},
		"of another":      {[]string{"add", "someone-else/public-things"}, "F5"},
		"a quote":         {[]string{"add", `phlip9/le"xe`}, "is not a repository"},
		"a newline":       {[]string{"add", "phlip9/lexe\n[ci]"}, "github.repos"},
		"no owner":        {[]string{"add", "lexe"}, "is not a repository"},
		"an option":       {[]string{"add", "--", "--yes/x"}, "github.repos"},
		"the last":        {[]string{"remove", "phlip9/dotfiles"}, "is the last repository"},
		"removed newline": {[]string{"remove", "phlip9/x\ny"}, "github.repos"},
		"removed other":   {[]string{"remove", "someone-else/public-things"}, "F5"},
		"set":             {[]string{"add", "phlip9/lexe", "--set", "github.repos=phlip9/dotfiles,phlip9/other"}, "github.repos is answered by --set"},
		"nothing":         {[]string{"add"}, "accepts 1 arg"},
	} {
		t.Run(name, func(t *testing.T) {
			r := l.must(2, append([]string{"repo", c.args[0], "-n", "--output", "json"}, c.args[1:]...)...)
			if !strings.Contains(r.out, c.say) || !strings.Contains(r.err, c.say) || !json.Valid([]byte(r.out)) {
				t.Errorf("%q is not said:\n%s\n%s", c.say, r.out, r.err)
			}
		})
	}
	same(t, "refused", before, l.files(journalAside...))
	if got := l.since(writes); len(got) > 0 {
		t.Errorf("it wrote %v", got)
	}
}

func TestAPrivateRepositoryIsAskedAbout(t *testing.T) {
	t.Parallel()
	l := newLabWith(t, "lexe")
	l.setup()
	l.through("github", func(w http.ResponseWriter, r *http.Request, inner http.Handler) {
		if r.URL.Path != "/repos/phlip9/lexe" {
			inner.ServeHTTP(w, r)
			return
		}
		inner.ServeHTTP(&private{ResponseWriter: w}, r)
	})
	config := l.read("nixwright.toml")
	r := l.must(2, "repo", "add", "phlip9/lexe", "-n")
	if !strings.Contains(r.err, "phlip9/lexe is private, and the cache is public") || !strings.Contains(r.err, "fetched by everybody") || l.read("nixwright.toml") != config {
		t.Error(r.err)
	}
	l.must(0, "repo", "add", "phlip9/lexe", "-n", "--private")
	if s := l.repo("phlip9/lexe"); !s.Private || !s.Wanted {
		t.Errorf("it is %+v", s)
	}
}

// private makes a repository private on its way.
type private struct{ http.ResponseWriter }

func (p *private) Write(b []byte) (int, error) {
	p.Header().Del("Content-Length")
	_, err := p.ResponseWriter.Write([]byte(strings.Replace(strings.Replace(string(b), `"private":false`, `"private":true`, 1), `"private": false`, `"private": true`, 1)))
	return len(b), err
}

// A repository that somebody gave the topic by hand, and one that lost it, are
// told; a comment in the file outlives both commands.
func TestRepoListTellsWhatDiffers(t *testing.T) {
	t.Parallel()
	l := newLabWith(t, "lexe", "third")
	l.write("nixwright.toml", "# mine\n"+l.read("nixwright.toml"))
	l.setup()
	l.must(0, "repo", "add", "phlip9/lexe", "-n")
	config := l.read("nixwright.toml")
	if !strings.HasPrefix(config, "# mine\n") || !strings.Contains(config, `["phlip9/dotfiles", "phlip9/lexe"]`) {
		t.Error(config)
	}
	// Taken out of the file by hand: the topic is left behind.
	l.answer(`["phlip9/dotfiles", "phlip9/lexe"]`, `["phlip9/dotfiles", "phlip9/third"]`)
	r := l.must(0, "repo", "list")
	for _, say := range []string{
		"F7  phlip9/lexe carries buildbot-phlip9, and github.repos does not name it",
		"F7  phlip9/third is on the list, and does not carry buildbot-phlip9", "F4  the App does not see phlip9/third", "phlip9/third is not in nixos/omnara1/ci-facts.json",
	} {
		if !strings.Contains(r.out, say) {
			t.Errorf("%q is not said:\n%s", say, r.out)
		}
	}
	for _, e := range events(t, l.must(0, "repo", "add", "phlip9/third", "-n", "--yes", "--output", "json").out) {
		if e.Kind == "result" && e.Status != "ready" {
			t.Errorf("it ends %+v", e)
		}
	}
	if s := l.repo("phlip9/third"); s.Topic != "yes" || s.Installed != "yes" || s.Listed != "yes" {
		t.Errorf("it is %+v", s)
	}
}
