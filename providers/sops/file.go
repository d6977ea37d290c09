// Package sops reads and writes the one file of secrets, and the rules that
// say who can read it.
//
// It uses sops as a library, so that a file made here is what the sops CLI
// makes: its YAML store, its MAC, its key groups. Values that are not changed
// keep their ciphertext, and comments, key order and foreign keys stay, so
// that a git diff shows only what was sealed. The data key is unwrapped once
// and kept in memory with the bytes that it opens; whenever the bytes on disk
// are others, they are read again.
package sops

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/aes"
	"github.com/getsops/sops/v3/config"
	"github.com/getsops/sops/v3/logging"
	"github.com/getsops/sops/v3/stores/yaml"

	"github.com/nixwright/nixwright/state"
)

// Options say where things are.
type Options struct {
	Root string              // the infra repository, absolute
	File string              // the secrets file, absolute
	Env  func(string) string // environment variables
	Home string              // the user's home folder, absolute; empty: there is none
	Now  func() time.Time    // nil: time.Now
}

// File is the sops file with its rules. It is safe for concurrent use.
type File struct {
	o    Options
	mu   sync.Mutex
	now  *opened // what was last read or written; nil: nothing yet
	kept map[state.SecretName]state.Secret
}

// opened is a file that was decrypted.
type opened struct {
	raw    []byte    // as it is on disk; nil: not written yet
	tree   sops.Tree // decrypted
	key    []byte    // the data key
	cipher aes.Cipher
}

// New returns the file that the options name; nothing is read yet.
func New(o Options) *File {
	if o.Now == nil {
		o.Now = time.Now
	}
	logging.SetLevel(0) // the library warns on standard error
	return &File{o: o, kept: map[state.SecretName]state.Secret{}}
}

// Secret returns the value under a name, found false where the file or the
// name is missing. Where no identity opens the file, the error is
// state.ErrNoIdentity and a state.Problem. A value that this File sealed and
// that another program has taken away since is a state.Problem too.
func (f *File) Secret(ctx context.Context, name state.SecretName) (v state.Secret, found bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	o, found, err := f.open(ctx)
	if err != nil {
		return state.Secret{}, false, err
	}
	if found {
		v, found, err = o.secret(name)
	}
	if _, kept := f.kept[name]; kept && !found && err == nil {
		err = f.overwritten(name)
	}
	return v, found, err
}

// Names lists the file's top-level keys, ours and others', in file order; none
// where there is no file.
func (f *File) Names(ctx context.Context) ([]state.SecretName, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("read %s: %w", f.rel(), err)
	}
	raw, found, err := f.read()
	if err != nil || !found {
		return nil, err
	}
	tree, err := f.load(raw)
	if err != nil {
		return nil, err
	}
	var names []state.SecretName
	for _, item := range tree.Branches[0] {
		if key, ok := item.Key.(string); ok {
			names = append(names, state.SecretName(key))
		}
	}
	return names, nil
}

// open returns the decrypted file, read anew if it is not what it was.
func (f *File) open(ctx context.Context) (o *opened, found bool, err error) {
	if err := ctx.Err(); err != nil {
		return nil, false, fmt.Errorf("open %s: %w", f.rel(), err)
	}
	raw, found, err := f.read()
	if err != nil || !found {
		return nil, false, err
	}
	if f.now != nil && bytes.Equal(raw, f.now.raw) {
		return f.now, true, nil
	}
	o, err = f.decode(ctx, raw, nil)
	if err != nil {
		return nil, false, err
	}
	f.now = o
	return o, true, nil
}

// read returns the bytes on disk; an empty file is none.
func (f *File) read() (raw []byte, found bool, err error) {
	raw, _, err = state.ReadFile(f.o.File)
	if err != nil {
		return nil, false, fmt.Errorf("read %s: %w", f.rel(), err)
	}
	return raw, len(bytes.TrimSpace(raw)) > 0, nil
}

// load parses the file; its values stay encrypted.
func (f *File) load(raw []byte) (sops.Tree, error) {
	tree, err := f.store().LoadEncryptedFile(raw)
	if errors.Is(err, sops.MetadataNotFound) {
		return tree, state.Problem{
			What: "read " + f.rel(),
			Why:  "it is not encrypted with sops",
			Fix:  "move it away, or encrypt it with: sops encrypt --in-place " + f.rel() + " (what stood in it in clear should be made anew)",
		}
	}
	if err != nil || len(tree.Branches) == 0 {
		// The library's words may show a value.
		return tree, state.Problem{
			What: "read " + f.rel(),
			Why:  "it is not the YAML that sops writes",
			Fix:  "see what changed it (git diff), and take back what is not meant",
		}
	}
	return tree, nil
}

// decode parses and decrypts a file and checks its MAC; without a data key it
// is unwrapped.
func (f *File) decode(ctx context.Context, raw, key []byte) (*opened, error) {
	tree, err := f.load(raw)
	if err != nil {
		return nil, err
	}
	if key == nil {
		if key, err = f.unwrap(ctx, &tree.Metadata); err != nil {
			return nil, err
		}
	}
	o := &opened{raw: raw, tree: tree, key: key, cipher: aes.NewCipher()}
	mac, err := tree.Decrypt(key, o.cipher)
	if err != nil {
		return nil, f.tampered("a value in it does not open") // the library's words may show a value
	}
	stamp := tree.Metadata.LastModified.Format(time.RFC3339)
	sealed, err := o.cipher.Decrypt(tree.Metadata.MessageAuthenticationCode, key, stamp)
	if err != nil || sealed != mac {
		return nil, f.tampered("its MAC does not fit its content")
	}
	return o, nil
}

// tampered is the problem of a file that sops would refuse.
func (f *File) tampered(why string) error {
	return state.Problem{
		What: "open " + f.rel(),
		Why:  why + ": it was changed without sops, or merged by hand",
		Fix:  "take back the last good version (git log -- " + f.rel() + ") and make the change with: sops " + f.rel(),
	}
}

// store is sops' YAML store, with the indentation that .sops.yaml may want.
func (f *File) store() *yaml.Store {
	if path, found := f.rulesPath(); found {
		if conf, err := config.LoadStoresConfig(path); err == nil {
			return yaml.NewStore(&conf.YAML)
		}
	}
	return yaml.NewStore(&config.YAMLStoreConfig{})
}

// rel is the file's name for people.
func (f *File) rel() string {
	if rel, err := filepath.Rel(f.o.Root, f.o.File); err == nil {
		return rel
	}
	return f.o.File
}

// secret finds a value; one that is not text is foreign, and given as text.
func (o *opened) secret(name state.SecretName) (v state.Secret, found bool, err error) {
	i := index(o.tree.Branches[0], name)
	if i < 0 {
		return state.Secret{}, false, nil
	}
	text, err := sops.ToBytes(o.tree.Branches[0][i].Value)
	if err != nil {
		return state.Secret{}, false, fmt.Errorf("read secret %s: it is not a single value", name)
	}
	return state.NewSecret(string(text)), true, nil
}

// index finds a top-level key; -1: there is none.
func index(b sops.TreeBranch, name state.SecretName) int {
	for i, item := range b {
		if item.Key == string(name) {
			return i
		}
	}
	return -1
}
