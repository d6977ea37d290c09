package state

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The values of buildbot's data API (docs.buildbot.net, "REST API"), in its own
// words. Times are zero where the thing has not happened. Texts are cleaned.

// BuildResult is buildbot's verdict on a build, a step or a request
// (buildbot/process/results.py).
type BuildResult int

// The verdicts. ResultWarnings is what a build gets whose upload to the cache failed:
// that step only warns.
const (
	ResultNone      BuildResult = iota - 1 // it is not complete
	ResultSuccess                          // all went well
	ResultWarnings                         // green, with something to look at
	ResultFailure                          // the thing itself failed
	ResultSkipped                          // there was nothing to do
	ResultException                        // buildbot failed, or the worker went away
	ResultRetry                            // it is done again on another worker
	ResultCancelled                        // somebody stopped it
)

// String is the word for the verdict; of an unknown one the number.
func (r BuildResult) String() string {
	words := []string{"none", "success", "warnings", "failure", "skipped", "exception", "retry", "cancelled"}
	if i := int(r) + 1; i >= 0 && i < len(words) {
		return words[i]
	}
	return strconv.Itoa(int(r))
}

// Green says whether nothing failed.
func (r BuildResult) Green() bool {
	return r == ResultSuccess || r == ResultWarnings || r == ResultSkipped
}

// Build is a build of the CI. Repo, Attr and OutPath come from its properties
// and are empty where these were not asked for, as in events.
type Build struct {
	ID      int64         `json:"id"`
	Number  int           `json:"number"` // of its builder, from 1
	Builder int64         `json:"builder"`
	Request int64         `json:"request"`
	Worker  int64         `json:"worker"`
	Master  int64         `json:"master"`
	Repo    string        `json:"repo"`     // owner/name
	Attr    string        `json:"attr"`     // x86_64-linux.hello; empty: not of one attribute
	OutPath string        `json:"out_path"` // empty: not known
	Result  BuildResult   `json:"result"`
	State   string        `json:"state,omitempty"` // what it does, or how it ended, in a few words
	Started time.Time     `json:"started,omitzero"`
	At      time.Time     `json:"at,omitzero"`    // when it was complete
	Locked  time.Duration `json:"locked_ns"`      // how long it waited for locks
	Done    bool          `json:"done,omitempty"` // it is complete

	Properties []BuildProperty `json:"properties,omitempty"` // those asked for, by name
}

// BuildProperty is a property of a build or a change. Value is a text, or the
// JSON of what is not a text; Source says who set it: "Build", "nix-eval-nix".
type BuildProperty struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Source string `json:"source"`
}

// Builder is a buildbot builder: OWNER/REPO/nix-eval and its like, or a virtual
// one for a single attribute (github:OWNER/REPO#checks.x86_64-linux.hello). One
// without masters exists only in the history.
type Builder struct {
	ID          int64    `json:"id"`
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Project     int64    `json:"project,omitempty"` // 0: none, or a buildbot without projects (3.7)
	Tags        []string `json:"tags,omitempty"`
	Masters     []int64  `json:"masters,omitempty"`
}

// BuildStep is a step of a build.
type BuildStep struct {
	ID      int64       `json:"id"`
	Build   int64       `json:"build"`
	Number  int         `json:"number"` // from 0
	Name    string      `json:"name"`
	State   string      `json:"state"`
	Result  BuildResult `json:"result"`
	Done    bool        `json:"done,omitempty"`
	Hidden  bool        `json:"hidden,omitempty"`
	Started time.Time   `json:"started,omitzero"`
	Locks   time.Time   `json:"locks,omitzero"` // when it had its locks; zero on 3.7
	At      time.Time   `json:"at,omitzero"`    // when it was complete
	Links   []BuildLink `json:"links,omitempty"`
}

// BuildLink is a link that a step shows: of what it triggered.
type BuildLink struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

// BuildLog is a log of a step. Kind is s (lines of several streams), t (text),
// h (HTML) or d (deleted).
type BuildLog struct {
	ID    int64  `json:"id"`
	Step  int64  `json:"step"`
	Name  string `json:"name"`
	Slug  string `json:"slug"`
	Kind  string `json:"kind"`
	Lines int    `json:"lines"` // so far
	Done  bool   `json:"done,omitempty"`
}

// LogLine is a line of a log. Stream is o (standard output), e (standard
// error), h (buildbot's own words) or 0 in a log without streams. Text keeps
// colours (SGR sequences) and no other control character.
type LogLine struct {
	Number int    `json:"number"` // from 0
	Stream byte   `json:"stream"`
	Text   string `json:"text"`
}

// BuildRequest is a build that was asked for. Unclaimed it waits for a worker.
type BuildRequest struct {
	ID        int64       `json:"id"`
	Set       int64       `json:"set"`
	Builder   int64       `json:"builder"`
	Priority  int         `json:"priority"`
	Claimed   bool        `json:"claimed"`
	Master    int64       `json:"master,omitempty"` // that claimed it
	Done      bool        `json:"done,omitempty"`
	Result    BuildResult `json:"result"`
	WaitedFor bool        `json:"waited_for,omitempty"` // a build waits for it
	Submitted time.Time   `json:"submitted,omitzero"`
	ClaimedAt time.Time   `json:"claimed_at,omitzero"`
	At        time.Time   `json:"at,omitzero"` // when it was complete
}

