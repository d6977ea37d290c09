package station_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/buildbot"
	"github.com/nixwright/nixwright/providers/fake"
	"github.com/nixwright/nixwright/providers/niks3"
	"github.com/nixwright/nixwright/providers/s3"
	"github.com/nixwright/nixwright/providers/station"
	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/state/nixfiles"
	"github.com/nixwright/nixwright/state/shape"
)

// lab is a world in which buildbot and niks3 run, and a station of it.
type lab struct {
	*station.Station

	w    *fake.World
	have map[state.SecretName]state.Secret
	conf state.Config
}

const repo = "phlip9/dotfiles"

func newLab(t *testing.T, access string) *lab {
	t.Helper()
	w, err := fake.Start(t.Context(), t.TempDir(), "fresh", fake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	l := &lab{w: w, have: map[state.SecretName]state.Secret{
		shape.BasicAuthName: state.NewSecret("a-password-of-some-length"), shape.APITokenName: state.NewSecret(strings.Repeat("t", 40)),
	}}
	key, err := shape.NewSigningKey("cache.phlip9.com-1", strings.NewReader(strings.Repeat("0123456789abcdef", 8)))
	if err == nil {
		err = w.DeployNiks3(l.have[shape.APITokenName], key)
	}
	if err == nil {
		err = w.RunBuildbot(access, repo, state.NewSecret("hook"), l.have[shape.BasicAuthName])
	}
	if err == nil {
		err = w.Update(func(s *fake.State) error {
			s.CI.Secrets[string(shape.APITokenName)] = l.have[shape.APITokenName].Reveal()
			return nil
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	l.conf = state.Config{CI: state.CIConf{Access: access, Admins: []string{"phlip9"}}, GC: state.GCConf{OlderThan: "720h"}}
	e := w.Endpoints()
	l.Station = station.New(station.Options{
		Config: l.conf, Web: "https://ci.phlip9.com", Builds: buildbot.New(http.DefaultClient, e.Buildbot), Cache: niks3.New(http.DefaultClient, e.Niks3),
		Objects: s3.New(http.DefaultClient, e.R2S3),
		Secret: func(_ context.Context, name state.SecretName) (state.Secret, bool) {
			v, found := l.have[name]
			return v, found
		},
		Ways: station.Ways{HTTP: http.DefaultClient, Host: silent{}, Clock: live.Clock{Now: time.Now, Sleep: func(ctx context.Context, _ time.Duration) error { <-ctx.Done(); return ctx.Err() }}},
	})
	return l
}

// silent is a host of which nothing is told.
type silent struct{}

func (silent) Name() string { return "systemd" }

func (silent) Watch(ctx context.Context, _ func(live.Update)) error { <-ctx.Done(); return ctx.Err() }

// refused wants a problem that says so.
func refused(t *testing.T, err error, says string) {
	t.Helper()
	var p state.Problem
	if !errors.As(err, &p) || !strings.Contains(p.Error()+p.Why+p.Fix, says) || p.Fix == "" {
		t.Errorf("%v, want a problem with %q", err, says)
	}
}

// TestCollect: the policy is the set-up's; a second run at once is refused, and
// so is one without the token.
func TestCollect(t *testing.T) {
	t.Parallel()
	l := newLab(t, state.FullyPrivate)
	l.w.Live(fake.Life{Seed: "station", Objects: 100})
	if text := l.Collecting(); !strings.Contains(text, "720h") || !strings.Contains(text, "cannot say") {
		t.Error(text)
	}
	now, err := l.Collect(t.Context())
	if err != nil || now.State != state.GCRunning || now.Policy.OlderThan != "720h" {
		t.Errorf("%+v, %v", now, err)
	}
	if again, err := l.Collect(t.Context()); err != nil || !again.Started.Equal(now.Started) {
		t.Errorf("the same again is the run that is on: %+v, %v", again, err)
	}
	l = newLab(t, state.FullyPrivate)
	l.w.Live(fake.Life{Seed: "station", Objects: 100})
	other := niks3.New(http.DefaultClient, l.w.Endpoints().Niks3)
	if _, started, err := other.StartGC(t.Context(), l.have[shape.APITokenName], state.GCPolicy{OlderThan: "1h"}); err != nil || !started {
		t.Fatalf("%v, %v", started, err)
	}
	_, err = l.Collect(t.Context())
	refused(t, err, "under way")
	delete(l.have, shape.APITokenName)
	_, err = l.Collect(t.Context())
	refused(t, err, "niks3-api-token")
}

// TestActions: in fully-private the admin's session does it, and is made again
// when it has ended; in two-logins, and without the password, it is said why not.
func TestActions(t *testing.T) {
	t.Parallel()
	l := newLab(t, state.FullyPrivate)
	living := l.w.Live(fake.Life{Seed: "station", Repos: []string{repo}, Builds: 40})
	for range 2 {
		if n, err := l.Restart(t.Context(), 7); err != nil || n == 0 {
			t.Errorf("request %d, %v", n, err)
		}
		if err := l.w.RunBuildbot(state.FullyPrivate, repo, state.NewSecret("hook"), l.have[shape.BasicAuthName]); err != nil { // its sessions are forgotten
			t.Fatal(err)
		}
		living.Step()
	}
	if err := l.Stop(t.Context(), 7); err != nil {
		t.Error(err)
	}
	if _, err := l.Restart(t.Context(), 1<<40); err == nil {
		t.Error("a build that is not there is built again")
	}

	none := newLab(t, state.FullyPrivate)
	delete(none.have, shape.BasicAuthName)
	_, err := none.Restart(t.Context(), 1)
	refused(t, err, "buildbot-http-basic-auth-password")

	two := newLab(t, state.TwoLogins)
	if !strings.Contains(two.Off(), "only from a browser") || l.Off() != "" {
		t.Errorf("%q, %q", two.Off(), l.Off())
	}
	refused(t, two.Stop(t.Context(), 1), "only from a browser")
}

// TestBuild: as buildbot knows it now; one that it does not know is a problem.
func TestBuild(t *testing.T) {
	t.Parallel()
	l := newLab(t, state.FullyPrivate)
	l.w.Live(fake.Life{Seed: "station", Repos: []string{repo}, Builds: 40})
	b, err := l.Build(t.Context(), 7)
	if err != nil || b.ID != 7 || b.Repo != repo || !b.Done {
		t.Errorf("%+v, %v", b, err)
	}
	if url := l.BuildURL(live.Build{Builder: 4, Number: 9}); url != "https://ci.phlip9.com/#/builders/4/builds/9" {
		t.Error(url)
	}
	_, err = l.Build(t.Context(), 1<<40)
	refused(t, err, "not known")
}

// TestCount: a listing tells what it came to as a source, and needs the keys.
func TestCount(t *testing.T) {
	t.Parallel()
	l := newLab(t, state.FullyPrivate)
	refused(t, l.Count(t.Context()), "niks3-s3-access-key")
}

// TestWithoutCredentials: every source is there, and says what it lacks.
func TestWithoutCredentials(t *testing.T) {
	t.Parallel()
	l := newLab(t, state.FullyPrivate)
	clear(l.have)
	notes := map[string]string{}
	for _, src := range l.Sources() {
		if name := src.Name(); name == "Cloudflare" {
			ctx, stop := context.WithCancel(t.Context())
			_ = src.Watch(ctx, func(u live.Update) {
				if link, ok := u.News.(live.Link); ok && link.Up {
					notes[name] = link.Note
					stop()
				}
			})
		}
	}
	if !strings.Contains(notes["Cloudflare"], "console-token") {
		t.Error(notes)
	}
}

// TestLater: what could not be opened is tried again, and opened once.
func TestLater(t *testing.T) {
	t.Parallel()
	opened := 0
	src := station.Later("systemd", func(context.Context) (live.Source, error) {
		if opened++; opened == 1 {
			return nil, errors.New("no key")
		}
		return silent{}, nil
	})
	if err := src.Watch(t.Context(), nil); err == nil || err.Error() != "no key" {
		t.Error(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	for range 2 {
		if err := src.Watch(ctx, nil); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	if opened != 2 {
		t.Errorf("opened %d times", opened)
	}
}

// TestFacts: those of the repository; none is no error.
func TestFacts(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	d := state.Dir{Root: root}
	f := nixfiles.Facts{Access: state.FullyPrivate, Cache: nixfiles.Cache{PublicKey: "k"}}
	if err := os.WriteFile(filepath.Join(root, "facts.json"), []byte(f.JSON()), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := station.Facts(d, "facts.json", false); got.Cache.PublicKey != "k" {
		t.Errorf("%+v", got)
	}
	if got := station.Facts(d, "absent.json", false); got.Access != "" {
		t.Errorf("%+v", got)
	}
}

// TestOpener: what is sealed; away from the host nothing else is looked at.
func TestOpener(t *testing.T) {
	t.Parallel()
	open := station.Opener(func(_ context.Context, name state.SecretName) (state.Secret, bool, error) {
		if name == "broken" {
			return state.Secret{}, false, errors.New("no identity")
		}
		return state.NewSecret("v"), name == "there", nil
	}, false)
	for name, want := range map[state.SecretName]bool{"there": true, "absent": false, "broken": false} {
		if v, found := open(t.Context(), name); found != want || found && v.Reveal() != "v" {
			t.Errorf("%s: %v", name, found)
		}
	}
}
