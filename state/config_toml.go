package state

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// schemaKey is the version of the file's layout; Schema is the one we know.
const (
	schemaKey = "schema"
	Schema    = 1
)

// ParseConfig reads nixwright.toml strictly. It returns what the file says,
// nothing derived, and every unknown key and illegal value at once, each with
// "name:line:column"; a syntax or type error stands alone, and so does a
// schema that is not ours. name is the file's name in messages.
func ParseConfig(name string, data []byte) (Config, []Problem) {
	var c Config
	if err := toml.Unmarshal(data, &c); err != nil {
		return Config{}, []Problem{decodeProblem(name, err)}
	}
	places := findPlaces(data)
	dropEmptyLists(&c)
	if at, said := places[schemaKey]; c.Schema != Schema {
		return c, []Problem{schemaProblem(name, at.place, said, c.Schema)}
	}
	return c, located(name, append(unknownKeys(places), illegalValues(c, places)...))
}

// place is a position in the file, both counted from 1, in bytes.
type place struct{ line, column int }

// keyPlace is where a key stands and which kind of thing stands there.
type keyPlace struct {
	place

	table bool
}

// placed is a problem with its position.
type placed struct {
	Problem

	at place
}

func located(name string, all []placed) []Problem {
	slices.SortStableFunc(all, func(a, b placed) int {
		return cmp.Or(cmp.Compare(a.at.line, b.at.line), cmp.Compare(a.at.column, b.at.column))
	})
	out := make([]Problem, 0, len(all))
	for _, p := range all {
		p.What = inFile(name, p.at) + p.What
		out = append(out, p.Problem)
	}
	return out
}

func inFile(name string, at place) string {
	return fmt.Sprintf("%s:%d:%d: ", name, at.line, at.column)
}

// findPlaces lists where each key and table stands: "ci.domain",
// "workers[1].name". The text is known to parse.
func findPlaces(data []byte) map[string]keyPlace {
	out, arrays, prefix := map[string]keyPlace{}, map[string]int{}, ""
	var p unstable.Parser
	p.Reset(data)
	for p.NextExpression() {
		e := p.Expression()
		if e.Kind == unstable.KeyValue {
			addKeyValue(&p, out, prefix, e)
			continue
		}
		path, at := keyPath(&p, "", e)
		if e.Kind == unstable.ArrayTable {
			arrays[path]++
			path = fmt.Sprintf("%s[%d]", path, arrays[path]-1)
		}
		out[path] = keyPlace{at, true}
		prefix = path + "."
	}
	return out
}

// addKeyValue notes a key and, where its value is an inline table or an array
// of them, the keys in it.
func addKeyValue(p *unstable.Parser, out map[string]keyPlace, prefix string, e *unstable.Node) {
	path, at := keyPath(p, prefix, e)
	v := e.Value()
	out[path] = keyPlace{at, v.Kind == unstable.InlineTable}
	if v.Kind == unstable.InlineTable {
		addInline(p, out, path, v)
	}
	if v.Kind != unstable.Array {
		return
	}
	for i, it := 0, v.Children(); it.Next(); i++ {
		if it.Node().Kind == unstable.InlineTable {
			addInline(p, out, fmt.Sprintf("%s[%d]", path, i), it.Node())
		}
	}
}

func addInline(p *unstable.Parser, out map[string]keyPlace, path string, table *unstable.Node) {
	for it := table.Children(); it.Next(); {
		if it.Node().Kind == unstable.KeyValue {
			addKeyValue(p, out, path+".", it.Node())
		}
	}
}

// keyPath is the dotted key of an expression and the place of its first part.
func keyPath(p *unstable.Parser, prefix string, e *unstable.Node) (string, place) {
	var parts []string
	var at place
	for it := e.Key(); it.Next(); {
		if len(parts) == 0 {
			start := p.Shape(it.Node().Raw).Start
			at = place{start.Line, start.Column}
		}
		parts = append(parts, keyPart(string(it.Node().Data)))
	}
	return prefix + strings.Join(parts, "."), at
}

// keyPart quotes a part that would be read as several.
func keyPart(s string) string {
	if strings.ContainsAny(s, `.[]"`) {
		return strconv.Quote(s)
	}
	return s
}

// unknownKeys names what no answer is called, a table once and not each key
// in it. Keys are compared as they are written, while the decoder would take
// any case.
func unknownKeys(places map[string]keyPlace) []placed {
	known := knownNames()
	var out []placed
	for _, path := range slices.Sorted(maps.Keys(places)) {
		key := withoutIndexes(path)
		if known[key] || insideOther(path, places, known) && !SecretAnswer(key) {
			continue
		}
		p := unknownKey(key, append(ConfigKeys(), workerKeys...))
		if places[path].table && !SecretAnswer(key) {
			p = unknownTable(key)
		}
		out = append(out, placed{p, places[path].place})
	}
	return out
}

