// Package guide leads a person through the set-up: welcome, questions, review,
// plan, run, end. It knows the order of things and nothing of how they are
// shown: a Face shows them, on the full screen or line by line, and a Desk does
// the work. So both faces are the same journey.
package guide
