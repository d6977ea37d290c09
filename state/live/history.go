package live

import (
	"encoding/json"
	"time"
)

// Ring is a short history: one value for each slot of time, the newest last,
// so many and no more. It is a value; what changes it returns another one. Slots
// count from 1970 in UTC.
type Ring struct {
	every time.Duration
	slots []slot // its length never changes; nil: nothing yet
	last  int64  // the number of the newest slot
}

// slot is a value and when it was told, 0 where none was.
type slot struct {
	told  int64
	value float64
}

// The histories.
const (
	hours = 24
	days  = 31 // thirty, and the one that is not over
)

func ring(every time.Duration, n int) Ring { return Ring{every: every, slots: make([]slot, n)} }

// number is the slot that a time is in.
func (r Ring) number(at time.Time) int64 { return at.Unix() / int64(r.every/time.Second) }

// moved is a copy with room for a slot; ok is false where that is over.
func (r Ring) moved(number int64) (out Ring, ok bool) {
	size := int64(len(r.slots))
	if size == 0 || number <= r.last-size {
		return r, false
	}
	out = Ring{r.every, make([]slot, size), max(r.last, number)}
	for i, s := range r.slots {
		if to := int64(i) - (out.last - r.last); to >= 0 {
			out.slots[to] = s
		}
	}
	return out, true
}

// told is the ring with a figure of a time: the latest of a slot stays.
func (r Ring) told(at time.Time, value float64) Ring {
	number := r.number(at)
	if size := int64(len(r.slots)); number > r.last-size && number <= r.last {
		// Told again, or late: a copy only where it says something.
		if s := r.slots[number-r.last+size-1]; s.told > at.UnixNano() || s.told != 0 && s.value == value {
			return r
		}
	}
	out, ok := r.moved(number)
	if ok {
		out.slots[number-out.last+int64(len(out.slots))-1] = slot{at.UnixNano(), value}
	}
	return out
}

// counted is the ring with so many more, or fewer, of a time.
func (r Ring) counted(at time.Time, by float64) Ring {
	out, ok := r.moved(r.number(at))
	if ok {
		s := &out.slots[r.number(at)-out.last+int64(len(out.slots))-1]
		s.told, s.value = max(s.told, 1), s.value+by
	}
	return out
}

// Point is a value of a history; Known is false where nothing was told.
type Point struct {
	Value float64
	Known bool
}

// Points are the values of the last n slots up to now, the newest last.
func (r Ring) Points(now time.Time, n int) []Point {
	out := make([]Point, n)
	if len(r.slots) == 0 {
		return out
	}
	for i := range out {
		at := r.number(now) - int64(n-1-i) - r.last + int64(len(r.slots)) - 1
		if at >= 0 && at < int64(len(r.slots)) && r.slots[at].told != 0 {
			out[i] = Point{r.slots[at].value, true}
		}
	}
	return out
}

// Sum is the sum of the last n slots up to now.
func (r Ring) Sum(now time.Time, n int) float64 {
	sum := 0.0
	for _, p := range r.Points(now, n) {
		sum += p.Value
	}
	return sum
}

// Growth is how much a figure grew in a slot's time on average, over the last n
// slots; known is false where it was told in one slot only.
func (r Ring) Growth(now time.Time, n int) (per float64, known bool) {
	begin, end := -1, -1
	all := r.Points(now, n)
	for i, p := range all {
		if p.Known {
			if begin < 0 {
				begin = i
			}
			end = i
		}
	}
	if begin == end {
		return 0, false
	}
	return (all[end].Value - all[begin].Value) / float64(end-begin), true
}

// MarshalJSON writes {"from", "every_ns", "values"}; a value that was not told
// is null. An empty ring is null.
func (r Ring) MarshalJSON() ([]byte, error) {
	if r.last == 0 {
		return []byte("null"), nil
	}
	values := make([]*float64, len(r.slots))
	for i := range r.slots {
		if r.slots[i].told != 0 {
			values[i] = &r.slots[i].value
		}
	}
	seconds := (r.last - int64(len(r.slots)) + 1) * int64(r.every/time.Second)
	return json.Marshal(struct {
		From   time.Time     `json:"from"`
		Every  time.Duration `json:"every_ns"`
		Values []*float64    `json:"values"`
	}{time.Unix(seconds, 0).UTC(), r.every, values})
}
