package live

import (
	"context"
	"sync"
)

// Queue stands between many sources and one reader. What a later update makes
// needless is replaced in its place while it waits: progress and figures. All
// else is handed over in order. A source that has limit updates waiting waits
// itself, and no other one does, so that memory is bounded and nothing is lost.
type Queue struct {
	limit int
	ready chan struct{} // has one token while something waits

	mu    sync.Mutex
	all   []Update
	at    map[spot]int // where in all an update of the spot waits
	count map[string]int
	room  map[string]chan struct{} // closed when the source may go on
}

// spot is the place of an update of a source.
type spot struct {
	source string
	place  any
}

// NewQueue is a queue for so many updates of each source.
func NewQueue(limit int) *Queue {
	return &Queue{limit: limit, ready: make(chan struct{}, 1), at: map[spot]int{}, count: map[string]int{}, room: map[string]chan struct{}{}}
}

// Put adds an update. It waits while the source has too many there already;
// its error is ctx's.
func (q *Queue) Put(ctx context.Context, u Update) error {
	for {
		room := q.try(u)
		if room == nil {
			return nil
		}
		select {
		case <-room:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// try adds an update, or says what to wait for.
func (q *Queue) try(u Update) (room chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := spot{u.Source, u.News.place()}
	if i, waits := q.at[s]; s.place != nil && waits {
		q.all[i] = after(q.all[i], u)
		return nil
	}
	if q.count[u.Source] >= q.limit {
		if q.room[u.Source] == nil {
			q.room[u.Source] = make(chan struct{})
		}
		return q.room[u.Source]
	}
	if s.place != nil {
		q.at[s] = len(q.all)
	}
	q.all = append(q.all, u)
	q.count[u.Source]++
	select {
	case q.ready <- struct{}{}:
	default:
	}
	return nil
}

// after is what two updates of the same place say together.
func after(old, now Update) Update {
	newer := !now.At.Before(old.At)
	if !newer {
		old, now = now, old
	}
	a, is := old.News.(Builds)
	if b, too := now.News.(Builds); is && too {
		now.News = Builds{All: []Build{a.All[0].with(b.All[0], true)}}
	}
	return now
}

// Take waits for updates and hands over all that are there. Its error is
// ctx's.
func (q *Queue) Take(ctx context.Context) ([]Update, error) {
	select {
	case <-q.ready:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	all := q.all
	q.all = nil
	clear(q.at)
	clear(q.count)
	for _, room := range q.room {
		close(room)
	}
	clear(q.room)
	return all, nil
}
