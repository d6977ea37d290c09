package plain_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/shape"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/steps/setup"
	"github.com/nixwright/nixwright/ui/cli"
)

const root = "../.."

func page(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// help is what the program says of a command.
func help(t *testing.T, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	code := cli.Run(t.Context(), cli.App{}, append(args, "--help"), cli.Streams{
		In: strings.NewReader(""), Out: &out, Err: &out, Env: func(string) string { return "" }, Dir: t.TempDir(),
	})
	if code != 0 {
		t.Fatalf("help of %v: exit %d\n%s", args, code, out.String())
	}
	return out.String()
}

// commands are those that the help lists.
func commands(t *testing.T) []string {
	t.Helper()
	_, list, _ := strings.Cut(help(t), "Available Commands:\n")
	list, _, _ = strings.Cut(list, "\n\n")
	var out []string
	for line := range strings.Lines(list) {
		name := strings.Fields(line)[0]
		_, below, group := strings.Cut(help(t, name), "Available Commands:\n")
		if !group || name == "completion" {
			out = append(out, name)
			continue
		}
		below, _, _ = strings.Cut(below, "\n\n")
		for line := range strings.Lines(below) {
			out = append(out, name+" "+strings.Fields(line)[0])
		}
	}
	if len(out) < 5 {
		t.Fatalf("the commands are %v", out)
	}
	return out
}

var flag = regexp.MustCompile(`(?m)^ +(?:(-\w), )?(--[a-z-]+)`)

// TestTheReferenceIsComplete keeps reference.md from going stale: everything
// that the program takes or says has its place there.
func TestTheReferenceIsComplete(t *testing.T) {
	text := page(t, "docs/reference.md")
	has := func(what, format string, a ...any) {
		t.Helper()
		if want := fmt.Sprintf(format, a...); !strings.Contains(text, want) {
			t.Errorf("%s: %s is not in reference.md", what, want)
		}
	}
	flags := map[string]bool{}
	for _, c := range commands(t) {
		has("command", "| `nixwright %s", c)
		if c == "completion" || c == "help" {
			continue // the library's own
		}
		for _, m := range flag.FindAllStringSubmatch(help(t, strings.Fields(c)...), -1) {
			flags[m[2]] = true
			has("flag of "+c, "`%s", m[2])
			if m[1] != "" {
				has("flag of "+c, "`%s`", m[1])
			}
		}
	}
	for _, q := range state.Questions() {
		has("answer", "| `%s` |", q.Key)
		has("question", "%s", q.Ask)
	}
	for _, s := range setup.Catalog(setup.Deps{}) {
		has("step", "| `%s` |", s.Info().ID)
	}
	permissions := 0
	for _, p := range state.Permissions() {
		has("permission", "| %s | %s | %s | `%s` | %s | `%s` |\n", p.For, p.Name, p.Level, p.Key, p.Why, p.Step)
		permissions++
	}
	_, table, _ := strings.Cut(text, "\n## Permissions\n")
	if table, _, _ = strings.Cut(table, "\n## "); strings.Count(table, "\n| ") != permissions+1 {
		t.Error("reference.md names a permission that is not in the table")
	}
	for _, f := range state.Failures() {
		has("failure", "| %s | %s | %s | %s |", f.ID, f.Severity, f.Area, f.Title)
	}
	for _, code := range []int{0, 1, 2, 3, 4, 130} {
		has("exit code", "\n| %d | ", code)
	}
	for _, s := range []steps.Status{steps.Ready, steps.Missing, steps.Drifted, steps.Blocked, steps.Waiting, steps.Unknown, steps.NotNeeded, steps.Failed} {
		has("status", "| `%s` | ", s)
	}
	for _, name := range variables(t) {
		has("variable", "`%s`", name)
	}
	for _, name := range regexp.MustCompile("`--[a-z][a-z-]+").FindAllString(text, -1) {
		if !flags[name[1:]] {
			t.Errorf("%s is in reference.md, and no command takes it", name[1:])
		}
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z0-9_]+\\.[a-z0-9_.]+)` \\|").FindAllStringSubmatch(text, -1) {
		if _, found := state.QuestionFor(m[1]); !found && m[1] != state.ConfigName {
			t.Errorf("%s is in reference.md, and no question has it", m[1])
		}
	}
}

var variable = regexp.MustCompile(`(?:[eE]nv\(|Getenv\(|Env += |string\{|, )"([A-Z]{2,}(?:_[A-Z]+)+|BROWSER|DISPLAY|HOME|TERM|LANG)"`)

// variables are the environment variables that the program reads, as its
// source says them.
func variables(t *testing.T) []string {
	t.Helper()
	found := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "fake" || d.Name() == ".git" || d.Name() == "testdata"):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		b, err := os.ReadFile(path)
		for _, m := range variable.FindAllSubmatch(b, -1) {
			found[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for name := range found {
		out = append(out, name)
	}
	for _, must := range []string{"GH_TOKEN", "CLOUDFLARE_API_TOKEN", "SOPS_AGE_KEY_FILE", "BROWSER", "NO_COLOR"} {
		if !found[must] {
			t.Errorf("the search does not find %s", must)
		}
	}
	return out
}

// TestTheGuideHasTodaysLinks keeps the pages that are filled in right.
func TestTheGuideHasTodaysLinks(t *testing.T) {
	text := page(t, "docs/guide.md")
	for _, want := range []string{state.GitHubTokenURL(""), state.CloudflareTokenURL("", false), state.CloudflareTokenURL("", true)} {
		if !strings.Contains(text, "("+want+")") {
			t.Errorf("the guide does not link to %s", want)
		}
	}
	for _, what := range []string{state.ForGitHubFine, state.ForCloudflareUser} {
		for _, p := range state.PermissionsFor(what) {
			if !strings.Contains(strings.Join(strings.Fields(text+page(t, "docs/security.md")), " "), p.Name) {
				t.Errorf("the permission %s of %s is not told", p.Name, what)
			}
		}
	}
}

func TestSecurityNamesEverySecret(t *testing.T) {
	text := page(t, "docs/security.md")
	for access, mark := range map[string]string{state.FullyPrivate: "fp", state.TwoLogins: "2l"} {
		for _, s := range shape.For(access) {
			row := regexp.MustCompile("(?m)^\\| .*`" + string(s.Name) + "`[^|]*\\| ([^|]*) \\|").FindStringSubmatch(text)
			if row == nil || !strings.Contains(row[1], mark) {
				t.Errorf("%s of %s is not in the table of secrets: %q", s.Name, access, row)
			}
		}
	}
	if !strings.Contains(text, string(shape.IdentitiesName)) {
		t.Error("the identities are not in the table of secrets")
	}
}

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// TestLinksOfTheDocumentsLead follows the links that stay in the repository,
// headings included.
func TestLinksOfTheDocumentsLead(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(pages, filepath.Join(root, "README.md"), filepath.Join(root, "CONTRIBUTING.md")) {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(b), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			file, heading, _ := strings.Cut(m[1], "#")
			to := path
			if file != "" {
				to = filepath.Join(filepath.Dir(path), filepath.FromSlash(file))
			}
			text, err := os.ReadFile(to)
			if info, statErr := os.Stat(to); statErr != nil || err != nil && !info.IsDir() {
				t.Errorf("%s: %s leads nowhere", path, m[1])
				continue
			}
			if heading != "" && !anchors(string(text))[heading] {
				t.Errorf("%s: there is no heading %s", path, m[1])
			}
		}
	}
}

// anchors are the headings of a page as GitHub links to them.
func anchors(text string) map[string]bool {
	out := map[string]bool{}
	drop := regexp.MustCompile(`[^a-z0-9 _-]`)
	for line := range strings.Lines(text) {
		if h := strings.TrimLeft(line, "#"); h != line && strings.HasPrefix(h, " ") {
			out[strings.ReplaceAll(drop.ReplaceAllString(strings.ToLower(strings.TrimSpace(h)), ""), " ", "-")] = true
		}
	}
	return out
}

// TestTheWayOfSpeaking holds the pages to the wording of the screens.
func TestTheWayOfSpeaking(t *testing.T) {
	refused := regexp.MustCompile(`(?i)\bplease\b|\boops\b|\bsuccessfully\b|[a-z]![ \n]|\bI\b'`)
	for _, name := range []string{"README.md", "docs/guide.md", "docs/reference.md", "docs/security.md", "docs/adding-a-provider.md", "docs/adding-a-step.md", "docs/architecture.md", "docs/testing.md", "docs/vocabulary.md"} {
		if found := refused.FindString(page(t, name)); found != "" {
			t.Errorf("%s says %q", name, found)
		}
	}
	if n := strings.Count(page(t, "README.md"), "\n"); n >= 120 {
		t.Errorf("README.md has %d lines", n)
	}
}
