package sops

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/keys"
)

// UpdateKeys makes the file's recipients those of its creation rule, as
// `sops updatekeys` does: the data key stays, and so does every value. Keys
// that are not age keys (PGP, KMS) are kept even where the rule lacks them.
// A rule that would lock this machine out is refused, as is one that wants
// other key groups than the file has and lacks its PGP or KMS keys. What another
// program writes meanwhile stays.
func (f *File) UpdateKeys(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.again("update recipients of "+f.rel(), func() error { return f.updateKeys(ctx) })
}

// updateKeys is UpdateKeys once; errChanged where the file became another
// meanwhile.
func (f *File) updateKeys(ctx context.Context) error {
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
	changed, err := f.rewrap(ctx, &tree.Metadata, conf.KeyGroups, o.key)
	if err != nil {
		return fmt.Errorf("update recipients of %s: %w", f.rel(), err)
	}
	if !changed {
		return nil
	}
	raw, err := f.emit(tree, o.raw)
	if err != nil {
		return fmt.Errorf("update recipients of %s: %w", f.rel(), err)
	}
	next, err := f.decode(ctx, raw, nil)
	if err != nil {
		return fmt.Errorf("update recipients of %s: the rule would lock this machine out: %w", f.rel(), err)
	}
	return f.write(o.raw, next)
}

// rewrap makes the key groups those wanted. In a single group the keys that
// stay keep their wrapped data key, so that no PGP or KMS is asked.
func (f *File) rewrap(ctx context.Context, m *sops.Metadata, want []sops.KeyGroup, dataKey []byte) (changed bool, err error) {
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
		return true, f.unsealed(ctx, errors.Join(m.UpdateMasterKeysWithKeyServices(dataKey, sealing(ctx))...))
	}
	var group sops.KeyGroup
	for _, key := range want[0] {
		i := slices.IndexFunc(m.KeyGroups[0], func(have keys.MasterKey) bool { return keyName(have) == keyName(key) })
		if i >= 0 {
			key = m.KeyGroups[0][i]
		} else if err := sealFor(ctx, key, dataKey); err != nil {
			return false, f.unsealed(ctx, fmt.Errorf("%s: %w", keyName(key), err))
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
