package station

import (
	"context"

	"github.com/nixwright/nixwright/state/live"
)

// Later is a source that is made when it is first watched, since that needs
// something to be opened: a secret, a connection to the bus.
func Later(name string, open func(ctx context.Context) (live.Source, error)) live.Source {
	return &later{name: name, open: open}
}

type later struct {
	name string
	open func(ctx context.Context) (live.Source, error)
	made live.Source
}

// Name implements live.Source.
func (l *later) Name() string { return l.name }

// Watch implements live.Source.
func (l *later) Watch(ctx context.Context, emit func(live.Update)) error {
	if l.made == nil {
		src, err := l.open(ctx)
		if err != nil {
			return err
		}
		l.made = src
	}
	return l.made.Watch(ctx, emit)
}
