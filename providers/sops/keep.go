package sops

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/aes"

	"github.com/nixwright/nixwright/state"
)

// libraryVersion goes into the metadata of new files, as the CLI writes its
// own; package version of sops would link the CLI's libraries too.
const libraryVersion = "3.13.3"

// Keep seals values under their names, all in one write that is durable when
// it returns; a file that is not there yet is made by the creation rule that
// matches it. What is there and not named stays as it is, byte for byte. Where
// every value is there already nothing is written.
//
// Before the write the new file is opened again and compared: a rule that
// would leave a value in clear is a state.Problem, one under which none of the
// identities here could open a new file is state.ErrNoIdentity, and nothing is
// written. Where there is no identity at all a new file is made all the same:
// for others.
//
// What another program writes meanwhile stays: the values are sealed again
// into what it wrote. A value that this File sealed before and that is gone -
// an editor wrote back what it had read before that - is sealed again too.
func (f *File) Keep(ctx context.Context, all ...state.Sealed) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	named := map[state.SecretName]bool{}
	for _, s := range all {
		if s.Name == "" || s.Name == "sops" || s.Value.Empty() || named[s.Name] {
			return fmt.Errorf("seal %q: no name, no value, or named twice", s.Name)
		}
		named[s.Name] = true
	}
	err := f.again("seal into "+f.rel(), func() error { return f.keep(ctx, all) })
	if err == nil {
		for _, s := range all {
			f.kept[s.Name] = s.Value
		}
	}
	return err
}

// keep is Keep once; errChanged where the file became another meanwhile.
func (f *File) keep(ctx context.Context, all []state.Sealed) error {
	o, found, err := f.open(ctx)
	if err != nil {
		return err
	}
	if !found {
		if o, err = f.fresh(ctx); err != nil {
			return err
		}
	}
	before := o.raw
	f.now = nil // sealing changes the decrypted tree in place
	all = append(f.lost(o, all), all...)
	raw, err := f.seal(o, all)
	if err != nil || raw == nil {
		return err
	}
	key := o.key
	if all, _ := f.identities(); !found && len(all) > 0 {
		key = nil // unwrapped again, so that no file is made that locks this machine out
	}
	next, err := f.decode(ctx, raw, key)
	if err != nil {
		return err
	}
	for _, s := range all {
		if got, _, err := next.secret(s.Name); err != nil || !got.Equal(s.Value) {
			return fmt.Errorf("seal %s: the new file does not give it back", s.Name)
		}
	}
	return f.write(before, next)
}

// lost are the values that this File sealed, that are not in its place any
// more and that are not about to be sealed anyhow.
func (f *File) lost(o *opened, but []state.Sealed) []state.Sealed {
	var all []state.Sealed
	for _, name := range slices.Sorted(maps.Keys(f.kept)) {
		again := slices.ContainsFunc(but, func(s state.Sealed) bool { return s.Name == name })
		if !again && index(o.tree.Branches[0], name) < 0 {
			all = append(all, state.Sealed{Name: name, Value: f.kept[name]})
		}
	}
	return all
}

// seal returns the file with the values in it, encrypted; nil where nothing
// changes. The encrypted text of all other values is taken over as it was.
func (f *File) seal(o *opened, all []state.Sealed) ([]byte, error) {
	sealed := sops.Tree{Metadata: o.tree.Metadata, Branches: sops.TreeBranches{{}}}
	if o.raw != nil {
		var err error
		if sealed, err = f.load(o.raw); err != nil {
			return nil, err
		}
	}
	changed := map[state.SecretName]state.Secret{}
	for _, s := range all {
		i := index(o.tree.Branches[0], s.Name)
		if i < 0 {
			i = insert(&o.tree.Branches[0], s.Name)
			insert(&sealed.Branches[0], s.Name)
		}
		item := &o.tree.Branches[0][i]
		switch item.Value.(type) {
		case sops.TreeBranch, []any:
			return nil, fmt.Errorf("seal %s: the file holds something under this name that is not a single value", s.Name)
		}
		if item.Value != s.Value.Reveal() {
			item.Value = s.Value.Reveal()
			changed[s.Name] = s.Value
		}
	}
	if len(changed) == 0 {
		return nil, nil
	}
	if err := o.encrypt(f.o.Now().UTC()); err != nil {
		return nil, err
	}
	for name, plain := range changed {
		value, _ := o.tree.Branches[0][index(o.tree.Branches[0], name)].Value.(string)
		if !strings.HasPrefix(value, "ENC[") || value == plain.Reveal() {
			return nil, state.Problem{
				What: "seal " + string(name),
				Why:  "the rules of " + f.rel() + " (encrypted_regex, unencrypted_suffix or the like) would leave it in clear",
				Fix:  "give " + f.rel() + " a creation rule of its own in .sops.yaml that encrypts all values",
			}
		}
		sealed.Branches[0][index(sealed.Branches[0], name)].Value = value
	}
	sealed.Metadata.LastModified = o.tree.Metadata.LastModified
	sealed.Metadata.MessageAuthenticationCode = o.tree.Metadata.MessageAuthenticationCode
	return f.emit(sealed, o.raw)
}

