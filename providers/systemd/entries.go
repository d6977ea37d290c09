package systemd

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/nixwright/nixwright/state/live"
)

// entry is an entry of the journal.
type entry struct {
	at   time.Time
	text string // its message
	unit string // that systemd speaks of
}

// entries reads what journalctl -o json printed. denied says that it could not
// see all that there is, as it says itself in lines between.
func entries(output string) (all []entry, denied bool) {
	for line := range strings.Lines(output) {
		var raw struct {
			At       string          `json:"__REALTIME_TIMESTAMP"` //nolint:tagliatelle // journald's names
			Message  json.RawMessage `json:"MESSAGE"`              //nolint:tagliatelle // the same
			Unit     string          `json:"UNIT"`                 //nolint:tagliatelle // the same
			UserUnit string          `json:"USER_UNIT"`            //nolint:tagliatelle // the same
		}
		if !strings.HasPrefix(line, "{") || json.Unmarshal([]byte(line), &raw) != nil {
			denied = denied || Denied(line)
			continue
		}
		n, err := strconv.ParseUint(raw.At, 10, 64)
		if err != nil {
			continue
		}
		all = append(all, entry{at: micro(n), text: message(raw.Message), unit: text(raw.Unit + raw.UserUnit)})
	}
	return all, denied
}

// message is a field of an entry: text, or the numbers of its bytes where it
// holds what does not print, as colours.
func message(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var numbers []int
	if json.Unmarshal(raw, &numbers) != nil {
		return ""
	}
	bytes := make([]byte, len(numbers))
	for i, n := range numbers {
		bytes[i] = byte(n) //nolint:gosec // that is what they are
	}
	return string(bytes)
}

// Denied says whether a line is journalctl's word that the user may not see
// everything.
func Denied(line string) bool {
	for _, words := range []string{"not seeing messages from", "nsufficient permissions", "ermission denied"} {
		if strings.Contains(line, words) {
			return true
		}
	}
	return false
}

// fault picks the line of a log as LastError does, and says when it was written.
func fault(log []entry) (text string, at time.Time) {
	var lines []string
	var of []entry
	for _, e := range log {
		for line := range strings.Lines(colours.ReplaceAllString(e.text, "")) {
			lines, of = append(lines, line), append(of, e)
		}
	}
	i := clearest(lines)
	if i < 0 {
		return "", time.Time{}
	}
	return told(lines[i]), of[i].at
}

// killed counts what was killed for memory.
func killed(log []entry) live.Memory {
	m := live.Memory{Kills: len(log)}
	for _, e := range log {
		if !e.at.Before(m.LastKill) {
			m.LastKill, m.Killed = e.at, strings.TrimSuffix(e.unit, ".service")
		}
	}
	return m
}
