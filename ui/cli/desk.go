package cli

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/ui/guide"
)

// desk does the work of a journey in one directory.
type desk struct {
	c    *command
	l    loaded // what is said and written
	o    setupOptions
	face guide.Face
	ours func() []string // the files that the last run has

	mu      sync.Mutex
	session *Session // to look around with; made again for another token
}

// patience is how long a run stays for a step that only a person can mend.
const patience = 24 * time.Hour

// look is a session that nothing is set up with.
func (d *desk) look(ctx context.Context) (Session, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.session != nil {
		return *d.session, nil
	}
	s, err := d.open(ctx, d.l)
	if err == nil {
		d.session = &s
	}
	return s, err
}

func (d *desk) open(ctx context.Context, l loaded) (Session, error) {
	req, err := d.c.request(l)
	if err != nil {
		return Session{}, err
	}
	return d.c.app.Open(ctx, req)
}

// Around implements guide.Desk.
func (d *desk) Around(ctx context.Context) state.Around {
	s, err := d.look(ctx)
	if err != nil {
		return state.Around{}
	}
	return s.Around(ctx)
}

// Said implements guide.Desk.
func (d *desk) Said() state.Config { return d.l.said }

// Lacks implements guide.Desk.
func (d *desk) Lacks(ctx context.Context) []string {
	s, err := d.look(ctx)
	if err != nil {
		return nil
	}
	return s.Lacks
}

// Check implements guide.Desk.
func (d *desk) Check(ctx context.Context, key string, token state.Secret) error {
	l := d.l
	l.answers.Set = withAnswer(l.answers.Set, key, token)
	s, err := d.open(ctx, l)
	if err != nil {
		return err
	}
	defer s.Close()
	return s.Judge(ctx, key)
}

// Take implements guide.Desk.
func (d *desk) Take(key string, token state.Secret) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.l.answers.Set = withAnswer(d.l.answers.Set, key, token)
	if d.session != nil {
		d.session.Close()
		d.session = nil
	}
}

func withAnswer(set map[string]state.Secret, key string, v state.Secret) map[string]state.Secret {
	out := map[string]state.Secret{key: v}
	for k, old := range set {
		if k != key {
			out[k] = old
		}
	}
	return out
}

// Repos implements guide.Desk.
func (d *desk) Repos(ctx context.Context) ([]state.RepoListing, error) {
	s, err := d.look(ctx)
	if err != nil {
		return nil, err
	}
	return s.Repos(ctx)
}

// Browse implements guide.Desk.
func (d *desk) Browse(ctx context.Context, url string) error {
	s, err := d.look(ctx)
	if err != nil {
		return err
	}
	return s.Browser.Open(ctx, url)
}

// Far implements guide.Desk.
func (d *desk) Far() bool {
	s, err := d.look(context.Background())
	return err != nil || s.Far
}

// Save implements guide.Desk. An existing file is changed where a person has
// answered otherwise, and nowhere else: what flags and the environment say is
// not written into it.
func (d *desk) Save(said state.Config) error {
	if said.TOML() == d.l.said.TOML() {
		return nil
	}
	text, found, err := state.ReadFile(d.l.file)
	switch {
	case err != nil:
		return err
	case !found:
		err = state.WriteFile(d.l.file, []byte(said.TOML()), 0o644)
	default:
		err = d.edit(string(text), said)
	}
	if err != nil {
		return err
	}
	d.l.said, d.l.isNew = said, false
	return nil
}

func (d *desk) edit(text string, said state.Config) error {
	file, problems := state.ParseConfig(filepath.Base(d.l.file), []byte(text))
	if len(problems) > 0 {
		return problemsError(problems)
	}
	for _, key := range state.ConfigKeys() {
		before, _ := d.l.said.Value(key)
		if now, _ := said.Value(key); now != before {
			if err := file.Set(key, now); err != nil {
				return err
			}
		}
	}
	text, err := state.EditConfig(text, file)
	if err != nil {
		return err
	}
	return state.WriteFile(d.l.file, []byte(text), 0o644)
}

