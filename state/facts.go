package state

import (
	"fmt"
	"maps"
	"reflect"
)

// Ref names a fact or a secret: what a step needs and gives.
type Ref string

// Key is the typed name of a fact. All keys stand in keys.go.
type Key[T any] struct{ name Ref }

// NewKey makes a key; only keys.go calls it.
func NewKey[T any](name Ref) Key[T] { return Key[T]{name: name} }

// Ref is the key's name.
func (k Key[T]) Ref() Ref { return k.name }

// Facts is what this run has learned of the world. It is immutable: With
// returns a new one. It starts empty in every run and is never read back from
// a file.
type Facts struct{ m map[Ref]any }

// Get returns the fact, or an error that names it where it is not known.
func Get[T any](f Facts, k Key[T]) (T, error) {
	v, ok := f.m[k.name].(T)
	if !ok {
		return v, fmt.Errorf("fact %s is not known", k.name)
	}
	return v, nil
}

// Find is Get for the caller to whom an unknown fact is no error.
func Find[T any](f Facts, k Key[T]) (T, bool) {
	v, ok := f.m[k.name].(T)
	return v, ok
}

// With returns f and the fact.
func With[T any](f Facts, k Key[T], v T) Facts {
	m := maps.Clone(f.m)
	if m == nil {
		m = map[Ref]any{}
	}
	m[k.name] = v
	return Facts{m: m}
}

// One returns Facts that hold only this fact: what a Finding usually carries.
func One[T any](k Key[T], v T) Facts { return With(Facts{}, k, v) }

// Has says whether the fact is known.
func (f Facts) Has(r Ref) bool {
	_, ok := f.m[r]
	return ok
}

// Refs lists the facts that are known, in no order.
func (f Facts) Refs() []Ref {
	out := make([]Ref, 0, len(f.m))
	for r := range f.m {
		out = append(out, r)
	}
	return out
}

// Merge returns f with the facts of o over it.
func (f Facts) Merge(o Facts) Facts {
	if len(o.m) == 0 {
		return f
	}
	m := maps.Clone(f.m)
	if m == nil {
		m = map[Ref]any{}
	}
	maps.Copy(m, o.m)
	return Facts{m: m}
}

// Without returns f less the named facts.
func (f Facts) Without(refs ...Ref) Facts {
	m := maps.Clone(f.m)
	for _, r := range refs {
		delete(m, r)
	}
	return Facts{m: m}
}

// Same says whether both hold the same value, or both none, for the fact.
func (f Facts) Same(o Facts, r Ref) bool { return reflect.DeepEqual(f.m[r], o.m[r]) }
