package sops

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/nixwright/nixwright/state"
)

// rounds is how often an edit is made anew because another program wrote the
// file meanwhile.
const rounds = 3

// errChanged says that a file is not any more what was read.
var errChanged = errors.New("another program wrote the file")

// again makes an edit until nobody else has written the file meanwhile.
func (f *File) again(what string, edit func() error) error {
	for range rounds {
		if err := edit(); !errors.Is(err, errChanged) {
			return err
		}
	}
	return state.Problem{
		What: what,
		Why:  "another program writes the file again and again; nothing of its was overwritten",
		Fix:  "end that program (an editor, a sync of files, another nixwright), and try again",
	}
}

// write puts the file on disk where what is there is still what was read (nil:
// nothing), and remembers it.
func (f *File) write(before []byte, o *opened) error {
	if err := swap(f.o.File, before, o.raw); err != nil {
		return fmt.Errorf("write %s: %w", f.rel(), err)
	}
	f.now = o
	return nil
}

// swap writes a file whose content is still what was read, blanks being
// nothing; else the error is errChanged. sops knows no lock, so this is as
// near as one can come.
func swap(path string, before, after []byte) error {
	now, _, err := state.ReadFile(path)
	if err != nil {
		return err
	}
	if !bytes.Equal(now, before) && len(bytes.TrimSpace(now))+len(bytes.TrimSpace(before)) > 0 {
		return errChanged
	}
	return state.WriteFile(path, after, 0o644)
}

// overwritten is the problem of a value that was sealed and is gone.
func (f *File) overwritten(name state.SecretName) error {
	return state.Problem{
		What: "read " + string(name) + " from " + f.rel(),
		Why:  "it was sealed in this run and is gone: another program wrote back what it had read before",
		Fix:  "close every editor that has the file open, and let this run go on: the next value that is sealed brings it back",
	}
}

// understood says whether the library gives back everything that the file says
// of its keys: what a newer sops wrote into it, say a new kind of key, would be
// dropped without a word.
func (f *File) understood(raw []byte) error {
	tree, err := f.load(raw)
	if err != nil {
		return err
	}
	same, err := f.store().EmitEncryptedFile(tree)
	if err != nil {
		return fmt.Errorf("read %s: %w", f.rel(), err)
	}
	kept := leaves(same)
	for path := range leaves(raw) {
		if !kept[path] {
			return state.Problem{
				What: "write " + f.rel(),
				Why:  "its metadata hold " + state.CleanText(path, 100) + ", which sops " + libraryVersion + " does not know and would drop",
				Fix:  "use a newer nixwright, or take it away with the sops that made it",
			}
		}
	}
	return nil
}

// leaves are the names of all that stands under the key sops, without the
// places in lists; what is empty does not count.
func leaves(raw []byte) map[string]bool {
	var doc struct {
		Sops yaml.Node `yaml:"sops"`
	}
	all := map[string]bool{}
	if err := yaml.Unmarshal(raw, &doc); err != nil {
		return all
	}
	var walk func(n *yaml.Node, path []string)
	walk = func(n *yaml.Node, path []string) {
		switch n.Kind {
		case yaml.MappingNode:
			for i := 0; i+1 < len(n.Content); i += 2 {
				walk(n.Content[i+1], append(slices.Clip(path), n.Content[i].Value))
			}
		case yaml.SequenceNode:
			for _, item := range n.Content {
				walk(item, path)
			}
		case yaml.ScalarNode:
			if n.Value != "" && n.Tag != "!!null" {
				all[strings.Join(path, ".")] = true
			}
		case yaml.DocumentNode, yaml.AliasNode:
		}
	}
	walk(&doc.Sops, nil)
	return all
}
