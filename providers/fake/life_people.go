package fake

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// blockSize is how many attributes one evaluation builds in the past.
const blockSize = 20

var (
	lifeRepos    = []string{"homelab", "tools", "notes"}
	lifePackages = []string{
		"ripgrep", "fd", "helix", "zellij", "nixos-omnara1", "nixos-lulu", "home-phlip9", "tokio-console", "bitcoind", "lnd", "sqlx", "rustfmt",
		"clippy", "wasm-bindgen", "ffmpeg", "postgresql", "oauth2-proxy", "niks3", "sops", "age", "kanidm", "immich", "qemu", "zstd",
	}
	lifePeople = []string{"Philip <philip@example.com>", "Mic <mic@example.com>", "Lexe Agent <agent@example.com>", "Renovate <bot@example.com>"}
	lifeWords  = []string{
		"update flake inputs", "fix build on aarch64", "bump nixpkgs", "add module for the cache", "remove unused overlay", "run formatter",
		"pin rust toolchain", "nixos: tune zfs arc", "drop patch that is upstream", "tests: wait for the socket",
	}
)

// populate makes the builders of the repositories and of the attributes, and
// finds the workers. Call it with the master's lock held.
func (l *Living) populate() {
	m, owner := l.m, theOwner
	if len(l.repos) > 0 {
		owner, _, _ = strings.Cut(l.repos[0], "/")
	}
	if l.life.Builders == 0 && (l.life.Builds > 0 || l.life.Rate > 0) {
		l.life.Builders = blockSize
	}
	l.attrs = (l.life.Builders + blockSize - 1) / blockSize * blockSize
	l.blocks = l.attrs / blockSize
	for _, name := range lifeRepos {
		if len(l.life.Repos) == 0 && l.blocks > len(l.repos) {
			l.repos = append(l.repos, owner+"/"+name)
		}
	}
	for _, repo := range l.repos {
		if l.blocks > 0 {
			l.kinds = append(l.kinds, l.project(repo))
		}
	}
	builders := m.tables["builders"]
	l.attr0 = builders.len()
	for a := range l.attrs {
		l.addAttr(a)
	}
	for _, row := range m.tables["workers"].rows {
		if w, ok := row.(*bbWorker); ok && w.Name != janitorName && len(w.Connected) > 0 {
			l.workers = append(l.workers, w)
		}
	}
}

// project finds or makes the builders of a repository.
func (l *Living) project(repo string) map[string]int {
	m, kinds := l.m, map[string]int{}
	projects := m.tables["projects"]
	project := projects.len() + 1
	if b, ok := m.tables["builders"].get(repo + "/nix-eval").(*bbBuilder); ok && b.Project != nil {
		project = *b.Project
	}
	for _, kind := range projectBuilders {
		if _, ok := m.tables["builders"].get(repo + "/" + kind).(*bbBuilder); !ok {
			m.takeBuilder(ciBuilder{Name: repo + "/" + kind, Project: project})
		}
		if b, ok := m.tables["builders"].get(repo + "/" + kind).(*bbBuilder); ok {
			kinds[kind] = b.ID
		}
	}
	kinds["project"] = project
	return kinds
}

// addAttr makes the builder of an attribute, without a word.
func (l *Living) addAttr(a int) *bbBuilder {
	t := l.m.tables["builders"]
	project := l.kinds[l.repoOf(a)]["project"]
	row := &bbBuilder{ID: t.len() + 1, Masters: []int{}, Name: l.virtual(a), Project: &project, Tags: []string{}}
	t.rows = append(t.rows, row)
	return row
}

func (l *Living) repoOf(a int) int { return a / blockSize % len(l.repos) }

// attrName is as x86_64-linux.ripgrep-7.
func (l *Living) attrName(a int) string {
	system := "x86_64-linux"
	if a%5 == 4 {
		system = "aarch64-linux"
	}
	return system + "." + lifePackages[a%len(lifePackages)] + "-" + strconv.Itoa(a)
}