// BuildWorker is a worker as the master sees it. Janitor marks buildbot's own,
// which builds nothing.
type BuildWorker struct {
	ID        int64    `json:"id"`
	Name      string   `json:"name"`
	Connected bool     `json:"connected"`
	Paused    bool     `json:"paused,omitempty"`
	Reason    string   `json:"reason,omitempty"`   // why it is paused
	Stopping  bool     `json:"stopping,omitempty"` // it leaves after its builds
	Builders  []int64  `json:"builders,omitempty"` // that may use it
	Masters   []int64  `json:"masters,omitempty"`  // that it is connected to
	Info      []string `json:"info,omitempty"`     // "version 4.3.0": what it says of itself
	Janitor   bool     `json:"janitor,omitempty"`
}

// BuildChange is a change of a repository that buildbot was told of.
type BuildChange struct {
	ID         int64           `json:"id"`
	Parents    []int64         `json:"parents,omitempty"`
	Repo       string          `json:"repo"` // buildbot's project: owner/name
	Repository string          `json:"repository"`
	Codebase   string          `json:"codebase,omitempty"`
	Branch     string          `json:"branch"`
	Revision   string          `json:"revision"`
	Author     string          `json:"author"`
	Committer  string          `json:"committer,omitempty"`
	Comments   string          `json:"comments,omitempty"`
	Category   string          `json:"category,omitempty"`
	Link       string          `json:"link,omitempty"`
	Files      []string        `json:"files,omitempty"`
	At         time.Time       `json:"at,omitzero"`
	Properties []BuildProperty `json:"properties,omitempty"`
}

// BuildMaster is a buildbot master.
type BuildMaster struct {
	ID     int64     `json:"id"`
	Name   string    `json:"name"` // host:directory
	Active bool      `json:"active"`
	Seen   time.Time `json:"seen,omitzero"`
}

// ForceScheduler is what a person can start builds with.
type ForceScheduler struct {
	Name     string   `json:"name"`
	Label    string   `json:"label,omitempty"`
	Button   string   `json:"button,omitempty"`
	Enabled  bool     `json:"enabled"`
	Builders []string `json:"builders"` // names
}

// BuildEvent is something that happened at the master. Key says what:
// "builds/12/finished", "steps/40/updated", "builds/12/started-nix-eval". One of
// the others is what it happened to, as it was then; all are nil where Key is of
// a kind that is not decoded.
type BuildEvent struct {
	Key     string        `json:"key"`
	Build   *Build        `json:"build,omitempty"`
	Builder *Builder      `json:"builder,omitempty"`
	Step    *BuildStep    `json:"step,omitempty"`
	Log     *BuildLog     `json:"log,omitempty"`
	Request *BuildRequest `json:"request,omitempty"`
	Worker  *BuildWorker  `json:"worker,omitempty"`
	Change  *BuildChange  `json:"change,omitempty"`
}

// Kind is the first part of the key: builds, steps, logs, workers, ...
func (e BuildEvent) Kind() string {
	kind, _, _ := strings.Cut(e.Key, "/")
	return kind
}

// What is the last part of the key: new, finished, started-nix-eval, ...
func (e BuildEvent) What() string { return e.Key[strings.LastIndexByte(e.Key, '/')+1:] }

// CleanLogLine makes a line of a log safe for a terminal: of control characters
// and escape sequences only colours (SGR) stay, a tab becomes a blank, bidi and
// zero-width characters go; what comes after limit runes goes too (0: no limit).
func CleanLogLine(s string, limit int) string {
	if plain(s) && (limit == 0 || len(s) <= limit) {
		return s
	}
	var b strings.Builder
	for n := 0; s != ""; {
		if rest, colour, is := escape(s); is {
			b.WriteString(colour)
			s = rest
			continue
		}
		r, size := utf8.DecodeRuneInString(s)
		s = s[size:]
		switch {
		case r == '\t':
			r = ' '
		case r == utf8.RuneError, unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r), r == '\u2028', r == '\u2029':
			continue
		}
		if limit > 0 && n >= limit {
			break
		}
		b.WriteRune(r)
		n++
	}
	return b.String()
}

func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// escape takes an escape sequence off the front: a colour is kept, what else
// ECMA-48 knows is thrown away whole (OSC and its like up to their end, which
// must come in the same line).
func escape(s string) (rest, colour string, is bool) {
	var intro, body string
	switch {
	case strings.HasPrefix(s, "\x1b") && len(s) > 1:
		intro, body = s[1:2], s[2:]
	case strings.HasPrefix(s, "\u009b"):
		intro, body = "[", s[len("\u009b"):]
	case strings.HasPrefix(s, "\u009d"):
		intro, body = "]", s[len("\u009d"):]
	default:
		return s, "", false
	}
	switch intro {
	case "[":
		end := strings.IndexFunc(body, func(r rune) bool { return r < ' ' || r > '?' })
		if end < 0 {
			return "", "", true
		}
		if body[end] < '@' || body[end] > '~' {
			return body[end:], "", true
		}
		args := body[:end]
		if body[end] == 'm' && strings.Trim(args, "0123456789;:") == "" {
			colour = "\x1b[" + args + "m"
		}
		return body[end+1:], colour, true
	case "]", "P", "X", "^", "_":
		end := len(body)
		for _, mark := range []string{"\a", "\x1b\\", "\u009c"} {
			if i := strings.Index(body, mark); i >= 0 {
				end = min(end, i+len(mark))
			}
		}
		return body[end:], "", true
	}
	// Intermediate bytes, as in ESC ( B, and the one that ends them.
	end := strings.IndexFunc(s[1:], func(r rune) bool { return r < ' ' || r > '/' })
	if end < 0 {
		return "", "", true
	}
	rest = s[1+end:]
	if rest[0] >= '0' && rest[0] <= '~' {
		rest = rest[1:]
	}
	return rest, "", true
}
