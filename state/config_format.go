package state

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode"
)

// sectionNotes stand above the sections of a file that we write.
var sectionNotes = map[string]string{
	"host":      "The machine that runs the CI.",
	"ci":        "The web side of the CI, and who may use it.",
	"workers":   "One table per machine that builds; 0 cores: as many as the host has to spare.",
	"github":    "What is built, and the Apps that are made for it.",
	"cache":     "The binary cache and the name of its signing key.",
	"cache.r2":  "The bucket behind the cache, and the token that niks3 writes with.",
	"gc":        "How long the cache keeps what nothing refers to.",
	"console":   "What the console may ask besides the CI's own services.",
	"deploy":    "The command that deploys the host, as argv; empty: it is shown, not run.",
	"paths":     "Where the files are, relative to this one.",
	"secrets":   "The identity that opens the secrets.",
	"adopt":     "Things that are there already, and are not made again.",
	"endpoints": "Other addresses than the services' own.",
}

// keyNotes stand beside keys whose value is one of a few, or needs a word.
var keyNotes = map[string]string{
	"host.ssh":              "any ssh destination",
	"host.recipient":        "the host's age recipient, where it cannot be asked",
	"ci.access":             "fully-private: one login; two-logins: the proxy's and buildbot's",
	"ci.users":              "who may sign in",
	"ci.admins":             "who may control builds",
	"github.topic":          "a repository is built when it has this topic",
	"github.login":          "github-app: nothing to copy; oauth-app: a form and two pastes",
	"cache.r2.location":     "apac, eeur, enam, oc, weur, wnam",
	"cache.r2.jurisdiction": "eu, fedramp",
	"gc.older_than":         "720h are 30 days",
	"gc.schedule":           "a systemd calendar expression",
}

// TOML is the configuration as a commented nixwright.toml: what is said, and
// as comments what follows from it. ParseConfig reads it back as it was.
func (c Config) TOML() string { return FormatConfig(c, c.Derive()) }

// FormatConfig writes nixwright.toml. Every value that c says is written; one
// that only derived has is written as a comment, for the reader to know.
func FormatConfig(c, derived Config) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# The answers of nixwright: what is wanted. No secret is in here.\n%s = %d\n", schemaKey, max(c.Schema, Schema))
	section := ""
	for _, f := range configFields() {
		value, live := reflect.ValueOf(c).FieldByIndex(f.at), true
		if empty(value) {
			value, live = reflect.ValueOf(derived).FieldByIndex(f.at), false
		}
		if empty(value) {
			continue
		}
		if ws, ok := reflect.TypeAssert[[]Worker](value); ok {
			writeWorkers(&b, ws, live)
			section = f.key
			continue
		}
		dot := strings.LastIndexByte(f.key, '.')
		if s := f.key[:dot]; s != section {
			section = s
			fmt.Fprintf(&b, "\n# %s\n[%s]\n", sectionNotes[s], s)
		}
		line := f.key[dot+1:] + " = " + tomlValue(value)
		if note := keyNotes[f.key]; note != "" {
			line += " # " + note
		}
		writeLine(&b, line, live)
	}
	return b.String()
}

// empty says whether nothing is said.
func empty(v reflect.Value) bool {
	return v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0
}

// writeLine writes a line, as a comment where it is only for the reader.
func writeLine(b *strings.Builder, line string, live bool) {
	if !live {
		b.WriteString("# ")
	}
	b.WriteString(line + "\n")
}

func writeWorkers(b *strings.Builder, ws []Worker, live bool) {
	fmt.Fprintf(b, "\n# %s\n", sectionNotes["workers"])
	for i, w := range ws {
		if i > 0 {
			b.WriteByte('\n')
		}
		for line := range strings.Lines(workerTable(w)) {
			writeLine(b, strings.TrimSuffix(line, "\n"), live)
		}
	}
}

// workerTable is a worker's table; what it does not say is left out.
func workerTable(w Worker) string {
	out := "[[workers]]\nname = " + tomlText(w.Name) + "\ncores = " + strconv.Itoa(w.Cores) + "\n"
	if w.Recipient != "" {
		out += "recipient = " + tomlText(w.Recipient) + "\n"
	}
	if w.Password != "" {
		out += "password = " + tomlText(w.Password) + "\n"
	}
	return out
}

func tomlValue(v reflect.Value) string {
	switch value := v.Interface().(type) {
	case string:
		return tomlText(value)
	case []string:
		parts := make([]string, 0, len(value))
		for _, s := range value {
			parts = append(parts, tomlText(s))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	default:
		return fmt.Sprint(value)
	}
}

// tomlText is a TOML basic string: quote, backslash and all control and
// invisible characters escaped.
func tomlText(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range strings.ToValidUTF8(s, "\uFFFD") {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, `\U%08X`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
