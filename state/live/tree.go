package live

import (
	"cmp"
	"iter"
	"math"
	"slices"
	"sort"
)

// key orders the entries of a tree: by hi, then by lo. Tables use the id as
// lo, indexes put what they are by into hi.
type key struct{ hi, lo int64 }

func id(n int64) key { return key{0, n} }

func (k key) compare(o key) int {
	if c := cmp.Compare(k.hi, o.hi); c != 0 {
		return c
	}
	return cmp.Compare(k.lo, o.lo)
}

// width is how many entries a node has at most.
const width = 32

// tree is a persistent B+ tree: put and drop return another tree that shares
// with this one all nodes but those on the way to the entry. The zero value is
// empty.
type tree[V any] struct {
	root *node[V]
	n    int
}

// node is a leaf with values, or an inner node with kids; then keys holds the
// smallest key of each. A node is never changed once it is in a tree.
type node[V any] struct {
	keys []key
	vals []V
	kids []*node[V]
}

func (t tree[V]) len() int { return t.n }

func (t tree[V]) get(k key) (v V, found bool) {
	n := t.root
	for n != nil && n.kids != nil {
		n = n.kids[n.way(k)]
	}
	if n == nil {
		return v, false
	}
	i, found := n.find(k)
	if !found {
		return v, false
	}
	return n.vals[i], true
}

func (t tree[V]) put(k key, v V) tree[V] {
	if t.root == nil {
		return tree[V]{&node[V]{keys: []key{k}, vals: []V{v}}, 1}
	}
	left, right, added := t.root.put(k, v)
	if right != nil {
		left = &node[V]{keys: []key{left.keys[0], right.keys[0]}, kids: []*node[V]{left, right}}
	}
	if added {
		t.n++
	}
	return tree[V]{left, t.n}
}

func (t tree[V]) drop(k key) tree[V] {
	if _, found := t.get(k); !found {
		return t
	}
	root := t.root.drop(k)
	for root != nil && len(root.kids) == 1 {
		root = root.kids[0]
	}
	return tree[V]{root, t.n - 1}
}

// up walks the entries from a key to another one, both included.
func (t tree[V]) up(from, to key) iter.Seq2[key, V] {
	return func(yield func(key, V) bool) {
		if t.root != nil {
			t.root.up(from, to, yield)
		}
	}
}

// down walks the entries backwards, from the greater key to the smaller one,
// both included.
func (t tree[V]) down(from, to key) iter.Seq2[key, V] {
	return func(yield func(key, V) bool) {
		if t.root != nil {
			t.root.down(from, to, yield)
		}
	}
}

// all walks every entry.
func (t tree[V]) all() iter.Seq2[key, V] { return t.up(first, last) }

// first and last are the ends of all keys.
var (
	first = key{math.MinInt64, math.MinInt64}
	last  = key{math.MaxInt64, math.MaxInt64}
)

// find is where a key is, or belongs.
func (n *node[V]) find(k key) (int, bool) {
	return slices.BinarySearchFunc(n.keys, k, key.compare)
}

// way is the kid that a key belongs to.
func (n *node[V]) way(k key) int {
	return max(0, sort.Search(len(n.keys), func(i int) bool { return n.keys[i].compare(k) > 0 })-1)
}

func (n *node[V]) put(k key, v V) (left, right *node[V], added bool) {
	if n.kids == nil {
		i, found := n.find(k)
		if found {
			vals := slices.Clone(n.vals)
			vals[i] = v
			return &node[V]{keys: n.keys, vals: vals}, nil, false
		}
		left, right = split(&node[V]{keys: inserted(n.keys, i, k), vals: inserted(n.vals, i, v)}, i)
		return left, right, true
	}
	i := n.way(k)
	a, b, added := n.kids[i].put(k, v)
	next := &node[V]{keys: n.keys, kids: n.kids}
	if b == nil {
		next.kids = slices.Clone(n.kids)
	} else {
		next.kids = inserted(n.kids, i+1, b)
		next.keys = inserted(n.keys, i+1, b.keys[0])
	}
	next.kids[i] = a
	if a.keys[0] != n.keys[i] {
		if b == nil {
			next.keys = slices.Clone(n.keys)
		}
		next.keys[i] = a.keys[0]
	}
	left, right = split(next, i+1)
	return left, right, added
}

// split cuts a node that has become too long in two: in the middle, or, where
// the last entry is the new one, before it, so that ids that only grow leave
// full nodes behind.
func split[V any](n *node[V], i int) (left, right *node[V]) {
	size := len(n.keys)
	if size <= width {
		return n, nil
	}
	at := size / 2
	if i == size-1 {
		at = size - 1
	}
	left, right = &node[V]{keys: slices.Clone(n.keys[:at])}, &node[V]{keys: slices.Clone(n.keys[at:])}
	if n.kids != nil {
		left.kids, right.kids = slices.Clone(n.kids[:at]), slices.Clone(n.kids[at:])
	} else {
		left.vals, right.vals = slices.Clone(n.vals[:at]), slices.Clone(n.vals[at:])
	}
	return left, right
}

// drop takes out a key that is there; nil where nothing is left.
func (n *node[V]) drop(k key) *node[V] {
	if n.kids == nil {
		i, _ := n.find(k)
		if len(n.keys) == 1 {
			return nil
		}
		return &node[V]{keys: removed(n.keys, i), vals: removed(n.vals, i)}
	}
	i := n.way(k)
	kid := n.kids[i].drop(k)
	switch {
	case kid == nil && len(n.kids) == 1:
		return nil
	case kid == nil:
		return &node[V]{keys: removed(n.keys, i), kids: removed(n.kids, i)}
	}
	next := &node[V]{keys: n.keys, kids: slices.Clone(n.kids)}
	next.kids[i] = kid
	if kid.keys[0] != n.keys[i] {
		next.keys = slices.Clone(n.keys)
		next.keys[i] = kid.keys[0]
	}
	return next
}

func (n *node[V]) up(from, to key, yield func(key, V) bool) bool {
	if n.kids != nil {
		for i := n.way(from); i < len(n.kids) && n.keys[i].compare(to) <= 0; i++ {
			if !n.kids[i].up(from, to, yield) {
				return false
			}
		}
		return true
	}
	i, _ := n.find(from)
	for ; i < len(n.keys) && n.keys[i].compare(to) <= 0; i++ {
		if !yield(n.keys[i], n.vals[i]) {
			return false
		}
	}
	return true
}

func (n *node[V]) down(from, to key, yield func(key, V) bool) bool {
	if n.kids != nil {
		for i := n.way(from); i >= 0; i-- {
			if !n.kids[i].down(from, to, yield) {
				return false
			}
			if n.keys[i].compare(to) <= 0 {
				break
			}
		}
		return true
	}
	i, found := n.find(from)
	if !found {
		i--
	}
	for ; i >= 0 && n.keys[i].compare(to) >= 0; i-- {
		if !yield(n.keys[i], n.vals[i]) {
			return false
		}
	}
	return true
}

func inserted[T any](all []T, i int, v T) []T {
	out := make([]T, len(all)+1)
	copy(out, all[:i])
	out[i] = v
	copy(out[i+1:], all[i:])
	return out
}

func removed[T any](all []T, i int) []T {
	out := make([]T, len(all)-1)
	copy(out, all[:i])
	copy(out[i:], all[i+1:])
	return out
}
