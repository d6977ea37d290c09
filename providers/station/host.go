package station

import (
	"context"
	"os"
	"path/filepath"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/nixfiles"
)

// OnHost is what the facts of this machine say, where it is a CI host.
func OnHost() (c state.Config, found bool) {
	f, found := hostFacts()
	if !found {
		return state.Config{}, false
	}
	name, err := os.Hostname()
	return f.Wanted(name), err == nil
}

func hostFacts() (nixfiles.Facts, bool) {
	text, err := os.ReadFile(nixfiles.HostFacts)
	if err != nil {
		return nixfiles.Facts{}, false
	}
	f, err := nixfiles.ParseFacts(string(text))
	return f, err == nil
}

// Facts are those of the infra repository, else of this host; empty where
// there are none.
func Facts(d state.Dir, path string, here bool) nixfiles.Facts {
	if text, found, err := d.Read(path); err == nil && found {
		if f, err := nixfiles.ParseFacts(text); err == nil {
			return f
		}
	}
	if here {
		f, _ := hostFacts()
		return f
	}
	return nixfiles.Facts{}
}

// opened is where sops-nix puts what it has opened.
const opened = "/run/secrets"

// Opener finds secrets: where they are sealed, else, on the host, where
// sops-nix puts them, which root may read.
func Opener(sealed func(ctx context.Context, name state.SecretName) (state.Secret, bool, error), here bool) func(context.Context, state.SecretName) (state.Secret, bool) {
	return func(ctx context.Context, name state.SecretName) (state.Secret, bool) {
		if v, found, err := sealed(ctx, name); err == nil && found {
			return v, true
		}
		if !here {
			return state.Secret{}, false
		}
		text, err := os.ReadFile(filepath.Join(opened, filepath.Base(string(name))))
		return state.NewSecret(string(text)), err == nil
	}
}