// Open implements guide.Desk.
func (d *desk) Open(ctx context.Context, said state.Config) (guide.Work, error) {
	l := d.l
	l.said, l.config = said, said.Derive()
	l.dir.Paths, l.answers.Config = l.config.Paths, said
	if err := l.complete(); err != nil {
		return nil, err
	}
	h := &hand{}
	run, err := d.c.start(ctx, l, d.o, person{read: h.read, note: d.face.Note, emit: d.face.Tell, patience: patience})
	if err != nil {
		return nil, err
	}
	d.ours = run.written
	return &work{running: run, hand: h, tell: d.face.Tell}, nil
}

// checkOnly checks --only before anything is asked.
func (d *desk) checkOnly(ctx context.Context) error {
	if len(d.o.only) == 0 {
		return nil
	}
	s, err := d.look(ctx)
	if err != nil {
		return err
	}
	var infos []steps.Info
	for _, one := range s.Steps {
		infos = append(infos, one.Info())
	}
	return checkOnly(d.o.only, infos)
}

// past is what earlier runs here have left in the journal.
func (d *desk) past() *guide.Past {
	past, found := state.ReadPast(d.l.dir)
	if !found {
		return nil
	}
	title := past.In
	if s, err := d.look(context.Background()); err == nil {
		for _, one := range s.Steps {
			if i := one.Info(); i.ID == past.In {
				title = i.Title
			}
		}
	}
	return &guide.Past{Ended: past.Ended, In: title, Human: past.Human}
}

// hand is how a person's answers reach the questions of a run. What is given is
// for the first question that takes it: two pages may be open under one key.
type hand struct {
	mu    sync.Mutex
	given map[string][]state.Secret
	more  chan struct{} // closed when something was given
}

// maxGiven is how many answers that no question takes are kept for each key.
const maxGiven = 8

// read is a steps.Reader.
func (h *hand) read(ctx context.Context, q state.Question) (state.Secret, error) {
	for {
		all, more := h.look(q.Key)
		for i, v := range all {
			if q.Accept == nil || q.Accept(state.Answer{Value: v, From: "you"}) == nil {
				h.drop(q.Key, i)
				return v, nil
			}
		}
		select {
		case <-more:
		case <-ctx.Done():
			return state.Secret{}, ctx.Err()
		}
	}
}

func (h *hand) look(key string) ([]state.Secret, <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.more == nil {
		h.more = make(chan struct{})
	}
	return slices.Clone(h.given[key]), h.more
}

func (h *hand) drop(key string, i int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.given[key] = slices.Delete(h.given[key], i, i+1)
}

// give lays an answer down for the question of that key.
func (h *hand) give(key string, v state.Secret) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.given == nil {
		h.given = map[string][]state.Secret{}
	}
	h.given[key] = append(h.given[key], v)
	h.given[key] = h.given[key][max(0, len(h.given[key])-maxGiven):]
	if h.more != nil {
		close(h.more)
		h.more = nil
	}
}

// work is a guide's work: a run in its directory.
type work struct {
	*running

	hand *hand
	tell steps.Sink
}

// Infos implements guide.Work.
func (w *work) Infos() []steps.Info { return w.engine.Infos() }

// Look implements guide.Work. It is not written into the journal.
func (w *work) Look(ctx context.Context) steps.Report {
	w.engine.Emit = w.tell
	return w.engine.Plan(ctx)
}

// Setup implements guide.Work.
func (w *work) Setup(ctx context.Context) steps.Report {
	w.engine.Emit = w.emit
	return w.engine.Setup(ctx)
}

// Answer implements guide.Work.
func (w *work) Answer(key string, v state.Secret) { w.hand.give(key, v) }

// Skip implements guide.Work.
func (w *work) Skip(step string) bool { return w.engine.Skip(step) }

// Again implements guide.Work.
func (w *work) Again(step string) bool { return w.engine.Again(step) }

// Finish implements guide.Work.
func (w *work) Finish(ctx context.Context) error { return w.revoke(ctx) }

// Done implements guide.Work.
func (w *work) Done(r steps.Report) guide.Done {
	d := guide.Done{Report: r, Files: w.written(), Revoked: w.revokes}
	if row, ok := r.Row("deploy"); ok && !row.Status().True() {
		d.Commit = commitLine(d.Files)
		_, d.Deploy, _ = strings.Cut(row.Finding.Hint, ": ")
	}
	return d
}

// Close implements guide.Work.
func (w *work) Close() { w.close() }
