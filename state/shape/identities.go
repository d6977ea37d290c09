package shape

import (
	"encoding/json"
	"fmt"
	"maps"

	"github.com/nixwright/nixwright/state"
)

// Identities is what no API gives back of the Apps that were made: it is kept
// with the secrets, in the same write as theirs. Fields of a newer version
// are kept.
type Identities struct {
	App    *AppIdentity
	Logins map[string]LoginIdentity // by role: proxy, buildbot

	rest map[string]json.RawMessage
}

// AppIdentity is the CI's App.
type AppIdentity struct {
	ID       int64
	Slug     string
	Name     string
	ClientID string

	rest map[string]json.RawMessage
}

// LoginIdentity is an App that people sign in through. Kind is github-app or
// oauth-app; an OAuth App has no slug.
type LoginIdentity struct {
	Name     string
	Kind     string
	ClientID string
	Slug     string

	rest map[string]json.RawMessage
}

// fields names what is read and written of each; an empty one is left out.
func (i *Identities) fields() map[string]any {
	return map[string]any{"app": &i.App, "logins": &i.Logins}
}

func (a *AppIdentity) fields() map[string]any {
	return map[string]any{"id": &a.ID, "slug": &a.Slug, "name": &a.Name, "client_id": &a.ClientID}
}

func (l *LoginIdentity) fields() map[string]any {
	return map[string]any{"name": &l.Name, "kind": &l.Kind, "client_id": &l.ClientID, "slug": &l.Slug}
}

// UnmarshalJSON implements json.Unmarshaler.
func (i *Identities) UnmarshalJSON(b []byte) error { return read(b, i.fields(), &i.rest) }

// UnmarshalJSON implements json.Unmarshaler.
func (a *AppIdentity) UnmarshalJSON(b []byte) error { return read(b, a.fields(), &a.rest) }

// UnmarshalJSON implements json.Unmarshaler.
func (l *LoginIdentity) UnmarshalJSON(b []byte) error { return read(b, l.fields(), &l.rest) }

// MarshalJSON implements json.Marshaler.
func (i Identities) MarshalJSON() ([]byte, error) { return write(i.fields(), i.rest) }

// MarshalJSON implements json.Marshaler.
func (a AppIdentity) MarshalJSON() ([]byte, error) { return write(a.fields(), a.rest) }

// MarshalJSON implements json.Marshaler.
func (l LoginIdentity) MarshalJSON() ([]byte, error) { return write(l.fields(), l.rest) }

// read takes the known fields out of an object and keeps the rest.
func read(b []byte, fields map[string]any, rest *map[string]json.RawMessage) error {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(b, &all); err != nil {
		return err
	}
	for name, into := range fields {
		if raw, ok := all[name]; ok {
			if err := json.Unmarshal(raw, into); err != nil {
				return fmt.Errorf("read %s: %w", name, err)
			}
			delete(all, name)
		}
	}
	if len(all) > 0 {
		*rest = all
	}
	return nil
}

// write puts the known fields over the rest.
func write(fields map[string]any, rest map[string]json.RawMessage) ([]byte, error) {
	all := maps.Clone(rest)
	if all == nil {
		all = map[string]json.RawMessage{}
	}
	for name, from := range fields {
		raw, err := json.Marshal(from)
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", name, err)
		}
		if s := string(raw); s != `""` && s != "0" && s != "null" && s != "{}" {
			all[name] = raw
		}
	}
	return json.Marshal(all)
}

// ParseIdentities reads nixwright-identities; an empty value is none yet. The
// error repeats nothing of it.
func ParseIdentities(v state.Secret) (Identities, error) {
	var i Identities
	if v.Empty() {
		return i, nil
	}
	if err := json.Unmarshal([]byte(v.Reveal()), &i); err != nil {
		return Identities{}, state.Problem{
			What: string(IdentitiesName) + " cannot be read",
			Why:  "it is not the JSON object that nixwright writes",
			Fix:  "take it out of the sops file: what is there is adopted again by adopt.app_id and the client ids",
		}
	}
	return i, nil
}

// Seal is the identities as they are kept.
func (i Identities) Seal() (state.Sealed, error) {
	b, err := json.Marshal(i)
	if err != nil {
		return state.Sealed{}, fmt.Errorf("compose %s: %w", IdentitiesName, err)
	}
	return state.Sealed{Name: IdentitiesName, Value: state.NewSecret(string(b))}, nil
}

func acceptIdentities(v state.Secret, _ state.Config) error {
	_, err := ParseIdentities(v)
	return err
}
