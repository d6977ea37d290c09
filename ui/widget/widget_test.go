package widget_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"charm.land/bubbles/v2/key"
	"github.com/charmbracelet/colorprofile"

	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/widget"
)

var update = flag.Bool("update", false, "write the golden files")

var (
	bare   = theme.New(theme.Options{Dark: true, Profile: colorprofile.NoTTY})
	ascii  = theme.New(theme.Options{Dark: true, Profile: colorprofile.NoTTY, ASCII: true})
	styled = theme.New(theme.Options{Dark: true, Profile: colorprofile.TrueColor})
)

type viewer interface {
	View(t theme.Theme, w, h int) string
}

func bind(name, verb string) key.Binding {
	return key.NewBinding(key.WithKeys(name), key.WithHelp(name, verb))
}

func off(k key.Binding) key.Binding {
	k.SetEnabled(false)
	return k
}

func checklist(cursor int) widget.Checklist {
	item := func(s steps.Status, text, right string) widget.Item {
		return widget.Item{Mark: theme.StepMark(s), Text: text, Right: right}
	}
	you := theme.MarkOf(theme.WordYou)
	return widget.Checklist{Cursor: cursor, Groups: []widget.Group{
		{Title: "First", Done: 2, Total: 2, Folded: true, Items: []widget.Item{item(steps.Ready, "Preflight", "")}},
		{Title: "Before deployment", Done: 4, Total: 11, Items: []widget.Item{
			item(steps.Ready, "R2 bucket", "2s"), item(steps.Waiting, "Cache domain", "1m31s"), item(steps.Ready, "R2 token", "4s"),
			{Mark: you, Text: "GitHub App", Right: "52s"}, {Mark: you, Text: "App private key"},
			item(steps.NotNeeded, "Login of buildbot", ""),
			{Mark: theme.MarkOf(theme.WordRunning), Text: "Local secrets", Right: "4/7"},
			item(steps.Ready, "Repository topic", "1s"), item(steps.Drifted, "A title too long for its room", "3s"),
		}},
		{Title: "NixOS", Done: 1, Total: 4, Folded: true},
	}}
}

func refused(link, body string) widget.ErrorPanel {
	return widget.ErrorPanel{
		Mark: theme.StepMark(steps.Blocked), What: "Cloudflare refused to create phlip9-nix-cache",
		Why:  "R2 is not switched on for this account. The token is fine.",
		Do:   "Open the R2 page, choose the plan, confirm. Cloudflare wants a payment method; 10 GB are free. Then this goes on by itself.",
		Link: link, Body: body, IDs: []string{"Cloudflare 10042, HTTP 403", "step r2-bucket"},
	}
}

func builds() widget.Table {
	row := func(word, attribute, worker, age, took string) []widget.Cell {
		return []widget.Cell{{Mark: theme.MarkOf(word)}, {Text: attribute}, {Text: worker}, {Text: age, Role: theme.Quiet}, {Text: took}}
	}
	return widget.Table{
		Columns: []widget.Column{
			{Title: "STATUS", Worth: 9}, {Title: "ATTRIBUTE", Worth: 8, Cut: widget.CutMiddle},
			{Title: "WORKER", Worth: 1, Cut: widget.CutEnd}, {Title: "AGE", Worth: 7, Right: true}, {Title: "TOOK", Worth: 3, Right: true},
		},
		Rows: [][]widget.Cell{
			row("failed", "checks.x86_64-linux.nixos-omnara1", "omnara1-003", "40s", "2m51s"),
			row("running", "checks.x86_64-linux.home-desk", "omnara1-001", "3m22s", "79 %"),
			row("success", "checks.x86_64-linux.nvim", "omnara1-002", "1m", "2m05s"),
		},
	}
}

func repositories(many bool) widget.Choices {
	return widget.Choices{Many: many, Options: []widget.Option{
		{Text: "phlip9/dotfiles", Notes: []string{"pushed 2h ago", "no flake.nix"}, Chosen: true, More: "It has no flake.nix, so nothing would be built."},
		{Text: "phlip9/nixos-dot-test", Notes: []string{"pushed 31d ago", "12 checks"}},
		{Text: "phlip9/dotfiles-old", Notes: []string{"archived: cannot be built"}, Off: true},
	}}
}

