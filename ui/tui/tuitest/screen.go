package tuitest

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// update is the flag of every package that tells stories: go test -update
// writes the goldens anew.
var update = flag.Bool("update", false, "write the golden screens anew")

// View is what the program wants the terminal to show, settled.
func (s *Story) View() tea.View {
	s.t.Helper()
	s.Settle()
	return s.model.View()
}

// Screen is the text of the screen without styles; blanks at the end of a
// line are cut. A frame that is larger than its window fails the test.
func (s *Story) Screen() string {
	s.t.Helper()
	rows := strings.Split(ansi.Strip(s.View().Content), "\n")
	if len(rows) > max(s.height, 1) {
		s.t.Fatalf("frame of %d lines in a window of %dx%d", len(rows), s.width, s.height)
	}
	for i, row := range rows {
		if w := ansi.StringWidth(row); w > s.width {
			s.t.Fatalf("line %d has %d cells in a window of %dx%d: %q", i+1, w, s.width, s.height, row)
		}
		rows[i] = strings.TrimRight(row, " ")
	}
	return strings.Join(rows, "\n")
}

// Footer is the last line of the screen.
func (s *Story) Footer() string {
	s.t.Helper()
	screen := s.Screen()
	return screen[strings.LastIndexByte(screen, '\n')+1:]
}

// Has fails the test if a text is not on the screen.
func (s *Story) Has(texts ...string) *Story {
	s.t.Helper()
	screen := s.Screen()
	for _, text := range texts {
		if !strings.Contains(screen, text) {
			s.t.Errorf("the screen lacks %q:\n%s", text, screen)
		}
	}
	return s
}

// Lacks fails the test if a text is on the screen.
func (s *Story) Lacks(texts ...string) *Story {
	s.t.Helper()
	screen := s.Screen()
	for _, text := range texts {
		if strings.Contains(screen, text) {
			s.t.Errorf("the screen has %q:\n%s", text, screen)
		}
	}
	return s
}

// Golden compares the screen with testdata/NAME_WIDTHxHEIGHT.golden.
func (s *Story) Golden(name string) *Story {
	s.t.Helper()
	path := filepath.Join("testdata", fmt.Sprintf("%s_%dx%d.golden", name, s.width, s.height))
	got := s.Screen() + "\n"
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			s.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			s.t.Fatal(err)
		}
		return s
	}
	want, err := os.ReadFile(path)
	if err != nil {
		s.t.Fatalf("%v; go test -update writes it", err)
	}
	if got != string(want) {
		s.t.Errorf("%s differs; go test -update writes it anew\ngot:\n%s\nwant:\n%s", path, got, want)
	}
	return s
}
