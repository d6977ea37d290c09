package theme

import "github.com/nixwright/nixwright/steps"

// Mark is a status at a glance: a glyph of one cell and its word, in the
// colour of its role.
type Mark struct {
	Word       string
	Role       Role
	utf, ascii string
}

// Words of the screen that the data does not know: a started step, a step
// that waits for a person, and one that a person put off.
const (
	WordRunning = "running"
	WordYou     = "you"
	WordSkipped = "skipped"
)

// The marks by word: first those of steps, then those of builds and health.
var marks = map[string]Mark{
	string(steps.Ready):     {"ready", OK, "✓", "+"},
	string(steps.Missing):   {"missing", Plain, "○", "o"},
	string(steps.Waiting):   {"waiting", Run, "◇", "."},
	string(steps.Drifted):   {"drifted", Warn, "≠", "~"},
	string(steps.Blocked):   {"blocked", Warn, "▲", "!"},
	string(steps.Failed):    {"failed", Bad, "✗", "x"},
	string(steps.NotNeeded): {"no need", Quiet, "–", "-"},
	string(steps.Unknown):   {"unknown", Quiet, "○", "o"},
	WordRunning:             {"running", Run, "●", "*"},
	WordYou:                 {"you", You, "◆", "@"},
	WordSkipped:             {"skipped", Quiet, "»", "/"},

	"success":     {"success", OK, "✓", "+"},
	"cached":      {"cached", OK, "✓", "+"},
	"up":          {"up", OK, "✓", "+"},
	"queued":      {"queued", Plain, "○", "o"},
	"later":       {"later", Quiet, "○", "o"},
	"uploading":   {"uploading", Run, "●", "*"},
	"cancelled":   {"cancelled", Quiet, "–", "-"},
	"retry":       {"retry", Quiet, "↻", "r"},
	"exception":   {"exception", Bad, "✗", "x"},
	"broken":      {"broken", Bad, "✗", "x"},
	"warnings":    {"warnings", Warn, "▲", "!"},
	"risk":        {"risk", Warn, "▲", "!"},
	"note":        {"note", Quiet, "·", ":"},
	"not checked": {"not checked", Quiet, "?", "?"},
}

// MarkOf is the mark of a word; a word that is not in the table is a thing not
// checked, under its own word.
func MarkOf(word string) Mark {
	m, ok := marks[word]
	if !ok {
		m = marks["not checked"]
		m.Word = word
	}
	return m
}

// StepMark is the mark of a step's status.
func StepMark(s steps.Status) Mark { return MarkOf(string(s)) }

// Glyph is the mark's sign, in ASCII where that is all the terminal draws; the
// zero mark has none.
func (m Mark) Glyph(ascii bool) string { return pick(ascii, m.ascii, m.utf) }
