package state

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// The kinds of value that a key of the file takes, in the words of a message.
const (
	aText    = "a text"
	aNumber  = "a number"
	aYesNo   = "true or false"
	aList    = "a list of texts"
	aWorkers = "a list of tables with name and cores"
)

// field is one key of nixwright.toml: its dotted name and its place in Config.
type field struct {
	key string
	at  []int
	typ reflect.Type
}

// configFields lists the keys in the file's order, read from the toml tags.
// schema is not among them: it is no answer.
func configFields() []field {
	return fieldsOf(reflect.TypeFor[Config](), "", nil)
}

func fieldsOf(t reflect.Type, prefix string, at []int) []field {
	var out []field
	for i := range t.NumField() {
		f := t.Field(i)
		key, here := prefix+f.Tag.Get("toml"), append(slices.Clone(at), i)
		switch {
		case key == schemaKey:
		case f.Type.Kind() == reflect.Struct:
			out = append(out, fieldsOf(f.Type, key+".", here)...)
		default:
			out = append(out, field{key, here, f.Type})
		}
	}
	return out
}

// takes says what kind of value the key takes.
func (f field) takes() string {
	switch reflect.Zero(f.typ).Interface().(type) {
	case string:
		return aText
	case bool:
		return aYesNo
	case []string:
		return aList
	case []Worker:
		return aWorkers
	default:
		return aNumber
	}
}

func findField(key string) (field, bool) {
	all := configFields()
	i := slices.IndexFunc(all, func(f field) bool { return f.key == key })
	if i < 0 {
		return field{}, false
	}
	return all[i], true
}

// ConfigKeys lists every key of nixwright.toml that is an answer, dotted
// ("cache.r2.bucket"), in the file's order.
func ConfigKeys() []string {
	all := configFields()
	out := make([]string, 0, len(all))
	for _, f := range all {
		out = append(out, f.key)
	}
	return out
}

// Value is what the configuration says under a dotted key, in the form that
// Set takes: a list comma-separated, workers as "omnara1=10,build2=8". It is
// false where the key is unknown or nothing is said.
func (c Config) Value(key string) (string, bool) {
	f, ok := findField(key)
	if !ok {
		return "", false
	}
	v := reflect.ValueOf(c).FieldByIndex(f.at)
	if empty(v) {
		return "", false
	}
	switch value := v.Interface().(type) {
	case []string:
		return strings.Join(value, ","), true
	case []Worker:
		return formatWorkers(value), true
	default:
		return fmt.Sprint(value), true
	}
}

// Set answers a dotted key as --set and the environment do; an empty value
// takes the answer back. An unknown key or a value of the wrong kind is a
// Problem. Whether the value is legal is Check's to say.
func (c *Config) Set(key, value string) error {
	f, ok := findField(key)
	if !ok {
		return unknownKey(key, ConfigKeys())
	}
	v := reflect.ValueOf(c).Elem().FieldByIndex(f.at)
	value = strings.TrimSpace(value)
	if value == "" {
		v.SetZero()
		return nil
	}
	var err error
	switch f.takes() {
	case aNumber:
		var n int64
		if n, err = strconv.ParseInt(value, 10, f.typ.Bits()); err == nil {
			v.SetInt(n)
		}
	case aYesNo:
		var yes bool
		if yes, err = ParseYes(value); err == nil {
			v.SetBool(yes)
		}
	case aList:
		v.Set(reflect.ValueOf(splitList(value)))
	case aWorkers:
		var ws []Worker
		if ws, err = parseWorkers(value); err == nil {
			v.Set(reflect.ValueOf(sameMachines(ws, c.Workers)))
		}
	default:
		v.SetString(value)
	}
	if err != nil {
		return Problem{
			What: fmt.Sprintf("%s: %s is not %s", key, quoted(value), f.takes()),
			Fix:  "give " + f.takes() + formHint(f),
		}
	}
	return nil
}

// SetAnswer is Set with what a question was answered; secret answers are no
// part of the configuration and are refused.
func (c *Config) SetAnswer(key string, v Secret) error { return c.Set(key, v.Reveal()) }

// formHint shows the form on the command line where it is not obvious.
func formHint(f field) string {
	if f.takes() == aWorkers {
		return `: "omnara1=10,build2=8"`
	}
	return ""
}

// ParseYes reads a yes or no as people write it: yes, y, true, on, 1 and
// their opposites, in any case.
func ParseYes(s string) (bool, error) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "yes", "y", "true", "on", "1":
		return true, nil
	case "no", "n", "false", "off", "0":
		return false, nil
	}
	return false, fmt.Errorf("read yes or no: %s is neither", quoted(s))
}

// splitList reads a comma-separated list; blanks around and empty parts go.
func splitList(s string) []string {
	var out []string
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// parseWorkers reads "omnara1=10,build2": a worker without a number has the
// cores of its host.
func parseWorkers(s string) ([]Worker, error) {
	var out []Worker
	for _, part := range splitList(s) {
		name, cores, said := strings.Cut(part, "=")
		w := Worker{Name: strings.TrimSpace(name)}
		if said {
			n, err := strconv.Atoi(strings.TrimSpace(cores))
			if err != nil {
				return nil, fmt.Errorf("read cores of worker %s: %w", w.Name, err)
			}
			w.Cores = n
		}
		out = append(out, w)
	}
	return out, nil
}

// sameMachines gives the workers what is known of the machines of their names
// and has no place in an answer of one line.
func sameMachines(ws, known []Worker) []Worker {
	for i, w := range ws {
		if j := slices.IndexFunc(known, func(k Worker) bool { return k.Name == w.Name }); j >= 0 {
			ws[i].Recipient, ws[i].Password = known[j].Recipient, known[j].Password
		}
	}
	return ws
}

func formatWorkers(ws []Worker) string {
	parts := make([]string, 0, len(ws))
	for _, w := range ws {
		if w.Cores == 0 {
			parts = append(parts, w.Name)
			continue
		}
		parts = append(parts, w.Name+"="+strconv.Itoa(w.Cores))
	}
	return strings.Join(parts, ",")
}

// unknownKey is the Problem of a key that no answer has.
func unknownKey(key string, known []string) Problem {
	p := Problem{What: "unknown key " + CleanText(key, maxShown)}
	switch s := Suggest(key, known); {
	case SecretAnswer(key):
		p.What = CleanText(key, maxShown) + " is secret: it does not belong here"
		p.Why = "a secret answer is never in the file and never on the command line"
		p.Fix = fmt.Sprintf("take it out and pass --set %s=@FILE, --set %s=@- or %s", key, key, EnvName(key))
	case s != "":
		p.Fix = "did you mean " + s + "?"
	default:
		p.Fix = "take it out; the keys are in the documentation of nixwright.toml"
	}
	return p
}

// maxShown is how many characters of a value a message repeats.
const maxShown = 80

// quoted is a value for a message: cleaned, cut, in quotes.
func quoted(s string) string { return `"` + CleanText(s, maxShown) + `"` }
