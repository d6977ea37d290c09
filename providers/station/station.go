// Package station is a CI host as it is watched: which sources there are by
// the credentials at hand, and what is asked of the host on a key.
//
// Nothing is opened before it is needed: a source looks for its credential
// when it is first watched, and says in its link what it cannot tell without.
package station

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/nixwright/nixwright/providers/buildbot"
	"github.com/nixwright/nixwright/providers/niks3"
	"github.com/nixwright/nixwright/providers/s3"
	"github.com/nixwright/nixwright/providers/ssh"
	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/state/nixfiles"
)

// Options are what a station is made of.
type Options struct {
	Config state.Config // derived
	Facts  nixfiles.Facts
	Web    string // where browsers see buildbot, without a slash at its end

	Builds  *buildbot.Client
	Cache   *niks3.Client
	Objects *s3.Client

	// Secret finds a secret of the set-up; found is false where it is not
	// there, and where it cannot be opened here.
	Secret func(ctx context.Context, name state.SecretName) (v state.Secret, found bool)
	Ways   Ways

	// Host is the host at the other end of the one connection; nil: there is none.
	Host *ssh.Host
	// Connect opens the one connection; nil: there is none.
	Connect func(ctx context.Context) error
	// Stands says whether that connection is there now; nil where Connect is.
	Stands func() bool
	// Journal tells the journal of a unit on the host.
	Journal func(ctx context.Context, unit string, line func(string)) error
	// Browse opens an address in a browser.
	Browse func(ctx context.Context, url string) error
	Close  func()
}

// Station is one CI host.
type Station struct {
	o     Options
	seen  atomic.Pointer[live.Snapshot]
	count *counted

	mu      sync.Mutex
	session buildbot.Session
	looks   []func() // the sources of the cache look again
}

// New returns a station. It opens nothing.
func New(o Options) *Station { return &Station{o: o, count: newCounted()} }

// Connect opens the connection that all else goes through.
func (s *Station) Connect(ctx context.Context) error {
	if s.o.Connect == nil {
		return nil
	}
	return s.o.Connect(ctx)
}

// Host is the host at the other end of the connection; nil: there is none.
func (s *Station) Host() *ssh.Host { return s.o.Host }

// Sources are all that there are.
func (s *Station) Sources() []live.Source { return s.sources() }

// See tells the station what is known by now.
func (s *Station) See(snap live.Snapshot) { s.seen.Store(&snap) }

// BuildURL is where a browser shows a build.
func (s *Station) BuildURL(b live.Build) string {
	return s.o.Web + "/#/builders/" + strconv.FormatInt(b.Builder, 10) + "/builds/" + strconv.Itoa(int(b.Number))
}

// Open opens an address in a browser.
func (s *Station) Open(ctx context.Context, url string) error { return s.o.Browse(ctx, url) }

// Unit tells the journal of a unit, raw, until ctx ends.
func (s *Station) Unit(ctx context.Context, unit string, lines func(raw []byte)) error {
	return s.o.Journal(ctx, unit, func(line string) { lines([]byte(line + "\n")) })
}

// Close ends the connection.
func (s *Station) Close() {
	if s.o.Close != nil {
		s.o.Close()
	}
}
