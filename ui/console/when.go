package console

import "time"

// rest is the age below which seconds would never let the screen rest.
const rest = 10 * time.Second

// since is the age of a time: "now", 20s, 4m.
func since(s scene, at time.Time) string {
	if d := s.now.Sub(at); d >= rest {
		return coarse(d)
	}
	return "now"
}

// before is the same at the end of a sentence: "just now", "20s ago".
func before(s scene, at time.Time) string {
	if d := s.now.Sub(at); d >= rest {
		return coarse(d) + " ago"
	}
	return "just now"
}
