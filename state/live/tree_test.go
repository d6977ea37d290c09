package live

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestTreeIsAMap compares a tree, and every older one, with a map.
func TestTreeIsAMap(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		var now tree[int]
		truth := map[key]int{}
		type past struct {
			t tree[int]
			m map[key]int
		}
		var olds []past
		for i := range 3000 {
			k := key{r.Int64N(3), r.Int64N(400)}
			if r.IntN(3) == 0 || i > 2000 && r.IntN(2) == 0 {
				now = now.drop(k)
				delete(truth, k)
			} else {
				now = now.put(k, i)
				truth[k] = i
			}
			if i%200 == 0 {
				olds = append(olds, past{now, maps.Clone(truth)})
			}
		}
		for _, p := range append(olds, past{now, truth}) {
			same(t, p.t, p.m)
		}
	}
}

func same(t *testing.T, tr tree[int], truth map[key]int) {
	t.Helper()
	if tr.len() != len(truth) {
		t.Fatalf("it has %d entries, want %d", tr.len(), len(truth))
	}
	want := slices.SortedFunc(maps.Keys(truth), key.compare)
	var got []key
	for k, v := range tr.all() {
		if truth[k] != v {
			t.Fatalf("%v is %d, want %d", k, v, truth[k])
		}
		if one, found := tr.get(k); !found || one != v {
			t.Fatalf("%v is not found", k)
		}
		got = append(got, k)
	}
	if !slices.Equal(got, want) {
		t.Fatalf("walked up: %v, want %v", got, want)
	}
	from, to := key{0, 100}, key{1, 250}
	inside := slices.DeleteFunc(slices.Clone(want), func(k key) bool { return k.compare(from) < 0 || k.compare(to) > 0 })
	got = nil
	for k := range tr.up(from, to) {
		got = append(got, k)
	}
	if !slices.Equal(got, inside) {
		t.Fatalf("walked up a part: %v, want %v", got, inside)
	}
	slices.Reverse(inside)
	got = nil
	for k := range tr.down(to, from) {
		got = append(got, k)
	}
	if !slices.Equal(got, inside) {
		t.Fatalf("walked down a part: %v, want %v", got, inside)
	}
}

func TestTreeGrowsFull(t *testing.T) {
	var tr tree[struct{}]
	for i := range int64(10_000) {
		tr = tr.put(id(i), struct{}{})
	}
	nodes := 0
	var count func(n *node[struct{}])
	count = func(n *node[struct{}]) {
		nodes++
		for _, kid := range n.kids {
			count(kid)
		}
	}
	count(tr.root)
	if nodes > 10_000/width+20 {
		t.Errorf("ten thousand growing ids make %d nodes", nodes)
	}
}