func (l *Living) virtual(a int) string {
	return "github:" + l.repos[l.repoOf(a)] + "#checks." + l.attrName(a)
}

// builderOf is the builder of an attribute.
func (l *Living) builderOf(a int) int {
	if a < l.attrs {
		return l.attr0 + 1 + a
	}
	return l.attrOf[a]
}

// About how many events an evaluation with its builds has, and its builds.
const (
	pushEvents = 320
	pushBuilds = 5
)

// gap is how long it is until the next push.
func (l *Living) gap() time.Duration {
	u := (float64(l.next(1<<30)) + 1) / (1 << 30)
	return time.Duration(-math.Log(u) * pushEvents / l.life.Rate * float64(time.Second))
}

// pace is how long a build takes on average, so that the workers are busy for
// half of the time with each repository, and a minute at most.
func (l *Living) pace() time.Duration {
	if l.life.Rate <= 0 {
		return time.Minute
	}
	s := 0.5 * float64(max(len(l.workers), 1)*len(l.repos)) * pushEvents / pushBuilds / l.life.Rate
	return time.Duration(min(s, 60) * float64(time.Second))
}

// arrive is a push, and the next one later.
func (l *Living) arrive() {
	l.after(l.gap(), l.arrive)
	l.push()
}

// push is a push, or a pull request, and the evaluation that it leads to.
func (l *Living) push() {
	m := l.m
	l.pushes++
	n := l.draw(drawCommit, -l.pushes)
	t := m.tables["changes"]
	block := l.next(l.blocks)
	j := &job{n: n, repo: block % len(l.repos), attr: -1, change: t.len() + 1, took: l.pace() / 4}
	j.commit, j.branch = commitOf(n), "master"
	if l.pushes%3 == 0 {
		j.pr = l.pushes
		j.branch = fmt.Sprintf("refs/pull/%d/merge", j.pr)
	}
	count := 2 + l.next(2*pushBuilds-3)
	for range min(count, blockSize) {
		j.attrs = append(j.attrs, block*blockSize+(l.next(blockSize)+len(j.attrs)*7)%blockSize)
	}
	j.attrs = unique(j.attrs)
	if a := l.attrs + l.more; l.next(12) == 0 && l.repoOf(a) == j.repo { // a package that is new
		l.more++
		j.attrs = append(j.attrs, a)
	}
	j.cached = l.next(4)
	m.put("new", l.changeRow(j, l.now))
	l.after(time.Second, func() {
		eval, ok := m.tables["builders"].at(l.kinds[j.repo]["nix-eval"]).(*bbBuilder)
		if !ok {
			return
		}
		m.waiting = append(m.waiting, m.request(eval, bbOrder{job: j}))
		m.claimAll()
	})
}

func unique(all []int) []int {
	var out []int
	seen := map[int]bool{}
	for _, a := range all {
		if !seen[a] {
			out = append(out, a)
		}
		seen[a] = true
	}
	return out
}

func commitOf(n uint64) string {
	return fmt.Sprintf("%016x%016x%08x", mixed(n), mixed(n+1), uint32(mixed(n+2))) //nolint:gosec // half of it
}

// changeRow is what buildbot makes of a webhook.
func (l *Living) changeRow(j *job, at time.Time) *bbChange {
	row := l.m.changeRow(ciChange{Repo: l.repos[j.repo], Branch: j.branch, Commit: j.commit, At: at})
	row.ID, row.Stamp.ID = j.change, j.change
	row.Author = lifePeople[below(j.n, len(lifePeople))]
	row.Committer, row.Comments, row.Files = row.Author, lifeWords[below(mixed(j.n), len(lifeWords))], []string{"flake.nix"}
	if j.pr != 0 {
		row.Category, row.Link = "pull", fmt.Sprintf("https://github.com/%s/pull/%d", l.repos[j.repo], j.pr)
		row.Properties = map[string]any{"event": []any{"pull_request", "Change"}}
	}
	return row
}