// The widgets at sizes; what they draw stands in testdata.
func samples() map[string]struct {
	view  viewer
	sizes [][2]int
} {
	wide := checklist(4)
	narrow := checklist(2)
	narrow.Wordless = true
	short := builds()
	short.Wordless, short.Cursor = true, -1
	return map[string]struct {
		view  viewer
		sizes [][2]int
	}{
		"header": {widget.Header{Parts: []string{"nixwright setup", "Run 1m48s", "you: 1 of 4 pages, 3 of 8 clicks"}, Current: 1}, [][2]int{{80, 1}, {40, 1}, {40, 2}, {12, 1}}},
		"footer": {widget.Footer{Keys: []key.Binding{
			bind("enter", "do it"), bind("↑↓", "look"), off(bind("r", "again")), bind("l", "log"), bind("?", "help"), bind("q", "quit"),
		}}, [][2]int{{80, 1}, {40, 1}, {24, 1}, {9, 1}}},
		"split":            {widget.Split{Left: wide.View(bare, 35, 20), Right: " Create GitHub App\n line 4 · github-app", At: 35}, [][2]int{{80, 20}, {60, 20}}},
		"checklist":        {wide, [][2]int{{35, 20}, {60, 5}}},
		"checklist-narrow": {narrow, [][2]int{{40, 20}}},
		"checklist-head":   {checklist(1), [][2]int{{40, 4}}},
		"panel": {refused("https://dash.cloudflare.com/?to=/:account/r2/overview", widget.Field{Value: "phlip9-ci", Position: 9, Focused: true, Note: "free, 9 of 34"}.View(bare, 60, 1)),
			[][2]int{{80, 24}, {80, 11}, {40, 20}}},
		"panel-plain": {widget.Panel{Role: theme.Bad, Body: " Run garbage collection\n It cannot be undone."}, [][2]int{{80, 5}}},
		"table":       {builds(), [][2]int{{100, 10}, {70, 10}, {50, 10}, {40, 2}}},
		"table-short": {short, [][2]int{{40, 12}}},
		"progress":    {widget.Progress{Elapsed: 80 * time.Second, Usual: 2 * time.Minute}, [][2]int{{80, 1}, {20, 1}, {8, 1}}},
		"progress-over": {widget.Progress{Elapsed: 128 * time.Second, Usual: 2 * time.Minute}, [][2]int{
			{80, 1},
		}},
		"progress-count":   {widget.Progress{Done: 1, Total: 4}, [][2]int{{80, 1}}},
		"progress-unknown": {widget.Progress{Elapsed: 31 * time.Second}, [][2]int{{80, 1}}},
		"field":            {widget.Field{Value: "phlip9-ci-omnara1", Position: 9, Focused: true, Note: "free, 17 of 34"}, [][2]int{{80, 1}, {16, 1}}},
		"field-end":        {widget.Field{Value: "https://github.com/phlip9", Position: 25, Focused: true}, [][2]int{{16, 1}}},
		"field-empty":      {widget.Field{Empty: "http://localhost:8976/…", Focused: true}, [][2]int{{80, 1}}},
		"field-secret":     {widget.Field{Value: "hunter2", Position: 3, Secret: true, Focused: true, Empty: "paste it"}, [][2]int{{80, 1}}},
		"choices-many":     {repositories(true), [][2]int{{80, 10}, {40, 10}, {20, 2}}},
		"choices-one":      {repositories(false), [][2]int{{80, 10}}},
		"pairs": {widget.Pairs{Pairs: []widget.Pair{
			{Key: "Queue", Mark: theme.MarkOf("up"), Value: "0 waiting · 2 of 10 slots busy"},
			{Key: "Made", Value: "R2 bucket phlip9-nix-cache, cache.phlip9.com, token niks3-omnara1"}, {Key: "Signature"},
		}}, [][2]int{{80, 10}, {40, 10}, {12, 4}}},
		"text": {textView("It is used now and not stored. averyverylongwordwithoutanyblank"), [][2]int{{80, 3}, {20, 9}}},
		"link": {widget.Link{URL: "https://github.com/apps/phlip9-buildbot-ci/installations/new"}, [][2]int{{80, 1}, {40, 3}, {30, 1}}},
	}
}

type textView string

func (v textView) View(t theme.Theme, w, h int) string { return widget.Text(t, string(v), w, h) }

func TestWidgets(t *testing.T) {
	for name, s := range samples() {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			for _, size := range s.sizes {
				fmt.Fprintf(&out, "-- %dx%d\n%s\n", size[0], size[1], trimmed(s.view.View(bare, size[0], size[1])))
			}
			w, h := s.sizes[0][0], s.sizes[0][1]
			fmt.Fprintf(&out, "-- ASCII\n%s\n", trimmed(s.view.View(ascii, w, h)))
			fmt.Fprintln(&out, "-- styled")
			for line := range strings.SplitSeq(s.view.View(styled, w, h), "\n") {
				fmt.Fprintf(&out, "%q\n", line)
			}
			golden(t, name, out.String())
		})
	}
}

func trimmed(block string) string {
	lines := strings.Split(block, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	return strings.Join(lines, "\n")
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s has changed:\n%s", file, got)
	}
}
