package cli

import (
	"context"
	"slices"
	"time"

	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/ui/plain"
)

// settling is how long the sources have at first to say what they know, so
// that the first word is not about what is only not known yet.
const settling = 2 * time.Second

// watchStatus says how all of it stands, and again whenever that changes: as
// text the sentence of truth with the alerts, as JSON the whole snapshot, at
// most once a second.
func (c *command) watchStatus(ctx context.Context, host string) error {
	st, err := c.asking(ctx, host)
	if err != nil {
		return err
	}
	defer st.Close()
	c.served.Store(true) // it is watched until it is ended
	ctx, stop := context.WithCancel(ctx)
	all, _ := st.everything()
	q, wait := supervise(ctx, all)
	defer func() { stop(); wait() }()
	w := standing{c: c, begun: time.Now()}
	snap := live.New()
	for {
		turn, end := context.WithTimeout(ctx, time.Second)
		batch, err := q.Take(turn)
		end()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil && turn.Err() == nil {
			return err
		}
		for _, u := range batch {
			snap = live.Reduce(snap, u)
		}
		st.See(snap)
		if err := w.see(&snap, time.Now()); err != nil {
			return err
		}
	}
}

// standing is what was last said.
type standing struct {
	c      *command
	begun  time.Time
	at     time.Time // of the last document
	said   []string
	spoken bool
}

func (w *standing) see(s *live.Snapshot, now time.Time) error {
	if now.Sub(w.begun) < settling {
		return nil
	}
	switch w.c.output {
	case "json":
		if now.Sub(w.at) < time.Second {
			return nil
		}
		w.at = now
		const builds = 50
		return plain.WriteLine(w.c.io.Out, s.Document(now, builds))
	case "quiet":
		return nil
	}
	alerts := s.Alerts(now)
	says := []string{s.Truth(alerts, now).Text}
	for _, a := range alerts {
		says = append(says, string(a.Severity)+a.ID+a.What)
	}
	if w.spoken && slices.Equal(says, w.said) {
		return nil
	}
	w.spoken, w.said = true, says
	plain.WriteTruth(w.c.io.Out, s, alerts, now, w.c.style())
	return nil
}
