package ssh

import (
	"slices"
	"strings"

	"github.com/nixwright/nixwright/state"
)

// maxHosts is how many machines of a configuration are told.
const maxHosts = 200

// Hosts lists the machines that a user's configuration of ssh names
// (ssh_config(5), mostly ~/.ssh/config), in its order: what stands after Host,
// less patterns, and less blocks that sign in as git, which are forges. It
// follows no Include and looks into no Match; a file that is not there or
// cannot be read names none.
func Hosts(path string) []string {
	text, _, err := state.ReadFile(path)
	if err != nil {
		return nil
	}
	var all, block []string
	end := func() {
		for _, name := range block {
			if len(all) < maxHosts && !slices.Contains(all, name) {
				all = append(all, name)
			}
		}
		block = nil
	}
	for line := range strings.Lines(string(text)) {
		words := configWords(line)
		if len(words) == 0 {
			continue
		}
		switch strings.ToLower(words[0]) {
		case "host":
			end()
			block = slices.DeleteFunc(words[1:], func(w string) bool {
				return strings.ContainsAny(w, "*?!") || len(w) > 255 || CheckDestination(w) != nil
			})
		case "match":
			end()
		case "user":
			if len(words) > 1 && words[1] == "git" {
				block = nil
			}
		}
	}
	end()
	return all
}

// configWords are the words of a line: the keyword, which = may follow, and its
// arguments, each as it is or in double quotes.
func configWords(line string) []string {
	line = strings.TrimSpace(line)
	if strings.HasPrefix(line, "#") {
		return nil
	}
	i := strings.IndexAny(line, " \t=\"")
	if i < 0 {
		return strings.Fields(line)
	}
	words := []string{line[:i]}
	rest := strings.TrimLeft(line[i:], " \t")
	rest = strings.TrimLeft(strings.TrimPrefix(rest, "="), " \t")
	for rest != "" {
		var word string
		switch rest[0] {
		case '#':
			return words
		case '"':
			word, rest, _ = strings.Cut(rest[1:], `"`)
		default:
			end := strings.IndexAny(rest+" ", " \t")
			word, rest = rest[:end], rest[end:]
		}
		words = append(words, word)
		rest = strings.TrimLeft(rest, " \t")
	}
	return words
}
