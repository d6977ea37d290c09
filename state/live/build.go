package live

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/nixwright/nixwright/state"
)

// Build is a build as the pages show it. Its fields are empty where they are
// not known yet: events of buildbot tell none of the properties.
type Build struct {
	ID      int64 `json:"id"`
	Number  int32 `json:"number"`       // of its builder
	PR      int32 `json:"pr,omitempty"` // of a branch refs/pull/N/...
	Builder int64 `json:"builder"`
	Request int64 `json:"request,omitempty"`
	Worker  int64 `json:"worker,omitempty"`
	// Parent is the build that triggered it: of an attribute's build the
	// evaluation (buildsets: parent_buildid; /builds/ID/triggered_builds).
	Parent  int64  `json:"parent,omitempty"`
	Repo    string `json:"repo,omitempty"`
	Branch  string `json:"branch,omitempty"`
	Attr    string `json:"attr,omitempty"` // x86_64-linux.hello
	Commit  string `json:"commit,omitempty"`
	Message string `json:"message,omitempty"` // its first line
	Author  string `json:"author,omitempty"`
	OutPath string `json:"out_path,omitempty"`
	State   string `json:"state,omitempty"` // what it does, or how it ended, in a few words

	Result   state.BuildResult `json:"-"` // where it is done; ResultNone: it ended while nobody looked
	Done     bool              `json:"done"`
	Kind     Kind              `json:"kind"`
	Upload   Upload            `json:"upload"`
	Served   Seen              `json:"-"` // whether its output was seen in the cache
	Started  time.Time         `json:"started,omitzero"`
	Finished time.Time         `json:"finished,omitzero"`

	looked int64 // when Served was found out, in nanoseconds since 1970
}

// NewBuild makes a Build of what buildbot's API says of it and its properties.
func NewBuild(b state.Build, parent int64) Build {
	out := Build{
		ID: b.ID, Builder: b.Builder, Number: int32(b.Number), //nolint:gosec // builds of one builder, counted from 1
		Request: b.Request, Worker: b.Worker, Parent: parent,
		Repo: b.Repo, Attr: b.Attr, OutPath: b.OutPath, State: b.State, Result: b.Result, Done: b.Done,
		Started: b.Started, Finished: b.At,
	}
	for _, p := range b.Properties {
		switch p.Name {
		case "branch":
			out.Branch = p.Value
		case "revision":
			out.Commit = cmp.Or(out.Commit, p.Value)
		case "got_revision":
			out.Commit = p.Value
		}
	}
	return out
}

// Kind is what a builder is for.
type Kind uint8

// The kinds of builders of buildbot-nix. KindUnknown is one whose builder was
// not told yet.
const (
	KindUnknown Kind = iota
	KindEval         // OWNER/REPO/nix-eval: it triggers the others
	KindAttr         // one attribute: github:OWNER/REPO#checks.SYSTEM.ATTR, or OWNER/REPO/nix-build
	KindOther        // gc roots, effects, reloads
)

// Status is how a build stands, in the order in which they are shown.
type Status uint8

// The statuses of a build.
const (
	Failed Status = iota
	Exception
	Warnings
	Running
	Lost // it ended while nobody looked, and buildbot does not say how
	Cancelled
	Retry
	Success
	Skipped
	statuses // how many there are
)

// Upload is how the step "Upload to niks3" of a build stands.
type Upload uint8

// The states of an upload. The step only warns: a build whose upload failed is
// green (F32).
const (
	NoUpload Upload = iota
	Uploading
	Uploaded
	UploadFailed
)

// Seen is what a look for something found.
type Seen uint8

// What was seen.
const (
	NotLooked Seen = iota
	Missing
	Present
)

// Cached is the answer to "is it cached?".
type Cached string

// The answers, in the words of the pages.
const (
	CacheNotPushed Cached = "not pushed"
	CacheLater     Cached = "later"
	CacheUploading Cached = "uploading"
	CacheUploaded  Cached = "uploaded" // the step went well, the narinfo was not looked for
	CacheServed    Cached = "cached"
	CacheMissing   Cached = "not cached" // F32
	CacheUnknown   Cached = "not checked"
)

var (
	kindWords   = []string{"unknown", "evaluation", "attribute", "other"}
	statusWords = []string{"failed", "exception", "warnings", "running", "lost", "cancelled", "retry", "success", "skipped"}
	uploadWords = []string{"none", "running", "done", "failed"}
)

// String is the kind's word.
func (k Kind) String() string { return kindWords[k] }

// MarshalText implements encoding.TextMarshaler.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// String is the status's word.
func (s Status) String() string { return statusWords[s] }

