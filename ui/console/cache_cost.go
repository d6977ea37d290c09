package console

import (
	"fmt"
	"time"

	"github.com/nixwright/nixwright/state/live"
)

// What Cloudflare takes for R2's standard storage, in dollars
// (developers.cloudflare.com/r2/pricing: $0.015 a GB-month, $4.50 and $0.36 a
// million requests of class A and B; 10 GB, one and ten million are free each
// month, for the whole account).
const (
	costGB     = 0.015
	costClassA = 4.50 / 1e6
	costClassB = 0.36 / 1e6
	freeGB     = 10
	freeClassA = 1e6
	freeClassB = 10e6
)

const month = 30 * 24 * time.Hour

// monthly is about what a month costs: the storage, and the requests of a time
// as if the whole month were so; over is how long they were counted, 0: not at
// all.
func monthly(stored int64, t live.Traffic, over time.Duration) float64 {
	const gb = 1e9
	cost := max(0, float64(stored)/gb-freeGB) * costGB
	if over <= 0 {
		return cost
	}
	times := float64(month) / float64(over)
	return cost + max(0, float64(t.ClassA)*times-freeClassA)*costClassA + max(0, float64(t.ClassB)*times-freeClassB)*costClassB
}

// dollars is an amount, rounded to cents.
func dollars(amount float64) string { return fmt.Sprintf("$%.2f", amount) }

// listing is what it costs to list so many objects: one call of class A for a
// thousand.
func listing(objects int64) (calls int64, cost float64) {
	const page = 1000
	calls = max(1, (objects+page-1)/page)
	return calls, float64(calls) * costClassA
}
