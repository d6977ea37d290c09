package nix

import (
	"errors"
	"fmt"
	"slices"
)

// found is something in a flake, with the names that are bound anew on the way
// to it.
type found struct {
	node  *node
	bound []string
}

// inner takes parentheses, let, with and assert away from an expression.
func inner(n *node, bound []string) (*node, []string) {
	for {
		switch n.kind { //nolint:exhaustive // the others are what they are
		case nodeLet:
			bound = append(slices.Clip(bound), names(n.binds)...)
		case nodeParen, nodeWith:
		default:
			return n, bound
		}
		n = n.kids[len(n.kids)-1]
	}
}

// names are those that lines bind.
func names(all []bind) []string {
	var out []string
	for _, b := range all {
		if out = append(out, b.inherits...); len(b.path) > 0 {
			out = append(out, b.path[0])
		}
	}
	return out
}

// list finds the list of modules of nixosConfigurations.<host>, and says why
// where there is not one that can be added to. open says that more than the
// list decides what is imported.
func (f *flakeFile) list(host string) (l found, open bool, err error) {
	all := hosts(found{f.outputs.kids[0], nil}, host)
	made := "nixosConfigurations." + host
	switch len(all) {
	case 0:
		return l, true, errors.New("flake.nix does not write " + made + " out")
	case 1:
	default:
		return l, true, fmt.Errorf("flake.nix writes %s %d times", made, len(all))
	}
	call, bound := inner(all[0].node, all[0].bound)
	if call.kind != nodeApply || len(call.kids) != 2 || !callsNixos(call.kids[0]) {
		return l, true, errors.New(made + " is not made by nixosSystem { … }")
	}
	set, bound := inner(call.kids[1], bound)
	if set.kind != nodeSet {
		return l, true, errors.New("the arguments of " + made + " are not written out")
	}
	if set.rec {
		bound = append(slices.Clip(bound), names(set.binds)...)
	}
	var modules *node
	for _, b := range set.binds {
		if slices.Equal(b.path, []string{"modules"}) {
			modules = b.value
		}
	}
	if modules == nil {
		return l, true, errors.New(made + " has no list of modules that is written there")
	}
	modules, bound = inner(modules, bound)
	if modules.kind == nodeConcat {
		open = true
		if i := slices.IndexFunc(modules.kids, func(n *node) bool { return n.kind == nodeList }); i >= 0 {
			modules = modules.kids[i]
		}
	}
	if modules.kind != nodeList {
		return l, true, errors.New("the modules of " + made + " are no list that is written there")
	}
	return found{modules, bound}, open, nil
}

// callsNixos says whether a function is …nixosSystem.
func callsNixos(f *node) bool {
	switch f.kind { //nolint:exhaustive // no other is a name
	case nodeName:
		return f.text == "nixosSystem"
	case nodeSelect:
		return f.names[len(f.names)-1] == "nixosSystem"
	}
	return false
}

// hosts finds every value of nixosConfigurations.<host> below an expression.
func hosts(in found, host string) []found {
	var out []found
	n, bound := in.node, in.bound
	switch {
	case n.kind == nodeLambda:
		bound = append(slices.Clip(bound), append(slices.Clone(n.lambda.names), n.lambda.name)...)
		for _, d := range n.lambda.defaults {
			out = append(out, hosts(found{d, bound}, host)...)
		}
	case n.kind == nodeLet, n.kind == nodeSet && n.rec:
		bound = append(slices.Clip(bound), names(n.binds)...)
	}
	for _, b := range n.binds {
		if b.value == nil {
			continue
		}
		if i := slices.Index(b.path, "nixosConfigurations"); i >= 0 && n.kind == nodeSet {
			out = append(out, named(b.path[i+1:], found{b.value, bound}, host)...)
			continue
		}
		out = append(out, hosts(found{b.value, bound}, host)...)
	}
	for _, kid := range n.kids {
		out = append(out, hosts(found{kid, bound}, host)...)
	}
	return out
}

// named finds the host behind nixosConfigurations and the rest of its path.
func named(rest []string, value found, host string) []found {
	if len(rest) > 0 {
		if rest[0] != host {
			return nil
		}
		if len(rest) > 1 { // a part of it
			return []found{{&node{}, nil}}
		}
		return []found{value}
	}
	set, bound := inner(value.node, value.bound)
	if set.kind != nodeSet {
		return nil
	}
	if set.rec {
		bound = append(slices.Clip(bound), names(set.binds)...)
	}
	var out []found
	for _, b := range set.binds {
		if len(b.path) > 0 && b.value != nil {
			out = append(out, named(b.path, found{b.value, bound}, host)...)
		}
	}
	return out
}