// insideOther says whether the key stands in a table that is unknown itself.
func insideOther(path string, places map[string]keyPlace, known map[string]bool) bool {
	for i := strings.LastIndexByte(path, '.'); i > 0; i = strings.LastIndexByte(path, '.') {
		path = path[:i]
		if _, said := places[path]; said && !known[withoutIndexes(path)] {
			return true
		}
	}
	return false
}

// workerKeys are the keys in a table of workers.
var workerKeys = []string{"workers.name", "workers.cores", "workers.recipient", "workers.password"}

// knownNames holds every key and every table.
func knownNames() map[string]bool {
	known := map[string]bool{schemaKey: true}
	for _, key := range workerKeys {
		known[key] = true
	}
	for _, key := range ConfigKeys() {
		for known[key] = true; strings.Contains(key, "."); known[key] = true {
			key = key[:strings.LastIndexByte(key, '.')]
		}
	}
	return known
}

func unknownTable(key string) Problem {
	p := Problem{What: "unknown table [" + CleanText(key, maxShown) + "]", Fix: "take it out"}
	tables := knownNames()
	for _, k := range ConfigKeys() {
		if f, ok := findField(k); ok && f.takes() != aWorkers {
			delete(tables, k)
		}
	}
	for _, key := range append(workerKeys, schemaKey) {
		delete(tables, key)
	}
	if s := Suggest(key, slices.Sorted(maps.Keys(tables))); s != "" {
		p.Fix = "did you mean [" + s + "]?"
	}
	return p
}

// withoutIndexes turns "workers[1].name" into "workers.name".
func withoutIndexes(path string) string {
	for {
		from := strings.IndexByte(path, '[')
		to := strings.IndexByte(path, ']')
		if from < 0 || to < from {
			return path
		}
		path = path[:from] + path[to+1:]
	}
}

// illegalValues checks what the file says. A finding on a value that only was
// derived is left to the caller's Check, since other answers may change it.
func illegalValues(c Config, places map[string]keyPlace) []placed {
	var out []placed
	for _, f := range c.Derive().check() {
		for _, key := range f.keys {
			if at, said := places[key]; said {
				out = append(out, placed{f.Problem, at.place})
				break
			}
		}
	}
	return out
}

// decodeProblem is a syntax error, or a value of the wrong kind.
func decodeProblem(name string, err error) Problem {
	var de *toml.DecodeError
	if !errors.As(err, &de) {
		return Problem{What: name + ": not TOML", Why: CleanText(err.Error(), maxShown)}
	}
	line, column := de.Position()
	p := Problem{What: inFile(name, place{line, column})}
	if f, ok := findField(withoutIndexes(strings.Join(de.Key(), "."))); ok {
		p.What += f.key + " must be " + f.takes()
		p.Fix = "write " + f.key + " as " + f.takes()
		return p
	}
	p.What += "not TOML that can be read"
	p.Why = CleanText(strings.TrimPrefix(de.Error(), "toml: "), 2*maxShown)
	p.Fix = "mend the line; texts stand in quotes, a list in brackets"
	return p
}

func schemaProblem(name string, at place, said bool, schema int) Problem {
	switch {
	case !said:
		return Problem{
			What: inFile(name, place{1, 1}) + "schema is missing",
			Why:  "it says which layout the file has",
			Fix:  "write schema = 1 on the first line",
		}
	case schema > Schema:
		return Problem{
			What: inFile(name, at) + fmt.Sprintf("schema %d is newer than this nixwright", schema),
			Why:  fmt.Sprintf("this version knows schema %d only, and would misread the rest", Schema),
			Fix:  "use the nixwright that wrote the file, or a newer one",
		}
	default:
		return Problem{
			What: inFile(name, at) + fmt.Sprintf("there is no schema %d", schema),
			Fix:  "write schema = 1",
		}
	}
}

// dropEmptyLists makes an empty list say nothing, as an empty text does.
func dropEmptyLists(c *Config) {
	for _, f := range configFields() {
		v := reflect.ValueOf(c).Elem().FieldByIndex(f.at)
		if v.Kind() == reflect.Slice && v.Len() == 0 {
			v.SetZero()
		}
	}
}

// parses says whether the text is TOML.
func parses(text string) bool {
	var all map[string]any
	return toml.Unmarshal([]byte(text), &all) == nil
}
