package httpx

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/nixwright/nixwright/state"
)

// markKey is the context key of the marks.
type markKey struct{}

// marks is what a caller says of its request.
type marks struct {
	idempotent bool
	once       bool
	stream     bool
	hidden     []state.Secret
}

func marksOf(ctx context.Context) marks {
	m, _ := ctx.Value(markKey{}).(marks)
	return m
}

// Idempotent marks the requests of ctx as doing the same when they are sent
// twice, so that they are tried again after a failure, as GET and HEAD always
// are.
func Idempotent(ctx context.Context) context.Context {
	m := marksOf(ctx)
	m.idempotent = true
	return context.WithValue(ctx, markKey{}, m)
}

// Once marks the requests of ctx as never to be tried again, whatever the
// answer: a one-time code is spent by the first attempt.
func Once(ctx context.Context) context.Context {
	m := marksOf(ctx)
	m.once = true
	return context.WithValue(ctx, markKey{}, m)
}

// Stream marks the requests of ctx as having long answers: a WebSocket, server
// sent events, a log that is followed. The time of one attempt then covers
// only the way to the head of the answer, and the body of a good answer (1xx,
// 2xx) has no limit of time or size: it ends with ctx, or when it is closed.
// Whoever reads it limits what is kept.
func Stream(ctx context.Context) context.Context {
	m := marksOf(ctx)
	m.stream = true
	return context.WithValue(ctx, markKey{}, m)
}

// Hide keeps values that stand in the path of the requests of ctx out of their
// log lines: R2's access keys are token ids, a manifest's code is spent there.
func Hide(ctx context.Context, values ...state.Secret) context.Context {
	m := marksOf(ctx)
	m.hidden = append(slices.Clone(m.hidden), values...)
	return context.WithValue(ctx, markKey{}, m)
}

// shown is the URL as log lines show it: without user, query and fragment.
func (m marks) shown(u *url.URL) string {
	path := u.EscapedPath()
	for _, s := range m.hidden {
		if !s.Empty() {
			path = strings.ReplaceAll(path, url.PathEscape(s.Reveal()), s.String())
		}
	}
	return u.Scheme + "://" + u.Host + path
}
