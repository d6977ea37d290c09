package cloudflare_test

import (
	"encoding/json"
	"net/http"
	"sync"
	"testing"

	"github.com/nixwright/nixwright/providers/cloudflare"
	"github.com/nixwright/nixwright/providers/fake"
	"github.com/nixwright/nixwright/providers/httpx/httpxtest"
	"github.com/nixwright/nixwright/state"
)

// lab is a Cloudflare of the built-in world, whose requests and answers are
// checked against Cloudflare's OpenAPI document. In "fresh" the token belongs
// to the account, in "half-done" to the user, and bucket, domain, keys and
// record are there.
type lab struct {
	w     *fake.World
	base  string
	token string
	own   bool
	began []byte // the state that reset puts back
}

func newLab(t *testing.T, scenario string) *lab {
	t.Helper()
	wrap := func(service string, h http.Handler) http.Handler {
		if service != "cloudflare" {
			return h
		}
		return httpxtest.Exchanges(t, "cloudflare.openapi.json", "/client/v4", h)
	}
	w, err := fake.Start(t.Context(), t.TempDir(), scenario, fake.Options{Wrap: wrap})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	l := &lab{w: w, base: w.Endpoints().CloudflareAPI, token: w.Env()["CLOUDFLARE_API_TOKEN"], own: scenario == "fresh"}
	l.keep(t)
	return l
}

// keep makes the state of now the one that reset puts back.
func (l *lab) keep(t *testing.T) {
	t.Helper()
	var err error
	l.w.Look(func(s *fake.State) { l.began, err = json.Marshal(s) })
	if err != nil {
		t.Fatal(err)
	}
}

// reset puts the world back to where it began.
func (l *lab) reset(t *testing.T) {
	t.Helper()
	l.change(t, func(s *fake.State) {
		*s = fake.State{}
		if err := json.Unmarshal(l.began, s); err != nil {
			t.Error(err)
		}
	})
}

// change changes the world.
func (l *lab) change(t *testing.T, f func(s *fake.State)) {
	t.Helper()
	if err := l.w.Update(func(s *fake.State) error { f(s); return nil }); err != nil {
		t.Fatal(err)
	}
}

// client asks the lab, with the lab's token.
func (l *lab) client(hc *http.Client) *cloudflare.Client {
	return cloudflare.New(hc, l.base, state.NewSecret(l.token))
}

// writes counts what the world has carried out.
func (l *lab) writes() (n int) {
	l.w.Look(func(s *fake.State) { n = len(s.Writes) })
	return n
}

// zone is the id of a zone.
func (l *lab) zone(name string) (id string) {
	l.w.Look(func(s *fake.State) { id = l.zoneIn(s, name) })
	return id
}

func (l *lab) zoneIn(s *fake.State, name string) (id string) {
	for _, z := range s.Cloud.Zones {
		if z.Name == name {
			id = z.ID
		}
	}
	return id
}

// tokens are those of this name.
func (l *lab) tokens(name string) (all []fake.CloudToken) {
	l.w.Look(func(s *fake.State) {
		for _, t := range s.Cloud.Tokens {
			if t.Name == name {
				all = append(all, t)
			}
		}
	})
	return all
}

// labs are those of a test and its subtests, each made once.
type labs struct{ all sync.Map }

func (m *labs) of(t *testing.T, scenario string, first func(*lab)) *lab {
	t.Helper()
	v, known := m.all.Load(t.Name())
	if !known {
		l := newLab(t, scenario)
		first(l)
		l.keep(t)
		m.all.Store(t.Name(), l)
		return l
	}
	l, _ := v.(*lab)
	l.reset(t)
	return l
}
