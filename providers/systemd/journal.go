package systemd

import (
	"regexp"
	"slices"
	"strings"

	"github.com/nixwright/nixwright/state"
)

// managers are systemd's own lines about a unit, which say that it failed and
// not why (systemd's src/core, catalog), and what journalctl says of itself.
var managers = regexp.MustCompile(`(: (Main|Control) process (exited|killed)|: Failed with result '|: Scheduled restart job|: Start request repeated too quickly|: Consumed .* CPU time|: Deactivated successfully|: Succeeded\.$|: Service (RestartSec|hold-off)|^(Starting|Started|Stopping|Stopped|Failed to start|Reloading|Reloaded) |^-- |^Hint: |: Unit process .* remains running|: Found left-over process|: Trying to enqueue job|^Dependency failed for)`)

// frames are lines of a trace, which say where and not what.
var frames = regexp.MustCompile(`^(\s+(at |File "|/|[a-z_.]+\()|\s*\^+|goroutine \d+ |\t|exit status \d+$|Traceback |\s{4,}\S)`)

// ranks are how an error is told from the rest, the clearest words first.
var ranks = []*regexp.Regexp{
	regexp.MustCompile(`(?i)(^|[^a-z])(fatal|panic|emerg|crit(ical)?)([^a-z]|$)|^([A-Za-z_]+\.)*[A-Z][A-Za-z]*(Error|Exception)(:|$)`),
	regexp.MustCompile(`(?i)(^|[^a-z])(error|err|exception|failed|failure)([^a-z]|$)`),
	regexp.MustCompile(`(?i)(^|[^a-z])(cannot|can't|could not|couldn't|unable|denied|refused|invalid|not found|no such|missing|must be|required|unknown|killed|out of memory)([^a-z]|$)`),
}

// colours are escape sequences that colour a line (ECMA-48, SGR).
var colours = regexp.MustCompile("\x1b\\[[0-9;:]*m")

// lineLimit is how much of a line is told, in runes.
const lineLimit = 240

// LastError picks the line of a unit's log that says why it failed: the last
// one that speaks of an error most clearly, less what systemd itself says of
// every failure; where none does, the last line that is the unit's own. What
// looks like a secret is taken out. Empty: the log says nothing.
func LastError(log string) string {
	lines := slices.Collect(strings.Lines(colours.ReplaceAllString(log, "")))
	if i := clearest(lines); i >= 0 {
		return told(lines[i])
	}
	return ""
}

// clearest is the place of the line that LastError picks; -1: there is none.
func clearest(lines []string) int {
	var own, all []int
	for i, line := range lines {
		clean := state.CleanText(line, 0)
		if clean == "" || managers.MatchString(clean) {
			continue
		}
		if all = append(all, i); !frames.MatchString(strings.TrimRight(line, "\r\n")) {
			own = append(own, i)
		}
	}
	for _, rank := range ranks {
		for _, i := range slices.Backward(own) {
			if rank.MatchString(state.CleanText(lines[i], 0)) {
				return i
			}
		}
	}
	for _, some := range [][]int{own, all} {
		if len(some) > 0 {
			return some[len(some)-1]
		}
	}
	return -1
}

// told is a line as it is shown.
func told(line string) string {
	return state.CleanText(state.Redact(state.CleanText(line, 0)), lineLimit)
}
