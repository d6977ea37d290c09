package sops

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/nixwright/nixwright/providers/age"
	"github.com/nixwright/nixwright/state"
)

// Where sops looks for identities (sops 3.13, age/keysource.go).
const (
	keyEnv     = "SOPS_AGE_KEY"
	keyFileEnv = "SOPS_AGE_KEY_FILE"
	keyCmdEnv  = "SOPS_AGE_KEY_CMD"
	sshFileEnv = "SOPS_AGE_SSH_PRIVATE_KEY_FILE"
	sshCmdEnv  = "SOPS_AGE_SSH_PRIVATE_KEY_CMD"
	configEnv  = "XDG_CONFIG_HOME"
)

// located is an identity and where it was.
type located struct {
	age.Identity

	source string
}

// Identity tells an age identity that is on this machine: where there are
// several, one that is a recipient of the file or of its rule. found is false
// where there is none whose recipient is known.
func (f *File) Identity(ctx context.Context) (i state.Identity, found bool, err error) {
	r, err := f.Recipients(ctx)
	if err != nil {
		return state.Identity{}, false, err
	}
	all, notes := f.identities()
	for _, id := range all {
		one := state.Identity{Recipient: id.Recipient, Source: id.source}
		switch {
		case one.Recipient == "":
			continue
		case slices.Contains(r.File, one.Recipient), slices.Contains(r.Rule, one.Recipient):
			return one, true, nil
		case !found:
			i, found = one, true
		}
	}
	if !found && len(notes) > 0 {
		return state.Identity{}, false, fmt.Errorf("find age identity: %w", errors.Join(notes...))
	}
	return i, found, nil
}

// CreateIdentity makes an age identity where sops looks for one
// (SOPS_AGE_KEY_FILE, else sops/age/keys.txt in the user's configuration
// folder), readable by its owner only. Where there is one already, that one is
// told and nothing is made.
func (f *File) CreateIdentity(ctx context.Context) (state.Identity, error) {
	i, found, err := f.Identity(ctx)
	if err != nil || found {
		return i, err
	}
	path := f.keyFile()
	if path == "" {
		return state.Identity{}, errors.New("make age identity: there is no home folder to put it in")
	}
	before, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return state.Identity{}, fmt.Errorf("make age identity: %w", err)
	}
	recipient, key, err := age.NewIdentity()
	if err != nil {
		return state.Identity{}, fmt.Errorf("make age identity: %w", err)
	}
	if len(before) > 0 && before[len(before)-1] != '\n' {
		before = append(before, '\n') // a last line without its end is not to be glued to
	}
	text := string(before) + age.KeyFile(recipient, key).Reveal()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return state.Identity{}, fmt.Errorf("make age identity: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return state.Identity{}, fmt.Errorf("make age identity: %w", err)
	}
	if err := state.WriteFile(path, []byte(text), 0o600); err != nil {
		return state.Identity{}, fmt.Errorf("make age identity: %w", err)
	}
	return state.Identity{Recipient: recipient, Source: path}, nil
}

// identities finds what sops would find, without asking for a passphrase. The
// notes say which of the places could not be read.
func (f *File) identities() (all []located, notes []error) {
	add := func(source string, text state.Secret, parse func(state.Secret) ([]age.Identity, error)) {
		ids, err := parse(text)
		if err != nil {
			notes = append(notes, fmt.Errorf("%s: %w", source, err))
		}
		for _, id := range ids {
			all = append(all, located{id, source})
		}
	}
	if text := f.o.Env(keyEnv); text != "" {
		add(keyEnv, state.NewSecret(text), age.Parse)
	}
	named := f.o.Env(keyFileEnv)
	files := []struct {
		path  string
		named bool
		parse func(state.Secret) ([]age.Identity, error)
	}{
		{named, true, age.Parse},
		{f.defaultKeyFile(), false, age.Parse},
		{f.o.Env(sshFileEnv), true, parseSSH},
		{f.inHome(".ssh", "id_ed25519"), false, parseSSH},
	}
	for i, file := range files {
		if file.path == "" || i > 0 && file.path == named {
			continue
		}
		text, err := os.ReadFile(file.path)
		switch {
		case err == nil:
			add(file.path, state.NewSecret(string(text)), file.parse)
		case file.named || !errors.Is(err, fs.ErrNotExist):
			notes = append(notes, err)
		}
	}
	return all, notes
}

// parseSSH reads one SSH key; one with a passphrase is passed over.
func parseSSH(text state.Secret) ([]age.Identity, error) {
	id, err := age.ParseSSH(text)
	switch {
	case errors.Is(err, age.ErrPassphrase):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return []age.Identity{id}, nil
}

// keyFile is where a new identity goes.
func (f *File) keyFile() string {
	if path := f.o.Env(keyFileEnv); path != "" {
		return path
	}
	return f.defaultKeyFile()
}

// defaultKeyFile is sops' own place for identities.
func (f *File) defaultKeyFile() string {
	below := []string{"sops", "age", "keys.txt"}
	if folder := f.o.Env(configEnv); folder != "" {
		return filepath.Join(append([]string{folder}, below...)...)
	}
	if runtime.GOOS == "darwin" {
		return f.inHome(append([]string{"Library", "Application Support"}, below...)...)
	}
	return f.inHome(append([]string{".config"}, below...)...)
}

// inHome is a path in the user's home folder; empty where there is none.
func (f *File) inHome(below ...string) string {
	if f.o.Home == "" {
		return ""
	}
	return filepath.Join(f.o.Home, filepath.Join(below...))
}
