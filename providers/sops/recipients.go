package sops

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/getsops/sops/v3"
	sopsage "github.com/getsops/sops/v3/age"
	"github.com/getsops/sops/v3/config"
	"github.com/getsops/sops/v3/keys"

	"github.com/nixwright/nixwright/state"
)

// rulesName is the file of creation rules.
const rulesName = ".sops.yaml"

// Recipients says who can read the file and who the first creation rule that
// matches it names; Others are both's recipients that are not age keys, with
// their kind ("pgp 85D7..."). Host is left empty.
func (f *File) Recipients(ctx context.Context) (state.Recipients, error) {
	if err := ctx.Err(); err != nil {
		return state.Recipients{}, fmt.Errorf("read recipients: %w", err)
	}
	var r state.Recipients
	conf, found, err := f.rule()
	if err != nil {
		return r, err
	}
	if found {
		r.Rule, r.Others = ages(conf.KeyGroups), others(conf.KeyGroups)
	}
	raw, found, err := f.read()
	if err != nil || !found {
		return r, err
	}
	tree, err := f.load(raw)
	if err != nil {
		return r, err
	}
	r.File = ages(tree.Metadata.KeyGroups)
	for _, key := range others(tree.Metadata.KeyGroups) {
		if !slices.Contains(r.Others, key) {
			r.Others = append(r.Others, key)
		}
	}
	return r, nil
}

// rule is the first creation rule that matches the file, as sops reads it.
func (f *File) rule() (conf *config.Config, found bool, err error) {
	path, found := f.rulesPath()
	if !found {
		return nil, false, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, false, fmt.Errorf("read rules: %w", err)
	}
	rules, err := parseRules(string(text))
	if err != nil {
		return nil, false, state.Problem{What: "read " + path, Why: err.Error(), Fix: "mend the file: sops cannot read it either"}
	}
	i, err := rules.match(f.pathIn(path))
	if err != nil {
		return nil, false, state.Problem{What: "read " + path, Why: err.Error(), Fix: "mend the file: sops cannot read it either"}
	}
	if i < 0 {
		return nil, false, nil
	}
	conf, err = config.LoadCreationRuleForFile(path, f.o.File, nil)
	if err != nil {
		return nil, false, state.Problem{What: "read " + path, Why: state.CleanText(err.Error(), 300), Fix: "mend the creation rule of " + f.rel()}
	}
	return conf, conf != nil, nil
}

// rulesPath finds .sops.yaml as the sops CLI does when it is run in the infra
// repository: there, or above it. Not found: where one is to be made.
func (f *File) rulesPath() (path string, found bool) {
	for dir := f.o.Root; ; dir = filepath.Dir(dir) {
		path = filepath.Join(dir, rulesName)
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			return path, true
		}
		if dir == filepath.Dir(dir) {
			return filepath.Join(f.o.Root, rulesName), false
		}
	}
}

// pathIn is the file's path as sops matches it: relative to the rules' folder.
func (f *File) pathIn(rules string) string {
	return strings.TrimPrefix(f.o.File, filepath.Dir(rules)+string(filepath.Separator))
}

// ages lists the age recipients of key groups, each once.
func ages(groups []sops.KeyGroup) []string {
	return names(groups, isAge, func(k keys.MasterKey) string { return k.ToString() })
}

// others lists the keys that are not age keys, with their kinds.
func others(groups []sops.KeyGroup) []string {
	return names(groups, func(k keys.MasterKey) bool { return !isAge(k) }, keyName)
}

func names(groups []sops.KeyGroup, want func(keys.MasterKey) bool, name func(keys.MasterKey) string) []string {
	var all []string
	for _, key := range slices.Concat(groups...) {
		if n := name(key); want(key) && !slices.Contains(all, n) {
			all = append(all, n)
		}
	}
	return all
}

func isAge(k keys.MasterKey) bool { return k.TypeToIdentifier() == sopsage.KeyTypeIdentifier }

// keyName tells keys apart: kind and name.
func keyName(k keys.MasterKey) string { return k.TypeToIdentifier() + " " + k.ToString() }

// sameKeys says whether two groups hold the same keys, in any order.
func sameKeys(a, b sops.KeyGroup) bool {
	sorted := func(g sops.KeyGroup) []string {
		all := make([]string, 0, len(g))
		for _, k := range g {
			all = append(all, keyName(k))
		}
		slices.Sort(all)
		return all
	}
	return slices.Equal(sorted(a), sorted(b))
}
