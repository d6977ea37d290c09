package setup

import (
	"fmt"
	"path/filepath"
	"strings"
)

// relative is a path as seen from a folder, the way Nix writes it: "./x", "../x".
func relative(from, to string) (string, error) {
	rel, err := filepath.Rel(filepath.FromSlash(from), filepath.FromSlash(to))
	if err != nil {
		return "", fmt.Errorf("find the way from %s to %s: %w", from, to, err)
	}
	if rel = filepath.ToSlash(rel); !strings.HasPrefix(rel, "../") {
		rel = "./" + rel
	}
	return rel, nil
}

func splitLines(s string) []string { return strings.Split(s, "\n") }

// at is the line of that index; empty past the end.
func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}
