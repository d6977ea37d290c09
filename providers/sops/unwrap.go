package sops

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/getsops/sops/v3"
	sopsage "github.com/getsops/sops/v3/age"
	"github.com/getsops/sops/v3/keyservice"

	"github.com/nixwright/nixwright/state"
)

// CanOpen opens the file; where there is none it seals a value in memory for
// the recipients of the creation rule and opens it again. Where there is no
// rule, or the rule lacks the identity on this machine (Recipients tells, and
// AddRule mends it), the value is sealed for that identity. nil: it can. Else
// the error is a state.Problem that names the recipients, and
// state.ErrNoIdentity.
func (f *File) CanOpen(ctx context.Context) error {
	f.mu.Lock()
	_, found, err := f.open(ctx)
	f.mu.Unlock()
	if err != nil || found {
		return err
	}
	probe, err := f.probe(ctx)
	if err != nil {
		return err
	}
	raw, err := f.seal(probe, []state.Sealed{{Name: "probe", Value: state.NewSecret("probe")}})
	if err != nil {
		return err
	}
	_, err = f.decode(ctx, raw, nil)
	return err
}

// probe is an empty file for those who are to read the real one.
func (f *File) probe(ctx context.Context) (*opened, error) {
	conf, ruled, err := f.rule()
	if err != nil {
		return nil, err
	}
	id, found, err := f.Identity(ctx)
	switch {
	case err != nil:
		return nil, err
	case ruled && (!found || slices.Contains(ages(conf.KeyGroups), id.Recipient)):
		return f.fresh(ctx)
	case !found:
		return nil, fmt.Errorf("%w: %w", state.Problem{
			What: "open " + f.rel(),
			Why:  "there is no age identity on this machine",
			Fix:  "let the step recipients make one, or put yours into " + f.keyFile(),
		}, state.ErrNoIdentity)
	}
	key, err := sopsage.MasterKeyFromRecipient(id.Recipient)
	if err != nil {
		return nil, fmt.Errorf("read recipient of %s: %w", id.Source, err)
	}
	return f.forGroups(ctx, sops.Metadata{KeyGroups: []sops.KeyGroup{{key}}, UnencryptedSuffix: sops.DefaultUnencryptedSuffix})
}

// unwrap decrypts the data key: first with the identities found here, then,
// where the file has other kinds of keys or a command gives identities, with
// all that sops itself knows.
func (f *File) unwrap(ctx context.Context, m *sops.Metadata) ([]byte, error) {
	all, notes := f.identities()
	ids := make(sopsage.ParsedIdentities, 0, len(all))
	for _, id := range all {
		ids = append(ids, id.Key)
	}
	ours := keyservice.NewCustomLocalClient(service{ids: ids, done: ctx.Done()})
	services := [][]keyservice.KeyServiceClient{{ours}}
	if f.o.Env(keyCmdEnv)+f.o.Env(sshCmdEnv) != "" {
		services = append(services, append([]keyservice.KeyServiceClient{ours}, sealing(ctx)...))
	} else if len(others(m.KeyGroups)) > 0 {
		services = append(services, []keyservice.KeyServiceClient{keyservice.NewCustomLocalClient(service{ids: ids, others: true, done: ctx.Done()})})
	}
	for _, s := range services {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("open %s: %w", f.rel(), err)
		}
		if key, err := m.GetDataKeyWithKeyServices(s, sops.DefaultDecryptionOrder); err == nil {
			return key, nil
		}
	}
	return nil, fmt.Errorf("%w: %w", f.closed(m, all, notes), state.ErrNoIdentity)
}

// closed is the problem of a file that no key here opens.
func (f *File) closed(m *sops.Metadata, all []located, notes []error) state.Problem {
	to := append(ages(m.KeyGroups), others(m.KeyGroups)...)
	p := state.Problem{
		What: "open " + f.rel(),
		Why:  "no key on this machine is one of its recipients: " + strings.Join(to, ", "),
		Fix:  "put the identity of one of them into " + f.keyFile(),
	}
	for _, note := range notes {
		p.Why += "; " + note.Error()
	}
	for _, id := range all {
		if id.Recipient != "" {
			p.Fix += ", or have somebody who can open it add " + id.Recipient + " to .sops.yaml and run: sops updatekeys " + f.rel()
			break
		}
	}
	return p
}
