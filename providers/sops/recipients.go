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
	"github.com/getsops/sops/v3/keyservice"

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

// UpdateKeys makes the file's recipients those of its creation rule, as
// `sops updatekeys` does: the data key stays, and so does every value. Keys
// that are not age keys (PGP, KMS) are kept even where the rule lacks them.
// A rule that would lock this machine out is refused, as is one that wants
// other key groups than the file has and lacks its PGP or KMS keys.
func (f *File) UpdateKeys(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	conf, found, err := f.rule()
	if err != nil || !found {
		return err
	}
	o, found, err := f.open(ctx)
	if err != nil || !found {
		return err
	}
	tree, err := f.load(o.raw)
	if err != nil {
		return err
	}
	changed, err := rewrap(&tree.Metadata, conf.KeyGroups, o.key)
	if err != nil {
		return fmt.Errorf("update recipients of %s: %w", f.rel(), err)
	}
	if !changed {
		return nil
	}
	raw, err := f.store().EmitEncryptedFile(tree)
	if err != nil {
		return fmt.Errorf("update recipients of %s: %w", f.rel(), err)
	}
	next, err := f.decode(ctx, raw, nil)
	if err != nil {
		return fmt.Errorf("update recipients of %s: the rule would lock this machine out: %w", f.rel(), err)
	}
	return f.write(next)
}

// rewrap makes the key groups those wanted. In a single group the keys that
// stay keep their wrapped data key, so that no PGP or KMS is asked.
func rewrap(m *sops.Metadata, want []sops.KeyGroup, dataKey []byte) (changed bool, err error) {
	if slices.EqualFunc(m.KeyGroups, want, sameKeys) {
		return false, nil
	}
	if len(m.KeyGroups) != 1 || len(want) != 1 {
		for _, key := range others(m.KeyGroups) {
			if !slices.Contains(others(want), key) {
				return false, fmt.Errorf("the rule lacks its %s: update it by hand with sops updatekeys", key)
			}
		}
		m.KeyGroups, m.ShamirThreshold = want, min(m.ShamirThreshold, len(want))
		return true, errors.Join(m.UpdateMasterKeysWithKeyServices(dataKey, []keyservice.KeyServiceClient{keyservice.NewLocalClient()})...)
	}
	var group sops.KeyGroup
	for _, key := range want[0] {
		i := slices.IndexFunc(m.KeyGroups[0], func(have keys.MasterKey) bool { return keyName(have) == keyName(key) })
		if i >= 0 {
			key = m.KeyGroups[0][i]
		} else if err := key.Encrypt(dataKey); err != nil {
			return false, fmt.Errorf("seal for %s: %w", key.ToString(), err)
		}
		group = append(group, key)
	}
	for _, key := range m.KeyGroups[0] {
		if !isAge(key) && !slices.ContainsFunc(group, func(k keys.MasterKey) bool { return keyName(k) == keyName(key) }) {
			group = append(group, key)
		}
	}
	changed = !sameKeys(group, m.KeyGroups[0])
	m.KeyGroups = []sops.KeyGroup{group}
	return changed, nil
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
	return conf, true, nil
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