// emit is the text of an encrypted tree, which must hold all that the text it
// was read from (nil: none) says of its keys.
func (f *File) emit(tree sops.Tree, from []byte) ([]byte, error) {
	if from != nil {
		if err := f.understood(from); err != nil {
			return nil, err
		}
	}
	raw, err := f.store().EmitEncryptedFile(tree)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", f.rel(), err)
	}
	return raw, nil
}

// encrypt encrypts the tree in place and computes its MAC. One cipher decrypts
// and encrypts, so that it knows the IVs of the values that did not change.
func (o *opened) encrypt(at time.Time) error {
	mac, err := o.tree.Encrypt(o.key, o.cipher)
	if err != nil {
		return errors.New("seal secrets: sops could not encrypt a value") // its words may show it
	}
	o.tree.Metadata.LastModified = at
	o.tree.Metadata.MessageAuthenticationCode, err = o.cipher.Encrypt(mac, o.key, at.Format(time.RFC3339))
	if err != nil {
		return fmt.Errorf("seal secrets: compute MAC: %w", err)
	}
	return nil
}

// insert adds an empty value after the last one, before comments at the end.
func insert(b *sops.TreeBranch, name state.SecretName) int {
	i := len(*b)
	for i > 0 {
		if _, comment := (*b)[i-1].Key.(sops.Comment); !comment {
			break
		}
		i--
	}
	*b = slices.Insert(*b, i, sops.TreeItem{Key: string(name), Value: ""})
	return i
}

// fresh is a file without values, with a new data key for the recipients of
// the creation rule.
func (f *File) fresh(ctx context.Context) (*opened, error) {
	conf, found, err := f.rule()
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, state.Problem{
			What: "make " + f.rel(),
			Why:  "no creation rule of .sops.yaml matches it",
			Fix:  "run the step recipients, which adds one",
		}
	}
	suffix := conf.UnencryptedSuffix
	if suffix == "" && conf.EncryptedSuffix == "" && conf.UnencryptedRegex == "" && conf.EncryptedRegex == "" &&
		conf.UnencryptedCommentRegex == "" && conf.EncryptedCommentRegex == "" {
		suffix = sops.DefaultUnencryptedSuffix
	}
	return f.forGroups(ctx, sops.Metadata{
		KeyGroups:               conf.KeyGroups,
		ShamirThreshold:         conf.ShamirThreshold,
		UnencryptedSuffix:       suffix,
		EncryptedSuffix:         conf.EncryptedSuffix,
		UnencryptedRegex:        conf.UnencryptedRegex,
		EncryptedRegex:          conf.EncryptedRegex,
		UnencryptedCommentRegex: conf.UnencryptedCommentRegex,
		EncryptedCommentRegex:   conf.EncryptedCommentRegex,
		MACOnlyEncrypted:        conf.MACOnlyEncrypted,
		Version:                 libraryVersion,
	})
}

// forGroups makes an empty tree with a new data key.
func (f *File) forGroups(ctx context.Context, m sops.Metadata) (*opened, error) {
	tree := sops.Tree{Metadata: m, Branches: sops.TreeBranches{{}}, FilePath: f.o.File}
	key, errs := tree.GenerateDataKeyWithKeyServices(sealing(ctx))
	if len(errs) > 0 {
		return nil, f.unsealed(ctx, errors.Join(errs...))
	}
	return &opened{tree: tree, key: key, cipher: aes.NewCipher()}, nil
}
