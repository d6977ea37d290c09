package state

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"
)

// PendingLimit is how long GitHub takes back the code of a manifest
// (GitHub docs, "Registering a GitHub App from a manifest").
const PendingLimit = time.Hour

// Pending is a page that was shown and whose answer has not come back. State
// is the random value that the answer must carry.
type Pending struct {
	Step   string    `json:"step"`
	State  string    `json:"state"`
	Digest string    `json:"digest"` // of what was asked for: another manifest is another page
	At     time.Time `json:"at"`
}

// PendingPages is .nixwright/pending.json, 0600.
type PendingPages struct {
	dir  Dir
	mu   sync.Mutex
	used map[string]string // state -> step: used in this run
}

// NewPendingPages names the directory's file.
func NewPendingPages(d Dir) *PendingPages { return &PendingPages{dir: d, used: map[string]string{}} }

func (p *PendingPages) path() string { return p.dir.Own("pending.json") }

// load reads the pages that are younger than the limit.
func (p *PendingPages) load(now time.Time) ([]Pending, error) {
	b, err := os.ReadFile(p.path())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read pending pages: %w", err)
	}
	var all []Pending
	if json.Unmarshal(b, &all) != nil {
		all = nil // a cache like any other: unreadable is empty
	}
	return slices.DeleteFunc(all, func(x Pending) bool { return now.Sub(x.At) > PendingLimit }), nil
}

func (p *PendingPages) save(all []Pending) error {
	if len(all) == 0 {
		if err := os.Remove(p.path()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove pending pages: %w", err)
		}
		return nil
	}
	b, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return fmt.Errorf("write pending pages: %w", err)
	}
	if err := p.dir.MakeOwn(); err != nil {
		return err
	}
	if err := WriteOwn(p.path(), append(b, '\n')); err != nil {
		return fmt.Errorf("write pending pages: %w", err)
	}
	return nil
}

// Find returns the step's page with that digest where one is still open, so
// that a page that somebody has before them stays good.
func (p *PendingPages) Find(step, digest string, now time.Time) (Pending, bool, error) {
	all, err := p.load(now)
	i := slices.IndexFunc(all, func(x Pending) bool { return x.Step == step && x.Digest == digest })
	if err != nil || i < 0 {
		return Pending{}, false, err
	}
	return all[i], true, nil
}

// Owner says which step the state belongs to, also where this run has used it.
func (p *PendingPages) Owner(state string, now time.Time) (step string, found bool, err error) {
	p.mu.Lock()
	step, found = p.used[state]
	p.mu.Unlock()
	if found {
		return step, true, nil
	}
	all, err := p.load(now)
	i := slices.IndexFunc(all, func(x Pending) bool { return x.State == state })
	if err != nil || i < 0 {
		return "", false, err
	}
	return all[i].Step, true, nil
}

// Add remembers a page.
func (p *PendingPages) Add(one Pending) error {
	all, err := p.load(one.At)
	if err != nil {
		return err
	}
	return p.save(append(all, one))
}

// Use forgets a page: its state is good once.
func (p *PendingPages) Use(state string, now time.Time) error {
	all, err := p.load(now)
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(all, func(x Pending) bool { return x.State == state }); i >= 0 {
		p.mu.Lock()
		p.used[state] = all[i].Step
		p.mu.Unlock()
	}
	return p.save(slices.DeleteFunc(all, func(x Pending) bool { return x.State == state }))
}
