package sops

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// rules is the text of a .sops.yaml with the places of its nodes.
type rules struct {
	text string
	doc  *yaml.Node // the mapping; nil: the file says nothing
	seq  *yaml.Node // the value of creation_rules; nil: there is no such key
	next int        // the line of the key after creation_rules; 0: it is the last
	more bool       // there is more than one YAML document
}

// unusual is why a file is left to a person. Line is where, 0: nowhere.
type unusual struct {
	why  string
	line int
}

// Error implements error.
func (u unusual) Error() string {
	if u.line == 0 {
		return u.why
	}
	return fmt.Sprintf("%s (line %d)", u.why, u.line)
}

// parseRules reads the text of a .sops.yaml.
func parseRules(text string) (*rules, error) {
	r := &rules{text: text}
	var all, second yaml.Node
	decoder := yaml.NewDecoder(strings.NewReader(text))
	switch err := decoder.Decode(&all); {
	case errors.Is(err, io.EOF):
		return r, nil
	case err != nil:
		return nil, fmt.Errorf("parse rules: %w", err)
	}
	var values any // an anchor that holds itself shows only here
	err := all.Decode(&values)
	if _, meant := errors.AsType[*yaml.TypeError](err); err != nil && !meant { // a key that stands twice may be no matter of sops
		return nil, fmt.Errorf("parse rules: %w", err)
	}
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		r.more = true
	}
	if all.Kind != yaml.DocumentNode || all.Content[0].Kind != yaml.MappingNode {
		return nil, errors.New("parse rules: the file is not a mapping")
	}
	r.doc = all.Content[0]
	for i := 0; i < len(r.doc.Content); i += 2 {
		if r.doc.Content[i].Value != "creation_rules" {
			continue
		}
		r.seq = r.doc.Content[i+1]
		if i+2 < len(r.doc.Content) {
			r.next = r.doc.Content[i+2].Line
		}
		break
	}
	return r, nil
}

// items are the creation rules.
func (r *rules) items() []*yaml.Node {
	if r.seq == nil {
		return nil
	}
	seq := resolve(r.seq)
	if seq.Kind != yaml.SequenceNode {
		return nil
	}
	return seq.Content
}

// match finds the first rule for a path; -1: there is none. A rule without a
// path_regex matches everything.
func (r *rules) match(path string) (int, error) {
	for i, item := range r.items() {
		pattern := scalar(child(item, "path_regex"))
		re, err := regexp.Compile(pattern)
		if err != nil {
			return -1, unusual{"its path_regex is not a regular expression", item.Line}
		}
		if pattern == "" || re.MatchString(path) {
			return i, nil
		}
	}
	return -1, nil
}

// ageNode finds the list of age recipients of a rule that has only one: under
// age, or under key_groups with a single group; nil: there is none.
func ageNode(rule *yaml.Node) *yaml.Node {
	groups := child(rule, "key_groups")
	if groups == nil {
		return child(rule, "age")
	}
	if groups.Kind != yaml.SequenceNode || len(groups.Content) != 1 {
		return nil
	}
	return child(groups.Content[0], "age")
}

// listed are the recipients that a node names, as a list or with commas.
func listed(n *yaml.Node) []string {
	var all []string
	switch {
	case n == nil:
	case n.Kind == yaml.SequenceNode:
		for _, item := range n.Content {
			all = append(all, listed(resolve(item))...)
		}
	case n.Kind == yaml.ScalarNode:
		for part := range strings.SplitSeq(n.Value, ",") {
			if part = strings.TrimSpace(part); part != "" {
				all = append(all, part)
			}
		}
	}
	return all
}

// onlyFor says whether a path_regex means this one path.
func onlyFor(pattern, path string) bool {
	pattern = strings.TrimSuffix(strings.TrimPrefix(pattern, "^"), "$")
	return strings.ReplaceAll(pattern, `\`, "") == path
}

// plain says why the file is not one to edit: anchors, aliases, flow
// collections in the rules, tabs, several documents.
func (r *rules) plain() error {
	switch {
	case strings.ContainsAny(r.text, "\t\r"):
		return unusual{why: "it holds tabs or carriage returns"}
	case r.more:
		return unusual{why: "it holds more than one YAML document"}
	case r.doc != nil && r.doc.Style&yaml.FlowStyle != 0:
		return unusual{"it is written as a flow mapping", r.doc.Line}
	case r.doc == nil:
		return nil
	}
	if n := firstNode(r.doc, func(n *yaml.Node) bool { return n.Anchor != "" || n.Kind == yaml.AliasNode }); n != nil {
		return unusual{"it uses anchors or aliases", n.Line}
	}
	if r.seq == nil || r.seq.Tag == "!!null" {
		return nil
	}
	if r.seq.Kind != yaml.SequenceNode {
		return unusual{"creation_rules is not a list", r.seq.Line}
	}
	if n := firstNode(r.seq, func(n *yaml.Node) bool { return n.Style&yaml.FlowStyle != 0 }); n != nil {
		return unusual{"its rules are written in flow style", n.Line}
	}
	if i := slices.IndexFunc(r.seq.Content, func(n *yaml.Node) bool { return n.Kind != yaml.MappingNode }); i >= 0 {
		return unusual{"a creation rule is not a mapping", r.seq.Content[i].Line}
	}
	return nil
}

// firstNode finds the first node, in file order, for which is holds.
func firstNode(n *yaml.Node, is func(*yaml.Node) bool) *yaml.Node {
	if is(n) {
		return n
	}
	for _, c := range n.Content {
		if hit := firstNode(c, is); hit != nil {
			return hit
		}
	}
	return nil
}

// mergeTag marks the key << of YAML 1.1, which takes over another mapping.
const mergeTag = "!!merge"

// child finds the value of a key, its own or one taken over with <<; nil:
// there is none.
func child(n *yaml.Node, key string) *yaml.Node {
	n = resolve(n)
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	var merged *yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		switch value := resolve(n.Content[i+1]); {
		case n.Content[i].Value == key:
			return value
		case n.Content[i].Tag == mergeTag && value.Kind == yaml.SequenceNode:
			for _, one := range value.Content {
				merged = cmp.Or(merged, child(one, key))
			}
		case n.Content[i].Tag == mergeTag:
			merged = child(value, key)
		}
	}
	return merged
}

func resolve(n *yaml.Node) *yaml.Node {
	if n != nil && n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func scalar(n *yaml.Node) string {
	if n == nil || n.Kind != yaml.ScalarNode {
		return ""
	}
	return n.Value
}