// MarshalText implements encoding.TextMarshaler.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Red says whether it failed.
func (s Status) Red() bool { return s == Failed || s == Exception }

// Green says whether it is done and nothing failed.
func (s Status) Green() bool { return s == Success || s == Warnings || s == Skipped }

// String is the upload's word.
func (u Upload) String() string { return uploadWords[u] }

// MarshalText implements encoding.TextMarshaler.
func (u Upload) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// Status is how it stands.
func (b *Build) Status() Status {
	if !b.Done {
		return Running
	}
	switch b.Result {
	case state.ResultSuccess:
		return Success
	case state.ResultWarnings:
		return Warnings
	case state.ResultFailure:
		return Failed
	case state.ResultSkipped:
		return Skipped
	case state.ResultRetry:
		return Retry
	case state.ResultCancelled:
		return Cancelled
	case state.ResultNone:
		return Lost
	case state.ResultException:
	}
	return Exception
}

// Cached says whether its output is in the cache.
func (b *Build) Cached() Cached {
	switch {
	case b.Served == Present:
		return CacheServed
	case !b.Done && b.Upload == Uploading:
		return CacheUploading
	case b.Upload == UploadFailed || b.Done && b.Served == Missing && b.Status().Green():
		return CacheMissing
	case b.Upload == Uploaded:
		return CacheUploaded
	case !b.Done:
		return CacheLater
	case b.Status().Green():
		return CacheUnknown
	}
	return CacheNotPushed
}

// Took is how long it took, or has taken until now.
func (b *Build) Took(now time.Time) time.Duration {
	switch {
	case b.Started.IsZero():
		return 0
	case !b.Finished.IsZero():
		return b.Finished.Sub(b.Started)
	case b.Done:
		return 0
	}
	return max(0, now.Sub(b.Started))
}

// with is b with what n says of the same build. newer says that n was told
// after all that b knows; else n only fills in what b lacks. A build that is
// done stays done, in any order of the two.
func (b Build) with(n Build, newer bool) Build {
	fill(&b.Number, n.Number, newer)
	fill(&b.Builder, n.Builder, newer)
	fill(&b.Request, n.Request, newer)
	fill(&b.Worker, n.Worker, newer)
	fill(&b.Parent, n.Parent, newer)
	fill(&b.Repo, n.Repo, newer)
	fill(&b.Branch, n.Branch, newer)
	fill(&b.Attr, n.Attr, newer)
	fill(&b.Commit, n.Commit, newer)
	fill(&b.Message, n.Message, newer)
	fill(&b.Author, n.Author, newer)
	fill(&b.OutPath, n.OutPath, newer)
	if !n.Started.IsZero() && (newer || b.Started.IsZero()) {
		b.Started = n.Started
	}
	b.Upload = max(b.Upload, n.Upload)
	switch lost := b.Done && b.Result == state.ResultNone; {
	case n.Done && n.Result != state.ResultNone && (newer || lost || !b.Done),
		n.Done && !b.Done,
		!n.Done && lost && newer,
		!n.Done && !b.Done && newer:
		b.Done, b.Result, b.Finished = n.Done, n.Result, n.Finished
		fill(&b.State, n.State, true)
	case n.Done == b.Done:
		fill(&b.State, n.State, false)
	}
	return b
}

func fill[T comparable](to *T, v T, newer bool) {
	var none T
	if v != none && (newer || *to == none) {
		*to = v
	}
}

// derived is b with what its builder and its branch say.
func (b Build) derived(on *state.Builder) Build {
	if rest, is := strings.CutPrefix(b.Branch, "refs/pull/"); is {
		number, _, _ := strings.Cut(rest, "/")
		if pr, err := strconv.ParseInt(number, 10, 32); err == nil {
			b.PR = int32(pr)
		}
	}
	if on == nil {
		return b
	}
	kind, repo, attr := about(on.Name)
	b.Kind, b.Repo, b.Attr = kind, cmp.Or(b.Repo, repo), cmp.Or(b.Attr, attr)
	share(&b.Repo, repo) // one text of the builder's name, for all its builds
	share(&b.Attr, attr)
	return b
}

// about is what the name of a builder of buildbot-nix says.
func about(name string) (kind Kind, repo, attr string) {
	if rest, what, is := strings.Cut(name, "#"); is {
		_, repo, _ = strings.Cut(rest, ":")
		return KindAttr, repo, strings.TrimPrefix(what, "checks.")
	}
	i := strings.LastIndexByte(name, '/')
	if i < 0 {
		return KindOther, "", ""
	}
	switch name[i+1:] {
	case "nix-eval":
		return KindEval, name[:i], ""
	case "nix-build":
		return KindAttr, name[:i], ""
	}
	return KindOther, name[:i], ""
}
