package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/console"
	"github.com/nixwright/nixwright/ui/logview"
)

// counter is the station as the console's desk.
type counter struct {
	*station

	list    *checklist
	actions *actions
}

var _ console.Desk = counter{}

// Steps implements console.Desk.
func (c counter) Steps(ctx context.Context, build int64) ([]console.Step, error) {
	found, err := c.station.Steps(ctx, build)
	if err != nil {
		return nil, err
	}
	out := make([]console.Step, len(found))
	for i, one := range found {
		out[i].BuildStep = one
		if out[i].Logs, err = c.Logs(ctx, one.ID); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Log implements console.Desk.
func (c counter) Log(l state.BuildLog) logview.Source { return lines{c.station, l} }

// lines are a log's, as the viewer reads them.
type lines struct {
	station *station
	log     state.BuildLog
}

func (l lines) Size(ctx context.Context) (logview.Size, error) {
	now, err := l.station.Log(ctx, l.log.ID)
	return sizeOf(now), err
}

func (l lines) Lines(ctx context.Context, from, n int) ([]string, error) {
	return l.station.Lines(ctx, l.log, from, n)
}

func sizeOf(l state.BuildLog) logview.Size { return logview.Size{Lines: l.Lines, Done: l.Done} }

// Follow implements console.Desk.
func (c counter) Follow(ctx context.Context, l state.BuildLog, grown func(logview.Size)) error {
	return c.station.Follow(ctx, l, func(now state.BuildLog) { grown(sizeOf(now)) })
}

// Save implements console.Desk: into the working directory, and over no file
// that is there.
func (c counter) Save(ctx context.Context, l state.BuildLog, name string) (string, error) {
	name = strings.TrimSuffix(fileName(name), ".log")
	for n := 0; ; n++ {
		path := filepath.Join(c.c.io.Dir, name+".log")
		if n > 0 {
			path = filepath.Join(c.c.io.Dir, fmt.Sprintf("%s-%d.log", name, n))
		}
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if os.IsExist(err) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("save log: %w", err)
		}
		_, err = c.station.Save(ctx, l, f)
		if closed := f.Close(); err == nil {
			err = closed
		}
		if err != nil {
			_ = os.Remove(path)
			return "", fmt.Errorf("save log: %w", err)
		}
		return path, nil
	}
}

// fileName is a name as a file can be called everywhere.
func fileName(s string) string {
	const most = 80
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', r == '.':
			return r
		}
		return '-'
	}, s)
	if s = strings.Trim(s, "-."); s == "" {
		s = "build"
	}
	return s[:min(len(s), most)]
}

// BuildURL implements console.Desk.
func (c counter) BuildURL(n int64) string {
	snap := c.seen.Load()
	if snap == nil {
		return ""
	}
	b := snap.Build(n)
	if b == nil {
		return ""
	}
	return c.station.BuildURL(*b)
}

// Look implements console.Desk.
func (c counter) Look(ctx context.Context) error {
	if !c.repo {
		return state.Problem{What: "the checklist cannot be looked at here", Why: "the infra repository is not here", Fix: "nixwright status, where it is"}
	}
	return c.list.again(ctx)
}

// Check implements console.Desk.
func (c counter) Check(context.Context) error {
	c.station.Check()
	return nil
}

// Restart implements console.Desk.
func (c counter) Restart(ctx context.Context, build int64) (string, error) {
	return c.actions.restart(ctx, build)
}

// Stop implements console.Desk.
func (c counter) Stop(ctx context.Context, build int64) (string, error) {
	return c.actions.stop(ctx, build)
}

// Collect implements console.Desk.
func (c counter) Collect(ctx context.Context) (string, error) { return c.actions.collect(ctx) }
