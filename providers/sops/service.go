package sops

import (
	"context"
	"errors"
	"fmt"
	"time"

	sopsage "github.com/getsops/sops/v3/age"
	"github.com/getsops/sops/v3/keys"
	"github.com/getsops/sops/v3/keyservice"

	"github.com/nixwright/nixwright/state"
)

// keyLimit is how long one key may take: gpg may ask for a PIN, and the clouds'
// libraries look for credentials in several places.
const keyLimit = time.Minute

// errNotOurs is the service's answer for a key that is left to another.
var errNotOurs = errors.New("no identity for this key")

// service unwraps a data key with given identities instead of those that sops
// would look for in the process's environment.
type service struct {
	ids    sopsage.ParsedIdentities
	others bool            // let sops try keys that are not age keys
	every  bool            // let sops try all keys
	done   <-chan struct{} // closed when nobody waits any more
}

// Decrypt implements keyservice.KeyServiceServer.
func (s service) Decrypt(ctx context.Context, req *keyservice.DecryptRequest) (*keyservice.DecryptResponse, error) {
	age, ok := req.GetKey().GetKeyType().(*keyservice.Key_AgeKey)
	switch {
	case !ok && s.others, s.every:
		return within(s.done, func() (*keyservice.DecryptResponse, error) { return keyservice.Server{}.Decrypt(ctx, req) })
	case !ok, len(s.ids) == 0:
		return nil, errNotOurs
	}
	key := &sopsage.MasterKey{Recipient: age.AgeKey.GetRecipient(), EncryptedKey: string(req.GetCiphertext())}
	s.ids.ApplyToMasterKey(key)
	plain, err := key.Decrypt()
	if err != nil {
		return nil, errNotOurs
	}
	return &keyservice.DecryptResponse{Plaintext: plain}, nil
}

// Encrypt implements keyservice.KeyServiceServer.
func (s service) Encrypt(ctx context.Context, req *keyservice.EncryptRequest) (*keyservice.EncryptResponse, error) {
	return within(s.done, func() (*keyservice.EncryptResponse, error) { return keyservice.Server{}.Encrypt(ctx, req) })
}

// within asks until nobody waits any more, or for keyLimit: sops gives its key
// services no context. What is asked goes on alone until it gives up itself. A
// panic is an error: Huawei's library has one where it cannot connect.
func within[T any](done <-chan struct{}, ask func() (T, error)) (T, error) {
	type reply struct {
		v   T
		err error
	}
	replies := make(chan reply, 1)
	go func() {
		var r reply
		defer func() {
			if p := recover(); p != nil {
				r.err = fmt.Errorf("its library fails: %v", p)
			}
			replies <- r
		}()
		r.v, r.err = ask()
	}()
	timer := time.NewTimer(keyLimit)
	defer timer.Stop()
	var none T
	select {
	case r := <-replies:
		return r.v, r.err
	case <-done:
		return none, context.Canceled
	case <-timer.C:
		return none, context.DeadlineExceeded
	}
}

// sealing are sops' own key services, which know every kind of key.
func sealing(ctx context.Context) []keyservice.KeyServiceClient {
	return []keyservice.KeyServiceClient{keyservice.NewCustomLocalClient(service{every: true, done: ctx.Done()})}
}

// sealFor wraps the data key for one key.
func sealFor(ctx context.Context, key keys.MasterKey, dataKey []byte) error {
	to := keyservice.KeyFromMasterKey(key)
	resp, err := sealing(ctx)[0].Encrypt(ctx, &keyservice.EncryptRequest{Key: &to, Plaintext: dataKey})
	if err != nil {
		return err
	}
	key.SetEncryptedDataKey(resp.GetCiphertext())
	return nil
}

// unsealed is the problem of a key for which nothing can be sealed here; nil
// where there is no cause.
func (f *File) unsealed(ctx context.Context, cause error) error {
	switch {
	case cause == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("seal for the recipients of %s: %w", f.rel(), ctx.Err())
	}
	return state.Problem{
		What: "seal for the recipients of " + f.rel(),
		Why:  state.CleanText(cause.Error(), 600),
		Fix:  "see that gpg, or the cloud's credentials, can use this key here; or give " + f.rel() + " a creation rule of its own in .sops.yaml with age recipients",
	}
}
