package sops

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	sopsage "github.com/getsops/sops/v3/age"

	"github.com/nixwright/nixwright/state"
)

// AddRule sees to it that the first creation rule that matches the secrets
// file names all the recipients: it makes .sops.yaml where there is none, adds
// a rule at its end where none matches, and adds what lacks to a rule that is
// for this file alone. Comments and everything else stay byte for byte. Where
// the file is too unusual for that (anchors, flow style, tabs, a rule for more
// files that matches first) nothing is written, and the state.Problem carries
// the text to add.
func (f *File) AddRule(ctx context.Context, recipients []string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("add creation rule: %w", err)
	}
	if len(recipients) == 0 {
		return errors.New("add creation rule: no recipients")
	}
	recipients = unique(recipients)
	for _, recipient := range recipients {
		if _, err := sopsage.MasterKeyFromRecipient(recipient); err != nil || strings.ContainsAny(recipient, ",\n") {
			return fmt.Errorf("add creation rule: %q is not an age recipient", recipient)
		}
	}
	return f.again("add a creation rule for "+f.rel(), func() error { return f.addRule(recipients) })
}

// addRule is AddRule once; errChanged where .sops.yaml became another
// meanwhile.
func (f *File) addRule(recipients []string) error {
	path, found := f.rulesPath()
	var before []byte
	if found {
		var err error
		if before, err = os.ReadFile(path); err != nil {
			return fmt.Errorf("add creation rule: %w", err)
		}
	}
	after, err := addRecipients(string(before), f.pathIn(path), recipients)
	if err == nil {
		err = f.judge(path, after, recipients)
	}
	if err != nil {
		return f.byHand(path, recipients, string(before), err)
	}
	if after == string(before) {
		return nil
	}
	if err := swap(path, before, []byte(after)); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// judge lets sops itself read the new rules, in a folder of their own, before
// they are written.
func (f *File) judge(path, text string, recipients []string) (err error) {
	dir, err := os.MkdirTemp("", "nixwright-rules-")
	if err != nil {
		return fmt.Errorf("check creation rule: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.WriteFile(filepath.Join(dir, rulesName), []byte(text), 0o600); err != nil { //nolint:gosec // a folder made just now
		return fmt.Errorf("check creation rule: %w", err)
	}
	there := filepath.Join(dir, f.pathIn(path))
	if filepath.IsAbs(f.pathIn(path)) {
		there = f.o.File
	}
	copied := &File{o: Options{Root: dir, File: there}}
	conf, found, err := copied.rule()
	if err != nil {
		return err
	}
	for _, recipient := range recipients {
		if !found || !slices.Contains(ages(conf.KeyGroups), recipient) {
			return unusual{why: "sops would read the new rule in another way"}
		}
	}
	return nil
}

// byHand is the problem with the text that a person is to add.
func (f *File) byHand(path string, recipients []string, before string, cause error) error {
	var u unusual
	if !errors.As(cause, &u) {
		return fmt.Errorf("add creation rule: %w", cause)
	}
	p := state.Problem{
		What: "add a creation rule for " + f.rel() + " to " + path,
		Why:  u.Error(),
		Fix:  "add this under creation_rules:\n" + ruleBlock(f.pathIn(path), recipients, 2),
	}
	r, err := parseRules(before)
	if err != nil {
		return p
	}
	i, err := r.match(f.pathIn(path))
	if err != nil || i < 0 {
		return p
	}
	// A rule in front of it would win, so it must name all that this one does.
	rule := r.items()[i]
	all := ruleAges(rule)
	for _, recipient := range recipients {
		if !slices.Contains(all, recipient) {
			all = append(all, recipient)
		}
	}
	conf, found, err := f.rule()
	if err != nil || !found || len(conf.KeyGroups) != 1 || len(others(conf.KeyGroups)) > 0 {
		p.Fix = fmt.Sprintf("add these age recipients to the rule at line %d: %s", rule.Line, strings.Join(recipients, ", "))
		return p
	}
	p.Fix = fmt.Sprintf("put this above the rule at line %d:\n%s", rule.Line, ruleBlock(f.pathIn(path), all, 2))
	return p
}

// unique is each of them once, in their order.
func unique(all []string) []string {
	var once []string
	for _, one := range all {
		if !slices.Contains(once, one) {
			once = append(once, one)
		}
	}
	return once
}
