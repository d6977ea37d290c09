package sops

import (
	"reflect"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// addRecipients returns the rules with one that seals path for all the
// recipients: a new rule at the end, or the recipients added to the rule that
// is for this path alone. Everything else stays byte for byte; the text is
// parsed again and compared. The same text comes back where nothing lacks. An
// unusual error says why a person must do it.
func addRecipients(text, path string, recipients []string) (string, error) {
	r, err := parseRules(text)
	if err != nil {
		return "", err
	}
	i, err := r.match(path)
	if err != nil {
		return "", err
	}
	if i < 0 {
		return r.append(path, recipients)
	}
	rule := r.items()[i]
	have := ruleAges(rule)
	lacking := slices.DeleteFunc(slices.Clone(recipients), func(s string) bool { return slices.Contains(have, s) })
	if len(lacking) == 0 {
		return text, nil
	}
	if err := r.plain(); err != nil {
		return "", err
	}
	if !onlyFor(scalar(child(rule, "path_regex")), path) {
		return "", unusual{"a rule for other files too matches it, without these recipients", rule.Line}
	}
	return r.extend(i, lacking)
}

// ruleAges are all age recipients of a rule, in whatever shape.
func ruleAges(rule *yaml.Node) []string {
	all := listed(child(rule, "age"))
	if groups := child(rule, "key_groups"); groups != nil {
		all = nil
		for _, group := range groups.Content {
			all = append(all, listed(child(group, "age"))...)
		}
	}
	return all
}

// append adds a rule after all others.
func (r *rules) append(path string, recipients []string) (string, error) {
	if err := r.plain(); err != nil {
		return "", err
	}
	indent, lines := 2, strings.SplitAfter(r.text, "\n")
	at := len(lines)
	head := ""
	switch {
	case r.seq == nil:
		head = "creation_rules:\n"
	case r.seq.Kind == yaml.SequenceNode:
		indent = r.seq.Column - 1
	case r.seq.Value != "":
		return "", unusual{"creation_rules is not a list", r.seq.Line}
	}
	if r.next > 0 {
		at = r.next - 1
	}
	// Blank lines, and comments that belong to the next key, stay below.
	for at > 0 && (strings.TrimSpace(lines[at-1]) == "" || r.next > 0 && strings.HasPrefix(lines[at-1], "#")) {
		at--
	}
	before := strings.Join(lines[:at], "")
	if before != "" && !strings.HasSuffix(before, "\n") {
		before += "\n"
	}
	after := before + head + ruleBlock(path, recipients, indent) + strings.Join(lines[at:], "")
	return after, r.compare(after, len(r.items()), path, recipients)
}

// extend adds recipients to a rule's own list.
func (r *rules) extend(i int, lacking []string) (string, error) {
	rule := r.items()[i]
	list := ageNode(rule)
	if list == nil {
		return "", unusual{"its rule has no list of age recipients, or several key groups", rule.Line}
	}
	lines := strings.SplitAfter(r.text, "\n")
	if list.Kind == yaml.SequenceNode && len(list.Content) > 0 {
		last := list.Content[len(list.Content)-1].Line - 1
		pad := strings.Repeat(" ", list.Column-1)
		lines[last] = strings.TrimSuffix(lines[last], "\n") + "\n" + pad + "- " + strings.Join(lacking, "\n"+pad+"- ") + "\n"
	} else if !extendText(lines, list, lacking) {
		return "", unusual{"its list of age recipients has an unusual shape", list.Line}
	}
	after := strings.Join(lines, "")
	return after, r.compare(after, i, "", append(ruleAges(rule), lacking...))
}

// extendText adds to recipients that are one text with commas between them.
func extendText(lines []string, n *yaml.Node, lacking []string) bool {
	if n.Style&(yaml.FoldedStyle|yaml.LiteralStyle) != 0 {
		first := n.Line // the line below the one with the indicator
		if first >= len(lines) {
			return false
		}
		pad := leading(lines[first])
		last := first
		for last+1 < len(lines) && strings.TrimSpace(lines[last+1]) != "" && len(leading(lines[last+1])) >= len(pad) {
			last++
		}
		text := strings.TrimSuffix(strings.TrimRight(lines[last], " \n"), ",")
		lines[last] = text + ",\n" + pad + strings.Join(lacking, ",\n"+pad) + "\n"
		return len(pad) > 0
	}
	line, at := lines[n.Line-1], n.Column-1
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		at++
	}
	if at >= len(line) || !strings.HasPrefix(line[at:], n.Value) {
		return false
	}
	at += len(n.Value)
	lines[n.Line-1] = strings.TrimSuffix(line[:at], ",") + "," + strings.Join(lacking, ",") + line[at:]
	return true
}

// compare parses the new text and makes sure that nothing but rule i is other
// than before, and that this rule now names exactly these recipients. A path
// means that the rule is new.
func (r *rules) compare(after string, i int, path string, recipients []string) error {
	failed := unusual{why: "an edit would have changed more than it should"}
	edited, err := parseRules(after)
	if err != nil || edited.more {
		return failed
	}
	items := edited.items()
	if i >= len(items) || !sameSet(ruleAges(items[i]), recipients) {
		return failed
	}
	if path != "" && !onlyFor(scalar(child(items[i], "path_regex")), path) {
		return failed
	}
	was, is := r.values(), edited.values()
	if was == nil || is == nil {
		return failed
	}
	wasRules, _ := was["creation_rules"].([]any)
	isRules, _ := is["creation_rules"].([]any)
	if path != "" {
		wasRules = slices.Insert(slices.Clone(wasRules), i, any(nil))
	}
	if len(wasRules) != len(isRules) {
		return failed
	}
	if path == "" && !reflect.DeepEqual(withoutAges(wasRules[i]), withoutAges(isRules[i])) {
		return failed
	}
	wasRules[i], isRules[i] = nil, nil
	was["creation_rules"], is["creation_rules"] = wasRules, isRules
	if !reflect.DeepEqual(was, is) {
		return failed
	}
	return nil
}

// values are the file's values; nil where they cannot be read.
func (r *rules) values() map[string]any {
	v := map[string]any{}
	if err := yaml.Unmarshal([]byte(r.text), &v); err != nil {
		return nil
	}
	return v
}

// withoutAges is a rule with its one list of age recipients taken out.
func withoutAges(rule any) any {
	m, ok := rule.(map[string]any)
	if !ok {
		return rule
	}
	if groups, ok := m["key_groups"].([]any); ok && len(groups) == 1 {
		m, _ = groups[0].(map[string]any)
	}
	delete(m, "age")
	return rule
}

// ruleBlock is the text of a rule.
func ruleBlock(path string, recipients []string, indent int) string {
	pad := strings.Repeat(" ", indent)
	return pad + "- path_regex: " + quote("^"+regexp.QuoteMeta(path)+"$") + "\n" +
		pad + "  key_groups:\n" +
		pad + "    - age:\n" +
		pad + "        - " + strings.Join(recipients, "\n"+pad+"        - ") + "\n"
}

// quote makes a YAML scalar of a regular expression.
func quote(s string) string {
	if regexp.MustCompile(`^[\w./\\^$-]+$`).MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

func leading(line string) string { return line[:len(line)-len(strings.TrimLeft(line, " "))] }

func sameSet(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}
